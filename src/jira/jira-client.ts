/** The Jira adapter, put together: what the flows and `doctor` know of Jira Cloud. */

import type { Budget } from "../domain/budget.ts";
import type { ServiceProjectVisibility } from "../domain/settings.ts";
import { type HttpSender, makeHttpSender } from "../lib/http.ts";
import { type Sleep, sleepOf } from "../lib/retry.ts";
import { makeServiceClock } from "../lib/service-clock.ts";
import type { Clock, JiraPort, Log } from "../sync/ports.ts";
import { type JiraAdminPort, makeAdminCalls } from "./admin.ts";
import { makeCommentCalls } from "./comments.ts";
import { makeDirectory } from "./directory.ts";
import { makeFileCalls } from "./files.ts";
import { makeIssueCalls } from "./issues.ts";
import { makeMediaNames } from "./media-names.ts";
import { defaultJiraTimeouts, type JiraOptions, type JiraTimeouts } from "./options.ts";
import { makeRoleCalls } from "./roles.ts";
import { makeTransport } from "./transport.ts";

export type { JiraAdminPort } from "./admin.ts";
export type { JiraOptions, JiraTimeouts } from "./options.ts";

/** What a Jira client needs. Everything from `clock` on is for tests. */
export type JiraClientDeps = {
  readonly options: JiraOptions;
  /** Shared by all clients of one (site, account) in all replicas. */
  readonly budget: Budget;
  readonly log: Log;
  /** Ids of further fields that readings of an issue answer as `fieldTexts`. */
  readonly extraFields?: readonly string[];
  /** Hears after each request whether any answer came. */
  readonly onAnswer?: (answered: boolean) => void;
  /** Whether the customers of a service project see our comments; internal unless said otherwise. */
  readonly inServiceProject?: ServiceProjectVisibility;
  readonly clock?: Clock;
  readonly send?: HttpSender;
  readonly timeouts?: JiraTimeouts;
  readonly sleep?: Sleep;
  readonly random?: () => number;
  /** Aborts when the process ends: nothing is sent any more, and no pause goes on. */
  readonly ending?: AbortSignal;
};

/**
 * Makes the Jira side of one connection. Nothing is sent until a call is made. Calls reject only with `ServiceError`, save
 * `uploadFile` and `downloadFile`, which pass on what goes wrong with the file on this machine. Throws on a `host` that
 * is no URL.
 */
export function makeJiraClient(deps: JiraClientDeps): JiraPort & JiraAdminPort {
  const { options, log } = deps;
  const clock = deps.clock ?? { now: () => new Date() };
  const serviceClock = makeServiceClock(clock);
  const transport = makeTransport({
    options,
    log,
    clock,
    serviceClock,
    budget: deps.budget,
    send: deps.send ?? makeHttpSender(deps.onAnswer, options.proxy ?? null),
    timeouts: deps.timeouts ?? defaultJiraTimeouts,
    sleep: deps.sleep ?? sleepOf,
    random: deps.random ?? Math.random,
    ...(deps.ending === undefined ? {} : { ending: deps.ending }),
  });
  const makeFreshDirectory = () => makeDirectory({ options, transport, clock });
  const directory = makeFreshDirectory();
  const mediaNames = makeMediaNames({ transport, clock });
  const issues = makeIssueCalls({
    options,
    transport,
    directory,
    mediaNames,
    log,
    clock,
    serviceClock,
    extraFields: deps.extraFields ?? [],
    sleep: deps.sleep ?? sleepOf,
  });
  return {
    serviceClock,
    ...makeAdminCalls({ options, transport, directory, makeFreshDirectory }),
    ...issues.calls,
    ...makeCommentCalls({
      transport,
      directory,
      mediaNames,
      serviceClock,
      findShowing: issues.findShowing,
      inServiceProject: deps.inServiceProject ?? "internal",
    }),
    ...makeRoleCalls({ options, transport }),
    ...makeFileCalls({ host: options.host, transport, clock }),
  };
}
