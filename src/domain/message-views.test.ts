import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CaseMessage } from "./case.ts";
import { sortMessages } from "./identity.ts";
import { type CaseFileId, toId } from "./ids.ts";
import { knownFingerprints, mergeMessages } from "./message-views.ts";
import type { Mirror } from "./rows/mirror.ts";

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

describe("files and texts that a view cuts", () => {
  const file = (id: string) => ({ fileId: toId<CaseFileId>(id), name: `${id}.txt` });

  it("takes text and id from the detail, and files from both", () => {
    const detail = { ...makeMessage("m1", "x".repeat(900), 1), files: [file("f1"), file("f2")] };
    const list = { ...makeMessage(null, "x".repeat(400), 1), files: [file("f1"), file("f3")] };

    const [merged, ...others] = mergeMessages([detail], [list]);

    expect(others).toEqual([]);
    expect(merged).toMatchObject({ messageId: "m1", content: "x".repeat(900) });
    expect(merged?.files.map((entry) => entry.fileId)).toEqual(["f1", "f2", "f3"]);
  });

  it.each([
    { chars: 100, textCut: undefined },
    { chars: 400, textCut: true },
  ])("says of a text of $chars characters that only the list shows whether it may go on", ({ chars, textCut }) => {
    const [merged] = mergeMessages([], [makeMessage(null, "x".repeat(chars), 1)]);

    expect(merged?.textCut).toBe(textCut);
  });

  it.each<{ name: string; detailed: string; listed: string; expected: string }>([
    { name: "the newest of the list are in the detail", detailed: "cd", listed: "abcd", expected: "abcd" },
    { name: "the detail lacks one in the middle", detailed: "ad", listed: "abcd", expected: "abcd" },
    { name: "the list runs backwards", detailed: "bcd", listed: "dcba", expected: "abcd" },
    { name: "the detail lacks the newest", detailed: "ab", listed: "abcd", expected: "abcd" },
  ])("keeps the order of messages of one second: $name", ({ detailed, listed, expected }) => {
    const merged = mergeMessages(
      [...detailed].map((text) => makeMessage(`m-${text}`, text, 1)),
      [...listed].map((text) => makeMessage(null, text, 1)),
    );

    expect(merged.map((message) => message.content).join("")).toBe(expected);
  });

  it("pairs two equal messages by the files that both views show", () => {
    const detail = [{ ...makeMessage("m2", "", 1), files: [file("f2"), file("f3")] }];
    const list = [
      { ...makeMessage(null, "", 1), files: [file("f1")] },
      { ...makeMessage(null, "", 1), files: [file("f2")] },
    ];

    const merged = mergeMessages(detail, list);

    expect(merged.map((message) => message.files.map((entry) => entry.fileId).join())).toEqual(["f1", "f2,f3"]);
  });

  it("knows rows again that an older release made with the files in the fingerprint", () => {
    const before = { ...makeMessage(null, "six files", 1), files: [file("f1")] };
    const [now, older] = knownFingerprints(before);
    const row = makeRow({ sourceId: `fp:${older}:1`, fingerprint: older ?? null });

    const { people } = sortMessages({
      messages: [before, { ...before, messageId: toId("m2"), content: "another" }],
      mirrors: [row],
      intents: [],
      huaweiUserIds: [],
    });

    expect(older).not.toBe(now);
    expect(people.map((entry) => entry.sourceId)).toEqual([`fp:${older}:1`, "m2"]);
  });
});

function makeRow(more: Partial<Mirror>): Mirror {
  return {
    kind: "message",
    origin: "huawei",
    sourceId: "m1",
    fingerprint: null,
    sourceHash: null,
    sourceDigest: null,
    copyId: "801",
    copyFingerprints: [],
    version: 1,
    state: "live",
    reason: null,
    sizeBytes: null,
    sha256: null,
    parentId: null,
    missingSince: null,
    sourceAt: null,
    updatedAt: new Date(0),
    ...more,
  } as Mirror;
}

describe("one message in any sequence of views", () => {
  /** What people wrote: texts that are often equal, long or missing, many in one second, with up to 12 files each. */
  const conversation = fc
    .array(
      fc.record({
        second: fc.integer({ min: 0, max: 2 }),
        text: fc.constantFrom(
          "",
          "ok",
          "log",
          `${"long ".repeat(100)}a`,
          `${"long ".repeat(100)}b`,
          "说明".repeat(300),
        ),
        files: fc.integer({ min: 0, max: 12 }),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((entries) =>
      entries
        .map((entry, at) => ({
          ...makeMessage(`m${at}`, entry.text, entry.second),
          files: Array.from({ length: entry.files }, (_unused, n) => ({
            fileId: toId<CaseFileId>(`f${at}-${n}`),
            name: "a.txt",
          })),
        }))
        .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime()),
    );
  const view = fc.record({
    ids: fc.boolean(),
    detailMax: fc.integer({ min: 0, max: 6 }),
    detailFilesMax: fc.constantFrom(1, 5, 12),
    listFilesMax: fc.constantFrom(0, 1, 5, 12),
    listTextMax: fc.constantFrom(400, 10_000),
    listRead: fc.boolean(),
  });

  it("is named once, whichever view shows how much of it", () => {
    fc.assert(
      fc.property(conversation, fc.array(view, { minLength: 1, maxLength: 6 }), (messages, views) => {
        const rows = new Map<string, Mirror>();
        for (const { ids, detailMax, detailFilesMax, listFilesMax, listTextMax, listRead } of views) {
          const detail = messages.slice(listRead ? messages.length - Math.min(detailMax, messages.length) : 0);
          const read = mergeMessages(
            detail.map((message) => ({
              ...message,
              messageId: ids ? message.messageId : null,
              files: message.files.slice(0, detailFilesMax),
            })),
            listRead
              ? messages.map((message) => ({
                  ...message,
                  messageId: null,
                  content: message.content.slice(0, listTextMax),
                  files: message.files.slice(0, listFilesMax),
                }))
              : [],
          );
          const { people } = sortMessages({
            messages: read,
            mirrors: [...rows.values()],
            intents: [],
            huaweiUserIds: [],
          });
          for (const { message, sourceId, fingerprint, renameFrom } of people) {
            const key = `message ${sourceId}`;
            const renamed = renameFrom === null ? undefined : rows.get(`message ${renameFrom}`);
            rows.delete(`message ${renameFrom}`);
            rows.set(key, renamed ? { ...renamed, sourceId } : (rows.get(key) ?? makeRow({ sourceId, fingerprint })));
            for (const { fileId } of message.files) {
              rows.set(`file ${fileId}`, makeRow({ kind: "file", sourceId: fileId, parentId: sourceId }));
            }
          }
        }

        const named = [...rows.values()].filter((row) => row.kind === "message");
        expect(named).toHaveLength(messages.length);
      }),
      { numRuns: 500 },
    );
  });
});
