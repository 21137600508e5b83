/** Creates the case of an issue, once: its texts and files are prepared and frozen before the call. */
import { type AttachmentId, type CaseId, toId } from "../../domain/ids.ts";
import type { Issue } from "../../domain/issue.ts";
import { addMasked, guardText, type MaskedKind, maskedInWords } from "../../domain/text/guard.ts";
import { type GuardedText, ownWords, thawed } from "../../domain/text/guarded.ts";
import { guardAuthorLine } from "../../domain/text/guarded-names.ts";
import { type Mark, markIdentity } from "../../domain/text/marks.ts";
import { renderParts } from "../../domain/text/split.ts";
import { toOurTime, toServiceTime } from "../../lib/service-clock.ts";
import { type Subject, Withheld } from "../apply/gate.ts";
import { messagePayload } from "../apply/parts.ts";
import { writeOnce } from "../apply/write-once.ts";
import { issueState, rememberedState } from "../plan/changes.ts";
import { namesInRestricted } from "../plan/disclosure.ts";
import { moments } from "../plan/moments.ts";
import { type NewCase, newCaseCharsMax } from "../ports.ts";
import { stayingLine } from "../render.ts";
import type { LeasedLink, NewIntent, StateStep } from "../state.ts";
import { filesOfRequest, uploadForCase } from "./files.ts";
import type { ResolvedInputs } from "./inputs.ts";
import type { RequestDeps, RequestResult } from "./request-deps.ts";

/** Key of the intent that makes the case, one per link. */
export const caseIntentKey = "case";

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

/** Creates the case with what was frozen for it, and stores it with the link. Throws as `writeOnce`. */
export async function createCase(
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
export function adoptedStep(
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
