/**
 * `npm run chaos`: the crash matrix and the seeds, on all cores.
 *
 *     npm run chaos -- --seed 17             one seed, with everything that is wrong
 *     npm run chaos -- --seeds 500 [--from 1] seeds in a row; writes docs/reliability.md
 *     npm run chaos -- --matrix [--every 5]  every effect of every story, or every remote write and every 5th commit; writes docs/reliability.md
 *     npm run chaos -- --seeds 5 --broken "…" the same with a rule of broken.ts broken, to see how many seeds notice; writes nothing
 *
 * `--worlds 4`: worlds at once in each process. Exit code 1 when anything is wrong.
 */
import { fork } from "node:child_process";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { brokenRules } from "./broken.ts";
import { playSeed, rowCount, type SeedOptions, type SeedResult } from "./explore.ts";
import { compare, type Play, play } from "./matrix.ts";
import { inWorlds } from "./pool.ts";
import { addTally, makeTally, sumOf, type Tally, writeReport } from "./report.ts";
import { scenarios } from "./scenarios.ts";
import { startWorld, type World } from "./world.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    matrix: { type: "boolean", default: false },
    every: { type: "string", default: "1" },
    worlds: { type: "string", default: "4" },
    broken: { type: "string" },
    /** `share/of`: the part of the jobs that this process does; told by the parent. */
    share: { type: "string" },
  },
});
const worlds = Number(values.worlds);
const broken = values.broken === undefined ? null : findBroken(values.broken);
const [share = 0, shares = 1] = (values.share ?? "0/1").split("/").map(Number);

function findBroken(name: string): (typeof brokenRules)[number] {
  const found = brokenRules.find((rule) => rule.name === name);
  if (found === undefined)
    throw new Error(`no such rule; there are: ${brokenRules.map((rule) => rule.name).join("; ")}`);
  return found;
}

function seedOptions(): SeedOptions {
  return broken === null ? {} : { tweaks: broken.make() };
}

/** Seeds of this process. */
async function runSeeds(): Promise<Tally> {
  const tally = makeTally();
  const first = Number(values.from);
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => first + index);
  const seen = new WeakMap<World, Record<string, number>>();
  await inWorlds(
    seeds.filter((seed) => seed % shares === share),
    worlds,
    async (world, seed) => {
      const result = await playSeed(world, seed, seedOptions());
      tally.plays += 1;
      tally.acts += result.acts;
      tally.stalls += result.stalls;
      tally.clockJumps += result.clockJumps;
      tally.restrictions += result.restrictions;
      tally.effects += result.effects;
      const struck = struckBy(world);
      const before = seen.get(world) ?? {};
      for (const [kind, count] of Object.entries(struck))
        tally.faults[kind] = (tally.faults[kind] ?? 0) + count - (before[kind] ?? 0);
      seen.set(world, struck);
      for (const [place, count] of Object.entries(result.crashes))
        tally.crashes[place] = (tally.crashes[place] ?? 0) + count;
      for (const kind of Object.keys(result.counts)) tally.problems[kind] = (tally.problems[kind] ?? 0) + 1;
      if (result.problems.length > 0) {
        tally.failed.push(`\`npm run chaos -- --seed ${seed}\`: ${result.problems[0]?.split("\n")[0]?.slice(0, 200)}`);
        tell(result);
      }
    },
  );
  return tally;
}

function struckBy(world: World): Record<string, number> {
  const named = (side: string, counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([kind, count]) => [`${side} ${kind}`, count] as const);
  return Object.fromEntries([
    ...named("huawei", world.huawei.getStruckFaults()),
    ...named("jira", world.jira.getStruckFaults()),
  ]);
}

function tell(result: SeedResult): void {
  console.error(
    `seed ${result.seed}: ${result.problems.length} problems; replay: npm run chaos -- --seed ${result.seed}`,
  );
  for (const problem of result.problems.slice(0, 10)) console.error(`  ${problem}`);
}

/** This process's share of the matrix. */
async function runMatrix(): Promise<Tally> {
  const tally = makeTally();
  const calm = new Map<string, Play>();
  await inWorlds(scenarios, worlds, async (world, scenario) => {
    calm.set(scenario.name, await play(world, scenario, null));
  });
  const jobs = scenarios.flatMap((scenario) => {
    const { effects = [], problems = [] } = calm.get(scenario.name) ?? {};
    for (const problem of problems) tally.failed.push(`${scenario.name}, undisturbed: ${problem}`);
    if (problems.length > 0) tally.problems.other = (tally.problems.other ?? 0) + 1;
    const writes = calm.get(scenario.name)?.writes ?? new Set();
    return effects
      .filter((crashAt, index) => writes.has(crashAt) || index % Number(values.every) === 0)
      .map((crashAt) => ({ scenario, crashAt }));
  });
  const chosen = jobs.filter((_, index) => index % shares === share);
  await inWorlds(chosen, worlds, async (world, { scenario, crashAt }) => {
    const undisturbed = calm.get(scenario.name);
    if (undisturbed === undefined) return;
    const crashed = await play(world, scenario, crashAt);
    const problems = compare(undisturbed, crashed);
    tally.plays += 1;
    if (crashed.crash !== null) tally.crashes[crashed.crash] = (tally.crashes[crashed.crash] ?? 0) + 1;
    const kinds = new Set(
      problems.map(
        (problem) => /^(duplicate|loss|echo|disorder|leak|disclosed|status|drift): /.exec(problem)?.[1] ?? "other",
      ),
    );
    for (const kind of kinds) tally.problems[kind] = (tally.problems[kind] ?? 0) + 1;
    if (problems.length > 0)
      tally.failed.push(
        `${scenario.name}, stopped at effect ${crashAt} (${crashed.crash}): ${problems[0]?.slice(0, 200)}`,
      );
  });
  return tally;
}

/** The same work in a child process for each core; their tallies come as messages. */
async function inChildren(): Promise<Tally> {
  const count = Math.max(1, Math.min(cpus().length, 8));
  const total = makeTally();
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const child = fork(process.argv[1] ?? "", [...process.argv.slice(2), "--share", `${index}/${count}`]);
      child.on("message", (message) => addTally(total, message as Tally));
      const code = await new Promise<number | null>((done) => child.once("exit", done));
      if (code !== 0) throw new Error(`a child process ended with ${code}`);
    }),
  );
  return total;
}

async function main(): Promise<number> {
  if (values.seed !== undefined) {
    const world = await startWorld();
    const result = await playSeed(world, Number(values.seed), seedOptions());
    await world.close();
    tell(result);
    console.info(JSON.stringify({ ...result, problems: result.problems.length }));
    return result.problems.length === 0 ? 0 : 1;
  }
  if (values.seeds === undefined && !values.matrix) {
    console.error("Say --seed N, --seeds N or --matrix.");
    return 2;
  }
  if (values.share !== undefined) {
    const tally = values.matrix ? await runMatrix() : await runSeeds();
    process.send?.(tally);
    return 0;
  }
  const startedAt = Date.now();
  const tally = await inChildren();
  const what = values.matrix
    ? `${scenarios.length} stories, ${values.every === "1" ? "every effect" : `every remote write and every ${values.every}th commit of the database`}`
    : `Seeds ${values.from} to ${Number(values.from) + Number(values.seeds) - 1}, ${rowCount} rows of switches`;
  if (broken === null) writeReport(values.matrix ? "matrix" : "seeds", tally, { what, tookMs: Date.now() - startedAt });
  for (const line of tally.failed) console.error(line);
  console.info(
    `${tally.plays} plays, ${sumOf(tally.faults)} faults, ${sumOf(tally.crashes)} deaths, ${tally.failed.length} failed, ${Math.round((Date.now() - startedAt) / 1000)} s`,
  );
  return tally.failed.length === 0 ? 0 : 1;
}

process.exitCode = await main();
process.disconnect?.();
