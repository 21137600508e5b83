/**
 * Labels as they stand on issues: ours, those that mirror a case's labels, and those by which people ask for something.
 */
import { cutChars } from "./text/sanitize.ts";

/** Labels of every issue made from a case. */
export function caseLabel(caseId: string): string {
  return `${caseLabelPrefix}${caseId}`;
}

/** What the label of a case's issue starts with. */
export const caseLabelPrefix = "hwcase-";

/** Label of every mirrored issue. */
export const commonLabel = "huawei-cloud";

/** Whether a person put the label on the issue that keeps it out of mirroring in both directions. Pure. */
export function isIgnored(issue: { readonly labels: readonly string[] }): boolean {
  return issue.labels.some((label) => label.toLowerCase() === "casebridge-ignore");
}

/** Reason of a link whose issue is ignored. */
export const ignoredReason = "ignored";

/** Label by which people ask for a case, where `create.jql` does not say otherwise. */
export const requestLabel = "huawei-case";

/** What a mirrored label of a case starts with. */
export const mirroredLabelPrefix = "hw:";

/** A case label as a Jira label: `hw:<name>`, whitespace as `-`, at most 255 characters (jira.md 3.3). */
export function toJiraLabel(name: string): string {
  return cutChars(`${mirroredLabelPrefix}${name.trim().replace(/\s+/g, "-")}`, 255);
}

/** Inputs of a new case that name one look-up value each. */
export type InputName = "subTypeId" | "productId" | "problemTypeId" | "regionId" | "severityId";

/** Prefix of the label that names an input of a new case. */
export const inputLabels: { readonly [Name in InputName]: string } = {
  subTypeId: "hw-type:",
  productId: "hw-product:",
  problemTypeId: "hw-problem:",
  regionId: "hw-region:",
  severityId: "hw-severity:",
};

/** Prefix of the label that names the template of a new case. */
export const templateLabel = "hw-template:";

/** Prefix of labels that name an extra parameter: `hw-extra-<key>:<value>`. */
export const extraLabel = "hw-extra-";
