import { expect, test } from "vitest";
import type { Transition } from "./issue.ts";
import { fillTransition } from "./transition-fields.ts";

const finish: Transition = {
  transitionId: "5",
  name: "Finish",
  toStatusId: "10001",
  toStatusName: "Done",
  toCategory: "done",
  requiredFields: ["Resolution", "Cause"],
  screen: [
    { fieldId: "resolution", name: "Resolution" },
    { fieldId: "customfield_1", name: "Cause" },
    { fieldId: "customfield_2", name: "Hours" },
  ],
};

test("what the target status is given fills its screen, by names and ids; the rest is missing", () => {
  expect(fillTransition(finish, undefined)).toEqual({ fields: {}, missing: ["Resolution", "Cause"] });
  expect(fillTransition(finish, { done: { resolution: { name: "Done" }, elsewhere: 1 } })).toEqual({
    fields: { resolution: { name: "Done" } },
    missing: ["Cause"],
  });
  expect(
    fillTransition(finish, { "10001": { Resolution: { id: "1" } }, Done: { cause: "fixed" }, Closed: { Hours: 2 } }),
  ).toEqual({ fields: { resolution: { id: "1" }, customfield_1: "fixed" }, missing: [] });
});

test("a transition without a screen is sent nothing", () => {
  const { screen: _screen, ...plain } = { ...finish, requiredFields: [] };
  expect(fillTransition(plain, { Done: { resolution: { name: "Done" } } })).toEqual({ fields: {}, missing: [] });
});
