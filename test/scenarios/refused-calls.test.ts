/**
 * Each operation of both services, refused for ever, one at a time: everything that does not need it still works (rule 9). Which
 * operations there are is told by a run in which none is refused; what each one's loss costs stands in the table.
 */
import { expect, test } from "vitest";
import { isServiceError } from "../../src/domain/service-error.ts";
import { intakeCases, intakeIssues } from "../../src/sync/intake.ts";
import { apiVersion } from "../support/dialect.ts";
import { noInputs, type Stage, startStage } from "../support/stage.ts";

/** What people would miss. */
const effects = [
  "new case has an issue",
  "message is a comment",
  "file of a message is attached",
  "label of a case",
  "status of a case moves the issue",
  "access request is told",
  "related issues are linked",
  "comment is a message",
  "file of a comment is sent",
  "request becomes a case",
  "command is done",
  "issue done closes the case",
  "issue is stamped",
] as const;
type Effect = (typeof effects)[number];

/** What is lost with an operation. One that is not named here costs nothing. */
const losses: Readonly<Record<string, readonly Effect[]>> = {};

const priority = { "High (suggested)": "High" };

async function startWorld() {
  const defaults = { ...noInputs, productId: "pc2001", problemTypeId: "bt3002", regionId: "cn-north-4" };
  const stage = await startStage({
    create: { defaults },
    settings: (settings) => ({ ...settings, priority, cases: { ...settings.cases, createdAfter: new Date(0) } }),
  });
  const make = (description: string) => stage.huawei.createCase({ description }).caseId;
  const [talk, other, ending] = [make("talk"), make("other"), make("ending")];
  await rounds(stage, 2);
  stage.huawei.setStatus({ caseId: ending, status: 1 });
  stage.huawei.setStatus({ caseId: ending, status: 2 });
  await rounds(stage, 2);
  return { stage, talk, other, ending };
}

type World = Awaited<ReturnType<typeof startWorld>>;

/** Rounds and what they wake; a service's refusal ends neither the world nor the test. */
async function rounds(stage: Stage, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    stage.advance(61_000);
    for (const round of [intakeCases, intakeIssues])
      await round(stage.intakeDeps()).catch((error: unknown) => {
        if (!isServiceError(error)) throw error;
      });
    await stage.runDue();
  }
}

const issueOf = ({ stage }: World, caseId: string) =>
  stage.jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`));
const caseOf = ({ stage }: World, caseId: string) =>
  stage.huawei.getState().cases.find((entry) => entry.caseId === caseId);

/** Traffic of every kind. Answers what of it arrived. */
async function run(world: World): Promise<ReadonlySet<Effect>> {
  const { stage, talk, other, ending } = world;
  const fresh = stage.huawei.createCase({ description: "fresh", severity: "High (suggested)" }).caseId;
  stage.huawei.addMessage({
    caseId: talk,
    author: "engineer",
    content: "try this",
    files: [{ name: "patch.txt", text: "patch" }],
  });
  stage.huawei.addLabel({ caseId: other, name: "vip" });
  stage.huawei.setStatus({ caseId: other, status: 1 });
  stage.huawei.createAuthorization({ caseId: other, describe: "log in" });
  stage.huawei.relateCases({ caseId: talk, otherId: other });
  const issue = issueOf(world, talk)?.key ?? "";
  stage.jira.addAttachment({ issue, name: "trace.txt", text: "trace" });
  stage.jira.addComment({ issue, text: "we tried, see trace.txt" });
  stage.jira.addComment({ issue: issueOf(world, other)?.key ?? "", text: "/urge" });
  stage.jira.transition({ issue: issueOf(world, ending)?.key ?? "", toCategory: "done" });
  stage.jira.createIssue({ projectKey: "OPS", summary: "Please", description: "It is down", labels: ["huawei-case"] });
  await rounds(stage, 3);
  await stage.check();
  await rounds(stage, 2);

  const said = (caseId: string): string =>
    (issueOf(world, caseId)?.comments ?? []).map((entry) => entry.bodyText).join("\n");
  const sent = (caseId: string) => caseOf(world, caseId)?.messages.filter((message) => message.via === "api") ?? [];
  const seen: Readonly<Record<Effect, boolean>> = {
    "new case has an issue": issueOf(world, fresh) !== undefined,
    "message is a comment": said(talk).includes("try this"),
    "file of a message is attached":
      issueOf(world, talk)?.attachments.some(({ name }) => name === "patch.txt") === true,
    "label of a case": issueOf(world, other)?.labels.includes("hw:vip") === true,
    "status of a case moves the issue": issueOf(world, other)?.status.category === "indeterminate",
    "access request is told": said(other).includes("log in"),
    "related issues are linked": (issueOf(world, talk)?.issueLinks.length ?? 0) > 0,
    "comment is a message": sent(talk).some((message) => message.content.includes("we tried")),
    "file of a comment is sent": sent(talk).some((message) =>
      message.accessories.some(({ name }) => name === "trace.txt"),
    ),
    "request becomes a case": stage.huawei.getState().cases.some((entry) => entry.via === "api"),
    "command is done": caseOf(world, other)?.operateLogs.some((entry) => entry.type === 2) === true,
    "issue done closes the case": caseOf(world, ending)?.status === 3,
    "issue is stamped":
      (issueOf(world, fresh)?.properties.casebridge as { issueId?: string } | undefined)?.issueId !== undefined,
  };
  return new Set(effects.filter((effect) => seen[effect]));
}

async function inWorld<Result>(work: (world: World) => Promise<Result>): Promise<Result> {
  const world = await startWorld();
  try {
    return await work(world);
  } finally {
    await world.stage.close();
  }
}

/** Operations that only add: what people would miss without all of them at once is what these carry themselves. */
const additions = {
  huawei: [
    "IamListAuthDomains",
    "ListAuthorizations",
    "ListCaseCategories",
    "ListCaseQuotas",
    "ListExtendsParams",
    "ListPrivileges",
    "ListProblemTypes",
    "ListRegions",
    "ListRelation",
    "ListSeverities",
    "ShowAccessoryLimits",
    "ShowSignedLatestPublishedAgreement",
  ],
  jira: [
    "bulkSetIssuePropertiesByIssue",
    "editIssue",
    "getAttachmentMeta",
    "getCreateIssueMetaIssueTypeId",
    "getCreateIssueMetaIssueTypes",
    "getIssueLinkTypes",
    "getProject",
    "getTask",
    "linkIssues",
    "setIssueProperty",
  ],
} as const;

const inV2 = apiVersion === "v2";

test.skipIf(!inV2)("everything that only adds may be refused at once, and only that is missing", async () => {
  const seen = await inWorld(async (world) => {
    for (const side of ["huawei", "jira"] as const)
      for (const operation of additions[side]) world.stage[side].addFault({ operation, kind: "403", times: 1_000_000 });
    return run(world);
  });

  const missing = effects.filter((effect) => !seen.has(effect));
  expect(missing).toEqual([
    "label of a case",
    "access request is told",
    "related issues are linked",
    "issue is stamped",
  ]);
});

test.skipIf(!inV2 || process.env.CASEBRIDGE_TEST_ALL !== "1")(
  "whatever one operation is refused, the others' work is done",
  async () => {
    const { all, operations } = await inWorld(async (world) => {
      world.stage.huawei.resetRequests();
      world.stage.jira.resetRequests();
      const seen = await run(world);
      const names = [world.stage.huawei, world.stage.jira].map((side) => Object.keys(side.getRequests().byOperation));
      return { all: seen, operations: { huawei: names[0] ?? [], jira: names[1] ?? [] } };
    });
    const only = process.env.CASEBRIDGE_TEST_OPERATION;
    const lost: Record<string, readonly Effect[]> = {};
    for (const side of ["huawei", "jira"] as const) {
      for (const operation of operations[side]) {
        if (only !== undefined && !only.split(",").includes(operation)) continue;
        const seen = await inWorld(async (world) => {
          world.stage[side].addFault({ operation, kind: "403", times: 1_000_000 });
          return run(world);
        });
        const missing = [...all].filter((effect) => !seen.has(effect));
        if (missing.length > 0) lost[operation] = missing;
      }
    }

    expect(all.size).toBe(13);
    expect(lost).toEqual(only === undefined ? losses : {});
  },
  600_000,
);
