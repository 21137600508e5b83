/** The checks of the Jira project: what kind it is, and what it tells of who may see its issues. */
import { isServiceError } from "../../domain/service-error.ts";
import { type DoctorSettings, type Finding, right, warn, wrong } from "./sheet.ts";
import type { DoctorTexts, Words } from "./texts/texts.ts";

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
    const others = await othersOf(port);
    return wrong(
      (t) => t.project.unseen(jira.projectKey, t.sheet.error(error)),
      (t) => t.project.correctKey(others(t)),
    );
  }
}

async function othersOf(port: DoctorProjectPort): Promise<Words> {
  const others = await port.listProjects();
  const names = others.map(({ key, name }) => (key === name ? key : `${key} (${name})`));
  return (t) => (names.length === 0 ? t.project.nowhere : t.project.others(names.join(t.report.comma)));
}

/** Whether the project can be mirrored as it is configured; says what kind it is. Throws `ServiceError`. */
export async function checkProject(
  { attachments, jira }: DoctorSettings,
  project: DoctorProject,
  port: DoctorProjectPort,
): Promise<Finding> {
  if (project.isArchived === true) {
    const others = await othersOf(port);
    return wrong(
      (t) => t.project.archived(project.key),
      (t) => t.project.restore(others(t)),
    );
  }
  const isService = project.projectTypeKey === "service_desk";
  if (isService && attachments.toHuawei === "all") {
    return wrong(
      (t) => t.project.allFilesOfService(jira.projectKey),
      (t) => t.project.setAttachments,
    );
  }
  if (project.key !== jira.projectKey) {
    return warn(
      (t) => t.project.renamed(jira.projectKey, project.key),
      (t) => t.project.setKey(project.key),
    );
  }
  return right(({ project: t }) => {
    const { isTeamManaged } = project;
    const managed = isTeamManaged ? t.teamManaged : t.companyManaged;
    return t.is(project.key, kindOf(t, project.projectTypeKey), isTeamManaged === null ? t.managedUntold : managed);
  });
}

function kindOf(t: DoctorTexts["project"], projectTypeKey: string | null): string {
  if (projectTypeKey === null) return t.kindUntold;
  return projectTypeKey === "service_desk" ? t.service : t.kind(projectTypeKey);
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
  if (project === null) return warn((t) => t.project.notRead, null);
  const { isTeamManaged } = project;
  const { levels, shown } = await port.findVisibility();
  const found: Words = ({ project: t }) => {
    const isShown = (is: boolean): string => (is ? t.shown : t.notShown);
    const fields = shown === null ? t.noIssueYet : t.fields(isShown(shown.issuerestriction), isShown(shown.security));
    return t.visibility(t.levels[levels], fields);
  };
  if (shown === null || isTeamManaged === null) return right(found);
  if (isTeamManaged && !shown.issuerestriction)
    return warn(
      (t) => t.project.nothingLeaves(found(t), jira.projectKey),
      (t) => t.project.askAtlassian,
    );
  if (!isTeamManaged && !shown.security && levels !== "none")
    return warn(
      (t) => t.project.nothingLeaves(found(t), jira.projectKey),
      (t) => t.project.showLevel,
    );
  return right(found);
}
