/**
 * What the API answers, by the name that a schema has in the OpenAPI document. The types of the routes come from here, and so does the
 * document; a test holds real answers against it. A date is sent as ISO text with zone.
 */
import { z } from "zod";
import { historySpanNames } from "../../domain/history.ts";
import { bodies } from "./bodies.ts";
import { link, linkDetails } from "./link-schemas.ts";
import { count, list, moment, side } from "./parts.ts";

/** States of a failure. Without a filter the first two are listed: those that wait for somebody. */
export const failureStates = ["open", "retrying", "resolved", "discarded"] as const;

const counts = z.record(z.string(), z.int()).readonly();
const seconds = z.number().min(0);

const problem = z.object({
  type: z.string().describe("Always `about:blank`."),
  title: z.string().describe("The name of the HTTP status."),
  status: z.int(),
  code: z.string().describe("What programs go by."),
  detail: z.string().describe("What people read."),
});

const round = z.object({
  name: z.string().describe("`cases`, `issues` or `rebuild`."),
  outcome: z.string().nullable().describe("How the last one ended; null: none has ended yet."),
  startedAt: moment.nullable(),
  endedAt: moment.nullable(),
  doneAt: moment.nullable().describe("When one last ended well."),
  plannedSeconds: seconds.nullable().describe("The interval that schedule and budget lead one to expect."),
  requests: count.nullable(),
  failure: z
    .object({
      side: side.nullable().describe("The service that was asked."),
      as: z
        .string()
        .describe("How the connection broke (`proxy`, `connect`, `timeout`, `reset`, …), or a kind of error."),
    })
    .nullable()
    .describe("Why it failed; null unless it did."),
});

const budget = z.object({
  pausedUntil: moment.nullable().describe("The service told casebridge to wait until then."),
  refusedSince: moment.nullable().describe("Since when the credential is refused."),
  sharedBy: list(z.string()).describe("The connections that draw on it."),
});

const connection = z.object({
  name: z.string(),
  state: z.enum(["active", "stopped"]),
  stateReason: z.string().nullable().describe("Why it is stopped: a reason of docs/operations.md."),
  pausedToJira: z.boolean(),
  pausedToHuawei: z.boolean(),
  links: counts.describe("Number of links by state."),
  openFailures: count,
  oldestUnmirroredSeconds: seconds
    .nullable()
    .describe("Age of the oldest change that is not mirrored yet, be it due or held."),
  oldestDueSeconds: seconds.nullable().describe("The same of those that nothing holds back."),
  oldestHeldSeconds: seconds
    .nullable()
    .describe("How long something has been held back by a pause, a hold or a breaker."),
  effectivePollSeconds: seconds.nullable().describe("The interval of the rounds over cases that was really reached."),
  plannedPollSeconds: seconds,
  rounds: list(round),
  silences: list(z.object({ direction: z.enum(["to-jira", "to-huawei"]), since: moment })).describe(
    "Directions in which nothing has come for an unusual time although cases are open.",
  ),
  budgets: z.object({ huawei: z.number(), jira: z.number() }).describe("Requests per second."),
  budgetStates: z.object({ huawei: budget, jira: budget }),
});

const notifications = z.object({
  format: z.string(),
  on: list(z.string()),
  sentAt: moment.nullable(),
  failingSince: moment.nullable().describe("Since when every attempt has failed."),
  problem: z.string().nullable().describe("A code of what the last attempt came to."),
});

const status = z.object({
  at: moment,
  databaseReadOnly: z.boolean().describe("The database takes no writes: nothing can be mirrored."),
  connections: list(connection),
  queues: list(z.object({ queue: z.string(), state: z.string(), count })),
  notifications: notifications.nullable().describe("null: nobody is notified."),
});

const failure = z.object({
  id: z.string(),
  connectionName: z.string(),
  linkId: z.string().nullable().describe("null: it is about the whole connection."),
  caseId: z.string().nullable(),
  issueKey: z.string().nullable(),
  direction: z.string().describe("`to-jira`, `to-huawei` or `both`."),
  item: z.string(),
  reason: z.string().describe("A reason of docs/operations.md."),
  detail: z.string().describe("Codes and ids, never texts."),
  remedy: z.string(),
  state: z.enum(failureStates),
  attempts: count,
  firstAt: moment,
  lastAt: moment,
});

const failureGroup = z.object({
  reason: z.string(),
  remedy: z.string(),
  count,
  oldestAt: moment,
});

const overview = z.object({
  failures: list(
    z.object({
      connectionName: z.string(),
      reason: z.string(),
      count,
      oldestAt: moment,
      detail: z.string().nullable().describe("What all of them say; null: not all say the same."),
    }),
  ).describe("Open failures by connection and reason."),
  held: z
    .object({
      count,
      links: list(z.object({ id: z.string(), name: z.string(), reason: z.string().nullable(), count })),
    })
    .describe("Items that a rule keeps on their side, with the links that have the newest of them."),
  imports: list(z.object({ connectionName: z.string(), left: count, total: count })).describe(
    "Imports that are under way, in links.",
  ),
});

const setting = z.object({
  connection: z.string().nullable().describe("null: it holds for the installation."),
  name: z.string(),
  value: z.string().nullable().describe("null: a secret, or not set."),
  isSet: z.boolean(),
  isSecret: z.boolean(),
  origin: z.union([
    z.object({ kind: z.enum(["default", "environment"]) }),
    z.object({ kind: z.literal("file"), place: z.string().describe("File and line.") }),
  ]),
});

const unfinished = list(z.object({ name: z.string(), reason: z.string() })).describe(
  "Links that were not brought to their end.",
);
const stoppedConnections = list(z.string()).describe("Connections that are stopped, where nothing was done.");
const runOutcome = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("rehearsed"),
    count: count.describe("Writes that it would make."),
    writes: list(
      z.object({
        direction: z.string(),
        caseId: z.string().nullable(),
        issueKey: z.string().nullable(),
        item: z.string(),
        what: z.string(),
        text: z.string().nullable().describe("What it would say, after the text guard; null for viewers."),
      }),
    ).describe("The first 200 of them."),
    unfinished,
    stopped: stoppedConnections,
  }),
  z.object({ kind: z.literal("resynced"), links: count, writes: count, unfinished, stopped: stoppedConnections }),
  z.object({
    kind: z.literal("examined"),
    checks: list(
      z.object({
        connection: z.string().nullable(),
        name: z.string(),
        ok: z.boolean().nullable().describe("null: to know, or it could not be told."),
        detail: z.string(),
        remedy: z.string().nullable(),
        zh: z.object({ detail: z.string(), remedy: z.string().nullable() }).describe("The same in Chinese."),
      }),
    ),
  }),
  z.object({ kind: z.literal("failed"), detail: z.string(), remedy: z.string().nullable() }),
]);

const run = z.object({
  id: z.string(),
  kind: z.enum(["rehearsal", "resync", "doctor"]),
  actor: z.string(),
  ask: z
    .object({
      connection: z.string().nullable(),
      scope: z.enum(["one", "since", "all"]),
      name: z.string().optional(),
      since: moment.optional(),
    })
    .nullable(),
  startedAt: moment,
  progress: z.object({ done: count, total: count }).nullable(),
  outcome: runOutcome.nullable().describe("null: it runs."),
  endedAt: moment.nullable(),
});

const act = z.object({
  at: moment,
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  outcome: z.string(),
  connectionName: z.string().nullable().describe("null: it concerned every connection."),
  linkId: z.string().nullable(),
});

const history = z.object({
  span: z.enum(historySpanNames),
  stepSeconds: count.describe("Length of a point."),
  points: list(
    z.object({
      at: moment.describe("When it begins."),
      toJira: count.describe("News of the cases that was mirrored."),
      toHuawei: count.describe("News of the issues that was mirrored."),
      requestsHuawei: count,
      requestsJira: count,
      failures: count.describe("Failures that waited for somebody, the most of the span."),
      oldestP50: count.describe("Age in seconds of the oldest change that was not mirrored, half of the time at most."),
      oldestP95: count.describe("The same, 95 % of the time at most."),
      oldestMax: count,
    }),
  ),
});

const nextCursor = z.string().nullable().describe("Give it as `cursor` for the next page; null: this is the last one.");

/** All schemas by their names. */
export const apiSchemas = {
  Problem: problem,
  Round: round,
  Budget: budget,
  Connection: connection,
  Status: status,
  Link: link,
  LinkDetails: linkDetails,
  LinkPage: z.object({ items: list(link), nextCursor }),
  Failure: failure,
  FailurePage: z.object({ items: list(failure), nextCursor }),
  FailureGroups: z.object({ items: list(failureGroup) }),
  Overview: overview,
  Settings: z.object({ items: list(setting) }),
  Run: run,
  RunList: z.object({ items: list(run) }),
  Count: z.object({ count }),
  Change: z.object({ changed: z.boolean().describe("false: somebody had done that before.") }),
  Released: z.object({ released: count.describe("Closes and cancels that had waited and go on now.") }),
  ...bodies,
  History: history,
  Act: act,
  ActPage: z.object({ items: list(act), nextCursor }),
  SignIn: z.object({ token: z.string().describe("ADMIN_TOKEN or VIEWER_TOKEN.") }),
  Document: z.looseObject({ openapi: z.string() }).describe("An OpenAPI 3.1 document."),
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** The name of a schema. */
export type ApiSchemaName = keyof typeof apiSchemas;
/** What a schema stands for in this process: dates are `Date`. */
export type ApiValue<Name extends ApiSchemaName> = z.output<(typeof apiSchemas)[Name]>;
