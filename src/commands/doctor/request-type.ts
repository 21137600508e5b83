/** The check of a service project's request types: an issue without one stands in no queue. */
import { findByNameOrId } from "../../domain/named-id.ts";
import { possibleValues } from "../../domain/value-rule.ts";
import type { DoctorProject } from "./project.ts";
import { type DoctorSettings, type Finding, right, warn, wrong } from "./sheet.ts";
import type { DoctorTexts } from "./texts/texts.ts";

/** What is asked about request types. Reads only. */
export interface DoctorRequestPort {
  /** `null`: the project has no service desk, or our account may not ask. */
  listRequestTypes(): Promise<
    readonly { readonly id: string; readonly name: string; readonly issueTypeId: string | null }[] | null
  >;
}

/** Whether new issues become requests that stand in a queue. `issueTypeIds`: the types that they may have. Throws `ServiceError`. */
export async function checkRequestType(
  { issue, jira }: DoctorSettings,
  port: DoctorRequestPort,
  { project, issueTypeIds }: { readonly project: DoctorProject | null; readonly issueTypeIds: readonly string[] },
): Promise<Finding> {
  const isService = project?.projectTypeKey === "service_desk";
  if (issue.requestType === null) {
    if (!isService) return right((t) => t.request.notNeeded);
    const types = await port.listRequestTypes();
    const fitting = (types ?? []).filter((type) => fits(type, issueTypeIds));
    return warn(
      (t) => t.request.none,
      (t) => (fitting.length === 0 ? t.request.set : t.request.setOneOf(named(t, fitting))),
    );
  }
  if (project !== null && !isService)
    return wrong(
      (t) => t.request.noService(jira.projectKey),
      (t) => t.request.takeOut,
    );
  const types = await port.listRequestTypes();
  if (types === null)
    return warn(
      (t) => t.request.untold,
      (t) => t.request.giveAgent,
    );
  const wanted = [...new Set(possibleValues(issue.requestType))].filter((text) => !text.includes("{value}"));
  const unknown = wanted.filter((text) => findByNameOrId(types, text) === null);
  if (unknown.length > 0)
    return wrong(
      (t) => t.request.unknown(jira.projectKey, unknown.join(t.report.comma)),
      (t) => t.request.correct(named(t, types)),
    );
  const misfits = wanted
    .flatMap((text) => findByNameOrId(types, text) ?? [])
    .filter((type) => !fits(type, issueTypeIds));
  if (misfits.length > 0)
    return wrong(
      (t) => t.request.misfit(named(t, misfits)),
      (t) =>
        t.request.setType(
          misfits.map(({ issueTypeId }) => issueTypeId).join(t.report.comma),
          named(
            t,
            types.filter((type) => fits(type, issueTypeIds)),
          ),
        ),
    );
  const chosen = wanted.flatMap((text) => findByNameOrId(types, text) ?? []);
  return right((t) => named(t, chosen));
}

type Told = { readonly id: string; readonly name: string; readonly issueTypeId: string | null };

function fits({ issueTypeId }: Told, issueTypeIds: readonly string[]): boolean {
  return issueTypeId === null || issueTypeIds.length === 0 || issueTypeIds.includes(issueTypeId);
}

function named(t: DoctorTexts, types: readonly Told[]): string {
  return types.map(({ id, name }) => `${id} ${name}`).join(t.report.comma);
}
