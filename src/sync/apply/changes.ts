/**
 * Jira → Huawei: telling the case what a person changed on the issue itself (rule 11).
 */
import type { Issue } from "../../domain/issue.ts";
import { findIntent, newIntent } from "../../domain/rows/intent.ts";
import { intentKey } from "../../domain/rows/intent-key.ts";
import { singleItems } from "../../domain/rows/item-key.ts";
import { mirrorId } from "../../domain/rows/mirror.ts";
import { toStoredName } from "../../domain/rows/mirror-name.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { guardText } from "../../domain/text/guard.ts";
import { ownWords } from "../../domain/text/guarded.ts";
import type { Mark } from "../../domain/text/marks.ts";
import { markIdentity } from "../../domain/text/marks.ts";
import { renderParts } from "../../domain/text/split.ts";
import type { Action } from "../plan/action.ts";
import { issueState, rememberedState } from "../plan/changes.ts";
import type { LeasedLink } from "../state.ts";
import { say } from "../texts/say.ts";
import type { Subject } from "./gate.ts";
import { uploadFiles } from "./issue-files.ts";
import { type Notice, owedNotices, writeOwedNotices } from "./notices.ts";
import { sendOwed } from "./parts.ts";
import { type ApplyDeps, guardFor, markKey, needIssue, permanentReason } from "./write-once.ts";

type TellChange = Extract<Action, { kind: "tell_change" }>;

/**
 * Sends one message with what the issue says now. What was frozen before is sent as it stands. A refusal for good is told on the
 * issue. Throws as `writeOnce`, and what the gate throws: the issue changed since it was read, or may not be told of any more.
 */
export async function tellChange(deps: ApplyDeps, leased: LeasedLink, action: TellChange): Promise<number> {
  const id = { kind: "change", n: action.n } as const;
  const reading = { settings: deps.settings, adfToText: deps.text.adfToText };
  const isStill = (issue: Issue) => issueState(issue, leased.snapshot.link.origin, reading) === action.state;
  const subject = { kind: "issue", issueId: needIssue(leased), isStill } as const;
  let writes = 0;
  try {
    if (findIntent(leased.snapshot.intents, id) === undefined) {
      await deps.gate.require(subject);
      writes += await prepare(deps, leased, action, subject);
    }
    return writes + (await sendOwed(deps, leased, id, { keepsRefused: true, isStill }));
  } catch (error) {
    const reason = isServiceError(error, "rejected", "not_found") ? permanentReason(error) : null;
    if (reason === null) throw error;
    return writes + (await refuse(deps, leased, action, reason));
  }
}

/** Guards, renders and freezes the message; row, message and what the issue must be told are stored in one step. */
async function prepare(deps: ApplyDeps, leased: LeasedLink, action: TellChange, subject: Subject): Promise<number> {
  const { n } = action;
  const row = mirrorId.change(n);
  const mark: Mark = { kind: "notice", issueKey: markKey(leased), noticeKind: "changed", n };
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
    parentId: toStoredName(row).sourceId,
    fullText,
    subject,
    guard: deps.settings.guard,
  });
  const intent = newIntent(
    { kind: "change", n },
    {
      mark: markIdentity(mark),
      payload: {
        content: rendered.kind === "parts" ? (rendered.parts[0] ?? ownWords``) : rendered.head,
        fileIds: upload.inMessage.map((file) => file.fileId),
        owner: row,
        index: 1,
        guard: deps.settings.guard.mode,
      },
    },
  );
  const notices: Notice[] =
    guarded.masked.length === 0
      ? []
      : [
          {
            cause: noticeCause.changeMasked(n),
            text: say(deps.settings, (t) => t.guard.maskedChange(t.masked(guarded.masked))),
          },
        ];
  await leased.apply({
    mirrors: [{ ...rememberedState(n, action.issue, action.state), state: "sending" }],
    intents: [intent, ...owedNotices(deps, leased, notices)],
    resolvedFailures: [{ item: singleItems.changes }],
  });
  return upload.writes + (await writeOwedNotices(deps, leased, notices));
}

async function refuse(deps: ApplyDeps, leased: LeasedLink, action: TellChange, reason: string): Promise<number> {
  const { n } = action;
  const notices: Notice[] = [
    {
      cause: noticeCause.changeRefused(n),
      text: say(deps.settings, (t) => t.refusals.change(reason)),
    },
  ];
  await leased.apply({
    confirmedIntents: [intentKey({ kind: "change", n })],
    mirrors: [{ ...rememberedState(n, action.issue, action.state), state: "refused", reason }],
    failures: [{ direction: "to-huawei", item: singleItems.changes, reason: "message_refused", detail: reason }],
    intents: owedNotices(deps, leased, notices),
  });
  return writeOwedNotices(deps, leased, notices);
}
