/**
 * Rows of the table of intents as the flows know them, and back. Reading never fails: a row under a key of a release that knows more becomes
 * `unknown`; what is frozen in a form that this release cannot read counts as unreadable, as if its texts had been sealed with a lost key.
 * The columns, and the names inside the JSON, are those of older releases, which read the same rows.
 */
import {
  type ActionPayload,
  type CasePayload,
  type CommentPayload,
  type FilePayload,
  type Intent,
  type IntentState,
  type IssuePayload,
  type MessagePayload,
  type NewIntent,
  type PayloadOf,
  writeWord,
} from "../domain/rows/intent.ts";
import { type KnownIntentKind, parseIntentKey } from "../domain/rows/intent-key.ts";
import type { MirrorId, OwnerKind } from "../domain/rows/mirror.ts";
import { fromStoredName, type StoredName, toStoredName } from "../domain/rows/mirror-name.ts";
import type { Side } from "../domain/service-error.ts";
import { thawed } from "../domain/text/guarded.ts";
import type { StateStep } from "../sync/state.ts";
import { decodeMirrorPatch, encodeMirror, type MirrorRowPatch } from "./mirror-codec.ts";

/** What is frozen, as it is stored before it is sealed. */
export type StoredPayload = Readonly<Record<string, unknown>>;

/** A row inside JSON: moments are texts. Its payload was opened. */
export type IntentRow = NewIntentRow & {
  readonly createdAt: string;
  readonly attemptedAt: string | null;
  readonly looks: number;
  readonly nextLookAt: string | null;
  readonly attempts: number;
};

/** A new intent as its columns hold it. */
export type NewIntentRow = {
  readonly kind: string;
  readonly key: string;
  readonly side: string;
  readonly state: string;
  readonly payload: StoredPayload;
  readonly mark: string | null;
};

/** A step as the tables hold it. */
export type StepRows = Omit<StateStep, "mirrors" | "renames" | "intents"> & {
  readonly mirrors?: readonly MirrorRowPatch[];
  readonly renames?: readonly (Omit<StoredName, "sourceId"> & { readonly from: string; readonly to: string })[];
  readonly intents?: readonly NewIntentRow[];
};

type ProgressName = "createdAt" | "attemptedAt" | "looks" | "nextLookAt" | "attempts";
const ownerKinds: readonly string[] = [
  "comment",
  "file",
  "notice",
  "reopen",
  "change",
  "case_text",
] satisfies OwnerKind[];

/** A step as the tables hold it. Pure. */
export function encodeStep(step: StateStep): StepRows {
  const { mirrors, renames, intents, ...rest } = step;
  return {
    ...rest,
    ...(mirrors === undefined ? {} : { mirrors: mirrors.map(encodeMirror) }),
    ...(renames === undefined ? {} : { renames }),
    ...(intents === undefined ? {} : { intents: intents.map(encodeIntent) }),
  };
}

/** An intent out of its row. Never throws. */
export function decodeIntent(row: IntentRow): Intent {
  const progress = {
    createdAt: new Date(row.createdAt),
    attemptedAt: toDate(row.attemptedAt),
    looks: row.looks,
    nextLookAt: toDate(row.nextLookAt),
    attempts: row.attempts,
    repeated: row.payload.repeated === true,
  };
  const known = decodeNewIntent(row);
  // Kind and payload were read for each other.
  if (known !== null) return { ...known, ...progress } as Intent;
  const { key, mark } = row;
  const unreadable = row.payload.unreadable === true;
  return { kind: "unknown", key, side: toSide(row.side), state: toState(row.state), mark, unreadable, ...progress };
}

/** A new intent as its columns hold it. Pure. */
export function encodeIntent(intent: NewIntent): NewIntentRow {
  const { kind, key, side, state, mark, unreadable } = intent;
  const payload = encodePayload(intent);
  return {
    kind: writeWord(kind),
    key,
    side,
    state,
    payload: unreadable ? { ...payload, unreadable } : payload,
    mark,
  };
}

/** An intent as its columns hold it, for people and programs that read the table; of one of a newer release without what is frozen. Pure. */
export function showIntent(
  intent: Intent,
): Omit<NewIntentRow, "payload"> & Pick<Intent, ProgressName> & { readonly payload?: StoredPayload } {
  const { createdAt, attemptedAt, looks, nextLookAt, attempts, key, side, state, mark } = intent;
  const progress = { createdAt, attemptedAt, looks, nextLookAt, attempts };
  if (intent.kind === "unknown") return { kind: intent.kind, key, side, state, mark, ...progress };
  const { payload, ...row } = encodeIntent(intent);
  return { ...row, payload: intent.repeated ? { ...payload, repeated: true } : payload, ...progress };
}

/** An intent before its write; `null` where a release that knows more made it. */
function decodeNewIntent({ key, side, state, payload: stored, mark }: NewIntentRow): NewIntent | null {
  const id = parseIntentKey(key);
  if (id === null) return null;
  const { unreadable, repeated: _progress, ...frozen } = stored;
  const payload = unreadable === true ? null : decodePayload(id.kind, frozen);
  return {
    ...id,
    key,
    side: toSide(side),
    state: toState(state),
    payload: payload ?? decodePayload(id.kind, { ...blanks[id.kind], ...frozen }) ?? blankPayload(id.kind),
    mark,
    unreadable: payload === null,
    // The payload was read for this kind.
  } as NewIntent;
}

function encodePayload(intent: NewIntent): StoredPayload {
  switch (intent.kind) {
    case "comment_part":
    case "withdrawal":
    case "own_file":
    case "case_part":
    case "change":
    case "reopen": {
      const { owner, ...rest } = intent.payload;
      return owner === null ? rest : { ...rest, owner: encodeOwner(owner) };
    }
    case "case": {
      const { intents, mirrors, ...rest } = intent.payload;
      return { ...rest, intents: intents.map(encodeIntent), mirrors: mirrors.map(encodeMirror) };
    }
    default:
      return intent.payload;
  }
}

/** What an unreadable write still needs to be looked for or given up: texts and names are empty. */
const message = { content: "", index: 0 };
const action = { action: "press", description: "" };
const ofComment = { bodyAdf: null, mark: { v: 1, inst: "", caseId: "", srcHash: "", files: [] } };
const ofIssue = {
  summary: "",
  descriptionAdf: null,
  labels: [],
  priority: null,
  mark: { v: 1, inst: "", caseId: "" },
};
const blanks: Readonly<Record<KnownIntentKind, StoredPayload>> = {
  issue: ofIssue,
  issue_fields: ofIssue,
  description_rest: { rest: "" },
  comment: ofComment,
  notice: ofComment,
  file: { name: "", sizeBytes: 0, sha256: "", fileId: "", parentId: "" },
  case: { input: { problemTypeId: "", description: "" } },
  comment_part: message,
  withdrawal: message,
  own_file: message,
  case_part: message,
  change: message,
  reopen: message,
  move: action,
  command: action,
};

function blankPayload(kind: KnownIntentKind): PayloadOf<KnownIntentKind> {
  const payload = decodePayload(kind, blanks[kind]);
  if (payload === null) throw new Error(`the blank of ${kind} cannot be read`);
  return payload;
}

/** What is frozen for that kind; `null` where it has another form. */
function decodePayload(kind: KnownIntentKind, stored: StoredPayload): PayloadOf<KnownIntentKind> | null {
  switch (kind) {
    case "issue":
      return decodeIssue(stored);
    case "issue_fields": {
      const issue = decodeIssue(stored);
      return issue === null ? null : { ...issue, left: isTexts(stored.left) ? stored.left : null };
    }
    case "description_rest":
      return typeof stored.rest === "string" ? { rest: stored.rest } : null;
    case "comment":
    case "notice":
      return isRecord(stored.mark) && "bodyAdf" in stored ? (stored as CommentPayload) : null;
    case "file":
      return decodeFile(stored);
    case "case":
      return decodeCase(stored);
    case "move":
    case "command":
      return decodeAction(stored);
    default:
      return decodeMessage(stored);
  }
}

function decodeIssue(stored: StoredPayload): IssuePayload | null {
  const { summary, labels, mark, rest, priority } = stored;
  if (typeof summary !== "string" || !isTexts(labels) || !isRecord(mark)) return null;
  return { ...stored, priority: toText(priority), rest: toText(rest) } as IssuePayload;
}

function decodeFile(stored: StoredPayload): FilePayload | null {
  const { name, sizeBytes, sha256, fileId, parentId } = stored;
  const isWhole = [name, sha256, fileId, parentId].every((text) => typeof text === "string");
  return isWhole && typeof sizeBytes === "number" ? (stored as FilePayload) : null;
}

function decodeMessage(stored: StoredPayload): MessagePayload | null {
  const { content, index, fileIds, owner } = stored;
  if (typeof content !== "string" || (fileIds !== undefined && !isTexts(fileIds))) return null;
  return {
    ...stored,
    content: thawed(content),
    index: typeof index === "number" ? index : 0,
    owner: decodeOwner(owner),
  } as MessagePayload;
}

function decodeAction(stored: StoredPayload): ActionPayload | null {
  const { action: name, description, trace } = stored;
  if (typeof name !== "string" || !["press", "close", "cancel", "rate"].includes(name)) return null;
  if (typeof description !== "string") return null;
  // Older releases froze no trace of its own; nothing in the log begins with a character that no text there can hold.
  const mark = toText(trace) ?? (description === "" ? "\0" : description);
  return { ...stored, description: thawed(description), trace: mark } as ActionPayload;
}

function decodeCase(stored: StoredPayload): CasePayload | null {
  const { input, since, intents, mirrors, failures, notes } = stored;
  if (!isRecord(input) || typeof input.problemTypeId !== "string" || typeof input.description !== "string") return null;
  return {
    ...stored,
    input: { subTypeId: null, productId: null, regionId: null, severityId: null, extends: {}, fileIds: [], ...input },
    since: toText(since),
    intents: toRecords(intents).flatMap(
      (row) => decodeNewIntent({ mark: null, payload: {}, ...row } as NewIntentRow) ?? [],
    ),
    mirrors: toRecords(mirrors).flatMap((row) => decodeMirrorPatch(row as StoredName & StoredPayload) ?? []),
    failures: toRecords(failures),
    notes: isTexts(notes) ? notes : [],
    // Its texts were guarded before they were frozen, and its failures are stored as they were reported.
  } as unknown as CasePayload;
}

/** Every owner lies in Jira: it is what our message in the case stands for. */
function encodeOwner(owner: MirrorId<OwnerKind>): { readonly kind: string; readonly sourceId: string } {
  const { kind, sourceId } = toStoredName(owner);
  return { kind, sourceId };
}

function decodeOwner(stored: unknown): MirrorId<OwnerKind> | null {
  if (!isRecord(stored) || typeof stored.kind !== "string" || typeof stored.sourceId !== "string") return null;
  const id = fromStoredName({ kind: stored.kind, origin: "jira", sourceId: stored.sourceId });
  return ownerKinds.includes(id.kind) ? (id as MirrorId<OwnerKind>) : null;
}

function isRecord(value: unknown): value is StoredPayload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function toRecords(value: unknown): readonly StoredPayload[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function toText(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function toSide(text: string): Side {
  return text === "jira" ? "jira" : "huawei";
}

function toState(text: string): IntentState {
  return text === "planned" || text === "sent" ? text : "unknown";
}

function toDate(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
