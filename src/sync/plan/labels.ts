/**
 * Labels of an issue: our own marks, and the labels of its case as `hw:<name>`.
 */
import { cutChars } from "../../domain/text/sanitize.ts";
import type { Action, PlanInput } from "./action.ts";

/** Labels of every issue made from a case. */
export function caseLabel(caseId: string): string {
  return `hwcase-${caseId}`;
}

/** Label of every mirrored issue. */
export const commonLabel = "huawei-cloud";

/** Whether a person put the label on the issue that keeps it out of mirroring in both directions. Pure. */
export function isIgnored(issue: { readonly labels: readonly string[] }): boolean {
  return issue.labels.some((label) => label.toLowerCase() === "casebridge-ignore");
}

/** Reason of a link whose issue is ignored. */
export const ignoredReason = "ignored";

/** A case label as a Jira label: `hw:<name>`, whitespace as `-`, at most 255 characters (jira.md 3.3). */
export function toJiraLabel(name: string): string {
  return cutChars(`hw:${name.trim().replace(/\s+/g, "-")}`, 255);
}

/**
 * Case labels → `hw:` labels; our own marks are put back when somebody removed them. Only labels that we put there ourselves are ever
 * removed, so those of people stay.
 */
export function planLabels(input: PlanInput): Action[] {
  const { link, observed } = input;
  const labels = [...new Set(input.link.caseLabels.map(toJiraLabel))];
  const placed = link.mirroredLabels;
  const outdated = placed.filter((label) => !labels.includes(label));
  // Without a reading of the issue only the remembered state is at hand.
  const present = new Set(observed.issue?.labels ?? placed);
  const own = observed.issue === null || link.caseId === null ? [] : [caseLabel(link.caseId), commonLabel];
  const add = [...labels, ...own].filter((label) => !present.has(label));
  const remove = outdated.filter((label) => present.has(label));
  if (add.length > 0 || remove.length > 0)
    return [{ kind: "change_labels", direction: "to-jira", add, remove, labels }];
  const remembered = outdated.length === 0 && labels.every((label) => placed.includes(label));
  return remembered ? [] : [{ kind: "remember_labels", direction: "state", labels }];
}
