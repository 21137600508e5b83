/**
 * Hostile text through the whole product, both ways (rule 11).
 *
 * What "nothing is lost" means here: the copy of a text without markup shows every character of it, but for what cannot
 * be shown or must not be (control characters, bidi overrides, halves of surrogate pairs, which become U+FFFD, and
 * whitespace, which may stand elsewhere). The copy of a text or document with markup shows each of its planted words
 * once and in order. A file arrives with its bytes, under a name that is only a name.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeAdfValidator } from "../support/adf-schema.ts";
import { type Harness, makeSeeded, startHarness } from "../support/harness.ts";
import { type HostileText, makeHostile, normalText, wordsIn } from "../support/hostile.ts";
import { testSeed } from "../support/seed.ts";

const casesCount = 25;
const textsPerSide = 10;
const filesPerSide = 2;
const sameText = "the same file";

type Placed = {
  readonly caseId: string;
  readonly texts: Map<string, HostileText>;
  readonly files: Map<string, string>;
};

/** All texts of a document in order, with nothing of its structure. */
function bareText(node: unknown): string {
  if (typeof node !== "object" || node === null) return "";
  const { type, text, content } = node as { type?: unknown; text?: unknown; content?: unknown };
  if (type === "hardBreak") return "\n";
  if (typeof text === "string") return text;
  return Array.isArray(content) ? content.map(bareText).join("") : "";
}

function expectSame(found: string, source: HostileText, what: string): void {
  expect(wordsIn(found), what).toEqual(source.words);
  if (source.exact) expect(normalText(found), what).toBe(normalText(source.text));
}

function expectHarmlessName(name: string): void {
  expect(name).not.toMatch(/[/\\\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|^\.+$|^\s|\s$/);
  expect(name.isWellFormed()).toBe(true);
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
}

describe("hostile text and file names", () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({ env: { CHECK_CRON: "*/5 * * * * *" } });
  });
  afterAll(() => harness.close());

  test(`${2 * casesCount * textsPerSide} texts and ${2 * casesCount * filesPerSide} file names arrive whole and harmless`, {
    timeout: 600_000,
  }, async () => {
    const hostile = makeHostile(makeSeeded(testSeed("hostile texts")));
    const { huawei, jira } = harness;
    const toJira: Placed[] = [];
    const toHuawei: Placed[] = [];
    const keyOf = (caseId: string): string | undefined =>
      jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`))?.key;

    for (let at = 0; at < casesCount; at += 1) {
      const description = hostile.text(at).text.slice(0, 1_000);
      const { caseId } = huawei.createCase({ description });
      const placed: Placed = { caseId, texts: new Map(), files: new Map() };
      for (let n = 0; n < textsPerSide; n += 1) {
        const source = at === 0 && n === 0 ? hostile.longLine() : hostile.text(at * textsPerSide + n);
        const files = Array.from({ length: n < filesPerSide ? 1 : 0 }, () => {
          const name = hostile.fileName(at * filesPerSide + n);
          return { name, text: name.startsWith("same.") ? sameText : `bytes ${at} ${n}` };
        });
        const author = (["engineer", "partner", "customer"] as const)[n % 3] ?? "engineer";
        const named = n === 3 ? { name: "\u202eevil [OPS-1#1]\n name" } : {};
        const { messageId } = huawei.addMessage({ caseId, author, content: source.text, files, ...named });
        placed.texts.set(messageId, source);
        for (const file of files) placed.files.set(messageId, file.name);
      }
      toJira.push(placed);
    }
    harness.spawnWorker();
    await harness.waitUntil(
      () => jira.getState().issues.length === casesCount,
      () => `${casesCount} issues; there are ${jira.getState().issues.length}`,
      300_000,
    );

    for (const [at, { caseId }] of toJira.entries()) {
      const issue = keyOf(caseId) ?? "";
      const placed: Placed = { caseId, texts: new Map(), files: new Map() };
      for (let n = 0; n < textsPerSide; n += 1) {
        const index = at * textsPerSide + n;
        if (n < filesPerSide) {
          // One picture without a name in its node, as Jira's editor makes them; one file named in the text.
          const name = hostile.fileName(at * filesPerSide + n + 7);
          const file = jira.addAttachment({ issue, name, text: `jira ${name.startsWith("same.") ? "" : index}` });
          const { mediaId } = jira.getIssue({ issue }).attachments.find(({ id }) => id === file.attachmentId) ?? {
            mediaId: "",
          };
          const word = hostile.word();
          const media = { type: "media", attrs: { type: "file", id: mediaId, collection: "" } };
          const { commentId } =
            n === 0
              ? jira.addComment({
                  issue,
                  adf: {
                    type: "doc",
                    version: 1,
                    content: [
                      { type: "paragraph", content: [{ type: "text", text: word }] },
                      { type: "mediaGroup", content: [media] },
                    ],
                  },
                })
              : jira.addComment({ issue, text: `${word} see ${name}` });
          placed.texts.set(commentId, { text: word, words: [word], exact: false });
          placed.files.set(commentId, file.sha256);
        } else if (n % 2 === 0) {
          const { adf, words } = hostile.document(index / 2);
          placed.texts.set(jira.addComment({ issue, adf }).commentId, { text: "", words, exact: false });
        } else {
          const source = at === 0 && n === 3 ? hostile.longLine() : hostile.text(index);
          placed.texts.set(jira.addComment({ issue, text: source.text }).commentId, {
            ...source,
            exact: source.exact || !source.text.includes("\n"),
          });
        }
      }
      toHuawei.push(placed);
    }
    await harness.converge(300_000);

    const validate = makeAdfValidator();
    const site = jira.getState();
    for (const { caseId, texts, files } of toJira) {
      const issue = site.issues.find((candidate) => candidate.labels.includes(`hwcase-${caseId}`));
      const own = (issue?.comments ?? []).filter((comment) => comment.authorAccountId === site.botAccountId);
      expect(validate(issue?.descriptionAdf)).toBeNull();
      for (const comment of own) expect(validate(comment.bodyAdf)).toBeNull();
      for (const [messageId, source] of texts) {
        const parts = own.filter((comment) => {
          const mark = comment.properties.casebridge as { messageId?: string; fingerprint?: string } | undefined;
          return mark?.messageId === messageId || mark?.fingerprint?.startsWith(`${messageId}#`) === true;
        });
        const bodies = parts.map((comment) => ({ content: comment.bodyAdf.content.slice(1) }));
        const lines = files.has(messageId) ? bodies.at(-1)?.content.pop() : undefined;
        expectSame(bodies.map(bareText).join(""), source, `message ${messageId} of ${caseId}`);
        if (lines !== undefined) expect(bareText(lines)).toMatch(/^Attachment: /);
        expect(parts[0]?.bodyText.split("\n")[0]).toMatch(
          /^\S.* \((?:customer|Huawei engineer|partner)\) · \d{4}-\d\d-\d\d \d\d:\d\d GMT\+8/,
        );
      }
      expect(issue?.attachments.filter((file) => file.authorAccountId === site.botAccountId)).toHaveLength(files.size);
      for (const file of issue?.attachments ?? []) {
        if (file.authorAccountId === site.botAccountId) expectHarmlessName(file.name);
      }
    }

    for (const { caseId, texts, files } of toHuawei) {
      const entry = huawei.getState().cases.find((candidate) => candidate.caseId === caseId);
      for (const [commentId, source] of texts) {
        const parts = (entry?.messages ?? []).filter((message) =>
          new RegExp(`^\\[OPS-\\d+#${commentId}(?: \\d/\\d)?\\]`).test(message.content),
        );
        const what = `comment ${commentId} of ${caseId}`;
        for (const part of parts) {
          expect(part.content.length, what).toBeLessThanOrEqual(1_200);
          expect(part.content.isWellFormed(), what).toBe(true);
        }
        const text = parts.map(({ content }) => content.slice(content.indexOf("\n") + 1)).join("\n");
        const attached = parts.flatMap((part) => part.accessories);
        const whole = attached.find(({ name }) => name === `comment-${commentId}.txt`);
        if (source.text.length > 50_000) {
          expect(parts, what).toHaveLength(1);
          expect(whole?.sizeBytes, what).toBe(Buffer.byteLength(source.text));
        } else {
          expect(whole, what).toBeUndefined();
          expectSame(text, source, what);
        }
        const sha256 = files.get(commentId);
        if (sha256 !== undefined) {
          // Mostly with its comment; one that came between the readings of issue and comments goes on its own.
          const copies = (entry?.messages ?? []).flatMap((message) => message.accessories);
          const found = copies.filter((file) => file.sha256 === sha256);
          expect(found, what).toHaveLength(1);
          expectHarmlessName(found[0]?.name ?? "/");
          expect(text, what).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);
        }
      }
    }

    const verified = await harness.runCli(["verify", "--all", "--json"]);
    expect(verified).toMatchObject({ code: 0, json: { drift: 0, pending: 0 } });
    const failures = await harness.runCli(["failures", "list", "--json"]);
    expect(failures.json).toEqual([]);
    expect(huawei.getRefusals()).toEqual([]);
    expect(jira.getRefusals()).toEqual([]);
  });
});
