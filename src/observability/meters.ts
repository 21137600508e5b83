/** The meters that casebridge keeps, one line each: name, help and labels as `/metrics` shows them. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Seconds of the steps in which waits and answers are counted. */
const waitBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Makes the meters and enters them in a registry, which takes each name once. */
export function makeMeters(registry: Registry) {
  const make = makeMakers(registry);
  return { ...makeTrafficMeters(make), ...makeStateMeters(make) };
}

/** What makes one meter of each kind: all names begin with `casebridge_`. */
type Makers = ReturnType<typeof makeMakers>;

function makeMakers(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name: `casebridge_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name: `casebridge_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], ...labelNames: L[]) =>
    new Histogram({ name: `casebridge_${name}`, help, buckets, labelNames, registers });

  return { counter, gauge, histogram };
}

/** What comes and goes: items, requests, and who was refused. */
function makeTrafficMeters({ counter, histogram }: Makers) {
  return {
    mirrored: counter("mirrored_items_total", "Items whose copy was confirmed", "connection", "direction", "kind"),
    masked: counter(
      "masked_items_total",
      "Items in which something was masked for their way to Huawei",
      "connection",
      "kind",
    ),
    held: counter("held_comments_total", "Comments that stay in Jira, by reason", "connection", "reason"),
    signIns: counter("sign_ins_refused_total", "Refused sign-ins, bearer tokens too", "reason"),
    webhooks: counter("webhooks_refused_total", "Refused deliveries to the webhook", "reason"),
    requests: counter(
      "remote_requests_total",
      "Requests to the two services by class of answer (2xx … 5xx, none)",
      "side",
      "operation",
      "status",
    ),
    requestDuration: histogram(
      "remote_request_duration_seconds",
      "Time from sending a request to its answer",
      waitBuckets,
      "side",
    ),
    requestWait: histogram(
      "remote_request_wait_seconds",
      "Time a request waited for its budget",
      waitBuckets,
      "side",
      "lane",
    ),
    rateLimits: counter("rate_limits_total", "Answers that told us to wait", "side"),
  };
}

/** What is so at this moment, and the rounds and runs that made it so. */
function makeStateMeters({ counter, gauge, histogram }: Makers) {
  return {
    refused: gauge("credential_refused", "1 while a side refuses our credentials", "connection", "side"),
    reachable: gauge("service_reachable", "1 while a service answers", "connection", "side"),
    links: gauge("links", "Links by state", "connection", "state"),
    failures: gauge(
      "open_failures",
      "What cannot be mirrored and waits for a person, by reason",
      "connection",
      "reason",
    ),
    oldest: gauge(
      "oldest_unmirrored_change_age_seconds",
      "Age of the oldest change that waits to be mirrored",
      "connection",
    ),
    dueLinks: gauge("due_links", "Links with changes that wait, by connection and lane", "connection", "lane"),
    dueAge: gauge(
      "due_oldest_age_seconds",
      "Age of the oldest change that waits, by connection and lane",
      "connection",
      "lane",
    ),
    queueDepth: gauge("queue_jobs", "Jobs in the queues by state", "queue", "state"),
    rounds: counter("rounds_total", "Rounds by outcome", "connection", "round", "outcome"),
    roundDuration: histogram(
      "round_duration_seconds",
      "Time a round took",
      [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
      "connection",
      "round",
    ),
    lastRound: gauge("last_successful_round_timestamp_seconds", "When a round last ended well", "connection", "round"),
    pollInterval: gauge(
      "effective_poll_interval_seconds",
      "Interval of the rounds over the cases that was really reached",
      "connection",
    ),
    runs: counter("runs_total", "Runs of the reconcile flow by outcome", "connection", "outcome"),
    openBreakers: gauge(
      "breakers_open",
      "Breakers that hold back writing until somebody releases them",
      "connection",
      "breaker",
    ),
    hangs: counter("connection_hangs_total", "Connections that did not answer in time and were given up", "what"),
    stalled: gauge("stalled", "1 while this process makes no progress"),
    notifications: counter("notifications_total", "Attempts to notify people", "outcome"),
    notifyFailing: gauge("notify_failing", "1 while people cannot be notified"),
    collectFailures: counter("collect_failures_total", "Readings for this page that failed"),
  };
}
