/**
 * How mirrors are named in the database, in the owners that frozen writes name, and in lines of the audit: by kind, origin and a text. The
 * kinds there are fewer than ours, so the start of the text tells them apart. Older releases read these rows, so the spelling never changes;
 * it is written and read here alone.
 */
import type { Side } from "../service-error.ts";
import type { Mark } from "../text/marks.ts";
import { type KnownMirrorKind, type MirrorId, type MirrorKind, mirrorId } from "./mirror.ts";
import { noticeCause, parseCause } from "./notice-cause.ts";

/** A name as it is stored. */
export type StoredName = { readonly kind: string; readonly origin: string; readonly sourceId: string };

/** Kinds that stand in the database. */
type StoredKind = "message" | "comment" | "file" | "notice" | "facts";

/** How each kind is stored: under which kind, and what the text begins with. */
const storedAs = {
  message: ["message", ""],
  comment: ["comment", ""],
  file: ["file", ""],
  notice: ["notice", ""],
  waits: ["notice", "waits-"],
  move: ["notice", "move-"],
  moved_back: ["notice", "back-"],
  command: ["notice", "command-"],
  reopen: ["notice", "reopen-"],
  change: ["notice", "changed-"],
  guard: ["notice", "guard-"],
  request: ["notice", ""],
  case_text: ["notice", ""],
  relation: ["facts", "related-"],
  relations: ["facts", ""],
} as const satisfies Readonly<Record<KnownMirrorKind, readonly [StoredKind, string]>>;

/** The kind under which a row stands in the database. Pure. */
export function storedKind(kind: KnownMirrorKind): StoredKind {
  return storedAs[kind][0];
}

/** What the stored name of each row of that kind begins with, for statements that choose rows by it. Pure. */
export function storedStart(kind: KnownMirrorKind): string {
  return storedAs[kind][1];
}

/** A name as it is stored. Pure. */
export function toStoredName({
  kind,
  origin,
  sourceId,
}: MirrorId): StoredName & { readonly kind: StoredKind; readonly origin: Side } {
  const [stored, start] = storedAs[kind];
  return { kind: stored, origin, sourceId: start + sourceId };
}

/** The stored name in one text, `notice:command-10042` say, for the audit. Pure. */
export function storedNameText(id: MirrorId): string {
  const { kind, sourceId } = toStoredName(id);
  return `${kind}:${sourceId}`;
}

/** What a stored name names; `unknown` where it belongs to a release that knows more. Never throws. Pure. */
export function fromStoredName({ kind, origin, sourceId }: StoredName): MirrorId<MirrorKind> {
  const id = kind === "notice" ? fromNotice(origin, sourceId) : fromPlain({ kind, origin, sourceId });
  return (
    id ?? { kind: "unknown", origin: origin === "jira" ? "jira" : "huawei", sourceId: `${kind} ${origin} ${sourceId}` }
  );
}

function fromPlain({ kind, origin, sourceId }: StoredName): MirrorId | null {
  if (kind === "message" && origin === "huawei") return { kind, origin, sourceId };
  if (kind === "comment" && origin === "jira") return { kind, origin, sourceId };
  if (kind === "file" && (origin === "huawei" || origin === "jira")) return { kind, origin, sourceId };
  if (kind !== "facts" || origin !== "huawei") return null;
  if (sourceId === mirrorId.relations.sourceId) return mirrorId.relations;
  const [, start] = storedAs.relation;
  return sourceId.startsWith(start) ? mirrorId.relation(sourceId.slice(start.length)) : null;
}

function fromNotice(origin: string, sourceId: string): MirrorId | null {
  if (origin === "huawei") return noticeId(sourceId);
  return origin === "jira" ? fromJiraNotice(sourceId) : null;
}

function fromJiraNotice(sourceId: string): MirrorId {
  if (sourceId === mirrorId.request.sourceId) return mirrorId.request;
  if (sourceId === mirrorId.caseText.sourceId) return mirrorId.caseText;
  for (const kind of ["guard", "command"] as const) {
    const [, start] = storedAs[kind];
    if (sourceId.startsWith(start)) return { kind, origin: "jira", sourceId: sourceId.slice(start.length) };
  }
  for (const kind of ["move", "moved_back", "reopen", "change"] as const) {
    const [, start] = storedAs[kind];
    const rest = sourceId.slice(start.length);
    if (sourceId.startsWith(start) && /^\d+$/.test(rest)) return { kind, origin: "jira", sourceId: rest };
  }
  return { kind: "notice", origin: "jira", sourceId };
}

/** The row of a notice on the issue, by its cause. Pure. */
export function noticeId(cause: string): MirrorId<"notice" | "waits"> {
  const parsed = parseCause(cause);
  return parsed.kind === "waits" ? mirrorId.waits(parsed.n) : { kind: "notice", origin: "huawei", sourceId: cause };
}

/** The cause of a notice on the issue, by its row. Pure. */
export function causeOf(id: MirrorId<"notice" | "waits">): string {
  return id.kind === "waits" ? noticeCause.waits(Number(id.sourceId)) : id.sourceId;
}

/** The row of what a mark stands for; continuations of a description share one. Pure. */
export function markMirror(mark: Mark): MirrorId {
  switch (mark.kind) {
    case "comment":
      return mirrorId.comment(mark.commentId);
    case "attachment":
      return mirrorId.issueFile(mark.attachmentId);
    case "notice":
      return fromJiraNotice(`${mark.noticeKind}-${mark.n}`);
    case "case":
      return mirrorId.caseText;
  }
}
