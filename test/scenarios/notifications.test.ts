/** People are told by running workers; what tells them never holds the mirror back, and its address stands nowhere. */
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { mistakesOf, type OpenApi, operationsOf } from "../support/api.ts";
import { type ChatServices, startChatServices } from "../support/chat-services.ts";
import { type Harness, startHarness, type WorkerProcess } from "../support/harness.ts";
import { findFreePort } from "../support/port.ts";

const secret = "SEC-of-the-robot";
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(env: Readonly<Record<string, string>>, services?: ChatServices) {
  const chat = services ?? (await startChatServices({ secret }));
  ends.push(() => chat.close());
  const harness = await startHarness({
    env: {
      NOTIFY_URL: chat.url("feishu"),
      NOTIFY_FORMAT: "feishu",
      NOTIFY_SECRET: secret,
      LOG_LEVEL: "trace",
      ...env,
    },
  });
  ends.push(() => harness.close());
  let log = "";
  const spawn = (changes = {}): WorkerProcess => {
    const worker = harness.spawnWorker(changes);
    for (const stream of [worker.child.stdout, worker.child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        log += chunk.toString();
      });
    return worker;
  };
  return { chat, harness, spawn, log: () => log };
}

async function dump(connectionString: string): Promise<string> {
  const client = new pg.Pool({ connectionString });
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    );
    const found: string[] = [];
    for (const { name } of tables) found.push(JSON.stringify((await client.query(`SELECT * FROM ${name}`)).rows));
    return found.join();
  } finally {
    await client.end();
  }
}

/** What the answers of a running worker have that its own document does not say, by operation. */
async function readApi(url: string): Promise<readonly (readonly [string, readonly string[]])[]> {
  const document = (await (await fetch(`${url}/api/v1/openapi.json`)).json()) as OpenApi;
  const { items } = (await (await fetch(`${url}/api/v1/links`)).json()) as { items: readonly { id: string }[] };
  const read = operationsOf(document).filter(({ method, path }) => method === "get" && !/session|openapi/.test(path));
  return Promise.all(
    read.map(async (operation) => {
      // A run of that name is not there, which is an answer of the document, too.
      const answer = await fetch(`${url}${operation.path.replace("{id}", items[0]?.id ?? "none")}`);
      const body: unknown = await answer.json();
      return [operation.operationId, mistakesOf(document, operation, { status: answer.status, body })] as const;
    }),
  );
}

/** A comment that Jira refuses for good: a failure of the link. */
async function fail(world: Harness): Promise<void> {
  const { caseId } = world.huawei.createCase({ description: "It broke, hunter2" });
  await world.waitUntil(() => world.jira.getState().issues.length === 1, "the issue is there");
  world.jira.addFault({ operation: "addComment", kind: "413" });
  world.huawei.addMessage({ caseId, author: "engineer", content: "Look at this, hunter2" });
}

describe("two workers", () => {
  test("tell a failure once, without a text and without the address", { timeout: 180_000 }, async () => {
    const port = await findFreePort();
    const { chat, harness: world, spawn, log } = await start({});
    spawn({ HTTP_PORT: String(port) });
    spawn();
    await fail(world);
    await world.waitUntil(() => chat.received.length > 0, "somebody is told", 90_000);
    const [status, doctor] = [await world.runCli(["status"]), await world.runCli(["doctor", "--json"])];
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const answers = await readApi(`http://127.0.0.1:${port}`);

    expect(answers.map(([operation]) => operation)).toEqual(
      expect.arrayContaining(["getStatus", "getLink", "listFailures", "listActs", "getHistory", "getRun"]),
    );
    expect(answers.filter(([, mistakes]) => mistakes.length > 0)).toEqual([]);
    expect(chat.received).toHaveLength(1);
    expect(chat.received[0]?.text).toMatch(/default: 1 item cannot be mirrored \(\w+\): OPS-1 \(case \w+\)/);
    expect(JSON.stringify(chat.received)).toContain(`${world.jiraUrl}/browse/OPS-1`);
    expect(JSON.stringify(chat.received)).not.toContain("hunter2");
    expect(status.stdout).toMatch(/Notifications: feishu, on failure, stopped, silence; last sent 20/);
    expect(doctor.stdout).toMatch(/"notifications",\s+"ok": true/);
    expect(page).toMatch(/casebridge_notify_failing 0/);
    const places = [log(), status.stdout, doctor.stdout, page, await dump(world.database.connectionString)];
    for (const hidden of [...chat.secrets, secret])
      expect(places.map((place) => place.includes(hidden))).toEqual(places.map(() => false));
  });
});

test("an endpoint that hangs holds nothing back, is told by status, doctor and metrics, and lets the worker end", {
  timeout: 180_000,
}, async () => {
  const chat = await startChatServices();
  chat.fault("hang");
  const port = await findFreePort();
  const { harness: world, spawn, log } = await start({ HTTP_PORT: String(port) }, chat);
  // A trouble from the start, so that the first look has something to send.
  const worker = spawn();
  await fail(world);
  await world.waitUntil(() => chat.requests() > 0, "the endpoint is asked", 60_000);

  const { caseId } = world.huawei.createCase({ description: "Another one" });
  await world.waitUntil(() => world.jira.getState().issues.length === 2, "work goes on", 15_000);
  world.huawei.addMessage({ caseId, author: "engineer", content: "Done" });
  await world.waitUntil(
    () => world.jira.getState().issues.some(({ comments }) => JSON.stringify(comments).includes("Done")),
    "work goes on while it hangs",
    15_000,
  );
  await world.waitUntil(() => log().includes("A notification was not taken"), "the attempt ends", 60_000);
  const [status, doctor] = [await world.runCli(["status"]), await world.runCli(["doctor"])];
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

  expect(chat.requests()).toBe(1);
  expect(status.stdout).toMatch(/Notifications: feishu, failing since .* \(timeout\); none sent yet/);
  expect(`${doctor.code} ${doctor.stdout}`).toMatch(/^3 [\s\S]*the endpoint does not answer in time/);
  expect(page).toMatch(/casebridge_notify_failing 1/);
  expect(page).toMatch(/casebridge_notifications_total\{outcome="failed"\} 1/);
  chat.fault(null);
  expect(await world.runCli(["notify", "--test"])).toMatchObject({ code: 0 });
  await world.waitUntil(() => chat.received.length > 1, "what waited is told once the endpoint works", 60_000);
  expect((await world.runCli(["status"])).stdout).toMatch(
    /Notifications: feishu, on failure, stopped, silence; last sent/,
  );
  expect(await worker.kill("SIGTERM")).toBe(0);
  for (const hidden of [...chat.secrets, secret]) expect(log()).not.toContain(hidden);
});

test("notify --test says what came of it, by its exit code, and nothing of the address", {
  timeout: 120_000,
}, async () => {
  const { chat, harness: world } = await start({});
  const command = ["notify", "--test"];
  const runs = {
    taken: await world.runCli([...command, "--json"]),
    bare: await world.runCli(["notify"]),
    unset: await world.runCli(command, { NOTIFY_URL: "", NOTIFY_SECRET: "" }),
    wrong: await world.runCli(command, { NOTIFY_URL: `${chat.url("feishu")}#x` }),
    unsigned: await world.runCli(command, { NOTIFY_SECRET: "" }),
    away: await world.runCli(command, { NOTIFY_URL: `http://127.0.0.1:${await findFreePort()}/${chat.secrets[0]}` }),
    gone: await world.runCli(command, { NOTIFY_URL: `${chat.url("feishu")}x` }),
  };

  expect(Object.fromEntries(Object.entries(runs).map(([name, { code }]) => [name, code]))).toEqual({
    ...{ taken: 0, bare: 2, unset: 2, wrong: 2, unsigned: 4, away: 4, gone: 4 },
  });
  expect(runs.taken.json).toEqual({ sent: true, format: "feishu", on: ["failure", "stopped", "silence"] });
  expect(chat.received.map(({ text }) => text.split("\n")[0])).toEqual(["casebridge: test"]);
  expect(runs.unset.stderr).toMatch(/NOTIFY_URL is not set/);
  expect(runs.unsigned.stderr).toMatch(/code_19021[\s\S]*Set NOTIFY_SECRET/);
  expect(runs.away.stderr).toMatch(/cannot be reached \(ECONNREFUSED\)/);
  for (const { stdout, stderr } of Object.values(runs))
    for (const hidden of [...chat.secrets, secret]) expect(stdout + stderr).not.toContain(hidden);
});
