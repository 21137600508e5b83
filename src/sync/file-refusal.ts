/** Why a file was not carried: a code that says whether waiting helps, so that a later run can tell, and words for people. */
import type { FileReason, FileRefusal, Mirror } from "../domain/rows/mirror.ts";
import { isServiceError, type Side } from "../domain/service-error.ts";
import { parseOffsetMinutes } from "../lib/time-zone.ts";
import type { CaseFileLimits } from "./ports.ts";
import type { IssueTexts } from "./texts/issue-texts.ts";

/** The detail of a failure about a refused file. Pure. */
export function refusalDetail({ code, words }: FileRefusal): string {
  return `${code}: ${words}`;
}

/** What stands on the other side in place of a file: the words and what can be done. Pure. */
export function describeReason(
  t: IssueTexts,
  reason: FileReason | null,
): { readonly words: string; readonly remedy: string } {
  const { code, words } = refusalIn(reason) ?? {
    code: "refused",
    words: typeof reason === "string" ? reason : "refused",
  };
  return { words: t.files.why(code, words), remedy: t.files.remedies[code] };
}

function refusalIn(reason: FileReason | null): FileRefusal | null {
  return typeof reason === "object" && reason !== null && "code" in reason ? reason : null;
}

/** The code for the daily quota of uploads (huawei.md 10). */
const quotaCode = "OSM.01010005";

/** Reads a failed transfer; `null` when it may pass by itself and the file is simply tried again. `from` gave the bytes. */
export function refusalOf(error: unknown, from: Side, sizeMaxBytes: number): FileRefusal | null {
  const target = from === "huawei" ? "Jira" : "Huawei Cloud";
  if (error instanceof Error && error.name === "FileTooLarge")
    return { code: "too_large", words: `larger than ${target} takes (${sizeMaxBytes} bytes)` };
  if (!isServiceError(error, "rejected", "not_found", "forbidden") || error.facts.outcomeUnknown) return null;
  const { facts } = error;
  const said = `${facts.detail}${facts.code === null ? "" : ` (${facts.code})`}`;
  if (facts.side === from) return { code: "unreadable", words: `it cannot be read: ${said}` };
  if (facts.code === quotaCode) return { code: "quota", words: `${target} takes no more uploads today: ${said}` };
  if (facts.status === 413) return { code: "too_large", words: `larger than ${target} takes: ${said}` };
  return { code: "refused", words: `${target} refused it: ${said}` };
}

/** Whether a file passes what Huawei allows at the moment; `null` when it does. Pure. */
export function limitRefusal(
  file: { readonly name: string; readonly sizeBytes: number },
  limits: CaseFileLimits,
): FileRefusal | null {
  if (file.sizeBytes > limits.sizeMaxBytes)
    return { code: "too_large", words: `larger than Huawei Cloud takes (${limits.sizeMaxBytes} bytes)` };
  const extension = /\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? "";
  if (limits.extensions.length > 0 && !limits.extensions.includes(extension)) {
    const words = extension === "" ? "files without a type" : `files of type ".${extension}"`;
    return { code: "type", words: `${words} are not taken by Huawei Cloud` };
  }
  return null;
}

/** Whether waiting may have helped a refused file: another day for the quota, other limits at any time. Pure. */
export function mayHavePassed(
  mirror: Pick<Mirror<"file">, "reason" | "updatedAt">,
  now: Date,
  timeZone: string,
): boolean {
  const code = refusalIn(mirror.reason)?.code;
  if (code === "quota") return dayOf(now, timeZone) !== dayOf(mirror.updatedAt, timeZone);
  return code === "too_large" || code === "type" || code === "off";
}

/** The calendar day of a moment, in the zone of the Huawei account. */
function dayOf(moment: Date, timeZone: string): string {
  return new Date(moment.getTime() + parseOffsetMinutes(timeZone) * 60_000).toISOString().slice(0, 10);
}
