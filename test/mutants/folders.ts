import { globSync } from "node:fs";

/** Where rules stand: pure code, of which the unit tests beside it alone must notice a change. */
export const ruleFolders = ["src/sync/link", "src/sync/recognise", "src/sync/plan", "src/domain"];

/** The files whose rules are changed. */
export function listRuleFiles(): readonly string[] {
  const found = globSync(["src/sync/link/failure-policy.ts", "src/sync/{recognise,plan}/*.ts", "src/domain/**/*.ts"]);
  // The guard is measured by its corpus (`npm run guard:figures`): one example of its properties costs what a hundred others do.
  return found.filter((name) => !name.endsWith(".test.ts") && !name.includes("/text/guard")).sort();
}

/** The folder of rules that a file stands in. @throws for any other file */
export function folderOf(file: string): string {
  const folder = ruleFolders.find((name) => file.startsWith(`${name}/`));
  if (folder === undefined) throw new Error(`${file} holds no rules (test/mutants/folders.ts)`);
  return folder;
}
