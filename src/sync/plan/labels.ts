/**
 * Labels of an issue: our own marks, and the labels of its case as `hw:<name>`.
 */
import { hashParts } from "../../lib/hash.ts";
import type { Action, PlanInput } from "./action.ts";

/** Labels of every issue made from a case. */
export function caseLabel(caseId: string): string {
  return `hwcase-${caseId}`;
}

/** Label of every mirrored issue. */
export const commonLabel = "huawei-cloud";

/** A case label as a Jira label: `hw:<name>`, whitespace as `-`, at most 255 characters (jira/NOTES 3.3). */
export function toJiraLabel(name: string): string {
  return `hw:${name.trim().replace(/\s+/g, "-")}`.slice(0, 255);
}

/** Hash under which the wanted labels of an issue are remembered. */
export function labelsHash(labels: readonly string[]): string {
  return hashParts([...labels].sort()).slice(0, 32);
}

/** Case labels → `hw:` labels; our own marks are put back when somebody removed them. People's labels are never touched. */
export function planLabels(input: PlanInput): Action[] {
  const { link, observed } = input;
  const wanted = [...new Set(input.link.caseLabels.map(toJiraLabel))];
  const hash = labelsHash(wanted);
  const issue = observed.issue;
  if (issue === null) {
    // Only the remembered state is at hand: act when the case's labels changed.
    if (link.labelsHash === null ? wanted.length === 0 : link.labelsHash === hash) return [];
    return [{ kind: "change_labels", direction: "to-jira", add: wanted, remove: [], hash }];
  }
  const own = link.caseId === null ? [] : [caseLabel(link.caseId), commonLabel];
  const present = new Set(issue.labels);
  const add = [...wanted, ...own].filter((label) => !present.has(label));
  const remove = issue.labels.filter((label) => label.startsWith("hw:") && !wanted.includes(label));
  // A person may use hw: labels of their own; only those that the case once had are ours to remove.
  const removable = link.labelsHash === null || link.labelsHash === hash ? [] : remove;
  if (add.length === 0 && removable.length === 0) return [];
  return [{ kind: "change_labels", direction: "to-jira", add, remove: removable, hash }];
}
