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
  run,
} from "../../../test/support/recognise.ts";
import type { CaseMessage } from "../../domain/case.ts";
import { commentHashes } from "../../domain/identity.ts";
import { toId } from "../../domain/ids.ts";
import { messageFingerprint } from "../../domain/message-views.ts";

describe("copies in Jira", () => {
  it("are known by id and by fingerprint, with their continuations, files and notices", () => {
    const first = message("m1", { files: [accessory("f1", "a.txt")] });
    const second = message("m2", { createdAt: ago(59) });
    const { found, again } = run({
      messages: [first, second],
      comments: [
        own("801", { messageId: "m1", files: [["f1", "9001"]] }),
        own("802", { fingerprint: "m1#2" }),
        own("803", { fingerprint: `fp:${messageFingerprint(second)}:1` }),
        own("804", { fingerprint: "notice:waits-1" }),
      ],
      issue: { files: [file("9001", "a.txt")] },
    });

    expect(found.mirrors.map(({ kind, sourceId, copyId }) => [kind, sourceId, copyId])).toEqual([
      ["message", "m1", "801"],
      ["file", "f1", "9001"],
      ["message", "m1#2", "802"],
      ["message", "m2", "803"],
      ["waits", "1", "804"],
    ]);
    expect(found.adopted).toBe(3);
    expect(again.mirrors).toEqual([]);
  });

  it("are looked at once more while their intent stands, since whoever wrote them may have died before the further parts", () => {
    const intent = makeIntent({ key: "comment:m1", state: "unknown" });
    const comments = [own("801", { messageId: "m1" })];

    const { found } = run({ messages: [message("m1")], comments, intents: [intent] });
    const { found: withoutIntent } = run({ messages: [message("m1")], comments });

    expect(found.mirrors).toMatchObject([{ sourceId: "m1", copyId: "801", state: "sending" }]);
    expect(found.confirmedIntents).toEqual(["comment:m1"]);
    expect(withoutIntent.mirrors).toMatchObject([{ sourceId: "m1", copyId: "801", state: "live" }]);
  });

  it("are reported when there are two of one message, and the older one counts", () => {
    const { found } = run({
      messages: [message("m1")],
      comments: [own("802", { messageId: "m1" }, 40), own("801", { messageId: "m1" }, 50)],
    });

    expect(found.mirrors).toMatchObject([{ sourceId: "m1", copyId: "801" }]);
    expect(found.duplicates).toEqual([{ item: "message:m1", kept: "801", other: "802" }]);
  });

  it("are known again by their text where the property was removed or names another case", () => {
    const { found } = run({
      messages: [message("m1"), message("m2", { createdAt: ago(58) })],
      comments: [
        comment("801", "Wang: text of m1", { authorId: "casebridge" }),
        { ...own("802", { messageId: "mX", caseId: "TT2" }), body: "Wang: text of m2\nAttachment: a.txt" },
      ],
      renderMessage: (entry) => [[`王：${entry.content}`], [`Wang:  ${entry.content}`]],
    });

    expect(found.mirrors).toMatchObject([
      { sourceId: "m2", copyId: "802" },
      { sourceId: "m1", copyId: "801" },
    ]);
  });

  it("that say their message was withdrawn are withdrawn, and are not marked again", () => {
    const { found } = run({ comments: [own("801", { messageId: "m1", srcHash: "withdrawn" })] });

    expect(found.mirrors).toMatchObject([{ sourceId: "m1", copyId: "801", state: "withdrawn" }]);
  });

  it("an answer to a command proves that the command ran", () => {
    const { found } = run({ comments: [own("801", { fingerprint: "notice:reply-501" })] });

    expect(found.mirrors).toMatchObject([
      { kind: "notice", origin: "huawei", sourceId: "reply-501" },
      { kind: "command", origin: "jira", sourceId: "501", state: "live" },
    ]);
  });

  it("of another installation are left alone unless they are taken over", () => {
    const { found } = run({
      messages: [message("m1")],
      comments: [own("801", { messageId: "m1", inst: "inst-2" })],
      accepts: (inst) => inst === "inst-1",
    });

    expect(found.mirrors).toEqual([]);
  });

  it("a comment of a person that carries our property is no copy", () => {
    const { found } = run({
      messages: [message("m1")],
      comments: [{ ...own("801", { messageId: "m1" }), authorId: "ann" }],
    });

    expect(found.mirrors).toEqual([]);
  });

  it("of the description's files are paired by name, in their order", () => {
    const { found } = run({
      messages: [message("m0", { isFirst: true, files: [accessory("f1", "log.txt"), accessory("f2", "log.txt")] })],
      issue: { files: [file("9001", "log.txt"), file("9002", "log.txt"), file("9003", "log.txt", "ann")] },
    });

    expect(found.mirrors.map(({ sourceId, copyId }) => [sourceId, copyId])).toEqual([
      ["f1", "9001"],
      ["f2", "9002"],
    ]);
  });
});

describe("copies in Huawei", () => {
  it("join versions and parts; the newest version counts", () => {
    const { found, again } = run({
      comments: [comment("501", "One two")],
      messages: [
        copyMessage("m1", "[OPS-7#501] Ann:\nOld"),
        copyMessage("m2", "[OPS-7#501 v2 1/2] Ann:\nOne"),
        copyMessage("m3", "[OPS-7#501 v2 2/2] Ann:\ntwo"),
      ],
    });

    expect(found.mirrors).toMatchObject([{ kind: "comment", sourceId: "501", version: 2, state: "live" }]);
    expect(found.mirrors[0]?.copyFingerprints).toHaveLength(3);
    expect(found.mirrors[0]?.sourceHash).not.toBeNull();
    expect(again.mirrors).toEqual([]);
  });

  it.each<{
    name: string;
    text: string;
    createdAt?: Date;
    updatedAt: Date;
    content: string;
    same: boolean;
  }>([
    { name: "the same text", text: "Hello", updatedAt: ago(1), content: "[OPS-7#501] Ann:\nHello", same: true },
    { name: "without an author line", text: "Hello", updatedAt: ago(1), content: "[OPS-7#501]\nHello", same: true },
    {
      name: "rich text around it",
      text: "Hello",
      updatedAt: ago(1),
      content: "<p>[OPS-7#501] Ann:<br/>Hello</p>",
      same: true,
    },
    {
      name: "something masked",
      text: "password: Hunter2!x",
      updatedAt: ago(1),
      content: "[OPS-7#501] Ann:\nHello",
      same: false,
    },
    {
      name: "edited after it was sent",
      text: "Hello again",
      updatedAt: ago(1),
      content: "[OPS-7#501] Ann:\nHello",
      same: false,
    },
    {
      name: "older than the message",
      text: "Whatever",
      updatedAt: ago(50),
      content: "[OPS-7#501] Ann:\nHello",
      same: true,
    },
    {
      name: "never edited, and rendered otherwise today",
      text: "Hello, as this release renders it",
      createdAt: ago(20),
      updatedAt: ago(20),
      content: "[OPS-7#501] Ann:\nHello",
      same: true,
    },
    {
      name: "never edited, and a second version was sent",
      text: "Hello again",
      createdAt: ago(20),
      updatedAt: ago(20),
      content: "[OPS-7#501 v2] Ann:\nHello",
      same: false,
    },
    {
      name: "only one part of two",
      text: "Hello you",
      updatedAt: ago(50),
      content: "[OPS-7#501 1/2] Ann:\nHello",
      same: false,
    },
  ])("tell whether today's text was sent: $name", ({ text, createdAt = ago(40), updatedAt, content, same }) => {
    const { found } = run({
      comments: [comment("501", text, { createdAt, updatedAt })],
      messages: [copyMessage("m1", content)],
    });

    expect(found.mirrors[0]?.sourceHash === null).toBe(!same);
  });

  it.each([
    "[OPS-7#501] Ann:\nCannot reach <vpc-id> from Map<String, List>, a &lt; b",
    "<p>[OPS-7#501] Ann:<br/>Cannot reach &lt;vpc-id&gt; from Map&lt;String, List&gt;, a &amp;lt; b</p>",
    "[OPS-7#501] Ann:\n(sent late, written 2026-05-04 20:00 GMT+8 / 补发)\nCannot reach <vpc-id> from Map<String, List>, a &lt; b\nAttachment not sent: a.txt (3 bytes): too large.",
  ])("are known by their words, whatever stands in angle brackets: %s", (content) => {
    const said = comment("501", "Cannot reach <vpc-id> from Map<String, List>, a &lt; b");

    const { found } = run({
      messages: [message("m1", { authorKind: "customer", authorId: "hw-us", content, createdAt: ago(40) })],
      comments: [said],
    });

    expect(found.mirrors[0]).toMatchObject({ sourceId: "501", ...commentHashes(said, String) });
  });

  it("a withdrawal proves the copy even though the comment is gone; a mark alone does not", () => {
    const withdrawn = run({ messages: [copyMessage("m1", "[OPS-7#501 withdrawn] …")] });
    const quoted = run({ messages: [copyMessage("m1", "[OPS-7#501] Ann:\nHello")] });

    expect(withdrawn.found.mirrors).toMatchObject([{ sourceId: "501", state: "withdrawn" }]);
    expect(quoted.found.mirrors).toEqual([]);
    expect(quoted.found.unknownMarks).toHaveLength(1);
  });

  it("files of a comment, files alone, notices and continued descriptions are known", () => {
    const { found, again } = run({
      comments: [comment("501", "see shot.png")],
      messages: [
        copyMessage("m1", "[OPS-7#501] Ann:\nsee shot.png", { files: [accessory("f1", "shot.png")] }),
        copyMessage("m2", "[OPS-7^9002] b.txt", { files: [accessory("f2", "b.txt")] }),
        copyMessage("m3", "[OPS-7 !reopen-1] please"),
        copyMessage("m4", "[OPS-7 @10001 2/2] rest"),
        copyMessage("m5", "[OPS-9 @10009 2/2] of another issue"),
      ],
      issue: { files: [file("9001", "shot.png", "ann"), file("9002", "b.txt", "ann")] },
    });

    expect(found.mirrors.map(({ kind, sourceId }) => `${kind} ${sourceId}`)).toEqual([
      "file 9002",
      "reopen 1",
      "case_text case-text",
      "comment 501",
      "file 9001",
    ]);
    expect(found.unknownMarks.map(({ sourceId }) => sourceId)).toEqual(["m5"]);
    expect(again.mirrors).toEqual([]);
  });

  it("the same text under the same mark twice is a duplicate, other words are news", () => {
    const sent = copyMessage("m1", "[OPS-7#501] Ann:\nHello");
    const second = { ...sent, messageId: toId("m2"), createdAt: ago(29) } as CaseMessage;
    const quote = copyMessage("m3", "[OPS-7#501] as Ann wrote …", { createdAt: ago(10) });
    const { found } = run({ comments: [comment("501", "Hello")], messages: [sent, second, quote] });

    expect(found.duplicates).toEqual([{ item: "comment:501", kept: "m1", other: "m2" }]);
    expect(found.mirrors[0]?.copyFingerprints).toEqual([messageFingerprint(sent), messageFingerprint(second)]);
  });

  it("a message that one of our comments mirrors is a person's, whatever it starts with", () => {
    const { found } = run({
      comments: [comment("501", "Hello"), own("801", { messageId: "m1" })],
      messages: [copyMessage("m1", "[OPS-7#501] somebody quotes")],
    });

    expect(found.mirrors).toMatchObject([{ kind: "message", sourceId: "m1", copyId: "801" }]);
  });

  it("a write that was only planned when the database was saved is confirmed, not repeated, and is no loss of memory", () => {
    const intent = makeIntent({ key: "message:501:v1:1/1", mark: "comment:501:v1" });
    const { found } = run({
      comments: [comment("501", "Hello")],
      messages: [copyMessage("m1", "[OPS-7#501] Ann:\nHello")],
      intents: [intent],
    });

    expect(found.confirmedIntents).toEqual([intent.key]);
    expect(found.adopted).toBe(0);
  });

  it("our own user is learned from what we wrote, and a colleague's words are not ours", () => {
    const comments = [comment("501", "Hello")];
    const messages = [copyMessage("m1", "[OPS-7#501] Ann:\nHello")];

    expect(run({ comments, messages, huaweiUserIds: [] }).found.huaweiUserId).toBe("hw-us");
    expect(run({ comments, messages, huaweiUserIds: ["hw-other"] }).found.mirrors).toEqual([]);
  });
});
