/**
 * `npm run mutants`: changes the rules in one place at a time and looks whether a unit test beside them notices; prints what no test
 * noticed, and writes the score of each file into docs/reliability.md.
 *
 *     npm run mutants                              all files; an hour or two on two cores
 *     npm run mutants -- --minutes 10              file after file, those first that were never measured or longest ago; begins none later
 *     npm run mutants -- src/sync/plan             this folder
 *     npm run mutants -- src/sync/plan/status.ts   this file
 *
 * What a module does once when it is loaded (tables, patterns) is left out: a mutant there needs all tests for itself. So are texts and
 * names: another word breaks a rule seldom, and a test that repeats each word holds nothing.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";
import { commit, readSection, writeSection } from "../support/reliability.ts";
import { folderOf, listRuleFiles, ruleFolders } from "./folders.ts";

type MutantResult = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

/** What became of the mutants of some rules. */
type Score = { readonly noticed: number; readonly survived: number; readonly unreached: number };

/** A file's line of the table. */
type Row = Score & { readonly file: string; readonly measured: string };

const head = `## Mutants of the rules

Stryker changes the rules in one place at a time, and the unit tests beside them must notice. Left out are texts, names, and what a module
does once when it is loaded (tables, patterns); of \`src/sync/link\` the failure policy alone is pure; the text guard is measured by its corpus.
Scenarios, which hold the same rules on whole workers, do not count here. A file without a line was not measured yet.`;
const columns = `| file | score | noticed | survived | reached by no unit test | measured |
| --- | --- | --- | --- | --- | --- |`;

const { values, positionals } = parseArgs({ options: { minutes: { type: "string" } }, allowPositionals: true });
const files = listRuleFiles().filter(
  (file) => positionals.length === 0 || positionals.some((name) => file === name || file.startsWith(`${name}/`)),
);
if (values.minutes === undefined) record(await mutate(files));
else await measureOldest(files, Date.now() + Number(values.minutes) * 60_000);

/** Measures file after file until the time is over. */
async function measureOldest(wanted: readonly string[], until: number): Promise<void> {
  const measured = new Map(readRows().map((row) => [row.file, row.measured]));
  for (const file of wanted.toSorted((a, b) => (measured.get(a) ?? "").localeCompare(measured.get(b) ?? "")))
    if (Date.now() < until) record(await mutate([file]));
}

/** Runs all mutants of these files; tells those that survived. */
async function mutate(mutated: readonly string[]): Promise<readonly Row[]> {
  const results = await new Stryker({
    mutate: [...mutated],
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
  const measured = `${new Date().toISOString().slice(0, 10)}, ${commit}`;
  return mutated.map((file) => {
    const count = (...statuses: MutantResult["status"][]): number =>
      results.filter(({ fileName, status }) => fileName.endsWith(`/${file}`) && statuses.includes(status)).length;
    return {
      file,
      noticed: count("Killed", "Timeout"),
      survived: count("Survived"),
      unreached: count("NoCoverage"),
      measured,
    };
  });
}

function isMissed({ status }: MutantResult): boolean {
  return status === "Survived" || status === "NoCoverage";
}

/** `file:line:column what became of it, kind -> what the mutant says`. */
function describe({ fileName, location, status, mutatorName, replacement = "" }: MutantResult): string {
  const { line, column } = location.start;
  return `${fileName}:${line}:${column} ${status} ${mutatorName} -> ${replacement.slice(0, 100)}`;
}

/** Puts files' lines into the tables; the others keep theirs, as long as the file stands. */
function record(rows: readonly Row[]): void {
  const all = new Map([...readRows(), ...rows].map((row) => [row.file, row]));
  const standing = listRuleFiles().flatMap((file) => all.get(file) ?? []);
  const tables = ruleFolders.flatMap((folder) => {
    const inside = standing.filter(({ file }) => folderOf(file) === folder);
    if (inside.length === 0) return [];
    return [`### \`${folder}\`: ${percentOf(sum(inside))}`, `${columns}\n${inside.map(toLine).join("\n")}`];
  });
  writeSection("mutants", [head, ...tables].join("\n\n"));
  for (const row of rows) console.info(toLine(row));
}

function readRows(): readonly Row[] {
  const line = /^\| `([^`]+\.ts)` \| [^|]+ \| (\d+) \| (\d+) \| (\d+) \| ([^|]+) \|$/gm;
  return [...readSection("mutants").matchAll(line)].map(([, file = "", ...rest]) => {
    const [noticed, survived, unreached] = rest.map(Number);
    return {
      file,
      noticed: noticed ?? 0,
      survived: survived ?? 0,
      unreached: unreached ?? 0,
      measured: rest[3] ?? "",
    };
  });
}

function toLine(row: Row): string {
  return `| \`${row.file}\` | ${percentOf(row)} | ${row.noticed} | ${row.survived} | ${row.unreached} | ${row.measured} |`;
}

function sum(rows: readonly Score[]): Score {
  const add = (name: keyof Score): number => rows.reduce((total, row) => total + row[name], 0);
  return { noticed: add("noticed"), survived: add("survived"), unreached: add("unreached") };
}

function percentOf({ noticed, survived, unreached }: Score): string {
  const all = noticed + survived + unreached;
  return all === 0 ? "no mutants" : `${((100 * noticed) / all).toFixed(1)} %`;
}
