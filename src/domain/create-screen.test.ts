import { expect, test } from "vitest";
import {
  allowedText,
  fieldProblem,
  findMisfit,
  findScreenField,
  type ScreenField,
  toNamedValue,
  type ValueMisfit,
} from "./create-screen.ts";

const field = (part: Partial<ScreenField>): ScreenField => ({
  fieldId: "customfield_1",
  name: "Impact",
  required: false,
  hasDefault: false,
  allowed: [],
  type: null,
  items: null,
  ...part,
});
const options = [
  { id: "10", name: "Low" },
  { id: "11", name: "High" },
];

test("a field is meant by its id, or by a name that no other one has", () => {
  const screen = [
    field({}),
    field({ fieldId: "customfield_2", name: "Kosten" }),
    field({ fieldId: "customfield_3", name: "kosten" }),
  ];

  expect(findScreenField(screen, " IMPACT ")).toEqual({ kind: "one", field: screen[0] });
  expect(findScreenField(screen, "customfield_2")).toEqual({ kind: "one", field: screen[1] });
  expect(fieldProblem(screen, "Impact")).toBeNull();
  expect(fieldProblem(screen, "Kosten")).toBe("Kosten is the name of several fields: customfield_2, customfield_3");
  expect(fieldProblem(screen, "Umfang")).toBe("the create screen has no field Umfang");
});

test.each<[string, Partial<ScreenField>, unknown, ValueMisfit | null]>([
  ["an option by its id", { type: "option", allowed: options }, { id: "10" }, null],
  ["an option by its value", { type: "option", allowed: options }, { value: "High" }, null],
  [
    "an option that is not there",
    { type: "option", allowed: options },
    { id: "12" },
    { kind: "refused", value: '{"id":"12"}' },
  ],
  [
    "the id counts, whatever the value",
    { type: "option", allowed: options },
    { id: "12", value: "Low" },
    { kind: "refused", value: '{"id":"12","value":"Low"}' },
  ],
  ["an option by its name alone", { type: "option", allowed: options }, "high", null],
  ["an option by its id alone", { type: "option", allowed: options }, "11", null],
  ["a name that no option has", { type: "option", allowed: options }, "Top", { kind: "refused", value: '"Top"' }],
  ["a person as a text", { type: "user" }, "712020:1", { kind: "mapping" }],
  ["a name in a list", { type: "array", allowed: options }, ["Low", "Top"], { kind: "refused", value: '"Top"' }],
  [
    "one of a list",
    { type: "array", allowed: options },
    [{ name: "Low" }, { name: "Top" }],
    { kind: "refused", value: '{"name":"Top"}' },
  ],
  ["a list that is none", { type: "array", allowed: options }, { name: "Low" }, { kind: "list" }],
  ["a number as a text", { type: "number" }, "3", { kind: "number" }],
  ["a person", { type: "user" }, { accountId: "712020:1" }, null],
  ["a kind that nobody knows", { type: "sd-approvals" }, "x", null],
])("%s", (_name, part, value, problem) => {
  expect(findMisfit(field(part), value)).toEqual(problem);
});

test("allowed values are told by id and name, ten of them", () => {
  expect(allowedText(field({}))).toBeNull();
  expect(allowedText(field({ allowed: options }))).toBe("10 Low, 11 High");
  const many = Array.from({ length: 12 }, (_, index) => ({ id: `${index}`, name: `${index}` }));
  expect(allowedText(field({ allowed: many }))).toBe("0, 1, 2, 3, 4, 5, 6, 7, 8, 9, and 2 more");
});

test("a name or id alone becomes the value that Jira takes; everything else stays", () => {
  const select = field({ type: "option", allowed: options });

  expect(toNamedValue(select, "high")).toEqual({ id: "11" });
  expect(toNamedValue(select, ["Low", { id: "11" }])).toEqual([{ id: "10" }, { id: "11" }]);
  expect(toNamedValue(select, "Top")).toBe("Top");
  expect(toNamedValue(field({ type: "string" }), "high")).toBe("high");
});
