/**
 * Keys of intents: one write per key and link. They stand in the database, in failures and in the audit, so their spelling never changes; it
 * is written and read here alone.
 */
import type { MirrorId } from "./mirror.ts";
import { noticeName } from "./notice-cause.ts";

/** What each kind of write is named by on its link. */
type Names = {
  /** The issue of a case. */
  issue: object;
  /** Fields of the issue that its create screen lacks. */
  issue_fields: object;
  /** Comments with what of a description did not fit into the issue. */
  description_rest: object;
  /** A comment that carries a message of the case, or a further part of it. */
  comment: { readonly sourceId: string };
  /** A notice on the issue. */
  notice: { readonly cause: string };
  /** A file of the case on its way to the issue. */
  file: { readonly fileId: string };
  /** The case of an issue. */
  case: object;
  /** A message with a comment, or with a part of it. */
  comment_part: {
    readonly commentId: string;
    readonly version: number;
    readonly index: number;
    readonly count: number;
  };
  /** The message that a comment was withdrawn. */
  withdrawal: { readonly commentId: string; readonly version: number };
  /** A message with a file alone. */
  own_file: { readonly attachmentId: string };
  /** A message with what of a case's text did not fit into the case. */
  case_part: { readonly index: number; readonly count: number };
  /** The `n`-th message that tells what a person changed on the issue. */
  change: { readonly n: number };
  /** The `n`-th message that asks to take the case up again. */
  reopen: { readonly n: number };
  /** What a person's move does to the case, by the moment of the move in milliseconds since the epoch. */
  move: { readonly movedMs: number };
  /** What a person's command does to the case. */
  command: { readonly commentId: string };
};

/** What a write is. */
export type KnownIntentKind = keyof Names;

/** What names an intent on its link. */
export type IntentId<Kind extends KnownIntentKind = KnownIntentKind> = {
  [K in Kind]: { readonly kind: K } & Names[K];
}[Kind];

/** The key of an intent. Pure. */
export function intentKey(id: IntentId): string {
  switch (id.kind) {
    case "issue":
    case "case":
      return id.kind;
    case "issue_fields":
      return "issue-fields";
    case "description_rest":
      return "comment:description-rest";
    case "comment":
      return `comment:${id.sourceId}`;
    case "notice":
      return noticeName(id.cause);
    case "file":
      return `file:${id.fileId}`;
    case "comment_part":
      return `message:${id.commentId}:v${id.version}:${id.index}/${id.count}`;
    case "withdrawal":
      return `message:${id.commentId}:v${id.version}:withdrawn`;
    case "own_file":
      return `message:file:${id.attachmentId}`;
    case "case_part":
      return `message:case:${id.index}/${id.count}`;
    case "change":
      return `message:changed-${id.n}`;
    case "reopen":
      return `message:reopen-${id.n}`;
    case "move":
      return `action:move-${id.movedMs}`;
    case "command":
      return `command:${id.commentId}`;
  }
}

/** What a key names; `null` where it belongs to a release that knows more. Never throws. Pure. */
export function parseIntentKey(key: string): IntentId | null {
  if (key === "issue" || key === "case") return { kind: key };
  if (key === intentKey({ kind: "issue_fields" })) return { kind: "issue_fields" };
  if (key === intentKey({ kind: "description_rest" })) return { kind: "description_rest" };
  const colon = key.indexOf(":");
  const rest = key.slice(colon + 1);
  switch (key.slice(0, colon)) {
    case "comment":
      return { kind: "comment", sourceId: rest };
    case "notice":
      return { kind: "notice", cause: rest };
    case "file":
      return { kind: "file", fileId: rest };
    case "command":
      return { kind: "command", commentId: rest };
    case "action": {
      const movedMs = /^move-(\d+)$/.exec(rest)?.[1];
      return movedMs === undefined ? null : { kind: "move", movedMs: Number(movedMs) };
    }
    case "message":
      return parseMessageKey(rest);
    default:
      return null;
  }
}

function parseMessageKey(rest: string): IntentId | null {
  const ofCase = /^case:(\d+)\/(\d+)$/.exec(rest);
  if (ofCase !== null) return { kind: "case_part", index: Number(ofCase[1]), count: Number(ofCase[2]) };
  const attachmentId = /^file:(.+)$/s.exec(rest)?.[1];
  if (attachmentId !== undefined) return { kind: "own_file", attachmentId };
  const ofNotice = /^(changed|reopen)-(\d+)$/.exec(rest);
  if (ofNotice !== null) return { kind: ofNotice[1] === "reopen" ? "reopen" : "change", n: Number(ofNotice[2]) };
  const match = /^([^:]+):v(\d+):(?:(\d+)\/(\d+)|withdrawn)$/.exec(rest);
  if (match === null) return null;
  const [, commentId = "", version, index, count] = match;
  return index === undefined
    ? { kind: "withdrawal", commentId, version: Number(version) }
    : { kind: "comment_part", commentId, version: Number(version), index: Number(index), count: Number(count) };
}

/** The keys under which a message of ours with this row may be on its way. Pure. */
export function messageKeysOf(id: MirrorId): readonly string[] {
  if (id.kind === "reopen" || id.kind === "change") return [intentKey({ kind: id.kind, n: Number(id.sourceId) })];
  return id.kind === "file" && id.origin === "jira" ? [intentKey({ kind: "own_file", attachmentId: id.sourceId })] : [];
}
