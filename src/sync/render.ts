/** How things read on the other side. Pure; plain text in, plain text out, except where an ADF document is asked for. */

import type { CaseDetail, CaseMessage } from "../domain/case.ts";
import type { FileReason } from "../domain/rows/mirror.ts";
import type { Side } from "../domain/service-error.ts";
import { displayName, safeFileName, toPlainText } from "../domain/text/sanitize.ts";
import { formatLocalTime, parseOffsetMinutes } from "../lib/time-zone.ts";
import { describeReason } from "./file-refusal.ts";
import type { IssueTexts } from "./texts/issue-texts.ts";
import { type Speaking, say, sayShort } from "./texts/say.ts";

/** First line of a mirrored comment: who, what kind, when with zone. */
export function messageHeader(message: CaseMessage, timeZone: string, speaking: Speaking): string {
  const name = message.authorName.trim() === "" ? sayShort(speaking, (t) => t.nobody) : displayName(message.authorName);
  const kind = sayShort(speaking, (t) => t.authors[message.authorKind]);
  return `${name} (${kind}) · ${formatMoment(message.createdAt, timeZone)}`;
}

/** `YYYY-MM-DD HH:MM` with the zone's name. */
export function formatMoment(moment: Date, timeZone: string): string {
  return `${formatLocalTime(moment, parseOffsetMinutes(timeZone)).slice(0, 16)} ${timeZone}`;
}

/**
 * Summary of the issue of a case: `[id] first line`, cut at 255 units with `…`, one line, never empty after the id. `firstLine` is what the
 * description begins with (`TextPort.firstLine`).
 */
export function issueSummary(caseId: string, firstLine: string, speaking: Speaking): string {
  const line = toPlainText(firstLine).replace(/\s+/g, " ").trim();
  const summary = `[${caseId}] ${line === "" ? sayShort(speaking, (t) => t.description.none) : line}`;
  if (summary.length <= 255) return summary;
  const cut = summary
    .slice(0, 254)
    .toWellFormed()
    .replace(/\uFFFD$/, "");
  return `${cut}…`;
}

/** Facts table of a case; contact data is left out on purpose. */
export function caseFacts(
  detail: CaseDetail,
  productName: string | null,
  timeZone: string,
  speaking: Speaking,
): (readonly [string, string])[] {
  const rows: [Exclude<keyof IssueTexts["facts"], number>, string | null][] = [
    ["caseId", detail.caseId],
    ["status", sayShort(speaking, (t) => t.status(detail.status))],
    ["type", detail.typeName],
    ["problemType", detail.problemTypeName],
    ["product", productName],
    ["region", detail.regionName],
    ["severity", detail.severityName],
    ["source", detail.sourceName],
    ["submitter", detail.submitterName],
    ["created", formatMoment(detail.createdAt, timeZone)],
  ];
  return rows.flatMap(([name, value]) =>
    value === null || value.trim() === "" ? [] : [[sayShort(speaking, (t) => t.facts[name]), value] as const],
  );
}

/** Whether a line that casebridge wrote is about a file (`fileLine`), in whichever language. */
export function isFileLine(line: string): boolean {
  return /^(?:Attachment(?: not mirrored| not sent)?: |附件(?:未同步|未发送)?：)/.test(line.trim());
}

/** The same in a service ticket, where such lines are English. */
export function isSentFileLine(line: string): boolean {
  return /^Attachment(?: not mirrored| not sent)?: /.test(line.trim());
}

/** One line about a file in the comment or message that it belongs to, one for each language; of a refused one with size, reason and remedy. */
export function fileLine(
  name: string,
  carried:
    | { readonly attachmentId: string }
    | { readonly reason: FileReason | null; readonly sizeBytes: number | null; readonly from: Side },
  speaking: Speaking,
): string {
  const shown = safeFileName(name);
  return say(speaking, (t) => {
    if ("attachmentId" in carried) return t.files.there(shown);
    const size = carried.sizeBytes === null ? t.files.sizeUnknown : t.files.size(carried.sizeBytes);
    const { words, remedy } = describeReason(t, carried.reason);
    if (carried.from === "jira") return t.files.notSent(shown, size, words);
    return t.files.notMirrored(shown, size, words, remedy);
  });
}

/** What stands in a service ticket: Huawei Cloud's people read it, whatever language the issues are in. */
export const inTicket: Speaking = { languages: ["en"] };

/** The line of a message whose text names a file that stays in Jira, because the policy sends none. */
export function stayingLine(file: { readonly name: string; readonly sizeBytes: number }): string {
  const words = "it stays in Jira, since no files are sent to Huawei Cloud / 附件留在 Jira，未发送";
  const reason = { code: "off", words } as const;
  return fileLine(file.name, { reason, sizeBytes: file.sizeBytes, from: "jira" }, inTicket);
}
