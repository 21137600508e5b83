import { z } from "zod";
import { toId } from "../src/domain/ids.ts";
import { lanes } from "../src/domain/lane.ts";
import { runLink } from "../src/sync/link/run-link.ts";
import { ignored, type Outcome } from "../src/sync/outcome.ts";
import { type ConnectionRuntime, findRuntime } from "./runtime.ts";
import type { Turns } from "./turns.ts";

/** Name of the job; one handler each. */
export const reconcileLinkJob = "reconcile-link";

/** A wake-up carries a key, never the news. New fields must be optional until old jobs have drained. */
export const reconcileLinkPayload = z.object({
  linkId: z.string().min(1),
  connection: z.string().min(1),
  /** Left out by releases before 0.2. */
  lane: z.enum(lanes).default("poll"),
});

/**
 * Runs the flow for one link when it is its connection's turn. May be repeated; a link or connection that is gone is ignored. Throws on
 * a malformed payload.
 */
export async function handleReconcileLink(
  runtimes: readonly ConnectionRuntime[],
  turns: Pick<Turns, "runLink">,
  payload: unknown,
): Promise<Outcome> {
  const { linkId, connection, lane } = reconcileLinkPayload.parse(payload);
  const runtime = findRuntime(runtimes, connection);
  if (runtime === null) return ignored("connection_not_configured");
  return turns.runLink({ connection, lane }, () => runLink(runtime.reconcile, toId(linkId)));
}
