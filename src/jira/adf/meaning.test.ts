/** Words keep their meaning, both ways: what a mark, attribute, style or span says is carried, shown in words, or named as not carried. */
import { describe, expect, it } from "vitest";
import { findAdfProblem } from "../../../simulators/jira/adf.ts";
import { COMMENT_MEANINGS } from "../../../test/corpus/comment-meanings.ts";
import { MARKDOWN_MEANINGS, PLAIN_TEXTS, RICH_MEANINGS } from "../../../test/corpus/message-meanings.ts";
import { firstLine, looksLikeHtml, messageToAdf } from "./build.ts";
import { adfToText } from "./to-text.ts";

describe("a document of Jira in plain text", () => {
  it.each(COMMENT_MEANINGS)("%s", (_title, body, shown) => {
    expect(adfToText(body)).toBe(shown);
  });
});

/** As text again: what a reader of the issue sees. */
function shown(text: string): string {
  const { docs } = messageToAdf({ header: "", text });
  for (const made of docs) expect(findAdfProblem(made)).toBeNull();
  return docs.map((made) => adfToText(made)).join("\n");
}

describe("a rich text of Huawei Cloud in Jira", () => {
  it.each(RICH_MEANINGS)("%s", (_title, html, expected) => {
    expect(looksLikeHtml(html)).toBe(true);
    expect(shown(html)).toBe(expected);
  });
});

describe("a plain text of Huawei Cloud in Jira", () => {
  it.each(PLAIN_TEXTS)("stays as it was typed: %j", (text) => {
    expect(looksLikeHtml(text)).toBe(false);
    expect(shown(text).replace(/\n+/g, "\n")).toBe(text.replace(/\n+/g, "\n"));
    expect(firstLine(text)).toBe(text.split("\n").find((line) => /[\p{L}\p{N}]/u.test(line)));
  });

  it.each([
    "Hello,<br>please restart",
    "Hello<br>\nWorld<br>\nbye",
    "Dear all,<p>one</p><p>two</p>",
    "<p>line\nwrapped</p>\n<p>x</p>",
    "<!DOCTYPE html>\n<html><body>x</body></html>",
  ])("is markup where elements make its lines: %j", (text) => {
    expect(looksLikeHtml(text)).toBe(true);
  });

  it.each(MARKDOWN_MEANINGS)("holds the Markdown of newer tickets: %s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it("shows struck Markdown struck, and links as links", () => {
    const { docs } = messageToAdf({ header: "", text: "do ~~not~~ [so](https://a.example/)" });

    expect(JSON.stringify(docs)).toContain('{"type":"text","text":"not","marks":[{"type":"strike"}]}');
    expect(JSON.stringify(docs)).toContain(
      '"text":"so","marks":[{"type":"link","attrs":{"href":"https://a.example/"}}]',
    );
  });
});
