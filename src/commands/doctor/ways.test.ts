import { expect, test } from "vitest";
import type { Transition } from "../../domain/issue.ts";
import { doctorTexts } from "./texts/texts.ts";
import { fieldLines, findSteps, leadsTo, viaLines } from "./ways.ts";

const to = (id: string, toCategory: Transition["toCategory"], more: Partial<Transition> = {}): Transition => ({
  transitionId: `to-${id}`,
  name: `Go ${id}`,
  toStatusId: id,
  toStatusName: `Status ${id}`,
  toCategory,
  requiredFields: [],
  ...more,
});
/** 1 → 2 → 3 → 4 (done), and a detour by 5. */
const moves = new Map([
  ["1", [to("5", "indeterminate"), to("2", "indeterminate")]],
  ["2", [to("3", "indeterminate"), to("1", "new")]],
  ["3", [to("4", "done")]],
  ["5", [to("1", "new")]],
]);
const isDone = (transition: Transition): boolean => leadsTo(transition, { category: "done" });

test("the shortest way that was seen is found, and none where none was", () => {
  expect(findSteps(moves, "1", isDone)).toEqual(["2", "3"]);
  expect(findSteps(moves, "3", isDone)).toEqual([]);
  expect(findSteps(moves, "4", isDone)).toBeNull();
  expect(findSteps(moves, "1", (transition) => leadsTo(transition, { statusId: "9" }))).toBeNull();
});

test("of several ways to a target the longest is written, each target on its own", () => {
  expect(
    viaLines([
      { target: "done", steps: ["3"] },
      { target: "done", steps: ["2", "3"] },
      { target: "10012", steps: ["2"] },
      { target: "new", steps: [] },
    ]),
  ).toEqual(['status.via: { done: ["2","3"], "10012": ["2"] }']);
});

test("what a transition demands and nothing fills is written with a value that its field takes", () => {
  const screen = [
    { fieldId: "resolution", name: "Resolution", type: "resolution", allowed: [{ id: "10000", name: "Done" }] },
    { fieldId: "customfield_1", name: "Ursache", type: "string" },
    { fieldId: "customfield_2", name: "Owner", type: "user" },
  ];
  const finish = to("4", "done", { requiredFields: ["Resolution", "Ursache", "Owner"], screen });

  expect(
    fieldLines(doctorTexts.en, [finish], { given: { "Status 4": { ursache: "x" } }, ownAccountId: "712020:own" }),
  ).toEqual([
    'status.fields: { "Status 4": { resolution: { value: { id: "10000" } } (takes 10000 Done); customfield_2: { value: { accountId: "712020:own" } } } }',
  ]);
  expect(fieldLines(doctorTexts.en, [to("4", "done")], { given: undefined, ownAccountId: "712020:own" })).toEqual([]);
});
