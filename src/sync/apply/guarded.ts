/**
 * A person's word about what the guard keeps (guard mode `hold`).
 */
import type { GuardWord } from "../../domain/guard-word.ts";
import { commentHashes } from "../../domain/identity.ts";
import type { Action } from "../plan/action.ts";
import { decidedCommand } from "../plan/commands.ts";
import { guardRow, guardRows } from "../plan/guard-hold.ts";
import type { LeasedLink, StateStep } from "../state.ts";
import { permissionRefusal } from "./commands.ts";
import { type ApplyDeps, needIssue } from "./write-once.ts";

/** What is stored of a word: the items that it is about may leave, and the audit names who said it. Pure. */
export function releasedStep(
  items: readonly string[],
  word: GuardWord,
  by: { readonly commentId: string; readonly authorId: string | null },
): StateStep {
  const decided = decidedCommand(by.commentId, "live", { name: "release", result: word }, by.authorId);
  const actor = by.authorId === null ? "a Jira account" : `Jira account ${by.authorId}`;
  return {
    mirrors: [...(decided.mirrors ?? []), ...items.map((item) => guardRow(item, { word }))],
    resolvedFailures: items.map((item) => ({ item })),
    audit: [
      ...(decided.audit ?? []),
      ...items.map((item) => ({ side: "huawei", action: "release", item, result: word, actor }) as const),
    ],
  };
}

/** Lets items go by the word of a person who may give it; one that was judged anew meanwhile stays. Throws `ServiceError`, and what the gate throws. */
export async function releaseGuarded(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "release_guarded" }>,
): Promise<number> {
  const { comment, word, items } = action;
  const { commentId, authorId } = comment;
  const hashes = commentHashes(comment, deps.text.adfToText);
  await deps.gate.require({ kind: "comment", issueId: needIssue(leased), commentId, ...hashes });
  const rows = guardRows(leased.snapshot.mirrors);
  const isMeant = items.every(({ item, hash }) => rows.some((row) => row.item === item && row.sourceHash === hash));
  const refusal = (await permissionRefusal(deps, comment)) ?? (isMeant ? null : "changed");
  // Another word of the same plan may have let one of them go.
  const left = rows.flatMap(({ item, state }) =>
    state === "held" && items.some((one) => one.item === item) ? [item] : [],
  );
  await leased.apply(
    refusal === null
      ? releasedStep(left, word, { commentId, authorId })
      : decidedCommand(commentId, "refused", { name: "release", result: refusal }, authorId),
  );
  // The reply, and what may leave now, are planned from what was just stored.
  return 1;
}
