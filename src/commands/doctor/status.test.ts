import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StatusCategory, Transition } from "../../domain/issue.ts";
import type { StatusTarget } from "../../domain/settings.ts";
import { moveIssue } from "../../sync/apply/status.ts";
import type { ApplyDeps } from "../../sync/apply/write-once.ts";
import { isCompatible } from "../../sync/plan/status.ts";
import type { LeasedLink } from "../../sync/state.ts";
import { findOscillations, predictMove, type StatusMap, type WorkflowStatus } from "./status.ts";
import { doctorTexts } from "./texts/texts.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`doctor-status seed ${seed}`);

const category = fc.constantFrom<StatusCategory>("new", "indeterminate", "done");
const statusIds = ["1", "2", "3", "4", "5"] as const;
const statusId = fc.constantFrom<string>(...statusIds);
const workflow: fc.Arbitrary<WorkflowStatus[]> = fc
  .tuple(category, category, category, category, category)
  .map((all) => all.map((one, index) => ({ id: statusIds[index] ?? "", name: `S${index}`, category: one })));
const target: fc.Arbitrary<StatusTarget> = fc.oneof(
  category.map((one) => ({ category: one })),
  statusId.map((one) => ({ statusId: one })),
);
const caseStatuses = [0, 1, 2, 3, 4, 5, 12, 13, 17, 42] as const;
const map: fc.Arbitrary<StatusMap> = fc.tuple(...caseStatuses.map(() => target)).map((targets) => ({
  toJira: Object.fromEntries(caseStatuses.map((number, index) => [number, targets[index] ?? { category: "new" }])),
  via: {},
}));

/**
 * The two sides as they push each other: Jira follows the case where the two do not fit, then the case follows what stands in Jira
 * (closed for done, taken up again otherwise). Answers whether they come to rest.
 */
function comesToRest(start: number, toJira: StatusMap["toJira"], statuses: readonly WorkflowStatus[]): boolean {
  let caseStatus = start;
  const categoryOf = (number: number): StatusCategory => {
    const to = toJira[number] ?? { category: "indeterminate" };
    return "category" in to ? to.category : (statuses.find(({ id }) => id === to.statusId)?.category ?? "new");
  };
  for (let turn = 0; turn < 8; turn += 1) {
    const inJira = categoryOf(caseStatus);
    if (isCompatible(caseStatus, inJira)) return turn === 0;
    caseStatus = inJira === "done" ? 3 : 1;
  }
  return false;
}

describe("the status map", () => {
  test("is called safe exactly where the two sides come to rest at the first step, whatever the case's status", () => {
    fc.assert(
      fc.property(map, workflow, (status, statuses) => {
        const restless = caseStatuses.filter((number) => !comesToRest(number, status.toJira, statuses));

        expect(findOscillations(status, statuses)).toHaveLength(restless.length);
      }),
      { seed, numRuns: 500 },
    );
  });

  test("oscillation names case status, target and category", () => {
    const statuses: WorkflowStatus[] = [{ id: "5", name: "Done", category: "done" }];

    const found = findOscillations({ toJira: { 1: { statusId: "5" }, 3: { category: "new" } }, via: {} }, statuses);

    expect(found.map((words) => words(doctorTexts.en))).toEqual([
      "a case that is open (status 1) leads to Done (5), which is done",
      "a case that is closed (status 3) leads to category new, which is new",
    ]);
  });
});

class Refused extends Error {}

/** What the flow itself does in a workflow of these moves: the same words as the prediction. */
async function moveForReal(input: {
  from: string;
  target: StatusTarget;
  via: StatusMap["via"];
  fields: NonNullable<StatusMap["fields"]>;
  moves: ReadonlyMap<string, readonly Transition[]>;
}): Promise<"arrives" | "stuck"> {
  let at = input.from;
  const deps = {
    lane: "live",
    settings: { languages: ["en"], status: { via: input.via, fields: input.fields } },
    text: { messageToAdf: () => [{}] },
    jira: {
      listTransitions: async () => input.moves.get(at) ?? [],
      findIssue: async () => ({ statusId: "none", category: "none" }),
      transitionIssue: async (_issue: string, transitionId: string) => {
        at = input.moves.get(at)?.find((move) => move.transitionId === transitionId)?.toStatusId ?? at;
      },
    },
  } as unknown as ApplyDeps;
  const leased = {
    snapshot: { link: { issueId: "10001" }, mirrors: [], intents: [] },
    apply: async (step: { failures?: unknown }) => {
      // The notice that follows a refusal is none of our business here.
      if (step.failures !== undefined) throw new Refused();
    },
  } as unknown as LeasedLink;
  try {
    const caseStatus = caseStatusFor(input.target);
    await moveIssue(deps, leased, { kind: "move_issue", target: input.target, caseStatus } as Parameters<
      typeof moveIssue
    >[2]);
    return "arrives";
  } catch (error) {
    if (error instanceof Refused) return "stuck";
    throw error;
  }
}

/** A case of the kind that the target is for: what a case status means decides among several statuses. */
function caseStatusFor(to: StatusTarget): number {
  return "category" in to && to.category !== "done" ? 1 : 3;
}

test("what doctor says of a move is what the flow does, in any workflow", async () => {
  const move = fc.record({
    toStatusId: statusId,
    toStatusName: statusId,
    requiredFields: fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.constant(["Team"]) },
    ),
    screen: fc.constantFrom([], [{ fieldId: "customfield_1", name: "Team" }]),
  });
  const fieldsGiven = fc.dictionary(statusId, fc.constant({ team: { id: "1" } }), { maxKeys: 2 });
  await fc.assert(
    fc.asyncProperty(
      workflow,
      fc.array(fc.array(move, { maxLength: 3 }), { minLength: 5, maxLength: 5 }),
      statusId,
      target,
      fc.uniqueArray(statusId, { maxLength: 4 }),
      fieldsGiven,
      async (statuses, offered, from, to, steps, fields) => {
        const categoryOf = (id: string) => statuses.find((one) => one.id === id)?.category ?? "new";
        const moves = new Map<string, readonly Transition[]>(
          offered.map((list, index) => [
            statusIds[index] ?? "",
            list.map((one, place) => ({
              ...one,
              transitionId: `${index}-${place}`,
              name: "T",
              toCategory: categoryOf(one.toStatusId),
            })),
          ]),
        );
        const via = { ["statusId" in to ? to.statusId : to.category]: steps };
        const input = { from, target: to, via, moves, fields };

        const { end } = predictMove({ ...input, caseStatus: caseStatusFor(to) });
        // The flow rests among statuses that fit alike, as it does where no way leads on.
        expect(end === "ambiguous" ? "stuck" : end).toBe(await moveForReal(input));
      },
    ),
    { seed, numRuns: 500 },
  );
});

test("a status in which no issue stands makes a move unknown, not right and not wrong", () => {
  const moves = new Map([
    [
      "1",
      [
        {
          transitionId: "a",
          name: "A",
          toStatusId: "2",
          toStatusName: "2",
          toCategory: "new" as const,
          requiredFields: [],
        },
      ],
    ],
  ]);

  expect(predictMove({ from: "1", target: { category: "done" }, via: { done: ["2"] }, moves, caseStatus: 3 })).toEqual({
    end: "unknown",
    at: "2",
  });
});
