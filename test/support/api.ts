/** The API on a real database with a few links, failures and acts, and the checks of its answers against its own document. */
import { Ajv2020 } from "ajv/dist/2020.js";
import type { LinkId } from "../../src/domain/ids.ts";
import type { StatusReport } from "../../src/observability/status-report.ts";
import { makeAdminStore } from "../../src/store/admin.ts";
import { addLinks } from "../../src/store/testing.ts";
import type { HttpServerInput } from "../../src/web/http-server.ts";
import { operatorToken, type PageWorld, startPageWorld, viewerToken } from "./page-world.ts";

export { operatorToken, viewerToken } from "./page-world.ts";

type JsonObject = Readonly<Record<string, unknown>>;
export type Operation = {
  readonly path: string;
  readonly method: string;
  readonly operationId: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: JsonObject }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: JsonObject }>> }>
  >;
};
export type OpenApi = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, "path" | "method">>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonObject>> };
};
export type ApiWorld = Awaited<ReturnType<typeof startApi>>;

/** Starts it. The status is a fixed one; everything else is what a page shows and does. */
export async function startApi(change: Partial<HttpServerInput> = {}) {
  const world = await startPageWorld({ server: change, port: (port) => ({ ...port, status: async () => status }) });
  const { url, database } = world;
  const link = await seed(world);
  const get = (path: string, token: string | null = viewerToken) => world.get(path, token);
  return {
    ...{
      url,
      database,
      get,
      link,
      admin: world.parts.admin,
      huawei: world.huawei,
      jira: world.jira,
      close: world.close,
    },
    /** Acts as a program does. */
    post: (path: string, body: unknown, token: string | null = operatorToken): Promise<Response> =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: {
          ...{ "content-type": "application/json", "x-casebridge": "1" },
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
        redirect: "manual",
      }),
    readDocument: async () => (await (await get("/api/v1/openapi.json")).json()) as OpenApi,
  };
}

/** All operations of a document. */
export function operationsOf({ paths }: OpenApi): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method })),
  );
}

/** What of a value is not as the document says for this answer, members that it does not name included; empty = nothing. */
export function mistakesOf(
  document: OpenApi,
  operation: Operation,
  answer: { readonly status: number; readonly body: unknown },
): string[] {
  const content = Object.values(operation.responses[String(answer.status)]?.content ?? {})[0];
  if (content === undefined) return [`${operation.operationId} has no answer ${answer.status}`];
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
  ajv.addFormat("date-time", (text: string) => new Date(text).toISOString() === text);
  const inAjvsWords = (value: unknown): object =>
    JSON.parse(JSON.stringify(value).replaceAll("#/components/schemas/", "#/$defs/"));
  const $defs = inAjvsWords(closed(document.components.schemas));
  const validate = ajv.compile({ ...inAjvsWords(content.schema), $defs });
  validate(answer.body);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** The schemas with every object closed to members that they do not name. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  return "properties" in members && !("additionalProperties" in members)
    ? { ...members, additionalProperties: false }
    : members;
}

const at = new Date("2026-11-30T08:00:00Z");
const budget = { pausedUntil: null, refusedSince: null, sharedBy: ["default"] };
const status: StatusReport = {
  at,
  databaseReadOnly: false,
  connections: [
    {
      name: "default",
      state: "active",
      stateReason: null,
      pausedToJira: false,
      pausedToHuawei: false,
      links: { active: 3 },
      openFailures: 2,
      oldestUnmirroredSeconds: 12.5,
      oldestDueSeconds: 12.5,
      oldestHeldSeconds: null,
      effectivePollSeconds: 15,
      plannedPollSeconds: 15,
      rounds: [
        {
          name: "cases",
          outcome: "done",
          startedAt: at,
          endedAt: at,
          doneAt: at,
          plannedSeconds: 15,
          requests: 8,
          failure: null,
        },
      ],
      silences: [],
      budgets: { huawei: 2, jira: 20 },
      budgetStates: { huawei: budget, jira: budget },
    },
  ],
  queues: [],
  notifications: null,
};

/** Answers the link of TT1, which has something of everything. */
async function seed({ database, parts }: Pick<PageWorld, "database" | "parts">): Promise<LinkId> {
  const { state } = parts;
  await database.pool.query(
    `INSERT INTO connections (name, position, "huaweiSite", "jiraSite", "projectKey", "updatedAt") SELECT 'other', 1, "huaweiSite", "jiraSite", 'OTHER', now() FROM connections`,
  );
  const [first, ...others] = await addLinks(state, "default", "TT1", "TT2", "TT3");
  if (first === undefined) throw new Error("the links were not made");
  const ids = [first, ...others];
  for (const id of ids)
    await database.pool.query(`UPDATE links SET "issueId" = 10000 + $1, "issueKey" = 'OPS-' || $1 WHERE id = $1`, [id]);
  await database.pool.query(
    `INSERT INTO mirrors ("linkId", kind, origin, "sourceId", "copyId", state, "updatedAt") VALUES ($1, 'message', 'huawei', 'm1', '20001', 'live', now())`,
    [first],
  );
  await database.pool.query(
    `INSERT INTO audit (at, "connectionName", "linkId", side, action, item, result) VALUES (now(), 'default', $1, 'jira', 'transition', 'status:1', '3')`,
    [first],
  );
  await database.pool.query(
    `INSERT INTO intents ("linkId", kind, key, side, epoch, state, payload, "updatedAt") VALUES ($1, 'message', 'message:c3:v1:1/1', 'huawei', 1, 'unknown', '{"content":"a secret text"}', now())`,
    [first],
  );
  for (const [index, id] of ids.entries())
    await database.pool.query(
      `INSERT INTO failures ("connectionName", "linkId", direction, item, reason, detail, state) VALUES ('default', $1, 'to-jira', 'message:m1', 'comment_refused', '413 at addComment', $2)`,
      [id, index === 2 ? "resolved" : "open"],
    );
  await state.recordConnectionFailure("other", "job_failed", "links: boom");
  const admin = makeAdminStore({ ...database, clock: parts.clock, actor: "ann@ops-1" });
  for (const direction of ["to-huawei", "to-jira"] as const)
    await admin.setPaused({ connection: "default", direction, paused: true });
  // Of the last hour whenever the test runs.
  await database.pool.query(
    `INSERT INTO history ("connectionName", span, at, "toJira", "toHuawei", "requestsHuawei", "requestsJira", failures)
     VALUES ('default', 'minute', date_trunc('minute', now() - interval '5 minutes'), 3, 1, 120, 64, 2)`,
  );
  return first;
}
