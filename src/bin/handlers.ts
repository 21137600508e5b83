/** The handler of each job: what the jobs need of the wiring, and the count of runs. */
import { handleIntakeCases, intakeCasesJob } from "../../jobs/intake-cases.ts";
import { handleIntakeIssues, intakeIssuesJob } from "../../jobs/intake-issues.ts";
import { handleKeepHouse, keepHouseJob } from "../../jobs/keep-house.ts";
import { handleReconcileLink, reconcileLinkJob } from "../../jobs/reconcile-link.ts";
import { handleRefreshLookups, refreshLookupsJob } from "../../jobs/refresh-lookups.ts";
import { handleSweepLinks, sweepLinksJob } from "../../jobs/sweep-links.ts";
import type { Turns } from "../../jobs/turns.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { QueueBackend } from "../queue/contract.ts";
import { NotNow } from "../queue/job-decision.ts";
import { purgeOld } from "../store/keeping.ts";
import type { Outcome } from "../sync/outcome.ts";
import type { Composition } from "./compose.ts";

/** How many runs over links are under way in this process. */
export type Load = { running: number };

/** Makes all handlers. Each run is counted; runs over links also in `load`, while they last. */
export function makeHandlers({
  composition,
  turns,
  load,
}: {
  readonly composition: Composition;
  readonly turns: Turns;
  readonly load: Load;
}): Parameters<QueueBackend["startWorkers"]>[0] {
  const { connections, metrics } = composition;
  const counted = (handle: (payload: unknown) => Promise<Outcome>) => countRuns(metrics, handle);
  return [
    {
      queue: "links",
      name: reconcileLinkJob,
      handle: counted(async (payload) => {
        load.running += 1;
        try {
          return await handleReconcileLink(connections, turns, payload);
        } finally {
          load.running -= 1;
        }
      }),
    },
    {
      queue: "rounds",
      name: intakeCasesJob,
      handle: counted((payload) => handleIntakeCases(connections, turns, payload)),
    },
    {
      queue: "rounds",
      name: intakeIssuesJob,
      handle: counted((payload) => handleIntakeIssues(connections, turns, payload)),
    },
    {
      queue: "rounds",
      name: sweepLinksJob,
      handle: counted((payload) => handleSweepLinks(connections, payload)),
    },
    {
      queue: "rounds",
      name: refreshLookupsJob,
      handle: counted((payload) => handleRefreshLookups(connections, turns, payload)),
    },
    {
      queue: "rounds",
      name: keepHouseJob,
      handle: counted(() =>
        handleKeepHouse(async () => {
          const purged = await purgeOld({ prisma: composition.database.prisma, clock: composition.clock });
          return purged.runs + purged.audit + purged.webhooks + purged.sessions;
        }),
      ),
    },
  ];
}

/** What a waiting run says of why; anything else a read or write came to is a failure of that run. */
const waitingReasons: ReadonlySet<string> = new Set(["rate_limited", "unauthorized"]);
const failingReasons: ReadonlySet<string> = new Set(["unavailable", "contract", "rejected", "not_found", "forbidden"]);

/** Counts each run under its connection. One that throws counts as `failed`, save where a service only told it to wait. */
export function countRuns(
  metrics: Pick<Metrics, "runEnded">,
  handle: (payload: unknown) => Promise<Outcome>,
): (payload: unknown) => Promise<string> {
  return async (payload) => {
    const named =
      typeof payload === "object" && payload !== null && "connection" in payload ? payload.connection : null;
    const connection = typeof named === "string" ? named : "none";
    try {
      const outcome = await handle(payload);
      const failed = outcome.kind === "deferred" && failingReasons.has(outcome.reason);
      metrics.runEnded({ connection, outcome: failed ? "failed" : outcome.kind });
      return outcome.kind;
    } catch (error) {
      const waits = error instanceof NotNow || (isServiceError(error) && waitingReasons.has(error.kind));
      metrics.runEnded({ connection, outcome: waits ? "deferred" : "failed" });
      throw error;
    }
  };
}
