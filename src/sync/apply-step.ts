/**
 * What a step does to the picture that its run has of the link.
 *
 * The store applies a step by SQL; this is the same rule as a function, so that a run's snapshot is what the database holds without
 * reading it again. `src/store/step-law.test.ts` holds the two against each other. What others change meanwhile (wake-ups, acts of
 * people) is not in it: the next run reads that.
 */
import type { Link } from "../domain/link.ts";
import type { Intent, NewIntent } from "../domain/rows/intent.ts";
import { isPartOf, renamePart } from "../domain/rows/item-key.ts";
import type { Mirror, MirrorId, MirrorKind, MirrorPatch } from "../domain/rows/mirror.ts";
import type { LinkPatch, LinkSnapshot, OpenFailure, StateStep } from "./state.ts";

/** The snapshot after the step, applied at `at`. Changes nothing that it is given. Pure. */
export function applyStep(snapshot: LinkSnapshot, step: StateStep, at: Date): LinkSnapshot {
  return {
    link: patchLink(snapshot.link, step.link ?? {}),
    mirrors: patchMirrors(renameMirrors(snapshot.mirrors, step.renames ?? [], at), step.mirrors ?? [], at),
    intents: patchIntents(snapshot.intents, step, at),
    failures: patchFailures(snapshot.failures, step, at),
  };
}

function patchLink(link: Link, patch: LinkPatch): Link {
  const { held: _stored, ...rest } = patch;
  return { ...link, ...defined(rest) };
}

/** Continuations of a message ("id#2") and the files that name it as their parent follow it. An identity that is taken stays with its row. */
function renameMirrors(
  mirrors: readonly Mirror[],
  renames: NonNullable<StateStep["renames"]>,
  at: Date,
): readonly Mirror[] {
  if (renames.length === 0) return mirrors;
  const identities = new Set(mirrors.map(identityOf));
  return mirrors.map((mirror) => {
    let changed = mirror;
    for (const { kind, origin, from, to } of renames) {
      if (mirror.kind === kind && mirror.origin === origin && isPartOf(mirror.sourceId, from)) {
        const sourceId = renamePart(mirror.sourceId, from, to);
        if (!identities.has(identityOf({ kind, origin, sourceId }))) changed = { ...changed, sourceId, updatedAt: at };
      }
      if (mirror.kind === "file" && mirror.origin === origin && mirror.parentId === from)
        changed = { ...changed, parentId: to, updatedAt: at };
    }
    return changed;
  });
}

/** The rows as they are once these patches are stored at `at`. Pure. */
export function patchMirrors(mirrors: readonly Mirror[], patches: readonly MirrorPatch[], at: Date): readonly Mirror[] {
  if (patches.length === 0) return mirrors;
  const rows = new Map(mirrors.map((mirror) => [identityOf(mirror), mirror]));
  for (const patch of patches) {
    const key = identityOf(patch);
    // Row and patch are of one kind, since the kind is part of what names them.
    rows.set(key, { ...(rows.get(key) ?? newMirror), ...defined(patch), updatedAt: at } as Mirror);
  }
  return [...rows.values()];
}

const newMirror = {
  fingerprint: null,
  sourceHash: null,
  sourceDigest: null,
  copyId: null,
  copyFingerprints: [],
  version: 1,
  state: "sending",
  reason: null,
  sizeBytes: null,
  sha256: null,
  parentId: null,
  missingSince: null,
  sourceAt: null,
} as const;

function identityOf({ kind, origin, sourceId }: MirrorId<MirrorKind>): string {
  return JSON.stringify([kind, origin, sourceId]);
}

function patchIntents(intents: readonly Intent[], step: StateStep, at: Date): readonly Intent[] {
  const { intents: fresh = [], intentPatches = [], confirmedIntents = [] } = step;
  const confirmed = new Set(confirmedIntents);
  const rows = new Map(intents.filter(({ key }) => !confirmed.has(key)).map((intent) => [intent.key, intent]));
  for (const intent of fresh) rows.set(intent.key, startOf(intent, at));
  for (const { key, ...patch } of intentPatches) {
    const before = rows.get(key);
    if (before !== undefined) rows.set(key, { ...before, ...defined(patch) });
  }
  return [...rows.values()];
}

function startOf(intent: NewIntent, at: Date): Intent {
  const { payload } = intent;
  const progress = { createdAt: at, attemptedAt: null, looks: 0, nextLookAt: null, attempts: 0, repeated: false };
  // The payload stays that of its kind.
  return { ...intent, payload: withoutGaps(payload), ...progress } as Intent;
}

/** A payload is kept as JSON: members without a value are not there when it is read. */
function withoutGaps<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutGaps) as Value;
  if (value === null || typeof value !== "object" || value instanceof Date) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutGaps(member)])) as Value;
}

/** One that is reported again counts on while it is open or put aside, else begins anew; one that the step reports is not resolved by it. */
function patchFailures(failures: readonly OpenFailure[], step: StateStep, at: Date): readonly OpenFailure[] {
  const { failures: reports = [], resolvedFailures = [] } = step;
  const resolved = new Set(resolvedFailures.map(({ item }) => item));
  const rows = new Map<string, OpenFailure>();
  for (const failure of failures) {
    if (failure.state === "discarded" || !resolved.has(failure.item)) rows.set(failureKey(failure), failure);
  }
  const reported = new Map(reports.map((report) => [failureKey(report), report]));
  for (const [key, { item, reason, direction }] of reported) {
    const known = failures.find((failure) => failureKey(failure) === key);
    const goesOn = known?.state === "open" || known?.state === "discarded";
    rows.set(key, {
      item,
      direction,
      reason,
      state: known?.state === "discarded" ? "discarded" : "open",
      attempts: goesOn ? known.attempts + 1 : 1,
      firstAt: goesOn ? known.firstAt : at,
    });
  }
  return [...rows.values()];
}

function failureKey({ item, reason }: Pick<OpenFailure, "item" | "reason">): string {
  return JSON.stringify([item, reason]);
}

/** Without the members that are left out: those keep their value. */
function defined<Patch extends object>(patch: Patch): Patch {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as Patch;
}
