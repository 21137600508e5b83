/**
 * What the issue of a new case is told, once its case is there: which case it is, and that the request was taken.
 */
import type { Issue } from "../../domain/issue.ts";
import { caseLabelPrefix, commonLabel } from "../../domain/labels.ts";
import { findMirror, mirrorId } from "../../domain/rows/mirror.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { say } from "../texts/say.ts";
import { type Action, isOwed, type PlanInput } from "./action.ts";

/** The comment that names the case, and the label of the request taken away. Pure. */
export function planRequest(input: PlanInput, issue: Issue): Action[] {
  // There where the case was made for its issue, and not the other way round or by hand.
  const request = findMirror(input.mirrors, mirrorId.request);
  const { caseId } = input.link;
  if (request === undefined || caseId === null) return [];
  const actions: Action[] = [];
  if (!isOwed(input, noticeCause.caseCreated)) {
    const { consoleCaseUrl } = input.settings.huawei;
    const lines = [
      say(input.settings, (t) =>
        [t.request.opened(caseId), t.request.afterwards[input.settings.comments.toHuawei]].join("\n"),
      ),
      ...(consoleCaseUrl === null ? [] : [consoleCaseUrl.replaceAll("{caseId}", encodeURIComponent(caseId))]),
      ...(request.reason === null ? [] : [request.reason]),
    ];
    actions.push({ kind: "notice", direction: "to-jira", cause: noticeCause.caseCreated, text: lines.join("\n") });
  }
  const labels = requestLabels(input.settings.create.jql, issue.labels);
  if (labels.length > 0) actions.push({ kind: "drop_request_labels", direction: "to-jira", labels });
  return actions;
}

/** Labels of an issue that its request was recognised by: those that the query asks for (`labels = x`, `labels in (x, y)`). Pure. */
export function requestLabels(jql: string, labels: readonly string[]): string[] {
  const clauses = jql.matchAll(/\blabels\s*(?:=\s*("[^"]*"|'[^']*'|[^\s()]+)|\bin\s*\(([^)]*)\))/gi);
  const named = new Set([...clauses].flatMap(([, one, list]) => (one ?? list ?? "").split(/[\s"',]+/)));
  return labels.filter((label) => named.has(label) && label !== commonLabel && !label.startsWith(caseLabelPrefix));
}
