/**
 * One remote write with its intent before and its confirmation after it (rule 2), and what every write needs.
 */
import type { CaseId, IssueId, IssueKey } from "../../domain/ids.ts";
import type { Lane } from "../../domain/lane.ts";
import { type Intent, type NewIntent, type PayloadOf, writeWord } from "../../domain/rows/intent.ts";
import type { KnownIntentKind } from "../../domain/rows/intent-key.ts";
import { isServiceError, ServiceError, type Side } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import type { GuardSettings } from "../../domain/text/guard.ts";
import type { Clock, HuaweiPort, JiraPort, Log, Spool, TextPort } from "../ports.ts";
import type { ClosesBreaker, LeasedLink, StateStep } from "../state.ts";
import { type Gate, Unjudged, Withheld } from "./gate.ts";
import { endedAttempt } from "./looks.ts";

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
  readonly closes: ClosesBreaker;
  /** What carries anything from Jira leaves through here. */
  readonly gate: Gate;
  /** Told after each completed remote write, for metrics and progress. */
  readonly onWrite?: (write: RemoteWrite) => void;
  /** Told when a text was masked for its way to Huawei, and when a comment was held back, for metrics. */
  readonly onDisclosure?: (event: DisclosureEvent) => void;
};

/** A remote write that was completed, and the pair that it belongs to. */
export type RemoteWrite = {
  readonly side: Side;
  readonly action: string;
  readonly caseId: CaseId | null;
  readonly issueKey: IssueKey | null;
};

/** Tells of a completed remote write. */
export function tellWrite(
  deps: Pick<ApplyDeps, "onWrite">,
  leased: Pick<LeasedLink, "snapshot">,
  write: Pick<RemoteWrite, "side" | "action">,
): void {
  const { caseId, issueKey } = leased.snapshot.link;
  deps.onWrite?.({ ...write, caseId, issueKey });
}

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

/** Of the lease, what must be left for the next piece of a long upload: its end arrives before another run can hold the link. */
export const sendTimeMs = 10_000;

/** A write that is made once. `intent` is stored before it, unless an earlier attempt has stored one under the same key. */
type Write<Kind extends KnownIntentKind, Result> = {
  readonly intent: NewIntent<Kind> & NewIntent;
  /** Writes what was frozen first, byte for byte. */
  readonly call: (payload: PayloadOf<Kind>) => Promise<Result>;
  /** A refusal leaves the intent planned: whoever catches it removes the intent in the step that records the refusal. */
  readonly keepsRefused?: boolean;
  /** `keep`: the intent stays as `sent` until a reading shows the copy. */
  readonly confirm: (result: Result) => StateStep & { readonly keep?: boolean };
};

/**
 * Intent, call, confirmation, each fenced by the lease. Throws `Unsettled` when an earlier attempt's outcome is not known, `LeaseLost`, and
 * whatever the call throws: a certain refusal has removed the intent by then, an unknown outcome left it, and what the gate kept is planned
 * again.
 */
export async function writeOnce<Kind extends KnownIntentKind, Result>(
  deps: ApplyDeps,
  leased: LeasedLink,
  write: Write<Kind, Result>,
): Promise<Result> {
  const { key, kind, side } = write.intent;
  const existing = leased.snapshot.intents.find((intent) => intent.key === key);
  // A text that cannot be opened is never written: the next run gives its intent up.
  if (existing !== undefined && (existing.state !== "planned" || existing.unreadable)) throw new Unsettled(key);
  const payload = frozenPayload(existing, write.intent);
  if (leased.remainingMs() < callTimeMaxMs) await leased.renew();
  await leased.apply({
    ...(existing === undefined ? { intents: [write.intent] } : {}),
    // Without a look: it is under way, and nobody can say yet when it leaves.
    intentPatches: [
      {
        key,
        state: "unknown",
        attemptedAt: deps.clock.now(),
        looks: 0,
        nextLookAt: null,
        attempts: (existing?.attempts ?? 0) + 1,
      },
    ],
  });
  let result: Result;
  try {
    result = await write.call(payload);
  } catch (error) {
    await leased.apply(afterFailure(deps, write, error));
    throw error;
  }
  const { keep = false, ...step } = write.confirm(result);
  await leased.apply(
    keep
      ? {
          ...step,
          intentPatches: [...(step.intentPatches ?? []), { ...endedAttempt(deps, write.intent), state: "sent" }],
        }
      : { ...step, confirmedIntents: [...(step.confirmedIntents ?? []), key] },
  );
  tellWrite(deps, leased, { side, action: writeWord(kind) });
  return result;
}

/** What an earlier attempt froze, else what is written now. */
function frozenPayload<Kind extends KnownIntentKind>(
  existing: Intent | undefined,
  intent: NewIntent<Kind> & NewIntent,
): PayloadOf<Kind> {
  // One key names writes of one kind alone.
  return (existing !== undefined && existing.kind !== "unknown" ? existing.payload : intent.payload) as PayloadOf<Kind>;
}

/** What is remembered of an attempt that failed. */
function afterFailure<Kind extends KnownIntentKind, Result>(
  deps: ApplyDeps,
  { intent, keepsRefused = false }: Write<Kind, Result>,
  error: unknown,
): StateStep {
  const { key, kind, side } = intent;
  const planned: StateStep = { intentPatches: [{ key, state: "planned", nextLookAt: null }] };
  // The gate let nothing out: the next run decides anew.
  if (error instanceof Withheld || error instanceof Unjudged) return planned;
  if (!(error instanceof ServiceError) || error.facts.outcomeUnknown) {
    return { intentPatches: [endedAttempt(deps, intent)] };
  }
  // What we may not do today is done once we may; every other refusal is final.
  const isMessage = side === "huawei" && writeWord(kind) === "message";
  const waits = keepsRefused || (isMessage && error.kind === "forbidden");
  const isRefusal = error.kind === "rejected" || error.kind === "not_found" || error.kind === "forbidden";
  return isRefusal && !waits ? { confirmedIntents: [key] } : planned;
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
