/**
 * A request that the guard keeps for a person's word (guard mode `hold`). It has no case yet, so nothing is planned for its link: what
 * waits, and what people say of it in comments, is looked at here.
 */
import { parseCommand } from "../../domain/command-text.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
import { findIntent } from "../../domain/rows/intent.ts";
import { singleItems } from "../../domain/rows/item-key.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import type { MaskedKind } from "../../domain/text/guard.ts";
import { permissionRefusal } from "../apply/commands.ts";
import { releasedStep } from "../apply/guarded.ts";
import { postNotice } from "../apply/notices.ts";
import type { ApplyDeps } from "../apply/write-once.ts";
import { decidedCommand, findCommand, replyText } from "../plan/commands.ts";
import { endStep, findReleased, guardRows, guardVerdict, holdStep, type Said } from "../plan/guard-hold.ts";
import { authorBar, commentBar } from "../plan/restriction.ts";
import type { LeasedLink } from "../state.ts";
import { askedAs, type CaseWords } from "./case-words.ts";
import type { WrittenInputs } from "./inputs.ts";

/** What became of the question. */
type Guarded =
  | { readonly kind: "goes"; readonly asIs: boolean }
  | { readonly kind: "nothing"; readonly writes: number }
  | { readonly kind: "wait"; readonly until: Date; readonly reason: string; readonly writes: number };

const item = singleItems.case;

/** Whether the case may be made, and how. Tells the issue what waits, and takes a person's word from its comments. Throws `ServiceError`. */
export async function guardRequest(
  deps: ApplyDeps,
  leased: LeasedLink,
  request: {
    readonly issue: Issue;
    readonly words: CaseWords;
    readonly written: WrittenInputs;
    /** What the guard found in the extra parameters. */
    readonly masked: readonly MaskedKind[];
    /** Of what the issue asks for. */
    readonly hash: string;
  },
): Promise<Guarded> {
  const { issue, words, written: inputs, masked, hash } = request;
  const frozen = findIntent(leased.snapshot.intents, { kind: "case" });
  // It was let go already, or may have left: then it is repeated in the same words.
  if (frozen?.repeated === true || frozen?.payload.asked === askedAs(hash, { ...deps, asIs: false }))
    return { kind: "goes", asIs: false };
  if (frozen?.payload.asked === askedAs(hash, { ...deps, asIs: true })) return { kind: "goes", asIs: true };
  const said: Said = {
    item,
    texts: [words.text],
    author: words.author,
    files: words.files.map(({ name }) => name),
    found: { masked, from: JSON.stringify(inputs.extends) },
    at: new Date(issue.updatedRaw),
    what: (t) => t.guard.request,
  };
  const ask = () => guardVerdict({ ...leased.snapshot, settings: deps.settings }, said);
  let verdict = ask();
  let writes = 0;
  if (verdict.kind === "waits") {
    const { step, cause, text } = holdStep(deps.settings, said, { hold: verdict, comment: null });
    if (!verdict.known) await leased.apply(step);
    // Also where a run before this one died in between.
    writes += await postNotice(deps, leased, cause, text);
    const word = await takeWord(deps, leased, issue);
    if (word.until !== null)
      return { kind: "wait", until: word.until, reason: "guard_held", writes: writes + word.writes };
    writes += word.writes;
    verdict = ask();
  }
  if (verdict.kind === "waits") return { kind: "nothing", writes };
  if (guardRows(leased.snapshot.mirrors).some((row) => row.item === item && row.state === "held"))
    await leased.apply(endStep(leased.snapshot, [item]));
  return verdict;
}

/** Answers each `/release` on the issue once. `until`: when one is old enough to count. */
async function takeWord(
  deps: ApplyDeps,
  leased: LeasedLink,
  issue: Issue,
): Promise<{ readonly until: Date | null; readonly writes: number }> {
  const { settings, clock, jira } = deps;
  const ownAccountId = await jira.getOwnAccountId();
  const comments = await jira.listComments(issue.issueId, deps.lane);
  let until: Date | null = null;
  let writes = 0;
  for (const comment of comments) {
    const isOpen = findCommand(leased.snapshot.mirrors, comment.commentId) === undefined;
    if (!isOpen || comment.authorId === ownAccountId || comment.stamp != null) continue;
    if (authorBar(comment, settings) !== null) continue;
    const command = parseCommand(deps.text.adfToText(comment.body));
    if (command?.name !== "release") continue;
    const holdMs = settings.comments.holdSeconds * 1000;
    const at = new Date(comment.updatedAt.getTime() - jira.serviceClock.aheadMs() + holdMs);
    if (at > clock.now()) {
      until ??= at;
      continue;
    }
    const isBarred = commentBar({ comment, comments, issue, settings, ownAccountId }) !== null;
    writes += await answer(deps, leased, comment, { command, isBarred });
  }
  return { until, writes };
}

async function answer(
  deps: ApplyDeps,
  leased: LeasedLink,
  comment: IssueComment,
  asked: {
    readonly command: Parameters<typeof findReleased>[1];
    readonly isBarred: boolean;
  },
): Promise<number> {
  const { commentId, authorId } = comment;
  const refused = asked.isBarred ? "restricted" : await permissionRefusal(deps, comment);
  const found =
    refused === null ? findReleased(leased.snapshot.mirrors, asked.command, comment.updatedAt) : { refusal: refused };
  const result = "refusal" in found ? found.refusal : asked.command.word;
  await leased.apply(
    "refusal" in found
      ? decidedCommand(commentId, "refused", { name: "release", result }, authorId)
      : releasedStep(
          found.items.map((one) => one.item),
          asked.command.word,
          { commentId, authorId },
        ),
  );
  return postNotice(deps, leased, noticeCause.reply(commentId), replyText(deps.settings, { name: "release", result }));
}
