/**
 * Mirrors: the rows that pair an item with its copy, or remember one fact about the pair.
 *
 * Each kind says what its row is about; `mirror-name.ts` says how that stands in the database, where older releases read it too. Every kind
 * names its rows by one text, `sourceId`: an id of its service, or the number or moment that the kind's line below tells.
 */
import type { GuardWord } from "../guard-word.ts";
import type { CommentId } from "../ids.ts";
import type { Side } from "../service-error.ts";

/** Where the item of each kind arose. */
type Origins = {
  /** A message of the case: its id, or its name without one (`item-key.ts`). */
  message: "huawei";
  /** A comment of a person. */
  comment: "jira";
  /** A file of either side. */
  file: Side;
  /**
   * A notice of casebridge's own: on the issue (origin `huawei`) by its cause, in the case (origin `jira`) by the kind and number in its mark
   * where no kind below is about it.
   */
  notice: Side;
  /** The notice that Huawei waits for us, by its number; version 2 once the entry that it tells of is over. */
  waits: "huawei";
  /** A person's move of the issue, by its moment in milliseconds since the epoch. */
  move: "jira";
  /** A refused move was taken back, by the moment of the move. */
  moved_back: "jira";
  /** A command in a comment, by the comment. */
  command: "jira";
  /** A message that asks to take the case up again, by its number. */
  reopen: "jira";
  /** What a person changed on the issue, by its number; 0 is the state at the beginning. */
  change: "jira";
  /** An item that the guard has judged, by the item as in its failure. */
  guard: "jira";
  /** The case was made for its issue; there is one such row. */
  request: "jira";
  /** The description of such a case that goes on in messages; there is one such row. */
  case_text: "jira";
  /** A related case whose issue is linked, by the case. */
  relation: "huawei";
  /** What the case showed when its relations were read last; there is one such row. */
  relations: "huawei";
  /** A row of a release that knows more than this one: kept as it is, and in nobody's way. */
  unknown: Side;
};

/** What a mirror is about. */
export type MirrorKind = keyof Origins;

/** What a run may write; a row that it does not know it leaves alone. */
export type KnownMirrorKind = Exclude<MirrorKind, "unknown">;

/** What names a mirror on its link. Made by `mirrorId`, or read out of the database. */
export type MirrorId<Kind extends MirrorKind = KnownMirrorKind> = {
  [K in Kind]: { readonly kind: K; readonly origin: Origins[K]; readonly sourceId: string };
}[Kind];

/**
 * `sending`: intents of it are open; `live`: the copy is confirmed; `placeholder`: it cannot be carried, and the other side says so;
 * `withdrawn`; `held`: a rule keeps it from leaving; `refused`: the other side refused it for good.
 */
export type MirrorState = "sending" | "live" | "placeholder" | "withdrawn" | "held" | "refused";

/** Messages of an item that never showed and that a person gave up, by their marks: one that shows later is no news. */
export type GivenUp = { readonly givenUpMarks: readonly string[] };

/**
 * `too_large`, `type`, `off`: the other side's limits; `quota`: today's share is used up; `unreadable`: its own side does not give it
 * out; `refused`: the other side does not take it.
 */
export type FileRefusalCode = "too_large" | "type" | "off" | "quota" | "unreadable" | "refused";

/** Why a file was not carried. `words` are one line without contents. */
export type FileRefusal = { readonly code: FileRefusalCode; readonly words: string };

/** Restricted comments that have named a file: it stays in Jira until all of them are public. */
export type NamedInRestricted = { readonly restrictedCommentIds: readonly string[] };

/** What became of a command. `result` is `done`, `perhaps`, `held`, a word of the answer's catalogue, or Huawei's own words. */
export type CommandResult = { readonly name: string; readonly result: string };

/** All that is known of a command whose answer alone was found again. */
export const answeredCommand: CommandResult = { name: "command", result: "done" };

/** Why a row is in its state. Texts are codes, or words of a service for people. */
type Reasons = {
  [K in MirrorKind]: K extends "command"
    ? CommandResult
    : K extends "guard"
      ? GuardWord
      : K extends "file"
        ? FileReason
        : K extends OwnerKind
          ? string | GivenUp
          : string;
};

/** Kinds whose copies in the case are messages of ours. */
export type OwnerKind = "comment" | "file" | "notice" | "reopen" | "change" | "case_text";

/** Why a file is where it is. */
export type FileReason = string | FileRefusal | NamedInRestricted | GivenUp;

type Fields = {
  readonly fingerprint: string | null;
  readonly sourceHash: string | null;
  /** Of comments: what `sourceHash` stands for, however it is rendered; the hash beside which it was written precedes it. */
  readonly sourceDigest: string | null;
  readonly copyId: string | null;
  readonly copyFingerprints: readonly string[];
  readonly version: number;
  readonly state: MirrorState;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly parentId: string | null;
  readonly missingSince: Date | null;
  /** When the item was written, by its own service; `null` where that was not stored. */
  readonly sourceAt: Date | null;
};

/** Pairs one item with its copy. Holds ids, hashes, sizes and states; never texts of a person. */
export type Mirror<Kind extends MirrorKind = MirrorKind> = {
  [K in Kind]: MirrorId<K> & Fields & { readonly reason: Reasons[K] | null; readonly updatedAt: Date };
}[Kind];

/** Fields of a mirror that a run sets; those left out keep their value. */
export type MirrorPatch<Kind extends KnownMirrorKind = KnownMirrorKind> = {
  [K in Kind]: MirrorId<K> & Partial<Fields & { readonly reason: Reasons[K] | null }>;
}[Kind];

/** Makes the names of mirrors. Pure. */
export const mirrorId = {
  message: (sourceId: string) => ({ kind: "message", origin: "huawei", sourceId }) as const,
  comment: (commentId: CommentId | string) => ({ kind: "comment", origin: "jira", sourceId: commentId }) as const,
  caseFile: (fileId: string) => ({ kind: "file", origin: "huawei", sourceId: fileId }) as const,
  issueFile: (attachmentId: string) => ({ kind: "file", origin: "jira", sourceId: attachmentId }) as const,
  waits: (n: number) => ({ kind: "waits", origin: "huawei", sourceId: String(n) }) as const,
  move: (movedMs: number) => ({ kind: "move", origin: "jira", sourceId: String(movedMs) }) as const,
  movedBack: (movedMs: number) => ({ kind: "moved_back", origin: "jira", sourceId: String(movedMs) }) as const,
  command: (commentId: string) => ({ kind: "command", origin: "jira", sourceId: commentId }) as const,
  reopen: (n: number) => ({ kind: "reopen", origin: "jira", sourceId: String(n) }) as const,
  change: (n: number) => ({ kind: "change", origin: "jira", sourceId: String(n) }) as const,
  guard: (item: string) => ({ kind: "guard", origin: "jira", sourceId: item }) as const,
  request: { kind: "request", origin: "jira", sourceId: "case" },
  caseText: { kind: "case_text", origin: "jira", sourceId: "case-text" },
  relation: (caseId: string) => ({ kind: "relation", origin: "huawei", sourceId: caseId }) as const,
  relations: { kind: "relations", origin: "huawei", sourceId: "relations" },
} as const;

/** The name of a mirror alone, to be patched. Pure. */
export function idOf<Kind extends KnownMirrorKind>(mirror: MirrorId<Kind>): MirrorId<Kind> {
  const { kind, origin, sourceId } = mirror;
  // Three members of one value belong together; the compiler cannot tell.
  return { kind, origin, sourceId } as MirrorId<Kind>;
}

/** Whether two values name the same mirror. Pure. */
export function isSameMirror(a: MirrorId<MirrorKind>, b: MirrorId<MirrorKind>): boolean {
  return a.kind === b.kind && a.origin === b.origin && a.sourceId === b.sourceId;
}

/** The mirror of that name, `undefined` when there is none. Pure. */
export function findMirror<Kind extends MirrorKind>(
  mirrors: readonly Mirror[],
  id: MirrorId<Kind>,
): Mirror<Kind> | undefined {
  // A name of this kind is one of all kinds; the compiler does not see that through the parameter.
  const name = id as MirrorId<MirrorKind>;
  return mirrors.find((mirror): mirror is Mirror<Kind> & Mirror => isSameMirror(mirror, name));
}

/** The number in the name of a mirror that is named by one. Pure. */
export function numberOf({ sourceId }: MirrorId<"waits" | "move" | "moved_back" | "reopen" | "change">): number {
  return Number(sourceId);
}

/** The marks of messages that were given up and may show late, as a mirror remembers them. Pure. */
export function givenUpMarks({ reason }: Pick<Mirror, "reason">): readonly string[] {
  return typeof reason === "object" && reason !== null && "givenUpMarks" in reason ? reason.givenUpMarks : [];
}
