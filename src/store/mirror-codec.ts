/**
 * Rows of the table of mirrors as the flows know them, and back. Reading never fails: a row of a release that knows more becomes `unknown`. The
 * columns are those of older releases, which read the same rows.
 */
import type { GuardWord } from "../domain/guard-word.ts";
import type {
  CommandResult,
  FileReason,
  FileRefusalCode,
  GivenUp,
  KnownMirrorKind,
  Mirror,
  MirrorPatch,
  MirrorState,
} from "../domain/rows/mirror.ts";
import { fromStoredName, type StoredName, toStoredName } from "../domain/rows/mirror-name.ts";

/** First word of the reason of an item whose messages a person gave up; their marks follow, with blanks between them. */
export const givenUpWord = "given_up";
/** First word of the reason of a file that restricted comments have named; the comments follow, with blanks between them. */
const restrictedWord = "named_in_restricted";

const states = ["sending", "live", "placeholder", "withdrawn", "held", "refused"] as const satisfies MirrorState[];
const refusalCodes = [
  "too_large",
  "type",
  "off",
  "quota",
  "unreadable",
  "refused",
] as const satisfies readonly FileRefusalCode[];

/** A row inside JSON: moments are texts, 64-bit numbers are plain ones (sizes stay far below 2^53). */
export type MirrorRow = StoredName & {
  readonly fingerprint: string | null;
  readonly sourceHash: string | null;
  readonly sourceDigest: string | null;
  readonly copyId: string | null;
  readonly copyFingerprints: string[];
  readonly version: number;
  readonly state: string;
  readonly reason: string | null;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly parentId: string | null;
  readonly missingSince: string | null;
  readonly sourceAt: string | null;
  readonly updatedAt: string;
};

/** The columns that a step sets; those left out keep their value. */
export type MirrorRowPatch = StoredName &
  Partial<Omit<MirrorPatch, "kind" | "origin" | "sourceId" | "reason">> & {
    readonly reason?: string | null;
  };

/** A mirror out of its row. Never throws. */
export function decodeMirror(row: MirrorRow): Mirror {
  const id = fromStoredName(row);
  const state = states.find((one) => one === row.state);
  const isKnown = id.kind !== "unknown" && state !== undefined;
  return {
    ...(isKnown ? id : fromStoredName({ ...row, kind: `${row.kind}/${row.state}` })),
    fingerprint: row.fingerprint,
    sourceHash: row.sourceHash,
    sourceDigest: row.sourceDigest,
    copyId: row.copyId,
    copyFingerprints: row.copyFingerprints,
    version: row.version,
    state: state ?? "live",
    reason: isKnown ? decodeReason(id.kind, row.reason) : row.reason,
    sizeBytes: row.sizeBytes,
    sha256: row.sha256,
    parentId: row.parentId,
    missingSince: toDate(row.missingSince),
    sourceAt: toDate(row.sourceAt),
    updatedAt: new Date(row.updatedAt),
    // Kind and reason were read for each other just now.
  } as Mirror;
}

/** A mirror as its columns hold it, for people and programs that read the table; one of a newer release tells its name alone. Pure. */
export function showMirror(
  mirror: Mirror,
): Omit<Mirror, "kind" | "origin" | "reason"> & StoredName & { readonly reason: string | null } {
  const name = mirror.kind === "unknown" ? mirror : toStoredName(mirror);
  return {
    ...mirror,
    kind: name.kind,
    origin: name.origin,
    sourceId: name.sourceId,
    reason: encodeReason(mirror.reason),
  };
}

/** What a step sets of a mirror, as its columns hold it. */
export function encodeMirror({ reason, ...patch }: MirrorPatch): MirrorRowPatch {
  return { ...patch, ...toStoredName(patch), ...(reason === undefined ? {} : { reason: encodeReason(reason) }) };
}

/** The same out of frozen JSON, in which moments are texts; `null` for one of a release that knows more. Never throws. */
export function decodeMirrorPatch(stored: StoredName & Readonly<Record<string, unknown>>): MirrorPatch | null {
  const id = fromStoredName(stored);
  if (id.kind === "unknown") return null;
  const { reason, sourceAt, missingSince } = stored;
  return {
    ...stored,
    ...id,
    ...(reason === undefined ? {} : { reason: decodeReason(id.kind, typeof reason === "string" ? reason : null) }),
    ...(typeof sourceAt === "string" ? { sourceAt: new Date(sourceAt) } : {}),
    ...(typeof missingSince === "string" ? { missingSince: new Date(missingSince) } : {}),
    // Kind and reason were read for each other just now.
  } as MirrorPatch;
}

function encodeReason(reason: Exclude<MirrorPatch["reason"], undefined>): string | null {
  if (reason === null || typeof reason === "string") return reason;
  if ("givenUpMarks" in reason) return [givenUpWord, ...reason.givenUpMarks].join(" ");
  if ("restrictedCommentIds" in reason) return [restrictedWord, ...reason.restrictedCommentIds].join(" ");
  if ("code" in reason) return `${reason.code}: ${reason.words}`;
  return `${reason.name}:${reason.result}`;
}

function decodeReason(kind: KnownMirrorKind, text: string | null): Mirror["reason"] {
  if (text === null) return null;
  switch (kind) {
    case "command":
      return decodeResult(text);
    case "guard":
      return (["masked", "as_is"] as const satisfies GuardWord[]).find((word) => word === text) ?? null;
    case "file":
      return decodeFileReason(text);
    case "comment":
    case "notice":
    case "reopen":
    case "change":
    case "case_text":
      return decodeGivenUp(text) ?? text;
    default:
      return text;
  }
}

function decodeResult(text: string): CommandResult {
  const colon = text.indexOf(":");
  return { name: text.slice(0, Math.max(0, colon)), result: text.slice(colon + 1) };
}

function decodeFileReason(text: string): FileReason {
  const [first, ...restrictedCommentIds] = text.split(" ");
  if (first === restrictedWord) return { restrictedCommentIds };
  const code = refusalCodes.find((one) => text.startsWith(`${one}: `));
  // Older releases stored the words alone.
  return code === undefined ? (decodeGivenUp(text) ?? text) : { code, words: text.slice(code.length + 2) };
}

function decodeGivenUp(text: string): GivenUp | null {
  const [first, ...givenUpMarks] = text.split(" ");
  return first === givenUpWord ? { givenUpMarks } : null;
}

function toDate(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
