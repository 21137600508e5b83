import { spawn, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startHarness } from "../support/harness.ts";
import { findFreePort } from "../support/port.ts";

const hasNginx = spawnSync("nginx", ["-v"]).status === 0;
const secret = "It's a Secret to Everybody";

/** The first nginx block of docs/deploy.md, and the one that adds the page; without TLS, on these ports. */
async function documentedServer(ports: { proxy: number; webhook: number; page: number }): Promise<string> {
  const text = await readFile("docs/deploy.md", "utf8");
  const [server = "", page = ""] = [...text.matchAll(/```nginx\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  const whole = server.replace("  location / {", `${page}  location / {`);
  return whole
    .replace("listen 443 ssl;", `listen 127.0.0.1:${ports.proxy};`)
    .replaceAll(/ *ssl_certificate.*\n/g, "")
    .replaceAll("127.0.0.1:8090", `127.0.0.1:${ports.webhook}`)
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${ports.page}`);
}

/** Starts nginx with these server blocks; it ends with the test. */
async function startNginx(servers: string, port: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "casebridge-nginx-"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join("\n");
  await writeFile(
    join(folder, "nginx.conf"),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {} http { access_log off; ${temporary}\n${servers} }`,
  );
  const nginx = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: "ignore" });
  onTestFinished(async () => {
    nginx.kill("SIGTERM");
    if (nginx.exitCode === null) await once(nginx, "exit");
    await rm(folder, { recursive: true, force: true });
  });
  const deadline = Date.now() + 20_000;
  while (!(await fetch(`http://127.0.0.1:${port}/`).then(Boolean, () => false))) {
    if (nginx.exitCode !== null || Date.now() > deadline)
      throw new Error(await readFile(join(folder, "error.log"), "utf8"));
  }
}

test.skipIf(!hasNginx)(
  "nginx as documented passes the webhook and, with a sign-in, the page; a plain one passes nothing",
  {
    timeout: 300_000,
  },
  async () => {
    const [webhook, page, proxy, plain, blind] = await Promise.all(Array.from({ length: 5 }, findFreePort));
    if (webhook === undefined || page === undefined || proxy === undefined) throw new Error("no ports");
    const harness = await startHarness({
      env: { HTTP_PORT: String(page), WEBHOOK_PORT: String(webhook), JIRA_WEBHOOK_SECRET: secret },
    });
    onTestFinished(harness.close);
    const worker = harness.spawnWorker();
    const answers = (port: number) => fetch(`http://127.0.0.1:${port}/`).then(Boolean, () => false);
    await harness.waitUntil(
      async () => (await answers(page)) && (await answers(webhook)),
      "the worker listens",
      100_000,
    );
    await startNginx(
      `${await documentedServer({ proxy, webhook, page })}
server { listen 127.0.0.1:${plain}; location / { proxy_pass http://127.0.0.1:${page}; } }
server { listen 127.0.0.1:${blind}; location / { proxy_http_version 1.1; proxy_set_header X-Real-IP $remote_addr; proxy_pass http://127.0.0.1:${page}; } }`,
      proxy,
    );
    const status = async (port: number | undefined, path: string, init: RequestInit = {}): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}${path}`, init)).status;
    const body = JSON.stringify({ issue: { id: "10001" } });
    const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    const signed = { method: "POST", body, headers: { "x-hub-signature": signature } };

    expect(await status(proxy, "/webhooks/jira/default", signed)).toBe(200);
    expect(await status(proxy, "/webhooks/jira/default", { ...signed, headers: {} })).toBe(401);
    expect(await status(proxy, "/webhooks/jira/default")).toBe(403);
    for (const path of ["/metrics", "/healthz", "/readyz", "/anything"])
      expect(await status(proxy, path), path).toBe(404);
    for (const path of ["/", "/api/v1/status", "/queues", "/metrics"]) {
      expect(await status(plain, path), path).toBe(403);
      expect(await status(blind, path), path).toBe(403);
      if (path !== "/metrics") expect(await status(proxy, path), path).toBe(403);
    }
    expect(await status(page, "/api/v1/status")).toBe(200);

    await worker.kill("SIGTERM");
    const token = "correct-horse-battery-staple";
    harness.spawnWorker({ ADMIN_TOKEN: token });
    await harness.waitUntil(
      async () => (await answers(page)) && (await answers(webhook)),
      "the worker listens again",
      100_000,
    );
    expect(await status(proxy, "/api/v1/status")).toBe(401);
    expect(await status(proxy, "/api/v1/status", { headers: { authorization: `Bearer ${token}` } })).toBe(200);
  },
);

test("a webhook secret without a listener of its own and without a sign-in stops the worker with exit 2", async () => {
  const harness = await startHarness({ env: { HTTP_PORT: "8080", JIRA_WEBHOOK_SECRET: secret } });
  onTestFinished(harness.close);

  const { code, stderr } = await harness.runCli(["worker"]);

  expect(code).toBe(2);
  expect(stderr).toContain("WEBHOOK_PORT");
});
