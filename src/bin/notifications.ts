/** Wires the notifier: which conditions are told, from where they are read, and where messages go. */
import type { Config, NotifyConfig } from "../config/config.ts";
import type { Alarm, AlarmCode } from "../domain/alarm.ts";
import { makeHttpSender } from "../lib/http.ts";
import { type NotifyMessage, toMessageSettings } from "../observability/notify/message.ts";
import { type Delivery, deliver, type Endpoint } from "../observability/notify/messenger.ts";
import { type Notifier, startNotifier } from "../observability/notify/notifier.ts";
import { deafSince, lateSeconds, troublesOf } from "../observability/status-report.ts";
import { type FailureGroup, makeAlarmBook } from "../store/alarms.ts";
import type { Composition } from "./compose.ts";
import { type ConnectionConditions, readConditions } from "./status.ts";

/** Failures named in one line. */
const itemsMax = 5;
/** A worker that was stopped for long has so much time to catch up before it calls anything late. */
const catchUpMs = 60_000;

/** Starts telling people, where the configuration says whom; `null` = nobody. */
export function startNotifications({
  config,
  metrics,
  clock,
  log,
  database,
  owner,
  status,
}: Composition): Notifier | null {
  const { notify } = config;
  if (notify === null) return null;
  const startedAt = performance.now();
  const post = makePost(config, notify);
  return startNotifier({
    book: makeAlarmBook({ prisma: database.prisma, owner }),
    readAlarms: async () => {
      const [conditions, groups] = await Promise.all([
        readConditions(status),
        status.admin.listFailureGroups(itemsMax),
      ]);
      const isCatchingUp = performance.now() - startedAt < catchUpMs;
      return conditions.connections.flatMap((connection) =>
        alarmsOf(connection, groups, { at: conditions.at, isCatchingUp }),
      );
    },
    deliver: post,
    causes: notify.on,
    settings: toMessageSettings({ ...notify, publicUrl: config.http.publicUrl, connections: config.connections }),
    clock,
    random: Math.random,
    log,
    onDelivery: (isAccepted) => metrics.notified(isAccepted),
  });
}

/** Sends messages, with connections of its own. After a failure the secrets are read again from their files. */
export function makePost(
  config: Config,
  first: NotifyConfig,
): (message: NotifyMessage, attempts: number) => Promise<Delivery> {
  // Connections of its own: an endpoint that hangs holds no one else's.
  const send = makeHttpSender(() => {}, first.proxy);
  let current: Endpoint = first;
  return async (message, attempts) => {
    const { url, secret } = (attempts === 0 ? null : config.reread()?.notify) ?? current;
    const endpoint = { url, secret, format: first.format };
    const delivery = await deliver(send, endpoint, { message, now: new Date() });
    if (delivery.isAccepted) current = endpoint;
    return delivery;
  };
}

/** What of a connection people are told: the troubles of the page's report, in as many alarms as they have objects. Pure. */
export function alarmsOf(
  connection: ConnectionConditions,
  groups: readonly FailureGroup[],
  { at, isCatchingUp }: { readonly at: Date; readonly isCatchingUp: boolean },
): Alarm[] {
  const { name, stateReason, budgetStates } = connection;
  const troubles = new Set(troublesOf({ ...connection, links: {} }, at));
  const hasStopped = troubles.has("stopped");
  const isExplained = isCatchingUp || hasStopped || troubles.has("refused");
  const one = (code: AlarmCode, about: string, more: Partial<Alarm> = {}): Alarm => ({
    ...{ connectionName: name, code, about, since: null, count: 1, items: [], newestAt: null, isExplained: false },
    ...more,
  });
  const found = groups
    .filter((group) => group.connectionName === name)
    .map(({ reason, since, count, items, newestAt }) => one("failure", reason, { since, count, items, newestAt }));
  if (hasStopped) found.push(one("stopped", stateReason ?? ""));
  for (const side of ["huawei", "jira"] as const) {
    const since = budgetStates[side].refusedSince;
    if (since !== null) found.push(one("refused", side, { since }));
  }
  // What a pause or a hold keeps back is somebody's wish, or a failure that is told as such.
  const { oldestDueSeconds } = connection;
  if (oldestDueSeconds !== null && oldestDueSeconds > lateSeconds)
    found.push(one("late", "", { since: new Date(at.getTime() - oldestDueSeconds * 1000), isExplained }));
  const deaf = deafSince(connection, at);
  if (deaf !== null) found.push(one("missed_rounds", "", { since: deaf, isExplained }));
  for (const { direction, since } of connection.silences) {
    const isPaused = direction === "to-jira" ? connection.pausedToJira : connection.pausedToHuawei;
    found.push(one("no_news", direction, { since, isExplained: isExplained || isPaused || deaf !== null }));
  }
  return found;
}
