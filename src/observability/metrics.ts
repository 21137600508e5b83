/**
 * What casebridge measures, for Prometheus. The alert rules in `docs/alerts.yml` use these names; a test holds them together.
 *
 * Labels are bounded: connections, operations, kinds and reasons come from lists, never from people's text, ids or addresses.
 */

import { collectDefaultMetrics, Registry } from "prom-client";
import type { Direction } from "../domain/direction.ts";
import type { Lane } from "../domain/lane.ts";
import type { Side } from "../domain/service-error.ts";
import { makeMeters } from "./meters.ts";

/** A request to one of the services, ended. `status` null: no answer came. */
export type RequestFacts = {
  readonly side: Side;
  readonly operation: string;
  readonly status: number | null;
  readonly durationMs?: number;
};

/** Why a sign-in was refused: a wrong token, the brake on guessing, no role at single sign-on, or a flow that did not come to its end. */
export const signInRefusals = ["wrong_token", "too_many", "no_role", "flow_lost"] as const;
export type SignInRefusal = (typeof signInRefusals)[number];

/** Why a delivery to the webhook was refused: an unknown name or no signature, or a signature that is wrong. */
export const webhookRefusals = ["stranger", "signature"] as const;
export type WebhookRefusal = (typeof webhookRefusals)[number];

/** The meters of one process, and their page. All methods are cheap and never throw, save that `render` takes a moment. */
export interface Metrics {
  /** Items whose copy was confirmed. `kind`: issue, case, comment, message, file, status, notice … */
  itemMirrored(item: {
    readonly connection: string;
    readonly direction: Direction;
    readonly kind: string;
    readonly count?: number;
  }): void;
  /** Something that a person wrote was masked for its way to Huawei. `kind`: comment, case, change or rating. */
  itemMasked(item: { readonly connection: string; readonly kind: (typeof maskedKinds)[number] }): void;
  /** A comment stays in Jira, for this reason of rule 5. */
  commentHeld(comment: { readonly connection: string; readonly reason: string }): void;
  signInRefused(reason: SignInRefusal): void;
  webhookRefused(reason: WebhookRefusal): void;
  requestEnded(request: RequestFacts): void;
  /** How long a request stood before the budget let it go. */
  requestWaited(wait: { readonly side: Side; readonly lane: string; readonly waitMs: number }): void;
  /** The service told us to wait. */
  rateLimited(side: Side): void;
  /** The red metric: the side refuses our credentials. */
  setCredentialRefused(of: { readonly connection: string; readonly side: Side; readonly refused: boolean }): void;
  setServiceReachable(of: { readonly connection: string; readonly side: Side; readonly reachable: boolean }): void;
  /** The whole picture: what is left out is gone. */
  setLinks(rows: readonly { readonly connection: string; readonly state: string; readonly count: number }[]): void;
  /** The whole picture: what is left out is gone. */
  setOpenFailures(
    rows: readonly { readonly connection: string; readonly reason: string; readonly count: number }[],
  ): void;
  /** Age of the oldest change that waits to be mirrored; 0 = nothing waits. */
  /** What is due in every lane of every connection; those that are missing are empty. */
  setDue(
    rows: readonly {
      readonly connection: string;
      readonly lane: Lane;
      readonly links: number;
      readonly ageSeconds: number;
    }[],
  ): void;
  setOldestUnmirrored(of: { readonly connection: string; readonly ageSeconds: number }): void;
  /** The whole picture: what is left out is gone. */
  setQueueDepth(rows: readonly { readonly queue: string; readonly state: string; readonly count: number }[]): void;
  /** A round of intake or checking, ended at `endedAt`; only a success moves the timestamp of the last successful one. */
  roundEnded(round: {
    readonly connection: string;
    readonly round: string;
    readonly success: boolean;
    readonly durationMs: number;
    readonly endedAt: Date;
  }): void;
  setPollInterval(of: { readonly connection: string; readonly seconds: number }): void;
  /** `outcome`: done, ignored, blocked, deferred, failed. */
  runEnded(run: { readonly connection: string; readonly outcome: string }): void;
  /** The whole picture of `breakers`: how many are open, 0 included, so that an alert has something to look at. */
  setBreakers(rows: readonly { readonly connection: string; readonly breaker: string; readonly open: number }[]): void;
  /** A connection of ours did not answer in time and was given up. */
  connectionHung(what: "postgresql" | "queue"): void;
  setStalled(isStalled: boolean): void;
  /** An attempt to notify people ended. */
  notified(isAccepted: boolean): void;
  /** Whether every attempt has failed lately. */
  setNotifyFailing(isFailing: boolean): void;
  /**
   * Shows from now on what the alerts watch: a counter that appears with its first event has not grown, and a round that never ended well
   * has no time of its own. `holds`: reasons for which comments stay.
   */
  begin(watched: {
    readonly connections: readonly string[];
    readonly holds: readonly string[];
    readonly at: Date;
  }): void;
  /** `collect` is called before each page, to set the gauges that are read from elsewhere. It has 5 s, its errors are counted. */
  onCollect(collect: () => Promise<void> | void): void;
  /** The page in Prometheus' text format. */
  render(): Promise<string>;
  readonly contentType: string;
  /** Names of all metrics, without the suffixes of histograms. */
  names(): readonly string[];
}

/** What stops casebridge from writing by itself (rule 2 and rule 3); also the reasons under which failures and stops are recorded. */
export const breakers = [
  "loop_suspected",
  "many_new_cases",
  "many_closes",
  "memory_lost",
  "access_changed",
  "suspicious_shrink",
] as const;

const maskedKinds = ["comment", "case", "change", "rating", "file"] as const;
const runOutcomes = ["done", "ignored", "blocked", "deferred", "failed"] as const;
const roundNames = ["cases", "issues"] as const;

const collectMaxMs = 5_000;

/** Makes meters in a registry of their own. `processMetrics` (default true) adds memory, CPU and event loop of this process. */
export function makeMetrics({ processMetrics = true }: { readonly processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const meters = makeMeters(registry);
  const collectors: (() => Promise<void> | void)[] = [];

  return {
    itemMirrored: ({ count = 1, ...labels }) => meters.mirrored.inc(labels, count),
    itemMasked: (labels) => meters.masked.inc(labels),
    commentHeld: (labels) => meters.held.inc(labels),
    signInRefused: (reason) => meters.signIns.inc({ reason }),
    webhookRefused: (reason) => meters.webhooks.inc({ reason }),
    requestEnded: ({ side, operation, status, durationMs }) => {
      meters.requests.inc({ side, operation, status: statusClass(status) });
      if (durationMs !== undefined) meters.requestDuration.observe({ side }, durationMs / 1000);
    },
    requestWaited: ({ side, lane, waitMs }) => meters.requestWait.observe({ side, lane }, waitMs / 1000),
    rateLimited: (side) => meters.rateLimits.inc({ side }),
    setCredentialRefused: ({ connection, side, refused: isRefused }) =>
      meters.refused.set({ connection, side }, isRefused ? 1 : 0),
    setServiceReachable: ({ connection, side, reachable: isReachable }) =>
      meters.reachable.set({ connection, side }, isReachable ? 1 : 0),
    setLinks: (rows) => {
      meters.links.reset();
      for (const { count, ...labels } of rows) meters.links.set(labels, count);
    },
    setOpenFailures: (rows) => {
      meters.failures.reset();
      for (const { count, ...labels } of rows) meters.failures.set(labels, count);
    },
    setDue: (rows) => {
      meters.dueLinks.reset();
      meters.dueAge.reset();
      for (const { links, ageSeconds, ...labels } of rows) {
        meters.dueLinks.set(labels, links);
        meters.dueAge.set(labels, ageSeconds);
      }
    },
    setOldestUnmirrored: ({ connection, ageSeconds }) => meters.oldest.set({ connection }, ageSeconds),
    setQueueDepth: (rows) => {
      meters.queueDepth.reset();
      for (const { count, ...labels } of rows) meters.queueDepth.set(labels, count);
    },
    roundEnded: ({ connection, round, success, durationMs, endedAt }) => {
      meters.rounds.inc({ connection, round, outcome: success ? "success" : "failure" });
      meters.roundDuration.observe({ connection, round }, durationMs / 1000);
      if (success) meters.lastRound.set({ connection, round }, endedAt.getTime() / 1000);
    },
    setPollInterval: ({ connection, seconds }) => meters.pollInterval.set({ connection }, seconds),
    runEnded: (labels) => meters.runs.inc(labels),
    setBreakers: (rows) => {
      meters.openBreakers.reset();
      for (const { open, ...labels } of rows) meters.openBreakers.set(labels, open);
    },
    connectionHung: (what) => meters.hangs.inc({ what }),
    setStalled: (isStalled) => meters.stalled.set(isStalled ? 1 : 0),
    notified: (isAccepted) => meters.notifications.inc({ outcome: isAccepted ? "taken" : "failed" }),
    setNotifyFailing: (isFailing) => meters.notifyFailing.set(isFailing ? 1 : 0),
    begin({ connections, holds, at }) {
      for (const outcome of ["taken", "failed"]) meters.notifications.inc({ outcome }, 0);
      for (const reason of signInRefusals) meters.signIns.inc({ reason }, 0);
      for (const reason of webhookRefusals) meters.webhooks.inc({ reason }, 0);
      for (const side of ["huawei", "jira"] as const) {
        meters.rateLimits.inc({ side }, 0);
        meters.requestWait.zero({ side, lane: "live" });
      }
      for (const connection of connections) {
        for (const kind of maskedKinds) meters.masked.inc({ connection, kind }, 0);
        for (const reason of holds) meters.held.inc({ connection, reason }, 0);
        for (const outcome of runOutcomes) meters.runs.inc({ connection, outcome }, 0);
        for (const round of roundNames) meters.lastRound.set({ connection, round }, at.getTime() / 1000);
      }
    },
    onCollect: (collect) => void collectors.push(collect),
    async render() {
      await Promise.all(
        collectors.map(async (collect) => {
          try {
            await within(Promise.resolve(collect()), collectMaxMs);
          } catch {
            // The page must come all the same: a database that is down is exactly when it is looked at.
            meters.collectFailures.inc();
          }
        }),
      );
      return registry.metrics();
    },
    contentType: registry.contentType,
    names: () => registry.getMetricsAsArray().map(({ name }) => name),
  };
}

function statusClass(status: number | null): string {
  return status === null ? "none" : `${Math.floor(status / 100)}xx`;
}

async function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("took too long")), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
