/** The checks of the Jira project: what kind it is, and what it tells of who may see its issues. */
import { isServiceError } from "../../domain/service-error.ts";
import { errorMessage } from "../../observability/scrub.ts";
import { type DoctorSettings, type Finding, right, warn, wrong } from "./sheet.ts";

/** What Jira says of the project; `null` = it does not tell. */
export type DoctorProject = {
  readonly key: string;
  readonly projectTypeKey: string | null;
  readonly isTeamManaged: boolean | null;
  /** It takes no new issue. */
  readonly isArchived?: boolean;
  readonly roles: readonly { readonly id: string; readonly name: string }[];
};

/** What is asked about the project. All calls read only. */
export interface DoctorProjectPort {
  getProject(): Promise<DoctorProject>;
  listProjects(): Promise<readonly { readonly key: string; readonly name: string }[]>;
  findVisibility(): Promise<{
    readonly levels: "none" | "some" | "unknown";
    readonly shown: { readonly security: boolean; readonly issuerestriction: boolean } | null;
  }>;
}

/** The project; or, where our account sees none of that key, what to mend. Throws `ServiceError`. */
export async function findProject({ jira }: DoctorSettings, port: DoctorProjectPort): Promise<DoctorProject | Finding> {
  try {
    return await port.getProject();
  } catch (error) {
    if (!isServiceError(error, "not_found")) throw error;
    return wrong(
      `casebridge's account sees no project ${jira.projectKey}: ${errorMessage(error)}`,
      `Correct JIRA_PROJECT_KEY (jira.projectKey), or give the account Browse Projects there. ${await othersOf(port)}`,
    );
  }
}

async function othersOf(port: DoctorProjectPort): Promise<string> {
  const others = await port.listProjects();
  const names = others.map(({ key, name }) => (key === name ? key : `${key} (${name})`));
  return names.length === 0 ? "It may create issues nowhere." : `It may create issues in: ${names.join(", ")}.`;
}

/** Whether the project can be mirrored as it is configured; says what kind it is. Throws `ServiceError`. */
export async function checkProject(
  { attachments, jira }: DoctorSettings,
  project: DoctorProject,
  port: DoctorProjectPort,
): Promise<Finding> {
  if (project.isArchived === true)
    return wrong(
      `${project.key} is archived: it takes no new issue`,
      `Restore the project in Jira, or set JIRA_PROJECT_KEY (jira.projectKey) to another one. ${await othersOf(port)}`,
    );
  const isService = project.projectTypeKey === "service_desk";
  if (isService && attachments.toHuawei === "all") {
    return wrong(
      `${jira.projectKey} is a service project, where files of internal comments cannot be told apart, and ATTACHMENTS_TO_HUAWEI is all`,
      "Set ATTACHMENTS_TO_HUAWEI (attachments.toHuawei) to referenced or none.",
    );
  }
  if (project.key !== jira.projectKey) {
    return warn(
      `${jira.projectKey} is now called ${project.key}`,
      `Set JIRA_PROJECT_KEY (jira.projectKey) to ${project.key}.`,
    );
  }
  const managed =
    project.isTeamManaged === null
      ? "who manages it is not told"
      : `${project.isTeamManaged ? "team" : "company"}-managed`;
  return right(`${project.key} (${kindOf(project.projectTypeKey)}, ${managed})`);
}

function kindOf(projectTypeKey: string | null): string {
  if (projectTypeKey === null) return "type not told";
  return projectTypeKey === "service_desk" ? "service project" : `${projectTypeKey} project`;
}

/**
 * Whether Jira tells who may see an issue. What cannot be told stays (rule 5), so that a hidden field keeps everything inside, and nobody
 * would know why nothing arrives. Throws `ServiceError`.
 */
export async function checkVisibility(
  { jira }: DoctorSettings,
  port: DoctorProjectPort,
  project: DoctorProject | null,
): Promise<Finding> {
  if (project === null) return warn("not checked, since the project could not be read", null);
  const { isTeamManaged } = project;
  const { levels, shown } = await port.findVisibility();
  const isShown = (is: boolean): string => (is ? "shown" : "not shown");
  const fields =
    shown === null
      ? "no issue yet to see the fields of"
      : `issuerestriction ${isShown(shown.issuerestriction)}, security level ${isShown(shown.security)}`;
  const found = `${levelWords[levels]}; ${fields}`;
  if (shown === null || isTeamManaged === null) return right(found);
  if (isTeamManaged && !shown.issuerestriction)
    return warn(
      `${found}: nothing leaves ${jira.projectKey}, since it cannot be told who may see an issue`,
      "Ask Atlassian why the REST API leaves out issuerestriction for casebridge's account, or mirror into another project.",
    );
  if (!isTeamManaged && !shown.security && levels !== "none")
    return warn(
      `${found}: nothing leaves ${jira.projectKey}, since it cannot be told who may see an issue`,
      "Show Security Level in the project's field configuration, or let casebridge's account see that there are no levels: Administer Projects, or Set Issue Security.",
    );
  return right(found);
}

const levelWords = {
  none: "no security levels",
  some: "has security levels",
  unknown: "casebridge's account may not know whether there are security levels",
} as const;
