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
import { messageFingerprint } from "../../domain/message-views.ts";
import { mirrorId } from "../../domain/rows/mirror.ts";

/** Parts of 4,000 characters, in one language. */
const render = ({ content }: { readonly content: string }): readonly (readonly string[])[] => [
  content.match(/.{1,4000}/gs) ?? [],
];

describe("a copy of a message", () => {
  it("gets a whole row, and its files theirs", () => {
    const first = message("m1", { files: [accessory("f1", "a.txt")] });
    const { found } = run({
      messages: [first],
      comments: [own("801", { messageId: "m1", srcHash: "h1", files: [["f1", "9001"]] })],
      issue: { files: [file("9000", "a.txt"), { ...file("9001", "a.txt"), sizeBytes: 77 }] },
    });

    expect(found.mirrors).toEqual([
      {
        ...mirrorId.message("m1"),
        fingerprint: messageFingerprint(first),
        sourceHash: "h1",
        sourceAt: first.createdAt,
        copyId: "801",
        state: "live",
      },
      { ...mirrorId.caseFile("f1"), copyId: "9001", state: "live", sizeBytes: 77, parentId: "m1" },
    ]);
    expect(found.adopted).toBe(1);
  });

  it("says less where the message is gone, and a further part says nothing about the whole", () => {
    const { found } = run({
      messages: [message("m2")],
      comments: [own("801", { messageId: "m1" }), own("802", { messageId: "m2#2", files: [["f2", "9002"]] })],
    });

    expect(found.mirrors).toEqual([
      { ...mirrorId.message("m1"), fingerprint: null, sourceHash: "h", copyId: "801", state: "live" },
      {
        ...mirrorId.message("m2#2"),
        fingerprint: null,
        sourceHash: "h",
        sourceAt: message("m2").createdAt,
        copyId: "802",
        state: "live",
      },
      { ...mirrorId.caseFile("f2"), copyId: "9002", state: "live", sizeBytes: null, parentId: "m2" },
    ]);
    expect(found.adopted).toBe(1);
  });

  it("confirms the intents of its comment and of its files, and its first part alone is looked at again", () => {
    const comments = [own("801", { messageId: "m1", files: [["f1", "9001"]] }), own("802", { messageId: "m1#2" })];
    const keys = ["comment:m1", "comment:m1#2", "file:f1", "comment:other"];

    const { found } = run({
      messages: [message("m1", { files: [accessory("f1", "a.txt")] })],
      comments,
      intents: keys.map((key) => makeIntent({ key })),
    });

    expect(found.confirmedIntents).toEqual(["comment:m1", "file:f1", "comment:m1#2"]);
    expect(found.mirrors.map(({ sourceId, state }) => [sourceId, state])).toEqual([
      ["m1", "sending"],
      ["f1", "live"],
      ["m1#2", "live"],
    ]);
    expect(found.adopted).toBe(0);
  });

  it("that a row remembers is not taken again; of a file's row the comment is no copy", () => {
    const row = { ...mirrorId.message("m1"), copyId: "801", state: "live" } as const;
    const ofFile = { ...mirrorId.caseFile("f9"), copyId: "802", state: "live" } as const;
    const ofPerson = { ...mirrorId.comment("55"), copyId: "803", state: "live" } as const;
    const { found } = run({
      messages: [message("m1"), message("m2", { createdAt: ago(59) }), message("m3", { createdAt: ago(58) })],
      comments: [
        own("801", { messageId: "m1", srcHash: "other" }),
        own("802", { messageId: "m2" }),
        own("803", { messageId: "m3" }),
      ],
      mirrors: remembered(row, ofFile, ofPerson),
    });

    expect(found.mirrors.map(({ sourceId, copyId }) => [sourceId, copyId])).toEqual([
      ["m2", "802"],
      ["m3", "803"],
    ]);
    expect(found.duplicates).toEqual([]);
  });

  it("replaces a remembered copy that is gone, and is a duplicate of one that stands", () => {
    const comments = [own("802", { messageId: "m1" })];
    const row = { ...mirrorId.message("m1"), copyId: "801", state: "live" } as const;

    const gone = run({ messages: [message("m1")], comments, mirrors: remembered(row) }).found;
    const standing = run({
      messages: [message("m1")],
      comments: [...comments, own("801", { messageId: "m1" })],
      mirrors: remembered(row),
    }).found;

    expect(gone.mirrors).toMatchObject([{ sourceId: "m1", copyId: "802" }]);
    expect(gone.duplicates).toEqual([]);
    expect(standing.mirrors).toEqual([]);
    expect(standing.duplicates).toEqual([{ item: "message:m1", kept: "801", other: "802" }]);
  });

  it("leaves the row of a file alone that is remembered", () => {
    const row = { ...mirrorId.caseFile("f1"), copyId: "9000", state: "live" } as const;
    const { found } = run({
      messages: [message("m1")],
      comments: [own("801", { messageId: "m1", files: [["f1", "9001"]] })],
      mirrors: remembered(row),
    });

    expect(found.mirrors.map(({ kind }) => kind)).toEqual(["message"]);
  });

  it.each([
    { caseId: "TT1", ofCase: "TT1", taken: true },
    { caseId: "TT1", ofCase: "", taken: true },
    { caseId: null, ofCase: "TT2", taken: true },
    { caseId: "TT1", ofCase: "TT2", taken: false },
  ])("of case $ofCase counts for case $caseId: $taken", ({ caseId, ofCase, taken }) => {
    const { found } = run({
      caseId,
      messages: [message("m1")],
      comments: [own("801", { messageId: "m1", caseId: ofCase })],
    });

    expect(found.mirrors).toHaveLength(taken ? 1 : 0);
  });

  it("without a name is none", () => {
    expect(run({ messages: [message("m1")], comments: [own("801", {})] }).found.mirrors).toEqual([]);
  });
});

describe("a notice", () => {
  it("is known once, confirms its intents under both names, and counts as one", () => {
    const { found } = run({
      comments: [own("801", { fingerprint: "notice:clone" }, 50), own("802", { fingerprint: "notice:clone" }, 40)],
      intents: ["notice:clone", "comment:clone", "notice:deleted"].map((key) => makeIntent({ key })),
    });

    expect(found.mirrors).toMatchObject([{ kind: "notice", sourceId: "clone", copyId: "801", state: "live" }]);
    expect(found.confirmedIntents).toEqual(["notice:clone", "comment:clone"]);
    expect(found.duplicates).toEqual([{ item: "notice:clone", kept: "801", other: "802" }]);
  });

  it("in the place of a refused message keeps the message from being sent again", () => {
    const comments = [own("801", { fingerprint: "notice:message-m1" })];
    const placeholder = { ...mirrorId.message("m1"), state: "placeholder" } as const;

    const fresh = run({ messages: [message("m1")], comments }).found;
    const known = run({
      comments,
      mirrors: remembered({ ...placeholder, reason: "refused today" }),
    }).found;

    expect(fresh.mirrors).toMatchObject([
      { kind: "notice", sourceId: "message-m1", copyId: "801" },
      { ...placeholder, reason: "refused before the database was rebuilt" },
    ]);
    expect(known.mirrors).toMatchObject([{ kind: "notice" }]);
    expect(known.mirrors).toHaveLength(1);
  });

  it("that answers a command leaves alone what is remembered of the command", () => {
    const { found } = run({
      comments: [own("801", { fingerprint: "notice:reply-501" })],
      mirrors: remembered({ ...mirrorId.command("501"), state: "live", reason: { name: "close", result: "refused" } }),
    });

    expect(found.mirrors.map(({ kind }) => kind)).toEqual(["notice"]);
  });
});

describe("a comment of ours without a readable property", () => {
  const unreadable = (id: string, text: string) => comment(id, text, { authorId: "casebridge" });

  it("is known by the text that a message becomes, with the whole row", () => {
    const { found } = run({
      messages: [message("m1")],
      comments: [unreadable("801", "text of m1\nAttachment: a.txt")],
      renderMessage: render,
    });

    expect(found.mirrors).toEqual([
      {
        ...mirrorId.message("m1"),
        fingerprint: messageFingerprint(message("m1")),
        sourceAt: message("m1").createdAt,
        copyId: "801",
        state: "live",
      },
    ]);
  });

  it.each([
    { name: "the first message, which is the description", messages: [message("m1", { isFirst: true })] },
    { name: "a message that becomes nothing", messages: [message("m1", { content: "" })] },
    { name: "other words", messages: [message("m1", { content: "other words" })] },
  ])("is not taken for $name", ({ messages }) => {
    const { found } = run({ messages, comments: [unreadable("801", "text of m1")], renderMessage: render });

    expect(found.mirrors).toEqual([]);
  });

  it("may be written in any of the languages, by its first part", () => {
    const { found } = run({
      messages: [message("m1")],
      comments: [unreadable("801", "Zweite Sprache und mehr")],
      renderMessage: () => [["Erste Sprache"], ["Zweite  Sprache", "Rest"]],
    });

    expect(found.mirrors).toMatchObject([{ sourceId: "m1", copyId: "801" }]);
  });

  it("is not taken for a message that has a copy", () => {
    const { found } = run({
      messages: [message("m1")],
      comments: [unreadable("801", "text of m1"), own("802", { messageId: "m1" })],
      renderMessage: render,
    });

    expect(found.mirrors.map(({ copyId }) => copyId)).toEqual(["802"]);
  });
});

describe("a copy in several comments", () => {
  const long = (length: number) => message("m1", { content: "x".repeat(length) });
  const states = (more: Parameters<typeof run>[0]) => run({ renderMessage: render, ...more }).found.mirrors;

  it.each([
    { length: 8_000, parts: ["m1"], state: "sending" },
    { length: 8_000, parts: ["m1", "m1#2"], state: "live" },
    { length: 12_000, parts: ["m1", "m1#2"], state: "sending" },
    { length: 12_000, parts: ["m1", "m1#3"], state: "sending" },
    { length: 5_000, parts: ["m1"], state: "sending" },
    { length: 4_999, parts: ["m1"], state: "live" },
  ])("of $length characters with $parts is $state", ({ length, parts, state }) => {
    const comments = parts.map((messageId, index) => own(`80${index}`, { messageId }));

    expect(states({ messages: [long(length)], comments })[0]).toMatchObject({ sourceId: "m1", state });
  });

  it("is complete as soon as it is so in one language", () => {
    const comments = [own("801", { messageId: "m1" })];
    const inLanguages = (second: readonly string[]) =>
      states({ messages: [long(8_000)], comments, renderMessage: () => [["a", "b"], second] });

    expect(inLanguages(["c"])).toMatchObject([{ state: "live" }]);
    expect(inLanguages(["c", "d"])).toMatchObject([{ state: "sending" }]);
  });

  it("is not asked about without a way to render, once it is remembered, or when it was withdrawn", () => {
    const comments = [own("801", { messageId: "m1" })];
    const row = { ...mirrorId.message("m1"), copyId: "801", state: "live" } as const;

    expect(states({ messages: [long(8_000)], comments, renderMessage: null })).toMatchObject([{ state: "live" }]);
    expect(states({ messages: [long(8_000)], comments, mirrors: remembered(row) })).toEqual([]);
    expect(
      states({ messages: [long(8_000)], comments: [own("801", { messageId: "m1", srcHash: "withdrawn" })] }),
    ).toMatchObject([{ state: "withdrawn" }]);
    expect(states({ messages: [long(8_000)] })).toEqual([]);
  });
});

describe("a file without a mark", () => {
  it("is paired by its safe name, the description's files first, and gets a whole row", () => {
    const messages = [
      message("m1", { createdAt: ago(59), files: [accessory("f2", "a/b.txt")] }),
      message("m0", { isFirst: true, files: [accessory("f1", "a/b.txt"), accessory("f3", "other.txt")] }),
    ];
    const name = "b.txt";
    const { found } = run({ messages, issue: { files: [file("9001", name), file("9002", name)] } });

    expect(found.mirrors).toEqual([
      { ...mirrorId.caseFile("f1"), copyId: "9001", state: "live", sizeBytes: 3, parentId: "m0" },
      { ...mirrorId.caseFile("f2"), copyId: "9002", state: "live", sizeBytes: 3, parentId: "m1" },
    ]);
  });

  it.each([
    { name: "a person's file", more: { issue: { files: [file("9001", "a.txt", "ann")] } } },
    {
      name: "a file that a row names",
      more: { mirrors: remembered({ ...mirrorId.caseFile("f9"), copyId: "9001", state: "live" }) },
    },
    { name: "a file whose write is planned", more: { intents: [makeIntent({ key: "file:f1" })] } },
    {
      name: "a file that has its copy",
      more: { mirrors: remembered({ ...mirrorId.caseFile("f1"), copyId: "8000", state: "live" }) },
    },
  ])("is not taken where it is $name", ({ more }) => {
    const { found } = run({
      messages: [message("m0", { isFirst: true, files: [accessory("f1", "a.txt")] })],
      issue: { files: [file("9001", "a.txt")] },
      ...more,
    });

    expect(found.mirrors).toEqual([]);
  });

  it("of a message that we wrote ourselves is Jira's own", () => {
    const files = [accessory("f1", "a.txt")];
    const issue = { files: [file("9001", "a.txt")] };
    const kinds = (entry: ReturnType<typeof message>) =>
      run({ messages: [entry], issue }).found.mirrors.map(({ kind }) => kind);

    expect(kinds(copyMessage("m1", "[OPS-7#501] Ann:\nHello", { files }))).toEqual([]);
    expect(kinds(copyMessage("m1", "Hello", { files }))).toEqual(["file"]);
    expect(kinds(message("m1", { content: "[OPS-7#501] Ann:\nHello", files }))).toEqual(["file"]);
  });

  it("of a message without an id names the message by its fingerprint", () => {
    const entry = message("m1", { messageId: null, files: [accessory("f1", "a.txt")] });
    const { found } = run({ messages: [entry], issue: { files: [file("9001", "a.txt")] } });

    expect(found.mirrors).toMatchObject([{ sourceId: "f1", parentId: `fp:${messageFingerprint(entry)}:1` }]);
  });
});
