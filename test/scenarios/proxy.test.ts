/** Behind a company's proxy: everything to both services goes through it, save what is excepted. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type ConnectProxy, startConnectProxy } from "../support/connect-proxy.ts";
import { type Harness, startHarness } from "../support/harness.ts";

let harness: Harness | null = null;
const proxies: ConnectProxy[] = [];

afterEach(async () => {
  await harness?.close();
  harness = null;
  for (const proxy of proxies.splice(0)) await proxy.close();
});

async function startProxy(options: Parameters<typeof startConnectProxy>[0] = {}): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(options);
  proxies.push(proxy);
  return proxy;
}

const portOf = (url: string): string => new URL(url).port;
const portsOf = (proxy: ConnectProxy): Set<string> =>
  new Set(proxy.tunnels.map((tunnel) => tunnel.split(":")[1] ?? ""));

async function start(env: Readonly<Record<string, string>>): Promise<Harness> {
  harness = await startHarness({ env });
  return harness;
}

/** A case with a file, answered by a comment: both sides agree at the end. */
async function mirrorOne(world: Harness): Promise<void> {
  const { huawei, jira } = world;
  const { caseId } = huawei.createCase({ description: "It broke" });
  huawei.addMessage({
    caseId,
    author: "engineer",
    content: "Look at this",
    files: [{ name: "trace.log", text: "x".repeat(300_000) }],
  });
  world.spawnWorker();
  await world.waitUntil(
    () => jira.getState().issues.some((issue) => issue.attachments.length === 1),
    "the file is there",
  );
  const [issue] = jira.getState().issues;
  jira.addComment({ issue: issue?.key ?? "", text: "Thank you" });
  await world.converge();
  expect(JSON.stringify(huawei.getState())).toContain("Thank you");
}

test("through a proxy with a sign-in, in capitals or small letters", { timeout: 120_000 }, async () => {
  const proxy = await startProxy({ credentials: "ann:p@ss" });
  const world = await start({ https_proxy: `http://ann:p%40ss@127.0.0.1:${proxy.port}`, no_proxy: "db.example" });
  await mirrorOne(world);
  expect(portsOf(proxy)).toEqual(new Set([portOf(world.huaweiUrl), portOf(world.jiraUrl)]));
  expect(proxy.refused()).toBe(0);
});

test("one service through a proxy of its own, the other directly", { timeout: 120_000 }, async () => {
  const [common, own] = [await startProxy(), await startProxy({ credentials: "bob:word" })];
  const world = await start({
    HTTPS_PROXY: `127.0.0.1:${common.port}`,
    JIRA_SIDE_PROXY: `http://bob:word@127.0.0.1:${own.port}`,
    CONFIG_FILE: "casebridge.yaml",
  });
  await writeFile(
    join(world.folder, "casebridge.yaml"),
    "connections:\n  - huawei: { proxy: none }\n    jira: { proxy: { env: JIRA_SIDE_PROXY } }\n",
  );
  await mirrorOne(world);
  expect(common.tunnels).toEqual([]);
  expect(portsOf(own)).toEqual(new Set([portOf(world.jiraUrl)]));
});

test("100 MB go through a proxy without standing in memory", { timeout: 180_000 }, async () => {
  const proxy = await startProxy({ credentials: "ann:p@ss" });
  const world = await start({ HTTPS_PROXY: `http://ann:p%40ss@127.0.0.1:${proxy.port}` });
  const { huawei, jira } = world;
  const { caseId } = huawei.createCase({ description: "It broke" });
  const worker = world.spawnWorker();
  await world.waitUntil(() => jira.getState().issues.length === 1, "the issue is there");
  const memory = async (name: "VmRSS" | "VmHWM"): Promise<number> =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(await readFile(`/proc/${worker.child.pid}/status`, "utf8"))?.[1]) /
    1024;
  const before = await memory("VmRSS");

  const bytes = Buffer.alloc(100 * 2 ** 20, "casebridge ");
  huawei.addMessage({
    caseId,
    author: "engineer",
    content: "The dump",
    files: [{ name: "dump.log", base64: bytes.toString("base64") }],
  });
  await world.waitUntil(() => jira.getState().issues[0]?.attachments.length === 1, "the file is there", 120_000);

  const [attachment] = jira.getState().issues[0]?.attachments ?? [];
  expect(attachment?.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
  expect(proxy.tunnels.length).toBeGreaterThan(0);
  expect((await memory("VmHWM")) - before).toBeLessThan(64);
});

test("what NO_PROXY names is reached directly", { timeout: 120_000 }, async () => {
  const proxy = await startProxy();
  const world = await start({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: "localhost, 127.0.0.0/8" });
  await mirrorOne(world);
  expect(proxy.tunnels).toEqual([]);
});

test("doctor tells the proxy's refusal from the service's, without its password", { timeout: 60_000 }, async () => {
  const proxy = await startProxy({ credentials: "ann:right" });
  const world = await start({ HTTPS_PROXY: `http://ann:wrong@127.0.0.1:${proxy.port}` });
  const { stdout, code } = await world.runCli(["doctor"]);
  expect(code).toBe(4);
  expect(stdout).toContain(`the proxy 127.0.0.1:${proxy.port} refused its user or password (407)`);
  expect(stdout).not.toContain("wrong@");
});
