/**
 * Facts of a case, and access requests of engineers: told on the issue as notices. Labels of a case: labels of the issue.
 */
import type { AccessRequest, CaseDetail } from "../../domain/case.ts";
import { caseLabel, commonLabel, type InputName, toJiraLabel } from "../../domain/labels.ts";
import { intentsOf } from "../../domain/rows/intent.ts";
import type { Mirror } from "../../domain/rows/mirror.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { hashTexts } from "../../lib/hash.ts";
import { say } from "../texts/say.ts";
import { type Action, hasNotice, isOwed, type Observed, type PlanInput } from "./action.ts";
import { remember } from "./remember.ts";

/** Hash of the facts that a person would want to hear of when they change. */
export function factsHash(detail: CaseDetail): string {
  return hashTexts([
    detail.typeName ?? "",
    detail.problemTypeName ?? "",
    detail.regionName ?? "",
    detail.severityName ?? "",
  ]).slice(0, 32);
}

/** Facts are written once, at creation; a later change becomes one comment (rule 11). */
export function planFacts(input: PlanInput): Action[] {
  const { case: detail } = input.observed;
  if (detail === null) return [];
  const hash = factsHash(detail);
  if (input.link.factsHash === hash) return [];
  const memory = remember("remember_facts", { link: { factsHash: hash } });
  if (input.link.factsHash === null) return [memory];
  const rows: [InputName, string | null][] = [
    ["subTypeId", detail.typeName],
    ["problemTypeId", detail.problemTypeName],
    ["regionId", detail.regionName],
    ["severityId", detail.severityName],
  ];
  const text = say(input.settings, (t) =>
    [
      t.factsChanged,
      ...rows.flatMap(([name, value]) => (value === null ? [] : [t.factLine(t.inputs[name], value)])),
    ].join("\n"),
  );
  const cause = noticeCause.facts(hash);
  // The hash is remembered once the comment stands there, so that a failed write is not the end of it.
  if (hasNotice(input, cause)) return [memory];
  return [{ kind: "notice", direction: "to-jira", cause, text }];
}

/** Access is never answered by casebridge; the issue says what is asked, until when, and where to answer it. */
export function planAccessRequests(input: PlanInput): Action[] {
  return untoldAccess(input.observed, input.mirrors).map(
    (request) =>
      ({
        kind: "notice",
        direction: "to-jira",
        cause: accessCause(request),
        text: say(input.settings, (t) =>
          [
            t.access.asked(request.summary),
            ...(request.expiresAt === null
              ? []
              : [t.access.until(request.expiresAt.toISOString().slice(0, 16).replace("T", " "))]),
            t.access.answer,
          ].join("\n"),
        ),
      }) as const,
  );
}

/** Requests for access that the issue was not told of yet. Pure. */
export function untoldAccess(
  observed: Pick<Observed, "accessRequests">,
  mirrors: readonly Mirror[],
): readonly AccessRequest[] {
  return (observed.accessRequests ?? []).filter((request) => !hasNotice({ mirrors }, accessCause(request)));
}

function accessCause({ authorizationId }: AccessRequest): string {
  return noticeCause.access(authorizationId);
}

/**
 * Case labels → `hw:` labels; our own marks are put back when somebody removed them. Only labels that we put there ourselves are ever
 * removed, so those of people stay.
 */
export function planLabels(input: PlanInput): Action[] {
  const { link, observed } = input;
  // They are about to be set with the other fields of the new issue, or no screen takes them, as the issue says.
  if (intentsOf(input.intents, "issue_fields").length > 0 || isOwed(input, noticeCause.labelsUnset)) return [];
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
