/**
 * Each reason for which something is not mirrored: forced on a connection in this process, then cleared by what `failures list` and
 * docs/operations.md say, with the commands themselves. Afterwards both sides agree and a further check writes nothing.
 */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { FailureReason } from "../../src/domain/failure.ts";
import { type IssueId, type IssueKey, toId } from "../../src/domain/ids.ts";
import { isServiceError } from "../../src/domain/service-error.ts";
import type { ConnectionSettings } from "../../src/domain/settings.ts";
import { intakeCases } from "../../src/sync/intake/intake.ts";
import { inspectLink } from "../../src/sync/repair/inspect.ts";
import { can, inDialect } from "../support/dialect.ts";
import { chooseSome } from "../support/extent.ts";
import { type Stage, startStage } from "../support/stage.ts";

const minutes = (count: number): number => count * 60_000;

type World = {
  readonly stage: Stage;
  readonly huawei: Stage["huawei"];
  readonly jira: Stage["jira"];
  /** The case and the issue that are mirrored when a story begins. */
  readonly caseId: string;
  readonly key: string;
  issueOf(caseId: string): ReturnType<Stage["jira"]["getIssue"]>;
  /** Bodies of casebridge's own comments on the issue. */
  told(caseId?: string): string[];
  /** What casebridge wrote in the case. */
  sent(caseId?: string): string[];
  answer(text: string, caseId?: string): void;
  comment(text: string): void;
  /** Time passes, then everything is read and mirrored, so many times. */
  pass(times: number, stepMs?: number): Promise<void>;
  /** Runs a command; it must end with the code. */
  cli(args: readonly string[], code?: number): Promise<unknown>;
  retry(): Promise<void>;
  discard(): Promise<void>;
};

type Story = {
  readonly settings?: (settings: ConnectionSettings) => ConnectionSettings;
  /** `false`: nothing is recorded, since it ends by itself; status and metrics show it. */
  readonly recorded?: false;
  force(world: World): Promise<void>;
  /** What a person does about it. */
  remedy(world: World): Promise<void>;
  /** What must be true afterwards, besides agreement. */
  after(world: World): void | Promise<void>;
};

/** A story that a scenario of its own tells. */
type Elsewhere = { readonly file: string; readonly test: string };

const manyAnswers = async (world: World): Promise<void> => {
  for (let index = 1; index <= 8; index += 1) {
    world.answer(`answer ${index}`);
    world.stage.advance(1_000);
  }
  await world.pass(1);
};

const requests = (settings: ConnectionSettings): ConnectionSettings => ({
  ...settings,
  create: {
    ...settings.create,
    defaults: { ...settings.create.defaults, productId: "pc2001", problemTypeId: "bt3001", regionId: "cn-north-4" },
  },
});
const request = ({ jira }: World) =>
  jira.createIssue({ projectKey: "OPS", summary: "Please help", description: "It is down", labels: ["huawei-case"] });
const openedCases = ({ huawei }: World) => huawei.getState().cases.filter((entry) => entry.via === "api");

const stories: Readonly<Record<FailureReason, Story | Elsewhere>> = {
  access_changed: {
    async force(world) {
      for (let index = 0; index < 24; index += 1) world.huawei.createCase({ description: `case ${index}` });
      await world.pass(1);
      for (const { caseId } of world.huawei.getState().cases) world.huawei.setOwner({ caseId, ours: false });
      await world.pass(2, minutes(2));
    },
    async remedy(world) {
      for (const { caseId } of world.huawei.getState().cases) world.huawei.setOwner({ caseId, ours: true });
      world.answer("after all");
      await world.retry();
    },
    after: (world) => expect(world.told()).toEqual([expect.stringContaining("after all")]),
  },
  account_not_ready: {
    settings: requests,
    async force(world) {
      world.huawei.setSettings({ policySwitch: true, mayCreateCases: false });
      request(world);
      await world.pass(1);
    },
    async remedy(world) {
      world.huawei.setSettings({ mayCreateCases: true });
      await world.retry();
    },
    after: (world) => expect(openedCases(world)).toHaveLength(1),
  },
  already_disclosed: {
    async force(world) {
      world.huawei.setSettings({ withdrawWindowMs: 1 });
      world.comment("my secret");
      await world.pass(2);
      const [comment] = world.jira.getIssue({ issue: world.key }).comments;
      world.jira.deleteComment({ commentId: comment?.id ?? "" });
      await world.pass(2);
    },
    remedy: (world) => world.discard(),
    after: (world) => expect(world.sent().join()).toContain("withdrawn]"),
  },
  case_gone: {
    async force(world) {
      world.huawei.setOwner({ caseId: world.caseId, ours: false });
      await world.pass(2, minutes(2));
    },
    async remedy(world) {
      world.huawei.setOwner({ caseId: world.caseId, ours: true });
      world.answer("back again");
      await world.retry();
    },
    after: (world) =>
      expect(world.told()).toEqual([
        expect.stringContaining("does not exist in Huawei Cloud"),
        expect.stringContaining("back again"),
      ]),
  },
  comment_refused: {
    async force(world) {
      world.jira.addFault({ operation: "addComment", kind: "413" });
      world.answer("a very long answer");
      await world.pass(1);
    },
    remedy: (world) => world.retry(),
    after: (world) =>
      expect(world.told()).toEqual([
        expect.stringContaining("could not be mirrored"),
        expect.stringContaining("a very long answer"),
      ]),
  },
  contract: {
    async force(world) {
      world.jira.addFault({ operation: "getIssue", kind: "login_page", probability: 1 });
      world.answer("behind a proxy");
      await world.pass(9, minutes(2));
    },
    async remedy(world) {
      world.jira.clearFaults();
      await world.retry();
    },
    after: (world) => expect(world.told().at(-1)).toContain("behind a proxy"),
  },
  copy_missing: {
    async force(world) {
      world.huawei.setSettings({ readLagMs: minutes(600) });
      world.comment("nobody sees me");
      await world.pass(6);
    },
    async remedy(world) {
      await world.discard();
      world.comment("written again");
      world.huawei.setSettings({ readLagMs: 0 });
    },
    // Against all appearance it was not lost, only very late: even so it does not come back as news.
    after(world) {
      expect(world.sent().map((content) => content.split("\n").at(-1))).toEqual(["nobody sees me", "written again"]);
      expect(world.told()).toEqual([]);
    },
  },
  duplicate: {
    async force(world) {
      world.huawei.setSettings({ readLagMs: 60_000 });
      world.huawei.addFault({ operation: inDialect("CreateMessages"), kind: "reset_after", times: 1 });
      world.comment("once only");
      await world.pass(10);
      world.huawei.setSettings({ readLagMs: 0 });
      await world.pass(1);
      expect(world.sent()).toHaveLength(2);
    },
    async remedy(world) {
      const second = world.huawei.getState().cases[0]?.messages.filter((message) => message.via === "api")[1];
      world.huawei.withdrawMessage({ caseId: world.caseId, messageId: second?.messageId ?? "" });
      await world.discard();
    },
    after: (world) => expect(world.sent()).toHaveLength(1),
  },
  file_refused: {
    async force(world) {
      world.huawei.setSettings({ accessoryFileTypes: "jpg" });
      world.jira.addAttachment({ issue: world.key, name: "shot.txt", text: "shot" });
      world.comment("see shot.txt");
      await world.pass(2);
    },
    async remedy(world) {
      world.huawei.setSettings({ accessoryFileTypes: "jpg,txt" });
      await world.retry();
    },
    after: (world) =>
      expect(world.huawei.getState().cases[0]?.messages.flatMap((message) => message.accessories)).toHaveLength(1),
  },
  forbidden: {
    async force(world) {
      world.jira.setSettings({ revokedPermissions: ["ADD_COMMENTS"] });
      world.answer("may I");
      await world.pass(2);
    },
    async remedy(world) {
      world.jira.setSettings({ revokedPermissions: [] });
      await world.retry();
    },
    after: (world) => expect(world.told().join()).toContain("may I"),
  },
  foreign_installation: {
    async force(world) {
      for (const name of ["one", "two"]) {
        const { caseId } = world.huawei.createCase({ description: name });
        const author = world.jira.getState().botAccountId;
        const labels = ["huawei-cloud", `hwcase-${caseId}`];
        const { issueId, issueKey } = world.jira.createIssue({ projectKey: "OPS", summary: name, labels, author });
        const value = { v: 1, inst: "somebody-else", caseId, issueId };
        world.jira.setIssueProperty({ issue: issueKey, key: "casebridge", value });
      }
      await world.pass(2);
      // Asked for by name, the case gets a link, which finds the other's issue by itself.
      await world.cli(["resync", "--case", world.huawei.getState().cases[2]?.caseId ?? ""]);
      await world.pass(2);
    },
    async remedy(world) {
      for (const { caseId } of world.huawei.getState().cases.slice(1))
        await world.cli(["links", "link", caseId, world.issueOf(caseId).key, "--take-over", "--yes"]);
    },
    async after(world) {
      for (const { caseId } of world.huawei.getState().cases.slice(1)) world.answer("for the taken one", caseId);
      await world.pass(1);
      for (const { caseId } of world.huawei.getState().cases.slice(1))
        expect(world.told(caseId)).toEqual([expect.stringContaining("for the taken one")]);
      expect(world.jira.getState().issues).toHaveLength(3);
    },
  },
  guard_held: {
    settings: (settings) => ({ ...settings, guard: { ...settings.guard, mode: "hold" } }),
    async force(world) {
      world.comment("call 13800138001");
      await world.pass(2);
    },
    async remedy(world) {
      const listed = await world.cli(["failures", "list", "--json"], 3);
      const [failure] = listed as { id: string }[];
      await world.cli(["failures", "retry", failure?.id ?? "", "--masked"]);
    },
    after: (world) => expect(world.sent()).toEqual([expect.stringContaining("call [masked: phone number]")]),
  },
  internal_error: {
    async force(world) {
      world.answer("what now");
      for (let attempt = 0; attempt < 12; attempt += 1) {
        world.stage.advance(minutes(2));
        await world.stage.wakeJira();
        const broken = async (): Promise<never> => {
          throw new TypeError("nobody foresaw this");
        };
        await world.stage.runDueWithJira({ getOwnAccountId: broken }).catch((error: unknown) => {
          if (!(error instanceof TypeError)) throw error;
        });
      }
    },
    remedy: (world) => world.retry(),
    after: (world) => expect(world.told().at(-1)).toContain("what now"),
  },
  issue_gone: {
    async force(world) {
      world.answer("first");
      await world.pass(1);
      world.jira.deleteIssue({ issue: world.key });
      await world.pass(2, minutes(6));
    },
    remedy: async (world) => void (await world.cli(["resync", "--issue", world.key, "--recreate"])),
    after(world) {
      expect(world.jira.getState().issues).toHaveLength(1);
      expect(world.told()).toEqual([expect.stringContaining("first")]);
    },
  },
  issue_refused: {
    async force(world) {
      world.jira.setSettings({ requiredFields: ["customfield_10050"] });
      world.huawei.createCase({ description: "needs a field" });
      await world.pass(1);
    },
    async remedy(world) {
      world.jira.setSettings({ requiredFields: [] });
      await world.retry();
    },
    after: (world) => expect(world.jira.getState().issues).toHaveLength(2),
  },
  issue_taken: {
    async force(world) {
      world.huawei.createCase({ description: "the second" });
      const { id: issueId, key: issueKey } = world.issueOf(world.caseId);
      world.stage.advance(minutes(1));
      await intakeCases(world.stage.intakeDeps());
      // The service answers with an issue that has its case: nothing else makes two links want one issue at once.
      await world.stage.runDueWithJira({
        createIssue: async () => ({ issueId: toId<IssueId>(issueId), issueKey: toId<IssueKey>(issueKey) }),
      });
    },
    remedy: (world) => world.retry(),
    after: (world) => expect(world.jira.getState().issues).toHaveLength(2),
  },
  job_failed: {
    // As the worker does it when a job has used up its attempts.
    force: (world) => world.stage.state.recordConnectionFailure("default", "job_failed", "intake-cases: out of order"),
    remedy: async () => {},
    after: () => {},
  },
  loop_suspected: {
    async force(world) {
      for (let index = 0; index < 20; index += 1) {
        world.answer(`ping ${index}`);
        world.comment(`pong ${index}`);
      }
      await world.pass(2);
    },
    remedy: (world) => world.retry(),
    after: (world) => expect(world.sent()).toHaveLength(20),
  },
  many_closes: {
    settings: (settings) => ({ ...settings, status: { ...settings.status, closeOnDone: "always" } }),
    async force(world) {
      for (let index = 0; index < 12; index += 1) world.huawei.createCase({ description: `case ${index}`, status: 1 });
      await world.pass(1);
      for (const { key } of world.jira.getState().issues) world.jira.transition({ issue: key, toCategory: "done" });
      await world.pass(1);
      expect(world.huawei.getState().cases.map((entry) => entry.status)).not.toContain(3);
    },
    remedy: (world) => world.retry(),
    after: (world) =>
      expect(world.huawei.getState().cases.every((entry) => [3, 4, 12].includes(entry.status))).toBe(true),
  },
  many_new_cases: {
    async force(world) {
      world.stage.advance(minutes(5));
      for (let index = 0; index < 51; index += 1) world.huawei.createCase({ description: `case ${index}` });
      await world.pass(1);
      expect(world.jira.getState().issues).toHaveLength(1);
    },
    remedy: (world) => world.retry(),
    after: (world) => expect(world.jira.getState().issues).toHaveLength(52),
  },
  memory_lost: {
    async force(world) {
      world.answer("before the loss");
      await world.pass(1);
      await loseDatabase(world);
      await world.pass(1);
    },
    remedy: async (world) => void (await world.cli(["rebuild", "--take-over", "--yes"])),
    after(world) {
      expect(world.jira.getState().issues).toHaveLength(1);
      expect(world.told()).toHaveLength(1);
    },
  },
  message_refused: {
    async force(world) {
      world.huawei.setStatus({ caseId: world.caseId, status: 3 });
      await world.pass(1);
      world.comment("too late");
      await world.pass(2);
    },
    async remedy(world) {
      world.huawei.setStatus({ caseId: world.caseId, status: 1 });
      await world.pass(1);
      await world.retry();
    },
    after: (world) => expect(world.sent()).toEqual([expect.stringContaining("too late")]),
  },
  moved: {
    async force(world) {
      world.jira.moveIssue({ issue: world.key, projectKey: "STEP" });
      await world.pass(1);
      world.answer("where are you");
      world.jira.moveIssue({ issue: world.issueOf(world.caseId).key, projectKey: "OPS" });
      await world.retry();
      await world.pass(1);
      expect(world.told().at(-1)).toContain("where are you");
      world.jira.moveIssue({ issue: world.issueOf(world.caseId).key, projectKey: "STEP" });
      await world.pass(1);
    },
    async remedy(world) {
      world.jira.moveIssue({ issue: world.issueOf(world.caseId).key, projectKey: "OPS" });
      await world.cli(["links", "move", world.caseId]);
      world.answer("here again");
    },
    after: (world) => expect(world.told().at(-1)).toContain("here again"),
  },
  no_transition: {
    async force(world) {
      world.jira.setSettings({ doneRequiresResolution: true });
      world.huawei.setStatus({ caseId: world.caseId, status: 3 });
      await world.pass(1);
      // In vain: nothing was mended, so it is said again.
      await world.retry();
      await world.pass(1);
      expect(await openReasons(world)).toEqual(["no_transition"]);
      // The workflow was mended; then the case comes back, and the fault too.
      world.jira.setSettings({ doneRequiresResolution: false });
      await world.retry();
      await world.pass(1);
      expect(await openReasons(world)).toEqual([]);
      expect(world.issueOf(world.caseId).status.category).toBe("done");
      world.huawei.setStatus({ caseId: world.caseId, status: 1 });
      await world.pass(1);
      world.jira.setSettings({ doneRequiresResolution: true });
      world.huawei.setStatus({ caseId: world.caseId, status: 3 });
      await world.pass(1);
    },
    async remedy(world) {
      world.jira.transition({ issue: world.key, toCategory: "done" });
    },
    after: (world) => expect(world.issueOf(world.caseId).status.category).toBe("done"),
  },
  not_found: {
    async force(world) {
      // A fresh issue that is not there is waited for.
      world.stage.advance(minutes(2));
      world.jira.addFault({ operation: "addComment", kind: "404" });
      world.answer("lost and found");
      await world.stage.round();
    },
    // The next reading says what it means; here it was a passing thing.
    remedy: async () => {},
    after: (world) => expect(world.told()).toEqual([expect.stringContaining("lost and found")]),
  },
  owned_by: {
    file: "requests.test.ts",
    test: "a case that another connection took is told with a remedy, and comes back when that pairing is ended",
  },
  project_unreadable: {
    async force(world) {
      world.stage.advance(minutes(2));
      world.jira.setSettings({ revokedPermissions: ["BROWSE_PROJECTS"] });
      world.answer("unseen");
      await world.pass(3);
    },
    async remedy(world) {
      world.jira.setSettings({ revokedPermissions: [] });
      world.stage.advance(minutes(2));
    },
    after: (world) => expect(world.told()).toEqual([expect.stringContaining("unseen")]),
  },
  rate_limited: {
    recorded: false,
    async force(world) {
      world.jira.addFault({ kind: "429", probability: 1 });
      world.answer("patience");
      await world.pass(3);
      expect(world.told()).toEqual([]);
    },
    async remedy(world) {
      world.jira.clearFaults();
    },
    after: (world) => expect(world.told()).toEqual([expect.stringContaining("patience")]),
  },
  rejected: {
    async force(world) {
      world.jira.addFault({ operation: "doTransition", kind: "400", probability: 1 });
      world.huawei.setStatus({ caseId: world.caseId, status: 3 });
      await world.pass(1);
    },
    async remedy(world) {
      world.jira.clearFaults();
      await world.retry();
    },
    after: (world) => expect(world.issueOf(world.caseId).status.category).toBe("done"),
  },
  request_refused: {
    settings: (settings) => {
      const { create, ...rest } = requests(settings);
      return { ...rest, create: { ...create, defaults: { ...create.defaults, regionId: "mars-1" } } };
    },
    async force(world) {
      request(world);
      await world.pass(1);
    },
    async remedy(world) {
      const asking = world.jira.getState().issues.find((issue) => issue.labels.includes("huawei-case"));
      world.jira.addLabel({ issue: asking?.key ?? "", label: "hw-region:CN-South-Guangzhou" });
    },
    after: (world) => expect(openedCases(world)).toHaveLength(1),
  },
  stamps_refused: {
    file: "stamps.test.ts",
    test: "a refused stamp is told once and stops nothing; the first one that works ends it",
  },
  suspicious_shrink: {
    async force(world) {
      await manyAnswers(world);
      for (const { messageId, isFirst } of world.huawei.getState().cases[0]?.messages.slice(1, 6) ?? [])
        if (!isFirst) world.huawei.withdrawMessage({ caseId: world.caseId, messageId });
      await world.pass(3, minutes(2));
    },
    remedy: (world) => world.retry(),
    after: (world) => expect(world.told().filter((text) => text.includes("Withdrawn in Huawei Cloud"))).toHaveLength(5),
  },
  text_unreadable: {
    file: "sealed.test.ts",
    test: "a text that cannot be opened any more, and that nothing else remembers, is told",
  },
  unauthorized: {
    recorded: false,
    async force(world) {
      world.jira.setApiToken({ apiToken: "another" });
      world.answer("knock knock");
      await world.pass(2);
      expect(world.told()).toEqual([]);
    },
    async remedy(world) {
      world.jira.setApiToken({ apiToken: "SIMTOKEN" });
      world.stage.advance(minutes(6));
    },
    after: (world) => expect(world.told()).toEqual([expect.stringContaining("knock knock")]),
  },
  unavailable: {
    recorded: false,
    async force(world) {
      world.huawei.setOutage(true);
      world.answer("is anybody there");
      await world.pass(3);
      expect(world.told()).toEqual([]);
    },
    async remedy(world) {
      world.huawei.setOutage(false);
    },
    after: (world) => expect(world.told()).toEqual([expect.stringContaining("is anybody there")]),
  },
  unknown_mark: {
    async force(world) {
      world.huawei.addMessage({
        caseId: world.caseId,
        author: "customer",
        content: "[OPS-77#123456] Somebody: copied from elsewhere",
      });
      await world.pass(1);
    },
    remedy: (world) => world.retry(),
    after: (world) => expect(world.told()).toEqual([expect.stringContaining("copied from elsewhere")]),
  },
  unmarked_issue: {
    async force(world) {
      const { caseId } = world.huawei.createCase({ description: "bare" });
      await world.pass(1);
      const { key } = world.issueOf(caseId);
      world.jira.setIssueProperty({ issue: key, key: "casebridge", value: "somebody wrote here" });
      await loseDatabase(world);
      await world.cli(["rebuild", "--take-over", "--yes"], 3);
      await world.pass(1);
      expect(world.jira.getState().issues).toHaveLength(2);
    },
    async remedy(world) {
      const { caseId } = world.huawei.getState().cases[1] ?? { caseId: "" };
      await world.cli(["links", "link", caseId, world.issueOf(caseId).key]);
      world.answer("for the bare one", caseId);
    },
    after: (world) => expect(world.told(world.huawei.getState().cases[1]?.caseId).at(-1)).toContain("for the bare one"),
  },
};

/** An empty database with another identity, in the place of the one that knew everything. */
async function loseDatabase({ stage }: World): Promise<void> {
  await stage.database.pool.query(
    `TRUNCATE links, cohorts, cursors, failures, audit, runs, rounds RESTART IDENTITY CASCADE`,
  );
  await stage.database.pool.query(`UPDATE installation SET inst = 'inst-' || md5(random()::text)`);
  await stage.database.pool.query(`UPDATE connections SET "firstRoundAt" = NULL, "huaweiUserIds" = '{}'`);
}

/** Rounds end with the error of a service that does not answer; the next one begins anew. */
async function survive(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isServiceError(error, "rate_limited", "unauthorized", "unavailable", "contract")) throw error;
  }
}

async function begin(reason: FailureReason, story: Story): Promise<World> {
  const stage = await startStage(story.settings === undefined ? {} : { settings: story.settings });
  const { huawei, jira } = stage;
  const bot = jira.getState().botAccountId;
  huawei.setSettings({ clockSkewMs: minutes(600) });
  const { caseId } = huawei.createCase({ description: `About ${reason}`, status: 1 });
  await stage.round();
  stage.advance(minutes(1));
  const issueOf = (id: string) => {
    const issue = jira.getState().issues.find((entry) => entry.labels.includes(`hwcase-${id}`));
    if (issue === undefined) throw new Error(`case ${id} has no issue`);
    return issue;
  };
  const cli: World["cli"] = async (args, code = 0) => {
    const result = await stage.runCli(args);
    expect({ args, code: result.code, stderr: code === result.code ? "" : result.stderr }).toEqual({
      args,
      code,
      stderr: "",
    });
    return result.json;
  };
  return {
    stage,
    huawei,
    jira,
    caseId,
    key: issueOf(caseId).key,
    issueOf,
    told: (id = caseId) =>
      issueOf(id)
        .comments.filter((comment) => comment.authorAccountId === bot)
        .map((comment) => comment.bodyText),
    sent: (id = caseId) =>
      huawei
        .getState()
        .cases.find((entry) => entry.caseId === id)
        ?.messages.filter((message) => message.via === "api" && !message.withdrawn && !message.isFirst)
        .map((message) => message.content) ?? [],
    answer: (text, id = caseId) => void huawei.addMessage({ caseId: id, author: "engineer", content: text }),
    comment: (text) => void jira.addComment({ issue: issueOf(caseId).key, text }),
    async pass(times, stepMs = 15_000) {
      for (let turn = 0; turn < times; turn += 1) {
        stage.advance(stepMs);
        await survive(stage.round);
        await survive(stage.check);
      }
    },
    cli,
    retry: async () =>
      expect(await cli(["failures", "retry", "--reason", reason, "--json"])).toMatchObject({ retry: 1, missing: 0 }),
    discard: async () =>
      expect(await cli(["failures", "discard", "--reason", reason, "--json", "--yes"])).toMatchObject({
        discard: 1,
        missing: 0,
      }),
  };
}

const openReasons = async ({ stage }: World): Promise<string[]> =>
  (
    await stage.database.pool.query(
      `SELECT DISTINCT reason FROM failures WHERE state IN ('open', 'retrying') ORDER BY reason`,
    )
  ).rows.map((row: { reason: string }) => row.reason);

/** What `verify` says of the links that are not ended. */
async function differences({ stage }: World): Promise<string[]> {
  const deps = { ...stage.reconcileDeps(), lane: "check", pendingMs: 0 } as const;
  const found: string[] = [];
  for (const linkId of await stage.linkIds()) {
    const inspection = await inspectLink(deps, linkId);
    if (inspection?.unreadable != null) found.push(`${inspection.caseId} is unreadable: ${inspection.unreadable}`);
    for (const { item, what } of inspection?.differences ?? []) found.push(`${inspection?.caseId}: ${item}: ${what}`);
  }
  return found;
}

describe("a failure is told with its remedy, and the remedy clears it", () => {
  const told = Object.entries(stories) as [FailureReason, Story | Elsewhere][];
  /** v1.0 asks for neither permission nor quota beforehand, and its file limits never become others. */
  const notThere: readonly FailureReason[] = can("account_checks") ? [] : ["account_not_ready", "file_refused"];
  const here = told.flatMap(([reason, story]) =>
    "file" in story || notThere.includes(reason) ? [] : [[reason, story] as const],
  );

  test.for(told.flatMap(([reason, story]) => ("file" in story ? [[reason, story] as const] : [])))(
    "%s, in a scenario of its own",
    async ([, story]) => {
      const source = await readFile(new URL(story.file, import.meta.url), "utf8");
      expect(source).toContain(`test("${story.test}"`);
    },
  );

  test.for(chooseSome("reasons of failures", here, 5))(
    "%s",
    { timeout: 120_000 },
    async ([reason, story], { onTestFinished }) => {
      const world = await begin(reason, story);
      onTestFinished(() => world.stage.close());

      await story.force(world);
      expect(await openReasons(world)).toEqual(story.recorded === false ? [] : expect.arrayContaining([reason]));
      await story.remedy(world);
      await world.pass(3, 70_000);

      expect(await openReasons(world)).toEqual([]);
      await story.after(world);
      world.huawei.resetRequests();
      world.jira.resetRequests();
      await world.pass(1);
      expect(
        [...world.huawei.getRequests().log, ...world.jira.getRequests().log].filter((entry) => entry.write),
      ).toEqual([]);
      expect(await differences(world)).toEqual([]);
    },
  );
});
