/**
 * The property of a dry run: over random worlds and configurations, what the rehearsal notes is what the real run then writes, call by
 * call: operation, pair and text, in the same order.
 *
 * The real run is heard at the ports, without the product's help. `CASEBRIDGE_WORLDS=200` takes so many worlds, whatever the time;
 * `SEED=…` repeats a run.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { LinkId } from "../../src/domain/ids.ts";
import { isServiceError } from "../../src/domain/service-error.ts";
import { Sealed } from "../../src/lib/sealed.ts";
import { makePrisma } from "../../src/store/database/client.ts";
import { makeReadingState } from "../../src/store/reading-state.ts";
import { makeRehearsal } from "../../src/sync/rehearsal/rehearsal.ts";
import { type ResyncOrder, type ResyncRunner, resyncConnection } from "../../src/sync/repair/resync.ts";
import { can } from "../support/dialect.ts";
import { noInputs, type Stage, startStage } from "../support/stage.ts";

const oneOf = <const Value>(...values: readonly Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values);

/** What people and the vendor may do to a pair. */
const act = oneOf(
  "comment",
  "comment with secret",
  "long comment",
  "restricted comment",
  "answer",
  "comment naming a file",
  "file",
  "refused file",
  "edit a comment",
  "delete a comment",
  "restrict a comment",
  "/urge",
  "/close",
  "/cancel",
  "/rate 4 good",
  "/case by command",
  "/status",
  "/resync",
  "ignore",
  "move to done",
  "move to progress",
  "message",
  "message with files",
  "long message",
  "markup message",
  "withdraw a message",
  "status 1",
  "status 2",
  "status 17",
  "status 3",
  "label",
  "remove label",
  "priority",
  "summary",
  "spoil a copy",
  "delete a copy",
  "access request",
  "relate",
);

const world = fc.record({
  policy: fc.record({
    toHuawei: oneOf("all", "all", "command", "none"),
    holdSeconds: oneOf(0, 10),
    authorName: oneOf("name", "role", "none"),
    files: oneOf("referenced", "all", "none"),
    closeOnDone: oneOf("confirm", "always", "never"),
    guard: oneOf("mask", "off"),
    charsMax: oneOf(1200, 300),
    /** Whether the create screen lacks what the edit screen has. */
    bareScreen: oneOf(false, false, true),
  }),
  cases: fc.array(fc.record({ status: oneOf(0, 1, 2, 17), labelled: fc.boolean(), long: fc.boolean() }), {
    minLength: 2,
    maxLength: 3,
  }),
  /** Whether the pairs stand before people act. */
  mirrored: oneOf(true, true, false),
  acts: fc.array(fc.record({ act, pair: fc.nat(2), later: oneOf(false, false, false, true) }), {
    minLength: 5,
    maxLength: 12,
  }),
  requests: fc.nat(1),
  fresh: fc.nat(1),
  held: oneOf(
    "nothing",
    "nothing",
    "nothing",
    "nothing",
    "nothing",
    "nothing",
    "nothing",
    "to-jira",
    "to-huawei",
    "both",
    "stopped",
    "link held",
    "link blocked",
    "unconfirmed",
  ),
  take: oneOf("all", "all", "since", "first", "first issue"),
  history: fc.boolean(),
  rerender: oneOf(true, false, false),
});
type ActName = typeof act extends fc.Arbitrary<infer Name> ? Name : never;
type World = typeof world extends fc.Arbitrary<infer Drawn> ? Drawn : never;

const secret = "password=Sup3rSecret1";

function startWorld({ policy }: World): Promise<Stage> {
  return startStage({
    huawei: { settings: { messageOnClosed: "accepted" } },
    jira: {
      settings: policy.bareScreen
        ? { projectSettings: { OPS: { fieldsOffCreateScreen: ["labels", "description"] } } }
        : {},
    },
    create: { defaults: { ...noInputs, productId: "pc2001", problemTypeId: "bt3001", regionId: "cn-north-4" } },
    settings: (settings) => ({
      ...settings,
      huawei: { ...settings.huawei, messageCharsMax: policy.charsMax },
      comments: {
        ...settings.comments,
        toHuawei: policy.toHuawei,
        holdSeconds: policy.holdSeconds,
        authorName: policy.authorName,
      },
      attachments: { toHuawei: policy.files },
      status: { ...settings.status, closeOnDone: policy.closeOnDone },
      guard: { ...settings.guard, mode: policy.guard },
    }),
  });
}

/** The issue of a case, where it has one. */
function issueOf({ jira }: Stage, caseId: string) {
  return jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`));
}

/** Lets one thing happen to a pair; what cannot happen there does not. */
function happen(stage: Stage, name: ActName, caseId: string, count: number): void {
  const { huawei, jira } = stage;
  const issue = issueOf(stage, caseId);
  const bot = jira.getState().botAccountId;
  const own = issue?.comments.filter((comment) => comment.authorAccountId === bot) ?? [];
  const people = issue?.comments.filter((comment) => comment.authorAccountId !== bot) ?? [];
  const say = (text: string, more: Partial<Parameters<typeof jira.addComment>[0]> = {}): void => {
    if (issue !== undefined) jira.addComment({ issue: issue.key, text, ...more });
  };
  const engineer = { caseId, author: "engineer" } as const;
  const comment = people.at(-1);
  const message = huawei
    .getState()
    .cases.find((entry) => entry.caseId === caseId)
    ?.messages.findLast(({ isFirst, withdrawn, via }) => !isFirst && !withdrawn && via === "control");
  const [other] = huawei.getState().cases.filter((entry) => entry.caseId !== caseId);
  const acts: Record<ActName, () => void> = {
    comment: () => say(`Comment ${count}`),
    "comment with secret": () => say(`Comment ${count}: ${secret}`),
    "long comment": () => say(`Report ${count}. `.repeat(400)),
    "restricted comment": () => say(`Secret ${count}`, { visibility: { value: "Administrators" } }),
    answer: () => (comment === undefined ? undefined : say(`Answer ${count}`, { replyTo: comment.id })),
    "comment naming a file": () => {
      if (issue !== undefined) jira.addAttachment({ issue: issue.key, name: `log-${count}.txt`, text: `log ${count}` });
      say(`See log-${count}.txt`);
    },
    file: () => {
      if (issue !== undefined) jira.addAttachment({ issue: issue.key, name: `own-${count}.txt`, text: `own ${count}` });
    },
    "refused file": () => {
      if (issue !== undefined)
        jira.addAttachment({ issue: issue.key, name: `tool-${count}.exe`, text: `exe ${count}` });
      say(`See tool-${count}.exe`);
    },
    "edit a comment": () => {
      if (comment !== undefined) jira.editComment({ commentId: comment.id, text: `Edited ${count}` });
    },
    "delete a comment": () => {
      if (comment !== undefined) jira.deleteComment({ commentId: comment.id });
    },
    "restrict a comment": () => {
      if (comment !== undefined) jira.restrictComment({ commentId: comment.id });
    },
    "/urge": () => say("/urge"),
    "/close": () => say("/close"),
    "/cancel": () => say("/cancel"),
    "/rate 4 good": () => say("/rate 4 good"),
    "/case by command": () => say(`/case by command ${count}`),
    "/status": () => say("/status"),
    "/resync": () => say("/resync"),
    ignore: () => {
      if (issue !== undefined) jira.addLabel({ issue: issue.key, label: "casebridge-ignore" });
    },
    "move to done": () => {
      if (issue !== undefined) jira.transition({ issue: issue.key, toCategory: "done" });
    },
    "move to progress": () => {
      if (issue !== undefined) jira.transition({ issue: issue.key, toCategory: "indeterminate" });
    },
    message: () => void huawei.addMessage({ ...engineer, content: `Message ${count}` }),
    "message with files": () =>
      void huawei.addMessage({
        ...engineer,
        content: `Message ${count}`,
        files: [
          { name: `a-${count}.txt`, text: `a ${count}` },
          { name: `b-${count}.txt`, text: `b ${count}` },
        ],
      }),
    "long message": () =>
      void huawei.addMessage({ ...engineer, content: `${"word ".repeat(9)}${count}\n`.repeat(900) }),
    "markup message": () =>
      void huawei.addMessage({ ...engineer, content: `<p>Look <b>here</b> ${count}</p><ul><li>one</li></ul>` }),
    "withdraw a message": () => {
      if (message !== undefined) huawei.withdrawMessage({ caseId, messageId: message.messageId });
    },
    "status 1": () => huawei.setStatus({ caseId, status: 1 }),
    "status 2": () => huawei.setStatus({ caseId, status: 2 }),
    "status 17": () => huawei.setStatus({ caseId, status: 17 }),
    "status 3": () => huawei.setStatus({ caseId, status: 3 }),
    label: () => void huawei.addLabel({ caseId, name: `label ${count}` }),
    "remove label": () => {
      if (issue !== undefined) jira.removeLabel({ issue: issue.key, label: "huawei-cloud" });
    },
    priority: () => {
      if (issue !== undefined) jira.editIssue({ issue: issue.key, fields: { priority: "High" } });
    },
    summary: () => {
      if (issue !== undefined) jira.editIssue({ issue: issue.key, fields: { summary: `New summary ${count}` } });
    },
    "spoil a copy": () => {
      const copy = own.at(-1);
      if (copy !== undefined) jira.editComment({ commentId: copy.id, text: `somebody was here ${count}` });
    },
    "delete a copy": () => {
      const copy = own.at(-1);
      if (copy !== undefined) jira.deleteComment({ commentId: copy.id });
    },
    "access request": () => {
      if (can("access_requests")) huawei.createAuthorization({ caseId, describe: `Access ${count}` });
    },
    relate: () => {
      if (other !== undefined) huawei.relateCases({ caseId, otherId: other.caseId });
    },
  };
  acts[name]();
}

async function makeWorld(stage: Stage, drawn: World): Promise<void> {
  const { huawei, jira } = stage;
  const caseIds = drawn.cases.map(({ status, labelled, long }, index) => {
    const description = long ? `Case ${index}: ${"a long description. ".repeat(60)}` : `Case ${index}`;
    return huawei.createCase({ description, status, ...(labelled ? { labels: [`area ${index}`] } : {}) }).caseId;
  });
  if (drawn.mirrored) await stage.round();
  stage.advance(60_000);
  for (const [count, { act: name, pair, later }] of drawn.acts.entries()) {
    happen(stage, name, caseIds[pair % caseIds.length] ?? "", count);
    // What comes last is what the re-sync is for.
    if (later && count < drawn.acts.length / 2) {
      stage.advance(30_000);
      await stage.round();
      await stage.settle(2);
    }
  }
  for (let count = 0; count < drawn.requests; count += 1)
    jira.createIssue({
      projectKey: "OPS",
      summary: `Request ${count}`,
      description: `It is down. ${secret}`,
      labels: ["huawei-case"],
    });
  for (let count = 0; count < drawn.fresh; count += 1) huawei.createCase({ description: `Fresh ${count}`, status: 1 });
  await hold(stage, drawn.held);
}

async function hold(stage: Stage, held: World["held"]): Promise<void> {
  const [linkId] = await stage.linkIds();
  const query = (sql: string, ...values: unknown[]) => stage.database.pool.query(sql, values);
  switch (held) {
    case "to-jira":
      return stage.state.patchConnection("default", { pausedToJira: true });
    case "to-huawei":
      return stage.state.patchConnection("default", { pausedToHuawei: true });
    case "both":
      return stage.state.patchConnection("default", { pausedToJira: true, pausedToHuawei: true });
    case "stopped":
      await stage.state.stopConnection("default", "access_changed", "for this test");
      return;
    case "link held":
      await query(
        `INSERT INTO failures ("connectionName", "linkId", direction, item, reason, detail, "firstAt", "lastAt")
         SELECT 'default', $1::bigint, 'to-huawei', 'link', 'rejected', '', now(), now() WHERE $1::bigint IS NOT NULL`,
        linkId ?? null,
      );
      return;
    case "link blocked":
      await query(
        `UPDATE links SET state = 'blocked', reason = 'loop_suspected' WHERE id = $1::bigint`,
        linkId ?? null,
      );
      return;
    case "unconfirmed":
      // A process died between its intent and the answer; the write had not left.
      await query(
        `INSERT INTO intents ("linkId", kind, key, side, epoch, state, payload, "createdAt", "attemptedAt", "updatedAt")
         SELECT $1::bigint, 'comment', 'notice:lost', 'jira', 1, 'unknown', $2::jsonb, now(), now(), now() WHERE $1::bigint IS NOT NULL`,
        linkId ?? null,
        JSON.stringify({
          bodyAdf: {
            type: "doc",
            version: 1,
            content: [{ type: "paragraph", content: [{ type: "text", text: "Lost" }] }],
          },
          mark: {
            v: 1,
            inst: await stage.state.getInstallation(),
            caseId: "",
            fingerprint: "notice:lost",
            srcHash: "0",
            files: [],
          },
        }),
      );
      return;
    default:
      return;
  }
}

/** One call, comparable: ids of what it makes are none that both runs share. */
type Call = {
  readonly operation: string;
  readonly case: string | null;
  readonly issue: string | null;
  readonly text: string | null;
};

const writingCalls = {
  jira: [
    "createIssue",
    "completeIssue",
    "changeLabels",
    "setIssueStamp",
    "setIssueStamps",
    "transitionIssue",
    "linkIssues",
    "deleteIssue",
    "createComment",
    "updateComment",
    "deleteComment",
    "uploadFile",
    "deleteFile",
  ],
  huawei: ["createCase", "createMessage", "withdrawMessage", "performAction", "rateCase", "uploadFile", "deleteUpload"],
} as const;

/** Hears the writes of a real run at its ports. */
function makeEar(stage: Stage) {
  const calls: {
    readonly operation: string;
    readonly target: string | null;
    readonly text: string | null;
    readonly refused: boolean;
  }[] = [];
  const made = new Set<string>();
  const { text: texts } = stage.reconcileDeps();

  async function textOf(operation: string, args: readonly unknown[]): Promise<string | null> {
    const sealed = args.find((arg) => arg instanceof Sealed) as Sealed<unknown> | undefined;
    const input = (sealed === undefined ? args.find((arg) => typeof arg === "object") : await sealed.open()) as
      | Record<string, unknown>
      | string
      | undefined;
    if (operation === "uploadFile" || operation === "setIssueStamp" || operation === "setIssueStamps") return null;
    if (typeof input === "string") return input;
    if (typeof input?.content === "string") return input.content;
    if (typeof input?.description === "string") return input.description;
    if (typeof input?.text === "string") return input.text;
    if (operation === "createIssue") return `${String(input?.summary)}\n${texts.adfToText(input?.descriptionAdf)}`;
    return input?.bodyAdf === undefined ? null : texts.adfToText(input.bodyAdf);
  }
  function note(answer: unknown): void {
    for (const value of typeof answer === "object" && answer !== null ? Object.values(answer) : [answer])
      if (typeof value === "string") made.add(value);
  }
  function hear<Port extends object>(port: Port, names: readonly string[]): Port {
    return new Proxy(port, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== "function" || typeof name !== "string") return value;
        stage.advance(1);
        if (!names.includes(name)) return value;
        return async (...args: unknown[]): Promise<unknown> => {
          const [first] = args;
          const makes = ["createIssue", "createCase", "deleteFile", "deleteUpload"].includes(name);
          const call = { operation: name, target: typeof first === "string" && !makes ? first : null };
          const answer = await (Reflect.apply(value, target, args) as Promise<unknown>).catch(
            async (error: unknown) => {
              if (isServiceError(error)) calls.push({ ...call, text: await textOf(name, args), refused: true });
              throw error;
            },
          );
          calls.push({ ...call, text: await textOf(name, args), refused: false });
          if (name.startsWith("create") && name !== "createComment") note(answer);
          return answer;
        };
      },
    });
  }
  return {
    calls,
    made,
    jira: hear(stage.intakeDeps().jira, writingCalls.jira),
    huawei: hear(stage.intakeDeps().huawei, writingCalls.huawei),
  };
}

/** What differs between two runs by their nature is left out: ids of what they make, and moments at which something was noticed. */
function plain(text: string | null, made: ReadonlySet<string>): string | null {
  if (text === null) return null;
  const ids = [...made].sort((a, b) => b.length - a.length);
  return ids
    .reduce((before, id) => before.replaceAll(id, "#"), text)
    .replace(/9\d{12}|OPS-9\d{8}/g, "#")
    .replace(/noticed \d{4}-\d\d-\d\d \d\d:\d\d/g, "noticed");
}

async function rehearse(stage: Stage, order: ResyncOrder): Promise<readonly Call[]> {
  const reading = makePrisma({ connectionString: stage.connectionString, readOnly: true });
  try {
    const state = makeReadingState({ prisma: reading.prisma, clock: stage.clock });
    // Time passes while anybody works.
    let passedMs = 0;
    const clock = { now: () => new Date(stage.clock.now().getTime() + ++passedMs) };
    const rehearsal = makeRehearsal({ state, clock, sites: new Map() });
    const { intake, reconcile } = rehearsal.connect(
      { name: "default", intake: stage.intakeDeps(), reconcile: stage.reconcileDeps() },
      { listStatuses: stage.listStatuses },
    );
    await resyncConnection({ name: "default", intake, reconcile }, order, {
      ...runner,
      sleep: rehearsal.sleep,
      // As the real run below: one link after the other, each later than the one before.
      onProgress: () => {},
    });
    return (await rehearsal.listWrites()).map(({ operation, caseId, issueKey, text }) => ({
      operation,
      case: caseId,
      issue: issueKey,
      text: plain(text, new Set()),
    }));
  } finally {
    await reading.close();
  }
}

const runner: Omit<ResyncRunner, "sleep" | "onProgress"> = {
  works: true,
  concurrency: 1,
  actor: "a test",
  release: async () => true,
  onStart: () => {},
};

async function run(stage: Stage, order: ResyncOrder): Promise<readonly (Call & { readonly refused: boolean })[]> {
  const known = new Set<string>([
    ...stage.jira.getState().issues.map((issue) => issue.key),
    ...stage.huawei.getState().cases.map((entry) => entry.caseId),
  ]);
  const ear = makeEar(stage);
  const ports = { jira: ear.jira, huawei: ear.huawei };
  await resyncConnection(
    {
      name: "default",
      intake: { ...stage.intakeDeps(), ...ports },
      reconcile: { ...stage.reconcileDeps(), ...ports, marksRead: new Set(), newIssues: { pattern: null } },
    },
    order,
    { ...runner, sleep: async (ms) => stage.advance(ms), onProgress: () => {} },
  );
  const links = await stage.database.pool.query<{
    caseId: string | null;
    issueId: string | null;
    issueKey: string | null;
  }>(`SELECT "caseId", "issueId", "issueKey" FROM links`);
  const known_ = (id: string | null | undefined): string | null => (id != null && known.has(id) ? id : null);
  return ear.calls.map(({ operation, target, text, refused }) => {
    const caseOf = operation === "createIssue" ? /\[([^\]]+)\]/.exec(text ?? "")?.[1] : null;
    const link = links.rows.find(
      (row) =>
        (target !== null && (row.caseId === target || row.issueId === target)) ||
        (caseOf != null && row.caseId === caseOf),
    );
    return {
      operation,
      case: known_(link?.caseId),
      issue: known_(link?.issueKey),
      text: plain(text, ear.made),
      refused,
    };
  });
}

/** Uploads to Huawei and calls about many issues name no pair at the port. */
function comparable<One extends Call>(calls: readonly One[]): readonly One[] {
  const anonymous = ["setIssueStamps", "createCase", "deleteFile", "deleteUpload"];
  return calls.map((call) =>
    anonymous.includes(call.operation) || call.operation === "uploadFile" ? { ...call, case: null, issue: null } : call,
  );
}

/**
 * What a service refuses only asking it can tell, and what follows for that pair depends on it: its calls count up to there. Without a
 * refusal all calls count, in the order of all pairs.
 */
function untilRefusals(
  calls: readonly Call[],
  real: readonly (Call & { readonly refused: boolean })[],
): Readonly<Record<string, readonly Call[]>> {
  const keyOf = ({ case: caseId, issue }: Call): string => `${caseId} ${issue}`;
  const refused = new Set(real.filter((call) => call.refused).map(keyOf));
  const told = (some: readonly Call[]): readonly Call[] =>
    some.map(({ operation, case: caseId, issue, text }) => ({ operation, case: caseId, issue, text }));
  if (refused.size === 0) return { all: told(calls) };
  const pairs = [...new Set(real.map(keyOf))].filter((key) => key !== "null null");
  return Object.fromEntries(
    pairs.map((key) => {
      const end = real.filter((call) => keyOf(call) === key).findIndex((call) => call.refused);
      const own = calls.filter((call) => keyOf(call) === key);
      return [key, told(end < 0 ? own : own.slice(0, end))];
    }),
  );
}

async function toOrder(stage: Stage, drawn: World): Promise<ResyncOrder> {
  const links = await stage.linkIds();
  const [first] = stage.huawei.getState().cases;
  const someLinks: readonly LinkId[] = links.slice(0, 1);
  const selection: ResyncOrder["selection"] =
    drawn.take === "since"
      ? { kind: "since", since: new Date(stage.clock.now().getTime() - 3_600_000) }
      : drawn.take === "first" && first !== undefined
        ? { kind: "case", caseId: first.caseId as Extract<ResyncOrder["selection"], { kind: "case" }>["caseId"] }
        : drawn.take === "first issue"
          ? { kind: "links", linkIds: someLinks }
          : { kind: "all" };
  return {
    selection,
    withHistory: drawn.history ? someLinks : [],
    rerender: drawn.rerender ? links : [],
  };
}

const wanted = process.env.CASEBRIDGE_WORLDS;
const seed = Number(process.env.SEED ?? 20_261_130);

test("what a rehearsal notes is what the real run then writes, call by call", {
  timeout: 3_600_000,
}, async () => {
  let worlds = 0;
  const counts: Record<string, number> = {};
  const property = fc.asyncProperty(world, async (drawn) => {
    const stage = await startWorld(drawn);
    try {
      await makeWorld(stage, drawn);
      const before = JSON.stringify([stage.huawei.getState(), stage.jira.getState()]);
      const order = await toOrder(stage, drawn);

      const rehearsed = comparable(await rehearse(stage, order));

      expect(JSON.stringify([stage.huawei.getState(), stage.jira.getState()])).toBe(before);
      const real = comparable(await run(stage, order));
      worlds += 1;
      for (const { operation } of real) counts[operation] = (counts[operation] ?? 0) + 1;
      expect(untilRefusals(rehearsed, real)).toEqual(untilRefusals(real, real));
    } finally {
      await stage.close();
    }
  });
  await fc.assert(property, {
    seed,
    endOnFailure: true,
    numRuns: wanted === undefined ? 1_000 : Number(wanted),
    ...(wanted === undefined ? { interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false } : {}),
    ...(process.env.CASEBRIDGE_PATH === undefined ? {} : { path: process.env.CASEBRIDGE_PATH }),
  });
  console.info(`rehearsal: ${worlds} worlds, seed ${seed}`, counts);
  expect(worlds).toBeGreaterThan(0);
  expect(Object.keys(counts).length).toBeGreaterThan(worlds < 10 ? 0 : 5);
});
