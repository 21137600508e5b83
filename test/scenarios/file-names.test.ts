/** Files that texts name in other spellings, by address, or by one name for two (rule 5). */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
let key = "";

async function start(options: Parameters<typeof startStage>[0] = {}): Promise<void> {
  stage = await startStage(options);
  stage.huawei.createCase({ description: "The server is down" });
  await stage.round();
  stage.advance(1_000);
  key = stage.jira.getState().issues[0]?.key ?? "";
}

beforeEach(() => start());

afterEach(async () => {
  await stage.close();
});

const sent = () => (stage.huawei.getState().cases[0]?.messages ?? []).filter((message) => message.via === "api");
const sentNames = () =>
  sent()
    .flatMap((message) => message.accessories)
    .map((file) => file.name.normalize("NFC"));
const doc = (...content: object[]) => ({ type: "doc" as const, version: 1 as const, content: content as never[] });
const paragraph = (...content: object[]) => ({ type: "paragraph", content });
const attach = (name: string, text = name) => {
  const { attachmentId } = stage.jira.addAttachment({ issue: key, name, text });
  const { mediaId = "" } = stage.jira.getIssue({ issue: key }).attachments.find(({ id }) => id === attachmentId) ?? {};
  const media = { type: "media", attrs: { type: "file", id: mediaId, collection: "" } };
  return { attachmentId, shown: { type: "mediaSingle", attrs: { layout: "center" }, content: [media] } };
};

test("a file that a restricted comment names in any spelling stays, whatever shows it", async () => {
  const files = ["Übersicht.txt".normalize("NFD"), "Q3 report.txt", "plan.txt", "Notes.txt"].map((name) =>
    attach(name),
  );
  const restricted = { type: "role" as const, value: "Administrators" };
  const card = (url: string) => doc(paragraph({ type: "inlineCard", attrs: { url } }));
  stage.jira.addComment({ issue: key, text: "see übersicht.TXT", visibility: restricted });
  stage.jira.addComment({
    issue: key,
    adf: card(`https://jira.example/secure/attachment/${files[1]?.attachmentId}/Q3%20report.txt`),
    visibility: restricted,
  });
  stage.jira.addComment({
    issue: key,
    adf: card(`https://jira.example/rest/api/3/attachment/content/${files[2]?.attachmentId}`),
    visibility: restricted,
  });
  stage.jira.addComment({ issue: key, text: "ｎｏｔｅｓ．ｔｘｔ", visibility: restricted });
  stage.jira.addComment({ issue: key, adf: doc(...files.map((file) => file.shown)) });
  await stage.settle(3);

  expect(sent()).toHaveLength(1);
  expect(sentNames()).toEqual([]);
});

test("a file that a public comment names in another spelling or by address goes along", async () => {
  attach("보고서.pdf".normalize("NFD"));
  const linked = attach("Q3 report.txt");
  const carded = attach("plan.txt");
  stage.jira.addComment({ issue: key, text: "see 보고서.pdf" });
  const href = `https://jira.example/secure/attachment/${linked.attachmentId}/Q3+report.txt`;
  const url = `https://jira.example/rest/api/3/attachment/content/${carded.attachmentId}`;
  stage.jira.addComment({
    issue: key,
    adf: doc(
      paragraph({ type: "text", text: "here", marks: [{ type: "link", attrs: { href } }] }),
      paragraph({ type: "inlineCard", attrs: { url } }),
    ),
  });
  await stage.settle(3);

  expect(sent().map((message) => message.accessories.length)).toEqual([1, 2]);
  expect(sentNames()).toEqual(["보고서.pdf", "Q3 report.txt", "plan.txt"]);
});

test("of two files with one name each goes with the comment that shows it, and a restricted one stays", async () => {
  const [first, second, third] = ["one", "two", "three"].map((text) => attach("image001.png", text));
  stage.jira.addComment({ issue: key, adf: doc(paragraph({ type: "text", text: "before" }), first?.shown ?? {}) });
  stage.jira.addComment({ issue: key, adf: doc(paragraph({ type: "text", text: "after" }), second?.shown ?? {}) });
  stage.jira.addComment({
    issue: key,
    adf: doc(third?.shown ?? {}),
    visibility: { type: "role", value: "Administrators" },
  });
  await stage.settle(3);

  const ids = (await stage.snapshot()).mirrors.flatMap(({ kind, origin, state, sourceId, parentId }) =>
    kind === "file" && origin === "jira" && state === "live" ? [[sourceId, parentId]] : [],
  );
  const commentIds = stage.jira.getState().issues[0]?.comments.map((comment) => comment.id);
  expect(sent().map((message) => message.accessories.length)).toEqual([1, 1]);
  expect(ids).toEqual([
    [first?.attachmentId, commentIds?.[0]],
    [second?.attachmentId, commentIds?.[1]],
  ]);
});

test("a message says which files of its text stay in Jira, but for those that a restricted comment names", async () => {
  await stage.close();
  await start({ policy: { attachments: { toHuawei: "none" } } });
  attach("app.log");
  attach("Q3 report.txt");
  stage.jira.addComment({
    issue: key,
    text: "q3 REPORT.txt is not for them",
    visibility: { type: "role", value: "Administrators" },
  });
  stage.jira.addComment({ issue: key, text: "see app.log and Q3 report.txt" });
  await stage.settle(3);

  expect(sent()).toHaveLength(1);
  expect(sentNames()).toEqual([]);
  expect(sent()[0]?.content.split("\n").slice(1)).toEqual([
    "see app.log and Q3 report.txt",
    "Attachment not sent: app.log (7 bytes): it stays in Jira, since no files are sent to Huawei Cloud / 附件留在 Jira，未发送.",
  ]);
});
