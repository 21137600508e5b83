/** Where rules stand. Each folder is mutated, and held by the unit tests beside it alone. */
export const ruleFolders = ["src/sync/plan", "src/sync/recognise", "src/sync/link", "src/domain"] as const;

/** The unit tests that a mutant must get past; they need no database. */
export const unitTests = ruleFolders.map((folder) => `${folder}/**/*.test.ts`);

/** What Stryker mutates: all rules, save the files below. Patterns of globs, `!` takes away. */
export const mutated = [
  "src/sync/plan/*.ts",
  "src/sync/recognise/*.ts",
  "src/sync/link/failure-policy.ts",
  "src/domain/**/*.ts",
  // The guard is measured by its corpus (`npm run guard:figures`); a change of one of its patterns costs a minute of that here.
  "!src/domain/text/guard*.ts",
  "!src/**/*.test.ts",
];
