import { expect, test } from "vitest";
import { chooseStatus } from "./status-choice.ts";

const choose = (caseStatus: number, ...names: readonly string[]): string => {
  const statuses = names.map((name, at) => ({ id: String(10_000 + at), name }));
  const found = chooseStatus(statuses, caseStatus);
  return found.kind === "one" ? found.status.name : found.kind;
};

test.each([
  ["a solved case", 3, ["Cancelled", "Done"], "Done"],
  ["a solved case, in Chinese", 3, ["已取消", "完成"], "完成"],
  ["a solved case, in German", 3, ["Abgelehnt", "Erledigt"], "Erledigt"],
  ["a solved case, many outcomes", 3, ["Won't do", "Duplicate", "Closed", "Resolved"], "Resolved"],
  ["a solved case, one unknown word left", 3, ["Rejected", "Ausgeliefert"], "Ausgeliefert"],
  ["a solved case, only one way", 3, ["Cancelled"], "Cancelled"],
  ["a solved case, no word known", 3, ["Alpha", "Beta"], "ambiguous"],
  ["a solved case, two words alike", 3, ["Closed by support", "Closed by vendor"], "ambiguous"],
  ["a withdrawn case", 4, ["Done", "Cancelled"], "Cancelled"],
  ["an invalid case", 12, ["Done", "Declined"], "Declined"],
  ["a withdrawn case without a status of its own", 4, ["Closed", "Done"], "Done"],
  ["a case in work", 1, ["In Review", "In Progress"], "In Progress"],
  ["a case in work at a service desk", 1, ["Waiting for customer", "Waiting for support"], "Waiting for support"],
  ["a case that waits for us", 17, ["Waiting for support", "Waiting for customer"], "Waiting for customer"],
  ["a case that waits for us, no such status", 2, ["In Review", "In Progress"], "In Progress"],
  ["a case in work, no word known", 1, ["Beta", "Alpha"], "Beta"],
  ["a new case", 0, ["Backlog", "To Do"], "To Do"],
  ["no status", 3, [], "none"],
])("%s leads to the status that means it", (_name, caseStatus, names, expected) => {
  const numbered = names.map((name, at) => ({ id: String(10_000 + at), name }));

  expect(choose(caseStatus, ...names)).toBe(expected);
  // Whatever the order of the list.
  const turned = chooseStatus(numbered.toReversed(), caseStatus);
  expect(turned.kind === "one" ? turned.status.name : turned.kind).toBe(expected);
});
