/** The API on a real database with a few links, failures and acts, and the checks of its answers against its own document. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { historySpans } from "../../src/domain/history.ts";
import { Secret } from "../../src/lib/secret.ts";
import { silentLogger } from "../../src/observability/logger.ts";
import { makeMetrics } from "../../src/observability/metrics.ts";
import { makeAdminStore } from "../../src/store/admin.ts";
import { readHistory } from "../../src/store/history.ts";
import { makeSessionStore, makeSignInBrake } from "../../src/store/sessions.ts";
import { makeState } from "../../src/store/state.ts";
import { addConnections, addLinks, makeTestDatabase, type TestDatabase } from "../../src/store/testing.ts";
import type { PageApi } from "../../src/web/api/routes.ts";
import { type HttpServerInput, makeHttpServer } from "../../src/web/http-server.ts";

export const operatorToken = "an-operator-of-the-page-1234";
export const viewerToken = "a-viewer-of-the-page-1234567";

type JsonObject = Readonly<Record<string, unknown>>;
export type Operation = {
  readonly path: string;
  readonly method: string;
  readonly operationId: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly schema: JsonObject }[];
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

/** Starts it. The status is a fixed one; lists come from the database. */
export async function startApi(change: Partial<HttpServerInput> = {}) {
  const database = await makeTestDatabase();
  await seed(database);
  const clock = { now: () => new Date() };
  const admin = makeAdminStore({ ...database, clock });
  const api: PageApi = {
    status: async () => status,
    links: ({ search, ...filter }) => admin.listLinks({ ...filter, query: search }),
    failures: (filter) => admin.listFailures(filter),
    acts: (filter) => admin.listActPage(filter),
    history: async ({ connection = null, span = "hour" }) => ({
      span,
      stepSeconds: historySpans[span].stepMs / 1000,
      points: await readHistory(database, { connectionName: connection, span, now: clock.now() }),
    }),
  };
  const server = makeHttpServer({
    host: "127.0.0.1",
    port: 0,
    signIn: { operatorToken: new Secret(operatorToken), viewerToken: new Secret(viewerToken) },
    oidc: null,
    publicUrl: null,
    sessions: makeSessionStore(database),
    brake: makeSignInBrake(database),
    checks: { database: async () => true, queue: async () => true, migrations: async () => true },
    stalledBy: () => null,
    metrics: makeMetrics({ processMetrics: false }),
    api,
    log: silentLogger,
    ...change,
  });
  const { url } = await server.listen();
  const get = (path: string, token: string | null = viewerToken): Promise<Response> =>
    fetch(`${url}${path}`, { headers: token === null ? {} : { authorization: `Bearer ${token}` }, redirect: "manual" });
  return {
    url,
    database,
    get,
    readDocument: async () => (await (await get("/api/v1/openapi.json")).json()) as OpenApi,
    async close() {
      await server.close();
      await database.drop();
    },
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
const status: Awaited<ReturnType<PageApi["status"]>> = {
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

async function seed(database: TestDatabase): Promise<void> {
  const state = makeState({ ...database, clock: { now: () => new Date() } });
  await addConnections(database, "default", "other");
  const ids = await addLinks(state, "default", "TT1", "TT2", "TT3");
  for (const id of ids)
    await database.pool.query(`UPDATE links SET "issueId" = 10000 + $1, "issueKey" = 'OPS-' || $1 WHERE id = $1`, [id]);
  for (const [index, id] of ids.entries())
    await database.pool.query(
      `INSERT INTO failures ("connectionName", "linkId", direction, item, reason, detail, state) VALUES ('default', $1, 'to-jira', 'message:m1', 'comment_refused', '413 at addComment', $2)`,
      [id, index === 2 ? "resolved" : "open"],
    );
  await state.recordConnectionFailure("other", "job_failed", "links: boom");
  const admin = makeAdminStore({ ...database, actor: "ann@ops-1" });
  for (const direction of ["to-huawei", "to-jira"] as const)
    await admin.setPaused({ connection: "default", direction, paused: true });
  // Of the last hour whenever the test runs.
  await database.pool.query(
    `INSERT INTO history ("connectionName", span, at, "toJira", "toHuawei", "requestsHuawei", "requestsJira", failures)
     VALUES ('default', 'minute', date_trunc('minute', now() - interval '5 minutes'), 3, 1, 120, 64, 2)`,
  );
}
