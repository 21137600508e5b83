/** Messages of watched cases, polled for up to 100 cases with one request (rule 3). */

import type { CaseMessage } from "../../domain/case.ts";
import type { CaseId, LinkId } from "../../domain/ids.ts";
import { watchedAfterCloseMs } from "../../domain/link.ts";
import { knownFingerprints, messageFingerprint } from "../../domain/message-views.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { markIdentity, parseMarkAtStart } from "../../domain/text/marks.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import type { InstantGroup } from "../ports.ts";
import type { CohortState, IntakeLink, WakeUp } from "../state.ts";

/** The links of these cases, by case. Throws nothing of its own. */
export async function findByCase(
  deps: IntakeDeps,
  caseIds: readonly CaseId[],
): Promise<ReadonlyMap<CaseId | null, IntakeLink>> {
  if (caseIds.length === 0) return new Map();
  const links = await deps.state.findLinksByCase(deps.settings.name, [...new Set(caseIds)]);
  return new Map(links.map((link) => [link.caseId, link]));
}

/** Polls messages of all watched cases; wakes those with messages that are not known yet. */
export async function pollCohorts(deps: IntakeDeps, now: Date): Promise<number> {
  const { name } = deps.settings;
  await deps.state.arrangeCohorts(name, new Date(now.getTime() - watchedAfterCloseMs));
  let woken = 0;
  for (let after: string | null = null; ; ) {
    const page: readonly CohortState[] = await deps.state.listCohorts(name, after);
    for (const cohort of page) {
      if (cohort.caseIds.length === 0) continue;
      const answer = await askCohort(deps, cohort, cohort.caseIds);
      const wakeUps = await toWakeUps(deps, cohort, answer);
      const cursors = advanceCursor(cohort, answer, now, deps.settings.settle.messageSeconds * 1000);
      await deps.state.commitCohort(cohort.id, cursors, wakeUps, now);
      woken += wakeUps.length;
    }
    const last = page.at(-1);
    if (last === undefined) return woken;
    after = last.id;
  }
}

/**
 * What the next poll asks from. The cursor trails behind the newest answer by the settle time of messages, so that one which shows
 * late in the poll is still asked for; what was told twice is known by its fingerprint. Pure.
 */
export function advanceCursor(
  cohort: Pick<CohortState, "cursor" | "nextCursor" | "nextCursorAt">,
  answer: Pick<CohortAnswer, "cursor" | "groups">,
  now: Date,
  settleMs: number,
): Pick<CohortState, "cursor" | "nextCursor" | "nextCursorAt"> {
  const { cursor, nextCursor, nextCursorAt } = cohort;
  if (answer.cursor === null) return { cursor, nextCursor, nextCursorAt };
  // The first answer is the ground; after a cut one every case of the cohort is read anyway.
  if (cursor === null || isCut(answer)) return { cursor: answer.cursor, nextCursor: null, nextCursorAt: null };
  const isDue = nextCursorAt !== null && Math.abs(now.getTime() - nextCursorAt.getTime()) >= settleMs;
  if (nextCursor !== null && !isDue) return { cursor, nextCursor, nextCursorAt };
  return { cursor: nextCursor ?? cursor, nextCursor: answer.cursor, nextCursorAt: now };
}

/** Whether the service may have left something out of an answer (rule 3). */
function isCut(answer: Pick<CohortAnswer, "groups">): boolean {
  return (
    answer.groups.filter((group) => group.messages.length > 0).length >= 100 ||
    answer.groups.some((group) => group.messages.length >= 50)
  );
}

type CohortAnswer = {
  readonly groups: readonly InstantGroup[];
  readonly cursor: string | null;
  readonly bad: readonly CaseId[];
};

/**
 * Asks for one cohort. A refused call is bisected until the bad cases stand alone; they are read by themselves, and the rest is asked
 * once more together, so that one bad case does not keep the cursor of the others.
 */
async function askCohort(deps: IntakeDeps, cohort: CohortState, caseIds: readonly CaseId[]): Promise<CohortAnswer> {
  const answer = await bisectCohort(deps, cohort, caseIds);
  const good = caseIds.filter((caseId) => !answer.bad.includes(caseId));
  if (answer.bad.length === 0 || good.length === 0) return answer;
  const rest = await bisectCohort(deps, cohort, good);
  return { ...rest, bad: [...answer.bad, ...rest.bad] };
}

async function bisectCohort(deps: IntakeDeps, cohort: CohortState, caseIds: readonly CaseId[]): Promise<CohortAnswer> {
  try {
    const answer = await deps.huawei.listInstantMessages(caseIds, cohort.cursor, "poll");
    return { ...answer, bad: [] };
  } catch (error) {
    if (!isServiceError(error, "not_found", "forbidden", "rejected", "contract")) throw error;
    const [only] = caseIds;
    if (caseIds.length === 1 && only !== undefined) return { groups: [], cursor: null, bad: [only] };
    const middle = Math.ceil(caseIds.length / 2);
    const left = await bisectCohort(deps, cohort, caseIds.slice(0, middle));
    const right = await bisectCohort(deps, cohort, caseIds.slice(middle));
    return { groups: [...left.groups, ...right.groups], cursor: null, bad: [...left.bad, ...right.bad] };
  }
}

async function toWakeUps(deps: IntakeDeps, cohort: CohortState, answer: CohortAnswer): Promise<readonly WakeUp[]> {
  const named = isCut(answer) ? cohort.caseIds : [...answer.groups.map((group) => group.caseId), ...answer.bad];
  const links = await findByCase(deps, named);
  if (isCut(answer)) {
    return cohort.caseIds.flatMap((caseId) => {
      const link = links.get(caseId);
      return link === undefined ? [] : [{ linkId: link.id, huawei: true, lane: "poll" as const }];
    });
  }
  const involved = answer.groups.flatMap((group) => links.get(group.caseId)?.id ?? []);
  const underWay = await deps.state.listMarksUnderWay(involved);
  const known = await deps.state.countFingerprints(involved);
  const isUnderWay = (linkId: LinkId, { authorKind, content }: CaseMessage): boolean => {
    const own = authorKind === "customer" ? parseMarkAtStart(content) : null;
    return own !== null && underWay.has(`${linkId}|${markIdentity(own.mark)}`);
  };
  const wakeUps: WakeUp[] = [];
  for (const group of answer.groups) {
    const link = links.get(group.caseId);
    if (link === undefined) continue;
    const counts = new Map<string, { times: number; readonly names: Set<string> }>();
    for (const message of group.messages) {
      // A message that a run has just sent is seen by that run itself.
      if (message.isFirst || isUnderWay(link.id, message)) continue;
      const fingerprint = messageFingerprint(message);
      const count = counts.get(fingerprint) ?? { times: 0, names: new Set() };
      count.times += 1;
      for (const name of knownFingerprints(message)) count.names.add(name);
      counts.set(fingerprint, count);
    }
    const countKnown = (names: ReadonlySet<string>): number =>
      [...names].reduce((sum, name) => sum + (known.get(`${link.id}|${name}`) ?? 0), 0);
    const namedMessages = [...counts].flatMap(([fingerprint, { times: timesNamed, names }]) =>
      countKnown(names) < timesNamed ? [fingerprint] : [],
    );
    if (namedMessages.length > 0) wakeUps.push({ linkId: link.id, huawei: true, lane: "poll", namedMessages });
  }
  for (const caseId of answer.bad) {
    const link = links.get(caseId);
    if (link !== undefined) wakeUps.push({ linkId: link.id, huawei: true, lane: "poll" });
  }
  return wakeUps;
}
