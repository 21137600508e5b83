/** How things read on the other side. Pure; plain text in, plain text out, except where an ADF document is asked for. */

import { type CaseDetail, type CaseMessage, statusName } from "../domain/case.ts";
import type { FileReason } from "../domain/rows/mirror.ts";
import type { Side } from "../domain/service-error.ts";
import { displayName, safeFileName, toPlainText } from "../domain/text/sanitize.ts";
import { formatLocalTime, parseOffsetMinutes } from "../lib/time-zone.ts";
import { describeReason } from "./file-refusal.ts";

const authorKinds: Readonly<Record<CaseMessage["authorKind"], string>> = {
  customer: "customer",
  engineer: "Huawei engineer",
  partner: "partner",
  unknown: "unknown kind of author",
};

/** First line of a mirrored comment: who, what kind, when with zone. */
export function messageHeader(message: CaseMessage, timeZone: string): string {
  const name = message.authorName.trim() === "" ? "unknown" : displayName(message.authorName);
  return `${name} (${authorKinds[message.authorKind]}) · ${formatMoment(message.createdAt, timeZone)}`;
}

/** `YYYY-MM-DD HH:MM` with the zone's name. */
export function formatMoment(moment: Date, timeZone: string): string {
  return `${formatLocalTime(moment, parseOffsetMinutes(timeZone)).slice(0, 16)} ${timeZone}`;
}

/**
 * Summary of the issue of a case: `[id] first line`, cut at 255 units with `…`, one line, never empty after the id. `firstLine` is what the
 * description begins with (`TextPort.firstLine`).
 */
export function issueSummary(caseId: string, firstLine: string): string {
  const line = toPlainText(firstLine).replace(/\s+/g, " ").trim();
  const summary = `[${caseId}] ${line === "" ? "(no description)" : line}`;
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
): (readonly [string, string])[] {
  const rows: [string, string | null][] = [
    ["Service ticket", detail.caseId],
    ["Status when mirrored", statusName(detail.status)],
    ["Type", detail.typeName],
    ["Problem type", detail.problemTypeName],
    ["Product", productName],
    ["Region", detail.regionName],
    ["Severity", detail.severityName],
    ["Source", detail.sourceName],
    ["Submitted by", detail.submitterName],
    ["Created", formatMoment(detail.createdAt, timeZone)],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== null && row[1].trim() !== "");
}

/** Whether a line of one of our comments is about a file (`fileLine`). */
export function isFileLine(line: string): boolean {
  return /^Attachment(?: not mirrored| not sent)?: /.test(line.trim());
}

/** One line about a file in the comment or message that it belongs to; of a refused one with size, reason and remedy. */
export function fileLine(
  name: string,
  carried:
    | { readonly attachmentId: string }
    | { readonly reason: FileReason | null; readonly sizeBytes: number | null; readonly from: Side },
): string {
  const shown = safeFileName(name);
  if ("attachmentId" in carried) return `Attachment: ${shown}`;
  const size = carried.sizeBytes === null ? "size unknown" : `${carried.sizeBytes} bytes`;
  const { words, remedy } = describeReason(carried.reason);
  if (carried.from === "jira") return `Attachment not sent: ${shown} (${size}): ${words}.`;
  return `Attachment not mirrored: ${shown} (${size}): ${words}. It can be read in the Huawei Cloud console. ${remedy}`;
}

/** The line of a message whose text names a file that stays in Jira, because the policy sends none. */
export function stayingLine(file: { readonly name: string; readonly sizeBytes: number }): string {
  const words = "it stays in Jira, since no files are sent to Huawei Cloud / 附件留在 Jira，未发送";
  const reason = { code: "off", words } as const;
  return fileLine(file.name, { reason, sizeBytes: file.sizeBytes, from: "jira" });
}
