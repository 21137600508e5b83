import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { findWebhookIssue, isSignatureValid } from "./webhook.ts";

describe("isSignatureValid", () => {
  test("Atlassian's published vector is accepted", () => {
    const header = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";

    expect(isSignatureValid("It's a Secret to Everybody", Buffer.from("Hello World!"), header)).toBe(true);
  });

  test.each([
    ["another body", "Hello World?", "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"],
    ["no header", "Hello World!", undefined],
    [
      "another method",
      "Hello World!",
      `sha1=${createHmac("sha1", "It's a Secret to Everybody").update("Hello World!").digest("hex")}`,
    ],
    ["a short signature", "Hello World!", "sha256=a477"],
  ])("%s is refused", (_name, body, header) => {
    expect(isSignatureValid("It's a Secret to Everybody", Buffer.from(body), header)).toBe(false);
  });

  test("an empty secret accepts nothing", () => {
    const header = `sha256=${createHmac("sha256", "").update("x").digest("hex")}`;

    expect(isSignatureValid("", Buffer.from("x"), header)).toBe(false);
  });
});

describe("findWebhookIssue", () => {
  test.each([
    ["an issue event", { issue: { id: "10001" } }, "10001"],
    ["a comment event without issue", { comment: { self: "https://x/rest/api/2/issue/10002/comment/7" } }, "10002"],
    ["an attachment event", { attachment: { issueId: 10003 } }, "10003"],
    ["an event about something else", { project: { id: 1 } }, null],
  ])("%s", (_name, body, expected) => {
    expect(findWebhookIssue(Buffer.from(JSON.stringify(body)))).toBe(expected);
  });

  test("what is no JSON names no issue", () => {
    expect(findWebhookIssue(Buffer.from("{"))).toBeNull();
  });
});
