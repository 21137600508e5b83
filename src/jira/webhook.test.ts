import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { findWebhookIssue, isSignatureForm, isSignatureValid, readWebhook } from "./webhook.ts";

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
    ["a workflow's post function", { transition: { transitionId: 5 }, comment: "", issue: { id: "10004" } }, "10004"],
    ["odd members beside a good one", { issue: { id: "10005" }, comment: 7, attachment: [null], user: false }, "10005"],
    ["an issue without a usable id", { issue: { id: null, self: "https://x/rest/api/2/issue/10006" } }, "10006"],
    ["an empty issue beside a comment", { issue: "", comment: { self: "https://x/issue/10007/comment/1" } }, "10007"],
    ["an issue that is no object", { issue: [], comment: { self: "https://x/issue/10008/comment/1" } }, "10008"],
    ["an attachment beside an odd comment", { comment: { self: 1 }, attachment: { issueId: "10009" } }, "10009"],
    ["an id in blanks", { issue: { id: " 10010 " } }, "10010"],
    [
      "an address at the gateway",
      { comment: { self: "https://api.atlassian.com/ex/jira/c/rest/api/3/issue/10011/comment/1" } },
      "10011",
    ],
    ["a worklog", { worklog: { issueId: "10012" } }, "10012"],
    ["a link between issues", { issueLink: { sourceIssueId: 10013, destinationIssueId: 1 } }, "10013"],
    ["an id that is none", { issue: { id: -1.5 } }, null],
    ["an id that is an address elsewhere", { issue: { id: "../../x" } }, null],
    ["a list", [{ issue: { id: "1" } }], null],
    ["a text", "10001", null],
    ["nothing", null, null],
  ])("%s", (_name, body, expected) => {
    expect(findWebhookIssue(Buffer.from(JSON.stringify(body)))).toBe(expected);
  });

  test("what is no JSON names no issue", () => {
    expect(findWebhookIssue(Buffer.from("{"))).toBeNull();
  });
});

describe("readWebhook", () => {
  test.each<[string, string, Record<string, unknown>, string | null]>([
    ["the body before the address", '{"issue":{"id":"10001"}}', { issue: "10002" }, "10001"],
    ["an id in the address, the body left out", "", { issue: "10002" }, "10002"],
    ["a key in the address", "", { issueKey: "ops-7" }, "OPS-7"],
    ["a body that names nothing", "{}", { issueId: "10003" }, "10003"],
    ["what is neither id nor key", "", { issue: "../OPS-7", issueId: ["1", "2"] }, null],
  ])("%s", (_name, body, query, expected) => {
    expect(readWebhook(Buffer.from(body), query)?.issue ?? null).toBe(expected);
  });
});

test.each([
  [`sha256=${"0".repeat(64)}`, true],
  [` SHA256=${"AF".repeat(32)} `, true],
  [`sha1=${"0".repeat(40)}`, false],
  ["sha256=00", false],
  ["", false],
  [undefined, false],
])("%s has the form of a signature: %s", (header, expected) => {
  expect(isSignatureForm(header)).toBe(expected);
});
