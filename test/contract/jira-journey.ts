/**
 * One account's day with the Jira adapter: every call of its ports once at least, over real HTTP, and what came of each, as people would see
 * it. Ids and hosts are left out, so that the outcomes of two journeys can be compared.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JiraSettings, type JiraSimulator, startJiraSimulator } from "../../simulators/jira/index.ts";
import { unlimitedBudget } from "../../src/domain/budget.ts";
import { type AttachmentId, type CommentId, type IssueId, toId } from "../../src/domain/ids.ts";
import type { CommentStamp, IssueStamp } from "../../src/domain/issue.ts";
import { isServiceError } from "../../src/domain/service-error.ts";
import { type JiraAdminPort, makeJiraClient } from "../../src/jira/jira-client.ts";
import { makeTextPort } from "../../src/jira/text-port.ts";
import { isSignatureValid, readWebhook } from "../../src/jira/webhook.ts";
import { Secret } from "../../src/lib/secret.ts";
import { makeSpool } from "../../src/lib/spool.ts";
import type { JiraPort, NewIssue, SpooledFile } from "../../src/sync/ports.ts";

/** What came of each call, and of deliveries; a refusal is told by its kind. The compiler sees to it that no call of the ports is left out. */
export type JiraOutcomes = Readonly<
  Record<Exclude<keyof (JiraPort & JiraAdminPort), "serviceClock"> | "webhook", unknown>
>;

type Client = JiraPort & JiraAdminPort;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const lane = "live";
const secret = "a secret of the webhook";
const text = makeTextPort();
const doc = (content: string): unknown => text.messageToAdf({ header: "", text: content, footer: [] })[0];
const issueMark: IssueStamp = { v: 1, inst: "inst-1", caseId: "TT1" };
const commentMark: CommentStamp = { v: 1, inst: "inst-1", caseId: "TT1", messageId: "m-1", srcHash: "abc", files: [] };

/** The work's result, or the kind of its refusal. */
async function told<Result>(work: () => Promise<Result>): Promise<Result | string> {
  try {
    return await work();
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return `refused: ${error.kind}${error.facts.outcomeUnknown ? ", perhaps done" : ""}`;
  }
}

/** Makes the journey with these settings of the simulator. Throws what is no `ServiceError`, and where a request had no documented form. */
export async function jiraJourney(settings: Partial<JiraSettings>): Promise<JiraOutcomes> {
  let nowMs = Date.UTC(2026, 10, 24, 20, 30);
  const simulator = await startJiraSimulator({ settings, now: () => nowMs });
  const folder = await mkdtemp(join(tmpdir(), "casebridge-journey-"));
  const spool = await makeSpool(folder);
  const deliveries = await startReceiver();
  simulator.control.setWebhook({ url: deliveries.url, secret });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  const connect = (projectKey: string): Client =>
    makeJiraClient({
      // By id: names differ with the account's language.
      options: {
        host: simulator.url,
        email: "bot@example.com",
        apiToken: new Secret("SIMTOKEN"),
        projectKey,
        issueType: "10002",
      },
      budget: unlimitedBudget,
      log: silent,
      clock: { now: () => new Date(nowMs) },
      sleep: async (ms) => pass(ms),
      random: () => 0.5,
    });
  try {
    const outcomes = await travel({
      client: connect("OPS"),
      desk: connect("DESK"),
      simulator,
      spool,
      folder,
      pass,
      nowMs: () => nowMs,
    });
    await simulator.control.flushWebhooks();
    const refusals = simulator.control.getRefusals();
    if (refusals.length > 0) throw new Error(`malformed: ${JSON.stringify(refusals)}`);
    return { ...outcomes, webhook: [...deliveries.told].sort() };
  } finally {
    deliveries.close();
    await spool.close();
    await simulator.close();
    await rm(folder, { recursive: true });
  }
}

/** Takes deliveries as the worker's route does: signature, then the issue that is named. */
async function startReceiver() {
  const told = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const header = request.headers["x-hub-signature"];
      const { webhookEvent } = JSON.parse(body.toString("utf8")) as { webhookEvent?: string };
      if (isSignatureValid(secret, body, typeof header === "string" ? header : undefined))
        told.add(`${webhookEvent}: ${readWebhook(body, {}) === null ? "no issue" : "wakes its issue"}`);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    told,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

type Travel = {
  readonly client: Client;
  readonly desk: Client;
  readonly simulator: JiraSimulator;
  readonly spool: Awaited<ReturnType<typeof makeSpool>>;
  readonly folder: string;
  pass(ms: number): void;
  nowMs(): number;
};

async function travel({
  client,
  desk,
  simulator,
  spool,
  folder,
  pass,
  nowMs,
}: Travel): Promise<Omit<JiraOutcomes, "webhook">> {
  const { control } = simulator;
  /** Longer than any lag; and each write of an issue counts for its pace. */
  const settle = (): void => pass(61_000);
  const seen = (issue: string) => control.getIssue({ issue });
  const bytes = async (name: string, content: string): Promise<SpooledFile> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return { path, sizeBytes: Buffer.byteLength(content), sha256: createHash("sha256").update(content).digest("hex") };
  };
  const newIssue = (summary: string, more: Partial<NewIssue> = {}): NewIssue => ({
    summary,
    descriptionAdf: doc("It is\u0001 gone"),
    labels: ["hwcase-TT1", "huawei-cloud"],
    priority: "2",
    stamp: issueMark,
    ...more,
  });

  // What people made, to be read whatever the bot may write.
  const theirs = control.createIssue({
    projectKey: "OPS",
    summary: "theirs",
    description: "please help",
    labels: ["huawei-case"],
    customFields: { customfield_10050: "cn-north-4" },
  });
  const theirId = toId<IssueId>(theirs.issueId);
  const comments = ["one", "two", "three", "four"].map((said) => {
    pass(1_000);
    return toId<CommentId>(control.addComment({ issue: theirs.issueKey, text: said }).commentId);
  });
  pass(1_000);
  const restricted = control.addComment({
    issue: theirs.issueKey,
    text: "secret",
    visibility: { value: "Administrators" },
  });
  control.addComment({ issue: theirs.issueKey, text: "reply", replyTo: restricted.commentId });
  const { attachmentId } = control.addAttachment({ issue: theirs.issueKey, name: "trace.txt", text: "trace" });
  control.transition({ issue: theirs.issueKey, toCategory: "indeterminate" });
  settle();

  const made = await told(() => client.createIssue(newIssue("disk"), lane));
  const again = await told(() => client.createIssue(newIssue("net", { priority: null }), lane));
  const ours = typeof made === "string" ? null : made;
  const other = typeof again === "string" ? null : again;
  const issueId = ours?.issueId ?? theirId;
  const completeIssue = await told(async () => {
    if (ours === null) return "none";
    const { edited, unset } = await client.completeIssue(issueId, newIssue("disk"), ours.left ?? [], lane);
    return `${edited ? "edited" : "nothing to do"}${unset.map(({ label }) => `, without ${label}`).join("")}`;
  });
  const fresh = {
    read: await told(async () => (await client.findIssue(issueId, lane))?.summary ?? "not there"),
    write: await told(async () => (await client.setIssueStamp(issueId, { ...issueMark, issueId }, lane)) ?? "set"),
  };
  settle();
  const createIssue =
    ours === null
      ? made
      : {
          summary: seen(ours.issueKey).summary,
          description: seen(ours.issueKey).descriptionText,
          priority: seen(ours.issueKey).priority?.id ?? null,
          labels: seen(ours.issueKey).labels,
          marked: seen(ours.issueKey).properties.casebridge !== undefined,
          fresh,
        };
  const again2 = { second: other === null ? again : "made" };
  const setIssueStamps = await told(async () => {
    const marks = [ours, other].flatMap((one) =>
      one === null ? [] : [{ issueId: one.issueId, stamp: { ...issueMark, issueId: one.issueId } }],
    );
    return (await client.setIssueStamps(marks, lane)).length;
  });
  await told(() => client.changeLabels(issueId, { add: ["hw:prod"], remove: ["huawei-cloud"] }, lane));
  settle();

  const comment = async (content: string): Promise<CommentId> =>
    client.createComment(issueId, { bodyAdf: doc(content), stamp: commentMark }, lane);
  const commentId = await told(() => comment("hello"));
  const isComment = !commentId.startsWith("refused");
  settle();
  const saidOf = (id: string) => seen(issueId).comments.find((one) => one.id === id);
  const createComment = {
    said: isComment ? saidOf(commentId)?.bodyText : commentId,
    marked: isComment && saidOf(commentId)?.properties.casebridge !== undefined,
    long: await told(() => comment("w".repeat(2_000)).then(() => "said")),
    third: await told(() => comment("third").then(() => "said")),
    inServiceProject: await told(async () => {
      const { issueId: id } = control.createIssue({ projectKey: "DESK", summary: "asked" });
      settle();
      await desk.createComment(toId(id), { bodyAdf: doc("internal"), stamp: commentMark }, lane);
      return seen(id).comments.map((one) => JSON.stringify(one.properties["sd.public.comment"]));
    }),
  };
  settle();
  const updateComment = await told(async () => {
    if (!isComment) return "none";
    await client.updateComment(issueId, toId(commentId), { bodyAdf: doc("hello again"), stamp: commentMark }, lane);
    return saidOf(commentId)?.bodyText;
  });
  settle();
  const begin = (body: unknown): string => text.adfToText(body).slice(0, 20);
  const withComments = async (id: IssueId) => {
    const found = await client.findIssueWithComments(id, new Set(comments), lane);
    return found === null
      ? "not there"
      : found.comments.map(
          ({ body, restricted: held, parentId }) =>
            `${begin(body)}${held ? " (restricted)" : ""}${parentId === null ? "" : " (reply)"}`,
        );
  };
  const uploadFile = await told(async () => {
    const { name, sizeBytes } = await client.uploadFile(
      issueId,
      { file: await bytes("ü.txt", "abc"), name: `${"n".repeat(150)}ü.txt` },
      lane,
    );
    return `${name.length} ${name.endsWith("ü.txt")} ${sizeBytes}`;
  });
  settle();
  const deleteFile = await told(async () => {
    const own = seen(issueId).attachments.find(({ sizeBytes }) => sizeBytes === 3);
    if (own === undefined) return "none";
    await client.deleteFile(toId<AttachmentId>(String(own.id)), lane);
    return seen(issueId).attachments.filter(({ sizeBytes }) => sizeBytes === 3).length;
  });
  const listTransitions = await told(async () =>
    (await client.listTransitions(issueId, lane)).map(
      (one) => `${one.transitionId} ${one.toCategory} ${one.requiredFields.length}`,
    ),
  );
  const transitionIssue = await told(async () => {
    await client.transitionIssue(issueId, "41", {}, lane);
    return seen(issueId).status.category;
  });
  settle();
  const linkIssues =
    other === null
      ? "none"
      : await told(
          async () => `${await client.linkIssues(issueId, other.issueId, lane)} ${seen(issueId).issueLinks.length}`,
        );
  settle();
  const deleteComment = await told(async () => {
    if (!isComment) return "none";
    await client.deleteComment(issueId, toId(commentId), lane);
    return saidOf(commentId) === undefined ? "it is gone" : "it stands";
  });
  const moves = await told(async () => {
    const found = await client.findLastMoves([theirId, issueId], lane);
    return {
      theirs: found.get(theirId)?.toText !== undefined,
      at: found.get(theirId)?.at.toISOString(),
      ours: found.has(issueId),
    };
  });
  const found = await told(() => client.findIssue(theirId, lane));
  settle();
  return {
    createIssue: { first: createIssue, ...again2 },
    completeIssue,
    listLeftFields: await told(() => client.listLeftFields(newIssue("disk"), lane)),
    listUnlabelled: await told(
      async () => (await client.listUnlabelled({ minutes: 60, issueType: null }, lane)).length,
    ),
    setIssueStamp:
      ours === null
        ? "none"
        : await told(
            async () =>
              (await client.setIssueStamp(issueId, { ...issueMark, issueId }, lane)) ??
              (await client.findIssue(issueId, lane))?.stamp?.issueId === issueId,
          ),
    setIssueStamps,
    changeLabels: seen(issueId).labels,
    findIssue:
      typeof found === "string" || found === null
        ? found
        : {
            summary: found.summary,
            description: text.adfToText(found.description),
            category: found.category,
            restriction: found.restriction,
            level: found.securityLevelId,
            files: found.files.map(({ name, sizeBytes }) => `${name} ${sizeBytes}`),
            createdAt: found.createdAt.toISOString(),
            missing: await told(() => client.findIssue(toId("99999"), lane)),
          },
    listIssues: await told(async () =>
      (await client.listIssues([theirId, toId("99999")], lane)).map(({ summary }) => summary),
    ),
    findIssueWithComments: await told(() => withComments(theirId)),
    listComments: await told(async () =>
      (await client.listComments(theirId, lane)).map(
        ({ body, stamp, authorType, jsdPublic }) =>
          `${begin(body)} ${authorType} ${jsdPublic} ${stamp === undefined ? "unread" : stamp === null ? "unmarked" : "marked"}`,
      ),
    ),
    listCommentsByIds: await told(async () =>
      (await client.listCommentsByIds(theirId, comments, lane)).map(({ body }) => text.adfToText(body)).sort(),
    ),
    findComment: await told(async () =>
      text.adfToText((await client.findComment(theirId, comments[0] ?? toId("1"), lane))?.body),
    ),
    createComment,
    updateComment,
    deleteComment,
    listUpdatedIssues: await told(async () =>
      (await client.listUpdatedIssues(60, lane))
        .map(({ category, labels }) => `${category} ${labels.join("+")}`)
        .sort(),
    ),
    findIssuesByLabels: await told(async () =>
      (await client.findIssuesByLabels(["hwcase-TT1"], lane)).map(({ stamp }) => stamp?.caseId),
    ),
    listStampedIssues: await told(
      async () => (await client.listStampedIssues("project", lane)).filter(({ stamp }) => stamp !== null).length,
    ),
    getFieldTexts: await told(() =>
      client.getFieldTexts(theirId, ["summary", "description", "customfield_10050"], lane),
    ),
    listIssuesByJql: await told(async () =>
      (await client.listIssuesByJql("labels = huawei-case", lane)).map(({ summary }) => summary),
    ),
    findIssueByJql: await told(
      async () => (await client.findIssueByJql(theirId, "labels = huawei-case", lane))?.summary,
    ),
    listTransitions,
    transitionIssue,
    listChanges: await told(async () =>
      (await client.listChanges(theirId, lane)).map(({ field, at }) => `${field} ${at.toISOString()}`),
    ),
    findLastMoves: moves,
    linkIssues,
    getFileSizeMax: await told(() => client.getFileSizeMax(lane)),
    uploadFile,
    downloadFile: await told(async () =>
      readFile((await client.downloadFile(toId<AttachmentId>(attachmentId), spool, 1_000, lane)).path, "utf8"),
    ),
    deleteFile,
    deleteIssue:
      other === null
        ? "none"
        : await told(
            async () =>
              (await client.deleteIssue(other.issueId, lane)) ??
              control.getState().issues.some(({ key }) => key === other.issueKey),
          ),
    getOwnAccountId: await told(async () => (await client.getOwnAccountId()) === (await client.getMyself()).accountId),
    isProjectReadable: await told(() => client.isProjectReadable(lane)),
    findRoleMembers: await told(async () => {
      const members = await client.findRoleMembers("Administrators", lane);
      return typeof members === "string" ? members : members.length;
    }),
    getMyself: await told(async () => {
      const { accountType, timeZone } = await client.getMyself();
      return { accountType, timeZone };
    }),
    getPermissions: await told(() =>
      client.getPermissions(["BROWSE_PROJECTS", "TRANSITION_ISSUES", "CREATE_ATTACHMENTS"]),
    ),
    getProject: await told(async () => (await client.getProject()).projectTypeKey),
    listProjects: await told(async () => (await client.listProjects()).map(({ key }) => key)),
    listIssueTypes: await told(async () => (await client.listIssueTypes()).map(({ id }) => id)),
    findIssueType: await told(async () => (await client.findIssueType("10002"))?.id),
    listCreateFields: await told(async () =>
      (await client.listCreateFields("10002")).map((one) => `${one.fieldId}${one.required ? "!" : ""}`).sort(),
    ),
    listEditFields: await told(
      async () =>
        (await client.listEditFields("10002"))?.map(({ fieldId }) => fieldId).filter((id) => id !== "priority").length,
    ),
    listStatuses: await told(async () => (await client.listStatuses()).map(({ id, category }) => `${id} ${category}`)),
    listPriorities: await told(async () => (await client.listPriorities()).map(({ id }) => id)),
    listMoves: await told(async () =>
      (await client.listMoves(["3"])).map(({ statusId, transitions }) => `${statusId} ${transitions.length}`),
    ),
    findAssignable: await told(async () => (await client.findAssignable("bot@example.com")) !== null),
    listRequestTypes: await told(() => client.listRequestTypes()),
    listFields: await told(async () => (await client.listFields()).some(({ id }) => id === "summary")),
    findVisibility: await told(() => client.findVisibility()),
    findUser: await told(async () => (await client.findUser((await client.getMyself()).accountId))?.accountType),
    serverTime: await told(async () => Math.abs((await client.serverTime()).getTime() - nowMs()) <= 1_000),
    countIssues: await told(() => client.countIssues("project = OPS")),
  };
}
