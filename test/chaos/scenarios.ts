/** What the crash matrix replays: one short story for each flow and each kind of write. */
import type { ConnectionConfig } from "../../src/config/config.ts";
import { makePeople, type People } from "./people.ts";
import type { ResetOptions, World } from "./world.ts";

/** What a step works with. `notes` carries ids from one step to the next. */
export type Stage = { readonly world: World; readonly people: People; readonly notes: Map<string, string> };

/** A story: steps of people; between two of them everything settles. */
export type Scenario = {
  readonly name: string;
  readonly reset?: Pick<ResetOptions, "huawei" | "jira" | "settings">;
  /** Own files of the issue are sent as well. */
  readonly ownFiles?: boolean;
  /** Only a full comparison can find what the steps do, so there is one after each step. */
  readonly checked?: boolean;
  /** Without a log of what was done to a case, a lost answer leaves another end. */
  readonly needsLog?: boolean;
  readonly steps: readonly ((stage: Stage) => void)[];
};

/** The stage of a world. */
export function makeStage(world: World): Stage {
  return { world, people: makePeople(world), notes: new Map() };
}

const theCase = (stage: Stage): string => stage.notes.get("case") ?? "";

function theIssue(stage: Stage): string {
  const issue = stage.people.issueOf(theCase(stage));
  if (issue === null) throw new Error("the case has no issue yet");
  return issue.key;
}

const openCase =
  (input: Parameters<People["createCase"]>[0] = {}) =>
  (stage: Stage): void => {
    stage.notes.set("case", stage.people.createCase(input));
  };

const comment =
  (input: Parameters<People["comment"]>[1] = {}) =>
  (stage: Stage): void => {
    stage.notes.set("comment", stage.people.comment(theIssue(stage), input).commentId);
  };

const status =
  (value: number) =>
  (stage: Stage): void =>
    stage.world.huawei.setStatus({ caseId: theCase(stage), status: value });

const move =
  (toCategory: "new" | "indeterminate" | "done") =>
  (stage: Stage): void =>
    void stage.world.jira.transition({ issue: theIssue(stage), toCategory });

const closeOnDone =
  (mode: "confirm" | "always") =>
  (settings: ConnectionConfig): ConnectionConfig => ({
    ...settings,
    status: { ...settings.status, closeOnDone: mode },
  });

/** A request has a product, a problem type and a region, so that only what a story leaves out is missing. */
export const withDefaults = (settings: ConnectionConfig): ConnectionConfig => ({
  ...settings,
  create: {
    ...settings.create,
    defaults: { ...settings.create.defaults, productId: "pc2001", problemTypeId: "bt3001", regionId: "cn-north-4" },
  },
});

/** An issue that asks for a case; `files` are named in its description. */
const request =
  (input: { description?: string; labels?: string[]; files?: number } = {}) =>
  (stage: Stage): void => {
    const names = Array.from({ length: input.files ?? 0 }, (_, index) => `asked-${index + 1}.txt`);
    const { issueKey, issueId } = stage.world.jira.createIssue({
      projectKey: "OPS",
      summary: "Please help",
      description: `${input.description ?? "It is down"} ${names.map((name) => `see ${name}`).join(" ")}`,
      labels: ["huawei-case", ...(input.labels ?? [])],
    });
    for (const name of names) stage.world.jira.addAttachment({ issue: issueKey, name, text: `bytes of ${name}` });
    stage.notes.set("request", issueKey).set("requestId", issueId);
  };

const theRequest = (stage: Stage): string => stage.notes.get("request") ?? "";

/** What is written on the issue word for word, so that it may be a command. */
const say =
  (text: string) =>
  (stage: Stage): void =>
    void stage.world.jira.addComment({ issue: theIssue(stage), text });

const editRequest =
  (fields: Parameters<World["jira"]["editIssue"]>[0]["fields"]) =>
  (stage: Stage): void =>
    stage.world.jira.editIssue({ issue: theRequest(stage), fields });

const hold = (settings: ConnectionConfig): ConnectionConfig => ({
  ...settings,
  guard: { ...settings.guard, mode: "hold" },
});

const stepByStep = (settings: ConnectionConfig): ConnectionConfig => ({
  ...settings,
  jira: { ...settings.jira, projectKey: "STEP" },
  status: { ...settings.status, via: { done: ["3", "10012"], indeterminate: ["3"], new: ["10012", "3"] } },
});

/** All stories. */
export const scenarios: readonly Scenario[] = [
  {
    name: "a case with label, priority and files becomes an issue",
    reset: { settings: (settings) => ({ ...settings, priority: { cs1001: "High", Critical: "High" } }) },
    steps: [openCase({ labels: ["vip customer"], severity: "cs1001", files: 2 })],
  },
  {
    name: "a description that does not fit goes on in comments",
    steps: [openCase({ description: `A long story.\n${"All of it matters. ".repeat(2_500)}` })],
  },
  {
    name: "messages with files become comments",
    steps: [
      openCase(),
      (stage) => {
        stage.people.write(theCase(stage), { files: 2 });
        stage.people.write(theCase(stage), { author: "partner", twice: true });
      },
    ],
  },
  {
    name: "a message of several parts",
    steps: [openCase(), (stage) => void stage.people.write(theCase(stage), { text: "All of it. ".repeat(5_000) })],
  },
  { name: "a comment with files becomes a message", steps: [openCase(), comment({ files: 2 })] },
  { name: "a comment of several parts", steps: [openCase(), comment({ stretches: 3, files: 1 })] },
  { name: "a comment too long for parts", steps: [openCase(), comment({ text: "word ".repeat(12_000) })] },
  {
    name: "two comments and an answer at once",
    steps: [
      openCase(),
      (stage) => {
        stage.people.comment(theIssue(stage));
        stage.people.write(theCase(stage));
        stage.people.comment(theIssue(stage), { files: 1 });
      },
    ],
  },
  {
    name: "an edited comment becomes a second version",
    checked: true,
    steps: [openCase(), comment(), (stage) => stage.people.edit(stage.notes.get("comment") ?? "")],
  },
  {
    name: "a deleted comment is withdrawn",
    checked: true,
    steps: [
      openCase(),
      comment(),
      (stage) => stage.world.jira.deleteComment({ commentId: stage.notes.get("comment") ?? "" }),
    ],
  },
  {
    name: "a deleted comment that cannot be withdrawn is said to be",
    checked: true,
    reset: { huawei: { withdrawWindowMs: 1 } },
    steps: [
      openCase(),
      comment(),
      (stage) => stage.world.jira.deleteComment({ commentId: stage.notes.get("comment") ?? "" }),
    ],
  },
  {
    name: "a comment restricted after it was sent",
    checked: true,
    steps: [
      openCase(),
      comment({ stretches: 3 }),
      (stage) => stage.people.restrictions.toggleComment(stage.notes.get("comment") ?? ""),
    ],
  },
  {
    name: "a file of its own",
    ownFiles: true,
    reset: { settings: (settings) => ({ ...settings, attachments: { toHuawei: "all" } }) },
    steps: [openCase(), (stage) => stage.people.attach(theIssue(stage)), comment({ files: 1 })],
  },
  { name: "statuses of the case", steps: [openCase(), status(1), status(2), status(17), status(3)] },
  {
    name: "statuses through the steps of a workflow",
    reset: { settings: stepByStep },
    steps: [openCase(), status(3), status(1)],
  },
  {
    name: "labels come and go",
    checked: true,
    steps: [
      openCase({ labels: ["one"] }),
      (stage) => void stage.world.huawei.addLabel({ caseId: theCase(stage), name: "two" }),
      (stage) => {
        stage.world.huawei.removeLabel({ caseId: theCase(stage), name: "one" });
        stage.world.jira.removeLabel({ issue: theIssue(stage), label: "huawei-cloud" });
      },
    ],
  },
  { name: "done closes a case that waits for confirmation", steps: [openCase(), status(2), move("done")] },
  { name: "done on an open case is answered by a notice", steps: [openCase(), status(1), move("done")] },
  {
    name: "done cancels a new case where that is wanted",
    reset: { settings: closeOnDone("always") },
    steps: [openCase(), move("done")],
  },
  {
    name: "back from done asks to take the case up again",
    reset: { huawei: { messageOnClosed: "accepted" } },
    steps: [openCase(), status(3), move("indeterminate")],
  },
  {
    name: "a secret is masked and said to be",
    steps: [openCase(), comment({ text: "password=Sup3rSecret99 for you" })],
  },
  {
    name: "a secret waits for a word, and leaves as the word says",
    reset: { settings: hold },
    steps: [
      openCase(),
      comment({ text: "My phone is 13812345678.", files: 1 }),
      say("/release masked"),
      comment({ text: "And the other one is 13812345679." }),
      (stage) => say(`/release as-is ${stage.notes.get("comment")}`)(stage),
    ],
  },
  {
    name: "a request waits for a word, or is mended",
    reset: { settings: (settings) => withDefaults(hold(settings)) },
    steps: [
      request({ description: "Call 13812345678.", files: 1 }),
      (stage) => void stage.world.jira.addComment({ issue: theRequest(stage), text: "/release as-is" }),
      request({ description: "Call 13812345679." }),
      editRequest({ description: "Call us." }),
    ],
  },
  {
    name: "a refused comment is said to be",
    reset: { huawei: { messageOnClosed: "refused" } },
    steps: [openCase(), status(3), comment()],
  },
  {
    name: "an engineer asks for access",
    steps: [
      openCase(),
      (stage) =>
        void stage.world.huawei.createAuthorization({ caseId: theCase(stage), describe: "log in to the host" }),
    ],
  },
  {
    name: "a withdrawn message is marked",
    checked: true,
    steps: [
      openCase(),
      (stage) => {
        stage.notes.set("message", stage.people.write(theCase(stage)));
        stage.people.write(theCase(stage));
      },
      (stage) =>
        stage.world.huawei.withdrawMessage({ caseId: theCase(stage), messageId: stage.notes.get("message") ?? "" }),
    ],
  },
  {
    name: "related cases become linked issues",
    checked: true,
    steps: [
      openCase(),
      (stage) => {
        const first = theCase(stage);
        openCase()(stage);
        stage.world.huawei.relateCases({ caseId: theCase(stage), otherId: first });
      },
    ],
  },
  {
    name: "a copy of an issue is told how to become a request",
    checked: true,
    steps: [openCase(), (stage) => void stage.world.jira.cloneIssue({ issue: theIssue(stage), withProperties: true })],
  },
  { name: "an issue asks for a case", reset: { settings: withDefaults }, steps: [request({ files: 1 })] },
  {
    name: "a long request goes on in messages",
    reset: { settings: withDefaults },
    steps: [request({ description: "All of it matters. ".repeat(250) })],
  },
  {
    name: "a request that lacks something is answered, mended and opened",
    steps: [
      request(),
      editRequest({ labels: ["huawei-case", "hw-product:pc2001", "hw-problem:bt3001", "hw-region:cn-north-4"] }),
    ],
  },
  {
    name: "what a person changes on a request is told",
    reset: { settings: withDefaults },
    checked: true,
    steps: [request(), editRequest({ description: "It is down again", priority: "High" })],
  },
  { name: "/urge", needsLog: true, steps: [openCase(), status(1), say("/urge")] },
  { name: "/close", steps: [openCase(), status(2), say("/close")] },
  { name: "/cancel", steps: [openCase(), say("/cancel")] },
  { name: "/rate", needsLog: true, steps: [openCase(), status(3), say("/rate 5 well done")] },
  { name: "/case", steps: [openCase(), say("/case what we see")] },
  { name: "a command that is refused", needsLog: true, steps: [openCase(), say("/rate 5 too early")] },
  { name: "a deleted case", steps: [openCase(), (stage) => stage.world.huawei.deleteCase({ caseId: theCase(stage) })] },
  {
    name: "the issue of a deleted case stays where a person moves it",
    steps: [openCase(), (stage) => stage.world.huawei.deleteCase({ caseId: theCase(stage) }), move("indeterminate")],
  },
];
