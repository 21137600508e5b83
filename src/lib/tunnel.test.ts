import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { makeAuthority } from "../../test/support/authority.ts";
import { type ConnectProxy, startConnectProxy } from "../../test/support/connect-proxy.ts";
import { HttpFailure, makeHttpSender, readBody } from "./http.ts";
import { Secret } from "./secret.ts";
import { parseAuthorities, trustAlso } from "./trust.ts";
import { isExcepted, isProxied } from "./tunnel.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startProxy(options: Parameters<typeof startConnectProxy>[0] = {}): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(options);
  closing.push(() => proxy.close());
  return proxy;
}

async function listen(server: Pick<Server, "listen" | "close" | "address">): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function ask(
  url: string,
  proxy: string,
  more: { readonly except?: readonly string[]; readonly connectTimeoutMs?: number } = {},
): Promise<string> {
  const send = makeHttpSender(() => {}, { url: new Secret(proxy), except: more.except ?? [] });
  const answer = await send({
    method: "POST",
    url,
    headers: {},
    body: Buffer.from("hello"),
    connectTimeoutMs: more.connectTimeoutMs ?? 5_000,
    idleTimeoutMs: 5_000,
    timeoutMs: 10_000,
  });
  return `${answer.status} ${(await readBody(answer, 1_000)).toString()}`;
}

const echo: RequestListener = async (request, response) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  response.end(`${request.method} ${request.url} ${request.headers.host} ${text}`);
};

describe("through a proxy", () => {
  it("http and https go through tunnels, with its user and password, and nothing else reaches it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "casebridge-tunnel-"));
    closing.push(() => rm(folder, { recursive: true }));
    const { caFile, cert, key } = await makeAuthority(folder);
    const proxy = await startProxy({ credentials: "ann:p@ss" });
    const address = `http://ann:p%40ss@127.0.0.1:${proxy.port}`;
    const plain = await listen(createServer(echo));
    const secure = await listen(createSecureServer({ cert, key }, echo));

    expect(await ask(`http://127.0.0.1:${plain}/a?b=1`, address)).toBe(`200 POST /a?b=1 127.0.0.1:${plain} hello`);
    await expect(ask(`https://localhost:${secure}/`, address)).rejects.toMatchObject({ mayHaveArrived: false });
    trustAlso(parseAuthorities(await readFile(caFile, "utf8")));
    expect(await ask(`https://localhost:${secure}/c`, address)).toBe(`200 POST /c localhost:${secure} hello`);
    expect(await ask(`https://127.0.0.1:${secure}/d`, address)).toBe(`200 POST /d 127.0.0.1:${secure} hello`);
    expect(new Set(proxy.tunnels)).toEqual(
      new Set([`127.0.0.1:${plain}`, `localhost:${secure}`, `127.0.0.1:${secure}`]),
    );
  });

  it.each<[string, Parameters<typeof startConnectProxy>[0], string, string]>([
    ["that asks for a sign-in", { credentials: "ann:pass" }, "", "asks for a user and password (407)"],
    ["with another password", { credentials: "ann:pass" }, "ann:secret@", "refused its user or password (407)"],
    ["that refuses", { answer: 403 }, "", "answered 403"],
  ])("one %s is told apart from the service", async (_name, options, user, words) => {
    const proxy = await startProxy(options);
    const failure = await ask("http://127.0.0.1:9/", `http://${user}127.0.0.1:${proxy.port}`).catch(String);
    expect(failure).toContain(`the proxy 127.0.0.1:${proxy.port} ${words}`);
    expect(failure).not.toContain("secret");
  });

  it("one that says nothing is given up, its socket too", async () => {
    const proxy = await startProxy({ answer: "silent" });
    const asked = ask("http://127.0.0.1:9/", `http://127.0.0.1:${proxy.port}`, { connectTimeoutMs: 300 });
    await expect(asked).rejects.toThrow(HttpFailure);
    await expect.poll(() => proxy.open()).toBe(0);
  });

  it("one that is not there, or is none", async () => {
    const page = await listen(createServer((_request, response) => response.writeHead(200).end("a page")));
    await expect(ask("http://127.0.0.1:9/", "http://127.0.0.1:9")).rejects.toThrow("cannot be reached (ECONNREFUSED)");
    await expect(ask("http://127.0.0.1:9/", `http://127.0.0.1:${page}`)).rejects.toMatchObject({
      reason: "proxy",
      mayHaveArrived: false,
    });
  });

  it("an excepted host is reached directly", async () => {
    const proxy = await startProxy();
    const plain = await listen(createServer(echo));
    await ask(`http://127.0.0.1:${plain}/`, `http://127.0.0.1:${proxy.port}`, { except: ["127.0.0.0/8"] });
    expect(proxy.tunnels).toEqual([]);
  });
});

it.each<[entry: string, host: string, port: number, excepted: boolean]>([
  ["*", "a.example", 443, true],
  ["a.example", "a.example", 443, true],
  ["a.example", "b.a.example", 443, true],
  [".a.example", "b.a.example", 443, true],
  ["*.a.example", "b.a.example", 443, true],
  ["A.Example", "a.example.", 443, true],
  ["a.example", "ba.example", 443, false],
  ["a.example:8443", "a.example", 443, false],
  ["a.example:443", "a.example", 443, true],
  ["10.0.0.0/8", "10.9.8.7", 443, true],
  ["10.0.0.0/8", "11.9.8.7", 443, false],
  ["10.1.2.3", "10.1.2.3", 443, true],
  ["10.1.2.3:80", "10.1.2.3", 443, false],
  ["::1", "::1", 443, true],
  ["[::1]:443", "::1", 443, true],
  ["fd00::/8", "fd12::1", 443, true],
  ["10.0.0.0/8", "ten.example", 443, false],
  ["", "a.example", 443, false],
])("NO_PROXY %s for %s:%i: %s", (entry, host, port, excepted) => {
  expect(isExcepted([entry], host, port)).toBe(excepted);
});

it.each<[proxy: string, host: string, proxied: boolean]>([
  ["http://proxy.example:3128", "api.example", true],
  ["http://proxy.example:3128", "127.0.0.1", false],
  ["http://proxy.example:3128", "localhost", false],
  ["http://proxy.example:3128", "::1", false],
  ["127.0.0.1:3128", "127.0.0.1", true],
  ["http://[::1]:3128", "localhost", true],
])("%s for %s: %s", (proxy, host, proxied) => {
  expect(isProxied({ url: new Secret(proxy), except: [] }, host, 443)).toBe(proxied);
});
