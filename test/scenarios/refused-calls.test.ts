/**
 * Each operation of both services, refused for ever, one at a time: everything that does not need it still works (rule 9). Which
 * operations there are is told by a run in which none is refused; what each one's loss costs stands in the table.
 */
import { expect, test } from "vitest";
import { isServiceError } from "../../src/domain/service-error.ts";
import { intakeCases, intakeIssues } from "../../src/sync/intake/intake.ts";
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
  "edited comment is told",
  "deleted comment is withdrawn",
  "withdrawn message is marked",
  "rating is given",
] as const;
type Effect = (typeof effects)[number];

/** Everything that a pair does once its issue or its case can be read: all but what makes the pair. */
const ofMaking: readonly Effect[] = ["new case has an issue", "request becomes a case", "issue is stamped"];
const ofPairs = effects.filter((effect) => !ofMaking.includes(effect));

/** A rating goes by the reading of its own comment and by what the case's list says. */
const ofTexts = ofPairs.filter((effect) => effect !== "rating is given");

type Loss = { readonly lost: readonly Effect[]; readonly why: string };

/** What is lost with an operation, and why it cannot be done without. One that is not named here costs nothing. */
const losses: Readonly<Record<string, Loss>> = {
  ListCases: {
    lost: ["new case has an issue", "label of a case", "request becomes a case", "issue is stamped"],
    why: "only lists name new cases and labels, and only they tell whether a request has its case already (rule 2)",
  },
  ShowCaseDetail: {
    lost: ["new case has an issue", ...ofTexts, "issue is stamped"],
    why: "texts are taken from the detail (rule 3), and what it shows of our own copies keeps us from a second one",
  },
  CreateCases: { lost: ["request becomes a case"], why: "the write itself" },
  CreateMessages: {
    lost: ["comment is a message", "file of a comment is sent", "edited comment is told"],
    why: "the write itself",
  },
  CreateScores: { lost: ["rating is given"], why: "the write itself" },
  ListSatisfactionDimensions: { lost: ["rating is given"], why: "a rating names every dimension" },
  ListMessages: {
    lost: ["withdrawn message is marked"],
    why: "a message counts as withdrawn only where both views lack it",
  },
  UpdateCases: { lost: ["command is done", "issue done closes the case"], why: "the write itself" },
  UploadAccessory: { lost: ["file of a comment is sent"], why: "the write itself; the message goes without" },
  DownloadAccessories: { lost: ["file of a message is attached"], why: "its bytes; the comment says so" },
  ListAuthorizations: { lost: ["access request is told"], why: "nothing else tells of access requests" },
  ListRelation: { lost: ["related issues are linked"], why: "nothing else tells of relations" },
  searchAndReconsileIssuesUsingJqlPost: {
    lost: ["new case has an issue", "request becomes a case", "issue done closes the case", "issue is stamped"],
    why: "before an issue is made its label is looked for, requests are found by it, and moves wait for the round that counts them (rule 2)",
  },
  createIssue: { lost: ["new case has an issue", "issue is stamped"], why: "the write itself" },
  getIssue: {
    lost: [...ofPairs, "request becomes a case"],
    why: "without the issue nobody can say whether anything may leave it or stands there already (rules 2 and 5)",
  },
  getComments: {
    lost: ofTexts,
    why: "what stands on the issue already is not written again, and what cannot be told does not leave (rules 2 and 5)",
  },
  getComment: {
    lost: [
      "comment is a message",
      "file of a comment is sent",
      "command is done",
      "edited comment is told",
      "deleted comment is withdrawn",
      "withdrawn message is marked",
      "rating is given",
    ],
    why: "each comment is read once more just before it leaves, and one that is missing or is to be changed is looked at by itself (rules 4 and 5)",
  },
  addComment: {
    lost: [
      "message is a comment",
      "status of a case moves the issue",
      "access request is told",
      "related issues are linked",
      "withdrawn message is marked",
    ],
    why: "whoever may not comment has lost the issue: the direction waits, whole and in its order, for a person (kind `forbidden`)",
  },
  updateComment: { lost: ["withdrawn message is marked"], why: "the write itself" },
  addAttachment: { lost: ["file of a message is attached"], why: "the write itself; the comment says so" },
  getAttachmentContent: { lost: ["file of a comment is sent"], why: "its bytes; the message says so" },
  editIssue: { lost: ["label of a case"], why: "the write itself" },
  getTransitions: {
    lost: ["status of a case moves the issue"],
    why: "an issue is moved by a transition that it offers",
  },
  doTransition: { lost: ["status of a case moves the issue"], why: "the write itself" },
  getChangeLogs: {
    lost: ["issue done closes the case"],
    why: "only a person's move acts, and only it tells who moved (rule 6)",
  },
  getIssueLinkTypes: { lost: ["related issues are linked"], why: "a link is made by the id of its type" },
  linkIssues: { lost: ["related issues are linked"], why: "the write itself" },
};

const priority = { "High (suggested)": "High" };

async function startWorld() {
  const defaults = { ...noInputs, productId: "pc2001", problemTypeId: "bt3002", regionId: "cn-north-4" };
  const stage = await startStage({
    create: { defaults },
    settings: (settings) => ({ ...settings, priority, cases: { ...settings.cases, createdAfter: new Date(0) } }),
  });
  const make = (description: string) => stage.huawei.createCase({ description }).caseId;
  const [talk, other, ending, over] = [make("talk"), make("other"), make("ending"), make("over")];
  await rounds(stage, 2);
  for (const status of [1, 2]) stage.huawei.setStatus({ caseId: ending, status });
  for (const status of [1, 2, 3]) stage.huawei.setStatus({ caseId: over, status });
  const issue = stage.jira.getState().issues.find(({ labels }) => labels.includes(`hwcase-${talk}`))?.key ?? "";
  const edited = stage.jira.addComment({ issue, text: "first words" }).commentId;
  const deleted = stage.jira.addComment({ issue, text: "second words" }).commentId;
  const taken = stage.huawei.addMessage({ caseId: talk, author: "engineer", content: "old advice" }).messageId;
  stage.huawei.addMessage({ caseId: talk, author: "engineer", content: "newer advice" });
  await rounds(stage, 3);
  return { stage, talk, other, ending, over, edited, deleted, taken };
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
  const { stage, talk, other, ending, over } = world;
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
  stage.jira.editComment({ commentId: world.edited, text: "first words, corrected" });
  stage.jira.deleteComment({ commentId: world.deleted });
  stage.huawei.withdrawMessage({ caseId: talk, messageId: world.taken });
  stage.jira.addComment({ issue: issueOf(world, over)?.key ?? "", text: "/rate 5 thank you" });
  await rounds(stage, 3);
  await stage.check();
  await rounds(stage, 4);

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
    "edited comment is told": sent(talk).some((message) => message.content.includes("corrected")),
    "deleted comment is withdrawn": sent(talk).some(
      ({ content, withdrawn }) => (content.includes("second words") && withdrawn) || content.includes(" withdrawn"),
    ),
    "withdrawn message is marked": said(talk).includes("Withdrawn in Huawei Cloud"),
    "rating is given": caseOf(world, over)?.operateLogs.some((entry) => entry.type === 5) === true,
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

    expect(all.size).toBe(effects.length);
    const expected = Object.entries(losses).filter(([name]) => only === undefined || only.split(",").includes(name));
    const sorted = (told: readonly Effect[]): readonly Effect[] => effects.filter((effect) => told.includes(effect));
    expect(lost).toEqual(Object.fromEntries(expected.map(([name, loss]) => [name, sorted(loss.lost)])));
  },
  600_000,
);
