/**
 * `npm run mutants`: changes the rules in one place at a time and looks whether a unit test beside them notices; writes the score of
 * each folder into docs/reliability.md and prints what no test noticed.
 *
 *     npm run mutants                                   all rules; about an hour on two cores
 *     npm run mutants -- src/sync/link/failure-policy.ts  these files alone; writes nothing
 *
 * What a module does once when it is loaded (tables, patterns) is left out: a mutant there needs all tests for itself.
 */
import { availableParallelism, cpus } from "node:os";
import { Stryker } from "@stryker-mutator/core";
import { commit, writeSection } from "../support/reliability.ts";
import { mutated, ruleFolders } from "./folders.ts";

type MutantResult = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];
type Score = { noticed: number; survived: number; unreached: number; leftOut: number };

const files = process.argv.slice(2);
const startedAt = Date.now();
const results = await new Stryker({
  mutate: files.length === 0 ? mutated : files,
  testRunner: "vitest",
  vitest: { configFile: "test/mutants/vitest.config.ts" },
  plugins: ["@stryker-mutator/vitest-runner"],
  coverageAnalysis: "perTest",
  ignoreStatic: true,
  // Words for people, and names: another word breaks a rule seldom, and a test that repeats each word holds nothing.
  mutator: { excludedMutations: ["StringLiteral"] },
  concurrency: Math.min(2, availableParallelism()),
  reporters: ["progress-append-only"],
  ignorePatterns: ["dist", "deploy", "bench", "prisma", "simulators", "*.tsbuildinfo"],
  timeoutMS: 20_000,
  tempDirName: ".stryker-tmp",
  allowEmpty: false,
}).runMutationTest();

for (const result of results) if (isMissed(result)) console.info(describe(result));
const rows = ruleFolders.map((folder) => ({
  folder,
  score: scoreOf(results.filter((result) => isIn(result, folder))),
}));
for (const { folder, score } of rows) console.info(row(folder, score));
if (files.length === 0) writeSection("mutants", render());

function isIn({ fileName }: MutantResult, folder: string): boolean {
  return fileName.includes(`${folder}/`);
}

function isMissed({ status }: MutantResult): boolean {
  return status === "Survived" || status === "NoCoverage";
}

/** `file:line: what it said -> what the mutant said`. */
function describe({ fileName, location, status, mutatorName, replacement = "" }: MutantResult): string {
  return `${fileName}:${location.start.line}:${location.start.column} ${status} ${mutatorName} -> ${replacement.slice(0, 100)}`;
}

function scoreOf(mutants: readonly MutantResult[]): Score {
  const count = (...statuses: MutantResult["status"][]): number =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  return {
    noticed: count("Killed", "Timeout"),
    survived: count("Survived"),
    unreached: count("NoCoverage"),
    leftOut: count("Ignored"),
  };
}

function row(folder: string, { noticed, survived, unreached, leftOut }: Score): string {
  const all = noticed + survived + unreached;
  const percent = all === 0 ? "–" : `${((100 * noticed) / all).toFixed(1)} %`;
  return `| \`${folder}\` | ${percent} | ${noticed} | ${survived} | ${unreached} | ${leftOut} |`;
}

function render(): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  return [
    "## Mutants of the rules",
    "",
    `Written by \`npm run mutants\`: Stryker changes the rules in one place at a time, and the unit tests beside them must notice. ${facts()}`,
    "",
    "| folder | score | noticed | survived | reached by no unit test | left out |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map(({ folder, score }) => row(folder, score)),
    "",
    `Commit ${commit}, ${new Date().toISOString().slice(0, 10)}, ${Math.round((Date.now() - startedAt) / 1000)} s on ${cpus().length} cores (${model}).`,
  ].join("\n");
}

function facts(): string {
  return "Of `src/sync/link` only the failure policy is pure; the guard is measured by its corpus. Left out: what a module does once when it is loaded (tables, patterns). Scenarios, which hold the same rules on whole workers, do not count here.";
}
