import { z } from "zod";
import { intakeIssues } from "../src/sync/intake/intake.ts";
import { done, ignored, type Outcome } from "../src/sync/outcome.ts";
import { type ConnectionRuntime, findRuntime } from "./runtime.ts";
import type { Turns } from "./turns.ts";

/** Name of the job; one handler each. */
export const intakeIssuesJob = "intake-issues";

/** Which connection to poll. */
export const intakeIssuesPayload = z.object({ connection: z.string().min(1) });

/** One round over the issues of a connection. May be repeated; while another replica runs it, it is skipped. Throws `NotNow`. */
export async function handleIntakeIssues(
  runtimes: readonly ConnectionRuntime[],
  turns: Pick<Turns, "runRound">,
  payload: unknown,
): Promise<Outcome> {
  const { connection } = intakeIssuesPayload.parse(payload);
  const runtime = findRuntime(runtimes, connection);
  if (runtime === null) return ignored("connection_not_configured");
  const result = await turns.runRound({ connection, side: "jira" }, () => intakeIssues(runtime.intake));
  return result.skipped ? ignored("round_running") : done(result.woken);
}
