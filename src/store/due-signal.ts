/**
 * Wake-ups tell all workers by NOTIFY that something is due (`wake.ts`), so that what another process stored does not wait for the beat.
 * A signal that is lost costs half a second: the beat finds what is due all the same.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { parsePostgresAddress } from "../lib/postgres/address.ts";
import { isPooled, makePostgresPool } from "../lib/postgres/pool.ts";

/** Channel of the signals; they carry nothing. */
export const dueChannel = "casebridge_due";

/** A running listener. `stop` drops its connection; it may be repeated. */
export type DueSignals = { stop(): Promise<void> };

/** A connection that fell silent is found by the answer that it does not give. */
const pollMs = 30_000;
const againMs = 2_000;
/** Each beat enqueues all that is due, so a burst of signals must not make a burst of beats. */
const tellEveryMs = 200;

/**
 * Calls `onDue` for signals, five times a second at most, on a connection of its own that is made anew whenever it breaks. Behind a pooler in transaction mode nobody
 * can listen: there it does nothing. Never throws for a database that is away.
 */
export function listenForDue(input: { readonly connectionString: string; readonly onDue: () => void }): DueSignals {
  const end = new AbortController();
  const pool = makePostgresPool({
    address: { ...parsePostgresAddress(input.connectionString), connectionsMax: null },
    connectionsMax: 1,
    applicationName: "casebridge wake-ups",
    searchPath: "public",
    onError: () => {},
    onHang: () => {},
  });
  let resting = false;
  let missed = false;
  function tell(): void {
    missed = resting;
    if (resting || end.signal.aborted) return;
    resting = true;
    input.onDue();
    setTimeout(() => {
      resting = false;
      if (missed) tell();
    }, tellEveryMs).unref();
  }
  const rest = (ms: number): Promise<void> => sleep(ms, undefined, { signal: end.signal, ref: false }).catch(() => {});

  /** Listens until the connection breaks, which it throws; answers whether that is of any use here. */
  async function listen(client: pg.PoolClient): Promise<boolean> {
    if (isPooled(client)) return false;
    const broken = new Promise<never>((_, fail) => {
      client.once("error", fail);
      client.once("end", () => fail(new Error("the connection ended")));
    });
    broken.catch(() => {});
    client.on("notification", tell);
    await client.query(`LISTEN ${dueChannel}`);
    // What was stored before it listened.
    tell();
    while (!end.signal.aborted) {
      await Promise.race([rest(pollMs), broken]);
      if (!end.signal.aborted) await client.query("SELECT 1");
    }
    return true;
  }

  async function run(): Promise<void> {
    let isUseful = true;
    while (isUseful && !end.signal.aborted) {
      const client = await pool.connect().catch(() => null);
      const ignore = (): void => {};
      client?.on("error", ignore);
      try {
        if (client !== null) isUseful = await listen(client);
      } catch {
        // The beat serves meanwhile.
      }
      client?.release(true);
      if (isUseful) await rest(againMs);
    }
  }

  const running = run();
  return {
    async stop() {
      end.abort();
      await Promise.race([running.then(() => pool.end()), sleep(againMs, undefined, { ref: false })]);
    },
  };
}
