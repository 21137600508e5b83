/**
 * Builds `dist/`, which `npm pack` packs: the sources as JavaScript, since Node.js runs no TypeScript from node_modules, with the few files
 * that they read at run time, all in the places that they have in a checkout. npm runs it as `prepack`. May be repeated.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");
/** What is no TypeScript and is read at run time. */
const assets = ["src/**/*.wasm", "src/web/assets/*", "simulators/*/*.json", "casebridge.schema.json", "package.json"];

rmSync(dist, { recursive: true, force: true });
const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
execFileSync(process.execPath, [compiler, "-p", "tsconfig.package.json"], { cwd: root, stdio: "inherit" });
for (const name of assets.flatMap((pattern) => globSync(pattern, { cwd: root }))) {
  mkdirSync(dirname(join(dist, name)), { recursive: true });
  copyFileSync(join(root, name), join(dist, name));
}
cpSync(join(root, "prisma", "migrations"), join(dist, "prisma", "migrations"), { recursive: true });
for (const name of ["casebridge.mjs", "runtime.mjs", "newer-node.mjs"]) {
  const target = join(dist, "src", "bin", name);
  writeFileSync(target, readFileSync(join(root, "src", "bin", name), "utf8").replace('"./main.ts"', '"./main.js"'));
  chmodSync(target, 0o755);
}
