/**
 * From an issue that asks for a case to the case (rule 11 "Issue → case").
 *
 * Traps, and the answer to each. Creation takes no idempotency key and its answer may be lost: the description starts with a mark
 * that names the issue's id, and before every creation the cases are searched for it. A lost database must not make a second case:
 * the same search finds the first. A clone looks like its original: an issue that carries somebody else's label or property makes
 * nothing. A refusal must not be repeated for ever: it is remembered under a hash of what a person can mend.
 */
import { type AttachmentId, type CaseId, type IssueId, toId } from "../../domain/ids.ts";
import type { Issue } from "../../domain/issue.ts";
import { extraLabel, inputLabels, isIgnored } from "../../domain/labels.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { unlessRefused } from "../../domain/steps.ts";
import { addMasked, guardText, type MaskedKind, maskedInWords } from "../../domain/text/guard.ts";
import { type GuardedText, ownWords, thawed } from "../../domain/text/guarded.ts";
import { guardAuthorLine } from "../../domain/text/guarded-names.ts";
import { type Mark, markIdentity, parseMarkAtStart } from "../../domain/text/marks.ts";
import { renderParts } from "../../domain/text/split.ts";
import { toOurTime, toServiceTime } from "../../lib/service-clock.ts";
import { permissionRefusal } from "../apply/commands.ts";
import { type Subject, Withheld } from "../apply/gate.ts";
import { dueLook, noteEmptyLook } from "../apply/looks.ts";
import { postNotice } from "../apply/notices.ts";
import { messagePayload } from "../apply/parts.ts";
import { type ApplyDeps, needIssue, refusalText, writeOnce } from "../apply/write-once.ts";
import { isIssueOf } from "../ownership.ts";
import { issueState, rememberedState } from "../plan/changes.ts";
import { namesInRestricted } from "../plan/disclosure.ts";
import { moments } from "../plan/moments.ts";
import { requestLabels } from "../plan/request.ts";
import { type IssueHold, issueHold } from "../plan/restriction.ts";
import { type CaseLookupPort, type NewCase, newCaseCharsMax } from "../ports.ts";
import { stayingLine } from "../render.ts";
import type { LeasedLink, NewIntent, StateStep } from "../state.ts";
import { cloneText, noticeClone } from "./clones.ts";
import { filesOfRequest, uploadForCase } from "./files.ts";
import { collectInputs, configuredFields, inputsHash, type ResolvedInputs, resolveInputs } from "./inputs.ts";
import { askAnew, type Lookups } from "./lookups.ts";

/** What creating a case needs besides the writes. */
export type RequestDeps = ApplyDeps & {
  readonly lookups: Lookups;
  readonly account: Pick<CaseLookupPort, "listPrivileges" | "getAgreementSigned" | "listQuotas">;
};

/** What a run over a request came to. `created`: the link has its case now. */
export type RequestResult =
  | { readonly kind: "created" | "nothing"; readonly writes: number }
  | { readonly kind: "wait"; readonly until: Date; readonly reason: string; readonly writes: number };

/** Key of the intent that makes the case, one per link. */
export const caseIntentKey = "case";
/** An account that lacks a right, a signature or quota is asked again after so long. */
const accountPauseMs = 3_600_000;
/** A case is looked for from so long before it can have been made: no clock is that wrong, and its mark alone tells. */
const lookBackMs = 24 * 3_600_000;

/** Makes the case of an issue, once. Safe to repeat, safe to stop anywhere. Throws `ServiceError` and `LeaseLost`. */
export async function reconcileRequest(
  deps: RequestDeps,
  leased: LeasedLink,
  connection: { readonly pausedToJira: boolean },
): Promise<RequestResult> {
  const intent = leased.snapshot.intents.find((entry) => entry.key === caseIntentKey);
  const issueId = needIssue(leased);
  if (intent !== undefined && intent.state !== "planned") {
    const due = dueLook(intent, deps).at;
    if (due > deps.clock.now()) return { kind: "wait", until: due, reason: "case_unknown", writes: 0 };
    const attemptedAt = intent.attemptedAt ?? intent.createdAt;
    const lookedAt = deps.clock.now();
    const found = await findCaseOf(deps, issueId, new Date(attemptedAt.getTime() - lookBackMs));
    if (found !== null) {
      await leased.apply(adoptedStep(deps, found, intent.payload));
      return { kind: "created", writes: 0 };
    }
    const next = await noteEmptyLook(deps, leased, intent, lookedAt);
    return { kind: "wait", until: next ?? deps.clock.now(), reason: "case_unknown", writes: 0 };
  }
  // A request that somebody put aside is made no more (rule 7), until the same somebody has it tried again.
  if (leased.snapshot.failures.some((failure) => failure.item === "case" && failure.state === "discarded"))
    return { kind: "nothing", writes: 0 };
  const readAt = deps.clock.now();
  // The same question that intake asks, about this one issue.
  const issue = await deps.jira.findIssueByJql(issueId, deps.settings.create.jql, deps.lane);
  if (issue === null) {
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
  if (result.kind !== "created") return result;
  await leased.apply({ resolvedFailures: [{ item: "case" }] });
  return result;
}

/** The case whose description starts with the mark of this issue: the oldest, by whatever key the issue had then. */
export async function findCaseOf(
  deps: Pick<RequestDeps, "huawei" | "lane">,
  issueId: IssueId,
  createdFrom: Date,
): Promise<{ readonly caseId: CaseId; readonly status: number; readonly createdAt: Date } | null> {
  // How the service matches a text is not documented; what was created since, and its mark, are certain.
  const listed = await deps.huawei.listCases({ createdFrom }, deps.lane);
  const own = listed.filter((entry) => requestOf(entry.description) === issueId);
  return own.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())[0] ?? null;
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
  const given = collectInputs(issue, fieldTexts, create);
  const description = deps.text.adfToText(issue.description);
  const hash = inputsHash(issue, description, given);
  const cause = `request-${hash}`;
  const retried = leased.snapshot.failures.some((failure) => failure.item === "case" && failure.state === "retrying");
  const refusedBefore = leased.snapshot.mirrors.some((mirror) => mirror.kind === "notice" && mirror.sourceId === cause);
  if (refusedBefore && !retried) return { kind: "nothing", writes: 0 };

  const obstacle = await obstacleOf(deps, issue);
  if (obstacle !== null) return refuse(deps, leased, cause, obstacle);
  const refusal = await askerRefusal(deps, issue);
  if (refusal !== null) return refuse(deps, leased, refusal.cause, refusal.text);
  const known = await findCaseOf(deps, issue.issueId, new Date(issue.createdAt.getTime() - lookBackMs));
  if (known !== null) {
    await leased.apply(adoptedStep(deps, known, {}));
    return { kind: "created", writes: 0 };
  }
  const checks = {
    isPlain: !deps.huawei.capabilities.has("severity_and_extends"),
    guard: deps.settings.guard,
  };
  const resolution = await resolveInputs(deps.lookups, given, checks, deps.lane);
  if (resolution.kind === "problem") return refuse(deps, leased, cause, resolution.text);
  const lacking = await accountObstacle(deps, resolution.inputs);
  if (lacking !== null) {
    const writes = await postNotice(deps, leased, `request-account-${lacking.code}`, notOpened(lacking.text));
    await leased.apply({
      failures: [{ direction: "to-huawei", item: "case", reason: "account_not_ready", detail: lacking.text }],
    });
    const until = new Date(deps.clock.now().getTime() + accountPauseMs);
    return { kind: "wait", until, reason: lacking.code, writes };
  }
  try {
    return await createCase(deps, leased, { ...seen, description, hash, inputs: resolution.inputs });
  } catch (error) {
    const reason = isServiceError(error) && error.facts.operation === "createCase" ? refusalText(error) : null;
    if (reason === null) throw error;
    // What was remembered of the look-ups may be out of date: read anew they tell which value it is, and which are allowed.
    const anew = await resolveInputs(askAnew(deps.lookups), given, checks, deps.lane);
    if (anew.kind === "inputs" && JSON.stringify(anew.inputs) !== JSON.stringify(resolution.inputs))
      return { kind: "wait", until: deps.clock.now(), reason: "look_ups_changed", writes: 0 };
    const why = anew.kind === "problem" ? anew.text : `It was asked for with ${describeInputs(anew.inputs)}.`;
    return refuse(deps, leased, cause, `Huawei Cloud refused it: ${reason}\n${why}`);
  }
}

/** The ids that a case was asked for with, by the names of the labels that set them. Pure. */
function describeInputs(inputs: ResolvedInputs): string {
  const ids = (["subTypeId", "productId", "problemTypeId", "regionId", "severityId"] as const).flatMap((name) =>
    inputs[name] === null ? [] : [`${inputLabels[name]}${inputs[name]}`],
  );
  return [...ids, ...inputs.extras.map(({ id, value }) => `${extraLabel}${id}:${value}`)].join(", ");
}

/** What keeps an issue from becoming a case, whatever its inputs are. Throws `ServiceError`. */
async function obstacleOf(deps: RequestDeps, issue: Issue): Promise<string | null> {
  const { mark, issueKey } = issue;
  if (mark !== null && mark.caseId !== "" && (await isIssueOf(deps, issue, mark.caseId, deps.lane))) {
    return (
      `This issue belongs to the service ticket ${mark.caseId} already, but casebridge does not remember the pair. ` +
      `An administrator can restore it: casebridge links link ${mark.caseId} ${issueKey}`
    );
  }
  const copied = cloneText(issue);
  if (copied !== null) return copied;
  const hold = issueHold(issue, deps.settings);
  if (hold !== null) return holdTexts[hold];
  if (issue.category === "done") return "This issue is done. Move it back to an open status first.";
  return null;
}

/**
 * Why the person who asked may not, where commands need a role (rule 6): a new case is more than any command. Who asked is who put the
 * label of the request there, else who made the issue; a reporter can be anybody. `null`: may, or no role is set. Throws `ServiceError`.
 */
async function askerRefusal(
  deps: RequestDeps,
  issue: Issue,
): Promise<{ readonly cause: string; readonly text: string } | null> {
  const { role } = deps.settings.commands;
  if (role === null) return null;
  const asking = requestLabels(deps.settings.create.jql, issue.labels);
  const wordsOf = (text: string | null): readonly string[] => (text ?? "").split(" ");
  const added = (await deps.jira.listChanges(issue.issueId, deps.lane)).findLast(
    ({ field, fromText, toText }) =>
      field === "labels" &&
      asking.some((label) => wordsOf(toText).includes(label) && !wordsOf(fromText).includes(label)),
  );
  const askerId = added === undefined ? (issue.creatorId ?? null) : added.authorId;
  switch (await permissionRefusal(deps, askerId)) {
    case null:
      return null;
    case "role_missing":
      return {
        cause: "request-role-missing",
        text: "The project role named by commands.role cannot be read. An administrator finds the cause with `casebridge doctor`.",
      };
    default:
      return {
        cause: `request-role-${askerId ?? "unknown"}`,
        text: `Only people in the project role "${role}" may ask for a service ticket. One of them may take the label off this issue and put it on again.`,
      };
  }
}

const holdTexts: Readonly<Record<IssueHold, string>> = {
  security_level:
    "This issue has a security level, so nothing of it leaves Jira. Remove the level, or write a new issue without one.",
  issue_restricted:
    "This issue is restricted to some roles, so nothing of it leaves Jira. Remove the restriction, or write a new issue without one.",
  issue_restriction_unknown:
    "Jira does not say whether this issue is restricted, so nothing of it leaves Jira. An administrator finds the cause with `casebridge doctor`.",
};

/** What the account lacks to open a case: it comes back by itself once that is mended. */
async function accountObstacle(
  deps: RequestDeps,
  inputs: ResolvedInputs,
): Promise<{ readonly code: string; readonly text: string } | null> {
  if (!deps.huawei.capabilities.has("account_checks")) return null;
  // A question that Huawei does not answer is left out: the creation itself tells what is lacking.
  const privileges = await unlessRefused(deps.log, "privileges", () => deps.account.listPrivileges(deps.lane));
  if (privileges?.createCase === false) {
    const text =
      "the Huawei Cloud account of casebridge may not submit service tickets. Give its IAM user the role Ticket Administrator.";
    return { code: "no_permission", text };
  }
  const isSigned = await unlessRefused(deps.log, "agreement", () => deps.account.getAgreementSigned(deps.lane));
  if (isSigned === false) {
    const text =
      "the service ticket agreement is not signed. Sign it in the Huawei Cloud console when it opens under Service Tickets > Create Service Ticket.";
    return { code: "agreement_unsigned", text };
  }
  const quota = await unlessRefused(deps.log, "quota", () =>
    deps.account.listQuotas({ problemTypeId: inputs.problemTypeId, productId: inputs.productId }, deps.lane),
  );
  if (quota?.unused === 0) {
    const text = `the quota of ${quota.total ?? "open"} service tickets is used up. Close one; casebridge tries again every hour.`;
    return { code: "quota_used_up", text };
  }
  return null;
}

function notOpened(text: string): string {
  return `No service ticket was opened: ${text}`;
}

/** One comment that says what to mend; the same inputs are not tried again. */
async function refuse(deps: RequestDeps, leased: LeasedLink, cause: string, text: string): Promise<RequestResult> {
  const next = "casebridge tries again when the issue is changed.";
  const writes = await postNotice(deps, leased, cause, notOpened(`${text}\n${next}`));
  // What was rendered before and never left is rendered anew once the issue asks again.
  const unsent = leased.snapshot.intents.filter(({ key, state }) => key === caseIntentKey && state === "planned");
  await leased.apply({
    confirmedIntents: unsent.map(({ key }) => key),
    failures: [
      { direction: "to-huawei", item: "case", reason: "request_refused", detail: "the issue says what to mend" },
    ],
  });
  return { kind: "nothing", writes };
}

type CasePayload = {
  /** Hash of what the issue asked for when this was rendered. Absent in what an earlier release froze. */
  readonly asked?: string;
  /** Set once an attempt's outcome stayed unknown and every look for it came back empty. */
  readonly repeated?: true;
  readonly input: Omit<NewCase, "extras"> & { readonly extends: Readonly<Record<string, GuardedText>> };
  /** When the issue was read: later comments are news, earlier ones history. */
  readonly since: string;
  readonly intents: readonly NewIntent[];
  readonly mirrors: NonNullable<StateStep["mirrors"]>;
  /** Absent in what an earlier release froze. */
  readonly failures?: NonNullable<StateStep["failures"]>;
  readonly notes: readonly string[];
};

async function createCase(
  deps: RequestDeps,
  leased: LeasedLink,
  request: {
    readonly issue: Issue;
    readonly readAt: Date;
    readonly description: string;
    /** Of what the issue asks for now. */
    readonly hash: string;
    readonly inputs: ResolvedInputs;
  },
): Promise<RequestResult> {
  const earlier = leased.snapshot.intents.find((intent) => intent.key === caseIntentKey);
  const frozen = earlier?.payload as Partial<CasePayload> | undefined;
  // What may have left is repeated in the same words, so that a late copy is known by them.
  const planned = frozen !== undefined && (frozen.repeated === true || frozen.asked === request.hash);
  // It never left, and the issue says something else now: what a person took out of the text stays.
  if (earlier !== undefined && !planned) {
    await leased.apply({ confirmedIntents: [caseIntentKey] });
  }
  const subject = { kind: "issue", issueId: request.issue.issueId } as const;
  const payload = planned ? {} : await prepareCase(deps, leased, request, subject);
  await writeOnce(deps, leased, {
    kind: "case",
    key: caseIntentKey,
    side: "huawei",
    mark: markIdentity(caseMark(request.issue)),
    payload,
    call: (frozen) => {
      const { input, mirrors } = frozen as unknown as CasePayload;
      const files = mirrors.filter(({ kind }) => kind === "file").map(({ sourceId }) => toId<AttachmentId>(sourceId));
      return deps.huawei.createCase(deps.gate.seal({ ...subject, files }, toNewCase(input)), deps.lane);
    },
    confirm: (caseId) => adoptedStep(deps, { caseId, createdAt: null }, payloadOf(leased, payload)),
  }).catch(async (error: unknown) => {
    // It never left: the next run says what keeps it, or renders what the issue says then.
    if (error instanceof Withheld) await leased.apply({ confirmedIntents: [caseIntentKey] });
    throw error;
  });
  return { kind: "created", writes: 1 };
}

function toNewCase({ extends: extras, ...input }: CasePayload["input"]): NewCase {
  return { ...input, extras: Object.entries(extras).map(([id, value]) => ({ id: thawed(id), value })) };
}

/** A repeat writes what was frozen before, not what was rendered now. */
function payloadOf(leased: LeasedLink, fresh: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return leased.snapshot.intents.find((intent) => intent.key === caseIntentKey)?.payload ?? fresh;
}

function caseMark(issue: Issue): Mark {
  return { kind: "case", issueKey: issue.issueKey, issueId: issue.issueId, part: null };
}

async function prepareCase(
  deps: RequestDeps,
  leased: LeasedLink,
  request: Parameters<typeof createCase>[2],
  subject: Subject,
): Promise<CasePayload> {
  const { issue, description, inputs } = request;
  const { settings } = deps;
  const mark = caseMark(issue);
  const template = inputs.template === null ? "" : `\n\n${inputs.template}`;
  const about = {
    issue,
    ownAccountId: await deps.jira.getOwnAccountId(),
    text: `${issue.summary}\n${description}`,
    media: deps.text.mediaReferences(issue.description),
    held:
      issue.files.length === 0
        ? []
        : namesInRestricted(deps.text, issue, await deps.jira.listComments(issue.issueId, deps.lane)),
  };
  const policy = settings.attachments.toHuawei;
  const files = filesOfRequest({ ...about, policy });
  const staying = policy === "none" ? filesOfRequest({ ...about, policy: "referenced" }).map(stayingLine) : [];
  const said = [`${issue.summary}\n\n${description}`.trim(), ...staying].join("\n");
  const guarded = guardText(`${said}${template}`.trim(), settings.guard);
  const reporter = issue.reporterName ?? "";
  const author =
    reporter === "" && settings.comments.authorName === "name"
      ? { text: ownWords``, masked: [] }
      : guardAuthorLine(reporter, settings.comments.authorName, settings.guard);
  const rendered = renderParts({
    mark,
    authorLine: author.text,
    text: guarded.text,
    charsMax: settings.huawei.messageCharsMax,
    firstCharsMax: Math.min(newCaseCharsMax, settings.huawei.messageCharsMax),
  });
  const full = rendered.kind === "head_and_file" ? { name: rendered.fileName, text: rendered.fileText } : null;
  const uploaded = await uploadForCase(deps, leased, files, full, subject);
  // Bytes take their time: the case that carries them is judged anew.
  if (files.length > 0 || full !== null) deps.gate.forget();
  const contents = rendered.kind === "parts" ? rendered.parts : [rendered.head];
  const count = contents.length;
  const rest = contents.slice(1).map(
    (content, at): NewIntent => ({
      kind: "message",
      key: `message:case:${at + 2}/${count}`,
      side: "huawei",
      state: "planned",
      mark: markIdentity({ ...mark, part: { index: at + 2, count } } as Mark),
      payload: messagePayload({
        content,
        fileIds: [],
        owner: { kind: "notice", sourceId: "case-text" },
        index: at + 2,
      }),
    }),
  );
  const { template: _used, masked: inExtras, extras, ...ids } = inputs;
  const masked = addMasked(guarded.masked, author.masked, inExtras, uploaded.masked);
  if (masked.length > 0) deps.onDisclosure?.({ kind: "masked", item: "case" });
  const state = issueState(issue, "jira", { settings, adfToText: deps.text.adfToText });
  return {
    asked: request.hash,
    input: {
      ...ids,
      extends: Object.fromEntries(extras.map(({ id, value }) => [id, value])),
      description: contents[0] ?? ownWords``,
      fileIds: uploaded.fileIds,
    },
    since: toServiceTime(request.readAt, deps.jira.serviceClock.aheadMs()).toISOString(),
    intents: [...rest, ...uploaded.intents],
    mirrors: [...uploaded.mirrors, rememberedState(0, issue, state)],
    failures: uploaded.failures,
    notes: maskedNote(masked),
  };
}

function maskedNote(masked: readonly MaskedKind[]): string[] {
  if (masked.length === 0) return [];
  return [`Something in what was sent was masked: ${maskedInWords(masked)}.`];
}

/**
 * What is stored once the case is known: also for one that was found by its mark. Comments of before it are history; what did not
 * fit into the description is owed as messages. With an empty payload (the database was lost) only the pair is known.
 */
function adoptedStep(
  deps: Pick<RequestDeps, "clock" | "huawei" | "jira">,
  found: { readonly caseId: CaseId; readonly createdAt: Date | null },
  payload: Readonly<Record<string, unknown>>,
): StateStep {
  const { intents = [], mirrors = [], failures = [], since, notes = [] } = payload as Partial<CasePayload>;
  const { now, aheadMs } = moments(deps);
  const madeAt = found.createdAt === null ? now : toOurTime(found.createdAt, aheadMs.huawei);
  return {
    link: {
      caseId: found.caseId,
      outgoingSince: since === undefined ? toServiceTime(madeAt, aheadMs.jira) : new Date(since),
    },
    intents,
    mirrors: [
      ...mirrors,
      { kind: "notice", origin: "jira", sourceId: "case", state: "live", reason: notes.join("\n") || null },
      ...(intents.length === 0
        ? []
        : [{ kind: "notice", origin: "jira", sourceId: "case-text", state: "sending" } as const]),
    ],
    failures,
    confirmedIntents: [caseIntentKey],
    audit: [
      {
        side: "huawei",
        action: "create_case",
        item: `case:${found.caseId}`,
        result: since === undefined ? "adopted" : "created",
      },
    ],
  };
}
