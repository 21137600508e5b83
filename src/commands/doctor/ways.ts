/** Lines to write where the workflow does not let casebridge move an issue as it is configured. Pure. */
import type { StatusCategory, Transition } from "../../domain/issue.ts";
import type { StatusTarget } from "../../domain/settings.ts";
import { fillTransition, type StatusFields } from "../../domain/transition-fields.ts";
import { lineToWrite } from "./fields.ts";
import type { DoctorTexts } from "./texts/texts.ts";

/** The transitions that were seen from each status. */
export type Moves = ReadonlyMap<string, readonly Transition[]>;

/** Statuses to pass through on the shortest way that was seen, in order; `null` where none was. Fields that a screen demands count as filled. */
export function findSteps(moves: Moves, from: string, leads: (transition: Transition) => boolean): string[] | null {
  const steps = new Map<string, readonly string[]>([[from, []]]);
  for (const [at, passed] of steps) {
    for (const transition of moves.get(at) ?? []) {
      if (leads(transition)) return [...passed];
      if (!steps.has(transition.toStatusId)) steps.set(transition.toStatusId, [...passed, transition.toStatusId]);
    }
  }
  return null;
}

/** `status.via: { done: ["3", "10012"] }`: of all ways to a target the longest, since the others are parts of it. */
export function viaLines(ways: readonly { readonly target: string; readonly steps: readonly string[] }[]): string[] {
  const longest = new Map<string, readonly string[]>();
  for (const { target, steps } of ways)
    if (steps.length > (longest.get(target)?.length ?? 0)) longest.set(target, steps);
  const entries = [...longest].map(([target, steps]) => `${yamlKey(target)}: ${JSON.stringify(steps)}`);
  return entries.length === 0 ? [] : [`status.via: { ${entries.join(", ")} }`];
}

/** `status.fields: { "Done": { resolution: { value: { id: "10000" } } } }` for what these transitions demand and nothing fills. */
export function fieldLines(
  t: DoctorTexts,
  transitions: readonly Transition[],
  { given, ownAccountId }: { readonly given: StatusFields | undefined; readonly ownAccountId: string },
): string[] {
  const byStatus = new Map<string, Map<string, string>>();
  for (const transition of transitions) {
    const { missing } = fillTransition(transition, given);
    for (const field of (transition.screen ?? []).filter(({ name }) => missing.includes(name))) {
      const lines = byStatus.get(transition.toStatusName) ?? new Map<string, string>();
      const { type = null, items = null, allowed = [] } = field;
      lines.set(field.fieldId, lineToWrite(t, { fieldId: field.fieldId, type, items, allowed }, ownAccountId));
      byStatus.set(transition.toStatusName, lines);
    }
  }
  return [...byStatus].map(
    ([status, lines]) => `status.fields: { ${JSON.stringify(status)}: { ${[...lines.values()].join("; ")} } }`,
  );
}

/** Whether a transition leads to a target. */
export function leadsTo(transition: Transition, target: StatusTarget): boolean {
  return "statusId" in target ? transition.toStatusId === target.statusId : transition.toCategory === target.category;
}

/** How `status.via` names a target. */
export function targetName(target: StatusTarget): string {
  return "statusId" in target ? target.statusId : (target.category satisfies StatusCategory);
}

function yamlKey(text: string): string {
  return /^\d/.test(text) ? JSON.stringify(text) : text;
}
