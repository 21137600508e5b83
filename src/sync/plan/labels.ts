import { caseLabel, commonLabel, toJiraLabel } from "../../domain/labels.ts";
import type { Action, PlanInput } from "./action.ts";
import { remember } from "./remember.ts";

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
  return remembered ? [] : [remember("remember_labels", { link: { mirroredLabels: labels } })];
}
