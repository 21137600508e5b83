/** Rows that were recognised so far: later steps see what earlier ones found. */
import type { CaseMessage } from "../../domain/case.ts";
import type { IdentifiedMessage } from "../../domain/identity.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
import { nameMessages } from "../../domain/message-views.ts";
import type { Intent } from "../../domain/rows/intent.ts";
import { isFurtherPart, parsePartName } from "../../domain/rows/item-key.ts";
import {
  findMirror,
  type KnownMirrorKind,
  type Mirror,
  type MirrorId,
  type MirrorPatch,
} from "../../domain/rows/mirror.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { patchMirrors } from "../apply-step.ts";

/** What is remembered, and what both sides show. */
export type RecogniseInput = {
  readonly caseId: string | null;
  readonly issueId: string;
  readonly mirrors: readonly Mirror[];
  readonly intents: readonly Intent[];
  readonly messages: readonly CaseMessage[];
  readonly comments: readonly IssueComment[];
  readonly issue: Pick<Issue, "files">;
  readonly settings: Pick<ConnectionSettings, "guard">;
  readonly huaweiUserIds: readonly string[];
  readonly ownAccountId: string;
  /** Whether a mark of this installation is ours. */
  readonly accepts: (inst: string) => boolean;
  readonly adfToText: (doc: unknown) => string;
  /** The comments that a message becomes, as text; lets a copy without a readable property be known again. `null` = not wanted. */
  readonly renderMessage: ((message: CaseMessage) => readonly (readonly string[])[]) | null;
  readonly now: Date;
  readonly aheadMs: { readonly huawei: number; readonly jira: number };
};

/** Two copies of one item: `kept` is the one that counts. */
export type Duplicate = { readonly item: string; readonly kept: string; readonly other: string };

/** What was recognised. Nothing in it is stored yet. */
export type Recognised = {
  readonly mirrors: readonly MirrorPatch[];
  /** Intents whose writes turned out to have happened. */
  readonly confirmedIntents: readonly string[];
  /** Items that neither a row nor an intent remembered. */
  readonly adopted: number;
  readonly duplicates: readonly Duplicate[];
  /** Messages that start with a mark which names nothing here. */
  readonly unknownMarks: readonly IdentifiedMessage[];
  /** Huawei's id of our own user, as the author of what we wrote; `null` when nothing tells it. */
  readonly huaweiUserId: string | null;
};

function keyOf(mirror: MirrorId): string {
  return `${mirror.kind} ${mirror.origin} ${mirror.sourceId}`;
}

/** Gathers patches, seeing the earlier ones. */
export class Book {
  readonly #input: RecogniseInput;
  readonly #patches = new Map<string, MirrorPatch>();
  readonly #confirmed = new Set<string>();
  readonly #news = new Set<string>();
  readonly duplicates: Duplicate[] = [];
  readonly unknownMarks: IdentifiedMessage[] = [];
  huaweiUserId: string | null = null;

  constructor(input: RecogniseInput) {
    this.#input = input;
  }

  /** All rows, with what was recognised so far. */
  mirrors(): readonly Mirror[] {
    return patchMirrors(this.#input.mirrors, [...this.#patches.values()], this.#input.now);
  }

  find<Kind extends KnownMirrorKind>(id: MirrorId<Kind>): Mirror<Kind> | undefined {
    return findMirror(this.mirrors(), id);
  }

  add(patch: MirrorPatch, intentKeys: readonly string[] = []): void {
    const key = keyOf(patch);
    const intents = this.#input.intents.filter((intent) => intentKeys.includes(intent.key));
    for (const intent of intents) this.#confirmed.add(intent.key);
    const isItem = patch.kind !== "file" && !isFurtherPart(patch.sourceId);
    if (isItem && intents.length === 0) this.#news.add(key);
    // Both patches are of one kind, since the kind is part of their key.
    this.#patches.set(key, { ...this.#patches.get(key), ...patch } as MirrorPatch);
  }

  result(): Recognised {
    return {
      mirrors: [...this.#patches.values()],
      confirmedIntents: [...this.#confirmed],
      adopted: this.#news.size,
      duplicates: this.duplicates,
      unknownMarks: this.unknownMarks,
      huaweiUserId: this.huaweiUserId,
    };
  }
}

/** A message, and what it is called in rows. */
export type Identity = { readonly message: CaseMessage; readonly sourceId: string; readonly fingerprint: string };

/** Every message under all names that a property may use for it: its id, and its fingerprint with ordinal, this release's or an older one's. */
export function identify({ messages, mirrors, comments }: RecogniseInput): ReadonlyMap<string, Identity> {
  const names = new Map<string, Identity>();
  const inProperties = new Set(
    comments.flatMap((comment) =>
      comment.stamp?.fingerprint === undefined ? [] : [parsePartName(comment.stamp.fingerprint).message],
    ),
  );
  for (const { message, fingerprint, withoutId } of nameMessages(messages, mirrors, (name) => inProperties.has(name))) {
    const identity = { message, sourceId: message.messageId ?? withoutId, fingerprint };
    names.set(identity.sourceId, identity);
    names.set(withoutId, identity);
  }
  return names;
}

/** A text without the blanks that the services may change. Pure. */
export function squeeze(text: string): string {
  return text.replace(/\s+/g, "");
}
