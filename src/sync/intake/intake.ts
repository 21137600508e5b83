/**
 * Noticing news: which links have to be looked at. Intake never mirrors anything itself; it raises revisions and moves cursors last.
 *
 * Huawei offers neither an updated-since filter nor events (huawei.md 7), so a round over the cases (`cases.ts`) lists the open ones and
 * those created since the last round in any status (`seen-cases.ts`), wakes what changed, makes links for new ones (`owners.ts` says
 * whose they are, `new-cases.ts` what holds them back), and then polls messages (`cohorts.ts`) and access requests. A round over the issues
 * (`issues.ts`) asks Jira for what was updated within a relative span, so that no time zone can open a gap, then stamps new issues,
 * removes second ones, and takes what asks for a case (`../request`). `sweep.ts` wakes what is due for a full check (rules 3 and 4).
 */
export { intakeCases } from "./cases.ts";
export { intakeIssues } from "./issues.ts";
export { listNewCases } from "./new-cases.ts";
export { isWantedCase } from "./owners.ts";
export { sweep } from "./sweep.ts";
