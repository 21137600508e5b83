/**
 * Marks: how casebridge knows its own copies in Huawei (rule 1).
 *
 * OSM answers a written message with no id and offers no hidden field, so the only place for a stamp is the text
 * itself. A mark stands at the very start of what we write and can be read back exactly:
 *
 *   [OPS-7#10042]             comment 10042            [OPS-7^10500]        a file that travels alone
 *   [OPS-7#10042 v2 1/3]      its 2nd version, part 1  [OPS-7 !refused-3]   a notice of our own
 *   [OPS-7#10042 withdrawn]   it was deleted           [OPS-7 @10001 2/3]   a case, continued
 *
 * Only the numbers identify. The key is decoration for readers, since issues move between projects.
 */

import type { GuardedText } from "./guarded.ts";

/** Position of one part in a text that was sent in several; `index` counts from 1 to `count`, `count` ≥ 2. */
export type MarkPart = { readonly index: number; readonly count: number };

/** Copy of a Jira comment. `version` counts from 1. A withdrawn mark has no part, and its version is not written. */
export type CommentMark = {
  readonly kind: "comment";
  readonly issueKey: string;
  readonly commentId: string;
  readonly version: number;
  readonly part: MarkPart | null;
  readonly withdrawn: boolean;
};

/** Copy of a Jira attachment that no comment named. */
export type AttachmentMark = { readonly kind: "attachment"; readonly issueKey: string; readonly attachmentId: string };

/** A notice of casebridge itself, the `n`-th (from 1) of `noticeKind` on its link. */
export type NoticeMark = {
  readonly kind: "notice";
  readonly issueKey: string;
  readonly noticeKind: string;
  readonly n: number;
};

/** The case made for an issue (`part` null), or a continuation of its description. */
export type CaseMark = {
  readonly kind: "case";
  readonly issueKey: string;
  readonly issueId: string;
  readonly part: MarkPart | null;
};

/** Everything a mark can name. Ids are decimal numbers as text, as Jira gives them. */
export type Mark = CommentMark | AttachmentMark | NoticeMark | CaseMark;

const KEY = "([A-Z][A-Z0-9_]{0,63}-[1-9][0-9]{0,11})";
const ID = "([1-9][0-9]{0,19}|0)";
const COUNT = "([1-9][0-9]{0,5})";
const PART = `(?: ${COUNT}/${COUNT})?`;
const NOTICE_KIND = "([a-z][a-z0-9_]{0,39}(?:-[a-z0-9_]{1,40}){0,5})";
const MARK = new RegExp(
  `\\[${KEY}(?:#${ID}(?:( withdrawn)|(?: v${COUNT})?${PART})|\\^${ID}| !${NOTICE_KIND}-${COUNT}| @${ID}${PART})\\]`,
  "y",
);

/**
 * The mark as text, for instance `[OPS-7#10042 v2 1/3]`. Version 1 and a missing part are not written.
 * Throws `RangeError` when a field could not be read back (an id that is no number, part 4 of 3, a withdrawn part):
 * a mark that cannot be recognised later would make a duplicate. Its form leaves no room for words. May be repeated.
 */
export function formatMark(mark: Mark): GuardedText {
  const text = writeMark(mark);
  const read = parseMarkAtStart(text);
  if (read === null || read.rest !== "" || !sameMark(read.mark, mark)) {
    throw new RangeError(`A ${mark.kind} mark has a field that could not be read back`);
  }
  return text as GuardedText;
}

/**
 * Reads the mark at the very start of `text` and returns it with everything after its `]`, unchanged. Whitespace and
 * a byte order mark before it are passed over, since OSM may add or trim them. `null` when the text does not start
 * with a mark written exactly as `formatMark` does (no `v1`, no `1/1`, no leading zeros). Never throws.
 */
export function parseMarkAtStart(text: string): { readonly mark: Mark; readonly rest: string } | null {
  const start = text.length - text.trimStart().length; // trimStart also drops U+FEFF
  MARK.lastIndex = start;
  const match = MARK.exec(text);
  if (match === null) return null;
  const mark = toMark(match);
  return mark === null ? null : { mark, rest: text.slice(start + match[0].length) };
}

/** Whether two marks name the same thing, whatever their keys. Never throws. */
export function sameMark(a: Mark, b: Mark): boolean {
  return markIdentity(a) === markIdentity(b);
}

/**
 * A stable key of the mark without the issue key, for instance `comment:10042:v2:1/3`, unique within one link. Fit
 * for a database column. Never throws.
 */
export function markIdentity(mark: Mark): string {
  switch (mark.kind) {
    case "comment":
      if (mark.withdrawn) return `comment:${mark.commentId}:withdrawn${partSuffix(":", mark.part)}`;
      return `comment:${mark.commentId}:v${mark.version}${partSuffix(":", mark.part)}`;
    case "attachment":
      return `attachment:${mark.attachmentId}`;
    case "notice":
      return `notice:${mark.noticeKind}:${mark.n}`;
    case "case":
      return `case:${mark.issueId}${partSuffix(":", mark.part)}`;
  }
}

function writeMark(mark: Mark): string {
  switch (mark.kind) {
    case "comment": {
      const version = mark.withdrawn ? " withdrawn" : mark.version === 1 ? "" : ` v${mark.version}`;
      return `[${mark.issueKey}#${mark.commentId}${version}${partSuffix(" ", mark.part)}]`;
    }
    case "attachment":
      return `[${mark.issueKey}^${mark.attachmentId}]`;
    case "notice":
      return `[${mark.issueKey} !${mark.noticeKind}-${mark.n}]`;
    case "case":
      return `[${mark.issueKey} @${mark.issueId}${partSuffix(" ", mark.part)}]`;
  }
}

function partSuffix(separator: string, part: MarkPart | null): string {
  return part === null ? "" : `${separator}${part.index}/${part.count}`;
}

function toMark(match: RegExpExecArray): Mark | null {
  const [, issueKey, commentId, withdrawn, version, index, count, attachmentId, noticeKind, n, issueId, at, of] = match;
  if (issueKey === undefined) return null;
  if (commentId !== undefined) {
    const part = toPart(index, count);
    if (part === undefined || version === "1") return null;
    return {
      kind: "comment",
      issueKey,
      commentId,
      version: version === undefined ? 1 : Number(version),
      part,
      withdrawn: withdrawn !== undefined,
    };
  }
  if (attachmentId !== undefined) return { kind: "attachment", issueKey, attachmentId };
  if (noticeKind !== undefined) return { kind: "notice", issueKey, noticeKind, n: Number(n) };
  if (issueId === undefined) return null;
  const part = toPart(at, of);
  return part === undefined ? null : { kind: "case", issueKey, issueId, part };
}

/** `null`: no part written; `undefined`: written, but not as we would. */
function toPart(index: string | undefined, count: string | undefined): MarkPart | null | undefined {
  if (index === undefined || count === undefined) return null;
  const part = { index: Number(index), count: Number(count) };
  return part.count >= 2 && part.index <= part.count ? part : undefined;
}
