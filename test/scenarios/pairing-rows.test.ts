/**
 * rule 7 row by row: where each row is a scenario, checked to be there; and the rows that no other file plays, on a connection in this
 * process, with the commands themselves.
 */
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConnectionSettings } from "../../src/domain/settings.ts";
import { can } from "../support/dialect.ts";
import { type Stage, startStage } from "../support/stage.ts";

const rows: readonly (readonly [row: string, file: string, title: string])[] = [
  ["a case and an issue are in one pair only", "pairing-rows", "an issue or a case that is paired is not paired again"],
  [
    "the first connection owns a case",
    "connections",
    "a case that two connections see belongs to the first of the file",
  ],
  ["a case that another link took", "requests", "a case that another connection took is told with a remedy"],
  ["foreign_installation, and the take-over", "rebuild", "pairings by hand: foreign marks need a word"],
  ["foreign_installation, found by intake and by a run", "failures", "foreign_installation: {"],
  ["inst is lost", "rebuild", "rebuild restores every link and item from the marks"],
  ["inst is lost, and nothing is created until rebuild", "failures", "memory_lost: {"],
  ["a clone", "clones", "with its label, its property or both it is told once"],
  ["two issues with one label, after a rebuild", "rebuild", "what is there twice, moved, cloned or gone is told"],
  [
    "two issues with one label, of which we made both",
    "pairing",
    "is a whole issue: it goes when nobody has touched it",
  ],
  [
    "two issues with one label, of which we made both",
    "pairing",
    "is a whole issue: it goes when nobody has touched it",
  ],
  ["moved out of the project", "pairing", "that was moved rests until it is back"],
  ["links move, and retry after moving back", "failures", "moved: {"],
  ["issue_gone", "pairing", "that was deleted ends the link after two looks"],
  ["resync --recreate", "failures", "issue_gone: {"],
  ["our label removed", "pairing", "gets its own label back, and keeps the labels of people"],
  ["unlink leaves a tombstone", "rebuild", "unlinked cases stay so"],
  ["discard leaves a tombstone", "pairing-rows", "a request that was discarded stays so, whatever is changed on it"],
  [
    "discard leaves a tombstone, of a case",
    "pairing-rows",
    "a case whose issue Jira refused and that was discarded stays so",
  ],
  ["refused inputs are tried again when they changed", "case-from-issue", "each refusal is told once, and tried again"],
  ["a person's text, links link", "pairing-rows", "a pairing by hand overwrites nothing of the person's"],
  ["a person's text, a Jira-born link", "case-from-issue", "inputs from fields, labels and defaults"],
];

test.for(rows)("%s", async ([, file, title]) => {
  const source = await readFile(new URL(`${file}.test.ts`, import.meta.url), "utf8");
  expect({ file, title, found: source.includes(title) }).toEqual({ file, title, found: true });
});

let stage: Stage;
const minutes = (count: number): number => count * 60_000;

async function start(settings?: (settings: ConnectionSettings) => ConnectionSettings): Promise<void> {
  stage = await startStage(settings === undefined ? {} : { settings });
  stage.huawei.setSettings({ clockSkewMs: minutes(600) });
}

async function pass(times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    stage.advance(minutes(1));
    await stage.round();
    await stage.check();
  }
}

async function cli(args: readonly string[], code = 0): Promise<unknown> {
  const result = await stage.runCli(args);
  expect({ args, code: result.code, stderr: code === result.code ? "" : result.stderr }).toEqual({
    args,
    code,
    stderr: "",
  });
  return result.json;
}

const issues = () => stage.jira.getState().issues;
const issueOf = (caseId: string) => {
  const issue = issues().find((entry) => entry.labels.includes(`hwcase-${caseId}`));
  if (issue === undefined) throw new Error(`case ${caseId} has no issue`);
  return issue;
};

describe("a pairing", () => {
  beforeEach(() => start());
  afterEach(() => stage.close());

  test("an issue or a case that is paired is not paired again", async () => {
    const one = stage.huawei.createCase({ description: "one" });
    const two = stage.huawei.createCase({ description: "two" });
    await pass(1);
    const free = stage.jira.createIssue({ projectKey: "OPS", summary: "free" });

    await cli(["links", "link", one.caseId, issueOf(two.caseId).key, "--take-over", "--yes"], 3);
    await cli(["links", "link", one.caseId, free.issueKey], 3);
    await pass(1);

    const { rows } = await stage.database.pool.query(`SELECT "caseId", "issueKey" FROM links ORDER BY "caseId"`);
    expect(rows).toEqual(
      [one, two]
        .map(({ caseId }) => ({ caseId, issueKey: issueOf(caseId).key }))
        .sort((a, b) => (a.caseId < b.caseId ? -1 : 1)),
    );
    expect(issues()).toHaveLength(3);
  });

  test("a pairing by hand overwrites nothing of the person's", async () => {
    const { caseId } = stage.huawei.createCase({
      description: "The database is down",
      severity: "general",
      labels: ["vip"],
    });
    stage.huawei.addMessage({ caseId, author: "engineer", content: "An answer" });
    const { issueKey } = stage.jira.createIssue({
      projectKey: "OPS",
      summary: "My own words",
      description: "And my own text",
      priority: "Low",
      labels: ["mine"],
    });
    const before = stage.jira.getIssue({ issue: issueKey });

    await cli(["links", "link", caseId, issueKey]);
    await pass(3);

    const { summary, descriptionAdf, priority, status, labels, comments } = stage.jira.getIssue({ issue: issueKey });
    expect({ summary, descriptionAdf, priority, status }).toEqual({
      summary: before.summary,
      descriptionAdf: before.descriptionAdf,
      priority: before.priority,
      status: before.status,
    });
    expect([...labels].sort()).toEqual(
      ["huawei-cloud", `hwcase-${caseId}`, ...(can("labels") ? ["hw:vip"] : []), "mine"].sort(),
    );
    expect(comments.map((comment) => comment.bodyText)).toEqual([expect.stringContaining("An answer")]);
    expect(issues()).toHaveLength(1);
  });

  test("a case whose issue Jira refused and that was discarded stays so", async () => {
    stage.jira.setSettings({ requiredFields: ["customfield_10050"] });
    const { caseId } = stage.huawei.createCase({ description: "needs a field" });
    await pass(1);
    await cli(["failures", "discard", "--reason", "issue_refused", "--yes"]);
    stage.jira.setSettings({ requiredFields: [] });
    stage.huawei.addMessage({ caseId, author: "engineer", content: "Is anybody there?" });

    await pass(3);

    expect(issues()).toEqual([]);
    expect(await cli(["failures", "list", "--json"])).toEqual([]);
  });
});

describe("a request", () => {
  beforeEach(() =>
    start(({ create, ...settings }) => ({
      ...settings,
      create: {
        ...create,
        defaults: { ...create.defaults, productId: "pc2001", problemTypeId: "bt3001", regionId: "mars-1" },
      },
    })),
  );
  afterEach(() => stage.close());

  test("a request that was discarded stays so, whatever is changed on it", async () => {
    const { issueKey } = stage.jira.createIssue({ projectKey: "OPS", summary: "Help", labels: ["huawei-case"] });
    await pass(1);
    const listed = (await cli(["failures", "list", "--reason", "request_refused", "--json"], 3)) as { id: string }[];
    await cli(["failures", "discard", listed[0]?.id ?? "", "--yes"]);
    stage.jira.addLabel({ issue: issueKey, label: "hw-region:CN-South-Guangzhou" });

    await pass(3);

    expect(stage.huawei.getState().cases).toEqual([]);
    expect(stage.jira.getIssue({ issue: issueKey }).comments).toHaveLength(1);

    // A person who changes her mind says so by the number of the failure.
    await cli(["failures", "retry", listed[0]?.id ?? ""]);
    await pass(2);
    expect(stage.huawei.getState().cases).toHaveLength(1);
  });
});
