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
    return path.startsWith("/api/") ? names.map((name) => `${name} ${path}`) : [];
  });
}

const reads = () => operationsOf(document).filter(({ method, security }) => method === "get" && security === undefined);
const lists = () => reads().filter(({ parameters = [] }) => parameters.some(({ name }) => name === "cursor"));

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
    expect.objectContaining({ name: "search" }),
    expect.objectContaining({ name: "limit", schema: { type: "integer", minimum: 1, maximum: 200, default: 50 } }),
    expect.objectContaining({ name: "cursor", description: expect.stringContaining("nextCursor") }),
  ]);
});

test("each answer is as the document says, with no member that it does not name", async () => {
  const seen: string[] = [];
  for (const operation of reads()) {
    const answer = await world.get(operation.path);
    const body = (await answer.json()) as { readonly items?: readonly unknown[] };
    // The document itself is open to what OpenAPI holds.
    if (operation.operationId !== "getOpenApi")
      expect(mistakesOf(document, operation, { status: answer.status, body }), operation.operationId).toEqual([]);
    if (body.items !== undefined) expect(body.items.length, operation.operationId).toBeGreaterThan(0);
    seen.push(operation.operationId);
  }

  expect(seen.sort()).toEqual(["getHistory", "getOpenApi", "getStatus", "listActs", "listFailures", "listLinks"]);
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
};

test("each wrong filter of each list is a problem document, as the document says", async () => {
  let count = 0;
  for (const operation of reads()) {
    const { path, parameters = [] } = operation;
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
  expect(await idsOf("/api/v1/audit")).toEqual(["to-jira", "to-huawei"]);
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
  for (const { path, method, security, responses } of operationsOf(document)) {
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
