/**
 * The page as a worker serves it, on a real database and both simulators, without a worker: nothing happens but what a test does, so that
 * what it planted stays. Browsers are real ones.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { startJiraSimulator } from "../../simulators/jira/index.ts";
import { type Composition, compose } from "../../src/bin/compose.ts";
import type { Machine } from "../../src/bin/connection.ts";
import { makePagePort } from "../../src/bin/page-port.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { Secret } from "../../src/lib/secret.ts";
import { silentLogger } from "../../src/observability/logger.ts";
import { makeMetrics } from "../../src/observability/metrics.ts";
import { makePrisma } from "../../src/store/database/client.ts";
import { makeSessionStore, makeSignInBrake } from "../../src/store/sessions.ts";
import { type HttpServerInput, makeHttpServer } from "../../src/web/http-server.ts";
import type { PagePort } from "../../src/web/pages/page-port.ts";
import { createTestDatabase } from "./database.ts";

export const operatorToken = "an-operator-of-the-page-1234";
export const viewerToken = "a-viewer-of-the-page-1234567";

export type PageWorld = Awaited<ReturnType<typeof startPageWorld>>;

export type PageWorldOptions = {
  readonly open?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly machine?: Machine;
  /** What the server has instead. */
  readonly server?: Partial<HttpServerInput>;
  /** What the port answers instead. */
  readonly port?: (port: PagePort) => PagePort;
};

/**
 * Starts it. `open`: only this machine is answered and nobody signs in. `env` comes on top of what it has; with
 * `machine` it waits by that one, else as a worker does.
 */
export async function startPageWorld(options: PageWorldOptions = {}) {
  const huawei = await startHuaweiSimulator({});
  const jira = await startJiraSimulator({});
  const made = await createTestDatabase();
  const database = makePrisma({ connectionString: made.connectionString });
  const dataDir = await mkdtemp(join(tmpdir(), "casebridge-page-"));
  const loaded = loadConfig({
    purpose: "worker",
    isolated: true,
    env: {
      DATA_DIR: dataDir,
      DATABASE_URL: made.connectionString,
      HUAWEI_OSM_ENDPOINT: huawei.url,
      HUAWEI_IAM_ENDPOINT: huawei.url,
      HUAWEICLOUD_SDK_AK: "SIMAK",
      HUAWEICLOUD_SDK_SK: "SIMSK",
      HUAWEICLOUD_SDK_DOMAIN_ID: "simdomain0000000000000000000001",
      HUAWEI_REQUESTS_PER_SECOND: "100",
      JIRA_HOST: jira.url,
      JIRA_EMAIL: "bot@example.com",
      JIRA_API_TOKEN: "SIMTOKEN",
      JIRA_PROJECT_KEY: "OPS",
      JIRA_REQUESTS_PER_SECOND: "100",
      COMMENTS_TO_HUAWEI: "all",
      COMMENT_HOLD_SECONDS: "0",
      CASES_CREATED_AFTER: "2020-01-01",
      SETTLE_MESSAGE_SECONDS: "2",
      SETTLE_LIST_SECONDS: "2",
      SETTLE_SEARCH_SECONDS: "2",
      ...options.env,
    },
  });
  if (!loaded.ok) throw loaded.errors;
  const parts: Composition = await compose(
    loaded.config,
    silentLogger,
    options.machine === undefined ? {} : { machine: options.machine },
  );
  await parts.recordPolicies(parts.connections);
  const server = makeHttpServer({
    host: "127.0.0.1",
    port: 0,
    signIn:
      options.open === true ? null : { operatorToken: new Secret(operatorToken), viewerToken: new Secret(viewerToken) },
    oidc: null,
    publicUrl: null,
    sessions: makeSessionStore(database),
    brake: makeSignInBrake(database),
    checks: { database: async () => true, queue: async () => true, migrations: async () => true },
    stalledBy: () => null,
    metrics: makeMetrics({ processMetrics: false }),
    pages: (options.port ?? ((port) => port))(makePagePort(parts, null)),
    log: silentLogger,
    ...options.server,
  });
  const { url } = await server.listen();
  return {
    url,
    parts,
    database,
    huawei: huawei.control,
    jira: jira.control,
    /** A page, and what its browser is led to, as somebody who shows this token. */
    get: (path: string, token: string | null = operatorToken): Promise<Response> =>
      fetch(`${url}${path}`, {
        headers: token === null ? {} : { authorization: `Bearer ${token}` },
        redirect: "manual",
      }),
    async close() {
      await server.close();
      await parts.close();
      await database.close();
      await made.drop();
      await huawei.close();
      await jira.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A browser that a test closes. `CHROMIUM` names it, else /usr/bin/chromium. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
}

/** What axe finds serious or critical on a page, by rule and place; empty = nothing. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  // In a world of its own, so that the page's policy stands as it is.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: own } = globalThis as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string; target: string[] }[] }[] }>;
      };
    };
    const { violations } = await own.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html, target }) => `${id}: ${target.join(" ")} ${html.slice(0, 120)}`));
  });
}
