import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { textDocument } from "../scripts/docs-text.ts";
import { findAdfProblem } from "../simulators/jira/adf.ts";
import { SAMPLE_COMMENTS } from "./corpus/messages.ts";

test("docs/text.md is what `npm run docs:text` writes", () => {
  expect(readFileSync(new URL("../docs/text.md", import.meta.url), "utf8")).toBe(textDocument());
});

test("the samples of Jira are documents that Jira could hold", () => {
  for (const { title, body } of SAMPLE_COMMENTS) expect(findAdfProblem(body), title).toBeNull();
});
