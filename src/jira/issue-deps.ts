/** What the calls about issues are made of. */

import type { ObservedServiceClock } from "../lib/service-clock.ts";
import type { Clock, Log } from "../sync/ports.ts";
import type { Directory } from "./directory.ts";
import type { MediaNames } from "./media-names.ts";
import type { JiraOptions } from "./options.ts";
import type { Transport } from "./transport.ts";
import { issueFields } from "./wire.ts";

/** What the calls about issues need. */
export type IssueDeps = {
  readonly options: JiraOptions;
  readonly transport: Transport;
  readonly directory: Directory;
  readonly mediaNames: MediaNames;
  readonly log: Log;
  readonly clock: Clock;
  readonly serviceClock: ObservedServiceClock;
  readonly extraFields: readonly string[];
  readonly sleep: (pauseMs: number) => Promise<unknown>;
};

/** Most issues of one bulk call. */
export const bulkMax = 100;

/** Most entries of one page. */
export const pageSize = 100;

/** The fields of a whole issue. */
export function wholeFields({ extraFields }: Pick<IssueDeps, "extraFields">): readonly string[] {
  return [...issueFields, ...extraFields];
}
