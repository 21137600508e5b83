/**
 * The status map against the workflow that it meets: targets that exist, no two sides pushing each other back and forth, and ways
 * that the workflow really offers (rule 6).
 *
 * Jira shows a workflow to administrators only, so its ways are read off real issues: one for each status in which an issue
 * stands. What no issue shows is called unknown, never right and never wrong.
 */
import { isOpenStatus } from "../../domain/case.ts";
import { type StatusCategory, statusCategories, type Transition } from "../../domain/issue.ts";
import type { ConnectionSettings, StatusTarget } from "../../domain/settings.ts";
import { chooseStatus } from "../../domain/status-choice.ts";
import { fillTransition } from "../../domain/transition-fields.ts";
import { type Finding, right, type Sheet, warn, wrong } from "./sheet.ts";
import { type DoctorTexts, joined, type Words } from "./texts/texts.ts";
import { fieldLines, findSteps, leadsTo, type Moves, targetName, viaLines } from "./ways.ts";

/** A status of the workflow. */
export type WorkflowStatus = { readonly id: string; readonly name: string; readonly category: StatusCategory };
/** What one issue, standing in a status, was offered. */
export type StatusMoves = {
  readonly statusId: string;
  readonly issueKey: string;
  readonly transitions: readonly Transition[];
};
/** The map as configured. */
export type StatusMap = Pick<ConnectionSettings["status"], "toJira" | "via" | "fields">;

/** What is asked of Jira about statuses. */
export interface DoctorStatusPort {
  listStatuses(): Promise<readonly WorkflowStatus[]>;
  listMoves(statusIds: readonly string[]): Promise<readonly StatusMoves[]>;
}

const categories: readonly string[] = statusCategories;

/** Three checks on one reading: the targets exist, nothing oscillates, and transitions lead where the map points. Never rejects. */
export async function checkStatuses(
  sheet: Sheet,
  status: StatusMap,
  { port, ownAccountId }: { readonly port: DoctorStatusPort; readonly ownAccountId: () => string },
): Promise<void> {
  let statuses: readonly WorkflowStatus[] | null = null;
  await sheet.check("status map", async () => {
    statuses = await port.listStatuses();
    const missing = findMissingStatuses(status, statuses);
    if (missing.length === 0) {
      const alike = findAlike(status, statuses);
      if (alike.length > 0) return warn(joined(alike), (t) => t.status.nameStatus);
      return right((t) => t.status.mapFits(Object.keys(status.toJira).length));
    }
    const known = statuses.map((one) => `${one.name} (${one.id}, ${one.category})`);
    return wrong(joined(missing), (t) => t.status.correctMap(known.join(t.report.comma)));
  });
  await sheet.check("status oscillation", async () => checkOscillation(status, statuses));
  await sheet.check("Jira workflow", async () => {
    if (statuses === null) return warn((t) => t.status.unknownStatuses, null);
    const seen = await port.listMoves(statuses.map(({ id }) => id));
    return checkWays(status, { statuses, seen, ownAccountId: ownAccountId() });
  });
}

/** Case statuses for which several statuses of the workflow fit alike. */
function findAlike(status: StatusMap, statuses: readonly WorkflowStatus[]): Words[] {
  return Object.entries(status.toJira).flatMap(([key, target]): Words[] => {
    if (!("category" in target)) return [];
    const number = Number(key);
    const choice = chooseStatus(
      statuses.filter(({ category }) => category === target.category),
      number,
    );
    if (choice.kind !== "ambiguous") return [];
    const names = choice.statuses.map(({ name, id }) => `${name} (${id})`);
    return [({ status: t, report }) => t.alike(number, t.name(number), names.join(report.comma))];
  });
}

function checkOscillation(status: StatusMap, statuses: readonly WorkflowStatus[] | null): Finding {
  if (statuses === null) return warn((t) => t.status.unknownStatuses, null);
  const oscillating = findOscillations(status, statuses);
  if (oscillating.length > 0) {
    return wrong(joined(oscillating), (t) => t.status.mendOscillation);
  }
  const detours = findDetours(status, statuses);
  return detours.length === 0 ? right((t) => t.report.none) : warn(joined(detours), (t) => t.status.mendDetours);
}

function findMissingStatuses(status: StatusMap, statuses: readonly WorkflowStatus[]): Words[] {
  const ids = new Set(statuses.map(({ id }) => id));
  const present = new Set<string>(statuses.map(({ category }) => category));
  const missing: Words[] = [];
  for (const [key, target] of Object.entries(status.toJira)) {
    const number = Number(key);
    if ("category" in target && !present.has(target.category))
      missing.push(({ status: t }) => t.noCategory(number, t.name(number), target.category));
    if ("statusId" in target && !ids.has(target.statusId))
      missing.push(({ status: t }) => t.noStatus(number, t.name(number), target.statusId));
  }
  for (const [target, steps] of Object.entries(status.via)) {
    if (!categories.includes(target) && !ids.has(target)) missing.push((t) => t.status.noViaTarget(target));
    for (const step of steps.filter((id) => !ids.has(id))) missing.push((t) => t.status.noViaStep(target, step));
  }
  const names = new Set(statuses.map(({ name }) => name.trim().toLowerCase()));
  for (const target of Object.keys(status.fields ?? {})) {
    if (!ids.has(target.trim()) && !names.has(target.trim().toLowerCase()))
      missing.push((t) => t.status.noFieldsTarget(target));
  }
  return missing;
}

/**
 * One line per case status whose target would make the two sides push each other: an open case led to `done`, or a closed one away
 * from it. Targets that the workflow lacks are passed over. Empty = the map is safe. Pure.
 */
export function findOscillations(status: StatusMap, statuses: readonly WorkflowStatus[]): Words[] {
  return Object.entries(status.toJira).flatMap(([key, target]): Words[] => {
    const found = "statusId" in target ? statuses.find(({ id }) => id === target.statusId) : undefined;
    const category = "category" in target ? target.category : found?.category;
    const isOpen = isOpenStatus(Number(key));
    if (category === undefined || isOpen !== (category === "done")) return [];
    return [
      ({ status: t }) => {
        const name = "category" in target ? t.byCategory(target.category) : `${found?.name} (${target.statusId})`;
        return isOpen ? t.openToDone(key, name, category) : t.closedToOpen(key, name, category);
      },
    ];
  });
}

function findDetours(status: StatusMap, statuses: readonly WorkflowStatus[]): Words[] {
  const categoryOf = (id: string) => statuses.find((one) => one.id === id)?.category ?? null;
  return Object.entries(status.via)
    .filter(([target]) => (categories.includes(target) ? target : categoryOf(target)) !== "done")
    .flatMap(([target, steps]) =>
      steps
        .filter((step) => categoryOf(step) === "done")
        .map(
          (step): Words =>
            (t) =>
              t.status.detour(target, step),
        ),
    );
}

/** Where a move would end. `demands`: fields that transitions at that place ask for and casebridge does not fill. */
export type Prediction =
  | { readonly end: "arrives" }
  /** Several statuses of the target fit alike, and none is chosen by chance. */
  | { readonly end: "ambiguous" }
  | { readonly end: "stuck"; readonly at: string; readonly demands: readonly string[] }
  | { readonly end: "unknown"; readonly at: string };

/**
 * What moving an issue from a status to a target would come to, by the rule of the flow itself: a direct transition, else the steps
 * of `via` in their order; transitions that demand fields are not used. Pure; a test holds it together with the flow.
 */
export function predictMove(input: {
  readonly from: string;
  readonly target: StatusTarget;
  readonly via: StatusMap["via"];
  readonly fields?: StatusMap["fields"];
  readonly moves: ReadonlyMap<string, readonly Transition[]>;
  readonly caseStatus: number;
}): Prediction {
  const { target, moves, caseStatus } = input;
  const steps = input.via[targetName(target)] ?? [];
  let at = input.from;
  let demands: readonly string[] = [];
  for (let step = 0; step <= steps.length; step += 1) {
    const transitions = moves.get(at);
    if (transitions === undefined) return { end: "unknown", at };
    const missingOf = (transition: Transition) => fillTransition(transition, input.fields).missing;
    const usable = transitions.filter((transition) => missingOf(transition).length === 0);
    const leading = usable.filter((transition) => leadsTo(transition, target));
    const choice = chooseStatus(
      leading.map(({ toStatusId, toStatusName }) => ({ id: toStatusId, name: toStatusName })),
      caseStatus,
    );
    if (choice.kind === "one") return { end: "arrives" };
    // Told by the check of the map, which names the statuses.
    if (choice.kind === "ambiguous") return { end: "ambiguous" };
    demands = transitions
      .filter((transition) => leadsTo(transition, target) || steps.includes(transition.toStatusId))
      .flatMap((transition) => missingOf(transition).map((field) => `${transition.name}: ${field}`));
    const next = usable.find(({ toStatusId }) => steps.includes(toStatusId) && steps.indexOf(toStatusId) >= step - 1);
    if (next === undefined) break;
    at = next.toStatusId;
  }
  return { end: "stuck", at, demands };
}

/** A way that is missing, and the statuses of the cases that would go it. */
type Way = { readonly line: Words; readonly numbers: readonly number[] };

/** Each status where an issue stands, against each target that a case can ask for from there. */
function checkWays(
  status: StatusMap,
  {
    statuses,
    seen,
    ownAccountId,
  }: {
    readonly statuses: readonly WorkflowStatus[];
    readonly seen: readonly StatusMoves[];
    readonly ownAccountId: string;
  },
): Finding {
  if (seen.length === 0) {
    return warn(
      (t) => t.status.noIssue,
      (t) => t.status.againLater,
    );
  }
  const moves = new Map(seen.map((one) => [one.statusId, one.transitions]));
  const lines = new Lines(status, { moves, ownAccountId });
  const broken = new Map<string, Way>();
  const doubtful = new Map<string, Way>();
  const unused = findUnusedSteps(status, statuses, seen);
  for (const source of statuses.filter(({ id }) => moves.has(id))) {
    for (const { number, target } of listTargets(status, statuses)) {
      if (isThere(source, target, number)) continue;
      const prediction = predictMove({ ...status, from: source.id, target, moves, caseStatus: number });
      if (prediction.end !== "stuck") continue;
      // A closed case never opens again (OSM has no reopen), so leaving done happens only where a person moved the issue.
      const book = source.category === "done" ? doubtful : broken;
      if (book === broken) lines.note(source.id, target);
      const { demands } = prediction;
      const key = JSON.stringify([source.id, targetName(target), demands]);
      const line: Words = ({ status: t, report }) => {
        const way = t.noWay(`${source.name} (${source.id})`, targetName(target));
        return demands.length === 0 ? way : t.demands(way, demands.join(report.comma));
      };
      book.set(key, { line, numbers: [...(book.get(key)?.numbers ?? []), number] });
    }
  }
  const told = [...broken.values()].map(
    ({ line, numbers }): Words =>
      (t) =>
        t.status.ofStatuses(line(t), numbers.join(t.report.comma)),
  );
  if (told.length > 0)
    return wrong(joined(told), (t) => {
      const advice = lines.toWrite(t);
      return advice.length === 0 ? t.status.setVia : t.status.write(advice.join(" | "), t.status.setVia);
    });
  const notes = [...[...doubtful.values()].map(({ line }) => line), ...unused];
  if (notes.length > 0) return warn(joined(notes), (t) => t.status.wouldStay);
  const unseen = statuses.length - seen.length;
  return right(({ status: t }) => (unseen === 0 ? t.seen(seen.length) : t.seenBut(seen.length, unseen)));
}

/** The lines that would open the ways that are missing. */
class Lines {
  readonly #status: StatusMap;
  readonly #moves: Moves;
  readonly #ownAccountId: string;
  readonly #ways: { readonly target: string; readonly steps: readonly string[] }[] = [];
  readonly #demanding = new Map<string, Transition>();

  constructor(status: StatusMap, seen: { readonly moves: Moves; readonly ownAccountId: string }) {
    this.#status = status;
    this.#moves = seen.moves;
    this.#ownAccountId = seen.ownAccountId;
  }

  note(from: string, target: StatusTarget): void {
    const steps = findSteps(this.#moves, from, (transition) => leadsTo(transition, target));
    if (steps === null) return;
    this.#ways.push({ target: targetName(target), steps });
    const passed = [from, ...steps].flatMap((at, index) =>
      (this.#moves.get(at) ?? []).filter((transition) =>
        index === steps.length ? leadsTo(transition, target) : transition.toStatusId === steps[index],
      ),
    );
    for (const transition of passed) this.#demanding.set(transition.transitionId, transition);
  }

  toWrite(t: DoctorTexts): readonly string[] {
    return [
      ...viaLines(this.#ways),
      ...fieldLines(t, [...this.#demanding.values()], {
        given: this.#status.fields,
        ownAccountId: this.#ownAccountId,
      }),
    ];
  }
}

function isThere(source: WorkflowStatus, target: StatusTarget, number: number): boolean {
  if ("statusId" in target ? source.id === target.statusId : source.category === target.category) return true;
  // A case is in status 0 only at its beginning, as is its issue: nothing moves back there, and a person's move between the two
  // open categories is left alone.
  return number === 0 && source.category !== "new";
}

/** Targets that the workflow has at all; the others are the business of the check before. */
function listTargets(
  status: StatusMap,
  statuses: readonly WorkflowStatus[],
): { readonly number: number; readonly target: StatusTarget }[] {
  return Object.entries(status.toJira)
    .map(([key, target]) => ({ number: Number(key), target }))
    .filter(({ target }) =>
      statuses.some((one) => ("statusId" in target ? one.id === target.statusId : one.category === target.category)),
    );
}

/** Steps of `via` that no transition seen leads to, where every status of the workflow was seen. */
function findUnusedSteps(
  status: StatusMap,
  statuses: readonly WorkflowStatus[],
  seen: readonly StatusMoves[],
): Words[] {
  if (seen.length < statuses.length) return [];
  const reached = new Set(seen.flatMap((one) => one.transitions.map((transition) => transition.toStatusId)));
  return Object.entries(status.via).flatMap(([target, steps]) =>
    steps
      .filter((step) => !reached.has(step))
      .map(
        (step): Words =>
          (t) =>
            t.status.unusedStep(target, step),
      ),
  );
}
