/**
 * The clock that all replicas share: the database's, carried on by a clock of this machine that nobody sets. A machine whose time of
 * day is wrong or jumps would otherwise repeat writes too early, or put looks off for an hour.
 */
import type { Clock } from "../sync/ports.ts";
import { Prisma } from "./generated/client.ts";
import type { Queries } from "./sql.ts";

/** A clock that learns the database's time. */
export type DatabaseClock = Clock & {
  /** Tells what the database's clock shows at this moment. */
  note(now: Date): void;
};

/** Differences below this come from the way of the answer. */
const toleranceMs = 250;

/** Makes the shared clock; until the first `note` it shows this machine's time. */
export function makeDatabaseClock(machine: Required<Clock>): DatabaseClock {
  let noted: { readonly atMs: number; readonly elapsedMs: number } | null = null;
  const nowMs = (): number =>
    noted === null ? machine.now().getTime() : noted.atMs + machine.elapsedMs() - noted.elapsedMs;
  return {
    now: () => new Date(nowMs()),
    elapsedMs: () => machine.elapsedMs(),
    note(now) {
      if (noted !== null && Math.abs(now.getTime() - nowMs()) < toleranceMs) return;
      noted = { atMs: now.getTime(), elapsedMs: machine.elapsedMs() };
    },
  };
}

/** What the database's clock shows now. Throws what the database throws. */
export async function readDatabaseTime(queries: Queries): Promise<Date> {
  const [row] = await queries.$queryRaw<{ now: Date }[]>(Prisma.sql`SELECT clock_timestamp() AS now`);
  if (row === undefined) throw new Error("the database told no time");
  return row.now;
}
