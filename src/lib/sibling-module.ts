/**
 * The address of a module beside another one, for what starts a module by its address: in a checkout modules are TypeScript, in the
 * package JavaScript. `name` without its ending; `from`: the caller's `import.meta.url`. Pure.
 */
export function siblingModule(name: string, from: string): URL {
  return new URL(`./${name}${from.endsWith(".ts") ? ".ts" : ".js"}`, from);
}
