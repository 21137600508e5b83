/**
 * From an issue that asks for a case to the case (rule 11 "Issue → case").
 *
 * Traps, and the answer to each. Creation takes no idempotency key and its answer may be lost: the description starts with a mark
 * that names the issue's id, and before every creation the cases are searched for it. A lost database must not make a second case:
 * the same search finds the first. A clone looks like its original: an issue that carries somebody else's label or property makes
 * nothing. A refusal must not be repeated for ever: it is remembered under a hash of what a person can mend.
 */
import { type CaseSummary, deletedStatus } from "../../domain/case.ts";
import { type CaseId, type IssueId, toId } from "../../domain/ids.ts";
import type { Issue } from "../../domain/issue.ts";
import { extraLabel, inputLabels, isIgnored } from "../../domain/labels.ts";
import { findIntent, intentsOf } from "../../domain/rows/intent.ts";
import { findMirror } from "../../domain/rows/mirror.ts";
import { noticeId } from "../../domain/rows/mirror-name.ts";
import { isRefusalCause, noticeCause } from "../../domain/rows/notice-cause.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { parseMarkAtStart } from "../../domain/text/marks.ts";
import { toOurTime } from "../../lib/service-clock.ts";
import { dueLook, noteEmptyLook } from "../apply/looks.ts";
import { postNotice } from "../apply/notices.ts";
import { guardFor, needIssue, refusalText } from "../apply/write-once.ts";
import type { LeasedLink } from "../state.ts";
import { inEnglish, say, type Words } from "../texts/say.ts";
import { askedAs, composeCase } from "./case-words.ts";
import { noticeClone } from "./clones.ts";
import { adoptedStep, createCase } from "./create-case.ts";
import { guardRequest } from "./guarded.ts";
import { collectInputs, configuredFields, inputsHash, type ResolvedInputs, resolveInputs } from "./inputs.ts";
import { askAnew } from "./lookups.ts";
import { accountObstacle, askerRefusal, obstacleOf } from "./obstacles.ts";
import type { RequestDeps, RequestResult } from "./request-deps.ts";

/** An account that lacks a right, a signature or quota is asked again after so long. */
const accountPauseMs = 3_600_000;

/** A case is looked for from so long before it can have been made: no clock is that wrong, and its mark alone tells. */
const overlapMs = 24 * 3_600_000;

/** Makes the case of an issue, once. Safe to repeat, safe to stop anywhere. Throws `ServiceError` and `LeaseLost`. */
export async function reconcileRequest(
  deps: RequestDeps,
  leased: LeasedLink,
  connection: { readonly pausedToJira: boolean },
): Promise<RequestResult> {
  const intent = findIntent(leased.snapshot.intents, { kind: "case" });
  const issueId = needIssue(leased);
  if (intent !== undefined && intent.state !== "planned") {
    const due = dueLook(intent, deps).at;
    if (due > deps.clock.now()) return { kind: "wait", until: due, reason: "case_unknown", writes: 0 };
    const readAt = deps.clock.now();
    const found = await findCaseOf(deps, issueId, new Date(intent.createdAt.getTime() - overlapMs));
    if (found !== null) {
      await leased.apply(adoptedStep(deps, found, intent.payload));
      await forgetRefusals(leased);
      return { kind: "created", writes: 0 };
    }
    const next = await noteEmptyLook(deps, leased, intent, readAt);
    return { kind: "wait", until: next ?? deps.clock.now(), reason: "case_unknown", writes: 0 };
  }
  // A request that somebody put aside is made no more (rule 7), until the same somebody has it tried again.
  if (leased.snapshot.failures.some((failure) => failure.item === "case" && failure.state === "discarded"))
    return { kind: "nothing", writes: 0 };
  const readAt = deps.clock.now();
  // The same question that intake asks, about this one issue.
  const issue = await deps.jira.findIssueByJql(issueId, deps.settings.create.jql, deps.lane);
  if (issue === null) {
    await forgetPlanned(leased);
    return { kind: "nothing", writes: connection.pausedToJira ? 0 : await noticeClone(deps, leased, readAt) };
  }
  if (isIgnored(issue)) return { kind: "nothing", writes: 0 };
  const seen = {
    issueKey: issue.issueKey,
    ...(readAt.getTime() - toOurTime(new Date(issue.updatedRaw), deps.jira.serviceClock.aheadMs()).getTime() >=
    deps.settings.settle.listSeconds * 1000
      ? { jiraUpdatedRaw: issue.updatedRaw }
      : {}),
  };
  await leased.apply({ link: seen });
  const result = await tryCreate(deps, leased, { issue, readAt });
  await (result.kind === "nothing" ? forgetPlanned(leased) : forgetRefusals(leased));
  if (result.kind !== "created") return result;
  await leased.apply({ resolvedFailures: [{ item: "case" }] });
  return result;
}

/** Forgets a case that was rendered, has certainly not left, and is not asked for as the issue stands now; asked for anew it is rendered anew. */
async function forgetPlanned(leased: LeasedLink): Promise<void> {
  await forgetRefusals(leased);
  const intent = findIntent(leased.snapshot.intents, { kind: "case" });
  // One that is repeated may show yet, and is known by what was frozen.
  if (intent?.state !== "planned" || intent.repeated) return;
  await leased.apply({ confirmedIntents: [intent.key] });
}

/** Forgets refusals that were to be written again, since Jira did not tell whether they stand: what refuses the request now was just told. */
async function forgetRefusals(leased: LeasedLink): Promise<void> {
  const stale = intentsOf(leased.snapshot.intents, "notice").filter(
    ({ state, cause }) => state === "planned" && isRefusalCause(cause),
  );
  if (stale.length > 0) await leased.apply({ confirmedIntents: stale.map(({ key }) => key) });
}

/**
 * The case whose description starts with the mark of this issue, by whatever key the issue had then: one that was not deleted before one that
 * was, then the oldest. Whoever deletes a case may do so before its creation is confirmed, and a list need not show deleted ones unless they
 * are asked for (huawei.md 14): it was made all the same, and is not made again.
 */
export async function findCaseOf(
  deps: Pick<RequestDeps, "huawei" | "lane">,
  issueId: IssueId,
  createdFrom: Date,
): Promise<{ readonly caseId: CaseId; readonly status: number; readonly createdAt: Date } | null> {
  // How the service matches a text is not documented; what was created since, and its mark, are certain.
  const isOwn = (entry: CaseSummary): boolean => requestOf(entry.description) === issueId;
  const own = (await deps.huawei.listCases({ createdFrom }, deps.lane)).filter(isOwn);
  // Asked for afterwards, so that none is passed over that is deleted between the two.
  if (own.every(isDeleted)) own.push(...(await listDeleted(deps, createdFrom)).filter(isOwn));
  const order = (entry: CaseSummary): number => (isDeleted(entry) ? 1 : 0);
  own.sort((a, b) => order(a) - order(b) || a.createdAt.getTime() - b.createdAt.getTime());
  return own[0] ?? null;
}

function isDeleted({ status }: CaseSummary): boolean {
  return status === deletedStatus;
}

/** Deleted cases; none where the service refuses to be asked for them, since older documents do not know the status. */
async function listDeleted(
  { huawei, lane }: Pick<RequestDeps, "huawei" | "lane">,
  createdFrom: Date,
): Promise<readonly CaseSummary[]> {
  try {
    return await huawei.listCases({ status: deletedStatus, createdFrom }, lane);
  } catch (error) {
    if (refusalText(error) === null) throw error;
    return [];
  }
}

/** The issue that a case was made for, by the mark at the start of its description; `null` for any other case. Pure. */
export function requestOf(description: string): IssueId | null {
  const mark = parseMarkAtStart(description)?.mark;
  return mark?.kind === "case" && mark.part === null ? toId<IssueId>(mark.issueId) : null;
}

async function tryCreate(
  deps: RequestDeps,
  leased: LeasedLink,
  seen: { readonly issue: Issue; readonly readAt: Date },
): Promise<RequestResult> {
  const { issue } = seen;
  const { create } = deps.settings;
  const fields = configuredFields(create);
  const fieldTexts = fields.length === 0 ? {} : await deps.jira.getFieldTexts(issue.issueId, fields, deps.lane);
  const written = collectInputs(issue, fieldTexts, create);
  const description = deps.text.adfToText(issue.description);
  const hash = inputsHash(issue, description, written);
  const cause = noticeCause.requestRefused(hash);
  const retried = leased.snapshot.failures.some((failure) => failure.item === "case" && failure.state === "retrying");
  const refusedBefore = findMirror(leased.snapshot.mirrors, noticeId(cause)) !== undefined;
  if (refusedBefore && !retried) return { kind: "nothing", writes: 0 };

  const obstacle = await obstacleOf(deps, issue);
  if (obstacle !== null) return refuse(deps, leased, cause, obstacle);
  const refusal = await askerRefusal(deps, issue);
  if (refusal !== null) return refuse(deps, leased, refusal.cause, refusal.text);
  const known = await findCaseOf(deps, issue.issueId, new Date(issue.createdAt.getTime() - overlapMs));
  if (known !== null) {
    await leased.apply(adoptedStep(deps, known, null));
    return { kind: "created", writes: 0 };
  }
  const checks = {
    isPlain: !deps.huawei.capabilities.has("severity_and_extends"),
    guard: deps.settings.guard,
  };
  const resolution = await resolveInputs(deps.lookups, written, checks, deps.lane);
  if (resolution.kind === "problem") return refuse(deps, leased, cause, resolution.text);
  const words = await composeCase(deps, { issue, description, inputs: resolution.inputs });
  const guarded = await guardRequest(deps, leased, { issue, words, written, masked: resolution.inputs.masked, hash });
  if (guarded.kind !== "goes") return guarded;
  const { asIs } = guarded;
  const guard = guardFor(deps.settings, guarded);
  // What was resolved before has its extra parameters masked.
  const resolved = asIs ? await resolveInputs(deps.lookups, written, { ...checks, guard }, deps.lane) : resolution;
  if (resolved.kind === "problem") return refuse(deps, leased, cause, resolved.text);
  const { inputs } = resolved;
  const lacking = await accountObstacle(deps, inputs);
  if (lacking !== null) {
    const writes = await postNotice(
      deps,
      leased,
      noticeCause.accountLacks(lacking.code),
      notOpened(deps, lacking.text),
    );
    await leased.apply({
      failures: [
        { direction: "to-huawei", item: "case", reason: "account_not_ready", detail: inEnglish(lacking.text) },
      ],
    });
    const until = new Date(deps.clock.now().getTime() + accountPauseMs);
    return { kind: "wait", until, reason: lacking.code, writes };
  }
  try {
    return await createCase(deps, leased, { ...seen, words, asked: askedAs(hash, { ...deps, asIs }), asIs, inputs });
  } catch (error) {
    const reason = isServiceError(error) && error.facts.operation === "createCase" ? refusalText(error) : null;
    if (reason === null) throw error;
    // What was remembered of the look-ups may be out of date: read anew they tell which value it is, and which are allowed.
    const anew = await resolveInputs(askAnew(deps.lookups), written, { ...checks, guard }, deps.lane);
    if (anew.kind === "inputs" && JSON.stringify(anew.inputs) !== JSON.stringify(inputs))
      return { kind: "wait", until: deps.clock.now(), reason: "look_ups_changed", writes: 0 };
    const why: Words = anew.kind === "problem" ? anew.text : (t) => t.request.askedWith(describeInputs(anew.inputs));
    return refuse(deps, leased, cause, (t) => t.request.refused(reason, why(t)));
  }
}

/** The ids that a case was asked for with, by the names of the labels that set them. Pure. */
function describeInputs(inputs: ResolvedInputs): string {
  const ids = (["subTypeId", "productId", "problemTypeId", "regionId", "severityId"] as const).flatMap((name) =>
    inputs[name] === null ? [] : [`${inputLabels[name]}${inputs[name]}`],
  );
  return [...ids, ...inputs.extras.map(({ id, value }) => `${extraLabel}${id}:${value}`)].join(", ");
}

function notOpened({ settings }: Pick<RequestDeps, "settings">, why: Words): string {
  return say(settings, (t) => t.request.notOpened(why(t)));
}

/** One comment that says what to mend; the same inputs are not tried again. */
async function refuse(deps: RequestDeps, leased: LeasedLink, cause: string, why: Words): Promise<RequestResult> {
  const text = notOpened(deps, (t) => `${why(t)}\n${t.request.triedAgain}`);
  const writes = await postNotice(deps, leased, cause, text);
  // What was rendered before and never left is rendered anew once the issue asks again.
  const unsent = intentsOf(leased.snapshot.intents, "case").filter(({ state }) => state === "planned");
  await leased.apply({
    confirmedIntents: unsent.map(({ key }) => key),
    failures: [
      { direction: "to-huawei", item: "case", reason: "request_refused", detail: "the issue says what to mend" },
    ],
  });
  return { kind: "nothing", writes };
}
