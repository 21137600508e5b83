import { describe, expect, it } from "vitest";
import type { CaseDetail, CaseMessage } from "../domain/case.ts";
import { toId } from "../domain/ids.ts";
import { caseFacts, fileLine, formatMoment, issueSummary, messageHeader } from "./render.ts";

const english = { languages: ["en"] } as const;

const moment = new Date("2026-05-04T18:30:59Z");

function makeMessage(more: Partial<CaseMessage> = {}): CaseMessage {
  return {
    messageId: null,
    authorKind: "engineer",
    authorId: null,
    authorName: "Li Lei",
    content: "",
    createdAt: moment,
    isFirst: false,
    files: [],
    ...more,
  };
}

describe("the first line of a mirrored message", () => {
  it.each<{ message: Partial<CaseMessage>; zone: string; expected: string }>([
    { message: {}, zone: "UTC", expected: "Li Lei (Huawei engineer) · 2026-05-04 18:30 UTC" },
    { message: {}, zone: "GMT+8", expected: "Li Lei (Huawei engineer) · 2026-05-05 02:30 GMT+8" },
    { message: { authorKind: "customer" }, zone: "UTC", expected: "Li Lei (customer) · 2026-05-04 18:30 UTC" },
    { message: { authorKind: "partner" }, zone: "UTC", expected: "Li Lei (partner) · 2026-05-04 18:30 UTC" },
    {
      message: { authorKind: "unknown", authorName: "  " },
      zone: "UTC",
      expected: "unknown (unknown kind of author) · 2026-05-04 18:30 UTC",
    },
    {
      message: { authorName: "[OPS-1#1]\nLi" },
      zone: "UTC",
      expected: "OPS-1#1 Li (Huawei engineer) · 2026-05-04 18:30 UTC",
    },
  ])("names author, kind and time with zone: $expected", ({ message, zone, expected }) => {
    const header = messageHeader(makeMessage(message), zone, english);

    expect(header).toBe(expected);
  });

  it("refuses a zone that is no fixed offset", () => {
    expect(() => formatMoment(moment, "Europe/Berlin")).toThrow(RangeError);
  });
});

describe("the summary of an issue", () => {
  it.each([
    { description: "The server is down", expected: "[TT1] The server is down" },
    { description: "  The   server\tis down ", expected: "[TT1] The server is down" },
    { description: "Map<String, List> fails", expected: "[TT1] Map<String, List> fails" },
    { description: "The\u0000 server \u202Eis down", expected: "[TT1] The server is down" },
    { description: "", expected: "[TT1] (no description)" },
  ])("is one line: $description", ({ description, expected }) => {
    const summary = issueSummary("TT1", description, english);

    expect(summary).toBe(expected);
  });

  it.each([
    { name: "249 characters fit", description: "x".repeat(249), length: 255, end: "x" },
    { name: "250 are cut", description: "x".repeat(250), length: 255, end: "x…" },
    { name: "no surrogate pair is cut", description: `${"x".repeat(247)}😀😀`, length: 254, end: "x…" },
  ])("holds at most 255 characters: $name", ({ description, length, end }) => {
    const summary = issueSummary("TT1", description, english);

    expect(summary).toHaveLength(length);
    expect(summary.endsWith(end)).toBe(true);
    expect(summary.isWellFormed()).toBe(true);
  });
});

describe("facts and files", () => {
  const detail: CaseDetail = {
    caseId: toId("TT1"),
    status: 77,
    createdAt: moment,
    description: "x",
    typeName: "Fault",
    problemTypeName: null,
    regionName: " ",
    severityName: "high",
    sourceName: null,
    submitterName: "Ann",
    messages: [],
  };

  it("lists the facts that are known, in their order, and shows an unknown status with its number", () => {
    const facts = caseFacts(detail, "ECS", "UTC", english);

    expect(facts).toEqual([
      ["Service ticket", "TT1"],
      ["Status when mirrored", "open, unknown (77)"],
      ["Type", "Fault"],
      ["Product", "ECS"],
      ["Severity", "high"],
      ["Submitted by", "Ann"],
      ["Created", "2026-05-04 18:30 UTC"],
    ]);
  });

  it("names a carried file, and says name, size and reason of one that was not", () => {
    const lines = [
      fileLine("../a.txt", { attachmentId: "900" }, english),
      fileLine("a.txt", { reason: { code: "too_large", words: "too large" }, sizeBytes: 0, from: "huawei" }, english),
      fileLine("a.txt", { reason: "refused", sizeBytes: null, from: "jira" }, english),
    ];

    expect(lines).toEqual([
      "Attachment: a.txt",
      "Attachment not mirrored: a.txt (0 bytes): too large. It can be read in the Huawei Cloud console. Make it smaller or share it another way; it is tried again when the limit changes.",
      "Attachment not sent: a.txt (size unknown): refused.",
    ]);
  });
});
