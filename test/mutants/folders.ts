/** A folder of rules: what of it is mutated, as patterns of globs (`!` takes away). The unit tests beside the rules alone must notice. */
export type RuleFolder = { readonly folder: string; readonly mutated: readonly string[] };

/** Where rules stand. Small folders first: their scores are written before a long run goes on. */
export const ruleFolders: readonly RuleFolder[] = [
  { folder: "src/sync/link", mutated: ["src/sync/link/failure-policy.ts"] },
  { folder: "src/sync/recognise", mutated: ["src/sync/recognise/*.ts"] },
  { folder: "src/sync/plan", mutated: ["src/sync/plan/*.ts"] },
  {
    folder: "src/domain",
    // The guard is measured by its corpus (`npm run guard:figures`): one example of its properties costs what a hundred others do.
    mutated: ["src/domain/**/*.ts", "!src/domain/text/guard*.ts"],
  },
];
