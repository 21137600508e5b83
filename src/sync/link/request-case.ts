/** The run over an issue that asks for a case (`request/`). */
import { deferred, done, type Outcome } from "../outcome.ts";
import { reconcileRequest } from "../request/request.ts";
import type { ConnectionState, LeasedLink } from "../state.ts";
import { endByFailure } from "./failures.ts";
import type { Run, RunDeps } from "./run.ts";
import { settleJiraIntents } from "./settle.ts";

/** Has the case of an issue made; once it is there, the next run mirrors both. Safe to repeat, safe to stop anywhere. */
export async function requestCase(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  connection: Pick<ConnectionState, "pausedToHuawei" | "pausedToJira">,
): Promise<Outcome> {
  if (connection.pausedToHuawei) {
    // One that was refused or told to be a copy asks for nothing.
    if (leased.snapshot.mirrors.length === 0) await leased.apply({ link: { held: true } });
    return done(0);
  }
  try {
    const settled = await settleJiraIntents(deps, leased);
    run.recheck(settled.nextLookAt);
    const result = await reconcileRequest(deps, leased, connection);
    run.writes += result.writes;
    if (result.kind === "nothing") return done(run.writes);
    // What woke this run stays news until the pair was looked at.
    run.failed = true;
    run.attempt = 0;
    run.recheck(result.kind === "wait" ? result.until : deps.clock.now());
    return deferred(result.kind === "wait" ? result.reason : "created", run.writes);
  } catch (error) {
    return await endByFailure(deps, leased, run, { error, phase: { kind: "requesting" } });
  }
}
