import { request as requestHttp } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { emptyPort } from "../../test/support/empty-port.ts";
import { Secret } from "../lib/secret.ts";
import { silentLogger } from "../observability/logger.ts";
import { makeMetrics } from "../observability/metrics.ts";
import type { StatusReport } from "../observability/status-report.ts";
import { makeSessionStore, makeSignInBrake } from "../store/sessions.ts";
import { emptyDatabase, makeTestDatabase, type TestDatabase } from "../store/testing.ts";
import { whyNotLocal } from "./access.ts";
import { type HttpServerInput, makeHttpServer } from "./http-server.ts";
import { chooseLanguage } from "./language.ts";
import type { HttpServer } from "./web-app.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await makeTestDatabase();
});
afterAll(async () => {
  await database.drop();
});
beforeEach(async () => {
  await emptyDatabase(database);
});

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const status: StatusReport = {
  at: new Date("2026-03-01T10:00:00Z"),
  databaseReadOnly: false,
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
      plannedPollSeconds: 60,
      oldestDueSeconds: 95,
      rounds: [
        {
          name: "cases",
          outcome: "done",
          startedAt: new Date(0),
          endedAt: new Date(60_000),
          doneAt: null,
          plannedSeconds: 60,
          requests: 7,
          failure: null,
        },
      ],
      silences: [],
      budgets: { huawei: 2, jira: 20 },
      budgetStates: {
        huawei: { pausedUntil: null, refusedSince: null, sharedBy: ["<script>alert(1)</script>"] },
        jira: { pausedUntil: null, refusedSince: null, sharedBy: ["<script>alert(1)</script>"] },
      },
    },
  ],
  queues: [{ queue: "links", state: "waiting", count: 4 }],
  notifications: null,
};

function makeInput(): HttpServerInput {
  return {
    host: "127.0.0.1",
    port: 0,
    signIn: null,
    oidc: null,
    publicUrl: null,
    sessions: makeSessionStore(database),
    brake: makeSignInBrake(database),
    checks: { database: async () => true, queue: async () => true, migrations: async () => true },
    stalledBy: () => null,
    metrics: makeMetrics({ processMetrics: false }),
    log: silentLogger,
  };
}

async function start(change: Partial<HttpServerInput> = {}) {
  const server = makeHttpServer({
    ...makeInput(),
    pages: emptyPort({ status: async () => status }),
    routes: (app) => void app.post("/change", async (request) => ({ changedBy: request.principal?.actor })),
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
const withToken = { signIn: { operatorToken: new Secret("correct-horse-battery"), viewerToken: null } };
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

const closedPaths = [
  "/",
  "/metrics",
  "/api/v1/status",
  "/api/v1/links",
  "/api/v1/failures",
  "/api/v1/audit",
  "/api/v1/openapi.json",
  "/queues",
  "/queues/api/queues",
];

test.each<[string, Record<string, string>, number]>([
  ["this machine by name", { host: "localhost:8080" }, 200],
  ["this machine by address", { host: "127.0.0.1" }, 200],
  ["this machine by IPv6", { host: "[::1]:8080" }, 200],
  ["another name (DNS rebinding)", { host: "evil.example:8080" }, 403],
  ["a name that only starts like this machine", { host: "127.0.0.1.evil.example" }, 403],
  ["localhost as a user part", { host: "localhost@evil.example" }, 403],
  ["a Forwarded header", { host: "localhost", forwarded: "for=1.2.3.4" }, 403],
  ["an X-Forwarded-For header", { host: "localhost", "x-forwarded-for": "127.0.0.1" }, 403],
  ...[
    "Via",
    "X-Real-IP",
    "CF-Connecting-IP",
    "CF-Ray",
    "True-Client-IP",
    "X-Forwarded",
    "X_Forwarded_For",
    "X-Original-Forwarded-For",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "Fastly-Client-IP",
    "Fly-Client-IP",
    "X-ProxyUser-Ip",
    "WL-Proxy-Client-IP",
    "X-Envoy-External-Address",
    "X-Amzn-Trace-Id",
    "X-Azure-ClientIP",
    "X-Remote-Addr",
    "Ali-CDN-Real-IP",
    "CDN-Loop",
  ].map((name): [string, Record<string, string>, number] => [
    `the header ${name}`,
    { host: "localhost", [name]: "127.0.0.1" },
    403,
  ]),
  [
    "what a browser on this machine sends",
    {
      host: "localhost:8080",
      "user-agent": "Mozilla/5.0",
      accept: "text/html",
      "accept-language": "de",
      "accept-encoding": "gzip",
      "cache-control": "max-age=0",
      "upgrade-insecure-requests": "1",
      "sec-fetch-site": "none",
      "sec-fetch-mode": "navigate",
      "sec-fetch-user": "?1",
      "sec-ch-ua-platform": "Linux",
      dnt: "1",
      priority: "u=0, i",
      referer: "http://localhost:8080/",
      "if-none-match": "x",
    },
    200,
  ],
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
  expect((await get("/api/v1/status")).headers["www-authenticate"]).toContain("Bearer");
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

  expect((await get("/change", { method: "POST", headers: { host: "localhost:8080", ...headers } })).status).toBe(
    expected,
  );
  expect(
    (
      await getWithToken("/change", {
        method: "POST",
        headers: { host: "localhost:8080", ...bearer, ...headers },
      })
    ).status,
  ).toBe(expected);
});

const tokens = {
  signIn: { operatorToken: new Secret("correct-horse-battery"), viewerToken: new Secret("only-looking-around-here") },
};

function signIn(get: Awaited<ReturnType<typeof start>>, token: string, headers: Record<string, string> = {}) {
  return get("/api/v1/session", {
    method: "POST",
    headers: { "x-casebridge": "1", "content-type": "application/json", ...headers },
    body: JSON.stringify({ token }),
  });
}

function cookieOf(answer: Answer): string {
  return String(answer.headers["set-cookie"]).split(";")[0] ?? "";
}

test("the page signs in with the token, and the cookie opens the rest until it is signed out, on every replica", async () => {
  const [get, other] = [await start(tokens), await start(tokens)];

  const page = await get("/", { headers: { "accept-language": "zh-CN" } });
  const refused = await signIn(get, "wrong");
  const forged = await signIn(get, "correct-horse-battery", { origin: "http://evil.example" });
  const accepted = await signIn(get, "correct-horse-battery");

  expect([page.status, refused.status, forged.status, accepted.status]).toEqual([401, 401, 403, 204]);
  expect(page.text).toContain("登录");
  const cookie = cookieOf(accepted);
  expect(String(accepted.headers["set-cookie"])).toMatch(/HttpOnly; SameSite=Strict$/);
  for (const replica of [get, other]) {
    expect((await replica("/api/v1/status", { headers: { cookie } })).status).toBe(200);
    expect((await replica("/api/v1/status", { headers: { cookie: `${cookie}x` } })).status).toBe(401);
    expect((await replica("/change", { method: "POST", headers: { cookie } })).status).toBe(403);
  }
  const changed = await get("/change", { ...change, headers: { ...change.headers, cookie } });
  expect(changed.json()).toEqual({ changedBy: "token (operator)" });

  const out = await get("/api/v1/session", { method: "DELETE", headers: { ...change.headers, cookie } });

  expect(out.status).toBe(204);
  for (const replica of [get, other])
    expect((await replica("/api/v1/status", { headers: { cookie } })).status).toBe(401);
});

test("a viewer reads and does not act, by bearer and by cookie", async () => {
  const get = await start(tokens);
  const cookie = cookieOf(await signIn(get, "only-looking-around-here"));

  for (const headers of [{ cookie }, { authorization: "Bearer only-looking-around-here" }]) {
    expect((await get("/api/v1/status", { headers })).status).toBe(200);
    const answer = await get("/change", { ...change, headers: { ...change.headers, ...headers } });
    expect([answer.status, answer.json().code]).toEqual([403, "role_missing"]);
  }
});

test("a session ends after twelve hours and with the token that granted it", async () => {
  const get = await start(tokens);
  const [old, young] = [
    cookieOf(await signIn(get, "correct-horse-battery")),
    cookieOf(await signIn(get, "correct-horse-battery")),
  ];
  const renewed = await start({ signIn: { ...tokens.signIn, operatorToken: new Secret("another-horse-battery") } });
  const { rows } = await database.pool.query<{ id: string; hours: number }>(
    `SELECT id, extract(epoch FROM "expiresAt" - now()) / 3600 AS hours FROM sessions ORDER BY "createdAt"`,
  );
  await database.pool.query(`UPDATE sessions SET "expiresAt" = now() WHERE id = $1`, [rows[0]?.id]);

  expect(Number(rows[0]?.hours)).toBeCloseTo(12, 1);
  expect(JSON.stringify(rows)).not.toContain(old.split("=")[1]);
  expect((await get("/api/v1/status", { headers: { cookie: old } })).status).toBe(401);
  expect((await get("/api/v1/status", { headers: { cookie: young } })).status).toBe(200);
  expect((await renewed("/api/v1/status", { headers: { cookie: young } })).status).toBe(401);
});

test("cookies are __Host- and Secure, save on this machine, where browsers would not keep them", async () => {
  const get = await start(tokens);

  const outside = await signIn(get, "correct-horse-battery", { host: "bridge.example" });
  const here = await signIn(get, "correct-horse-battery", { host: "localhost:8080" });

  const flags = "Path=/; HttpOnly; Secure; SameSite=Strict";
  expect(String(outside.headers["set-cookie"])).toMatch(
    new RegExp(`^__Host-casebridge_session=[^;]+; Max-Age=43200; ${flags}$`),
  );
  expect(String(here.headers["set-cookie"])).toMatch(
    /^casebridge_session=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  const cookie = cookieOf(outside);
  expect((await get("/api/v1/status", { headers: { cookie, host: "bridge.example" } })).status).toBe(200);
  expect(
    (await get("/api/v1/status", { headers: { cookie: cookie.replace("__Host-", ""), host: "bridge.example" } }))
      .status,
  ).toBe(401);
});

test("where PUBLIC_URL says how people reach the page, that counts and not the host that a proxy names", async () => {
  const get = await start({ ...tokens, publicUrl: "https://bridge.example" });
  // nginx names the upstream unless it is told otherwise.
  const proxied = { host: "127.0.0.1:8080", origin: "https://bridge.example", "sec-fetch-site": "same-origin" };

  const there = await signIn(get, "correct-horse-battery", proxied);
  const foreign = await signIn(get, "correct-horse-battery", {
    host: "evil.example",
    origin: "http://evil.example",
    "sec-fetch-site": "same-origin",
  });
  const here = await signIn(get, "correct-horse-battery", { host: "localhost:8080", origin: "http://localhost:8080" });

  expect([there.status, foreign.status, here.status]).toEqual([204, 403, 204]);
  expect(String(there.headers["set-cookie"])).toMatch(/^__Host-casebridge_session=.*; Secure; SameSite=Strict$/);
  const cookie = cookieOf(there);
  const changed = await get("/change", { ...change, headers: { ...change.headers, ...proxied, cookie } });
  expect(changed.status).toBe(200);
});

test("after more than ten refused sign-ins in a minute further ones wait, on every replica; sessions go on", async () => {
  const [get, other] = [await start(tokens), await start(tokens)];
  const cookie = cookieOf(await signIn(get, "correct-horse-battery"));

  const statuses: number[] = [];
  for (let index = 0; index < 11; index++) {
    const guess = { headers: { authorization: `Bearer guess-${index}` } };
    const replica = index % 2 === 0 ? get : other;
    statuses.push(
      (index % 3 === 0 ? await signIn(replica, `guess-${index}`) : await replica("/api/v1/status", guess)).status,
    );
  }

  expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  for (const replica of [get, other]) {
    const waits = await signIn(replica, "correct-horse-battery");
    expect(waits.status).toBe(429);
    expect(Number(waits.headers["retry-after"])).toBeGreaterThan(50);
    expect((await replica("/api/v1/status", { headers: bearer })).status).toBe(429);
    expect((await replica("/api/v1/status", { headers: { cookie } })).status).toBe(200);
  }
  const { text } = await get("/metrics", { headers: { cookie } });
  expect(text).toContain('casebridge_sign_ins_refused_total{reason="wrong_token"} 6');
  expect(text).toContain('casebridge_sign_ins_refused_total{reason="too_many"} 2');
  await database.pool.query("UPDATE refused_sign_ins SET at = at - interval '1 minute'");
  expect((await signIn(other, "correct-horse-battery")).status).toBe(204);
});

test.each([["10.0.0.7"], ["::ffff:10.0.0.7"], ["fe80::1"], [undefined]])(
  "without a sign-in, a peer at %s is not this machine",
  (peerAddress) => {
    const facts = { method: "GET", httpVersion: "1.1", headers: { host: "localhost" }, cookies: {} };

    expect(whyNotLocal({ ...facts, peerAddress })).not.toBeNull();
    expect(whyNotLocal({ ...facts, peerAddress: "127.0.0.1" })).toBeNull();
    expect(whyNotLocal({ ...facts, peerAddress: "127.0.0.1", httpVersion: "1.0" })).not.toBeNull();
  },
);

test("a host that others can reach needs a sign-in", () => {
  const make = (host: string) => () => makeHttpServer({ ...makeInput(), host });

  expect(make("0.0.0.0")).toThrow(RangeError);
  expect(make("::")).toThrow(RangeError);
  expect(make("::1")).not.toThrow();
  expect(make("localhost")).not.toThrow();
});

test("a webhook beside the page needs a sign-in, and then answers without one", async () => {
  const webhook = { isOpen: true, admits: () => true, take: async () => "taken" as const };
  const get = await start({ ...withToken, webhook });

  expect((await get("/webhooks/jira/ops", { method: "POST", body: "{}" })).status).toBe(200);
  await expect(start({ webhook })).rejects.toThrow(RangeError);
});

test("everything else is 404 as JSON", async () => {
  const get = await start({ ...withToken });

  const answer = await get("/nowhere");

  expect(answer.status).toBe(404);
  expect(answer.json()).toMatchObject({ type: "about:blank", status: 404, code: "not_found" });
});

test("the overview tells the state in English and Chinese, escaped, without outside assets", async () => {
  const get = await start();

  const english = await get("/");
  const chinese = await get("/?lang=zh");

  expect(english.status).toBe(200);
  expect(english.text).toMatch(/active: 12<\/a>.* · .*blocked: 2/);
  expect(english.text).toContain("1 min 35 s");
  expect(english.text).toContain("paused towards Jira");
  expect(english.text).not.toContain("<script>alert");
  expect(english.text).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(english.text).not.toMatch(/<(script|style)(?![^>]* (src|href)=)| (style|on\w+)="/);
  expect(chinese.text).toContain("最早的未同步变更");
  expect(chinese.text).toContain('<html lang="zh-Hans">');
  for (const asset of ["/assets/page.css", "/assets/page.js"]) {
    expect(english.text).toContain(`"${asset}"`);
    expect((await get(asset)).status).toBe(200);
  }
  expect(english.headers).toMatchObject({
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
  });
});

test("the overview says in one sentence whether all is well, also in its title", async () => {
  const [first] = status.connections;
  if (first === undefined) throw new Error("there is no connection");
  const well = { ...first, name: "ops", openFailures: 0, pausedToJira: false };
  const sentenceOf = async (
    connection: typeof first,
    change: Partial<StatusReport> = {},
  ): Promise<(string | undefined)[]> => {
    const get = await start({
      pages: emptyPort({ status: async () => ({ ...status, connections: [connection], ...change }) }),
    });
    const { text } = await get("/");
    return [/<title>(.*) · casebridge/.exec(text)?.[1], /<h1 class="verdict \w+">([^<]*)/.exec(text)?.[1]];
  };

  expect(await sentenceOf(well)).toEqual(["All is well.", "All is well."]);
  const held = "ops: changes are held back, something failed and waits for a person.";
  expect(await sentenceOf({ ...well, oldestHeldSeconds: 5, openFailures: 1 })).toEqual([held, held]);
  expect(await sentenceOf({ ...well, oldestUnmirroredSeconds: 901 })).toEqual([
    "ops: changes are late.",
    "ops: changes are late.",
  ]);
  const silent = "ops: rounds do not come as planned.";
  expect(await sentenceOf({ ...well, effectivePollSeconds: 181 })).toEqual([silent, silent]);
  const notifications = {
    format: "slack",
    on: ["failure"],
    sentAt: null,
    failingSince: new Date(0),
    problem: "http_404",
  };
  const mute = "nobody can be notified (casebridge doctor says why).";
  expect(await sentenceOf(well, { notifications })).toEqual([mute, mute]);
  const quiet = "ops: cases are open, and there is no news for an unusual time.";
  expect(await sentenceOf({ ...well, silences: [{ direction: "to-jira", since: new Date(0) }] })).toEqual([
    quiet,
    quiet,
  ]);
  const waits = { ...well.budgetStates.jira, pausedUntil: new Date(status.at.getTime() + 61_000) };
  expect(await sentenceOf({ ...well, budgetStates: { ...well.budgetStates, jira: waits } })).toEqual([silent, silent]);
});

test("when the state cannot be read, the overview says so and the API answers 500 without details", async () => {
  const get = await start({
    pages: emptyPort({ status: () => Promise.reject(new Error("hunter2")) }),
  });

  const [page, api] = [await get("/"), await get("/api/v1/status")];

  expect([page.status, api.status]).toEqual([503, 500]);
  expect(page.text + api.text).not.toContain("hunter2");
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
  const { promise: isReached, resolve: reached } = Promise.withResolvers<void>();
  const server = makeHttpServer({
    ...makeInput(),
    routes: (app) =>
      void app.get("/slow", () => {
        reached();
        return new Promise(() => {});
      }),
  });
  const { port } = await server.listen();
  const slow = send(port, "/slow", {}).catch(() => "cut");

  await isReached;
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

test("below a path of its host every address that a browser follows begins with it, whether the proxy passes it on or not", async () => {
  const publicUrl = "https://tools.example.com/casebridge";
  const get = await start({ ...withToken, publicUrl });
  const host = { host: "tools.example.com", origin: "https://tools.example.com" };

  const passedOn = await get("/casebridge/", { headers: { ...host, ...bearer } });
  const takenAway = await get("/links", { headers: { ...host, ...bearer } });
  const asked = await get("/casebridge/links?state=blocked", { headers: host });
  const form = "token=correct-horse-battery&back=%2Flinks";
  const signedIn = await get("/casebridge/sign-in", {
    method: "POST",
    headers: { ...host, "content-type": "application/x-www-form-urlencoded" },
    body: form,
  });
  const style = /href="(\/[^"]+\.css[^"]*)"/.exec(passedOn.text)?.[1] ?? "";

  expect([passedOn.status, takenAway.status, asked.status]).toEqual([200, 200, 401]);
  for (const { text } of [passedOn, takenAway, asked]) {
    const followed = [...text.matchAll(/\s(?:href|action|formaction|src|data-live)="(\/[^"]*)"/g)].map(([, at]) => at);
    expect(followed.length).toBeGreaterThan(0);
    expect(followed.filter((at) => at?.startsWith("/casebridge/") !== true)).toEqual([]);
  }
  expect(style).toMatch(/^\/casebridge\//);
  expect((await get(style, { headers: host })).status).toBe(200);
  expect([signedIn.status, signedIn.headers.location]).toEqual([303, "/casebridge/links"]);
  expect((await get("/casebridgelinks", { headers: { ...host, ...bearer } })).status).toBe(404);
});
