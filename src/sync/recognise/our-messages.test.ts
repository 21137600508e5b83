import { describe, expect, it } from "vitest";
import {
  accessory,
  ago,
  comment,
  copyMessage,
  file,
  makeIntent,
  message,
  own,
  remembered,
  run,
} from "../../../test/support/recognise.ts";
import { commentHashes } from "../../domain/identity.ts";
import { messageFingerprint } from "../../domain/message-views.ts";
import { mirrorId } from "../../domain/rows/mirror.ts";

const hello = copyMessage("m1", "[OPS-7#501] Ann:\nHello");
const second = copyMessage("m2", "[OPS-7#501 v2] Ann:\nHello");

describe("a copy of a comment", () => {
  it("gets a whole row", () => {
    const said = comment("501", "Hello");

    const { found } = run({ comments: [comment("500", "Hello"), said], messages: [hello] });

    expect(found).toMatchObject({ adopted: 1, confirmedIntents: [], duplicates: [], unknownMarks: [] });
    expect(found.mirrors).toEqual([
      {
        ...mirrorId.comment("501"),
        ...commentHashes(said, String),
        sourceAt: said.createdAt,
        copyId: "m1",
        copyFingerprints: [messageFingerprint(hello)],
        version: 1,
        state: "live",
        reason: null,
      },
    ]);
  });

  it("adds to what its row remembers", () => {
    const said = comment("501", "Hello");
    const row = { ...mirrorId.comment("501"), copyFingerprints: ["older"], copyId: "m0", state: "live" } as const;

    const { found } = run({ comments: [said], messages: [second], mirrors: remembered(row) });

    expect(found.mirrors).toEqual([
      {
        ...mirrorId.comment("501"),
        ...commentHashes(said, String),
        sourceAt: said.createdAt,
        copyId: "m2",
        copyFingerprints: ["older", messageFingerprint(second)],
        version: 2,
        state: "live",
        reason: null,
      },
    ]);
  });

  it.each([
    { name: "our own comment", named: comment("501", "Hello", { authorId: "casebridge" }) },
    { name: "a comment with our property", named: { ...own("501", {}), authorId: "ann" } },
  ])("is none where the mark names $name", ({ named }) => {
    const { found } = run({ comments: [named], messages: [hello] });

    expect(found.mirrors.filter(({ kind }) => kind === "comment")).toEqual([]);
    expect(found.unknownMarks.map(({ sourceId }) => sourceId)).toEqual(["m1"]);
  });

  it("of a comment that is gone counts while its row stands", () => {
    const row = { ...mirrorId.comment("501"), copyId: "m0", state: "live" } as const;

    const { found } = run({ messages: [second], mirrors: remembered(row) });

    expect(found.mirrors).toMatchObject([{ sourceId: "501", copyId: "m2", sourceHash: null, sourceDigest: null }]);
    expect(found.mirrors[0]).not.toHaveProperty("sourceAt");
  });

  it("that was withdrawn stays so, by its mark or by its row", () => {
    const withdrawal = copyMessage("m2", "[OPS-7#501 withdrawn] …", { createdAt: ago(20) });
    const row = { ...mirrorId.comment("501"), copyId: "m0", state: "withdrawn" } as const;

    const byMark = run({ comments: [comment("501", "Hello")], messages: [hello, withdrawal] }).found;
    const byRow = run({ messages: [second], mirrors: remembered(row) }).found;
    const alone = run({ messages: [withdrawal] }).found;

    const withdrawn = { state: "withdrawn", reason: "already_disclosed" };
    expect(byMark.mirrors).toMatchObject([{ ...withdrawn, copyId: "m1", version: 1 }]);
    expect(byRow.mirrors).toMatchObject([{ ...withdrawn, copyId: "m2" }]);
    expect(alone.mirrors).toEqual([
      {
        ...mirrorId.comment("501"),
        ...withdrawn,
        copyId: "m2",
        copyFingerprints: [messageFingerprint(withdrawal)],
        version: 1,
      },
    ]);
  });
});

describe("a copy whose further writes are planned", () => {
  const part = copyMessage("m1", "[OPS-7#501 1/2] Ann:\nHello");
  const twoParts = [
    makeIntent({ key: "message:501:v1:1/2", mark: "comment:501:v1:1/2" }),
    makeIntent({ key: "message:501:v1:2/2", mark: "comment:501:v1:2/2" }),
  ];
  const take = (intents: readonly ReturnType<typeof makeIntent>[], sent = part) =>
    run({ comments: [comment("501", "Hello")], messages: [sent], intents }).found;

  it("is still being sent, and says nothing about the comment's text", () => {
    const found = take(twoParts);

    expect(found.confirmedIntents).toEqual(["message:501:v1:1/2"]);
    expect(found.mirrors).toMatchObject([{ sourceId: "501", state: "sending" }]);
    expect(found.mirrors[0]).not.toHaveProperty("sourceHash");
  });

  it.each([
    { key: "message:501:v1:withdrawn", mark: "comment:501:withdrawn", state: "sending" },
    { key: "message:502:v1:2/2", mark: "comment:502:v1:2/2", state: "live" },
    { key: "message:502:v1:withdrawn", mark: "comment:502:withdrawn", state: "live" },
    { key: "comment:501", mark: null, state: "live" },
    { key: "command:501", mark: null, state: "live" },
  ])("is $state while $key stands", ({ key, mark, state }) => {
    const found = take([makeIntent({ key, mark })], hello);

    expect(found.mirrors[0]).toMatchObject({ sourceId: "501", state });
    expect(found.confirmedIntents).toEqual([]);
  });
});

describe("other messages of ours", () => {
  it("get whole rows, and confirm the intents of their keys", () => {
    const attached = copyMessage("m1", "[OPS-7^9002] b.txt", { files: [accessory("f2", "b.txt")] });
    const asked = copyMessage("m2", "[OPS-7 !reopen-1] please", { createdAt: ago(29) });
    const rest = copyMessage("m3", "[OPS-7 @10001 2/3] rest", { createdAt: ago(28) });
    const end = copyMessage("m4", "[OPS-7 @10001 3/3] end", { createdAt: ago(27) });
    const { found } = run({
      messages: [attached, asked, rest, end],
      issue: { files: [file("9001", "b.txt", "ann"), { ...file("9002", "b.txt", "ann"), sizeBytes: 9 }] },
      intents: [
        makeIntent({ key: "message:file:9002" }),
        makeIntent({ key: "message:reopen-1" }),
        makeIntent({ key: "message:reopen-2" }),
        makeIntent({ key: "message:case:2/3", mark: "case:10001:2/3" }),
        makeIntent({ key: "message:case:3/3", mark: "case:10001:3/3" }),
      ],
    });

    expect(found.mirrors).toEqual([
      {
        ...mirrorId.issueFile("9002"),
        state: "live",
        copyFingerprints: [messageFingerprint(attached)],
        copyId: "f2",
        sizeBytes: 9,
        parentId: "9002",
      },
      { ...mirrorId.reopen(1), state: "live", copyFingerprints: [messageFingerprint(asked)], copyId: "m2" },
      {
        ...mirrorId.caseText,
        state: "live",
        copyFingerprints: [messageFingerprint(rest), messageFingerprint(end)],
      },
    ]);
    expect(found.confirmedIntents).toEqual([
      "message:file:9002",
      "message:reopen-1",
      "message:case:2/3",
      "message:case:3/3",
    ]);
    expect(found.unknownMarks).toEqual([]);
  });

  it("a file of which one side is gone is known by the other; of which both are, it names nothing", () => {
    const content = "[OPS-7^9002] b.txt";
    const inHuawei = run({ messages: [copyMessage("m1", content, { files: [accessory("f2", "b.txt")] })] }).found;
    const inJira = run({ messages: [copyMessage("m1", content)], issue: { files: [file("9002", "b.txt")] } }).found;
    const neither = run({ messages: [copyMessage("m1", content)], issue: { files: [file("9001", "b.txt")] } }).found;

    expect(inHuawei.mirrors).toMatchObject([{ sourceId: "9002", copyId: "f2", sizeBytes: null }]);
    expect(inJira.mirrors).toMatchObject([{ sourceId: "9002", copyId: null, sizeBytes: 3 }]);
    expect(neither.mirrors).toEqual([]);
    expect(neither.unknownMarks).toHaveLength(1);
  });

  it("a case's first part, and a case of another issue, are no business of this link", () => {
    const { found } = run({
      messages: [
        copyMessage("m1", "[OPS-7 @10001] text"),
        copyMessage("m2", "[OPS-7 @10009 2/2] text", { createdAt: ago(29) }),
      ],
    });

    expect(found.mirrors).toEqual([]);
    expect(found.unknownMarks.map(({ sourceId }) => sourceId)).toEqual(["m1", "m2"]);
  });

  it("tell who we are only while nobody knows it", () => {
    const messages = [copyMessage("m1", "[OPS-7 !reopen-1] please")];

    expect(run({ messages, huaweiUserIds: [] }).found.huaweiUserId).toBe("hw-us");
    expect(run({ messages }).found.huaweiUserId).toBeNull();
  });
});

describe("whether a comment still says what was sent", () => {
  const isSame = (
    text: string,
    messages: readonly ReturnType<typeof copyMessage>[],
    more: { readonly updatedAt?: Date; readonly aheadMs?: { readonly huawei: number; readonly jira: number } } = {},
  ) => {
    const { updatedAt = ago(1), ...input } = more;
    const comments = [comment("501", text, { updatedAt })];
    return run({ comments, messages, ...input }).found.mirrors[0]?.sourceHash !== null;
  };

  it.each([
    {
      name: "words before a colon that are no author",
      text: "Note: mind the gap",
      content: "[OPS-7#501]\nNote: mind the gap",
    },
    { name: "an author without a line of their own", text: "Hello", content: "[OPS-7#501] Ann: \nHello" },
    { name: "blanks before the mark", text: "Hello", content: "  [OPS-7#501] Ann:\nHello" },
    {
      name: "its head, and a file with the rest",
      text: "One two three",
      content: "[OPS-7#501] Ann:\nOne two […]\nThe full text is attached as text.txt",
    },
    {
      name: "lines about its files",
      text: "Hello\nthere",
      content: "[OPS-7#501] Ann:\nHello\nAttachment: a.txt\nthere",
    },
  ])("it does: $name", ({ text, content }) => {
    expect(isSame(text, [copyMessage("m1", content)])).toBe(true);
  });

  it.each([
    {
      name: "another head",
      text: "Three two one",
      content: "[OPS-7#501] Ann:\nOne two […]\nThe full text is attached as text.txt",
    },
    { name: "no head at all", text: "Hello", content: "[OPS-7#501] Ann:\n[…]\nThe full text is attached as text.txt" },
    { name: "the head alone", text: "One two three", content: "[OPS-7#501] Ann:\nOne two" },
    { name: "an author in the middle", text: "Hello there", content: "[OPS-7#501]\nHello Ann: there" },
    {
      name: "lateness in the middle of a line",
      text: "Hello",
      content: "[OPS-7#501] Ann:\nHello (sent late, written yesterday)",
    },
    {
      name: "lateness with words behind it",
      text: "Hello there",
      content: "[OPS-7#501] Ann:\n(sent late, written yesterday) Hello there",
    },
  ])("it does not: $name", ({ text, content }) => {
    expect(isSame(text, [copyMessage("m1", content)])).toBe(false);
  });

  it("an edit five minutes before the first part was sent is what was sent, by a clock that both share", () => {
    const parts = [
      copyMessage("m1", "[OPS-7#501 1/2] Ann:\nHello", { createdAt: ago(30) }),
      copyMessage("m2", "[OPS-7#501 2/2] you", { createdAt: ago(10) }),
    ];
    const minute = 60_000;

    expect(isSame("Other", parts, { updatedAt: ago(36) })).toBe(true);
    expect(isSame("Other", parts, { updatedAt: ago(35) })).toBe(false);
    expect(isSame("Other", parts, { updatedAt: ago(20) })).toBe(false);
    expect(isSame("Other", parts, { updatedAt: ago(26), aheadMs: { huawei: 0, jira: 10 * minute } })).toBe(true);
    expect(isSame("Other", parts, { updatedAt: ago(36), aheadMs: { huawei: 10 * minute, jira: 0 } })).toBe(false);
  });
});

describe("a file that went with a comment", () => {
  const sent = copyMessage("m1", "[OPS-7#501] Ann:\nHello", { files: [accessory("f1", "a.txt")] });
  const take = (more: Parameters<typeof run>[0]) =>
    run({ comments: [comment("501", "Hello")], messages: [sent], ...more }).found.mirrors.filter(
      ({ kind }) => kind === "file",
    );

  it("gets a whole row, and people's files of the name are taken in their order", () => {
    const messages = [
      { ...sent, files: [accessory("f1", "a.txt"), accessory("f2", "a.txt"), accessory("f3", "c.txt")] },
    ];
    const issue = { files: [file("9000", "b.txt", "ann"), file("9001", "a.txt", "ann"), file("9002", "a.txt", "bob")] };

    expect(take({ messages, issue })).toEqual([
      { ...mirrorId.issueFile("9001"), copyId: "f1", state: "live", sizeBytes: 3, parentId: "501" },
      { ...mirrorId.issueFile("9002"), copyId: "f2", state: "live", sizeBytes: 3, parentId: "501" },
    ]);
  });

  it("is known by the name that the guard left of it", () => {
    const messages = [{ ...sent, files: [accessory("f1", "[PHONE].txt")] }];
    const masked = { guard: { mode: "mask", patterns: [], kinds: [] } } as const;

    expect(take({ messages, issue: { files: [file("9001", "/[PHONE].txt", "ann")] }, settings: masked })).toMatchObject(
      [{ sourceId: "9001", copyId: "f1" }],
    );
  });

  it.each([
    { name: "ours in Jira", more: { issue: { files: [file("9001", "a.txt")] } } },
    {
      name: "remembered as the copy",
      more: { mirrors: remembered({ ...mirrorId.issueFile("8000"), copyId: "f1", state: "live" }) },
    },
    {
      name: "remembered as the source",
      more: { mirrors: remembered({ ...mirrorId.issueFile("9001"), copyId: "f9", state: "live" }) },
    },
  ])("is not taken where it is $name", ({ more }) => {
    expect(take({ issue: { files: [file("9001", "a.txt", "ann")] }, ...more })).toEqual([]);
  });

  it("a comment's row of the same number is no file's", () => {
    const mirrors = remembered({ ...mirrorId.caseFile("9001"), copyId: "7", state: "live" });

    expect(take({ issue: { files: [file("9001", "a.txt", "ann")] }, mirrors })).toMatchObject([{ sourceId: "9001" }]);
  });
});

describe("a second message with the same mark", () => {
  const again = (more: Partial<typeof hello>) => ({
    ...hello,
    messageId: message("m2").messageId,
    createdAt: ago(20),
    ...more,
  });

  it.each([
    { name: "another author", more: { authorId: "hw-other" } },
    { name: "other words", more: { content: "[OPS-7#501] Ann:\nHello!" } },
    { name: "an engineer's", more: { authorKind: "engineer" } as const },
  ])("is no duplicate: $name", ({ more }) => {
    const { found } = run({ comments: [comment("501", "Hello")], messages: [hello, again(more)] });

    expect(found.duplicates).toEqual([]);
  });

  it("is none while a comment mirrors it, or nothing is known of its comment", () => {
    const messages = [hello, again({})];

    expect(
      run({ comments: [comment("501", "Hello"), own("801", { messageId: "m2" })], messages }).found.duplicates,
    ).toEqual([]);
    expect(run({ messages }).found.duplicates).toEqual([]);
  });
});
