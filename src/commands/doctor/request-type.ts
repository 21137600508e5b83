/** The check of a service project's request types: an issue without one stands in no queue. */
import { findByNameOrId } from "../../domain/named-id.ts";
import { possibleValues } from "../../domain/value-rule.ts";
import type { DoctorProject } from "./project.ts";
import { type DoctorSettings, type Finding, right, warn, wrong } from "./sheet.ts";

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
    if (!isService) return right("none needed: no service project");
    const types = await port.listRequestTypes();
    const fitting = (types ?? []).filter((type) => fits(type, issueTypeIds));
    return warn(
      "new issues have no request type, so they stand in no queue of the service project",
      `Set issue.requestType in casebridge.yaml${fitting.length === 0 ? "" : ` to one of: ${named(fitting)}`}.`,
    );
  }
  if (project !== null && !isService)
    return wrong(
      `issue.requestType is set, and ${jira.projectKey} is no service project`,
      "Take issue.requestType out.",
    );
  const types = await port.listRequestTypes();
  if (types === null)
    return warn(
      "Jira does not tell the request types, so issue.requestType was not checked",
      "Give casebridge's account the role of an agent in the service project, or make sure that issue.requestType is an id.",
    );
  const wanted = [...new Set(possibleValues(issue.requestType))].filter((text) => !text.includes("{value}"));
  const unknown = wanted.filter((text) => findByNameOrId(types, text) === null);
  if (unknown.length > 0)
    return wrong(
      `${jira.projectKey} has no request type ${unknown.join(", ")}`,
      `Correct issue.requestType in casebridge.yaml. The project has: ${named(types)}.`,
    );
  const misfits = wanted
    .flatMap((text) => findByNameOrId(types, text) ?? [])
    .filter((type) => !fits(type, issueTypeIds));
  if (misfits.length > 0)
    return wrong(
      `${named(misfits)} is for issues of another type than the configured one`,
      `Set issue.type to the type of that request type (${misfits.map(({ issueTypeId }) => issueTypeId).join(", ")}), or choose one of: ${named(types.filter((type) => fits(type, issueTypeIds)))}.`,
    );
  return right(named(wanted.flatMap((text) => findByNameOrId(types, text) ?? [])));
}

type Told = { readonly id: string; readonly name: string; readonly issueTypeId: string | null };

function fits({ issueTypeId }: Told, issueTypeIds: readonly string[]): boolean {
  return issueTypeId === null || issueTypeIds.length === 0 || issueTypeIds.includes(issueTypeId);
}

function named(types: readonly Told[]): string {
  return types.map(({ id, name }) => `${id} ${name}`).join(", ");
}
