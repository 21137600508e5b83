import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { failureRemedies, remedyFor } from "./failure.ts";

test("docs/operations.md has one section for each reason, and for no other", async () => {
  const text = await readFile("docs/operations.md", "utf8");
  const reasons = text.slice(text.indexOf("## Reasons"), text.indexOf("## Alerts"));

  const sections = [...reasons.matchAll(/^### (\S+)\n(.+)/gm)];

  expect(sections.map(([, reason]) => reason)).toEqual(Object.keys(failureRemedies).sort());
});

test("a reason of another release gets an answer too", () => {
  expect(remedyFor("moved")).toBe(failureRemedies.moved);
  expect(remedyFor("toString")).toContain("docs/operations.md");
});
