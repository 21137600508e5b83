import { z } from "zod";
import { sweep } from "../src/sync/intake/intake.ts";
import { done, ignored, type Outcome } from "../src/sync/outcome.ts";
import { type ConnectionRuntime, findRuntime } from "./runtime.ts";

/** Name of the job; one handler each. */
export const sweepLinksJob = "sweep-links";

/** Which connection to check, how old a full comparison may get, and how long a tick is. Both in milliseconds. */
export const sweepLinksPayload = z.object({
  connection: z.string().min(1),
  maxAgeMs: z.number().positive(),
  tickMs: z.number().positive(),
});

/** Wakes the links whose full comparison is owed. May be repeated: a link that was checked is not owed one. */
export async function handleSweepLinks(runtimes: readonly ConnectionRuntime[], payload: unknown): Promise<Outcome> {
  const { connection, maxAgeMs, tickMs } = sweepLinksPayload.parse(payload);
  const runtime = findRuntime(runtimes, connection);
  if (runtime === null) return ignored("connection_not_configured");
  return done(await sweep(runtime.intake, { maxAgeMs, tickMs }));
}
