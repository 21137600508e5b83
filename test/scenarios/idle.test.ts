import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type Composition, compose } from "../../src/bin/compose.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { silentLogger } from "../../src/observability/logger.ts";
import { intakeCases, intakeIssues } from "../../src/sync/intake/intake.ts";
import { resyncLinks, selectLinks } from "../../src/sync/repair/resync.ts";
import type { StatePort } from "../../src/sync/state.ts";
import { can } from "../support/dialect.ts";
import { type Harness, startHarness } from "../support/harness.ts";

const cases = 1_000;
let harness: Harness | null = null;
let parts: Composition | null = null;

afterEach(async () => {
  await parts?.close();
  await harness?.close();
  parts = null;
  harness = null;
});

/** The same state, and how long the longest list was that it answered; open links come by the thousand. */
function countRows(state: StatePort): { readonly state: StatePort; readonly most: () => number } {
  let most = 0;
  const counting = new Proxy(state, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== "function") return value;
      return async (...given: unknown[]) => {
        const answer: unknown = await (value as (...all: unknown[]) => unknown).apply(target, given);
        if (Array.isArray(answer)) most = Math.max(most, name === "listOpenLinks" ? answer.length / 10 : answer.length);
        return answer;
      };
    },
  });
  return { state: counting, most: () => most };
}

test("an idle round over a thousand open cases stays within its requests", { timeout: 180_000 }, async () => {
  harness = await startHarness({
    env: { HUAWEI_REQUESTS_PER_SECOND: "1000", JIRA_REQUESTS_PER_SECOND: "1000", WORKER_CONCURRENCY: "16" },
  });
  const { huawei, jira } = harness;
  const yesterday = Date.now() - 24 * 3_600_000;
  for (let index = 0; index < cases; index += 1)
    huawei.createCase({ description: `Case ${index}`, createdAt: yesterday + index * 1_000 });
  const loaded = loadConfig({ purpose: "worker", isolated: true, env: harness.baseEnv, cwd: harness.folder });
  if (!loaded.ok) throw new Error("the configuration is wrong");
  parts = await compose(loaded.config, silentLogger);
  const [connection] = parts.connections;
  if (connection === undefined) throw new Error("no connection");
  const linkIds = await selectLinks(connection.intake, { kind: "all" });
  const result = await resyncLinks(
    { intake: connection.intake, reconcile: connection.reconcile, sleep, concurrency: 16 },
    linkIds,
  );
  expect(result.unfinished).toEqual([]);
  expect(jira.getState().issues).toHaveLength(cases);
  // The first polls learn cursors and what the import itself updated.
  await intakeCases(connection.intake);
  await intakeIssues(connection.intake);

  huawei.resetRequests();
  jira.resetRequests();
  const rows = countRows(connection.intake.state);
  await intakeCases({ ...connection.intake, state: rows.state });
  await intakeIssues(connection.intake);
  // However many links there are, a round holds some of them at a time.
  expect(rows.most()).toBeLessThanOrEqual(100);
  const [toHuawei, toJira] = [huawei.getRequests(), jira.getRequests()];
  console.info(
    `idle round: ${toHuawei.total} requests to Huawei, ${toJira.total} to Jira`,
    toHuawei.byOperation,
    toJira.byOperation,
  );
  // v1.0 has no call for the messages of many cases: each is read.
  const messageReads = can("instant_messages") ? Math.ceil(cases / 100) : cases;
  expect(toHuawei.total).toBeLessThanOrEqual(Math.ceil(cases / 100) + messageReads + 6);
  expect(toJira.total).toBeLessThanOrEqual(Math.ceil(cases / 100) + 1);
  expect(toHuawei.writes + toJira.writes).toBe(0);
});
