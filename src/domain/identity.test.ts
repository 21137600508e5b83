import { describe, expect, it } from "vitest";
import { anIntent } from "../../test/support/rows.ts";
import { hashTexts } from "../lib/hash.ts";
import type { CaseMessage } from "./case.ts";
import {
  commentHashes,
  findMark,
  markOwner,
  messageHash,
  type RememberedHashes,
  saysElse,
  saysSame,
  sortMessages,
} from "./identity.ts";
import { type CaseFileId, toId } from "./ids.ts";
import { messageFingerprint } from "./message-views.ts";
import type { Intent } from "./rows/intent.ts";
import type { Mirror } from "./rows/mirror.ts";

function makeMessage(more: Partial<CaseMessage> = {}): CaseMessage {
  return {
    messageId: null,
    authorKind: "engineer",
    authorId: "hw-9",
    authorName: "Li Lei",
    content: "Please send the logs",
    createdAt: new Date("2026-05-04T12:00:00.250Z"),
    isFirst: false,
    files: [],
    ...more,
  };
}

function makeMirror(more: Partial<Mirror> = {}): Mirror {
  return {
    kind: "message",
    origin: "huawei",
    sourceId: "m1",
    fingerprint: messageFingerprint(makeMessage()),
    sourceHash: null,
    sourceDigest: null,
    copyId: null,
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

function sort(messages: readonly CaseMessage[], mirrors: readonly Mirror[] = [], intents: readonly Intent[] = []) {
  return sortMessages({ messages, mirrors, intents, huaweiUserIds: ["hw-us"] });
}

const file = (id: string, name = "a.txt") => ({ fileId: toId<CaseFileId>(id), name });
const fp = messageFingerprint(makeMessage());

describe("fingerprints", () => {
  it.each<{ name: string; more: Partial<CaseMessage>; same: boolean }>([
    { name: "the id appears", more: { messageId: toId("m1") }, same: true },
    { name: "the milliseconds are cut off", more: { createdAt: new Date("2026-05-04T12:00:00Z") }, same: true },
    { name: "blanks differ", more: { content: " Please  send\nthe logs " }, same: true },
    { name: "a reading calls the engineer a partner", more: { authorKind: "partner" }, same: true },
    { name: "the author's name differs", more: { authorName: "Li" }, same: true },
    { name: "the second differs", more: { createdAt: new Date("2026-05-04T12:00:01Z") }, same: false },
    { name: "a customer wrote it", more: { authorKind: "customer" }, same: false },
    { name: "another author wrote it", more: { authorId: "hw-8" }, same: false },
    { name: "the text differs", more: { content: "Please send the dump" }, same: false },
    { name: "a view shows other files", more: { files: [file("f1")] }, same: true },
    { name: "a view cuts the text", more: { content: `Please send the logs${" ".repeat(400)}` }, same: true },
  ])("are shared by two readings or not: $name", ({ more, same }) => {
    const other = messageFingerprint(makeMessage(more));

    expect(other === fp).toBe(same);
  });

  it("depend neither on files nor on the text after 200 characters", () => {
    const long = "x".repeat(200);

    const one = messageFingerprint(makeMessage({ content: `${long}a`, files: [file("f1"), file("f2")] }));
    const two = messageFingerprint(makeMessage({ content: `${long}b`, files: [] }));

    expect(one).toBe(two);
  });

  it("differ from the hash, which sees the whole text and the names of files", () => {
    const long = "x".repeat(200);

    const hashes = [
      makeMessage({ content: `${long}a` }),
      makeMessage({ content: `${long}b` }),
      makeMessage({ content: `${long}b`, files: [file("f1", "b.txt")] }),
      makeMessage({ content: `${long}b`, files: [file("f1", "c.txt")] }),
    ].map(messageHash);

    expect(new Set(hashes).size).toBe(4);
  });
});

describe("edits of comments", () => {
  const writtenAt = new Date("2026-05-04T11:00:00Z");
  const sentAt = new Date("2026-05-04T12:00:00Z");
  const later = new Date("2026-05-04T13:00:00Z");
  const media = { type: "media", attrs: { id: "m-1", alt: "a.png" } };
  const doc = (text: string) => ({ type: "doc", content: [{ type: "text", text }, media] });
  const render = (node: unknown): string => JSON.stringify(node);
  const said = { body: doc("restart it"), updatedAt: sentAt };
  const older = { ...commentHashes(said, render), sourceDigest: null };
  const ours = commentHashes(said, render);
  const others = commentHashes({ body: doc("stop it") }, render);
  /** A release that knows no digests sent an edit, and wrote its hash beside the digest of before. */
  const mixed = { sourceHash: others.sourceHash, sourceDigest: ours.sourceDigest };

  it("are hashed for the previous release as it did: the rendered text, then ids and names of the files shown", () => {
    expect(ours.sourceHash).toBe(hashTexts([render(said.body), "m-1", "a.png"]).slice(0, 32));
  });

  it.each<{
    name: string;
    known: RememberedHashes;
    text?: string;
    createdAt?: Date;
    updatedAt?: Date;
    rendering?: string;
    edited: boolean;
    leaves: boolean;
  }>([
    { name: "an older row, saved again", known: older, updatedAt: later, edited: false, leaves: true },
    {
      name: "an older row, saved again and rendered otherwise",
      known: older,
      updatedAt: later,
      rendering: "new",
      edited: true,
      leaves: false,
    },
    { name: "an older row, rendered otherwise", known: older, rendering: "new", edited: false, leaves: false },
    {
      name: "an older row, never edited and rendered otherwise",
      known: older,
      createdAt: sentAt,
      rendering: "new",
      edited: false,
      leaves: true,
    },
    { name: "an older row, edited", known: older, text: "stop it", updatedAt: later, edited: true, leaves: false },
    { name: "our row, saved again", known: ours, updatedAt: later, edited: false, leaves: true },
    {
      name: "our row, saved again and rendered otherwise",
      known: ours,
      updatedAt: later,
      rendering: "new",
      edited: false,
      leaves: true,
    },
    { name: "our row, edited", known: ours, text: "stop it", edited: true, leaves: false },
    { name: "edited under the previous release", known: mixed, text: "stop it", edited: false, leaves: true },
    { name: "edited back after that", known: mixed, updatedAt: later, edited: true, leaves: false },
    { name: "no hash", known: { sourceHash: null, sourceDigest: null }, edited: true, leaves: false },
  ])(
    "are told from what the row remembers: $name",
    ({ known, text = "restart it", updatedAt = sentAt, createdAt = writtenAt, rendering, edited, leaves }) => {
      const hashes = commentHashes({ body: doc(text) }, rendering === undefined ? render : () => rendering);

      const times = { createdAt, updatedAt };

      expect(saysElse({ ...known, updatedAt: sentAt }, times, { hashes, jiraAheadMs: 0 })).toBe(edited);
      expect(saysSame(known, times, hashes)).toBe(leaves);
    },
  );
});

describe("marks in messages", () => {
  it.each([
    { content: "[OPS-7#501] Ann:\nhi", owner: "comment:501" },
    { content: "[OPS-7#501 v2 1/3] Ann:\nhi", owner: "comment:501" },
    { content: "<div><p>[OPS-7#501]</p> Ann", owner: "comment:501" },
    { content: " \n[OPS-7^900]", owner: "attachment:900" },
    { content: "[OPS-7 !refused-3] no", owner: "notice:refused-3" },
    { content: "[OPS-7 @10001 2/3] more", owner: "case:10001" },
    { content: "> [OPS-7#501]", owner: null },
    { content: "see [OPS-7#501]", owner: null },
    { content: "", owner: null },
  ])("are read at the start only: $content", ({ content, owner }) => {
    const mark = findMark(content);

    expect(mark === null ? null : markOwner(mark)).toBe(owner);
  });
});

describe("sorting messages", () => {
  it("tells equal messages without ids apart by ordinals", () => {
    const sorted = sort([makeMessage(), makeMessage(), makeMessage()]);

    expect(sorted.people.map((entry) => entry.sourceId)).toEqual([`fp:${fp}:1`, `fp:${fp}:2`, `fp:${fp}:3`]);
  });

  it("upgrades an identity without id once, when the id appears", () => {
    const messages = [makeMessage({ messageId: toId("m1") }), makeMessage({ messageId: toId("m2") })];

    const before = sort(messages, [makeMirror({ sourceId: `fp:${fp}:1` }), makeMirror({ sourceId: `fp:${fp}:2` })]);
    const after = sort(messages, [makeMirror({ sourceId: "m1" }), makeMirror({ sourceId: "m2" })]);

    expect(before.people.map((entry) => [entry.renameFrom, entry.sourceId])).toEqual([
      [`fp:${fp}:1`, "m1"],
      [`fp:${fp}:2`, "m2"],
    ]);
    expect(after.people.map((entry) => entry.renameFrom)).toEqual([null, null]);
  });

  it("upgrades only the messages that were known without id", () => {
    const messages = [makeMessage({ messageId: toId("m1") }), makeMessage({ messageId: toId("m2") })];

    const sorted = sort(messages, [makeMirror({ sourceId: "m1" }), makeMirror({ sourceId: `fp:${fp}:2` })]);

    expect(sorted.people.map((entry) => [entry.renameFrom, entry.sourceId])).toEqual([
      [null, "m1"],
      [`fp:${fp}:2`, "m2"],
    ]);
  });

  it.each<{ name: string; shown: readonly (string | null)[]; mirrors: readonly string[]; found: readonly string[] }>([
    { name: "the first", shown: ["m2", null], mirrors: ["m1", "m2"], found: ["m2", "m1"] },
    { name: "the second", shown: [null, "m2"], mirrors: ["m2", "m1"], found: ["m1", "m2"] },
    { name: "one that is new", shown: ["m2", null], mirrors: ["m1"], found: ["m2", "m1"] },
    { name: "one that gets its id now", shown: ["m2", null], mirrors: [`fp:${fp}:1`, "m1"], found: ["m2", "m1"] },
    { name: "one, and a further one came", shown: ["m2", null], mirrors: ["m2"], found: ["m2", `fp:${fp}:2`] },
  ])(
    "takes each of two equal messages once where a reading tells the id of $name alone",
    ({ shown, mirrors, found }) => {
      const { people } = sort(
        shown.map((id) => makeMessage({ messageId: id === null ? null : toId(id) })),
        mirrors.map((sourceId) => makeMirror({ sourceId })),
      );

      expect(people.map((entry) => entry.sourceId)).toEqual(found);
    },
  );

  it("finds messages that are known by id in a reading without ids", () => {
    const sorted = sort(
      [makeMessage(), makeMessage(), makeMessage()],
      [makeMirror({ sourceId: "m1" }), makeMirror({ sourceId: "m1#2" }), makeMirror({ sourceId: "m2" })],
    );

    expect(sorted.people.map((entry) => entry.sourceId)).toEqual(["m1", "m2", `fp:${fp}:3`]);
  });

  it.each([
    { name: "by id, read without", key: "comment:m1", read: null, sourceId: "m1" },
    { name: "a part of it by id, read without", key: "comment:m1#2", read: null, sourceId: "m1" },
    { name: "without id, read with", key: `comment:fp:${fp}:1`, read: "m1", sourceId: `fp:${fp}:1` },
    { name: "by id, read with", key: "comment:m1", read: "m1", sourceId: "m1" },
  ])("keeps the identity under which a comment is on its way: $name", ({ key, read, sourceId }) => {
    const intent = anIntent(key, { payload: { sourceFingerprint: fp } });
    const message = makeMessage({ messageId: read === null ? null : toId(read) });

    const sorted = sort([message, makeMessage({ content: "Something else" })], [], [intent]);

    expect(sorted.people.map((entry) => entry.sourceId)[0]).toBe(sourceId);
    expect(sorted.people.map((entry) => entry.sourceId)[1]).not.toBe(sourceId);
  });

  it("sets the message apart that repeats the description", () => {
    const sorted = sort([makeMessage({ isFirst: true, messageId: toId("m0") }), makeMessage()]);

    expect(sorted.first?.sourceId).toBe("m0");
    expect(sorted.people).toHaveLength(1);
  });

  it("recognises as many confirmed copies as were sent, and takes a further equal message for news", () => {
    const copy = makeMessage({ authorKind: "customer", authorId: "hw-us", content: "[OPS-7#501] Ann:\nhi" });
    const mirror = makeMirror({
      kind: "comment",
      origin: "jira",
      sourceId: "501",
      copyFingerprints: [messageFingerprint(copy)],
    });

    const sorted = sort([copy, copy], [mirror]);

    expect(sorted.copies).toHaveLength(1);
    expect(sorted.people).toHaveLength(1);
  });

  it("never takes a mirrored person's message for a copy, even when it starts with a mark", () => {
    const quote = makeMessage({
      messageId: toId("m1"),
      authorKind: "customer",
      authorId: "hw-us",
      content: "[OPS-7#1]",
    });

    const sorted = sort([quote], [makeMirror({ sourceId: "m1" })]);

    expect(sorted.people.map((entry) => entry.sourceId)).toEqual(["m1"]);
    expect(sorted.unknownMarks).toEqual([]);
  });

  it.each<{ content: string; unknown: boolean }>([
    { content: "[OPS-7#501] Ann:", unknown: false },
    { content: "[OPS-7#502] Ann:", unknown: true },
    { content: "[OPS-7^900]", unknown: false },
    { content: "[OPS-7^901]", unknown: true },
    { content: "[OPS-7 !reopen-1] x", unknown: false },
    { content: "[OPS-7 !reopen-2] x", unknown: true },
    { content: "[OPS-7 @10001 2/3] x", unknown: false },
  ])("reports a mark as unknown only when no row remembers its owner: $content", ({ content, unknown }) => {
    const mirrors = [
      makeMirror({ kind: "comment", origin: "jira", sourceId: "501" }),
      makeMirror({ kind: "file", origin: "jira", sourceId: "900" }),
      makeMirror({ kind: "notice", origin: "jira", sourceId: "reopen-1" }),
    ];

    const sorted = sort([makeMessage({ authorKind: "customer", authorId: "hw-us", content })], mirrors);

    expect(sorted.unknownMarks).toHaveLength(unknown ? 1 : 0);
    expect(sorted.people).toHaveLength(unknown ? 0 : 1);
  });
});
