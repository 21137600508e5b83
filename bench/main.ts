/**
 * `npm run bench`: measures the promises of cost and speed on the simulators and prints them as a table; a full run also writes
 * docs/performance.md. `npm run bench -- NAME…` runs the named ones, and with `--keep` their lines take the place of the older ones there;
 * `--quick` takes small sizes, `--help` names them. Exit 1 when a bound is missed or a measurement fails.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { history } from "./history.ts";
import { messageLatency, webhookLatency } from "./latency.ts";
import { fileMemory, linkMemory } from "./memory.ts";
import { neighbours } from "./neighbours.ts";
import { page } from "./page.ts";
import { replicas } from "./replicas.ts";
import { firstImport, idleRound, oneChange } from "./requests.ts";
import { soak } from "./soak.ts";
import type { Bench, Line } from "./world.ts";

const benches: readonly Bench[] = [
  idleRound,
  firstImport,
  oneChange,
  messageLatency,
  webhookLatency,
  page,
  fileMemory,
  linkMemory,
  soak,
  replicas,
  neighbours,
  history,
];

type Measured = Line & { readonly bench: string; readonly seconds: number; readonly loadBefore: number };

const options = {
  quick: { type: "boolean" },
  keep: { type: "boolean" },
  minutes: { type: "string" },
  hours: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
if (values.help === true) {
  const widest = Math.max(...benches.map(({ name }) => name.length));
  console.log(
    "npm run bench -- [--quick] [--keep] [--minutes N | --hours N] [NAME…]: all measurements, or the named ones; --quick takes small sizes, --keep writes them down, --minutes and --hours are for the soak.\n",
  );
  for (const { name, what } of benches) console.log(`  ${name.padEnd(widest)}  ${what}`);
  process.exit(0);
}
const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (unknown.length > 0) {
  console.error(
    `no such measurement: ${unknown.join(", ")}; there are ${benches.map((bench) => bench.name).join(", ")}`,
  );
  process.exit(2);
}
const quick = values.quick === true;
const minutes = toMinutes(values);
const chosen = positionals.length === 0 ? benches : benches.filter((bench) => positionals.includes(bench.name));
const startedAt = new Date();
/** What was measured: the tree may be another one by the end. */
const measuredCommit = commit();
const lines: Measured[] = [];
for (const bench of chosen) {
  const loadBefore = loadavg()[0] ?? 0;
  if (loadBefore > 0.5)
    console.error(
      `${bench.name}: the load average is ${loadBefore.toFixed(1)}; others may be at work, times count for little`,
    );
  const from = Date.now();
  const seconds = (): number => Math.round((Date.now() - from) / 1000);
  try {
    const measured = await bench.run(quick, minutes === null ? {} : { minutes });
    for (const line of measured) {
      lines.push({ ...line, bench: bench.name, seconds: seconds(), loadBefore });
      console.log(`${toSign(line.ok).padEnd(6)} ${line.promise}: ${line.measured} (bound ${line.bound})`);
      if (line.note !== undefined) console.log(`       ${line.note}`);
    }
  } catch (error) {
    const measured = `failed: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`;
    console.error(error);
    lines.push({
      bench: bench.name,
      promise: bench.name,
      bound: "",
      measured,
      ok: false,
      seconds: seconds(),
      loadBefore,
    });
  }
  // After each part: a run that is stopped leaves what it has measured.
  if (!quick && positionals.length === 0) writeFileSync("docs/performance.md", toReport());
}
if (!quick && positionals.length > 0 && values.keep === true)
  writeFileSync("docs/performance.md", renewed(readFileSync("docs/performance.md", "utf8")));
console.log(`\n${toReport()}`);
process.exitCode = lines.some((line) => line.ok === false) ? 1 : 0;

/** How long the soak goes on; `null` leaves it as it is. Ends the program on what is no number from 2 minutes to 24 hours. */
function toMinutes(given: { readonly minutes?: string; readonly hours?: string }): number | null {
  if (given.minutes === undefined && given.hours === undefined) return null;
  const asked = given.minutes === undefined ? Number(given.hours) * 60 : Number(given.minutes);
  if (asked >= 2 && asked <= 24 * 60) return asked;
  console.error("--minutes and --hours take a number, from 2 minutes to 24 hours");
  process.exit(2);
}

function toSign(ok: boolean | null): string {
  return ok === null ? "part" : ok ? "yes" : "no";
}

function toRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function rowOf(line: Measured): string {
  return toRow([line.promise, line.bound, line.measured, toSign(line.ok)]);
}

function noteOf(line: Measured): string {
  const note = line.note === undefined ? "" : ` ${line.note}`;
  return `- **${line.promise}** (\`npm run bench -- ${line.bench}\`, load average before ${line.loadBefore.toFixed(1)}).${note}`;
}

/** The older report with the lines of this run in the place of those that the same measurements had left. */
function renewed(report: string): string {
  const names = chosen.map(({ name }) => name);
  const isOld = (note: string): boolean => names.some((name) => note.includes(`(\`npm run bench -- ${name}\``));
  const older = new Set(
    report
      .split("\n")
      .filter(isOld)
      .map((note) => /^- \*\*(.+?)\*\*/.exec(note)?.[1]),
  );
  const rows = lines.map(rowOf);
  const notes = lines.map(noteOf);
  const kept: string[] = [];
  for (const text of report.split("\n")) {
    const isRow = text.startsWith("| ") && older.has(text.slice(2).split(" | ")[0]);
    if (isRow) kept.push(...rows.splice(0));
    else if (isOld(text)) kept.push(...notes.splice(0));
    else kept.push(text);
    if (text.startsWith("- Simulators, PostgreSQL"))
      kept.push(`- Measured again: ${names.join(", ")} (${startedAt.toISOString()}, commit ${measuredCommit}).`);
  }
  return kept.join("\n");
}

function commit(): string {
  const changes = git("status", "--porcelain", "-uno") === "" ? "" : " with changes";
  return `${git("rev-parse", "--short", "HEAD")}${changes}`;
}

function toReport(): string {
  const head = ["Promise", "Bound", "Measured", "Ok"];
  return `${[
    "# Performance",
    "",
    "Written by `npm run bench`; do not edit. Each line is a promise of cost or speed, measured with real worker processes against the",
    "simulators, which answer after 50 ms unless said. `part`: measured, but not on the promise's own terms; the note says why.",
    "",
    `- ${startedAt.toISOString()}, commit ${measuredCommit}, ${Math.round((Date.now() - startedAt.getTime()) / 1000)} s`,
    `- ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${release()}, Node ${process.versions.node}`,
    "- Simulators, PostgreSQL and workers share these cores. MB are 2^20 bytes; resident memory is VmRSS of one worker process.",
    ...(lines.some((line) => line.loadBefore > 1)
      ? [
          "- Others were at work on these cores (load averages below): counts of requests stand, times and the work of replicas do not.",
        ]
      : []),
    "",
    toRow(head),
    toRow(head.map(() => "---")),
    ...lines.map(rowOf),
    "",
    "## Notes",
    "",
    ...lines.map(noteOf),
  ].join("\n")}\n`;
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}
