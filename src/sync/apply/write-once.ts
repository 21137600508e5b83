/**
 * One remote write with its intent before and its confirmation after it (rule 2), and what every write needs.
 */
import type { CaseId, IssueId } from "../../domain/ids.ts";
import type { Lane } from "../../domain/lane.ts";
import type { Intent } from "../../domain/link.ts";
import { isServiceError, ServiceError, type Side } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import type { GuardSettings } from "../../domain/text/guard.ts";
import type { Clock, HuaweiPort, JiraPort, Log, Spool, TextPort } from "../ports.ts";
import type { ClosesLane, LeasedLink, StateStep } from "../state.ts";
import { type Gate, Unjudged, Withheld } from "./gate.ts";
import { lookTimes, settleSecondsOf } from "./looks.ts";

/** What a write needs around it. */
export type ApplyDeps = {
  readonly huawei: HuaweiPort;
  readonly jira: JiraPort;
  readonly text: TextPort;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ConnectionSettings;
  readonly installation: string;
  readonly lane: Lane;
  readonly closes: ClosesLane;
  /** What carries anything from Jira leaves through here. */
  readonly gate: Gate;
  /** Told after each completed remote write, for metrics and progress. */
  readonly onWrite?: (write: { readonly side: Side; readonly action: string }) => void;
  /** Told when a text was masked for its way to Huawei, and when a comment was held back, for metrics. */
  readonly onDisclosure?: (event: DisclosureEvent) => void;
};

/** What the text guard and the rules of disclosure did to something that a person wrote. `reason`: a code of rule 5, or of the policy. */
export type DisclosureEvent =
  | { readonly kind: "masked"; readonly item: "comment" | "case" | "change" | "rating" | "file" }
  | { readonly kind: "held"; readonly reason: string };

/** A write whose outcome is not known yet stands in the way; the direction waits for the next look. */
export class Unsettled extends Error {
  readonly key: string;

  constructor(key: string) {
    super(`the outcome of ${key} is not known yet`);
    this.name = "Unsettled";
    this.key = key;
  }
}

/** Longest time that one remote call may take; the lease must outlast it. */
export const callTimeMaxMs = 32_000;

/** Intent, call, confirmation, each fenced by the lease. Throws `Unsettled` when an earlier attempt's outcome is not known,
 * `LeaseLost`, and whatever the call throws: a certain refusal has removed the intent by then, an unknown outcome left it, and what the
 * gate kept is planned again. */
export async function writeOnce<Result>(
  deps: ApplyDeps,
  leased: LeasedLink,
  write: {
    readonly kind: Intent["kind"];
    readonly key: string;
    readonly side: Intent["side"];
    readonly mark: string | null;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly call: (payload: Readonly<Record<string, unknown>>) => Promise<Result>;
    /** A refusal leaves the intent planned: whoever catches it removes the intent in the step that records the refusal. */
    readonly keepsRefused?: boolean;
    /** `keep`: the intent stays as `sent` until a reading shows the copy. */
    readonly confirm: (result: Result) => StateStep & { readonly keep?: boolean };
  },
): Promise<Result> {
  const existing = leased.snapshot.intents.find((intent) => intent.key === write.key);
  // A text that cannot be opened is never written: the next run gives its intent up.
  if (existing !== undefined && (existing.state !== "planned" || existing.payload.unreadable === true))
    throw new Unsettled(write.key);
  const payload = existing?.payload ?? write.payload;
  if (leased.remainingMs() < callTimeMaxMs) await leased.renew();
  const attemptedAt = deps.clock.now();
  const [firstLook] = lookTimes(attemptedAt, settleSecondsOf(write, deps.settings));
  await leased.apply({
    ...(existing === undefined
      ? {
          intents: [
            { kind: write.kind, key: write.key, side: write.side, state: "planned", payload, mark: write.mark },
          ],
        }
      : {}),
    intentPatches: [
      {
        key: write.key,
        state: "unknown",
        attemptedAt,
        looks: 0,
        nextLookAt: firstLook ?? null,
        attempts: (existing?.attempts ?? 0) + 1,
      },
    ],
  });
  let result: Result;
  try {
    result = await write.call(payload);
  } catch (error) {
    if (error instanceof Withheld || error instanceof Unjudged) {
      // The gate let nothing out: the next run decides anew.
      await leased.apply({ intentPatches: [{ key: write.key, state: "planned", nextLookAt: null }] });
    } else if (error instanceof ServiceError && !error.facts.outcomeUnknown) {
      // What we may not do today is done once we may; every other refusal is final.
      const waits =
        write.keepsRefused === true ||
        (write.side === "huawei" && write.kind === "message" && error.kind === "forbidden");
      if (!waits && (error.kind === "rejected" || error.kind === "not_found" || error.kind === "forbidden")) {
        await leased.apply({ confirmedIntents: [write.key] });
      } else {
        await leased.apply({ intentPatches: [{ key: write.key, state: "planned", nextLookAt: null }] });
      }
    } else {
      // It may have been executed only now, after waiting for its turn: the looks count from here.
      const failedAt = deps.clock.now();
      const [look] = lookTimes(failedAt, settleSecondsOf(write, deps.settings));
      await leased.apply({
        intentPatches: [{ key: write.key, attemptedAt: failedAt, looks: 0, nextLookAt: look ?? null }],
      });
    }
    throw error;
  }
  const { keep = false, ...step } = write.confirm(result);
  await leased.apply(
    keep
      ? { ...step, intentPatches: [...(step.intentPatches ?? []), { key: write.key, state: "sent" }] }
      : { ...step, confirmedIntents: [...(step.confirmedIntents ?? []), write.key] },
  );
  deps.onWrite?.({ side: write.side, action: write.kind });
  return result;
}

/** The guard for an item: as configured, or off where a person has let it out as it stands. Pure. */
export function guardFor(
  settings: Pick<ConnectionSettings, "guard">,
  { asIs }: { readonly asIs: boolean },
): GuardSettings {
  return asIs ? { ...settings.guard, mode: "off" } : settings.guard;
}

/** The case of the link. Throws where there is none yet. */
export function needCase(leased: LeasedLink): CaseId {
  const { caseId } = leased.snapshot.link;
  if (caseId === null) throw new Error("the link has no case yet");
  return caseId;
}

/** The key that decorates our marks; only the numbers in a mark identify (rule 1). */
export function markKey(leased: Pick<LeasedLink, "snapshot">): string {
  return leased.snapshot.link.issueKey ?? "ISSUE-1";
}

/** The issue of the link. Throws where there is none yet. */
export function needIssue(leased: LeasedLink): IssueId {
  const { issueId } = leased.snapshot.link;
  if (issueId === null) throw new Error("the link has no issue yet");
  return issueId;
}

/** Why Huawei refused an action for good, with its remedy, for people; `null` for any other error. */
export function refusalText(error: unknown): string | null {
  if (!isServiceError(error, "rejected", "not_found", "forbidden") || error.facts.outcomeUnknown) return null;
  const { detail, code, remedy } = error.facts;
  return `${detail}${code === null ? "" : ` (${code})`}${remedy === undefined ? "" : `. ${remedy}`}`;
}

/** One line for people when an error can never pass, else `null`. */
export function permanentReason(error: unknown): string | null {
  if (error instanceof Error && error.name === "FileTooLarge") return "larger than the other side takes";
  if (!isServiceError(error, "rejected", "not_found", "forbidden") || error.facts.outcomeUnknown) return null;
  return `${error.kind === "rejected" ? "refused" : error.kind.replace("_", " ")}${error.facts.code === null ? "" : ` (${error.facts.code})`}: ${error.facts.detail}`;
}
