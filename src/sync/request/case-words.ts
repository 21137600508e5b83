/**
 * What a new case says: composed from the issue, guarded, rendered, and frozen in the intent that makes it.
 */
import { type CaseFileId, toId } from "../../domain/ids.ts";
import type { Issue, IssueFile } from "../../domain/issue.ts";
import { type CasePayload, type FrozenCase, type NewIntent, newIntent } from "../../domain/rows/intent.ts";
import { mirrorId } from "../../domain/rows/mirror.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { addMasked, guardText, type MaskedKind } from "../../domain/text/guard.ts";
import { ownWords, thawed } from "../../domain/text/guarded.ts";
import { guardAuthorLine } from "../../domain/text/guarded-names.ts";
import { type CaseMark, markIdentity } from "../../domain/text/marks.ts";
import { renderParts } from "../../domain/text/split.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import type { Subject } from "../apply/gate.ts";
import { type ApplyDeps, guardFor } from "../apply/write-once.ts";
import { issueState, rememberedState } from "../plan/changes.ts";
import { namesInRestricted } from "../plan/disclosure.ts";
import { type NewCase, newCaseCharsMax } from "../ports.ts";
import { stayingLine } from "../render.ts";
import type { LeasedLink } from "../state.ts";
import { type Speaking, say } from "../texts/say.ts";
import { filesOfRequest, uploadForCase } from "./files.ts";
import type { ResolvedInputs } from "./inputs.ts";

/** A case as the issue words it; nothing of it was guarded. */
export type CaseWords = {
  readonly text: string;
  /** Name of the reporter; "" = none. */
  readonly author: string;
  readonly files: readonly IssueFile[];
};

/** A request whose case can be made. */
export type NewRequest = {
  readonly issue: Issue;
  readonly readAt: Date;
  readonly words: CaseWords;
  /** What the issue asks for now (`askedAs`). */
  readonly asked: string;
  /** Nothing of it is masked, by a person's word. */
  readonly asIs: boolean;
  readonly inputs: ResolvedInputs;
};

/**
 * What a request asks for, and how it may leave, as its frozen form remembers it: what the guard did not look at is rendered anew once it
 * is switched on. `hash`: of its inputs. Pure.
 */
export function askedAs(
  hash: string,
  how: { readonly asIs: boolean; readonly settings: Pick<ConnectionSettings, "guard"> },
): string {
  if (how.asIs) return `${hash}:as_is`;
  return how.settings.guard.mode === "off" ? `${hash}:off` : hash;
}

/** The frozen form as the port takes it. Pure. */
export function toNewCase({ extends: extras, fileIds, ...input }: FrozenCase): NewCase {
  return {
    ...input,
    fileIds: fileIds.map((id) => toId<CaseFileId>(id)),
    extras: Object.entries(extras).map(([id, value]) => ({ id: thawed(id), value })),
  };
}

/** The mark of the case of an issue. Pure. */
export function caseMark(issue: Issue): CaseMark {
  return { kind: "case", issueKey: issue.issueKey, issueId: issue.issueId, part: null };
}

/** What the case is to say, and which files go with it. Throws `ServiceError`. */
export async function composeCase(
  deps: Pick<ApplyDeps, "jira" | "text" | "settings" | "lane">,
  request: { readonly issue: Issue; readonly description: string; readonly inputs: Pick<ResolvedInputs, "template"> },
): Promise<CaseWords> {
  const { issue, description, inputs } = request;
  const { settings } = deps;
  const template = inputs.template === null ? "" : `\n\n${inputs.template}`;
  const about = {
    issue,
    ownAccountId: await deps.jira.getOwnAccountId(),
    text: `${issue.summary}\n${description}`,
    media: deps.text.mediaReferences(issue.description),
    barredNames:
      issue.files.length === 0
        ? []
        : namesInRestricted(deps.text, issue, await deps.jira.listComments(issue.issueId, deps.lane)),
  };
  const policy = settings.attachments.toHuawei;
  const files = filesOfRequest({ ...about, policy });
  const staying = policy === "none" ? filesOfRequest({ ...about, policy: "referenced" }).map(stayingLine) : [];
  const said = [`${issue.summary}\n\n${description}`.trim(), ...staying].join("\n");
  return { text: `${said}${template}`.trim(), author: issue.reporterName ?? "", files };
}

/** Guards, renders and uploads; what comes is stored with the write that makes the case. Throws `ServiceError`, and what the gate throws. */
export async function prepareCase(
  deps: ApplyDeps,
  leased: LeasedLink,
  request: NewRequest,
  subject: Subject,
): Promise<CasePayload> {
  const { issue, inputs, words } = request;
  const { settings } = deps;
  const mark = caseMark(issue);
  const guard = guardFor(settings, request);
  const guarded = guardText(words.text, guard);
  const author =
    words.author === "" && settings.comments.authorName === "name"
      ? { text: ownWords``, masked: [] }
      : guardAuthorLine(words.author, settings.comments.authorName, guard);
  const rendered = renderParts({
    mark,
    authorLine: author.text,
    text: guarded.text,
    charsMax: settings.huawei.messageCharsMax,
    firstCharsMax: Math.min(newCaseCharsMax, settings.huawei.messageCharsMax),
  });
  const full = rendered.kind === "head_and_file" ? { name: rendered.fileName, text: rendered.fileText } : null;
  const uploaded = await uploadForCase(deps, leased, words.files, { fullText: full, subject, guard });
  const contents = rendered.kind === "parts" ? rendered.parts : [rendered.head];
  const count = contents.length;
  const rest = contents.slice(1).map(
    (content, at): NewIntent =>
      newIntent(
        { kind: "case_part", index: at + 2, count },
        {
          mark: markIdentity({ ...mark, part: { index: at + 2, count } }),
          payload: { content, fileIds: [], owner: mirrorId.caseText, index: at + 2 },
        },
      ),
  );
  const { template: _used, masked: inExtras, extras, ...ids } = inputs;
  const masked = addMasked(guarded.masked, author.masked, inExtras, uploaded.masked);
  if (masked.length > 0) deps.onDisclosure?.({ kind: "masked", item: "case" });
  const state = issueState(issue, "jira", { settings, adfToText: deps.text.adfToText });
  return {
    asked: request.asked,
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
    notes: maskedNote(deps.settings, masked),
  };
}

function maskedNote(settings: Speaking, masked: readonly MaskedKind[]): string[] {
  if (masked.length === 0) return [];
  return [say(settings, (t) => t.guard.maskedRequest(t.masked(masked)))];
}
