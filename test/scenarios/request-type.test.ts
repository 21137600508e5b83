/** The request type of a new issue goes from the configuration through the frozen write to Jira (service projects). */
import { afterEach, expect, test } from "vitest";
import { noInputs, type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

test("on a site without request types nothing is made, and the failure names what to mend", async () => {
  stage = await startStage({
    settings: (settings) => ({ ...settings, issue: { ...settings.issue, requestType: { value: "25" } } }),
  });
  stage.huawei.createCase({ description: "The server is down" });
  await stage.round();

  expect(stage.jira.getState().issues).toEqual([]);
  const { failures } = await stage.snapshot();
  expect(failures.map(({ reason, state }) => ({ reason, state }))).toEqual([
    { reason: "issue_refused", state: "open" },
  ]);
  const shown = await stage.runCli(["failures", "list", "--json"]);
  expect(JSON.stringify(shown.json)).toContain("issue.requestType: the site has no field for request types");
});

/** The organization that the portal has put on a customer's request. */
const organizations = [{ id: "7", name: "Example Corp" }];

const desk = {
  projectKey: "DESK",
  jira: {
    settings: {
      projectSettings: {
        DESK: {
          requestTypes: [
            { id: "25", name: "Ask a question", issueTypeId: "10002" },
            { id: "26", name: "报告故障", issueTypeId: "10002" },
          ],
        },
      },
    },
  },
} as const;

test("in a service project a new issue is a request of its type, by name or id, and our comments are internal", async () => {
  stage = await startStage({
    ...desk,
    settings: (settings) => ({ ...settings, issue: { ...settings.issue, requestType: { value: "报告故障" } } }),
  });
  const { caseId } = stage.huawei.createCase({ description: "The server is down" });
  stage.huawei.addMessage({ caseId, author: "engineer", content: "We look into it" });
  await stage.round();

  const [issue] = stage.jira.getState().issues;
  expect(issue?.customFields.customfield_10010).toMatchObject({ requestType: { id: "26" } });
  expect(
    issue?.comments.map(({ bodyText, properties }) => [
      bodyText.includes("look into"),
      properties["sd.public.comment"],
    ]),
  ).toEqual([[true, { internal: true }]]);
  expect(stage.jira.getRefusals()).toEqual([]);
});

test("a request that a customer opened in the portal becomes a case as any issue does", async () => {
  stage = await startStage({
    ...desk,
    create: { defaults: { ...noInputs, productId: "pc2001", problemTypeId: "bt3001", regionId: "cn-north-4" } },
  });
  const { issueKey } = stage.jira.createIssue({
    projectKey: "DESK",
    summary: "Our server is down",
    description: "Since this morning",
    labels: ["huawei-case"],
    author: "customer",
    customFields: { customfield_10010: { requestType: { id: "26" } }, customfield_10002: organizations },
  });
  for (let turn = 0; turn < 3; turn += 1) {
    await stage.round();
    stage.advance(61_000);
  }

  const { cases } = stage.huawei.getState();
  expect(cases.map(({ description }) => description.includes("Since this morning"))).toEqual([true]);
  const issue = stage.jira.getState().issues.find(({ key }) => key === issueKey);
  expect(issue?.labels).not.toContain("huawei-case");
  expect(issue?.labels).toContain(`hwcase-${cases[0]?.caseId}`);
  expect(issue?.customFields.customfield_10010).toMatchObject({ requestType: { id: "26" } });
  // Whom the customer belongs to is no business of a mirror.
  expect(issue?.customFields.customfield_10002).toEqual(organizations);
});
