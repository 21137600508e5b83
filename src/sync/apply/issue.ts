/**
 * The issue of a case: its creation, its property, its labels.
 */
import type { CaseDetail } from "../../domain/case.ts";
import type { IssueId, IssueKey } from "../../domain/ids.ts";
import type { IssueStamp } from "../../domain/issue.ts";
import { caseLabel, commonLabel, toJiraLabel } from "../../domain/labels.ts";
import { type IssuePayload, type NewIntent, newIntent } from "../../domain/rows/intent.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { unlessRefused } from "../../domain/steps.ts";
import { type FactValues, resolveRule } from "../../domain/value-rule.ts";
import type { Action } from "../plan/action.ts";
import { factsHash } from "../plan/facts.ts";
import type { UnsetField } from "../ports.ts";
import { caseFacts, issueSummary } from "../render.ts";
import type { LeasedLink, StateStep } from "../state.ts";
import { type Speaking, say, sayShort } from "../texts/say.ts";
import { type Notice, owedNotices } from "./notices.ts";
import { type ApplyDeps, needCase, needIssue, writeOnce } from "./write-once.ts";

/** Makes the issue of a case, once. Answers 1. Throws as `writeOnce`. */
export async function createIssue(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "create_issue" }>,
): Promise<number> {
  const { detail } = action;
  const { link } = leased.snapshot;
  const { settings } = deps;
  const description = deps.text.caseDescription({
    text: detail.description,
    facts: caseFacts(detail, link.productName, settings.huawei.timeZone, settings),
    words: {
      console: sayShort(settings, (t) => t.description.console),
      goesOn: sayShort(settings, (t) => t.description.goesOn),
    },
    consoleUrl: settings.huawei.consoleCaseUrl?.replaceAll("{caseId}", encodeURIComponent(detail.caseId)) ?? null,
  });
  const labels = [...new Set(link.caseLabels.map(toJiraLabel))];
  const mark: IssueStamp = { v: 1, inst: deps.installation, caseId: detail.caseId };
  const payload: IssuePayload = {
    summary: issueSummary(detail.caseId, deps.text.firstLine(detail.description), settings),
    descriptionAdf: description.doc,
    labels: [caseLabel(detail.caseId), commonLabel, ...labels],
    priority: detail.severityName === null ? null : (settings.priority[detail.severityName] ?? null),
    ...issueForm(deps, leased, detail),
    mark,
    rest: description.rest,
    hasRest: description.rest !== null,
  };
  await writeOnce(deps, leased, {
    intent: newIntent({ kind: "issue" }, { payload }),
    call: (frozen) => deps.jira.createIssue({ ...frozen, stamp: frozen.mark }, deps.lane),
    confirm: (created) => {
      const step = issueCreatedStep(created, { payload, unreadable: false }, labels);
      return { ...step, link: { ...step.link, factsHash: factsHash(detail) } };
    },
  });
  return 1;
}

/** Type, request type, assignee and further fields of a new issue, as the configuration chooses them by the case. */
function issueForm({ settings }: ApplyDeps, { snapshot: { link } }: LeasedLink, detail: CaseDetail) {
  const listed = (text: string | null): readonly string[] => (text === null ? [] : [text]);
  const facts: FactValues = {
    product: listed(link.productName),
    problemType: listed(detail.problemTypeName),
    subType: listed(detail.typeName),
    region: listed(detail.regionName),
    severity: listed(detail.severityName),
    label: link.caseLabels,
    submitter: listed(detail.submitterName),
    connection: [settings.name],
  };
  const chosen = Object.entries(settings.issue.fields).map(([name, rule]) => [name, resolveRule(rule, facts)] as const);
  return {
    issueType: resolveRule(settings.issue.type, facts) ?? null,
    requestType: (settings.issue.requestType === null ? null : resolveRule(settings.issue.requestType, facts)) ?? null,
    assignee: (settings.issue.assignee === null ? null : resolveRule(settings.issue.assignee, facts)) ?? null,
    fields: Object.fromEntries(chosen.filter(([, value]) => value !== undefined)),
  };
}

/**
 * What is stored once the issue is known to exist; also used when a lost create is found again, by its intent. `left`: ids of fields that are
 * still to be set; `null` = that was not told.
 */
export function issueCreatedStep(
  created: { readonly issueId: IssueId; readonly issueKey: IssueKey; readonly left?: readonly string[] | null },
  { payload, unreadable }: Pick<NewIntent<"issue">, "payload" | "unreadable">,
  labels: readonly string[],
): StateStep {
  const { rest, hasRest } = payload;
  const { left = [] } = created;
  const isWhole = left?.length === 0;
  // An older release did not note whether there was a rest.
  const isLost = unreadable && hasRest !== false;
  return {
    link: {
      issueId: created.issueId,
      issueKey: created.issueKey,
      mirroredLabels: labels,
      // The issue is ours: what people write there is never older than it.
      outgoingSince: new Date(0),
    },
    intents: isWhole || unreadable ? restIntents(rest, isLost) : [fieldsIntent(payload, left)],
    audit: [{ side: "jira", action: "create_issue", item: itemKey("issue", created.issueId), result: "created" }],
  };
}

function restIntents(rest: string | null, isLost: boolean): NewIntent[] {
  if (rest === null && !isLost) return [];
  return [newIntent({ kind: "description_rest" }, { payload: { rest: rest ?? "" }, unreadable: isLost })];
}

/** The rest of the description follows once it is known whether the description could be set. */
function fieldsIntent(payload: IssuePayload, left: readonly string[] | null): NewIntent {
  return newIntent({ kind: "issue_fields" }, { payload: { ...payload, left } });
}

/**
 * Sets by an edit what the create screen of the new issue lacks. What cannot be set at all is told on the issue once; a description then
 * stands in comments. May be repeated: what the issue shows, or anybody has changed since, is left alone. Throws `ServiceError`.
 */
export async function completeIssue(
  deps: ApplyDeps,
  leased: LeasedLink,
  { intent }: Extract<Action, { kind: "complete_issue" }>,
): Promise<number> {
  const { payload } = intent;
  const { edited, unset } = await deps.jira.completeIssue(
    needIssue(leased),
    { ...payload, stamp: payload.mark },
    payload.left,
    deps.lane,
  );
  const isUnset = (id: string): boolean => unset.some(({ fieldId }) => fieldId === id);
  const whole = isUnset("description") ? deps.text.adfToText(payload.descriptionAdf) : null;
  const rest = [whole, payload.rest].filter((text) => text !== null && text !== "").join("\n");
  for (const { fieldId, reason } of unset) deps.log.warn({ field: fieldId, reason }, "Field of a new issue not set");
  await leased.apply({
    confirmedIntents: [intent.key],
    intents: [
      ...restIntents(rest === "" ? null : rest, false),
      ...owedNotices(deps, leased, unsetNotices(deps.settings, unset)),
    ],
    ...(edited ? { audit: [{ side: "jira", action: "edit_issue", item: "complete_issue", result: "edited" }] } : {}),
  });
  return edited ? 1 : 0;
}

/** What an issue says of fields that could not be set: of the labels on their own, since they are looked after later as well. */
function unsetNotices(settings: Speaking, unset: readonly UnsetField[]): Notice[] {
  const labels = unset.filter(({ fieldId }) => fieldId === "labels");
  // A priority that Jira does not take is left out: `doctor` tells it once for the project.
  const others = unset.filter(({ fieldId }) => fieldId !== "labels" && fieldId !== "priority");
  const isBelow = others.some(({ fieldId }) => fieldId === "description");
  const ofLabels = say(settings, (t) => `${t.unset.labels} ${t.unset.remedy}`);
  const ofOthers = say(settings, (t) => {
    const names = others.map(({ label, reason }) => (reason === null ? label : t.unset.field(label, reason)));
    const lines = [t.unset.fields(names.join(", ")), t.unset.remedy, ...(isBelow ? [t.unset.descriptionBelow] : [])];
    return lines.join(" ");
  });
  return [
    ...(labels.length === 0 ? [] : [{ cause: noticeCause.labelsUnset, text: ofLabels }]),
    ...(others.length === 0 ? [] : [{ cause: noticeCause.fieldsUnset, text: ofOthers }]),
  ];
}

/**
 * Writes the issue's own id into its property, which tells a clone from the original (rule 7). Where Jira does not take it the rounds
 * tell why, and nothing waits for it. May be repeated.
 */
export async function stampIssue(deps: ApplyDeps, leased: LeasedLink): Promise<number> {
  const issueId = needIssue(leased);
  const caseId = needCase(leased);
  // Idempotent by nature: the same value under the same key, so no intent is needed.
  const stamped = await unlessRefused(deps.log, "stamp", async () => {
    await deps.jira.setIssueStamp(issueId, { v: 1, inst: deps.installation, caseId, issueId }, deps.lane);
    return true;
  });
  if (stamped === null) return 0;
  await leased.apply({ link: { markStampedAt: deps.clock.now() } });
  return 1;
}

/** Adds and removes labels, touching no other. May be repeated. */
export async function changeLabels(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "change_labels" }>,
): Promise<number> {
  // Adding a label that is there, or removing one that is not, changes nothing: safe to repeat without an intent.
  await deps.jira.changeLabels(needIssue(leased), { add: action.add, remove: action.remove }, deps.lane);
  await leased.apply({ link: { mirroredLabels: action.labels } });
  return 1;
}

/**
 * Takes away the labels that asked for the case. Removing a label that is not there changes nothing: safe to repeat without an intent.
 * Throws `ServiceError`.
 */
export async function dropRequestLabels(
  deps: ApplyDeps,
  leased: LeasedLink,
  { labels }: Extract<Action, { kind: "drop_request_labels" }>,
): Promise<number> {
  await deps.jira.changeLabels(needIssue(leased), { add: [], remove: labels }, deps.lane);
  return 1;
}
