/**
 * What a run returns, and the one table that says what an error means for what comes next.
 */
import type { FailureReason } from "../domain/failure.ts";
import type { ErrorKind } from "../domain/service-error.ts";
import { type Growth, growingMs } from "../lib/retry.ts";

/** Reason of a connection's failure that ends by itself: the Jira project cannot be seen. */
export const projectUnreadable = "project_unreadable" satisfies FailureReason;

/** Result of one run. `deferred`: something waits for a moment that is stored on the link. */
export type Outcome =
  | { readonly kind: "done"; readonly actions: number }
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "blocked"; readonly reason: string }
  | { readonly kind: "deferred"; readonly reason: string; readonly actions: number };

/** A run that did what there was to do. Pure. */
export function done(actions: number): Outcome {
  return { kind: "done", actions };
}
/** A run that had nothing to do. Pure. */
export function ignored(reason: string): Outcome {
  return { kind: "ignored", reason };
}
/** A link that waits for a person. Pure. */
export function blocked(reason: string): Outcome {
  return { kind: "blocked", reason };
}
/** A run that goes on at a moment stored on its link. Pure. */
export function deferred(reason: string, actions: number): Outcome {
  return { kind: "deferred", reason, actions };
}

/** What to do after an error of a kind. */
export type Decision =
  /** Wait as told; costs no attempt. */
  | { readonly kind: "wait" }
  /** Try again with growing pauses; `attemptsMax` null = for ever, since the fault is on the other side. */
  | { readonly kind: "retry"; readonly attemptsMax: number | null }
  /** The item can never be carried: leave a placeholder and go on. */
  | { readonly kind: "give_up_item" }
  /** The whole link is held until someone acts. */
  | { readonly kind: "block_link" };

const decisions: Readonly<Record<ErrorKind, Decision>> = {
  rate_limited: { kind: "wait" },
  unauthorized: { kind: "wait" },
  unavailable: { kind: "retry", attemptsMax: null },
  contract: { kind: "retry", attemptsMax: 6 },
  rejected: { kind: "give_up_item" },
  not_found: { kind: "block_link" },
  forbidden: { kind: "block_link" },
};

/** The decision for one error kind (ARCHITECTURE.md). Pure. */
export function decide(kind: ErrorKind): Decision {
  return decisions[kind];
}

const runGrowth: Growth = { firstMs: 2_000, factor: 2, maxMs: 60_000, jitter: [0.75, 1] };

/** Pause before attempt `attempts + 1`: doubles from 2 s to 60 s, with up to a quarter of jitter by `random` in [0, 1). */
export function backoffMs(attempts: number, random: number): number {
  return growingMs(runGrowth, attempts + 1, random);
}
