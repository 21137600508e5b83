/** `applyStep` says of a link what the database then holds, whatever the steps. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testSeed } from "../../test/support/seed.ts";
import type { FailureReason } from "../domain/failure.ts";
import { type CaseId, type IssueId, type IssueKey, toId } from "../domain/ids.ts";
import type { Mirror } from "../domain/link.ts";
import type { Side } from "../domain/service-error.ts";
import type { LinkSnapshot, StatePort, StateStep } from "../sync/state.ts";
import { makeState } from "./state.ts";
import { addConnections, addLink, makeTestClock, makeTestDatabase, type TestDatabase } from "./testing.ts";

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
const payload = fc.record({
  content: text,
  files: fc.array(text, { maxLength: 2 }),
  owner: maybe(fc.record({ kind: text })),
});
const identity = {
  kind: some<Mirror["kind"]>("message", "comment", "file"),
  origin: some<Side>("huawei", "jira"),
  sourceId: some<string>("1", "1#2", "2", "12", "fp:1"),
};
const intentKey = some("k1", "k2", "k3");
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
    mirrors: rows(
      fc.record(
        {
          ...identity,
          fingerprint: maybe(text),
          sourceHash: maybe(text),
          copyId: maybe(text),
          copyFingerprints: fc.array(text, { maxLength: 2 }),
          version: fc.nat(9),
          state: some("sending", "live", "held"),
          reason: maybe(text),
          sizeBytes: maybe(fc.nat(2 ** 40)),
          parentId: maybe(identity.sourceId),
          missingSince: maybe(moment),
          sourceAt: maybe(moment),
        },
        { requiredKeys: ["kind", "origin", "sourceId"] },
      ),
    ),
    renames: fc.array(
      fc.record({ kind: fc.constant("message"), origin: identity.origin, from: some("1", "fp:1"), to: some("2", "9") }),
      { maxLength: 1 },
    ),
    intents: fc.uniqueArray(
      fc.record({
        kind: some("comment", "message"),
        key: intentKey,
        side: identity.origin,
        state: intentState,
        payload,
        mark: maybe(text),
      }),
      { maxLength: 2, selector: ({ key }) => key },
    ),
    intentPatches: rows(
      fc.record(
        {
          key: intentKey,
          state: intentState,
          attemptedAt: moment,
          looks: fc.nat(5),
          nextLookAt: maybe(moment),
          attempts: fc.nat(5),
          payload,
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
