import { expect, test } from "vitest";
import { type FactValues, possibleValues, resolveRule, type ValueRule } from "./value-rule.ts";

const facts: FactValues = {
  product: ["Elastic Cloud Server"],
  problemType: [],
  subType: [],
  region: ["CN North"],
  severity: ["Critical"],
  label: ["vip", "gold"],
  submitter: ["zhang.san"],
  connection: ["default"],
};

test.each<[string, ValueRule, unknown]>([
  ["a value for every case", { value: { id: "1" } }, { id: "1" }],
  [
    "a fact whatever its capitals",
    { from: "product", map: { " elastic cloud server ": [{ name: "ECS" }] } },
    [{ name: "ECS" }],
  ],
  ["a label among several", { from: "label", map: { silver: 1, gold: 2, "*": 3 } }, 2],
  [
    "any other value, which is told within",
    { from: "severity", map: { "*": [{ value: "is {value}" }] } },
    [{ value: "is Critical" }],
  ],
  ["nothing of the map", { from: "region", map: { "CN South": 1 }, otherwise: 7 }, 7],
  ["nothing of the map, and nothing else", { from: "region", map: { "CN South": 1 } }, undefined],
  ["a fact that the case does not tell is no other value", { from: "problemType", map: { "*": 1 }, otherwise: [] }, []],
  ["a key named * is no value of a fact", { from: "submitter", map: { "*": "$& {value}" } }, "$& zhang.san"],
])("%s", (_name, rule, value) => {
  expect(resolveRule(rule, facts)).toEqual(value);
});

test("all values that a rule may give are listed", () => {
  expect(possibleValues({ value: 1 })).toEqual([1]);
  expect(possibleValues({ from: "label", map: { a: 1, "*": 2 }, otherwise: 3 })).toEqual([1, 2, 3]);
});
