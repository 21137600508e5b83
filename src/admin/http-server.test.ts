import { request as requestHttp } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { afterEach, expect, test } from "vitest";
import { Secret } from "../lib/secret.ts";
import { silentLogger } from "../observability/logger.ts";
import { makeMetrics } from "../observability/metrics.ts";
import { makeAccessRules } from "./access.ts";
import { type HttpServer, type HttpServerInput, makeHttpServer } from "./http-server.ts";
import { chooseLanguage } from "./overview-page.ts";
import type { StatusReport } from "./status-report.ts";

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const status: StatusReport = {
  at: new Date("2026-03-01T10:00:00Z"),
  connections: [
    {
      name: "<script>alert(1)</script>",
      state: "active",
      stateReason: null,
      pausedToJira: true,
      pausedToHuawei: false,
      links: { active: 12, blocked: 2 },
      openFailures: 3,
      oldestUnmirroredSeconds: 95,
      oldestHeldSeconds: null,
      effectivePollSeconds: null,
      rounds: [{ name: "cases", outcome: "done", startedAt: new Date(0), endedAt: new Date(60_000), requests: 7 }],
      budgets: { huawei: 2, jira: 20 },
      budgetStates: {
        huawei: { pausedUntil: null, refusedSince: null, sharedBy: ["<script>alert(1)</script>"] },
        jira: { pausedUntil: null, refusedSince: null, sharedBy: ["<script>alert(1)</script>"] },
      },
    },
  ],
  queues: [{ queue: "links", state: "waiting", count: 4 }],
};

async function start(change: Partial<HttpServerInput> = {}) {
  const server = makeHttpServer({
    host: "127.0.0.1",
    port: 0,
    adminToken: null,
    checks: { database: async () => true, queue: async () => true, migrations: async () => true },
    stalledBy: () => null,
    metrics: makeMetrics({ processMetrics: false }),
    log: silentLogger,
    api: {
      status: async () => status,
      links: async (query) => ({ query, items: [] }),
      failures: async (query) => ({ query, items: [] }),
    },
    routes: (app) => void app.post("/api/change", async () => ({ changed: true })),
    ...change,
  });
  servers.push(server);
  const { port } = await server.listen();
  return (path: string, options: RequestOptions = {}) => send(port, path, options);
}

type RequestOptions = { method?: string; headers?: Record<string, string>; body?: string | Buffer };
type Answer = { status: number; headers: Record<string, unknown>; text: string; json: () => Record<string, unknown> };

function send(port: number, path: string, { method = "GET", headers = {}, body }: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = requestHttp({ host: "127.0.0.1", port, path, method, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: () => JSON.parse(text) });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const change = { method: "POST", headers: { "x-casebridge": "1" } };
const withToken = { adminToken: new Secret("correct-horse-battery") };
const bearer = { authorization: "Bearer correct-horse-battery" };

test("health and readiness are open to all, whatever they forward or name", async () => {
  const get = await start(withToken);
  const strange = { headers: { host: "evil.example", "x-forwarded-for": "1.2.3.4" } };

  expect((await get("/healthz", strange)).json()).toEqual({ status: "ok" });
  expect((await get("/readyz", strange)).json()).toEqual({ status: "ready", notReady: [] });
});

test("readiness names what is not ready", async () => {
  const get = await start({
    checks: {
      database: async () => true,
      queue: async () => false,
      migrations: () => Promise.reject(new Error("hunter2")),
    },
  });

  const answer = await get("/readyz");

  expect(answer.status).toBe(503);
  expect(answer.json()).toEqual({ status: "not_ready", notReady: ["queue", "migrations"] });
});

const closedPaths = ["/", "/metrics", "/api/status", "/api/links", "/api/failures", "/queues", "/queues/api/queues"];

test.each<[string, Record<string, string>, number]>([
  ["this machine by name", { host: "localhost:8080" }, 200],
  ["this machine by address", { host: "127.0.0.1" }, 200],
  ["this machine by IPv6", { host: "[::1]:8080" }, 200],
  ["another name (DNS rebinding)", { host: "evil.example:8080" }, 403],
  ["a name that only starts like this machine", { host: "127.0.0.1.evil.example" }, 403],
  ["localhost as a user part", { host: "localhost@evil.example" }, 403],
  ["a Forwarded header", { host: "localhost", forwarded: "for=1.2.3.4" }, 403],
  ["an X-Forwarded-For header", { host: "localhost", "x-forwarded-for": "127.0.0.1" }, 403],
  ["an X-Forwarded-Host header", { host: "localhost", "X-Forwarded-Host": "localhost" }, 403],
  [
    "another site's embedded request",
    { host: "localhost", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
    403,
  ],
])("without a token, %s", async (_what, headers, expected) => {
  const get = await start({ bullBoard: [] });

  for (const path of closedPaths) expect((await get(path, { headers })).status, path).toBe(expected);
});

test("with a token, nothing but the open routes answers without it", async () => {
  const get = await start({ ...withToken, bullBoard: [] });

  for (const path of closedPaths) {
    expect((await get(path)).status, path).toBe(401);
    expect((await get(path, { headers: { authorization: "Bearer correct-horse" } })).status, path).toBe(401);
    expect((await get(path, { headers: { authorization: "Basic correct-horse-battery" } })).status, path).toBe(401);
    expect(
      (await get(path, { headers: { ...bearer, host: "bridge.example", "x-forwarded-for": "1.2.3.4" } })).status,
      path,
    ).toBe(200);
  }
  expect((await get("/api/status")).headers["www-authenticate"]).toContain("Bearer");
});

test.each<[string, Record<string, string>, number]>([
  ["own header, no browser", { "x-casebridge": "1" }, 200],
  ["own origin", { "x-casebridge": "1", origin: "http://localhost:8080", "sec-fetch-site": "same-origin" }, 200],
  ["no custom header", { origin: "http://localhost:8080" }, 403],
  ["an empty custom header", { "x-casebridge": "" }, 403],
  ["another origin", { "x-casebridge": "1", origin: "http://evil.example" }, 403],
  ["another port of this machine", { "x-casebridge": "1", origin: "http://localhost:3000" }, 403],
  ["a null origin", { "x-casebridge": "1", origin: "null" }, 403],
  ["a page of the same site", { "x-casebridge": "1", "sec-fetch-site": "same-site" }, 403],
])("a change with %s", async (_what, headers, expected) => {
  const get = await start();
  const getWithToken = await start(withToken);

  expect((await get("/api/change", { method: "POST", headers: { host: "localhost:8080", ...headers } })).status).toBe(
    expected,
  );
  expect(
    (await getWithToken("/api/change", { method: "POST", headers: { host: "localhost:8080", ...bearer, ...headers } }))
      .status,
  ).toBe(expected);
});

test("the page signs in with the token, and the cookie opens the rest until it is changed or old", async () => {
  const get = await start(withToken);
  const signIn = (token: string, headers = {}) =>
    get("/api/session", {
      method: "POST",
      headers: { "x-casebridge": "1", "content-type": "application/json", ...headers },
      body: JSON.stringify({ token }),
    });

  const page = await get("/", { headers: { "accept-language": "zh-CN" } });
  const refused = await signIn("wrong");
  const forged = await signIn("correct-horse-battery", { origin: "http://evil.example" });
  const accepted = await signIn("correct-horse-battery");

  expect([page.status, refused.status, forged.status, accepted.status]).toEqual([401, 401, 403, 204]);
  expect(page.text).toContain("登录");
  const cookie = String(accepted.headers["set-cookie"]).split(";")[0] ?? "";
  expect(String(accepted.headers["set-cookie"])).toMatch(/HttpOnly; SameSite=Strict/);
  expect((await get("/api/status", { headers: { cookie } })).status).toBe(200);
  expect((await get("/api/status", { headers: { cookie: `${cookie}x` } })).status).toBe(401);
  expect((await get("/api/change", { method: "POST", headers: { cookie } })).status).toBe(403);
  expect((await get("/api/change", { ...change, headers: { ...change.headers, cookie } })).status).toBe(200);
});

test("a session ends after twelve hours and with its token", () => {
  let now = 1_000_000;
  const rules = makeAccessRules("token-one", () => now);
  const cookie = rules.signIn("token-one", true)?.split(";")[0] ?? "";
  const facts = { method: "GET", peerAddress: "10.0.0.1", headers: { cookie } };

  expect(rules.signIn("token-one", true)).toContain("; Secure");
  expect(rules.check(facts).allowed).toBe(true);
  expect(makeAccessRules("token-one", () => now).check(facts).allowed).toBe(true);
  expect(makeAccessRules("token-two", () => now).check(facts).allowed).toBe(false);
  expect(makeAccessRules(null).signIn("", false)).toBeNull();
  now += 12 * 3_600_000;
  expect(rules.check(facts).allowed).toBe(false);
});

test.each([["10.0.0.7"], ["::ffff:10.0.0.7"], ["fe80::1"], [undefined]])(
  "without a token, a peer at %s is not this machine",
  (peerAddress) => {
    const verdict = makeAccessRules(null).check({ method: "GET", peerAddress, headers: { host: "localhost" } });

    expect(verdict).toMatchObject({ allowed: false, status: 403 });
  },
);

test("a host that others can reach needs a token", () => {
  const make = (host: string) => () =>
    makeHttpServer({
      host,
      port: 0,
      adminToken: null,
      checks: { database: async () => true, queue: async () => true, migrations: async () => true },
      stalledBy: () => null,
      metrics: makeMetrics({ processMetrics: false }),
      log: silentLogger,
    });

  expect(make("0.0.0.0")).toThrow(RangeError);
  expect(make("::")).toThrow(RangeError);
  expect(make("::1")).not.toThrow();
  expect(make("localhost")).not.toThrow();
});

test("a webhook gets its bytes as they came, and needs no token", async () => {
  const seen: { connection: string; body: string; signature: unknown }[] = [];
  const get = await start({
    ...withToken,
    webhook: async (connection, headers, rawBody) => {
      seen.push({ connection, body: rawBody.toString("latin1"), signature: headers["x-hub-signature"] });
      return connection === "ops" ? 202 : 404;
    },
  });
  const body = Buffer.from('{ "a" : 1 }\n\u00ff', "latin1");

  const first = await get("/webhooks/jira/ops", {
    method: "POST",
    headers: { "content-type": "application/json", "x-hub-signature": "sha256=1" },
    body,
  });
  const untyped = await get("/webhooks/jira/ops", { method: "POST", body: "plain" });
  const empty = await get("/webhooks/jira/ops", { method: "POST" });
  const unknown = await get("/webhooks/jira/other", { method: "POST", body: "{}" });
  const wrongMethod = await get("/webhooks/jira/ops");

  expect([first, untyped, empty, unknown, wrongMethod].map((answer) => answer.status)).toEqual([
    202, 202, 202, 404, 404,
  ]);
  expect(seen.map(({ body: text }) => text)).toEqual([body.toString("latin1"), "plain", "", "{}"]);
  expect(seen[0]?.signature).toBe("sha256=1");
});

test("a webhook of 24 MB is taken, one of 26 MB is not", async () => {
  const sizes: number[] = [];
  const get = await start({
    webhook: async (_connection, _headers, rawBody) => {
      sizes.push(rawBody.length);
      return 200;
    },
  });
  const post = (megabytes: number) =>
    get("/webhooks/jira/ops", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: Buffer.alloc(megabytes * 1024 * 1024),
    });

  const [taken, refused] = [await post(24), await post(26).catch(() => null)];

  expect(taken.status).toBe(200);
  expect(refused === null || refused.status === 413).toBe(true);
  expect(sizes).toEqual([24 * 1024 * 1024]);
});

test("without a handler the webhook is not there; a handler that fails answers 500 without details", async () => {
  const without = await start();
  const failing = await start({ webhook: () => Promise.reject(new Error("hunter2")) });

  expect((await without("/webhooks/jira/ops", { method: "POST", body: "{}" })).json()).toMatchObject({
    error: "not_found",
  });
  const answer = await failing("/webhooks/jira/ops", { method: "POST", body: "{}" });
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain("hunter2");
});

test("everything else is 404 as JSON", async () => {
  const get = await start({ ...withToken });

  const answer = await get("/nowhere");

  expect(answer.status).toBe(404);
  expect(answer.json()).toMatchObject({ error: "not_found" });
});

test("the overview tells the state in English and Chinese, escaped, without outside assets", async () => {
  const get = await start();

  const english = await get("/");
  const chinese = await get("/?lang=zh");

  expect(english.status).toBe(200);
  expect(english.text).toContain("active: 12 · blocked: 2");
  expect(english.text).toContain("1 min 35 s");
  expect(english.text).toContain("paused towards Jira");
  expect(english.text).not.toContain("<script>alert");
  expect(english.text).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(chinese.text).toContain("各状态的关联数");
  expect(chinese.text).toContain('lang="zh-Hans"');
  const nonce = /nonce="([^"]+)"/.exec(english.text)?.[1] ?? "none";
  expect(english.headers["content-security-policy"]).toContain(`'nonce-${nonce}'`);
  expect(english.headers).toMatchObject({
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
  });
});

test("the overview says in one sentence whether all is well, also in its title", async () => {
  const [first] = status.connections;
  if (first === undefined) throw new Error("there is no connection");
  const well = { ...first, name: "ops", openFailures: 0 };
  const sentenceOf = async (connection: typeof first): Promise<(string | undefined)[]> => {
    const get = await start({
      api: {
        status: async () => ({ ...status, connections: [connection] }),
        links: async () => [],
        failures: async () => [],
      },
    });
    const { text } = await get("/");
    return [/<title>(.*) · casebridge/.exec(text)?.[1], /<main><p class="\w+"><strong>([^<]*)/.exec(text)?.[1]];
  };

  expect(await sentenceOf(well)).toEqual(["All is well.", "All is well."]);
  const held = "ops: changes are held back, something failed and waits for a person.";
  expect(await sentenceOf({ ...well, oldestHeldSeconds: 5, openFailures: 1 })).toEqual([held, held]);
  expect(await sentenceOf({ ...well, oldestUnmirroredSeconds: 901 })).toEqual([
    "ops: changes are late.",
    "ops: changes are late.",
  ]);
});

test("when the state cannot be read, the overview says so and the API answers 500 without details", async () => {
  const get = await start({
    api: { status: () => Promise.reject(new Error("hunter2")), links: async () => [], failures: async () => [] },
  });

  const [page, api] = [await get("/"), await get("/api/status")];

  expect([page.status, api.status]).toEqual([503, 500]);
  expect(page.text + api.text).not.toContain("hunter2");
});

test("lists take filters and bounds, and refuse what is out of bounds", async () => {
  const get = await start();

  const answer = await get("/api/links?state=blocked&search=OPS-1&limit=200&cursor=10");

  expect(answer.json().query).toEqual({
    connection: null,
    state: "blocked",
    search: "OPS-1",
    limit: 200,
    cursor: "10",
  });
  for (const query of [
    "limit=0",
    "limit=201",
    "limit=x",
    "cursor=1&cursor=2",
    "state=a&state=b",
    `search=${"x".repeat(201)}`,
  ]) {
    expect((await get(`/api/failures?${query}`)).status, query).toBe(400);
  }
});

test("the queues' page asks no other host for anything, and changes through it are refused", async () => {
  const queue = { name: "links", metaValues: { version: "bullmq" }, opts: {} };
  const get = await start({ bullBoard: [new BullMQAdapter(queue as never, { readOnlyMode: true })] });

  const page = await get("/queues");
  const script = /src="(static\/js\/main[^"]+)"/.exec(page.text)?.[1] ?? "none";

  expect(page.status).toBe(200);
  expect(page.text).not.toContain("googleapis");
  expect(page.headers["content-security-policy"]).toContain("connect-src 'self'");
  expect((await get(`/queues/${script}`)).status).toBe(200);
  expect((await get("/queues/api/queues/links/pause", { method: "PUT" })).status).toBe(403);
});

test("a process without progress is told to whoever may restart it, with the reason", async () => {
  let reason: string | null = null;
  const get = await start({ stalledBy: () => reason });

  expect((await get("/healthz")).status).toBe(200);
  reason = "the database has not been reached for 61 s";
  const answer = await get("/healthz");

  expect({ status: answer.status, body: answer.json() }).toEqual({ status: 503, body: { status: "stalled", reason } });
});

test("closing cuts what does not end by itself", async () => {
  const server = makeHttpServer({
    host: "127.0.0.1",
    port: 0,
    adminToken: null,
    checks: { database: async () => true, queue: async () => true, migrations: async () => true },
    stalledBy: () => null,
    metrics: makeMetrics({ processMetrics: false }),
    log: silentLogger,
    routes: (app) => void app.get("/slow", () => new Promise(() => {})),
  });
  const { port } = await server.listen();
  const slow = send(port, "/slow", {}).catch(() => "cut");

  await new Promise((resolve) => setTimeout(resolve, 50));
  const startedAt = performance.now();
  await Promise.all([server.close(), server.close()]);

  expect(await slow).toBe("cut");
  expect(performance.now() - startedAt).toBeLessThan(7_000);
  await expect(send(port, "/healthz", {})).rejects.toThrow();
});

test("a port that is taken is an error", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;

  await expect(start({ port })).rejects.toThrow(/EADDRINUSE/);

  other.close();
});

test.each<[string | undefined, string | undefined, "en" | "zh"]>([
  [undefined, undefined, "en"],
  [undefined, "zh-CN,zh;q=0.9,en;q=0.8", "zh"],
  [undefined, "en;q=0.5, zh;q=0.9", "zh"],
  [undefined, "de, zh;q=0, en;q=0.1", "en"],
  ["en", "zh-CN", "en"],
  ["zh-Hans", "en", "zh"],
])("the language of ?lang=%s and %s is %s", (lang, header, expected) => {
  expect(chooseLanguage(lang, header)).toBe(expected);
});
