/**
 * Request budgets shared by all replicas (rule 9).
 *
 * The problem: many processes ask one account for requests; none may wait for the others' answers; urgent ones go first; background
 * work may have everything that is left, but no more than that.
 *
 * The answer is the generic cell rate algorithm on one row. The row holds one moment, `allAt`: when the permits handed out so far are
 * paid for. A permit moves it on by 1/rate. It may run ahead of the present by a *tolerance*, which differs by lane: live work by
 * about a second's worth, the others by less and less. So as long as live work asks, `allAt` lies beyond what the others
 * tolerate and they wait; nobody has to know who else is waiting. Poll and check work keep a moment of their own besides, which
 * advances by 2/rate and 4/rate, so they never get more than a half and a quarter.
 *
 * Inside one process the waiting takes stand in one queue per lane, and one loop asks for the most urgent lane that may hope. It asks
 * for as many permits as wait, so at high rates one statement serves many takes.
 */
import { setTimeout as setTimer } from "node:timers/promises";
import type { Budget } from "../domain/budget.ts";
import type { Lane } from "../domain/lane.ts";
import { lanes } from "../domain/lane.ts";
import type { Clock } from "../sync/ports.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import type { Queries } from "./sql.ts";

const SECOND_US = 1_000_000;
/** How far each lane may run ahead, as a share of live's second. Never 0: a take that comes a little late must not lose its place. */
const TOLERANCE_SHARE = { live: 1, poll: 0.3, check: 0.2, import: 0.1 } as const satisfies Record<Lane, number>;
/** Every how many permits a capped lane may have one. */
const CAP_FACTOR = { poll: 2, check: 4 } as const;
/** A waiting lane asks again at least so often, since somebody may have lifted a pause. */
const WAIT_MAX_MS = 30_000;
/** Permits per statement at most. */
const BATCH_MAX = 100;

/** Waits; ends early, by resolving or rejecting, when the signal aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<unknown>;

type Waiter = { readonly grant: () => void; readonly refuse: (error: unknown) => void };

/**
 * Makes this process's access to the budget named `key` (one per endpoint and account). All processes that name the same key share
 * its rate, whose burst is about one second's worth. The row is made at the first take. Takes reject when the database does.
 *
 * `clock` and `sleep` are for tests alone: without `clock` all processes go by the database's clock, which they need to agree.
 * Throws `RangeError` on a rate that is not positive.
 */
export function makeBudget(deps: {
  readonly prisma: PrismaClient;
  readonly key: string;
  readonly ratePerSecond: number;
  readonly clock?: Clock;
  readonly sleep?: Sleep;
}): Budget {
  const { prisma, key, clock } = deps;
  const terms = makeTerms(deps.ratePerSecond);
  const sleep = deps.sleep ?? ((ms, signal) => setTimer(ms, undefined, { signal }));
  const localNow = () => (clock === undefined ? performance.now() : clock.now().getTime());
  const queues: Record<Lane, Waiter[]> = { live: [], poll: [], check: [], import: [] };
  /** By our own time: asking earlier would be in vain, since others only push the moment further away. */
  const notBefore: Record<Lane, number> = { live: 0, poll: 0, check: 0, import: 0 };
  let serving = false;
  let rouse = () => {};

  async function serve(): Promise<void> {
    for (;;) {
      const waiting = lanes.filter((lane) => queues[lane].length > 0);
      if (waiting.length === 0) return;
      const lane = waiting.find((name) => notBefore[name] <= localNow());
      if (lane !== undefined) await ask(lane);
      else await rest(Math.min(...waiting.map((name) => notBefore[name])) - localNow());
    }
  }

  async function ask(lane: Lane): Promise<void> {
    const wanted = queues[lane].slice(0, BATCH_MAX);
    try {
      const answer = await takePermits(prisma, { key, lane, wanted: wanted.length, terms, now: clock?.now() ?? null });
      for (const waiter of queues[lane].splice(0, answer.granted)) waiter.grant();
      notBefore[lane] = localNow() + Math.min(answer.waitMs, WAIT_MAX_MS);
    } catch (error) {
      queues[lane] = queues[lane].filter((waiter) => !wanted.includes(waiter));
      for (const waiter of wanted) waiter.refuse(error);
    }
  }

  async function rest(ms: number): Promise<void> {
    const roused = new AbortController();
    rouse = () => roused.abort();
    await sleep(Math.max(1, Math.ceil(ms)), roused.signal).catch((error: unknown) => {
      if (!roused.signal.aborted) throw error;
    });
    rouse = () => {};
  }

  function start(): void {
    rouse();
    if (serving) return;
    serving = true;
    // `serve` clears the flag before anybody else can run, so no take is left behind.
    void serve().then(
      () => {
        serving = false;
        if (lanes.some((lane) => queues[lane].length > 0)) start();
      },
      (error: unknown) => {
        serving = false;
        for (const lane of lanes) for (const waiter of queues[lane].splice(0)) waiter.refuse(error);
      },
    );
  }

  return {
    take: (lane, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const leave = () => {
          queues[lane] = queues[lane].filter((other) => other !== waiter);
          reject(signal?.reason);
        };
        const waiter: Waiter = {
          grant: () => {
            signal?.removeEventListener("abort", leave);
            resolve();
          },
          refuse: (error) => {
            signal?.removeEventListener("abort", leave);
            reject(error);
          },
        };
        signal?.addEventListener("abort", leave, { once: true });
        queues[lane].push(waiter);
        start();
      }),
    async pause(pauseMs) {
      await pauseBudget(prisma, { key, pauseMs, now: clock?.now() ?? null });
    },
  };
}

/** A rate in the row's unit, whole microseconds; rounded so that the rate is never exceeded. */
type Terms = { readonly periodUs: number; readonly toleranceUs: number };

function makeTerms(ratePerSecond: number): Terms {
  if (!(ratePerSecond > 0)) throw new RangeError("a request rate must be positive");
  const periodUs = Math.ceil(SECOND_US / ratePerSecond);
  // Below one request per second no burst fits into a second; half a period still lets live work go before the rest.
  return { periodUs, toleranceUs: Math.max(SECOND_US - periodUs, Math.floor(periodUs / 2)) };
}

async function takePermits(
  prisma: PrismaClient,
  request: {
    readonly key: string;
    readonly lane: Lane;
    readonly wanted: number;
    readonly terms: Terms;
    readonly now: Date | null;
  },
): Promise<{ granted: number; waitMs: number }> {
  const statement = takeStatement(request);
  for (let attempt = 0; attempt < 2; attempt++) {
    const [row] = await prisma.$queryRaw<{ granted: number; waitUs: number }[]>(statement);
    if (row !== undefined) return { granted: row.granted, waitMs: Math.ceil(row.waitUs / 1000) };
    await makeRow(prisma, request.key);
  }
  throw new Error(`the budget ${request.key} vanished`);
}

async function makeRow(queries: Queries, key: string): Promise<void> {
  await queries.$executeRaw(
    Prisma.sql`INSERT INTO budgets (key, "updatedAt") VALUES (${key}, now()) ON CONFLICT (key) DO NOTHING`,
  );
}

/** SQL: the moment in microseconds; the given one in tests, else the database's own, read after the row's lock was got. */
function presentUs(now: Date | null): Prisma.Sql {
  return now === null
    ? Prisma.sql`(extract(epoch FROM clock_timestamp()) * 1000000)::bigint`
    : Prisma.sql`${BigInt(now.getTime()) * 1000n}::bigint`;
}

function takeStatement(request: Parameters<typeof takePermits>[1]): Prisma.Sql {
  const { lane, wanted, terms } = request;
  const period = BigInt(terms.periodUs);
  const tolerance = BigInt(Math.floor(terms.toleranceUs * TOLERANCE_SHARE[lane]));
  const capPeriod = period * BigInt(lane === "poll" || lane === "check" ? CAP_FACTOR[lane] : 1);
  const capColumn = Prisma.raw(lane === "poll" || lane === "check" ? `"${lane}At"` : "0::bigint");
  const capUpdate =
    lane === "poll" || lane === "check"
      ? Prisma.sql`, ${Prisma.raw(`"${lane}At"`)} = "capBase" + granted * ${capPeriod}::bigint`
      : Prisma.empty;
  const capped = lane === "poll" || lane === "check";
  // What lies further ahead than any grant can have moved it (the clock was set back, the rate was raised) counts for nothing.
  const allMax = BigInt(terms.toleranceUs) + period;
  return Prisma.sql`WITH
    held AS MATERIALIZED (SELECT "allAt", ${capColumn} AS "capAt", "pausedUntil" FROM budgets WHERE key = ${request.key} FOR UPDATE),
    present AS MATERIALIZED (SELECT held.*, ${presentUs(request.now)} AS now FROM held),
    base AS MATERIALIZED (
      SELECT now, CASE WHEN "allAt" BETWEEN now AND now + ${allMax}::bigint THEN "allAt" ELSE now END AS "allBase",
        CASE WHEN "capAt" BETWEEN now AND now + 2 * ${capPeriod}::bigint THEN "capAt" ELSE now END AS "capBase",
        GREATEST(COALESCE((extract(epoch FROM "pausedUntil") * 1000000)::bigint, 0) - now, 0) AS paused
      FROM present),
    decision AS MATERIALIZED (
      SELECT base.*, CASE WHEN paused > 0 OR "allBase" > now + ${tolerance}::bigint ${
        capped ? Prisma.sql`OR "capBase" > now + ${capPeriod}::bigint` : Prisma.empty
      } THEN 0
        ELSE LEAST(${wanted}::bigint, (now + ${tolerance}::bigint - "allBase") / ${period}::bigint + 1 ${
          capped ? Prisma.sql`, (now + ${capPeriod}::bigint - "capBase") / ${capPeriod}::bigint + 1` : Prisma.empty
        }) END AS granted
      FROM base),
    stored AS (
      UPDATE budgets SET "allAt" = "allBase" + granted * ${period}::bigint ${capUpdate}, "updatedAt" = clock_timestamp()
      FROM decision WHERE budgets.key = ${request.key} AND granted > 0)
    SELECT granted::int AS granted, GREATEST(paused, "allBase" + granted * ${period}::bigint - ${tolerance}::bigint - now, ${
      capped ? Prisma.sql`"capBase" + granted * ${capPeriod}::bigint - ${capPeriod}::bigint - now,` : Prisma.empty
    } 0)::float8 AS "waitUs"
    FROM decision`;
}

async function pauseBudget(
  queries: Queries,
  pause: { readonly key: string; readonly pauseMs: number; readonly now: Date | null },
): Promise<void> {
  const until = Prisma.sql`to_timestamp((${presentUs(pause.now)} + ${BigInt(Math.ceil(pause.pauseMs)) * 1000n}::bigint) / 1000000.0)`;
  await queries.$executeRaw(Prisma.sql`
    INSERT INTO budgets (key, "pausedUntil", "updatedAt") VALUES (${pause.key}, ${until}, now())
    ON CONFLICT (key) DO UPDATE SET "pausedUntil" = GREATEST(budgets."pausedUntil", EXCLUDED."pausedUntil"), "updatedAt" = now()`);
}

/**
 * Remembers for the operator's eyes that the credential behind a budget is refused (since when: the first time counts) or works
 * again. May be repeated.
 */
export async function setBudgetRefused(
  deps: { readonly prisma: PrismaClient },
  key: string,
  refused: boolean,
): Promise<void> {
  await deps.prisma.$executeRaw(Prisma.sql`
    INSERT INTO budgets (key, "refusedAt", "updatedAt") VALUES (${key}, CASE WHEN ${refused}::boolean THEN now() END, now())
    ON CONFLICT (key) DO UPDATE SET "updatedAt" = now(),
      "refusedAt" = CASE WHEN ${refused}::boolean THEN COALESCE(budgets."refusedAt", now()) END`);
}
