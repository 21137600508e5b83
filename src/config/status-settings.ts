/** How statuses map. */
import { isOpenStatus } from "../domain/case.ts";
import type { StatusCategory } from "../domain/issue.ts";
import type { StatusSettings, StatusTarget } from "../domain/settings.ts";
import type { ConnectionInput } from "./file-schema.ts";
import type { Scope } from "./scope.ts";

/** Case status → category, where the file does not say otherwise (rule 11). */
const defaultStatusMap: Readonly<Record<number, { readonly category: StatusCategory }>> = Object.freeze({
  0: { category: "new" },
  1: { category: "indeterminate" },
  2: { category: "indeterminate" },
  5: { category: "indeterminate" },
  17: { category: "indeterminate" },
  3: { category: "done" },
  4: { category: "done" },
  12: { category: "done" },
  13: { category: "done" },
});

/** The map, the ways and the fields; `null` = what misses is reported. */
export function buildStatus(
  scope: Scope,
  section: NonNullable<ConnectionInput["status"]>,
): Required<StatusSettings> | null {
  const closeOnDone = scope.pick("CLOSE_ON_DONE", section.closeOnDone);
  const toJira: Record<number, StatusTarget> = { ...defaultStatusMap };
  for (const [key, target] of Object.entries(section.toJira ?? {})) {
    const number = Number(key);
    if ("category" in target) failOscillation(scope, number, target.category);
    toJira[number] = "category" in target ? target : { statusId: String(target.statusId) };
  }
  const via = Object.entries(section.via ?? {}).map(([target, steps]) => [target, steps.map(String)] as const);
  const fields = Object.entries(section.fields ?? {}).map(
    ([target, values]) =>
      [target, Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]))] as const,
  );
  if (closeOnDone === null) return null;
  return { toJira, via: Object.fromEntries(via), closeOnDone, fields: Object.fromEntries(fields) };
}

/**
 * An open case must not lead to done, nor a closed one away from it: casebridge would move the issue, take its own move
 * for the wish to close (or to take up) the case, act on it, and so on (rule 6). An unknown number counts as open.
 * Where a map names a status by id its category is not known here; `doctor` and the worker's start look it up.
 */
function failOscillation(scope: Scope, status: number, category: StatusCategory): void {
  const isClosed = !isOpenStatus(status);
  if (isClosed === (category === "done")) return;
  const state = isClosed ? "closed" : "open";
  scope.fail(["status", "toJira", String(status), "category"], {
    kind: "unsafe",
    message: `leads a case that is ${state} (status ${status}) to category ${category}: the two sides would push each other back and forth`,
    remedy: isClosed
      ? "Lead statuses 3, 4, 12 and 13 to done."
      : "Lead open statuses (all but 3, 4, 12 and 13) to new or indeterminate.",
  });
}
