/**
 * Cases that Huawei shows as related become issue links, where both are mirrored (rule 11).
 *
 * A link is made once. The pair that made it remembers that in a row (`live`: the two issues are linked, or were; `placeholder`: Jira does
 * not take such a link). It is never made again nor taken away: what people link or unlink in Jira is theirs. Relations cost a request of their own, so they are read only in a full check,
 * and only when the case shows something that it did not show when they were read last.
 */
import type { CaseDetail, CaseMessage } from "../../domain/case.ts";
import { messageFingerprint } from "../../domain/message-views.ts";
import { findMirror, type Mirror, mirrorId } from "../../domain/rows/mirror.ts";
import { hashTexts } from "../../lib/hash.ts";
import type { Action, PlanInput } from "./action.ts";
import { remember } from "./remember.ts";

/** What the step is called that remembers a reading of the relations. */
export const relationsRead = "remember_relations";

/** The row of the reading itself. */
export function relationsRow(hash: string) {
  return { ...mirrorId.relations, sourceHash: hash, state: "live" } as const;
}

/** Hash of what a case shows of itself, in whatever order messages of one second are told. Pure. */
export function relationsHash(detail: CaseDetail, messages: readonly CaseMessage[]): string {
  const secondOf = ({ createdAt }: CaseMessage): number => Math.floor(createdAt.getTime() / 1000);
  const newest = Math.max(...messages.map(secondOf));
  const [last = ""] = messages
    .filter((message) => secondOf(message) === newest)
    .map(messageFingerprint)
    .sort();
  return hashTexts([String(detail.status), String(messages.length), last]).slice(0, 32);
}

/** Whether the case shows something new since its relations were read. Pure. */
export function wantsRelations(mirrors: readonly Mirror[], hash: string): boolean {
  return findMirror(mirrors, mirrorId.relations)?.sourceHash !== hash;
}

/** Links to the issues of related cases. Pure. */
export function planRelations(input: PlanInput): Action[] {
  const { relations, issue } = input.observed;
  if (relations === null || issue === null) return [];
  const linked = new Set<string>(issue.linkedIssueIds ?? []);
  const isNew = wantsRelations(input.mirrors, relations.hash);
  // What Jira did not take is tried again only once the case shows something new: until then both sides agree as far as they can.
  const known = new Set(
    input.mirrors.flatMap(({ kind, state, sourceId }) =>
      kind === "relation" && (state === "live" || (state === "placeholder" && !isNew)) ? [sourceId] : [],
    ),
  );
  const actions = relations.related
    .filter(({ caseId, issueId }) => issueId !== issue.issueId && !known.has(caseId))
    .map(
      ({ caseId, issueId, made }): Action =>
        made || linked.has(issueId)
          ? remember("remember_related", { mirrors: [{ ...mirrorId.relation(caseId), state: "live" }] })
          : { kind: "link_issues", direction: "to-jira", caseId, issueId },
    );
  if (actions.length === 0 && !isNew) return [];
  // Behind the links: where nothing may go to Jira, or one of them fails for a while, the relations are read once more.
  return [...actions, remember(relationsRead, { mirrors: [relationsRow(relations.hash)] }, { direction: "to-jira" })];
}
