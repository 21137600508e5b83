import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { silentLogger } from "../observability/logger.ts";
import type { HttpServer } from "./web-app.ts";
import { type Delivery, makeWebhookServer, type WebhookReceiver } from "./webhook-route.ts";

const servers: HttpServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
});

const signed = { "x-hub-signature": "sha256=good" };

/** A listener that takes webhooks of connection `ops`; `take` says what comes of a delivery. */
async function start(take: WebhookReceiver["take"] = async () => "taken", isOpen = true) {
  const webhook: WebhookReceiver = {
    isOpen,
    admits: (connection, headers) => connection === "ops" && headers["x-hub-signature"] !== undefined,
    take,
  };
  const server = makeWebhookServer({ host: "127.0.0.1", port: 0, webhook, log: silentLogger });
  servers.push(server);
  const { port, url } = await server.listen();
  const post = (path: string, headers: Record<string, string>, body: string | Buffer = "{}") =>
    fetch(`${url}${path}`, { method: "POST", headers, body });
  return { port, url, post };
}

/** A socket that has written `text`; `answer` is everything that came back once `enough` of it is there or the peer ended. */
async function raw(port: number, text: string) {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(text);
  let seen = "";
  socket.on("data", (chunk: Buffer) => {
    seen += chunk.toString("latin1");
  });
  const answer = async (enough: RegExp): Promise<string> => {
    while (!enough.test(seen) && !socket.closed) await Promise.race([once(socket, "data"), once(socket, "close")]);
    return seen;
  };
  return { socket, answer };
}

test("a delivery comes as it was sent, with what its address says", async () => {
  const seen: Delivery[] = [];
  const { post } = await start(async (delivery) => {
    seen.push(delivery);
    return "taken";
  });
  const body = Buffer.from('{ "a" : 1 }\n\u00ff', "latin1");

  const statuses = [
    (await post("/webhooks/jira/ops", { ...signed, "content-type": "application/json" }, body)).status,
    (await post("/webhooks/jira/ops/10001", signed, "plain")).status,
    (await post("/webhooks/jira/ops?issueKey=OPS-7", { ...signed, "content-type": "text/plain" }, "")).status,
  ];

  expect(statuses).toEqual([200, 200, 200]);
  expect(seen.map(({ rawBody }) => rawBody.toString("latin1"))).toEqual([body.toString("latin1"), "plain", ""]);
  expect(seen.map(({ query }) => ({ ...query }))).toEqual([{}, { issue: "10001" }, { issueKey: "OPS-7" }]);
});

test("an unknown name, a missing signature and a wrong one get the same answer", async () => {
  const { post } = await start(async () => "refused");

  const answers = await Promise.all([
    post("/webhooks/jira/other", signed),
    post("/webhooks/jira/ops", {}),
    post("/webhooks/jira/ops", signed),
  ]);

  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1);
  const [names] = answers.map(({ headers }) => [...headers.keys()]);
  for (const { headers } of answers) expect([...headers.keys()]).toEqual(names);
});

test("strangers are answered before their body is read, also when they ask whether to send it", async () => {
  const { port } = await start();
  const head = "Host: x\r\nContent-Length: 1000000\r\n";

  const plain = await raw(port, `POST /webhooks/jira/other HTTP/1.1\r\n${head}\r\n`);
  const asking = await raw(port, `POST /webhooks/jira/ops HTTP/1.1\r\n${head}Expect: 100-continue\r\n\r\n`);
  const known = await raw(
    port,
    "POST /webhooks/jira/ops HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nX-Hub-Signature: sha256=good\r\nExpect: 100-continue\r\n\r\n",
  );

  expect(await plain.answer(/refused/)).toMatch(/^HTTP\/1\.1 401 /);
  expect(await asking.answer(/refused/)).toMatch(/^HTTP\/1\.1 401 /);
  expect(await known.answer(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 100 /);
  known.socket.write("{}");
  expect(await known.answer(/accepted/)).toMatch(/HTTP\/1\.1 200 /);
});

test("sockets that say nothing or half of something block nobody, and are cut after 10 s", {
  timeout: 30_000,
}, async () => {
  const { port, post } = await start();
  const startedAt = performance.now();
  const begun = "POST /webhooks/jira/ops HTTP/1.1\r\nHost: x\r\n";
  const idle = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      raw(
        port,
        ["", begun, `${begun}Content-Length: 900000\r\nX-Hub-Signature: sha256=good\r\n\r\n{`][index % 3] ?? "",
      ),
    ),
  );

  const burstAt = performance.now();
  const statuses: number[] = [];
  const sender = async () => {
    while (statuses.length < 150) statuses.push((await post("/webhooks/jira/ops", signed)).status);
  };
  await Promise.all(Array.from({ length: 30 }, sender));
  const tookMs = performance.now() - burstAt;
  await Promise.all(idle.map(({ socket }) => (socket.closed ? null : once(socket, "close"))));

  expect(new Set(statuses)).toEqual(new Set([200]));
  // Well before the idle ones are cut, so they were not waited for.
  expect(tookMs).toBeLessThan(9_000);
  expect(performance.now() - startedAt).toBeLessThan(16_000);
});

test("beyond a thousand waiting sockets the one that has waited longest gives way", { timeout: 30_000 }, async () => {
  const { port, post } = await start();
  const first = await raw(port, "");
  const others: Socket[] = [];
  for (let index = 0; index < 1_000; index++) others.push((await raw(port, "")).socket);

  if (!first.socket.closed) await once(first.socket, "close");

  expect((await post("/webhooks/jira/ops", signed)).status).toBe(200);
  expect(others.filter((socket) => socket.closed).length).toBeLessThan(5);
});

test("a body of a little less than 1 MB is taken, a longer one is not", async () => {
  const sizes: number[] = [];
  const { post } = await start(async ({ rawBody }) => {
    sizes.push(rawBody.length);
    return "taken";
  });

  const taken = await post("/webhooks/jira/ops", signed, Buffer.alloc(1_000_000));
  const refused = await post("/webhooks/jira/ops", signed, Buffer.alloc(1_100_000));

  expect([taken.status, refused.status]).toEqual([200, 413]);
  expect(sizes).toEqual([1_000_000]);
});

test("one slow delivery after the other holds up no more than its own answer", async () => {
  const open: (() => void)[] = [];
  const { post } = await start(() => new Promise((resolve) => open.push(() => resolve("taken"))));

  const answers = Array.from({ length: 30 }, () => post("/webhooks/jira/ops", signed));
  let released = 0;
  while (released < 30) {
    const next = open.shift();
    if (next === undefined) await new Promise((resolve) => setImmediate(resolve));
    else {
      next();
      released++;
    }
  }

  expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([200]));
});

test("a delivery that cannot be committed is not answered with 2xx, and tells nothing of why", async () => {
  const { post } = await start(() => Promise.reject(new Error("hunter2")));

  const answer = await post("/webhooks/jira/ops", signed);

  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain("hunter2");
});

test("the listener of the webhook serves nothing else, and nothing at all without a secret", async () => {
  const { url } = await start();
  const closed = await start(undefined, false);

  for (const path of ["/", "/healthz", "/metrics", "/api/v1/status", "/queues", "/webhooks/jira/ops", "/webhooks"]) {
    expect((await fetch(`${url}${path}`)).status, path).toBe(404);
  }
  expect((await closed.post("/webhooks/jira/ops", signed)).status).toBe(404);
});

test.each([
  ["an absolute form", "POST http://127.0.0.1/webhooks/jira/ops HTTP/1.1"],
  ["an absolute form with https", "POST HTTPS://evil.example/webhooks/jira/ops HTTP/1.1"],
  ["an encoded NUL", "POST /webhooks/jira/ops%00 HTTP/1.1"],
  ["a NUL", "POST /webhooks/jira/ops\0 HTTP/1.1"],
  ["a NUL behind the question mark", "POST /webhooks/jira/ops?issue=%00 HTTP/1.1"],
  ["an asterisk", "OPTIONS * HTTP/1.1"],
  ["what is no encoding", "POST /webhooks/jira/%zz HTTP/1.1"],
])("a request target with %s is 400", async (_what, line) => {
  const { port } = await start();

  const { answer } = await raw(
    port,
    `${line}\r\nHost: x\r\nX-Hub-Signature: sha256=good\r\nContent-Length: 2\r\n\r\n{}`,
  );

  expect(await answer(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400 /);
});
