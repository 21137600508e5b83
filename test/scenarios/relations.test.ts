/** Cases that Huawei shows as related become issue links: once, whoever looks first, and never against a person. */
import { afterEach, beforeEach, expect } from "vitest";
import { type Stage, startStage } from "../support/stage.ts";
import { testWith } from "../support/test-with.ts";

const test = testWith("related_cases");

let stage: Stage;
let ids: string[];

beforeEach(async () => {
  stage = await startStage();
  ids = ["first", "second", "third"].map((description) => stage.huawei.createCase({ description }).caseId);
  await stage.round();
  await stage.settle(2);
  await stage.round();
});

afterEach(async () => {
  await stage.close();
});

const issueOf = (caseId: string | undefined) => {
  const issue = stage.jira.getState().issues.find((entry) => entry.labels.includes(`hwcase-${caseId}`));
  if (issue === undefined) throw new Error(`no issue of ${caseId}`);
  return issue;
};
const linksOf = (caseId: string | undefined): string[] =>
  issueOf(caseId).issueLinks.map((link) => `${link.type} ${link.otherKey}`);
const relationReads = (): number => stage.huawei.getRequests().byOperation.ListRelation ?? 0;
const relate = (a: number, b: number): void =>
  stage.huawei.relateCases({ caseId: ids[a] ?? "", otherId: ids[b] ?? "" });
const speak = (at: number): void => {
  stage.advance(2_000);
  stage.huawei.addMessage({ caseId: ids[at] ?? "", author: "engineer", content: "see the other one" });
};

test("both sides of a relation are linked once, and nothing is asked again until the case shows something new", async () => {
  relate(0, 1);
  await stage.check();
  await stage.settle(2);
  await stage.check();

  const [first, second] = [issueOf(ids[0]), issueOf(ids[1])];
  expect([linksOf(ids[0]), linksOf(ids[1]), linksOf(ids[2])]).toEqual([
    [`Relates ${second.key}`],
    [`Relates ${first.key}`],
    [],
  ]);
  stage.huawei.resetRequests();
  stage.jira.resetRequests();
  await stage.check();
  expect(relationReads()).toBe(0);
  expect([stage.huawei.getRequests().writes, stage.jira.getRequests().writes]).toEqual([0, 0]);

  relate(0, 2);
  await stage.check();
  expect(linksOf(ids[2])).toEqual([]);
  speak(2);
  await stage.round();
  await stage.check();
  await stage.settle(2);
  await stage.check();
  expect(relationReads()).toBe(1);
  expect(linksOf(ids[2])).toEqual([`Relates ${first.key}`]);
  expect(stage.jira.getRefusals()).toEqual([]);
});

test("wherever the process dies there is one link", async () => {
  for (let calls = 3; calls < 24; calls += 3) {
    const pair = ["a", "b"].map((name) => stage.huawei.createCase({ description: `${name} ${calls}` }).caseId);
    stage.advance(2_000);
    await stage.round();
    await stage.settle(2);
    await stage.round();
    stage.huawei.relateCases({ caseId: pair[0] ?? "", otherId: pair[1] ?? "" });
    stage.crashAfter(calls);
    await stage.check();
    await stage.revive();
    await stage.settle(3);
    await stage.check();

    expect({ calls, links: pair.map((caseId) => linksOf(caseId).length) }).toEqual({ calls, links: [1, 1] });
  }
});

test("a link that a person made or removed stays as it is", async () => {
  relate(0, 1);
  relate(1, 2);
  stage.jira.linkIssues({ issue: issueOf(ids[0]).key, other: issueOf(ids[1]).key, type: "Blocks" });
  await stage.check();
  await stage.settle(2);
  expect(linksOf(ids[0])).toEqual([`Blocks ${issueOf(ids[1]).key}`]);
  const [made] = issueOf(ids[2]).issueLinks;
  expect(made?.type).toBe("Relates");

  stage.jira.unlinkIssues({ linkId: made?.id ?? "" });
  speak(1);
  speak(2);
  await stage.round();
  await stage.check();
  await stage.settle(2);
  await stage.check();
  expect(linksOf(ids[2])).toEqual([]);
});

test.each([
  { name: "a site without such a type", settings: { linkTypes: [] } },
  { name: "a site where linking is off", settings: { issueLinking: false } },
  { name: "an account that may not link", settings: { revokedPermissions: ["LINK_ISSUES"] } },
])("$name has no link, no failure, and everything else", async ({ settings }) => {
  stage.jira.setSettings(settings);
  relate(0, 1);
  await stage.check();
  speak(0);
  await stage.round();
  await stage.check();

  expect(linksOf(ids[0])).toEqual([]);
  for (const id of await stage.linkIds()) {
    const snapshot = await stage.state.findSnapshot(id);
    expect([snapshot?.failures, snapshot?.intents]).toEqual([[], []]);
  }
  expect(issueOf(ids[0]).comments.filter((comment) => comment.bodyText.includes("see the other one"))).toHaveLength(1);
});

test("Huawei not telling the relations costs nothing but the link", async () => {
  relate(0, 1);
  stage.huawei.addFault({ operation: "ListRelation", kind: "500_before" });
  await stage.check();
  expect(linksOf(ids[0])).toEqual([]);
  stage.huawei.clearFaults();
  await stage.check();

  expect(linksOf(ids[0])).toEqual([`Relates ${issueOf(ids[1]).key}`]);
});
