/**
 * `npm run mutants`: changes the rules in one place at a time and looks whether a unit test beside them notices; prints what no test
 * noticed, and writes the score of each folder into docs/reliability.md.
 *
 *     npm run mutants                              all folders; an hour or two on two cores
 *     npm run mutants -- src/sync/plan             this folder
 *     npm run mutants -- src/sync/plan/status.ts   this file; writes nothing
 *
 * What a module does once when it is loaded (tables, patterns) is left out: a mutant there needs all tests for itself. So are texts and
 * names: another word breaks a rule seldom, and a test that repeats each word holds nothing.
 */
import { availableParallelism, cpus } from "node:os";
import { Stryker } from "@stryker-mutator/core";
import { commit, readSection, writeSection } from "../support/reliability.ts";
import { ruleFolders } from "./folders.ts";

type MutantResult = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

const head = `## Mutants of the rules

Stryker changes the rules in one place at a time, and the unit tests beside them must notice. Left out are texts, names, and what a module
does once when it is loaded (tables, patterns); of \`src/sync/link\` the failure policy alone is pure; the text guard is measured by its corpus.
Scenarios, which hold the same rules on whole workers, do not count here.

| folder | score | noticed | survived | reached by no unit test | measured |
| --- | --- | --- | --- | --- | --- |`;

const asked = process.argv.slice(2);
const files = asked.filter((name) => name.endsWith(".ts"));
if (files.length > 0) console.info(row(files.join(" "), await mutate(files)));
else
  for (const { folder, mutated } of ruleFolders)
    if (asked.length === 0 || asked.includes(folder)) record(folder, row(folder, await mutate([...mutated])));

/** Runs all mutants of these files; tells those that survived. */
async function mutate(
  patterns: string[],
): Promise<{ readonly results: readonly MutantResult[]; readonly tookMs: number }> {
  const startedAt = Date.now();
  const results = await new Stryker({
    mutate: [...patterns, "!src/**/*.test.ts"],
    testRunner: "vitest",
    vitest: { configFile: "test/mutants/vitest.config.ts" },
    plugins: ["@stryker-mutator/vitest-runner"],
    coverageAnalysis: "perTest",
    ignoreStatic: true,
    mutator: { excludedMutations: ["StringLiteral"] },
    concurrency: Math.min(2, availableParallelism()),
    reporters: ["progress-append-only"],
    ignorePatterns: ["dist", "deploy", "bench", "prisma", "simulators", "*.tsbuildinfo"],
    timeoutMS: 20_000,
    tempDirName: ".stryker-tmp",
  }).runMutationTest();
  for (const result of results) if (isMissed(result)) console.info(describe(result));
  return { results, tookMs: Date.now() - startedAt };
}

function isMissed({ status }: MutantResult): boolean {
  return status === "Survived" || status === "NoCoverage";
}

/** `file:line:column what became of it, kind -> what the mutant says`. */
function describe({ fileName, location, status, mutatorName, replacement = "" }: MutantResult): string {
  const { line, column } = location.start;
  return `${fileName}:${line}:${column} ${status} ${mutatorName} -> ${replacement.slice(0, 100)}`;
}

/** A folder's line of the table. */
function row(
  name: string,
  { results, tookMs }: { readonly results: readonly MutantResult[]; readonly tookMs: number },
): string {
  const count = (...statuses: MutantResult["status"][]): number =>
    results.filter(({ status }) => statuses.includes(status)).length;
  const noticed = count("Killed", "Timeout");
  const survived = count("Survived");
  const unreached = count("NoCoverage");
  const all = noticed + survived + unreached;
  const percent = all === 0 ? "–" : `${((100 * noticed) / all).toFixed(1)} %`;
  const measured = `${commit}, ${new Date().toISOString().slice(0, 10)}, ${Math.round(tookMs / 1000)} s on ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"})`;
  return `| \`${name}\` | ${percent} | ${noticed} | ${survived} | ${unreached} | ${measured} |`;
}

/** Puts a folder's line into the table; the other folders keep theirs. */
function record(folder: string, line: string): void {
  console.info(line);
  const before = readSection("mutants").split("\n");
  const lines = ruleFolders.flatMap((other) =>
    other.folder === folder ? [line] : before.filter((known) => known.startsWith(`| \`${other.folder}\` |`)),
  );
  writeSection("mutants", [head, ...lines].join("\n"));
}
