/**
 * The status map against the workflow that it meets: targets that exist, no two sides pushing each other back and forth, and ways
 * that the workflow really offers (rule 6).
 *
 * Jira shows a workflow to administrators only, so its ways are read off real issues: one for each status in which an issue
 * stands. What no issue shows is called unknown, never right and never wrong.
 */
import { isOpenStatus, statusName } from "../../domain/case.ts";
import { type StatusCategory, statusCategories, type Transition } from "../../domain/issue.ts";
import type { ConnectionSettings, StatusTarget } from "../../domain/settings.ts";
import { chooseStatus } from "../../domain/status-choice.ts";
import { fillTransition } from "../../domain/transition-fields.ts";
import { type Finding, right, type Sheet, warn, wrong } from "./sheet.ts";
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
      if (alike.length > 0)
        return warn(
          alike.join("; "),
          "Name the status in status.toJira ({ statusId: … }): casebridge does not choose by chance, so such issues stay where they are.",
        );
      return right(`${Object.keys(status.toJira).length} case statuses lead to statuses of the workflow`);
    }
    const known = statuses.map((one) => `${one.name} (${one.id}, ${one.category})`).join(", ");
    return wrong(
      missing.join("; "),
      `Correct status.toJira, status.via or status.fields in the configuration, or the workflow. It has: ${known}.`,
    );
  });
  await sheet.check("status oscillation", async () => checkOscillation(status, statuses));
  await sheet.check("Jira workflow", async () => {
    if (statuses === null) return warn("not checked, since the statuses are not known", null);
    const seen = await port.listMoves(statuses.map(({ id }) => id));
    return checkWays(status, { statuses, seen, ownAccountId: ownAccountId() });
  });
}

/** Case statuses for which several statuses of the workflow fit alike. */
function findAlike(status: StatusMap, statuses: readonly WorkflowStatus[]): string[] {
  return Object.entries(status.toJira).flatMap(([key, target]) => {
    if (!("category" in target)) return [];
    const choice = chooseStatus(
      statuses.filter(({ category }) => category === target.category),
      Number(key),
    );
    if (choice.kind !== "ambiguous") return [];
    const names = choice.statuses.map(({ name, id }) => `${name} (${id})`).join(", ");
    return [`case status ${key} (${statusName(Number(key))}) may lead to ${names}`];
  });
}

function checkOscillation(status: StatusMap, statuses: readonly WorkflowStatus[] | null): Finding {
  if (statuses === null) return warn("not checked, since the statuses are not known", null);
  const oscillating = findOscillations(status, statuses);
  if (oscillating.length > 0) {
    return wrong(
      oscillating.join("; "),
      "Lead case statuses 3, 4, 12 and 13 to statuses of category done, and all others to new or indeterminate.",
    );
  }
  const detours = findDetours(status, statuses);
  return detours.length === 0
    ? right("none")
    : warn(
        detours.join("; "),
        "Leave statuses of category done out of the way to open ones: automations may act on them.",
      );
}

function findMissingStatuses(status: StatusMap, statuses: readonly WorkflowStatus[]): string[] {
  const ids = new Set(statuses.map(({ id }) => id));
  const present = new Set<string>(statuses.map(({ category }) => category));
  const missing: string[] = [];
  for (const [number, target] of Object.entries(status.toJira)) {
    const from = `case status ${number} (${statusName(Number(number))})`;
    if ("category" in target && !present.has(target.category))
      missing.push(`${from}: the workflow has no status of category ${target.category}`);
    if ("statusId" in target && !ids.has(target.statusId))
      missing.push(`${from}: the workflow has no status ${target.statusId}`);
  }
  for (const [target, steps] of Object.entries(status.via)) {
    if (!categories.includes(target) && !ids.has(target))
      missing.push(`via ${target}: the workflow has no such status`);
    for (const step of steps.filter((id) => !ids.has(id)))
      missing.push(`via ${target}: the workflow has no status ${step}`);
  }
  const names = new Set(statuses.map(({ name }) => name.trim().toLowerCase()));
  for (const target of Object.keys(status.fields ?? {})) {
    if (!ids.has(target.trim()) && !names.has(target.trim().toLowerCase()))
      missing.push(`status.fields: the workflow has no status ${target}`);
  }
  return missing;
}

/**
 * One line per case status whose target would make the two sides push each other: an open case led to `done`, or a closed one away
 * from it. Targets that the workflow lacks are passed over. Empty = the map is safe. Pure.
 */
export function findOscillations(status: StatusMap, statuses: readonly WorkflowStatus[]): string[] {
  return Object.entries(status.toJira).flatMap(([key, target]) => {
    const found = "statusId" in target ? statuses.find(({ id }) => id === target.statusId) : undefined;
    const category = "category" in target ? target.category : found?.category;
    const isOpen = isOpenStatus(Number(key));
    if (category === undefined || isOpen !== (category === "done")) return [];
    const name = "category" in target ? `category ${target.category}` : `${found?.name} (${target.statusId})`;
    return [`a case that is ${isOpen ? "open" : "closed"} (status ${key}) leads to ${name}, which is ${category}`];
  });
}

function findDetours(status: StatusMap, statuses: readonly WorkflowStatus[]): string[] {
  const categoryOf = (id: string) => statuses.find((one) => one.id === id)?.category ?? null;
  return Object.entries(status.via)
    .filter(([target]) => (categories.includes(target) ? target : categoryOf(target)) !== "done")
    .flatMap(([target, steps]) =>
      steps
        .filter((step) => categoryOf(step) === "done")
        .map((step) => `via ${target} passes through ${step}, which is done`),
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
      "no issue of the type stands in the project, so its transitions cannot be seen",
      "Run `casebridge doctor` again once the first issue is there.",
    );
  }
  const moves = new Map(seen.map((one) => [one.statusId, one.transitions]));
  const lines = new Lines(status, { moves, ownAccountId });
  const broken = new Map<string, string[]>();
  const doubtful = new Map<string, string[]>();
  const unused = findUnusedSteps(status, statuses, seen);
  for (const source of statuses.filter(({ id }) => moves.has(id))) {
    for (const { number, target } of listTargets(status, statuses)) {
      if (isThere(source, target, number)) continue;
      const prediction = predictMove({ ...status, from: source.id, target, moves, caseStatus: number });
      if (prediction.end !== "stuck") continue;
      // A closed case never opens again (OSM has no reopen), so leaving done happens only where a person moved the issue.
      const book = source.category === "done" ? doubtful : broken;
      if (book === broken) lines.note(source.id, target);
      const asks = prediction.demands.length === 0 ? "" : `; a transition demands ${prediction.demands.join(", ")}`;
      const line = `from ${source.name} (${source.id}) no way leads to ${targetName(target)}${asks}`;
      book.set(line, [...(book.get(line) ?? []), String(number)]);
    }
  }
  const told = [...broken].map(([line, numbers]) => `${line} (case status ${numbers.join(", ")})`);
  if (told.length > 0) {
    const advice = lines.toWrite();
    const usual =
      "Set status.via to the status ids to pass through, in order; add the transition to the workflow, give casebridge's account the right to use it, or fill its required fields with status.fields (or take them off its screen).";
    return wrong(
      told.join("; "),
      advice.length === 0
        ? usual
        : `Write below the connection in casebridge.yaml: ${advice.join(" | ")}. Or: ${usual}`,
    );
  }
  const notes = [...[...doubtful.keys()], ...unused];
  if (notes.length > 0) {
    return warn(
      notes.join("; "),
      "Issues that a person moved to done by mistake would stay there; set status.via, or correct its steps.",
    );
  }
  const unseen = statuses.length - seen.length;
  return right(
    `seen on ${seen.length} issues: every target can be reached${unseen === 0 ? "" : `; no issue stands in ${unseen} further statuses`}`,
  );
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

  toWrite(): readonly string[] {
    return [
      ...viaLines(this.#ways),
      ...fieldLines([...this.#demanding.values()], this.#status.fields, this.#ownAccountId),
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
): string[] {
  if (seen.length < statuses.length) return [];
  const reached = new Set(seen.flatMap((one) => one.transitions.map((transition) => transition.toStatusId)));
  return Object.entries(status.via).flatMap(([target, steps]) =>
    steps.filter((step) => !reached.has(step)).map((step) => `via ${target}: no transition leads to step ${step}`),
  );
}
