/** How much memory a worker process holds: at rest, while files pass, with many links, over time. */
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "../test/support/port.ts";
import { type Bench, type Line, measurePeakMb, measureRestMb, startWorld, type World } from "./world.ts";

const crons = { CASES_CRON: "*/2 * * * * *", ISSUES_CRON: "*/2 * * * * *", CHECK_CRON: "0 0 1 1 *" };
const megabyte = 1024 * 1024;

/** At rest, and while files pass in either direction. */
export const fileMemory: Bench = {
  name: "memory-files",
  what: "resident memory at rest, and while files pass",
  async run(quick) {
    const links = 100;
    const lines: Line[] = [];
    const moves = [
      { what: "25 files of 4 MB from Huawei to Jira", count: quick ? 5 : 25, sizeMb: 4, toJira: true },
      { what: "one file of 100 MB from Huawei to Jira", count: 1, sizeMb: quick ? 40 : 100, toJira: true },
      { what: "25 files of 4 MB from Jira to Huawei", count: quick ? 5 : 25, sizeMb: 4, toJira: false },
      // The gateway in front of OSM takes bodies of 12 MB (huawei.md 3.2), so no larger file can go there.
      { what: "one file of 11 MB from Jira to Huawei", count: 1, sizeMb: 11, toJira: false },
    ];
    for (const [index, move] of moves.entries()) {
      const world = await startWorld({ links, env: { ...crons, HTTP_PORT: String(await findFreePort()) } });
      try {
        world.jira.setSettings({ uploadLimitBytes: 200 * megabyte });
        world.huawei.setSettings({ accessoryLimitSizeMb: 12 });
        const { child } = await world.startWorker();
        await sleep(quick ? 4_000 : 10_000);
        const restMb = await measureRestMb(child.pid, 3);
        if (index === 0) {
          lines.push({
            promise: `Idle resident memory, ${links} links`,
            bound: "150 MB",
            measured: `${restMb.toFixed(0)} MB`,
            ok: restMb <= 150,
            note: "The worker with page and PostgreSQL queue, median over 3 s after its first rounds.",
          });
        }
        const peakMb = await measurePeakMb(child.pid, () => moveFiles(world, move));
        lines.push({
          promise: `Rise while ${move.count === 1 ? move.what.replace("100", String(move.sizeMb)) : move.what.replace("25", String(move.count))} move`,
          bound: "48 MB",
          measured: `${(peakMb - restMb).toFixed(0)} MB (${restMb.toFixed(0)} to ${peakMb.toFixed(0)})`,
          ok: peakMb - restMb <= 48,
        });
      } finally {
        await world.close();
      }
    }
    return lines;
  },
};

async function moveFiles(
  world: World,
  move: { readonly count: number; readonly sizeMb: number; readonly toJira: boolean },
): Promise<void> {
  const sizeBytes = move.sizeMb * megabyte - (move.toJira ? 0 : 512 * 1024);
  const targets = world.pairs.slice(0, move.count);
  for (const [index, pair] of targets.entries()) {
    const name = `big-${index}.txt`;
    if (move.toJira) {
      const files = [{ name, sizeBytes }];
      world.huawei.addMessage({ caseId: pair.caseId, author: "engineer", content: `See ${name}`, files });
    } else {
      world.jira.addAttachment({ issue: pair.issueKey, name, sizeBytes });
      world.jira.addComment({ issue: pair.issueKey, text: `See ${name}` });
    }
  }
  const caseIds = new Set(targets.map((pair) => pair.caseId));
  const inHuawei = (): number =>
    world.huawei
      .getState()
      .cases.filter((entry) => caseIds.has(entry.caseId))
      .flatMap((entry) => entry.messages.flatMap((message) => message.accessories))
      .filter((file) => file.sizeBytes === sizeBytes).length;
  const inJira = (): number =>
    targets.filter(({ issueKey }) =>
      world.jira.getIssue({ issue: issueKey }).attachments.some((file) => file.sizeBytes === sizeBytes),
    ).length;
  await world.waitUntil(() => (move.toJira ? inJira() : inHuawei()) === move.count, "all files", 180_000);
}

/** From 100 to 10,000 links. */
export const linkMemory: Bench = {
  name: "memory-links",
  what: "resident memory with 100 and 10,000 links",
  async run(quick) {
    const sizes = quick ? [100, 1_000] : [100, 10_000];
    const rests: number[] = [];
    for (const links of sizes) {
      const world = await startWorld({
        links,
        latencyMs: quick ? 0 : 5,
        env: { ...crons, CASES_CRON: "*/5 * * * * *" },
      });
      try {
        const { child } = await world.startWorker();
        for (let round = 0; round < 4; round += 1) await world.waitForRounds(new Date());
        rests.push(await measureRestMb(child.pid, quick ? 5 : 15));
      } finally {
        await world.close();
      }
    }
    const [few = Number.NaN, many = Number.NaN] = rests;
    return [
      {
        promise: `Rise from ${sizes.map((size) => size.toLocaleString("en")).join(" to ")} links`,
        bound: "16 MB",
        measured: `${(many - few).toFixed(0)} MB (${few.toFixed(0)} to ${many.toFixed(0)})`,
        ok: many - few <= 16,
        note: "Two workers, each after five rounds, rounds going on; services at 5 ms, since only memory is looked at.",
      },
    ];
  },
};
