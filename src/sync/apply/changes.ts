/**
 * Jira → Huawei: telling the case what a person changed on the issue itself (rule 11).
 */
import type { Issue } from "../../domain/issue.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { guardText, maskedInWords } from "../../domain/text/guard.ts";
import { ownWords } from "../../domain/text/guarded.ts";
import type { Mark } from "../../domain/text/marks.ts";
import { markIdentity } from "../../domain/text/marks.ts";
import { renderParts } from "../../domain/text/split.ts";
import type { Action } from "../plan/action.ts";
import { changeKeyPrefix, changesItem, issueState, rememberedState } from "../plan/changes.ts";
import type { LeasedLink, NewIntent } from "../state.ts";
import type { Subject } from "./gate.ts";
import { uploadFiles } from "./issue-files.ts";
import { type Notice, owedNotices, writeOwedNotices } from "./notices.ts";
import { messagePayload, sendOwed } from "./parts.ts";
import { type ApplyDeps, guardFor, markKey, needIssue, permanentReason } from "./write-once.ts";

type TellChange = Extract<Action, { kind: "tell_change" }>;

/**
 * Sends one message with what the issue says now. What was frozen before is sent as it stands. A refusal for good is told on the
 * issue. Throws as `writeOnce`, and what the gate throws: the issue changed since it was read, or may not be told of any more.
 */
export async function tellChange(deps: ApplyDeps, leased: LeasedLink, action: TellChange): Promise<number> {
  const { key } = noticeOf(action.n);
  const reading = { settings: deps.settings, adfToText: deps.text.adfToText };
  const isStill = (issue: Issue) => issueState(issue, leased.snapshot.link.origin, reading) === action.state;
  const subject = { kind: "issue", issueId: needIssue(leased), isStill } as const;
  let writes = 0;
  try {
    if (!leased.snapshot.intents.some((intent) => intent.key === key)) {
      await deps.gate.require(subject);
      writes += await prepare(deps, leased, action, subject);
    }
    return writes + (await sendOwed(deps, leased, key, { keepsRefused: true, isStill }));
  } catch (error) {
    const reason = isServiceError(error, "rejected", "not_found") ? permanentReason(error) : null;
    if (reason === null) throw error;
    return writes + (await refuse(deps, leased, action, reason));
  }
}

function noticeOf(n: number): { readonly key: string; readonly sourceId: string } {
  return { key: `${changeKeyPrefix}${n}`, sourceId: `changed-${n}` };
}

/** Guards, renders and freezes the message; row, message and what the issue must be told are stored in one step. */
async function prepare(deps: ApplyDeps, leased: LeasedLink, action: TellChange, subject: Subject): Promise<number> {
  const { key, sourceId } = noticeOf(action.n);
  const mark: Mark = { kind: "notice", issueKey: markKey(leased), noticeKind: "changed", n: action.n };
  const guarded = guardText(action.text, guardFor(deps.settings, action));
  if (guarded.masked.length > 0) deps.onDisclosure?.({ kind: "masked", item: "change" });
  const rendered = renderParts({
    mark,
    authorLine: ownWords``,
    text: guarded.text,
    charsMax: deps.settings.huawei.messageCharsMax,
  });
  const fullText = rendered.kind === "parts" ? null : { name: rendered.fileName, text: rendered.fileText };
  const upload = await uploadFiles(deps, leased, {
    files: [],
    parentId: sourceId,
    fullText,
    subject,
    guard: deps.settings.guard,
  });
  const intent: NewIntent = {
    kind: "message",
    key,
    side: "huawei",
    state: "planned",
    mark: markIdentity(mark),
    payload: messagePayload({
      content: rendered.kind === "parts" ? (rendered.parts[0] ?? ownWords``) : rendered.head,
      fileIds: upload.inMessage.map((file) => file.fileId),
      owner: { kind: "notice", sourceId },
      index: 1,
      guard: deps.settings.guard.mode,
    }),
  };
  const notices: Notice[] =
    guarded.masked.length === 0
      ? []
      : [
          {
            cause: `masked-${sourceId}`,
            text: `Before a change of this issue was told to Huawei Cloud, something in it was masked: ${maskedInWords(guarded.masked)}.`,
          },
        ];
  await leased.apply({
    mirrors: [{ ...rememberedState(action.n, action.issue, action.state), state: "sending" }],
    intents: [intent, ...owedNotices(deps, leased, notices)],
    resolvedFailures: [{ item: changesItem }],
  });
  return upload.writes + (await writeOwedNotices(deps, leased, notices));
}

async function refuse(deps: ApplyDeps, leased: LeasedLink, action: TellChange, reason: string): Promise<number> {
  const { key, sourceId } = noticeOf(action.n);
  const notices: Notice[] = [
    {
      cause: `refused-${sourceId}`,
      text: `What was changed on this issue could not be told to Huawei Cloud: ${reason}. Write it in a comment, or use \`casebridge failures retry\`.`,
    },
  ];
  await leased.apply({
    confirmedIntents: [key],
    mirrors: [{ ...rememberedState(action.n, action.issue, action.state), state: "refused", reason }],
    failures: [{ direction: "to-huawei", item: changesItem, reason: "message_refused", detail: reason }],
    intents: owedNotices(deps, leased, notices),
  });
  return writeOwedNotices(deps, leased, notices);
}
