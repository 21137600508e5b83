/**
 * `npm run docs:text` writes docs/text.md: how texts of one side look on the other, made by the product's own code from
 * test/corpus. May be repeated; a test compares the file.
 */
import { writeFileSync } from "node:fs";
import { guardText } from "../src/domain/text/guard.ts";
import { guardAuthorLine } from "../src/domain/text/guarded-names.ts";
import { renderParts } from "../src/domain/text/split.ts";
import { makeTextPort } from "../src/jira/text-port.ts";
import { messageHeader } from "../src/sync/render.ts";
import { COMMENT_MEANINGS } from "../test/corpus/comment-meanings.ts";
import { MARKDOWN_MEANINGS, PLAIN_TEXTS, RICH_MEANINGS } from "../test/corpus/message-meanings.ts";
import { SAMPLE_COMMENTS, SAMPLE_MESSAGES } from "../test/corpus/messages.ts";

const INTRO = `# Texts on both sides

Made by \`npm run docs:text\` from \`test/corpus\`; do not edit by hand. Left is what a person wrote, right is the copy. Controls and
bidi overrides are shown as \`\\u202e\`.

What is not carried: the text of HTML comments and of \`<style>\`, addresses other than http, https and mailto (their text stays), colours,
sizes and the layout of columns. OSM does not say which of its texts are HTML: a message is read so when elements make its lines, and as plain
text when somebody typed lines between them. Pictures are named where they stood, \`[image: name]\` in Jira and
\`[file: name]\` in Huawei Cloud; files that the service lists beside the text are attached and named in the last lines. Over 30,000 characters
of ADF a message goes on in further comments; over the limit of a message (\`huawei.messageCharsMax\`) a comment goes on in up to five parts,
and beyond them its head is sent with the whole text as a file.
`;

/** The whole file. Pure: the same code and corpus give the same text. */
export function textDocument(): string {
  const port = makeTextPort();
  const fromHuawei = SAMPLE_MESSAGES.map((sample) => {
    const message = {
      messageId: null,
      authorKind: sample.author,
      authorId: null,
      authorName: sample.name,
      content: sample.content,
      createdAt: new Date("2026-11-24T02:05:00Z"),
      isFirst: false,
      files: [],
    };
    const docs = port.messageToAdf({
      header: messageHeader(message, "GMT+8", { languages: ["en"] }),
      text: sample.content,
      footer: [],
    });
    const kinds = docs.map((adf) => outline(adf)).join(" ");
    return section(
      sample.title,
      ["OSM message", sample.content],
      ["Jira comment", docs.map(port.adfToText).join("\n")],
      kinds,
    );
  });
  const fromJira = SAMPLE_COMMENTS.map((sample, index) => {
    const { text } = guardText(port.adfToText(sample.body), { mode: "mask" });
    const mark = {
      kind: "comment",
      issueKey: "OPS-7",
      commentId: String(10_042 + index),
      version: 1,
      part: null,
      withdrawn: false,
    } as const;
    const rendered = renderParts({
      mark,
      authorLine: guardAuthorLine(sample.name, "name", { mode: "mask" }).text,
      text,
      charsMax: 1_200,
    });
    const sent = rendered.kind === "parts" ? rendered.parts.join("\n") : rendered.head;
    return section(
      sample.title,
      ["Jira comment (ADF)", JSON.stringify(sample.body.content)],
      ["OSM message", sent],
      null,
    );
  });
  const toJira = (text: string): string =>
    port.messageToAdf({ header: "", text, footer: [] }).map(port.adfToText).join("\n");
  const messages = [
    ...RICH_MEANINGS.map(([title, html]) => pair(title, html, toJira(html))),
    ...PLAIN_TEXTS.map((text, index) => pair(`plain text ${index + 1}`, text, toJira(text))),
    ...MARKDOWN_MEANINGS.map(([text], index) => pair(`Markdown ${index + 1}`, text, toJira(text))),
  ];
  const comments = COMMENT_MEANINGS.map(([title, body]) => pair(title, outlineOf(body), port.adfToText(body)));
  const meanings = `\n## Meanings, from Huawei Cloud to Jira\n\n${messages.join("\n")}\n## Meanings, from Jira to Huawei Cloud\n\n${comments.join("\n")}`;
  return `${INTRO}\n## From Huawei Cloud to Jira\n\n${fromHuawei.join("\n")}\n## From Jira to Huawei Cloud\n\n${fromJira.join("\n")}${meanings}`;
}

/** One kind of meaning: both texts below one another, each line as it stands. */
function pair(title: string, left: string, right: string): string {
  return `**${title}**\n\n${fenced(`${left}\n=>\n${right}`)}\n`;
}

function outlineOf(body: unknown): string {
  const { content } = body as { content?: unknown };
  return JSON.stringify(content ?? body);
}

function section(
  title: string,
  left: readonly [string, string],
  right: readonly [string, string],
  kinds: string | null,
): string {
  const note = kinds === null ? "" : `\nADF: \`${kinds}\`\n`;
  return `### ${title}\n\n<table><tr><th>${left[0]}</th><th>${right[0]}</th></tr><tr><td>\n\n${fenced(left[1])}\n\n</td><td>\n\n${fenced(right[1])}\n\n</td></tr></table>\n${note}`;
}

function fenced(text: string): string {
  const shown = text.replace(
    /[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `~~~~text\n${shown}\n~~~~`;
}

/** The kinds of the blocks of a document, in order. */
function outline(adf: unknown): string {
  const { content = [] } = adf as { content?: readonly { type: string }[] };
  return content.map(({ type }) => type).join(", ");
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(new URL("../docs/text.md", import.meta.url), textDocument());
