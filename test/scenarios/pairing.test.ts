/**
 * A pairing through its life (rule 7) and the breakers (rule 2 and rule 3), in worlds whose clock jumps: each test forces one reason,
 * looks at both sides, and clears it by the remedy that docs/operations.md names.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ServiceError } from "../../src/domain/service-error.ts";
import { makeAdminStore } from "../../src/store/admin.ts";
import { intakeCases, intakeIssues } from "../../src/sync/intake/intake.ts";
import { runLink } from "../../src/sync/link/run-link.ts";
import type { HuaweiPort } from "../../src/sync/ports.ts";
import { checkAll, type Driver, livingWorker, runAlone, settle, verifyAll } from "../chaos/drive.ts";
import { makePeople, type People } from "../chaos/people.ts";
import { startWorld, type Tweaks, type World } from "../chaos/world.ts";
import { can, inDialect } from "../support/dialect.ts";

let world: World;
let people: People;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.reset();
  people = makePeople(world);
});

const minutes = (count: number): number => count * 60_000;

function drive(tweaks: Tweaks = {}): Driver {
  return {
    world,
    choose: () => 0,
    tweaks,
    quietRounds: 2,
    onError: (task, error) => {
      throw new Error(`${task} threw`, { cause: error });
    },
  };
}

function admin() {
  return makeAdminStore({ prisma: world.parts.database.prisma, clock: { now: () => new Date(world.now()) } });
}

async function failures(): Promise<readonly { id: string; reason: string; item: string; state: string }[]> {
  return (await admin().listFailures({ limit: 100 })).items;
}

async function retry(reason: string): Promise<void> {
  const failure = (await failures()).find((entry) => entry.reason === reason);
  if (failure === undefined) throw new Error(`there is no failure ${reason}`);
  expect(await admin().retryFailure(failure.id)).toBe(true);
}

async function linkOf(caseId: string) {
  const found = await admin().findLink(caseId);
  if (found === null) throw new Error(`case ${caseId} has no link`);
  return found.snapshot.link;
}

const issues = () => world.jira.getState().issues;
const issueOf = (caseId: string) => {
  const issue = people.issueOf(caseId);
  if (issue === null) throw new Error(`case ${caseId} has no issue`);
  return issue;
};
const ownComments = (caseId: string) =>
  issueOf(caseId).comments.filter((comment) => comment.authorAccountId === world.jira.getState().botAccountId);
const messagesOf = (caseId: string) =>
  world.huawei
    .getState()
    .cases.find((entry) => entry.caseId === caseId)
    ?.messages.filter((entry) => entry.via === "api") ?? [];

/** So many rounds with what they wake, time moving on between them: for worlds that do not come to rest. */
async function pass(driver: Driver, count: number, stepMs: number): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    const worker = livingWorker(driver);
    await runAlone(driver, worker, `cases ${round}`, () => intakeCases(worker.intake));
    await runAlone(driver, worker, `issues ${round}`, () => intakeIssues(worker.intake));
    const due = await world.parts.state.listDueLinks([worker.intake.settings.name], new Date(world.now()), 50);
    for (const { id } of due) await runAlone(driver, worker, `reconcile ${id}`, () => runLink(worker.reconcile, id));
    world.advance(stepMs);
  }
}

/** Both sides agree, and one more pass over everything writes nothing. */
async function expectAgreement(driver: Driver): Promise<void> {
  expect(await checkAll(driver)).toBe(true);
  world.resetWrites();
  expect(await checkAll(driver)).toBe(true);
  expect(world.writes()).toBe(0);
  expect(await verifyAll(driver)).toEqual([]);
}

function refuse(kind: "forbidden" | "rejected", operation: string): ServiceError {
  return new ServiceError({
    side: "huawei",
    kind,
    operation,
    status: 403,
    code: "OSM.01010002",
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
    detail: "no permission",
  });
}

describe("an issue", () => {
  test("that was deleted ends the link after two looks, and comes back only when a person asks", async () => {
    const driver = drive();
    const caseId = people.createCase();
    people.write(caseId);
    await settle(driver);
    const first = issueOf(caseId);
    people.comment(first.key);
    await settle(driver);
    world.jira.deleteIssue({ issue: first.key });

    await checkAll(driver);
    people.write(caseId);
    await checkAll(driver);

    expect(await linkOf(caseId)).toMatchObject({ state: "gone", reason: "issue_gone" });
    expect(issues()).toHaveLength(0);
    expect((await failures()).map((failure) => failure.reason)).toEqual(["issue_gone"]);

    const link = await linkOf(caseId);
    expect(await admin().recreate(link.id)).toBe(true);
    expect(await admin().recreate(link.id)).toBe(false);
    await settle(driver);

    expect(issues()).toHaveLength(1);
    expect(
      ownComments(caseId)
        .map((comment) => comment.bodyText)
        .join(" "),
    ).toMatch(/<m1>.*<m2>/s);
    // The comment went with its issue: its message is withdrawn, or another one says so.
    expect(messagesOf(caseId)).toHaveLength(can("withdraw") ? 1 : 2);
    expect((await failures()).map((failure) => failure.reason)).toEqual(can("withdraw") ? [] : ["already_disclosed"]);
    await expectAgreement(driver);
  });

  test("is not taken for deleted while its whole project cannot be seen", async () => {
    const driver = drive();
    const caseId = people.createCase();
    await settle(driver);
    world.jira.setSettings({ revokedPermissions: ["BROWSE_PROJECTS"] });
    people.write(caseId);
    await pass({ ...driver, onError: () => {} }, 4, minutes(6));
    expect((await linkOf(caseId)).state).toBe("active");

    world.jira.setSettings({ revokedPermissions: [] });
    world.advance(minutes(6));
    await settle(driver);

    expect(ownComments(caseId)).toHaveLength(1);
    expect(await failures()).toEqual([]);
    await expectAgreement(driver);
  });

  test("that was moved rests until it is back", async () => {
    const driver = drive();
    const caseId = people.createCase();
    await settle(driver);
    const moved = world.jira.moveIssue({ issue: issueOf(caseId).key, projectKey: "STEP" });

    people.write(caseId);
    await checkAll(driver);

    expect(await linkOf(caseId)).toMatchObject({ state: "moved", issueKey: moved.issueKey });
    expect(ownComments(caseId).map((comment) => comment.bodyText)).toEqual([
      expect.stringContaining("moved out of project OPS"),
    ]);
    expect((await failures()).map((failure) => failure.reason)).toEqual(["moved"]);
  });

  test("gets its own label back, and keeps the labels of people", async () => {
    const driver = drive();
    const caseId = people.createCase({ labels: ["network"] });
    await settle(driver);
    const { key } = issueOf(caseId);
    world.jira.addLabel({ issue: key, label: "hw:mine" });
    world.jira.removeLabel({ issue: key, label: "huawei-cloud" });
    await settle(driver);
    world.huawei.removeLabel({ caseId, name: "network" });
    await settle(driver);

    expect([...issueOf(caseId).labels].sort()).toEqual(["huawei-cloud", `hwcase-${caseId}`, "hw:mine"].sort());
    await expectAgreement(driver);
  });
});

describe("a case", () => {
  test("that vanished ends the link with one comment, and goes on when it is back", async () => {
    const driver = drive();
    const caseId = people.createCase();
    await settle(driver);
    world.huawei.setOwner({ caseId, ours: false });

    await checkAll(driver);
    await checkAll(driver);

    expect(await linkOf(caseId)).toMatchObject({ state: "gone", reason: "case_gone" });
    expect(ownComments(caseId).map((comment) => comment.bodyText)).toEqual([
      expect.stringContaining("does not exist in Huawei Cloud any more"),
    ]);
    expect(issueOf(caseId).status.category).not.toBe("done");

    world.huawei.setOwner({ caseId, ours: true });
    people.write(caseId);
    await retry("case_gone");
    await settle(driver);

    expect(ownComments(caseId)).toHaveLength(2);
    expect(await failures()).toEqual([]);
    await expectAgreement(driver);
  });

  test("one of many that vanish at once stops the connection, and nothing is marked as gone", async () => {
    const driver = drive();
    const caseIds = Array.from({ length: 25 }, () => people.createCase());
    await settle(driver);
    for (const caseId of caseIds) world.huawei.setOwner({ caseId, ours: false });

    await checkAll({ ...driver, quietRounds: 1 });
    await checkAll({ ...driver, quietRounds: 1 });

    const [connection] = await admin().listConnections();
    expect(connection).toMatchObject({ state: "stopped", stateReason: "access_changed" });
    expect((await admin().countLinks()).map((row) => row.state)).toEqual(["active"]);

    for (const caseId of caseIds) world.huawei.setOwner({ caseId, ours: true });
    people.write(caseIds[0] ?? "");
    await retry("access_changed");
    await checkAll(driver);

    expect(ownComments(caseIds[0] ?? "")).toHaveLength(1);
    expect(await failures()).toEqual([]);
    await expectAgreement(driver);
  });

  test("of too many in one round waits for release, and none is lost", async () => {
    const driver = drive();
    await settle(driver);
    world.advance(minutes(5));
    Array.from({ length: 51 }, () => people.createCase());
    await settle(driver);
    expect(issues()).toHaveLength(0);
    // Longer than any overlap: the cases must still be listed when they are released.
    world.advance(minutes(60));
    await settle(driver);
    expect(issues()).toHaveLength(0);

    await retry("many_new_cases");
    await settle(driver);

    expect(issues()).toHaveLength(51);
    expect(await failures()).toEqual([]);
    await expectAgreement(driver);
  });
});

describe("a link", () => {
  test("that looks like a loop rests in both directions until it is released", async () => {
    const driver = drive();
    const caseId = people.createCase();
    await settle(driver);
    for (let count = 0; count < 20; count += 1) {
      people.write(caseId);
      people.comment(issueOf(caseId).key);
    }
    await settle(driver);

    expect(await linkOf(caseId)).toMatchObject({ state: "blocked", reason: "loop_suspected" });
    expect(ownComments(caseId).length + messagesOf(caseId).length).toBe(31);
    expect(ownComments(caseId).at(-1)?.bodyText).toContain("loop_suspected");

    await retry("loop_suspected");
    await settle(driver);

    expect(messagesOf(caseId)).toHaveLength(20);
    expect(ownComments(caseId)).toHaveLength(21);
    expect(await failures()).toEqual([]);
    await expectAgreement(driver);
  });

  test("whose messages Huawei forbids goes on in the other direction, says so once, and keeps the order", async () => {
    let refused = true;
    const forbid = (port: HuaweiPort): HuaweiPort => ({
      ...port,
      createMessage: async (...args) => {
        if (refused) throw refuse("forbidden", "createMessage");
        return port.createMessage(...args);
      },
    });
    const driver = drive({ huawei: forbid });
    const caseId = people.createCase();
    await settle(driver);
    for (let count = 0; count < 3; count += 1) people.comment(issueOf(caseId).key);
    await settle(driver);
    people.write(caseId);
    await settle(driver);

    expect(messagesOf(caseId)).toHaveLength(0);
    const told = ownComments(caseId).map((comment) => comment.bodyText);
    expect(told.filter((text) => text.includes("do not reach the service ticket"))).toHaveLength(1);
    expect(told.filter((text) => text.includes("<m1>"))).toHaveLength(1);
    expect((await linkOf(caseId)).state).toBe("active");

    refused = false;
    for (const failure of await failures()) await admin().retryFailure(failure.id);
    await settle(driver);

    expect(messagesOf(caseId).map((message) => /<c\d>/.exec(message.content)?.[0])).toEqual(["<c1>", "<c2>", "<c3>"]);
    expect(await failures()).toEqual([]);
    await expectAgreement(driver);
  });

  test("whose message shows in the poll only late is still noticed, without a full check", async () => {
    const driver = drive();
    const caseId = people.createCase();
    await settle(driver);
    world.huawei.setSettings({ readLagMs: 90_000 });
    people.write(caseId);
    people.write(caseId);
    await settle({ ...driver, quietRounds: 5 });

    expect(ownComments(caseId)).toHaveLength(2);
    await expectAgreement(driver);
  });
});

test("a comment that the list lacked while its run stood still is noticed without a full check", async () => {
  const calm = drive();
  const caseId = people.createCase();
  await settle(calm);
  world.jira.setSettings({ listLagMs: 10_000 });
  people.comment(issueOf(caseId).key);
  let stoodStill = 0;
  const standing = drive({
    jira: (port) => ({
      ...port,
      findIssueWithComments: async (...call) => {
        const answer = await port.findIssueWithComments(...call);
        if (stoodStill === 0) world.advance(45_000);
        stoodStill += 1;
        return answer;
      },
    }),
  });
  for (const worker of world.workers) await world.kill(worker);

  await settle(standing);

  expect(stoodStill).toBeGreaterThan(1);
  expect(messagesOf(caseId).map(({ content }) => content)).toEqual([expect.stringContaining("<c1>")]);
});

describe("a second copy that shows up later than the settle time", () => {
  test("is removed in Jira", async () => {
    const driver = drive();
    const caseId = people.createCase({ files: 1 });
    await settle(driver);
    world.jira.setSettings({ listLagMs: 90_000 });
    world.jira.addFault({ operation: "addComment", kind: "reset_after", times: 1 });
    people.write(caseId);
    await settle(driver);
    expect(ownComments(caseId)).toHaveLength(2);

    await checkAll(driver);

    expect(ownComments(caseId)).toHaveLength(1);
    await expectAgreement(driver);
  });

  test("is a whole issue: it goes when nobody has touched it, and is reported when somebody has", async () => {
    await world.reset({
      settings: (settings) => ({ ...settings, settle: { ...settings.settle, searchSeconds: 20 } }),
      jira: { searchLagMs: 120_000 },
    });
    const driver = drive();
    await settle(driver);
    const twice = async (): Promise<string> => {
      world.jira.addFault({ operation: "createIssue", kind: "reset_after", times: 1 });
      const caseId = people.createCase();
      await pass(driver, 4, 10_000);
      expect(issuesOf(caseId)).toHaveLength(2);
      return caseId;
    };
    const issuesOf = (caseId: string) => issues().filter((issue) => issue.labels.includes(`hwcase-${caseId}`));
    const untouched = await twice();
    const touched = await twice();
    const kept = [await linkOf(untouched), await linkOf(touched)].map((link) => link.issueKey);
    const other = issuesOf(touched).find((issue) => !kept.some((key) => key === issue.key));
    people.comment(other?.key ?? "");
    world.advance(120_000);

    await settle(driver);

    expect(issuesOf(untouched).map((issue) => issue.key)).toEqual([kept[0]]);
    expect(issuesOf(touched)).toHaveLength(2);
    expect((await failures()).map(({ reason, item }) => [reason, item])).toEqual([
      ["duplicate", `issue:${other?.key}`],
    ]);
    await expectAgreement(driver);
  });

  test("is reported in Huawei, and does not come back as news", async () => {
    const driver = drive();
    const caseId = people.createCase();
    await settle(driver);
    world.huawei.setSettings({ readLagMs: 200_000 });
    world.huawei.addFault({ operation: inDialect("CreateMessages"), kind: "reset_after", times: 1 });
    people.comment(issueOf(caseId).key);
    await settle({ ...driver, quietRounds: 10 });
    await checkAll(driver);

    expect(messagesOf(caseId)).toHaveLength(2);
    expect(ownComments(caseId)).toHaveLength(0);
    expect((await failures()).map((failure) => failure.reason)).toEqual(["duplicate"]);
    await expectAgreement(driver);
  });
});

test("a message with a mark that nobody remembers is mirrored as it stands once a person says so", async () => {
  const driver = drive();
  const caseId = people.createCase();
  await settle(driver);
  people.comment(issueOf(caseId).key);
  await settle(driver);
  people.write(caseId, { author: "customer", text: "[OPS-77#123456] Somebody: copied from elsewhere" });
  await checkAll(driver);
  expect((await failures()).map((failure) => failure.reason)).toEqual(["unknown_mark"]);
  expect(ownComments(caseId)).toHaveLength(0);

  await retry("unknown_mark");
  await settle(driver);

  expect(ownComments(caseId).map((comment) => comment.bodyText)).toEqual([
    expect.stringContaining("copied from elsewhere"),
  ]);
  expect(await failures()).toEqual([]);
  await expectAgreement(driver);
});
