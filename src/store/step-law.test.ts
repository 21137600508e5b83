/** `applyStep` says of a link what the database then holds, whatever the steps. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testSeed } from "../../test/support/seed.ts";
import type { FailureReason } from "../domain/failure.ts";
import { type CaseId, type IssueId, type IssueKey, toId } from "../domain/ids.ts";
import { type NewIntent, newIntent } from "../domain/rows/intent.ts";
import { type MirrorId, type MirrorPatch, mirrorId } from "../domain/rows/mirror.ts";
import { noticeId } from "../domain/rows/mirror-name.ts";
import { thawed } from "../domain/text/guarded.ts";
import type { LinkSnapshot, StatePort, StateStep } from "../sync/state.ts";
import { makeState } from "./state.ts";
import { addConnections, addLink, aNotice, makeTestClock, makeTestDatabase, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
let state: StatePort;
const clock = makeTestClock();

beforeAll(async () => {
  database = await makeTestDatabase();
  state = makeState({ prisma: database.prisma, clock });
  await addConnections(database, "main");
});
afterAll(async () => {
  await database.drop();
});

/** Few names, so that steps meet the rows of earlier ones. */
const some = <const Value>(...values: Value[]) => fc.constantFrom(...values);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
const rows = <Value>(row: fc.Arbitrary<Value>) => fc.array(row, { maxLength: 3 });
const moment = fc.date({ min: new Date("2026-01-01"), max: new Date("2026-12-31"), noInvalidDate: true });
const text = some<string>("a", "b", "a\0b", "half \ud800", "多");
const sourceId = some<string>("1", "1#2", "2", "12", "fp:1");
const ids = fc.oneof(
  sourceId.map(mirrorId.message),
  sourceId.map(mirrorId.comment),
  sourceId.map(mirrorId.caseFile),
  sourceId.map(mirrorId.issueFile),
  some("waits-1", "waits-x", "reply-1").map(noticeId),
  some(1, 2).chain((n) =>
    some<MirrorId>(mirrorId.move(n), mirrorId.movedBack(n), mirrorId.reopen(n), mirrorId.change(n)),
  ),
  some<MirrorId>(mirrorId.command("1"), mirrorId.guard("comment:1"), mirrorId.relation("C1"), mirrorId.relations),
);
const fields = {
  fingerprint: maybe(text),
  sourceHash: maybe(text),
  copyId: maybe(text),
  copyFingerprints: fc.array(text, { maxLength: 2 }),
  version: fc.nat(9),
  state: some("sending", "live", "held"),
  sizeBytes: maybe(fc.nat(2 ** 40)),
  parentId: maybe(sourceId),
  missingSince: maybe(moment),
  sourceAt: maybe(moment),
} as const;
/** Reasons as each kind has them. */
function reasonOf({ kind }: MirrorId): fc.Arbitrary<NonNullable<MirrorPatch["reason"]> | null> {
  if (kind === "command")
    return some<NonNullable<MirrorPatch["reason"]> | null>(
      { name: "rate", result: "done" },
      { name: "close", result: "not now: full" },
    );
  if (kind === "guard") return some("masked", "as_is", null);
  if (kind === "file")
    return some<NonNullable<MirrorPatch["reason"]> | null>(
      "words",
      { code: "quota", words: "a: b" },
      { restrictedCommentIds: ["1", "2"] },
      null,
    );
  return kind === "comment"
    ? some<NonNullable<MirrorPatch["reason"]> | null>("deleted", { givenUpMarks: ["comment:1:v1"] }, null)
    : some("because", null);
}
const mirrorPatch = ids.chain((id) =>
  fc
    .record({ ...fields, reason: reasonOf(id) }, { requiredKeys: [] })
    .map((patch) => ({ ...id, ...patch }) as MirrorPatch),
);
const message = { content: text.map(thawed), index: fc.nat(3) };
const newIntents: fc.Arbitrary<NewIntent> = fc.oneof(
  fc.record({ cause: some("k1", "k2"), bodyAdf: text, mark: maybe(text) }).map(({ cause, bodyAdf, mark }) => {
    return { ...aNotice(cause, { bodyAdf, gap: undefined }), mark };
  }),
  fc.record({ n: some(1, 2), ...message }).map(({ n, ...payload }) => {
    return newIntent({ kind: "change", n }, { payload: { ...payload, owner: mirrorId.change(n) } });
  }),
  fc.record({ commentId: some("1", "2"), ...message }).map(({ commentId, ...payload }) => {
    const id = { kind: "comment_part", commentId, version: 1, index: 1, count: 1 } as const;
    return newIntent(id, { payload: { ...payload, owner: mirrorId.comment(commentId), fileIds: ["f1"] } });
  }),
  fc
    .record({ movedMs: some(1, 2), trace: text })
    .map(({ movedMs, trace }) =>
      newIntent({ kind: "move", movedMs }, { payload: { action: "close", description: thawed("a"), trace } }),
    ),
  fc.record({ sourceAt: moment, intents: fc.constant([aNotice("k1", "owed")]) }).map(({ sourceAt, intents }) =>
    newIntent(
      { kind: "case" },
      {
        payload: {
          input: {
            subTypeId: null,
            productId: null,
            problemTypeId: thawed("bt"),
            regionId: null,
            severityId: null,
            extends: { a: thawed("b") },
            description: thawed("down"),
            fileIds: ["f1"],
          },
          since: sourceAt.toISOString(),
          intents,
          mirrors: [{ ...mirrorId.change(0), sourceAt, state: "live" }],
          failures: [],
          notes: ["n"],
        },
      },
    ),
  ),
);
const intentKey = some("notice:k1", "notice:k2", "message:changed-1", "action:move-1", "case");
const intentState = some("planned", "sent", "unknown");
const item = some<string>("case", "link", "file:1");

const step: fc.Arbitrary<StateStep> = fc.record(
  {
    link: fc.record(
      {
        reason: maybe(text),
        caseStatus: fc.integer({ min: 0, max: 5 }),
        agreedCategory: some("new", "indeterminate", "done"),
        jiraUpdatedRaw: text,
        createCheckedAt: maybe(moment),
        mirroredLabels: fc.array(text, { maxLength: 2 }),
        namedMessages: fc.array(text, { maxLength: 2 }),
        burstWrites: fc.nat(9),
        closedSeenAt: maybe(moment),
        held: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    mirrors: rows(mirrorPatch),
    renames: fc.array(
      fc.record({
        kind: fc.constant("message"),
        origin: fc.constant("huawei"),
        from: some("1", "fp:1"),
        to: some("2", "9"),
      }),
      { maxLength: 1 },
    ),
    intents: fc.uniqueArray(newIntents, { maxLength: 2, selector: ({ key }) => key }),
    intentPatches: rows(
      fc.record(
        {
          key: intentKey,
          state: intentState,
          attemptedAt: moment,
          looks: fc.nat(5),
          nextLookAt: maybe(moment),
          attempts: fc.nat(5),
          repeated: fc.constant(true),
        },
        { requiredKeys: ["key"] },
      ),
    ),
    confirmedIntents: fc.array(intentKey, { maxLength: 2 }),
    failures: rows(
      fc.record({
        direction: some("to-jira", "to-huawei", "both"),
        item,
        reason: some<FailureReason>("rejected", "job_failed"),
        detail: text,
      }),
    ),
    resolvedFailures: rows(fc.record({ item })),
  },
  { requiredKeys: [] },
);

/** A key that is there is confirmed by the step that makes it anew, as all callers do. */
function possible(made: StateStep, snapshot: LinkSnapshot): StateStep {
  const taken = (made.intents ?? [])
    .map(({ key }) => key)
    .filter((key) => snapshot.intents.some((old) => old.key === key));
  return { ...made, confirmedIntents: [...(made.confirmedIntents ?? []), ...taken] };
}

/** Rows of the same link have no order that any rule rests on. */
function unordered({ mirrors, failures, ...rest }: LinkSnapshot) {
  const sorted = <Row>(list: readonly Row[], nameOf: (row: Row) => string) =>
    list.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return {
    ...rest,
    mirrors: sorted(mirrors, ({ kind, origin, sourceId }) => [kind, origin, sourceId].join()),
    failures: sorted(failures, ({ item, reason }) => [item, reason].join()),
  };
}

it("a snapshot that went through steps is what the database holds after them", { timeout: 60_000 }, async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      count += 1;
      const id = await addLink(state, "main", `C${count}`);
      const leased = await state.claimLink(id, "run", 60_000);
      if (leased === null) throw new Error("the lease was not free");
      await leased.apply({
        link: {
          issueId: toId<IssueId>(`${count}`),
          issueKey: toId<IssueKey>(`OPS-${count}`),
          caseId: toId<CaseId>(`C${count}`),
        },
      });
      for (const made of steps) {
        clock.advance(1_000);
        await leased.apply(possible(made, leased.snapshot));
        const stored = await state.findSnapshot(id);
        if (stored === null) throw new Error("no such link");
        expect(unordered(leased.snapshot)).toEqual(unordered(stored));
      }
    }),
    { numRuns: 150, seed: testSeed("steps and snapshots") },
  );
});
