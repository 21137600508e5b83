import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Provider from "oidc-provider";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeAuthority } from "../../test/support/authority.ts";
import { startConnectProxy } from "../../test/support/connect-proxy.ts";
import { emptyPort } from "../../test/support/empty-port.ts";
import { Secret } from "../lib/secret.ts";
import { parseAuthorities, trustAlso } from "../lib/trust.ts";
import type { HttpProxy } from "../lib/tunnel.ts";
import { silentLogger } from "../observability/logger.ts";
import { makeMetrics } from "../observability/metrics.ts";
import { makeSessionStore, makeSignInBrake } from "../store/sessions.ts";
import { makeTestDatabase, type TestDatabase } from "../store/testing.ts";
import { makeHttpServer } from "./http-server.ts";
import { makeOidc, roleOf } from "./oidc.ts";
import type { HttpServer } from "./web-app.ts";

let database: TestDatabase;
const servers: (HttpServer | { close(): Promise<void> })[] = [];
beforeAll(async () => {
  database = await makeTestDatabase();
});
afterAll(async () => {
  await database.drop();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A real provider; its people are known by their login, and `groups` stands only in the user info. */
async function startProvider(redirectUri: string, tls: Tls | null): Promise<string> {
  const port = await freePort();
  const issuer = tls === null ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "casebridge", client_secret: "the-client-secret", redirect_uris: [redirectUri] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
    scopes: ["openid", "email", "groups"],
    features: { devInteractions: { enabled: true } },
    findAccount: async (_context, sub) => ({
      accountId: sub,
      claims: async () => ({
        sub,
        email: `${sub}@example.com`,
        email_verified: sub !== "forger",
        groups: sub === "olga" ? ["staff", "casebridge-operators"] : ["staff"],
      }),
    }),
  });
  const handle = provider.callback();
  const server: Server = tls === null ? createHttpServer(handle) : createHttpsServer(tls, handle);
  await new Promise<void>((resolve) => server.listen(port, tls === null ? "127.0.0.1" : "localhost", resolve));
  servers.push({
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return issuer;
}

type Tls = { readonly cert: string; readonly key: string };

async function start({ proxy = null, tls = null }: { proxy?: HttpProxy | null; tls?: Tls | null } = {}) {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const redirectUri = `${publicUrl}/api/v1/session/oidc/callback`;
  const issuer = await startProvider(redirectUri, tls);
  const oidc = makeOidc({
    issuer,
    clientId: "casebridge",
    clientSecret: new Secret("the-client-secret"),
    operators: [{ claim: "groups", value: "casebridge-operators" }],
    viewers: [
      { claim: "email", value: "vera@example.com" },
      { claim: "email", value: "forger@example.com" },
    ],
    redirectUri,
    proxy,
  });
  const server = makeHttpServer({
    host: "127.0.0.1",
    port,
    signIn: null,
    oidc,
    publicUrl,
    sessions: makeSessionStore(database),
    brake: makeSignInBrake(database),
    checks: { database: async () => true, queue: async () => true, migrations: async () => true },
    stalledBy: () => null,
    metrics: makeMetrics({ processMetrics: false }),
    log: silentLogger,
    pages: emptyPort(),
    routes: (app) => void app.post("/change", async (request) => ({ changedBy: request.principal?.actor })),
  });
  servers.push(server);
  await server.listen();
  return { publicUrl, issuer };
}

/** A browser without JavaScript: keeps cookies by origin, and withholds those that are Strict when another site led it here. */
function makeBrowser() {
  const jars = new Map<string, Map<string, string>>();
  const strict = new Set<string>();
  async function go(url: string, options: { from?: string; form?: Record<string, string> } = {}): Promise<Response> {
    const { origin } = new URL(url);
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    const sameSite = options.from === undefined || options.from === origin;
    const sent = [...jar].filter(([name]) => sameSite || !strict.has(name));
    const cookie = sent.map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, {
      redirect: "manual",
      headers: { ...(cookie === "" ? {} : { cookie }) },
      ...(options.form === undefined ? {} : { method: "POST", body: new URLSearchParams(options.form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const name = pair.slice(0, pair.indexOf("="));
      if (/samesite=strict/i.test(line)) strict.add(name);
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, pair.slice(name.length + 1));
    }
    const location = answer.headers.get("location");
    if (location === null) return answer;
    // A navigation belongs to the site that began it, however often it is sent on.
    return go(new URL(location, url).href, { from: options.from ?? origin });
  }
  return { go, cookiesOf: (origin: string) => jars.get(origin) ?? new Map<string, string>() };
}

/** Walks through the provider's pages as this person and answers where it ends at our side. */
async function signIn(publicUrl: string, login: string, browser = makeBrowser()) {
  const loginPage = await browser.go(`${publicUrl}/api/v1/session/oidc`);
  const actionOf = (page: string): string => /<form[^>]*action="([^"]+)"/.exec(page)?.[1] ?? "";
  const consentPage = await browser.go(actionOf(await loginPage.text()), {
    form: { prompt: "login", login, password: "any" },
  });
  const consent = actionOf(await consentPage.text());
  const callback = await browser.go(consent, { form: { prompt: "consent" }, from: new URL(consent).origin });
  const lead = /url=([^"]+)"/.exec(await callback.text())?.[1]?.replaceAll(/&(?:amp|#38);/g, "&") ?? "";
  const finishUrl = `${publicUrl}/api/v1/session/oidc/${lead}`;
  return { browser, finishUrl, finish: await browser.go(finishUrl) };
}

test("single sign-on gives the role that a claim grants, by the name that the audit shows", {
  timeout: 60_000,
}, async () => {
  const { publicUrl } = await start();
  const change = async (login: string) => {
    const { browser } = await signIn(publicUrl, login);
    const cookie = [...browser.cookiesOf(publicUrl)].map(([name, value]) => `${name}=${value}`).join("; ");
    const read = await fetch(`${publicUrl}/api/v1/status`, { headers: { cookie } });
    const act = await fetch(`${publicUrl}/change`, { method: "POST", headers: { cookie, "x-casebridge": "1" } });
    return { read: read.status, act: act.status, body: await act.json() };
  };

  expect((await fetch(`${publicUrl}/`)).status).toBe(401);
  expect(await change("olga")).toEqual({
    read: 200,
    act: 200,
    body: { changedBy: "olga@example.com (single sign-on)" },
  });
  expect(await change("vera")).toMatchObject({ read: 200, act: 403 });
});

test("who has no role, or only an address that nobody verified, is refused and has no session", {
  timeout: 60_000,
}, async () => {
  const { publicUrl } = await start();

  for (const login of ["norbert", "forger"]) {
    const { browser, finish } = await signIn(publicUrl, login);

    expect(finish.status, login).toBe(403);
    expect([...browser.cookiesOf(publicUrl).keys()], login).toEqual([]);
  }
});

test("a flow is finished only once, and only by the browser that began it", { timeout: 60_000 }, async () => {
  const { publicUrl } = await start();
  const { browser, finishUrl } = await signIn(publicUrl, "olga");
  const victim = makeBrowser();
  await victim.go(`${publicUrl}/api/v1/session/oidc`);

  expect((await makeBrowser().go(finishUrl)).status).toBe(401);
  expect((await victim.go(finishUrl)).status).toBe(401);
  expect((await browser.go(finishUrl)).status).toBe(401);
});

test("a provider that is away fails the sign-in alone", { timeout: 60_000 }, async () => {
  const { publicUrl } = await start();
  const provider = servers.shift();
  await provider?.close();

  expect((await fetch(`${publicUrl}/api/v1/session/oidc`, { redirect: "manual" })).status).toBe(503);
  expect((await fetch(`${publicUrl}/healthz`)).status).toBe(200);
});

test.each([
  [{ groups: ["a", "ops"] }, "operator"],
  [{ groups: "ops" }, "operator"],
  [{ groups: ["op", "ops2"] }, null],
  [{ level: 7 }, "viewer"],
  [{ level: [true, "7"] }, "viewer"],
  [{ email: "v@example.com" }, null],
  [{ email: "v@example.com", email_verified: "true" }, null],
  [{ email: "v@example.com", email_verified: true }, "viewer"],
  [{ groups: { ops: true } }, null],
  [{}, null],
])("claims %j give the role %s", (claims, expected) => {
  const operators = [
    { claim: "groups", value: "ops" },
    { claim: "toString", value: "x" },
  ];
  const viewers = [
    { claim: "level", value: "7" },
    { claim: "email", value: "v@example.com" },
  ];

  expect(roleOf(claims, { operators, viewers })).toBe(expected);
});

test("the provider is reached through the proxy, by an authority of one's own, and directly where NO_PROXY says so", {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "casebridge-oidc-"));
  const authority = await makeAuthority(folder);
  trustAlso(parseAuthorities(await readFile(authority.caFile, "utf8")));
  await rm(folder, { recursive: true });
  const proxy = await startConnectProxy({ credentials: "ann:word" });
  servers.push({ close: () => proxy.close() });
  const url = new Secret(`http://ann:word@127.0.0.1:${proxy.port}`);

  const through = await start({ proxy: { url, except: [] }, tls: authority });
  const { finish } = await signIn(through.publicUrl, "olga");
  const used = new Set(proxy.tunnels);
  const beside = await start({ proxy: { url, except: ["localhost"] }, tls: authority });
  const direct = await signIn(beside.publicUrl, "olga");

  expect([finish.status, direct.finish.status]).toEqual([200, 200]);
  expect(used).toEqual(new Set([`localhost:${new URL(through.issuer).port}`]));
  expect(new Set(proxy.tunnels)).toEqual(used);
  expect(proxy.refused()).toBe(0);
});
