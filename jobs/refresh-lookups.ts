import { z } from "zod";
import { isServiceError } from "../src/domain/service-error.ts";
import { done, ignored, type Outcome } from "../src/sync/outcome.ts";
import { type ConnectionRuntime, findRuntime } from "./runtime.ts";
import type { Turns } from "./turns.ts";

/** Name of the job; one handler each. */
export const refreshLookupsJob = "refresh-lookups";

/** Which connection's look-ups to read again. */
export const refreshLookupsPayload = z.object({ connection: z.string().min(1) });

/** Reads every look-up again that a request has used. While the service is away the cached ones stay. May be repeated. Throws `NotNow`. */
export async function handleRefreshLookups(
  runtimes: readonly ConnectionRuntime[],
  turns: Pick<Turns, "runRound">,
  payload: unknown,
): Promise<Outcome> {
  const { connection } = refreshLookupsPayload.parse(payload);
  const runtime = findRuntime(runtimes, connection);
  if (runtime === null) return ignored("connection_not_configured");
  try {
    return done(await turns.runRound({ connection, side: "huawei" }, () => runtime.reconcile.lookups.refresh("check")));
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return ignored(error.kind);
  }
}
