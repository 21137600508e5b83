/** Writes docs/reliability.md from what was measured. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";

/** Sums over many plays. */
export type Tally = {
  plays: number;
  acts: number;
  stalls: number;
  clockJumps: number;
  restrictions: number;
  effects: number;
  readonly faults: Record<string, number>;
  readonly crashes: Record<string, number>;
  /** Seeds, or places of the matrix, with problems of a kind. */
  readonly problems: Record<string, number>;
  /** What failed, one line each, first problem included. */
  readonly failed: string[];
};

/** An empty tally. */
export function makeTally(): Tally {
  return {
    plays: 0,
    acts: 0,
    stalls: 0,
    clockJumps: 0,
    restrictions: 0,
    effects: 0,
    faults: {},
    crashes: {},
    problems: {},
    failed: [],
  };
}

/** Adds `more` to `total`. */
export function addTally(total: Tally, more: Tally): void {
  total.plays += more.plays;
  total.acts += more.acts;
  total.stalls += more.stalls;
  total.clockJumps += more.clockJumps;
  total.restrictions += more.restrictions;
  total.effects += more.effects;
  for (const name of ["faults", "crashes", "problems"] as const)
    for (const [key, count] of Object.entries(more[name])) total[name][key] = (total[name][key] ?? 0) + count;
  total.failed.push(...more.failed);
}

/** How many in all. */
export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

const file = "docs/reliability.md";
/** What was measured: the commit at the start, since a long run may see others come. */
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();

/** Replaces one section (`matrix` or `seeds`) of the document; the other one stays as it was measured. */
export function writeReport(
  section: "matrix" | "seeds",
  tally: Tally,
  facts: { readonly what: string; readonly tookMs: number },
): void {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const sections = {
    seeds: sectionOf(before, "seeds"),
    matrix: sectionOf(before, "matrix"),
    [section]: render(section, tally, facts),
  };
  writeFileSync(file, `${head}\n\n${sections.seeds}\n\n${sections.matrix}\n`);
}

const head = `# Reliability, measured

Written by \`npm run chaos\`; do not edit by hand. How it works: real casebridge (flows, adapters, store) on real PostgreSQL and over real
HTTP against both simulators, without queue and cron, in a clock that jumps; a driver decides whose call goes next, so each run can be
repeated by its number. A judge that knows nothing of casebridge's memory counts the copies in the true states of both services.`;

function sectionOf(text: string, name: string): string {
  const found = new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- end of ${name} -->`).exec(text);
  return found?.[0] ?? `<!-- ${name} -->\nNot measured yet.\n<!-- end of ${name} -->`;
}

function render(
  section: "matrix" | "seeds",
  tally: Tally,
  facts: { readonly what: string; readonly tookMs: number },
): string {
  const problem = (kind: string): number => tally.problems[kind] ?? 0;
  const title = section === "seeds" ? "Seeded exploration" : "Crash matrix";
  const byPlace = new Map<string, number>();
  for (const [place, count] of Object.entries(tally.crashes)) {
    const [where = "", phase = ""] = place.split(" ");
    const key = `${where}, ${phase} the ${where === "database" ? "commit" : "write"}`;
    byPlace.set(key, (byPlace.get(key) ?? 0) + count);
  }
  const rows = (entries: Iterable<readonly [string, number]>): string =>
    [...entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `| ${name} | ${count} |`)
      .join("\n");
  return [
    `<!-- ${section} -->`,
    `## ${title}`,
    "",
    `${facts.what}, commit ${commit}, ${new Date().toISOString().slice(0, 10)}, ${Math.round(facts.tookMs / 1000)} s on ${cpus().length} cores.`,
    "",
    "| | |",
    "| --- | --- |",
    `| ${section === "seeds" ? "seeds" : "replays"} | ${tally.plays} |`,
    ...(section === "seeds"
      ? [
          `| acts of people | ${tally.acts} |`,
          `| levels, moves to another project and restricted comments among them | ${tally.restrictions} |`,
          `| faults injected | ${sumOf(tally.faults)} |`,
        ]
      : []),
    `| workers killed | ${sumOf(tally.crashes)} |`,
    ...(section === "seeds"
      ? [
          `| workers that stood still past their lease | ${tally.stalls} |`,
          `| clock jumps of an hour | ${tally.clockJumps} |`,
        ]
      : []),
    `| with a duplicate | ${problem("duplicate")} |`,
    `| with a loss | ${problem("loss")} |`,
    `| with an echo | ${problem("echo")} |`,
    `| with something out of order | ${problem("disorder")} |`,
    `| with something disclosed | ${problem("leak")} |`,
    `| with something that left more than 2 s after a restriction | ${problem("disclosed")} |`,
    `| with statuses that do not fit | ${problem("status")} |`,
    `| with drift in \`verify\` | ${problem("drift")} |`,
    `| with anything else (no rest, writes of a further pass, another end) | ${problem("other")} |`,
    "",
    "| killed at | times |",
    "| --- | --- |",
    rows(byPlace),
    ...(section === "seeds" ? ["", "| fault | struck |", "| --- | --- |", rows(Object.entries(tally.faults))] : []),
    ...(tally.failed.length === 0
      ? []
      : ["", "Failed:", "", ...tally.failed.map((line) => `- ${line.replaceAll("|", "/")}`)]),
    `<!-- end of ${section} -->`,
  ].join("\n");
}
