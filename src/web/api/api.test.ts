/** The API against its own document: routes, answers, mistakes, access, pages. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ApiWorld,
  mistakesOf,
  type OpenApi,
  operationsOf,
  operatorToken,
  startApi,
  viewerToken,
} from "../../../test/support/api.ts";
import { silentLogger } from "../../observability/logger.ts";
import { makeWebApp } from "../web-app.ts";
import { collectApiRoutes } from "./route.ts";

const registered: string[] = [];
let world: ApiWorld;
let document: OpenApi;
beforeAll(async () => {
  world = await startApi({
    oidc: {
      grant: "a grant",
      begin: async () => ({ url: "https://login.example.com/", cookie: "x" }),
      finish: async () => null,
    },
    publicUrl: "https://bridge.example.com",
    routes: (app) =>
      app.addHook("onReady", async () => {
        registered.push(...routesOf(app.printRoutes({ commonPrefix: false })));
      }),
  });
  document = await world.readDocument();
  look = ((await (await world.post("/api/v1/doctor", {})).json()) as { readonly id: string }).id;
});
afterAll(() => world.close());

/** `GET /api/v1/status` of each line of Fastify's tree of routes. */
function routesOf(tree: string): readonly string[] {
  const parts: string[] = [];
  return tree.split("\n").flatMap((line) => {
    const [, indent = "", part = "", methods = ""] = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
    const depth = indent.length / 4;
    parts.splice(depth, parts.length, part);
    const path = parts.join("");
    const names = methods.split(", ").filter((name) => name !== "" && name !== "HEAD");
    return path.startsWith("/api/") ? names.map((name) => `${name} ${path.replaceAll(/:(\w+)/g, "{$1}")}`) : [];
  });
}

const reads = () => operationsOf(document).filter(({ method, security }) => method === "get" && security === undefined);
const lists = () => reads().filter(({ parameters = [] }) => parameters.some(({ name }) => name === "limit"));

/** The address of an operation: the link of TT1, or the doctor's look. */
const placeOf = ({ path }: { readonly path: string }): string =>
  path.replace("{id}", path.startsWith("/api/v1/runs/") ? look : world.link);
let look = "";

test("every route of the API is in the document, and nothing else is", () => {
  const documented = operationsOf(document).map(({ method, path }) => `${method.toUpperCase()} ${path}`);

  expect(registered.length).toBeGreaterThan(8);
  expect(documented.sort()).toEqual(registered.sort());
});

test("a route of the API without a description does not come into being", async () => {
  const app = makeWebApp({ log: silentLogger });
  collectApiRoutes(app);

  expect(() => app.get("/api/v1/new", async () => ({}))).toThrow(/no description/);
  await app.close();
});

test("the document is well-formed: version, unique ids, references that lead somewhere, and an answer to each mistake", () => {
  const operations = operationsOf(document);
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name = ""]) => name);

  expect(document.openapi).toBe("3.1.0");
  expect(document).toMatchObject({ servers: [{ url: "https://bridge.example.com" }] });
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  expect(references.length).toBeGreaterThan(20);
  expect(references.filter((name) => document.components.schemas[name] === undefined)).toEqual([]);
  expect(text).not.toMatch(/"\$id"|"\$schema"|MAX|9007199254740991/);
  for (const { responses, operationId } of operations)
    for (const problem of ["400", "429", "500"]) expect(responses[problem], `${operationId} ${problem}`).toBeDefined();
});

test("filters are described with their types and words", () => {
  const links = operationsOf(document).find(({ operationId }) => operationId === "listLinks");

  expect(links?.parameters).toEqual([
    expect.objectContaining({
      name: "connection",
      in: "query",
      required: false,
      schema: { type: "string", maxLength: 200 },
    }),
    expect.objectContaining({
      name: "state",
      schema: { type: "string", enum: expect.arrayContaining(["active", "blocked"]) },
    }),
    expect.objectContaining({ name: "reason" }),
    expect.objectContaining({ name: "search" }),
    expect.objectContaining({ name: "waiting", schema: { type: "string", enum: ["yes", "no"] } }),
    expect.objectContaining({ name: "limit", schema: { type: "integer", minimum: 1, maximum: 200, default: 50 } }),
    expect.objectContaining({ name: "cursor", description: expect.stringContaining("nextCursor") }),
  ]);
});

test("each answer is as the document says, with no member that it does not name", async () => {
  const seen: string[] = [];
  for (const operation of reads()) {
    const answer = await world.get(placeOf(operation));
    const body = (await answer.json()) as { readonly items?: readonly unknown[] };
    // The document itself is open to what OpenAPI holds.
    if (operation.operationId !== "getOpenApi")
      expect(mistakesOf(document, operation, { status: answer.status, body }), operation.operationId).toEqual([]);
    if (body.items !== undefined) expect(body.items.length, operation.operationId).toBeGreaterThan(0);
    seen.push(operation.operationId);
  }

  expect(seen.sort()).toEqual([
    ...["getHistory", "getLink", "getOpenApi", "getOverview", "getRun", "getStatus", "listActs"],
    ...["listFailureReasons", "listFailures", "listLinks", "listRuns", "listSettings"],
  ]);
});

test("an answer that differs from the document is found", () => {
  const [operation] = lists();
  if (operation === undefined) throw new Error("there is no list");

  expect(
    mistakesOf(document, operation, { status: 200, body: { items: [{}], nextCursor: 3, more: 1 } }).length,
  ).toBeGreaterThan(5);
});

const wrong: Readonly<Record<string, readonly string[]>> = {
  connection: ["x".repeat(201)],
  state: ["nonsense", "OPEN"],
  search: ["x".repeat(201)],
  reason: ["x".repeat(201)],
  limit: ["0", "201", "x", "-1", "1.5", "1e1", "0x10", " 1", "99999999999"],
  cursor: ["x", "1;DROP TABLE links", "9".repeat(40), "1-2-3"],
  since: ["yesterday", "2026-13-01T00:00:00Z", "2026-01-01"],
  actor: ["x".repeat(201)],
  action: ["x".repeat(201)],
  link: ["x", "1;DROP TABLE links", "9".repeat(40)],
};

test("each wrong filter of each list is a problem document, as the document says", async () => {
  let count = 0;
  for (const operation of reads()) {
    const path = placeOf(operation);
    const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
    const queries = ["nonsense=1", "__proto__=1", "constructor=1"];
    for (const { name } of parameters) {
      for (const value of wrong[name] ?? [`no wrong value of ${name} is known to this test`])
        queries.push(`${name}=${encodeURIComponent(value)}`);
      queries.push(`${name}=1&${name}=2`);
    }
    for (const query of queries) {
      const answer = await world.get(`${path}?${query}`);
      const body = (await answer.json()) as { readonly detail: string };

      expect({ query, status: answer.status }).toEqual({ query, status: 400 });
      expect(answer.headers.get("content-type")).toContain("application/problem+json");
      expect(body).toMatchObject({ type: "about:blank", title: "Bad Request", status: 400, code: "bad_query" });
      expect(mistakesOf(document, operation, { status: 400, body })).toEqual([]);
      expect(body.detail, query).toMatch(/^[\w ;,.-]+: ?.*\.$|^[\w ;,.:-]+\.$/);
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(60);
});

test("an empty filter counts as none", async () => {
  const answer = await world.get("/api/v1/links?state=&connection=&search=&limit=&cursor=");

  expect(((await answer.json()) as { items: unknown[] }).items).toHaveLength(3);
});

test("filters narrow what is listed", async () => {
  const idsOf = async (query: string): Promise<readonly unknown[]> => {
    const { items } = (await (await world.get(query)).json()) as { items: Record<string, unknown>[] };
    return items.map(({ caseId, reason, target }) => caseId ?? reason ?? target);
  };

  expect(await idsOf("/api/v1/links?search=tt2")).toEqual(["TT2"]);
  expect(await idsOf("/api/v1/links?connection=other")).toEqual([]);
  expect(await idsOf("/api/v1/failures")).toEqual(["job_failed", "TT2", "TT1"]);
  expect(await idsOf("/api/v1/failures?state=resolved")).toEqual(["TT3"]);
  expect(await idsOf("/api/v1/failures?reason=job_failed")).toEqual(["job_failed"]);
  expect(await idsOf("/api/v1/audit?action=pause")).toEqual(["to-jira", "to-huawei"]);
  expect(await idsOf("/api/v1/links?waiting=no")).toEqual([]);
  expect(await idsOf("/api/v1/links?waiting=yes&reason=moved")).toEqual([]);
  expect(await idsOf("/api/v1/failures/reasons?connection=other")).toEqual(["job_failed"]);
  expect(await idsOf("/api/v1/audit?actor=ANN&action=pause&connection=default")).toEqual(["to-jira", "to-huawei"]);
  expect(await idsOf("/api/v1/audit?actor=bob")).toEqual([]);
  expect(await idsOf(`/api/v1/audit?link=${world.link}`)).toEqual([]);
  expect(await idsOf("/api/v1/audit?since=2099-01-01T00:00:00%2B01:00")).toEqual([]);
});

test("pages follow one another without a gap or a repeat, whatever is added meanwhile", async () => {
  for (const { path } of lists()) {
    const whole = (await (await world.get(path)).json()) as { items: unknown[] };
    const found: unknown[] = [];
    let cursor: string | null = "";
    let pages = 0;
    while (cursor !== null) {
      const answer = await world.get(`${path}?limit=1&cursor=${cursor}`);
      const page = (await answer.json()) as { items: unknown[]; nextCursor: string | null };
      found.push(...page.items);
      cursor = page.nextCursor;
      pages += 1;
    }

    expect(found, path).toEqual(whole.items);
    expect(pages, path).toBe(whole.items.length);
  }
});

test("strangers see nothing of any route that the document does not call open, viewers read and do not act", async () => {
  for (const { path: named, method, security, responses, ...operation } of operationsOf(document)) {
    // Nothing is to be ended here.
    const path = method === "get" ? placeOf({ ...operation, path: named }) : named.replace("{id}", "999");
    const ask = async (token: string | null) => {
      const headers = { "x-casebridge": "1", ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
      const answer = await fetch(`${world.url}${path}`, { method, headers, redirect: "manual" });
      return { status: answer.status, tells: /TT\d|OPS-\d|ann@/.test(await answer.text()) };
    };
    const isOpen = security?.length === 0;
    const stranger = await ask(null);

    expect(stranger.tells, path).toBe(false);
    if (!isOpen) {
      expect(stranger.status, path).toBe(401);
      expect((await ask(viewerToken)).status, path).toBe(method === "get" ? 200 : 403);
      expect((await ask(operatorToken)).status, path).not.toBe(401);
    }
    expect(Object.keys(responses), path).toEqual(expect.arrayContaining(isOpen ? ["400"] : ["401", "403"]));
  }
});

type Answer = Readonly<Record<string, unknown>>;

/** Sends an act; answers what came back, which is as the document says. */
async function act(path: string, body: unknown): Promise<{ readonly status: number; readonly body: Answer }> {
  const answer = await world.post(path, body);
  const operation = operationsOf(document).find(
    (entry) => entry.method === "post" && new RegExp(`^${entry.path.replace("{id}", "[^/]+")}$`).test(path),
  );
  if (operation === undefined) throw new Error(`${path} is not in the document`);
  const told = { status: answer.status, body: (await answer.json()) as Answer };
  expect(mistakesOf(document, operation, told), path).toEqual([]);
  return told;
}

test("an act is done in the name of who asks, once, and stands in the audit", async () => {
  const states = async () => {
    const { rows } = await world.database.pool.query<{ state: string }>("SELECT state FROM failures ORDER BY id");
    return rows.map(({ state }) => state);
  };
  const [first = "", second = ""] = (
    await world.database.pool.query<{ id: string }>("SELECT id::text AS id FROM failures ORDER BY id")
  ).rows.map(({ id }) => id);

  expect(await act("/api/v1/failures/retry", { ids: [first] })).toEqual({ status: 200, body: { count: 1 } });
  expect(await act("/api/v1/failures/discard", { ids: [second] })).toMatchObject({ body: { count: 1 } });
  expect(await act("/api/v1/failures/discard", { ids: [second] })).toMatchObject({ body: { count: 0 } });
  expect(await act("/api/v1/failures/discard", { reason: "job_failed", connection: "default" })).toMatchObject({
    body: { count: 0 },
  });
  expect(await act("/api/v1/failures/discard", { reason: "job_failed" })).toMatchObject({ body: { count: 1 } });
  expect(await states()).toEqual(["retrying", "discarded", "resolved", "discarded"]);

  const direction = { connection: "default", direction: "to-jira" };
  expect(await act("/api/v1/connections/resume", direction)).toEqual({ status: 200, body: { released: 0 } });
  expect((await world.admin.listConnections())[0]?.pausedToJira).toBe(false);
  expect(await act("/api/v1/connections/pause", direction)).toMatchObject({ status: 200 });
  expect((await world.admin.listConnections())[0]?.pausedToJira).toBe(true);

  const { items } = await world.admin.listLinks({ query: "TT3", limit: 1 });
  const unlink = `/api/v1/links/${items[0]?.id}/unlink`;
  expect(await act(unlink, {})).toEqual({ status: 200, body: { changed: true } });
  expect(await act(unlink, {})).toEqual({ status: 200, body: { changed: false } });

  const acts = (await world.admin.listActPage({ actor: "operator", limit: 20 })).items;
  expect(new Set(acts.map(({ actor }) => actor))).toEqual(new Set(["token (operator)"]));
  expect(acts.map(({ action }) => action)).toEqual(
    expect.arrayContaining(["retry", "discard", "resume", "pause", "unlink", "doctor"]),
  );
});

test("a dry run tells operators what would be written, viewers only where, and writes nothing", async () => {
  await settle();
  const { caseId } = world.huawei.createCase({ description: "The disk is full" });
  await act("/api/v1/connections/resume", { connection: "default", direction: "to-jira" });
  const begun = await act("/api/v1/resync", { scope: "one", name: caseId, dryRun: true });
  const place = `/api/v1/runs/${String(begun.body.id)}`;
  const read = async (token: string) => (await (await world.get(place, token)).json()) as Answer;

  expect(begun.status).toBe(202);
  await expect.poll(async () => (await read(operatorToken)).outcome, { timeout: 10_000 }).not.toBeNull();
  expect(JSON.stringify((await read(operatorToken)).outcome)).toContain("The disk is full");
  expect((await read(viewerToken)).outcome).toMatchObject({ kind: "rehearsed", writes: expect.any(Array) });
  expect(JSON.stringify(await read(viewerToken))).not.toContain("The disk is full");
  expect(world.jira.getState().issues).toEqual([]);
  expect((await world.get("/api/v1/runs/nothing-of-that-name")).status).toBe(404);
});

/** Waits until nothing runs any more. */
async function settle(): Promise<void> {
  const running = async () => {
    const { items } = (await (await world.get("/api/v1/runs")).json()) as { items: { outcome: unknown }[] };
    return items.filter(({ outcome }) => outcome === null).length;
  };
  await expect.poll(running, { timeout: 20_000 }).toBe(0);
}

test("more work than this process takes at once is refused, and can be asked for again", async () => {
  await settle();
  const answers = await Promise.all(Array.from({ length: 5 }, () => act("/api/v1/doctor", {})));

  expect(answers.filter(({ status }) => status === 202)).toHaveLength(2);
  expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: "busy" });
});

const manyIds = Array.from({ length: 201 }, (_id, at) => String(at));

test.each<readonly [string, unknown, number]>([
  ["/api/v1/failures/retry", {}, 400],
  ["/api/v1/failures/retry", { ids: [] }, 400],
  ["/api/v1/failures/retry", { ids: ["x"] }, 400],
  ["/api/v1/failures/retry", { ids: ["1"], word: "masked" }, 400],
  ["/api/v1/failures/retry", { ids: ["1"], reason: "moved" }, 400],
  ["/api/v1/failures/retry", { ids: ["1"], connection: "default" }, 400],
  ["/api/v1/failures/retry", { reason: "guard_held", word: "as_is" }, 400],
  ["/api/v1/failures/retry", { reason: "guard_held", word: "as it is" }, 400],
  ["/api/v1/failures/discard", { reason: "moved", everything: true }, 400],
  ["/api/v1/failures/discard", { ids: manyIds }, 400],
  ["/api/v1/failures/discard", [], 400],
  ["/api/v1/connections/pause", { connection: "default" }, 400],
  ["/api/v1/connections/pause", { connection: "default", direction: "both" }, 400],
  ["/api/v1/connections/pause", { connection: "nobody", direction: "to-jira" }, 404],
  ["/api/v1/links/999/unlink", {}, 404],
  ["/api/v1/links/nothing/unlink", {}, 404],
  ["/api/v1/links/1/unlink", { id: "2" }, 400],
  ["/api/v1/resync", { scope: "one", dryRun: true }, 400],
  ["/api/v1/resync", { scope: "all", name: "TT1", dryRun: true }, 400],
  ["/api/v1/resync", { scope: "since", since: "yesterday", dryRun: true }, 400],
  ["/api/v1/resync", { scope: "since", dryRun: true }, 400],
  ["/api/v1/resync", { scope: "all" }, 400],
  ["/api/v1/resync", { scope: "all", dryRun: true, connection: "nobody" }, 404],
])("a wrong act is a problem document, and nothing is done: %s %j", async (path, body, status) => {
  const before = await world.admin.listActPage({ limit: 1 });
  const answer = await world.post(path, body);
  const problem = (await answer.json()) as Answer;

  expect(problem).toMatchObject({ type: "about:blank", status, code: status === 400 ? "bad_body" : "not_found" });
  expect(String(problem.detail)).toMatch(/^[\w ;,.-]+\.$/);
  expect(await world.admin.listActPage({ limit: 1 })).toEqual(before);
});

test("an act without our header, from elsewhere or by a viewer is refused", async () => {
  const path = "/api/v1/failures/retry";
  const send = async (headers: Readonly<Record<string, string>>, token = operatorToken) => {
    const answer = await fetch(`${world.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify({ ids: ["1"] }),
    });
    return ((await answer.json()) as Answer).code;
  };

  expect(await send({})).toBe("header_missing");
  expect(await send({ "x-casebridge": "1", origin: "https://evil.example" })).toBe("cross_origin");
  expect(await send({ "x-casebridge": "1" }, viewerToken)).toBe("role_missing");
});
