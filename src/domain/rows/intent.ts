/**
 * Intents: writes that were decided and are not yet confirmed (rule 2), with what was frozen for each.
 *
 * A frozen text leaves byte for byte, so a payload holds what the call takes and not what it was made of. `store/intent-codec.ts` turns rows
 * into these and back, tolerant of what older releases wrote.
 */
import type { Stars } from "../command-text.ts";
import type { FailureDirection } from "../direction.ts";
import type { FailureReason } from "../failure.ts";
import type { CommentStamp, IssueStamp } from "../issue.ts";
import type { Side } from "../service-error.ts";
import type { GuardSettings } from "../text/guard.ts";
import type { GuardedText } from "../text/guarded.ts";
import { type IntentId, intentKey, type KnownIntentKind } from "./intent-key.ts";
import type { MirrorId, MirrorPatch, OwnerKind } from "./mirror.ts";

/** `planned`: certainly not executed; `sent`: executed, its id not yet known; `unknown`: may have been executed. */
export type IntentState = "planned" | "sent" | "unknown";

/** A failure as a run reports it. */
export type NewFailure = {
  readonly direction: FailureDirection;
  readonly item: string;
  readonly reason: FailureReason;
  readonly detail: string;
};

/** The issue of a case. `rest` is what of the description did not fit; it follows in comments. */
export type IssuePayload = {
  readonly summary: string;
  readonly descriptionAdf: unknown;
  readonly labels: readonly string[];
  readonly priority: string | null;
  readonly issueType?: string | null;
  readonly requestType?: string | null;
  readonly assignee?: string | null;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly mark: IssueStamp;
  readonly rest: string | null;
  /** Stays readable where `rest` does not; left out by older releases. */
  readonly hasRest?: boolean;
};

/** The issue again, of which `left` names the fields that are still to be set; `null` = whichever it lacks. */
export type IssueFieldsPayload = IssuePayload & { readonly left: readonly string[] | null };

/** A comment of ours on the issue. */
export type CommentPayload = {
  readonly bodyAdf: unknown;
  readonly mark: CommentStamp;
  /** Of a copy: the fingerprint of its message. */
  readonly sourceFingerprint?: string;
};

/** A file of the case on its way to the issue; the bytes are fetched anew for each attempt. */
export type FilePayload = {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly fileId: string;
  readonly parentId: string;
};

/** A message to the case. */
export type MessagePayload = {
  readonly content: GuardedText;
  /** Left out: none. */
  readonly fileIds?: readonly string[];
  /** The item whose mirror learns the copy; `null` where an older release named none. */
  readonly owner: MirrorId<OwnerKind> | null;
  /** Place among the messages of its owner, from 1. */
  readonly index: number;
  /** Of a comment's parts: the version that they carry. */
  readonly version?: number;
  /** How the guard was set; what it did not look at is rendered anew once it is switched on. */
  readonly guard?: GuardSettings["mode"];
};

/** An action on the case; `press` urges. */
export type ActionPayload = {
  readonly action: "press" | "close" | "cancel" | "rate";
  readonly description: GuardedText;
  /** The mark by which the operation log shows it. */
  readonly trace: string;
  /** Name of the command, for the previous release. */
  readonly name?: string;
  /** Who gave the command. */
  readonly authorId?: string | null;
  readonly stars?: Stars;
  /** What the comment said; older releases froze no digest. */
  readonly sourceHash?: string | null;
  readonly sourceDigest?: string | null;
};

/** A case as it is frozen: ids of look-ups, texts, and the extra parameters by their ids. */
export type FrozenCase = {
  readonly subTypeId: GuardedText | null;
  readonly productId: GuardedText | null;
  readonly problemTypeId: GuardedText;
  readonly regionId: GuardedText | null;
  readonly severityId: GuardedText | null;
  readonly extends: Readonly<Record<string, GuardedText>>;
  readonly description: GuardedText;
  readonly fileIds: readonly string[];
};

/** The case of an issue, with what is stored once it is there. */
export type CasePayload = {
  /** Hash of what the issue asked for when this was rendered. Left out by older releases. */
  readonly asked?: string;
  readonly input: FrozenCase;
  /** When the issue was read: later comments are news, earlier ones history. `null` where that is lost. */
  readonly since: string | null;
  readonly intents: readonly NewIntent[];
  readonly mirrors: readonly MirrorPatch[];
  readonly failures: readonly NewFailure[];
  readonly notes: readonly string[];
};

/** What is frozen for each kind. */
type Payloads = {
  issue: IssuePayload;
  issue_fields: IssueFieldsPayload;
  description_rest: { readonly rest: string };
  comment: CommentPayload;
  notice: CommentPayload;
  file: FilePayload;
  case: CasePayload;
  comment_part: MessagePayload;
  withdrawal: MessagePayload;
  own_file: MessagePayload;
  case_part: MessagePayload;
  change: MessagePayload;
  reopen: MessagePayload;
  move: ActionPayload;
  command: ActionPayload;
};

/** What is frozen for a kind of write. */
export type PayloadOf<Kind extends KnownIntentKind> = Payloads[Kind];

/** The service that each kind writes to, and the word for it in the database and in metrics. */
const writes = {
  issue: ["jira", "issue"],
  issue_fields: ["jira", "issue"],
  description_rest: ["jira", "comment"],
  comment: ["jira", "comment"],
  notice: ["jira", "comment"],
  file: ["jira", "file"],
  case: ["huawei", "case"],
  comment_part: ["huawei", "message"],
  withdrawal: ["huawei", "message"],
  own_file: ["huawei", "message"],
  case_part: ["huawei", "message"],
  change: ["huawei", "message"],
  reopen: ["huawei", "message"],
  move: ["huawei", "action"],
  command: ["huawei", "action"],
} as const satisfies Readonly<Record<KnownIntentKind, readonly [Side, string]>>;

/** What a write is called in the database and in metrics. */
export type WriteWord = (typeof writes)[KnownIntentKind][1];

/** The service that a kind of intent writes to. Pure. */
export function sideOf(kind: KnownIntentKind): Side {
  return writes[kind][0];
}

/** What a kind of intent is called in the database and in metrics. Pure. */
export function writeWord(kind: KnownIntentKind): WriteWord {
  return writes[kind][1];
}

/** Kinds whose write is a message to the case. */
export type MessageIntentKind = {
  [K in KnownIntentKind]: Payloads[K] extends MessagePayload ? K : never;
}[KnownIntentKind];

/** Whether an intent writes a message to the case. Pure. */
export function isMessageIntent(intent: Intent): intent is Intent<MessageIntentKind> {
  return intent.kind !== "unknown" && writeWord(intent.kind) === "message";
}

/** An intent before its write. Made by `newIntent`. */
export type NewIntent<Kind extends KnownIntentKind = KnownIntentKind> = {
  [K in Kind]: IntentId<K> & {
    readonly key: string;
    readonly side: Side;
    readonly state: IntentState;
    readonly payload: Payloads[K];
    /** Identity of the mark that the copy carries, or `null`. */
    readonly mark: string | null;
    /** Its texts were sealed with a key that is not known any more; what stays readable stands in the payload. */
    readonly unreadable: boolean;
  };
}[Kind];

/** How far an intent is. */
type Progress = {
  readonly createdAt: Date;
  readonly attemptedAt: Date | null;
  readonly looks: number;
  readonly nextLookAt: Date | null;
  readonly attempts: number;
  /** Every look for an earlier attempt came back empty, so it is written again. */
  readonly repeated: boolean;
};

/** An intent of a release that knows more than this one: kept as it is, and in nobody's way. */
export type UnknownIntent = Progress & {
  readonly kind: "unknown";
  readonly key: string;
  readonly side: Side;
  readonly state: IntentState;
  readonly mark: string | null;
  readonly unreadable: boolean;
};

/** Kinds of intents, those of newer releases included. */
export type IntentKind = KnownIntentKind | "unknown";

/** A write that was decided and is not yet confirmed. */
export type Intent<Kind extends IntentKind = IntentKind> =
  | { [K in Exclude<Kind, "unknown">]: NewIntent<K> & Progress }[Exclude<Kind, "unknown">]
  | ("unknown" extends Kind ? UnknownIntent : never);

/** An intent that is planned. Pure. */
export function newIntent<Kind extends KnownIntentKind>(
  id: IntentId<Kind>,
  frozen: { readonly payload: Payloads[Kind]; readonly mark?: string | null; readonly unreadable?: boolean },
): NewIntent<Kind> {
  const { payload, mark = null, unreadable = false } = frozen;
  // The id is one of the union's, so that its payload is; the compiler cannot follow a kind that is a parameter.
  return {
    ...id,
    key: intentKey(id as IntentId),
    side: sideOf(id.kind),
    state: "planned",
    payload,
    mark,
    unreadable,
  } as NewIntent<Kind>;
}

/** The intent of that name, `undefined` when there is none. Pure. */
export function findIntent<Kind extends KnownIntentKind>(
  intents: readonly Intent[],
  id: IntentId<Kind>,
): Intent<Kind> | undefined {
  const key = intentKey(id as IntentId);
  return intents.find((intent): intent is Intent<Kind> & Intent => intent.key === key && intent.kind === id.kind);
}

/** The intents of one kind. Pure. */
export function intentsOf<Kind extends KnownIntentKind>(
  intents: readonly Intent[],
  kind: Kind,
): readonly Intent<Kind>[] {
  return intents.filter((intent): intent is Intent<Kind> & Intent => intent.kind === kind);
}

/** The item whose mirror learns the copy of a message to the case; `null` for every other write. Pure. */
export function ownerOf(intent: Intent): MirrorId<OwnerKind> | null {
  return isMessageIntent(intent) ? intent.payload.owner : null;
}
