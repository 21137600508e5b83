import { z } from "zod";
import { intakeCases } from "../src/sync/intake/intake.ts";
import { done, ignored, type Outcome } from "../src/sync/outcome.ts";
import { type ConnectionRuntime, findRuntime } from "./runtime.ts";
import type { Turns } from "./turns.ts";

/** Name of the job; one handler each. */
export const intakeCasesJob = "intake-cases";

/** Which connection to poll. */
export const intakeCasesPayload = z.object({ connection: z.string().min(1) });

/** One round over the cases of a connection. May be repeated; while another replica runs it, it is skipped. Throws `NotNow`. */
export async function handleIntakeCases(
  runtimes: readonly ConnectionRuntime[],
  turns: Pick<Turns, "runRound">,
  payload: unknown,
): Promise<Outcome> {
  const { connection } = intakeCasesPayload.parse(payload);
  const runtime = findRuntime(runtimes, connection);
  if (runtime === null) return ignored("connection_not_configured");
  const result = await turns.runRound({ connection, side: "huawei" }, () => intakeCases(runtime.intake));
  return result.skipped ? ignored("round_running") : done(result.newLinks + result.woken);
}
