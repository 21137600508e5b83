/**
 * Why a file was not carried: a code that says whether waiting helps, and words for people.
 *
 * A mirror's `reason` holds both, as `code: words`, so that a later run can tell what may have passed.
 */
import type { Mirror } from "../domain/link.ts";
import { isServiceError, type Side } from "../domain/service-error.ts";
import { parseOffsetMinutes } from "../lib/time-zone.ts";
import type { CaseFileLimits } from "./ports.ts";

/**
 * `too_large`, `type`, `off`: the other side's limits; `quota`: today's share is used up; `unreadable`: its own side does not give it
 * out; `refused`: the other side does not take it.
 */
export type FileRefusalCode = "too_large" | "type" | "off" | "quota" | "unreadable" | "refused";

/** Why a file was not carried. `words` are one line without contents. */
export type FileRefusal = { readonly code: FileRefusalCode; readonly words: string };

const remedies: Readonly<Record<FileRefusalCode, string>> = {
  too_large: "Make it smaller or share it another way; it is tried again when the limit changes.",
  type: "Pack it into an archive of an accepted type; it is tried again when the limits change.",
  off: "It is tried again once attachments are switched on.",
  quota: "It is tried again tomorrow.",
  unreadable: "See whether it can still be opened, then use `casebridge failures retry`.",
  refused: "Mend what is named, then use `casebridge failures retry`.",
};

/** As a mirror stores it. */
export function toReason(refusal: FileRefusal): string {
  return `${refusal.code}: ${refusal.words}`;
}

/** What stands on the other side in place of a file: the words and what can be done. Also reads reasons without a code. */
export function describeReason(reason: string): { readonly words: string; readonly remedy: string } {
  const match = /^(too_large|type|off|quota|unreadable|refused): (.*)$/s.exec(reason);
  const code = (match?.[1] ?? "refused") as FileRefusalCode;
  return { words: match?.[2] ?? reason, remedy: remedies[code] };
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
export function mayHavePassed(mirror: Pick<Mirror, "reason" | "updatedAt">, now: Date, timeZone: string): boolean {
  const code = mirror.reason?.split(":")[0];
  if (code === "quota") return dayOf(now, timeZone) !== dayOf(mirror.updatedAt, timeZone);
  return code === "too_large" || code === "type" || code === "off";
}

/** The calendar day of a moment, in the zone of the Huawei account. */
function dayOf(moment: Date, timeZone: string): string {
  return new Date(moment.getTime() + parseOffsetMinutes(timeZone) * 60_000).toISOString().slice(0, 10);
}
