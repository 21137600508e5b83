/**
 * What a failure means for a run, in one table of error and phase. It decides only; `failures.ts` carries the decision out.
 *
 * A reading that fails ends the run, since nothing can be planned without it. An action that fails holds back what follows in its own
 * direction, unless it is given up for good or only adds to the mirror (rule 9).
 */
import { type ErrorKind, isServiceError } from "../../domain/service-error.ts";
import { SpoolFull } from "../../lib/spool.ts";
import type { Stops } from "../apply/action-table.ts";
import { Unjudged, Withheld } from "../apply/gate.ts";
import { Unsettled } from "../apply/write-once.ts";
import { decide } from "../outcome.ts";
import { IssueMissing } from "./observe.ts";

/** Where a failure happened. `requesting`: while the case of an issue is made. */
export type Phase =
  | { readonly kind: "reading" }
  | { readonly kind: "requesting" }
  | { readonly kind: "acting"; readonly stops: Stops };

/** What comes next. */
export type Verdict =
  /** Nobody foresaw it: the run ends with this error. */
  | { readonly kind: "unforeseen" }
  /** The run, or the direction, goes on at a later moment. `reason`: a code for people and logs. */
  | {
      readonly kind: "later";
      readonly reason: string;
      readonly when: "after_back_off" | "soon" | "at_its_look";
      /** `none`: it costs no attempt; `none_alone`: unless something else failed before. */
      readonly attempt: "costs" | "none" | "none_alone";
      /** Recorded as a failure of the item as well. */
      readonly isRecorded: boolean;
    }
  /** The item is refused for good: told as a failure, and the rest of its direction goes on. */
  | { readonly kind: "given_up" }
  /** An addition is left out: told where trying again helps nobody, else tried again in a while. */
  | { readonly kind: "left_out"; readonly isRecorded: boolean }
  /** Jira does not take the issue as it is made up. */
  | { readonly kind: "form_refused" }
  /** The direction, or the whole link where a reading failed, waits for a person. */
  | { readonly kind: "held"; readonly reason: ErrorKind }
  /** The case or the issue does not answer: looked at twice before the link ends. */
  | { readonly kind: "missing"; readonly item: "issue"; readonly reason: "issue_gone" }
  | { readonly kind: "missing"; readonly item: "case"; readonly reason: "case_gone" | "forbidden" };

const later = { kind: "later", when: "after_back_off", attempt: "costs", isRecorded: false } as const;

/** What a failure means; `attempts`: how often the link failed before. Pure. */
export function judgeFailure(error: unknown, phase: Phase, attempts: number): Verdict {
  // The gate kept something: the next run reads it all again, and plans what this one could not know.
  if (error instanceof Withheld) return { ...later, reason: "withheld", when: "soon", attempt: "none_alone" };
  if (error instanceof Unjudged) {
    if (phase.kind === "acting" || error.cause === null) return { ...later, reason: "gate_unread" };
    return judgeFailure(error.cause, { kind: "reading" }, attempts);
  }
  // Other files are on their way; this one waits, and what comes after it.
  if (error instanceof SpoolFull) return { ...later, reason: "spool_full" };
  if (error instanceof Unsettled) {
    return phase.kind === "requesting"
      ? { ...later, reason: "case_unknown", when: "soon", attempt: "none" }
      : { ...later, reason: "unsettled", when: "at_its_look", attempt: "none_alone" };
  }
  if (error instanceof IssueMissing) return { kind: "missing", item: "issue", reason: "issue_gone" };
  if (!isServiceError(error)) return { kind: "unforeseen" };
  return phase.kind === "acting" ? judgeAction(error.kind, phase.stops, attempts) : judgeReading(error, attempts);
}

function judgeAction(kind: ErrorKind, stops: Stops, attempts: number): Verdict {
  const decision = decide(kind);
  if (stops === "until_form_fits" && kind === "rejected") return { kind: "form_refused" };
  // Without an issue there is no rest that could go on.
  if (decision.kind === "give_up_item" && stops !== "until_form_fits") return { kind: "given_up" };
  if (stops === "nothing") return { kind: "left_out", isRecorded: kind === "forbidden" || kind === "not_found" };
  if (decision.kind === "wait") return { ...later, reason: kind, attempt: "none" };
  // Whatever is gone, the next reading says what it means.
  if (kind === "not_found") return { ...later, reason: kind, isRecorded: true };
  return isSpent(kind, attempts) ? { kind: "held", reason: kind } : { ...later, reason: kind };
}

function judgeReading(
  { kind, facts }: { readonly kind: ErrorKind; readonly facts: { readonly side: string } },
  attempts: number,
): Verdict {
  if (facts.side === "huawei" && kind === "not_found") return { kind: "missing", item: "case", reason: "case_gone" };
  if (facts.side === "huawei" && kind === "forbidden") return { kind: "missing", item: "case", reason: "forbidden" };
  if (decide(kind).kind === "wait") return { ...later, reason: kind, attempt: "none" };
  return isSpent(kind, attempts) ? { kind: "held", reason: kind } : { ...later, reason: kind };
}

/** Whether trying again by itself helps nobody, or was done often enough. */
function isSpent(kind: ErrorKind, attempts: number): boolean {
  const decision = decide(kind);
  if (decision.kind !== "retry") return true;
  return decision.attemptsMax !== null && attempts >= decision.attemptsMax;
}
