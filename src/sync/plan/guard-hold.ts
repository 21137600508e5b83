/**
 * Guard mode `hold`: what the text guard would mask waits in Jira for a person's word.
 *
 * An item (a comment, a change of the issue, a file's name, a rating, a new case) is judged as it would be sent: text, author's name and
 * names of files together. What is remembered is one row per item: the hash of what was judged, and the word. No text is. The word holds
 * for exactly that hash: an edit is judged anew, and one that takes the find out leaves by itself, whatever was said before.
 *
 * What waits here holds back nobody, as a restricted comment does not: a person may think about it for days, and the rest of the
 * conversation cannot. Released later, it is sent late and says so (rule 8).
 */
import { type GuardWord, guardHeld } from "../../domain/guard-word.ts";
import type { IssueComment } from "../../domain/issue.ts";
import type { Intent, MessageIntentKind } from "../../domain/rows/intent.ts";
import { parseItem, singleItems } from "../../domain/rows/item-key.ts";
import { type Mirror, type MirrorPatch, mirrorId } from "../../domain/rows/mirror.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { addMasked, guardText, type MaskedKind, maskedInWords } from "../../domain/text/guard.ts";
import { guardAuthorLine, guardFileName } from "../../domain/text/guarded-names.ts";
import { hashTexts } from "../../lib/hash.ts";
import type { StateStep } from "../state.ts";
import type { IssueTexts } from "../texts/issue-texts.ts";
import { type Speaking, say, type Words } from "../texts/say.ts";
import { type Action, isOwed, type PlanInput } from "./action.ts";
import { releasedReason } from "./disclosure.ts";
import { remember } from "./remember.ts";

/** An item as it would be sent. */
export type Said = {
  /** As in its failure. */
  readonly item: string;
  /** Texts that the guard sees whole. */
  readonly texts: readonly string[];
  readonly author?: string;
  readonly files?: readonly string[];
  /** What was found elsewhere in it, and what stands for that in the hash. */
  readonly found?: { readonly masked: readonly MaskedKind[]; readonly from: string };
  /** When it was written or edited last, by Jira's clock. */
  readonly at: Date;
  /** What it is, as the start of a sentence for people. */
  readonly what: Words;
};

/** What waits, with what is stored of it. */
export type GuardHold = {
  readonly kind: "waits";
  readonly hash: string;
  readonly masked: readonly MaskedKind[];
  /** The same text waits already, and people were told. */
  readonly known: boolean;
};

/** Whether an item goes, and how. `asIs`: by a person's word nothing of it is masked. */
export type Verdict = { readonly kind: "goes"; readonly asIs: boolean } | GuardHold;

type Known = Pick<PlanInput, "mirrors" | "failures"> & {
  readonly settings: Pick<ConnectionSettings, "guard" | "comments" | "languages">;
};

/** Gathers what waits in one plan, so that what waits no more is told from it. */
export class Kept {
  readonly #items = new Set<string>();
  /** Something waits since this plan: nobody can have said a word about it yet. */
  hasNews = false;

  /** An item that waits, or of which this plan cannot tell. */
  keep(item: string): void {
    this.#items.add(item);
  }

  has(item: string): boolean {
    return this.#items.has(item);
  }
}

/** The rows of items that were judged once. Pure. */
export function guardRows(mirrors: readonly Mirror[]): readonly (Mirror<"guard"> & { readonly item: string })[] {
  return mirrors.flatMap((mirror) => (mirror.kind === "guard" ? [{ ...mirror, item: mirror.sourceId }] : []));
}

/** Whether a message was rendered while the guard was off, and it is on by now: then it is rendered anew, unless it may have left. Pure. */
export function isUnguarded(intent: Intent<MessageIntentKind>, { guard }: Pick<ConnectionSettings, "guard">): boolean {
  return intent.state === "planned" && intent.payload.guard === "off" && guard.mode !== "off";
}

/** Whether an item may leave. Pure. */
export function guardVerdict(input: Known, said: Said): Verdict {
  const { guard } = input.settings;
  const row = guardRows(input.mirrors).find(({ item }) => item === said.item);
  if (guard.mode !== "hold" && row === undefined) return { kind: "goes", asIs: false };
  const { hash, masked } = judge(input.settings, said);
  const isSame = row?.sourceHash === hash;
  const failure = input.failures.find(({ item, reason }) => item === said.item && reason === guardHeld);
  // Given up, it stays whatever the mode is by now.
  if (isSame && row.state === "held" && failure?.state === "discarded")
    return { kind: "waits", hash, masked, known: true };
  if (isSame && row.state === "live") return { kind: "goes", asIs: row.reason === "as_is" };
  if (guard.mode !== "hold" || masked.length === 0) return { kind: "goes", asIs: false };
  const known = isSame && row.state === "held" && failure?.state === "open";
  return { kind: "waits", hash, masked, known };
}

function judge(
  settings: Known["settings"],
  { texts, author, files = [], found }: Said,
): { readonly hash: string; readonly masked: readonly MaskedKind[] } {
  const { guard, comments } = settings;
  const names = files.map((name) => ({ name, masked: guardFileName(name, guard).masked }));
  const masked = addMasked(
    ...texts.map((text) => guardText(text, guard).masked),
    ...(author === undefined ? [] : [guardAuthorLine(author, comments.authorName, guard).masked]),
    ...names.map((file) => file.masked),
    ...(found === undefined ? [] : [found.masked]),
  );
  const named = author === undefined || comments.authorName !== "name" ? null : author;
  // A file with a harmless name may leave with another comment meanwhile: the word is still about the same.
  const telling = names.flatMap((file) => (file.masked.length > 0 ? [file.name] : [])).sort();
  return {
    hash: hashTexts([JSON.stringify([texts, named, telling, found?.from ?? null])]).slice(0, 32),
    masked,
  };
}

/**
 * Asks for an item, and plans what is to be remembered and told where it waits. `asIs` tells how one goes. `comment`: the comment that it
 * is, with its own row. Pure but for `kept`.
 */
export function planGuard(
  input: Known & Pick<PlanInput, "intents">,
  said: Said,
  kept: Kept,
  comment?: { readonly comment: IssueComment; readonly mirror: Mirror | undefined },
): { readonly asIs: boolean } | { readonly actions: readonly Action[] } {
  const verdict = guardVerdict(input, said);
  if (verdict.kind === "goes") return verdict;
  kept.keep(said.item);
  const waitingComment = comment !== undefined && needsRow(comment.mirror) ? comment.comment : null;
  kept.hasNews ||= !verdict.known;
  const { step, cause, text } = holdStep(input.settings, said, { hold: verdict, comment: waitingComment });
  return {
    actions: [
      ...(verdict.known && waitingComment === null ? [] : [remember("hold_guarded", step)]),
      // Planned from what is stored, so that a process that dies in between owes it still.
      ...(isOwed(input, cause) ? [] : [{ kind: "notice", direction: "to-jira", cause, text } as const]),
    ],
  };
}

/** A comment that was never sent waits; one that was let out of the history keeps the row that says so. */
function needsRow(mirror: Mirror | undefined): boolean {
  if (mirror === undefined) return true;
  return mirror.state === "held" && mirror.reason !== releasedReason && mirror.reason !== guardHeld;
}

/** What is remembered and told of an item that waits; the cause of the note is one per text. Pure. */
export function holdStep(
  settings: Speaking,
  said: Said,
  { hold, comment }: { readonly hold: GuardHold; readonly comment: IssueComment | null },
): { readonly step: StateStep; readonly cause: string; readonly text: string } {
  const kinds = maskedInWords(hold.masked);
  const { item, at } = said;
  const { hash } = hold;
  const row = guardRow(item, { state: "held", hash, at });
  const ofComment = (of: IssueComment): MirrorPatch => ({
    ...mirrorId.comment(of.commentId),
    state: "held",
    reason: guardHeld,
    sourceAt: of.createdAt,
  });
  return {
    step: {
      mirrors: comment === null ? [row] : [row, ofComment(comment)],
      failures: [{ direction: "to-huawei", item, reason: guardHeld, detail: `${kinds}; text ${hash.slice(0, 8)}` }],
    },
    cause: noticeCause.guarded(item, hash.slice(0, 8)),
    text: say(settings, (t) => holdText(t, said, hold.masked)),
  };
}

function holdText(t: IssueTexts, { item, what }: Said, masked: readonly MaskedKind[]): string {
  const { kind, id } = parseItem(item);
  const name = id ?? (item === singleItems.changes ? item : null);
  const command = (word: string): string => `/release ${word}${name === null ? "" : ` ${name}`}`;
  const mend = kind === "file" ? t.guard.renameFile : t.guard.takeOut;
  return `${t.guard.waits(what(t), t.masked(masked))}\n${t.guard.ways(mend, command("masked"), command("as-is"))}`;
}

/** The row of an item that waits, that was released, or that waits no more. Pure. */
export function guardRow(
  item: string,
  change: { readonly state: "held"; readonly hash: string; readonly at: Date } | { readonly word: GuardWord } | "over",
): MirrorPatch {
  const row = mirrorId.guard(item);
  if (change === "over") return { ...row, state: "withdrawn", reason: null };
  if ("word" in change) return { ...row, state: "live", reason: change.word };
  return { ...row, state: "held", reason: null, sourceHash: change.hash, sourceAt: change.at };
}

/** Items that wait no more: edited, deleted, restricted, or let go by another mode. Pure. */
export function planGuardEnds(input: Pick<PlanInput, "mirrors" | "failures">, kept: Kept): Action[] {
  const items = guardRows(input.mirrors).flatMap(({ item, state }) =>
    state === "held" && !kept.has(item) ? [item] : [],
  );
  return items.length === 0 ? [] : [remember("end_guarded", endStep(input, items))];
}

/** These items wait no more. Pure. */
export function endStep({ failures }: Pick<PlanInput, "failures">, items: readonly string[]): StateStep {
  return {
    mirrors: items.map((item) => guardRow(item, "over")),
    resolvedFailures: items
      .filter((item) => failures.some((failure) => failure.item === item && failure.reason === guardHeld))
      .map((item) => ({ item })),
  };
}

/**
 * What `/release` is about. Without a name `masked` is for all that waits, and `as-is` for a single item alone, so that nobody lets out
 * what they did not look at. What was edited after the command was written is not meant by it. Pure.
 */
export function findReleased(
  mirrors: readonly Mirror[],
  command: { readonly word: GuardWord; readonly item: string | null },
  writtenAt: Date,
): { readonly items: readonly { readonly item: string; readonly hash: string }[] } | { readonly refusal: string } {
  const { word, item: name } = command;
  const rows = guardRows(mirrors).filter(
    ({ item, state }) => state === "held" && (name === null || item === name || parseItem(item).id === name),
  );
  if (rows.length === 0) return { refusal: "nothing" };
  if (rows.length > 1 && (word === "as_is" || name !== null)) return { refusal: "which" };
  if (rows.some(({ sourceAt }) => sourceAt === null || sourceAt > writtenAt)) return { refusal: "changed" };
  return { items: rows.map(({ item, sourceHash }) => ({ item, hash: sourceHash ?? "" })) };
}
