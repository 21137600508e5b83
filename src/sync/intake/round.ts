import { renewEveryMs, roundLeaseMs } from "../../domain/lease.ts";
import { withHeartbeat } from "../../lib/heartbeat.ts";
import { countingRequests, type RequestCount } from "../../lib/http.ts";
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
  const requests: RequestCount = { sent: 0 };
  try {
    return await countingRequests(requests, () =>
      withHeartbeat(
        () =>
          work((told) => {
            outcome = told;
          }),
        () => deps.state.renewRound(name, round, deps.owner, roundLeaseMs),
        renewEveryMs,
      ),
    );
  } finally {
    await deps.state.endRound(name, round, deps.owner, outcome, requests.sent);
  }
}
