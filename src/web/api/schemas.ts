/**
 * What the API answers, by the name that a schema has in the OpenAPI document. The types of the routes come from here, and so does the
 * document; a test holds real answers against it. A date is sent as ISO text with zone.
 */
import { z } from "zod";
import { historySpanNames } from "../../domain/history.ts";
import { linkStates } from "../../domain/link.ts";

/** States of a failure. Without a filter the first two are listed: those that wait for somebody. */
export const failureStates = ["open", "retrying", "resolved", "discarded"] as const;

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();
const counts = z.record(z.string(), z.int()).readonly();
const count = z.int().min(0);
const moment = z.date();
const seconds = z.number().min(0);
const side = z.enum(["huawei", "jira"]);

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

const link = z.object({
  id: z.string(),
  connectionName: z.string(),
  caseId: z.string().nullable(),
  issueId: z.string().nullable(),
  issueKey: z.string().nullable(),
  origin: side.describe("Where the pair began."),
  state: z.enum(linkStates),
  reason: z.string().nullable(),
  reasonAt: moment.nullable(),
  caseStatus: z.int().nullable(),
  lane: z.enum(["live", "poll", "check", "import"]).describe("The most urgent reason of what waits."),
  pendingSince: moment.nullable().describe("null: nothing waits."),
  recheckAt: moment.nullable(),
  attempts: count,
  checkedAt: moment.nullable().describe("When both sides were last fully compared."),
  createdAt: moment,
  openFailures: count,
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
  LinkPage: z.object({ items: list(link), nextCursor }),
  Failure: failure,
  FailurePage: z.object({ items: list(failure), nextCursor }),
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

const textMax = 200;
const limitMax = 200;
const limitDefault = 50;

const text = z
  .string({ error: `must be one text of at most ${textMax} characters` })
  .max(textMax, { error: `must be one text of at most ${textMax} characters` });
const limitError = `must be a whole number from 1 to ${limitMax}`;
const limit = z
  .string({ error: limitError })
  .regex(/^\d{1,9}$/, { error: limitError })
  .transform(Number)
  .pipe(z.number().min(1, { error: limitError }).max(limitMax, { error: limitError }))
  .default(limitDefault)
  .describe(`How many entries a page holds: 1 to ${limitMax}.`);
/** Numbers that stand in an address as text: what they are meant as. */
export const numberParameters: ReadonlyMap<z.ZodType, Readonly<Record<string, unknown>>> = new Map([
  [limit, { type: "integer", minimum: 1, maximum: limitMax, default: limitDefault }],
]);
const cursorError = "must be the one that the page before ended with";
const shapedCursor = (shape: RegExp) =>
  z
    .string({ error: cursorError })
    .regex(shape, { error: cursorError })
    .optional()
    .describe("Where the page before ended: its `nextCursor`. Left out: the newest entries.");
const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(", ")}` }).optional();

/** What the lists can be asked for. Unknown names are refused: a filter that is ignored would show too much. */
export const apiQueries = {
  none: z.strictObject({}),
  links: z.strictObject({
    connection: text.optional().describe("Name of a connection."),
    state: oneOf(linkStates),
    search: text.optional().describe("Part of a case id or issue key, or a whole issue id."),
    limit,
    cursor: shapedCursor(/^\d{1,18}$/),
  }),
  failures: z.strictObject({
    connection: text.optional().describe("Name of a connection."),
    state: oneOf(failureStates).describe("Left out: `open` and `retrying`."),
    reason: text.optional().describe("A reason of docs/operations.md."),
    limit,
    cursor: shapedCursor(/^\d{1,18}$/),
  }),
  history: z.strictObject({
    connection: text.optional().describe("Name of a connection. Left out: all together."),
    span: oneOf(historySpanNames).describe("The last hour (left out), day or week."),
  }),
  acts: z.strictObject({
    since: z.iso
      .datetime({ offset: true, error: "must be a time with zone, such as 2026-11-30T08:00:00Z" })
      .transform((given) => new Date(given))
      .optional()
      .describe("Only acts since then."),
    limit,
    cursor: shapedCursor(/^\d{1,15}-\d{1,18}$/),
  }),
} as const;

/** What a list was asked for. */
export type ApiQuery<Name extends keyof typeof apiQueries> = z.output<(typeof apiQueries)[Name]>;
