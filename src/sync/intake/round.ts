import { renewEveryMs, roundLeaseMs } from "../../domain/lease.ts";
import type { RoundFailure } from "../../domain/round-failure.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { withHeartbeat } from "../../lib/heartbeat.ts";
import { countingRequests, HttpFailure, type RequestCount } from "../../lib/http.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import type { Breaker, ConnectionState } from "../state.ts";

/** What a round came to. `skipped`: the last one still runs. */
export type RoundResult = { readonly skipped: boolean; readonly newLinks: number; readonly woken: number };

/** What a round over the cases takes besides news. `asImport`: all new cases are welcome (`resync`). */
export type RoundOptions = { readonly asImport?: boolean; readonly createdFrom?: Date };

/** What a round over the cases knows at its start; it is read once. */
export type Round = {
  readonly startedAt: Date;
  readonly connection: ConnectionState;
  readonly breakers: readonly Breaker[];
  readonly options: RoundOptions;
};

/** Reads what a round starts from. */
export async function beginRound(deps: IntakeDeps, options: RoundOptions): Promise<Round> {
  const { name } = deps.settings;
  const connection = await deps.state.getConnection(name);
  return { startedAt: deps.clock.now(), connection, breakers: await deps.state.listBreakers(name), options };
}

/** Runs `work` while it alone holds the round of that name; `end` tells the outcome, which is `failed` otherwise. */
export async function inRound(
  deps: IntakeDeps,
  round: "cases" | "issues",
  work: (end: (outcome: string) => void) => Promise<RoundResult>,
): Promise<RoundResult> {
  const { name } = deps.settings;
  if (!(await deps.state.beginRound(name, round, deps.owner, roundLeaseMs)))
    return { skipped: true, newLinks: 0, woken: 0 };
  let outcome = "failed";
  let failure: RoundFailure | null = null;
  const requests: RequestCount = { sent: 0 };
  try {
    return await countingRequests(requests, () =>
      withHeartbeat(
        () =>
          work((report) => {
            outcome = report;
          }),
        () => deps.state.renewRound(name, round, deps.owner, roundLeaseMs),
        renewEveryMs,
      ),
    );
  } catch (error) {
    failure = failureOf(error);
    throw error;
  } finally {
    await deps.state.endRound(name, round, deps.owner, { outcome, requests: requests.sent, failure });
  }
}

/** What is told of an error. Its words stay in the log. */
function failureOf(error: unknown): RoundFailure {
  if (!isServiceError(error)) return { side: null, as: "internal_error" };
  return { side: error.facts.side, as: error.cause instanceof HttpFailure ? error.cause.reason : error.kind };
}
