/** What chaos measured, as its sections of docs/reliability.md. */
import { cpus } from "node:os";
import { commit, writeSection } from "../support/reliability.ts";

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

/** Replaces the section of the seeds or of the matrix in docs/reliability.md. */
export function writeReport(
  section: "matrix" | "seeds",
  tally: Tally,
  facts: { readonly what: string; readonly tookMs: number },
): void {
  writeSection(section, render(section, tally, facts));
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
  ].join("\n");
}
