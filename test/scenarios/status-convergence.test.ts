/**
 * Statuses of both sides come to rest, whatever map, way, mode and order of moves (rule 6): the pair is compatible, or somebody was
 * told what it waits for, and nothing is written any more. `CASEBRIDGE_TEST_RUNS` sets the histories per workflow.
 */
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { STATUSES, WORKFLOWS } from "../../simulators/jira/catalog.ts";
import { findOscillations } from "../../src/commands/doctor/status.ts";
import type { LinkId } from "../../src/domain/ids.ts";
import type { ConnectionSettings, StatusTarget } from "../../src/domain/settings.ts";
import { isCompatible } from "../../src/sync/plan/status.ts";
import { isFull } from "../support/extent.ts";
import { testSeed } from "../support/seed.ts";
import { type Stage, startStage } from "../support/stage.ts";

const numRuns = Number(process.env.CASEBRIDGE_TEST_RUNS ?? (isFull ? 20 : 4));
const caseStatuses = [0, 1, 2, 5, 17, 3, 4, 12] as const;
const closed: ReadonlySet<number> = new Set([3, 4, 12, 13]);
/** So many rounds at most until nothing is written any more; every wait of the rules ends within it. */
const turnsMax = 40;

let stage: Stage | null = null;

afterEach(async () => {
  await stage?.close();
  stage = null;
});

type Act =
  | { readonly by: "case"; readonly status: number }
  | { readonly by: "person" | "app"; readonly toStatus: string }
  | { readonly by: "time"; readonly seconds: number };

type History = {
  readonly status: ConnectionSettings["status"];
  readonly closeFrom: readonly number[];
  readonly cancelFrom: readonly number[];
  readonly messageOnClosed: "accepted" | "refused";
  readonly acts: readonly Act[];
};

function categoryOf(statusId: string): "new" | "indeterminate" | "done" {
  const found = STATUSES.find((status) => status.id === statusId);
  if (found === undefined) throw new Error(`no status ${statusId}`);
  return found.category;
}

function historyOf(statusIds: readonly string[]): fc.Arbitrary<History> {
  const workflow = statusIds.map((id) => ({ id, name: id, category: categoryOf(id) }));
  const target = (status: number): fc.Arbitrary<StatusTarget> => {
    const fits = (category: string): boolean => closed.has(status) === (category === "done");
    return fc.oneof(
      fc.constantFrom(...(["new", "indeterminate", "done"] as const).filter(fits)).map((category) => ({ category })),
      fc.constantFrom(...statusIds.filter((id) => fits(categoryOf(id)))).map((statusId) => ({ statusId })),
    );
  };
  const act: fc.Arbitrary<Act> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ by: fc.constant("case" as const), status: fc.constantFrom(...caseStatuses) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        by: fc.constantFrom("person" as const, "person" as const, "person" as const, "app" as const),
        toStatus: fc.constantFrom(...statusIds),
      }),
    },
    { weight: 4, arbitrary: fc.record({ by: fc.constant("time" as const), seconds: fc.constantFrom(3, 20, 90) }) },
  );
  return fc.record({
    status: fc.record({
      toJira: fc
        .tuple(...caseStatuses.map(target))
        .map(
          (targets) =>
            Object.fromEntries([
              ...caseStatuses.map((status, at) => [status, targets[at]]),
              [13, { category: "done" }],
            ]) as Record<number, StatusTarget>,
        )
        .filter((toJira) => findOscillations({ toJira, via: {} }, workflow).length === 0),
      via: fc.dictionary(
        fc.constantFrom("new", "indeterminate", "done", ...statusIds),
        fc.array(fc.constantFrom(...statusIds), { maxLength: 3 }),
        { maxKeys: 4 },
      ),
      closeOnDone: fc.constantFrom("confirm" as const, "always" as const, "never" as const),
    }),
    closeFrom: fc.subarray([1, 2, 17]),
    cancelFrom: fc.subarray([0]),
    messageOnClosed: fc.constantFrom("accepted" as const, "refused" as const),
    acts: fc.array(act, { minLength: 2, maxLength: 9 }),
  });
}

function makeView(world: Stage, caseId: string) {
  const issue = () => {
    const found = world.jira.getState().issues.find((entry) => entry.labels.includes(`hwcase-${caseId}`));
    if (found === undefined) throw new Error(`no issue of ${caseId}`);
    return found;
  };
  const entry = () => {
    const found = world.huawei.getState().cases.find((candidate) => candidate.caseId === caseId);
    if (found === undefined) throw new Error(`no case ${caseId}`);
    return found;
  };
  return { issue, entry };
}

function perform(world: Stage, caseId: string, act: Act): void {
  const view = makeView(world, caseId);
  switch (act.by) {
    case "case":
      world.huawei.setStatus({ caseId, status: act.status });
      return;
    case "time":
      world.advance(act.seconds * 1000);
      return;
    default: {
      const toStatus = STATUSES.find((status) => status.id === act.toStatus)?.id ?? "";
      const author = act.by === "app" ? { author: "app" } : {};
      world.jira.transition({ issue: view.issue().key, toStatus, ...author });
    }
  }
}

/** Rounds until three in a row have written nothing; how many that took, or `null` when it never rests. */
async function rest(world: Stage): Promise<number | null> {
  let quiet = 0;
  for (let turn = 1; turn <= turnsMax; turn += 1) {
    world.huawei.resetRequests();
    world.jira.resetRequests();
    world.advance(31_000);
    await world.round();
    const writes = world.huawei.getRequests().writes + world.jira.getRequests().writes;
    quiet = writes === 0 ? quiet + 1 : 0;
    if (quiet === 3) return turn;
  }
  return null;
}

/** Why a pair that does not fit may stand as it is; `null` when nobody was told anything. */
function statedWait(world: Stage, caseId: string, history: History): string | null {
  const { issue, entry } = makeView(world, caseId);
  const says = (text: string): boolean => issue().comments.some((comment) => comment.bodyText.includes(text));
  const moves = issue().changelog.flatMap((change) =>
    change.items.filter((item) => item.field === "status").map((item) => ({ ...item, by: change.authorAccountId })),
  );
  // A move within a category says nothing about the case.
  const last = moves.findLast(
    (move) => move.from === null || move.to === null || categoryOf(move.from) !== categoryOf(move.to),
  );
  const app = world.jira.getState().accounts.find((account) => account.accountType === "app")?.accountId;
  if (last?.by === app) return "an app moved it";
  if (closed.has(entry().status)) {
    const asked = entry().messages.some((message) => /!reopen-\d+\]/.test(message.content));
    if (asked && issue().status.category !== "done") return "Huawei was asked to take it up again";
  } else {
    if (history.status.closeOnDone === "never") return "moves never act";
    if (says("and stays as it is")) return "the issue says how to end the case";
  }
  if (says("the workflow offers no way")) return "the issue says that there is no way";
  if (says("refused what moving this issue asked for")) return "the issue says what was refused";
  return null;
}

async function play(world: Stage, history: History): Promise<void> {
  // Closes of the last history do not count in this one.
  world.advance(11 * 60_000);
  world.huawei.setSettings({
    closeFrom: history.closeFrom,
    cancelFrom: history.cancelFrom,
    messageOnClosed: history.messageOnClosed,
  });
  await world.setPolicy({ status: history.status });
  const { caseId } = world.huawei.createCase({ description: "Something is slow" });
  const before = new Set<LinkId>(await world.linkIds());
  await world.round();
  const linkId = (await world.linkIds()).find((id) => !before.has(id));
  if (linkId === undefined) throw new Error("the case has no link");
  expect(await rest(world), "a new pair comes to rest").not.toBeNull();
  for (const act of history.acts) {
    perform(world, caseId, act);
    if (act.by === "time") await world.round();
  }

  expect(await rest(world), "writes do not end").not.toBeNull();
  const { issue, entry } = makeView(world, caseId);
  const { category } = issue().status;
  if (!isCompatible(entry().status, category)) {
    const why = statedWait(world, caseId, history);
    expect(why, `case ${entry().status} beside ${category}, and nobody was told`).not.toBeNull();
  }
  // A full reading of both sides finds nothing to do either.
  world.huawei.resetRequests();
  world.jira.resetRequests();
  await world.state.wake([{ linkId, huawei: true, jira: true, lane: "check" }]);
  await world.runDue();
  expect(world.huawei.getRequests().writes + world.jira.getRequests().writes).toBe(0);
  const snapshot = await world.state.findSnapshot(linkId);
  expect(snapshot?.intents).toEqual([]);
  expect(snapshot?.link.state).toBe("active");
  // Each move of ours answers a move of somebody else: with ways of up to three steps, there and back.
  const bot = world.jira.getState().botAccountId;
  const own = issue().changelog.filter(
    (change) => change.authorAccountId === bot && change.items.some((item) => item.field === "status"),
  );
  expect(own.length).toBeLessThanOrEqual((history.acts.length + 1) * 8);
  // It does not take part in what follows.
  world.jira.deleteIssue({ issue: issue().key });
  world.huawei.deleteCase({ caseId });
  await world.database.pool.query(`UPDATE links SET state = 'unlinked' WHERE id = $1`, [linkId]);
}

test.each([
  { projectKey: "OPS", workflow: WORKFLOWS.direct },
  { projectKey: "STEP", workflow: WORKFLOWS.step },
  { projectKey: "DESK", workflow: WORKFLOWS.desk },
])("in $projectKey", { timeout: 175_000 }, async ({ projectKey, workflow }) => {
  const world = await startStage({ projectKey });
  stage = world;
  const seed = testSeed(`statuses in ${projectKey}`);

  await fc.assert(
    fc.asyncProperty(historyOf(workflow.statusIds), (history) => play(world, history)),
    { numRuns, seed, endOnFailure: true },
  );
});
