/** What links of cases that were closed long ago cost: nothing. */
import pg from "pg";
import { makePrisma } from "../src/store/database/client.ts";
import { makeState } from "../src/store/state.ts";
import { createTestDatabase } from "../test/support/database.ts";
import { type Bench, type Line, measureRestMb, percentile, startWorld } from "./world.ts";

/** A round and the resident memory with 200,000 closed links beside 100 open ones against none; the beat's question over a million links. */
export const history: Bench = {
  name: "history",
  what: "what 200,000 links closed for long cost a round and the memory",
  async run(quick) {
    const closed = quick ? 20_000 : 200_000;
    const [without, beside] = [await measureRounds(0, quick), await measureRounds(closed, quick)];
    const ratio = beside.roundMs / without.roundMs;
    const riseMb = beside.restMb - without.restMb;
    const label = `${closed.toLocaleString("en")} links closed for long beside 100 open ones`;
    return [
      {
        promise: `Round with ${label}`,
        bound: "1.2 × the time without",
        measured: `${ratio.toFixed(2)} × (${beside.roundMs} ms and ${without.roundMs} ms)`,
        ok: ratio <= 1.2,
        note: "Median of the rounds over the cases, services at 5 ms.",
      },
      {
        promise: `Rise of resident memory with ${label}`,
        bound: "8 MB",
        measured: `${riseMb.toFixed(0)} MB (${without.restMb.toFixed(0)} to ${beside.restMb.toFixed(0)})`,
        ok: riseMb <= 8,
      },
      await measureBeat(quick),
    ];
  },
};

async function measureRounds(closed: number, quick: boolean): Promise<{ roundMs: number; restMb: number }> {
  const env = { CASES_CRON: "*/2 * * * * *", ISSUES_CRON: "*/2 * * * * *", CHECK_CRON: "0 0 1 1 *" };
  const world = await startWorld({ links: 100, env, latencyMs: 5 });
  try {
    await world.sql.query(
      `INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", "issueId", "issueKey", origin, "doneRev", "triedRev",
         "caseStatus", "agreedCaseStatus", "agreedCategory", "markStampedAt", "createCheckedAt", "checkedAt", "closedSeenAt",
         "outgoingSince", "createdAt", "updatedAt")
       SELECT name, "huaweiSite", "jiraSite", 'OLD' || n, 'old' || n, 'OPS-9' || n, 'huawei', 1, 1, 3, 3, 'done', now(), now(), now(),
         now() - interval '200 days', now() - interval '300 days', now() - interval '300 days', now()
       FROM connections, generate_series(1, $1::int) AS n`,
      [closed],
    );
    await world.sql.query("VACUUM ANALYZE links");
    // From the second start on Node's compiler is not needed: else the first world alone would hold its memory.
    await (await world.startWorker()).kill("SIGTERM");
    const worker = await world.startWorker();
    const durations: number[] = [];
    for (let round = 0; round < (quick ? 5 : 15); round += 1) {
      await world.waitForRounds(new Date());
      const { rows } = await world.sql.query(`SELECT "durationMs" AS ms FROM rounds WHERE name = 'cases'`);
      durations.push(Number(rows[0]?.ms));
    }
    return { roundMs: percentile(durations, 50), restMb: await measureRestMb(worker.child.pid, 3) };
  } finally {
    await world.close();
  }
}

/** The question that each beat asks, over many links of which one in a hundred is due, in 20 connections. */
async function measureBeat(quick: boolean): Promise<Line> {
  const links = quick ? 100_000 : 1_000_000;
  const made = await createTestDatabase();
  const { prisma, close } = makePrisma({ connectionString: made.connectionString });
  // A million rows take longer than the product lets a statement take.
  const sql = new pg.Client({ connectionString: made.connectionString });
  try {
    await sql.connect();
    await sql.query(
      `INSERT INTO connections (name, position, "huaweiSite", "jiraSite", "projectKey", "updatedAt")
       SELECT 'c' || n, n, 'h' || n, 'j' || n, 'P' || n, now() FROM generate_series(0, 19) AS n`,
    );
    // A hundredth is woken, as much waits in back-off, and one in ten thousand is to be looked at again.
    await sql.query(
      `INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", "issueId", origin, lane, "wantedRev", "doneRev", "wantedAt",
         "triedRev", attempts, "recheckAt", "outgoingSince", "updatedAt")
       SELECT 'c' || n % 20, 'h' || n % 20, 'j' || n % 20, 'C' || n, 'i' || n, 'huawei', (ARRAY['live','poll','check','import'])[1 + n / 20 % 4],
         CASE WHEN n / 80 % 100 IN (7, 8) THEN 2 ELSE 1 END, 1, CASE WHEN n / 80 % 100 IN (7, 8) THEN now() - n * interval '1 ms' END,
         1, CASE WHEN n / 80 % 100 = 8 THEN 3 ELSE 0 END,
         CASE WHEN n / 80 % 100 = 8 THEN now() + interval '1 hour' WHEN n / 80 % 10000 = 9 THEN now() - interval '1 s' END, now(), now()
       FROM generate_series(1, $1::int) AS n`,
      [links],
    );
    await sql.query("VACUUM ANALYZE links");
    const state = makeState({ prisma, clock: { now: () => new Date() } });
    const names = Array.from({ length: 20 }, (_, n) => `c${n}`);
    const times: number[] = [];
    for (let time = 0; time < 60; time += 1) {
      const startedAt = performance.now();
      const due = await state.listDueLinks(names, new Date(), 64);
      times.push(performance.now() - startedAt);
      if (due.length !== 64) throw new Error(`${due.length} due links instead of 64`);
    }
    const median = percentile(times, 50);
    return {
      promise: `The beat's question over ${links.toLocaleString("en")} links, ${(links / 100).toLocaleString("en")} of them due`,
      bound: "5 ms",
      measured: `${median.toFixed(1)} ms (p95 ${percentile(times, 95).toFixed(1)} ms)`,
      ok: median <= 5,
      note: "Median of 60 questions, the round trip included; 20 connections, as many links again wait in back-off.",
    };
  } finally {
    await sql.end();
    await close();
    await made.drop();
  }
}
