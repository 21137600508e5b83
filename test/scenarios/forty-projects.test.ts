/**
 * Forty Jira projects, each brought to a mirrored case by somebody who reads nothing but `doctor`: a case becomes an issue, what support says
 * a comment, and the case's end the issue's.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HuaweiSimulator, startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { type JiraSimulator, startJiraSimulator } from "../../simulators/jira/index.ts";
import { makeApp } from "../../src/bin/app.ts";
import { compose } from "../../src/bin/compose.ts";
import type { Machine } from "../../src/bin/connection.ts";
import { diagnose } from "../../src/commands/doctor/diagnose.ts";
import type { DoctorCheck } from "../../src/commands/doctor/doctor.ts";
import { type LoadConfigResult, loadConfig } from "../../src/config/load-config.ts";
import { unlimitedBudget } from "../../src/domain/budget.ts";
import { silentLogger } from "../../src/observability/logger.ts";
import { intakeCases, intakeIssues } from "../../src/sync/intake/intake.ts";
import { runLink } from "../../src/sync/link/run-link.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { can } from "../support/dialect.ts";
import { followDoctor, toFile } from "../support/doctor-words.ts";
import { type Env, stageEnvironment } from "../support/environment.ts";
import { chooseSome } from "../support/extent.ts";
import { type ProjectShape, projectShapes, spareProject } from "../support/jira-projects.ts";

type Connection = Record<string, unknown>;

/** Turns with `doctor` before a newcomer would give up. */
const turnsMax = 6;
let nowMs = Date.now();
let huawei: HuaweiSimulator;
let jira: JiraSimulator;
let database: TestDatabase;
let folder: string;
let env: Env;

const chosen = chooseSome("forty-projects", projectShapes, 14);

beforeAll(async () => {
  huawei = await startHuaweiSimulator({ now: () => nowMs });
  jira = await startJiraSimulator({
    now: () => nowMs,
    projects: [...projectShapes.map(({ key, formerKey, seed }) => ({ ...seed, key: formerKey ?? key })), spareProject],
    settings: {
      projectSettings: Object.fromEntries(projectShapes.map(({ key, settings }) => [key, settings])),
    },
  });
  for (const { key, formerKey } of projectShapes)
    if (formerKey !== undefined) jira.control.renameProject({ projectKey: formerKey, key });
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), "casebridge-forty-"));
  env = stageEnvironment(
    { huawei: huawei.url, jira: jira.url, connectionString: database.connectionString, folder },
    {
      CONFIG_FILE: "casebridge.yaml",
      CASES_CREATED_AFTER: "2000-01-01",
      JIRA_PROJECT_KEY: "",
      HUAWEI_REQUESTS_PER_SECOND: "200",
      JIRA_REQUESTS_PER_SECOND: "500",
    },
  );
});

afterAll(async () => {
  await huawei.close();
  await jira.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

/** What the program makes of the file. */
function load(connection: Connection): LoadConfigResult {
  const readFile = (path: string): string => {
    if (path.endsWith("casebridge.yaml")) return toFile(connection);
    throw Object.assign(new Error("no such file"), { code: "ENOENT" });
  };
  return loadConfig({ purpose: "worker", isolated: true, cwd: folder, env, readFile });
}

/** Follows `doctor` until it says nothing new. Answers the connection, and what is still told then. */
async function consult(start: Connection): Promise<{ connection: Connection; left: readonly DoctorCheck[] }> {
  let connection = start;
  for (let turn = 0; turn < turnsMax; turn += 1) {
    const { checks } = await diagnose({
      app: makeApp(),
      loaded: load(connection),
      log: silentLogger,
      now: () => new Date(nowMs),
    });
    const next = followDoctor(connection, checks);
    if (next === null) return { connection, left: checks.filter(({ ok }) => ok === false) };
    connection = next;
  }
  throw new Error(`doctor goes on and on: ${JSON.stringify(connection)}`);
}

const machine: Machine = {
  clock: { now: () => new Date(nowMs), elapsedMs: () => nowMs, note: () => {} },
  sleep: async (pauseMs) => {
    nowMs += pauseMs;
  },
  random: () => 0.5,
  budgetOf: () => ({ ...unlimitedBudget, take: async () => {} }),
};

/** A worker with this connection, for so many rounds. */
async function work(connection: Connection, rounds: number): Promise<void> {
  const loaded = load(connection);
  if (!loaded.ok) throw new Error(`the configuration is wrong: ${JSON.stringify(loaded.errors)}`);
  const parts = await compose(loaded.config, silentLogger, { machine });
  try {
    const [wired] = parts.connections;
    if (wired === undefined) throw new Error("there is a connection");
    await parts.recordPolicies([wired]);
    for (let round = 0; round < rounds; round += 1) {
      nowMs += 61_000;
      await intakeCases(wired.intake);
      await intakeIssues(wired.intake);
      const due = await parts.state.listDueLinks([wired.config.name], new Date(nowMs), 50);
      for (const { id } of due) await runLink(wired.reconcile, id);
    }
  } finally {
    await parts.close();
  }
}

const issueOf = (caseId: string) =>
  jira.control.getState().issues.filter(({ properties }) => JSON.stringify(properties).includes(`"${caseId}"`));

/** People have worked in the project before: an issue stands in each status of its workflow, by which `doctor` sees the ways. */
function moveIn({ key, seed, settings }: ProjectShape): void {
  if (seed.workflow !== "step" || settings.archived === true) return;
  for (const toStatus of ["10000", "3", "10012", "10001"]) {
    const { issueKey } = jira.control.createIssue({ projectKey: key, summary: "from before", issueType: "Task" });
    jira.control.transition({ issue: issueKey, toStatus });
  }
}

test.skipIf(!can("labels")).each(chosen)("$key: $what", { timeout: 60_000 }, async (shape) => {
  const label = shape.key.toLowerCase();
  moveIn(shape);
  const { caseId } = huawei.control.createCase({ description: "The disk is full", labels: [label] });
  // Each newcomer has an account's cases of one label, so that all forty live beside each other.
  const projectKey = shape.formerKey ?? shape.key;
  const first = await consult({ name: label, jira: { projectKey }, cases: { labels: [label] } });
  expect(first.left.map(({ name, detail }) => `${name}: ${detail}`)).toEqual([]);

  await work(first.connection, 2);
  const [issue, ...others] = issueOf(caseId);
  expect([issue?.descriptionText ?? "", ...(issue?.comments ?? []).map(({ bodyText }) => bodyText)].join()).toContain(
    "The disk is full",
  );
  expect(others).toEqual([]);
  expect(issue?.labels).toEqual(expect.arrayContaining([`hwcase-${caseId}`, "huawei-cloud"]));

  // With an issue to look at, `doctor` sees the workflow and the edit screen as well.
  const second = await consult(first.connection);
  expect(second.left.map(({ name, detail }) => `${name}: ${detail}`)).toEqual([]);
  huawei.control.addMessage({ caseId, author: "engineer", content: "We have added a disk." });
  huawei.control.setStatus({ caseId, status: 3 });
  await work(second.connection, 3);

  const [ended] = issueOf(caseId);
  expect(ended?.comments.some(({ bodyText }) => bodyText.includes("We have added a disk."))).toBe(true);
  expect(ended?.status.category).toBe("done");
  if (shape.seed.projectTypeKey === "service_desk")
    expect(ended?.customFields.customfield_10010).toMatchObject({ requestType: { id: expect.any(String) } });
  expect(jira.control.getRefusals()).toEqual([]);
});

test("there are forty of them", () => {
  expect(projectShapes).toHaveLength(40);
  expect(new Set(projectShapes.map(({ what }) => what)).size).toBe(40);
});
