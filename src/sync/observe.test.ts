import { describe, expect, it } from "vitest";
import type { CaseMessage } from "../domain/case.ts";
import { toId } from "../domain/ids.ts";
import { mergeMessages } from "./observe.ts";

function makeMessage(id: string | null, content: string, second: number): CaseMessage {
  return {
    messageId: id === null ? null : toId(id),
    authorKind: "engineer",
    authorId: "hw-9",
    authorName: "Li Lei",
    content,
    createdAt: new Date(Date.UTC(2026, 4, 4, 12, 0, second)),
    isFirst: false,
    files: [],
  };
}

const show = (messages: readonly CaseMessage[]): string[] =>
  messages.map((message) => `${message.messageId ?? "-"} ${message.content}`);

describe("joining two readings of one conversation", () => {
  it.each<{ name: string; detailed: CaseMessage[]; listed: CaseMessage[]; expected: string[] }>([
    { name: "nothing", detailed: [], listed: [], expected: [] },
    {
      name: "the same messages, ids preferred",
      detailed: [makeMessage("m1", "a", 1), makeMessage("m2", "b", 2)],
      listed: [makeMessage(null, "a", 1), makeMessage(null, "b", 2)],
      expected: ["m1 a", "m2 b"],
    },
    {
      name: "older ones that the detail lacks, in the order of time",
      detailed: [makeMessage("m3", "c", 3)],
      listed: [makeMessage(null, "c", 3), makeMessage(null, "a", 1), makeMessage(null, "b", 2)],
      expected: ["- a", "- b", "m3 c"],
    },
    {
      name: "equal ones, as often as either reading has them",
      detailed: [makeMessage("m1", "ok", 1)],
      listed: [makeMessage(null, "ok", 1), makeMessage(null, "ok", 1)],
      expected: ["m1 ok", "- ok"],
    },
    {
      name: "equal ones that the list lacks",
      detailed: [makeMessage("m1", "ok", 1), makeMessage("m2", "ok", 1)],
      listed: [makeMessage(null, "ok", 1)],
      expected: ["m1 ok", "m2 ok"],
    },
    {
      name: "ties in the order received",
      detailed: [makeMessage("m2", "b", 1), makeMessage("m1", "a", 1)],
      listed: [makeMessage(null, "c", 1)],
      expected: ["m2 b", "m1 a", "- c"],
    },
  ])("keeps every message once: $name", ({ detailed, listed, expected }) => {
    const merged = mergeMessages(detailed, listed);

    expect(show(merged)).toEqual(expected);
  });

  it("changes neither reading", () => {
    const detailed = Object.freeze([makeMessage("m2", "b", 2)]);
    const listed = Object.freeze([makeMessage(null, "a", 1)]);

    const merged = mergeMessages(detailed, listed);

    expect(merged).toHaveLength(2);
    expect(show(detailed)).toEqual(["m2 b"]);
  });
});
