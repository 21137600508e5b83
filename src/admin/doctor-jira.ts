/** The checks of the Jira side, and of the mapping that leads there. */
import { isOpenStatus, statusName } from "../domain/case.ts";
import type { StatusCategory } from "../domain/issue.ts";
import type { Lane } from "../sync/ports.ts";
import {
  checkClock,
  type DoctorSettings,
  type Finding,
  formatBytes,
  right,
  type Sheet,
  warn,
  wrong,
} from "./doctor-sheet.ts";

type NamedId = { readonly id: string; readonly name: string };
type Status = NamedId & { readonly category: StatusCategory };

/** What is asked of the Jira side; its client satisfies it. All calls read only. */
export interface DoctorJiraPort {
  getMyself(): Promise<{
    readonly accountId: string;
    readonly accountType?: string | null;
    readonly emailAddress: string | null;
  }>;
  getPermissions(keys: readonly string[]): Promise<Readonly<Record<string, boolean>>>;
  getProject(): Promise<{ readonly key: string; readonly projectTypeKey: string | null }>;
  findIssueType(nameOrId: string): Promise<NamedId | null>;
  listCreateFields(
    issueTypeId: string,
  ): Promise<readonly { readonly fieldId: string; readonly name: string; readonly hasDefault: boolean }[]>;
  listStatuses(): Promise<readonly Status[]>;
  listPriorities(): Promise<readonly NamedId[]>;
  serverTime(): Promise<Date>;
  countIssues(jql: string): Promise<number>;
  getFileSizeMax(lane: Lane): Promise<number>;
}

/** Without these something of the mirroring fails. */
const neededPermissions = [
  "BROWSE_PROJECTS",
  "CREATE_ISSUES",
  "EDIT_ISSUES",
  "TRANSITION_ISSUES",
  "ADD_COMMENTS",
  "EDIT_OWN_COMMENTS",
  "CREATE_ATTACHMENTS",
] as const;
/** Without these a copy made twice has to be removed by hand. */
const usefulPermissions = ["DELETE_OWN_COMMENTS", "DELETE_OWN_ATTACHMENTS"] as const;

/** Fields of a new issue that casebridge fills itself. */
const filledFields: ReadonlySet<string> = new Set([
  "project",
  "issuetype",
  "summary",
  "description",
  "labels",
  "priority",
]);

const categories: readonly string[] = ["new", "indeterminate", "done"] satisfies readonly StatusCategory[];

type JiraInput = { readonly settings: DoctorSettings; readonly port: DoctorJiraPort; readonly now: () => Date };

/** Makes all checks of the Jira side. Never rejects. */
export async function checkJira(sheet: Sheet, { settings, port, now }: JiraInput): Promise<void> {
  await sheet.check("comments to Huawei", async () => checkCommentChoice(settings));
  await sheet.check("Jira clock", () => checkClock(() => port.serverTime(), now));
  await sheet.check("Jira credentials", () => checkAccount(settings, port));
  await sheet.check("Jira project", () => checkProject(settings, port));
  await sheet.check("Jira permissions", () => checkPermissions(port));
  let issueTypeId: string | null = null;
  await sheet.check("Jira issue type", async () => {
    const issueType = await port.findIssueType(settings.jira.issueType);
    issueTypeId = issueType?.id ?? null;
    if (issueType !== null) return right(`${issueType.name} (${issueType.id})`);
    return wrong(
      `project ${settings.jira.projectKey} has no issue type ${settings.jira.issueType} that can be created`,
      "Correct JIRA_ISSUE_TYPE, or add the type to the project.",
    );
  });
  await sheet.check("Jira required fields", () => checkFields(port, issueTypeId));
  await checkStatusMap(sheet, settings, port);
  await sheet.check("Jira priorities", () => checkPriorities(settings, port));
  await sheet.check("Jira file limit", async () => {
    const sizeMaxBytes = await port.getFileSizeMax("live");
    return sizeMaxBytes > 0
      ? right(`files of ${formatBytes(sizeMaxBytes)}`)
      : wrong(
          "attachments are turned off",
          "Turn on attachments in Jira's settings; until then each file is only named in its comment.",
        );
  });
  await sheet.check("requests from Jira", () => checkRequests(settings, port));
}

async function checkAccount({ comments, jira }: DoctorSettings, port: DoctorJiraPort): Promise<Finding> {
  const { accountId, accountType = null, emailAddress } = await port.getMyself();
  const who = `${emailAddress ?? accountId}${accountType === null ? "" : ` (${accountType})`}`;
  if (accountType === "customer") {
    return wrong(
      `${who} is a portal customer of ${jira.host}`,
      "Use an account with a licence for the product, used by nobody else.",
    );
  }
  if (comments.allowAppAccounts.includes(accountId)) {
    return wrong(
      `${who} is listed in comments.allowAppAccounts`,
      "Take casebridge's own account off the list: what it wrote is never news.",
    );
  }
  if (accountType === "app")
    return warn(
      `${who} is an app account`,
      "Use an ordinary account for casebridge: what apps may do changes with their installation.",
    );
  return right(`accepted as ${who}`);
}

async function checkProject({ attachments, jira }: DoctorSettings, port: DoctorJiraPort): Promise<Finding> {
  const project = await port.getProject();
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
  return right(`${project.key} (${project.projectTypeKey ?? "type not told"})`);
}

async function checkPermissions(port: DoctorJiraPort): Promise<Finding> {
  const held = await port.getPermissions([...neededPermissions, ...usefulPermissions]);
  const missing = neededPermissions.filter((key) => held[key] !== true);
  const unhelpful = usefulPermissions.filter((key) => held[key] !== true);
  const remedy =
    "Give casebridge's account these permissions in the project's permission scheme, best through a role of its own.";
  if (missing.length > 0) return wrong(`missing: ${missing.join(", ")}`, remedy);
  if (unhelpful.length > 0) return warn(`missing, though not needed every day: ${unhelpful.join(", ")}`, remedy);
  return right(`all ${neededPermissions.length + usefulPermissions.length} held`);
}

async function checkFields(port: DoctorJiraPort, issueTypeId: string | null): Promise<Finding> {
  if (issueTypeId === null) return warn("not checked, since the issue type is not known", null);
  const fields = await port.listCreateFields(issueTypeId);
  const unfilled = fields.filter((field) => !field.hasDefault && !filledFields.has(field.fieldId));
  if (unfilled.length === 0) return right(`${fields.length} required, all filled or with a default`);
  return wrong(
    `required and not filled: ${unfilled.map((field) => `${field.name} (${field.fieldId})`).join(", ")}`,
    "Give these fields a default value, make them optional, or choose another issue type: no issue could be created.",
  );
}

/** Two checks on one reading: that all targets exist, and that no target would push the two sides back and forth (RULES 6). */
async function checkStatusMap(sheet: Sheet, { status }: DoctorSettings, port: DoctorJiraPort): Promise<void> {
  let statuses: readonly Status[] | null = null;
  await sheet.check("status map", async () => {
    statuses = await port.listStatuses();
    const missing = findMissingStatuses(status, statuses);
    if (missing.length === 0)
      return right(`${Object.keys(status.toJira).length} case statuses lead to statuses of the workflow`);
    const known = statuses.map((one) => `${one.name} (${one.id}, ${one.category})`).join(", ");
    return wrong(
      missing.join("; "),
      `Correct status.toJira or status.via in the configuration, or the workflow. It has: ${known}.`,
    );
  });
  await sheet.check("status oscillation", async () => {
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
  });
}

type StatusMap = DoctorSettings["status"];

function findMissingStatuses(status: StatusMap, statuses: readonly Status[]): string[] {
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
  return missing;
}

/** Number of a case status, and the category that its target has in this workflow; `null` where the target does not exist. */
function toCategories(
  status: StatusMap,
  statuses: readonly Status[],
): { number: number; category: StatusCategory | null; target: string }[] {
  return Object.entries(status.toJira).map(([number, target]) => {
    if ("category" in target)
      return { number: Number(number), category: target.category, target: `category ${target.category}` };
    const found = statuses.find(({ id }) => id === target.statusId);
    return {
      number: Number(number),
      category: found?.category ?? null,
      target: `${found?.name ?? "status"} (${target.statusId})`,
    };
  });
}

function findOscillations(status: StatusMap, statuses: readonly Status[]): string[] {
  return toCategories(status, statuses)
    .filter(({ number, category }) => category !== null && isOpenStatus(number) === (category === "done"))
    .map(({ number, category, target }) => {
      const state = isOpenStatus(number) ? "open" : "closed";
      return `a case that is ${state} (status ${number}) leads to ${target}, which is ${category}`;
    });
}

function findDetours(status: StatusMap, statuses: readonly Status[]): string[] {
  const categoryOf = (id: string) => statuses.find((one) => one.id === id)?.category ?? null;
  return Object.entries(status.via)
    .filter(([target]) => (categories.includes(target) ? target : categoryOf(target)) !== "done")
    .flatMap(([target, steps]) =>
      steps
        .filter((step) => categoryOf(step) === "done")
        .map((step) => `via ${target} passes through ${step}, which is done`),
    );
}

async function checkPriorities({ priority }: DoctorSettings, port: DoctorJiraPort): Promise<Finding> {
  const known = await port.listPriorities();
  const names = new Set(known.flatMap(({ id, name }) => [id, name.toLowerCase()]));
  const missing = [...new Set(Object.values(priority))].filter((name) => !names.has(name.toLowerCase()));
  if (missing.length === 0)
    return right(Object.keys(priority).length === 0 ? "no map: Jira's default is used" : "all mapped ones exist");
  return wrong(
    `no priority named ${missing.join(", ")}`,
    `Correct priority in the configuration. Jira has: ${known.map(({ name }) => name).join(", ")}.`,
  );
}

async function checkRequests({ create: { jql }, jira }: DoctorSettings, port: DoctorJiraPort): Promise<Finding> {
  const count = await port.countIssues(`project = "${jira.projectKey}" AND (${jql})`);
  return right(count === 0 ? "none wait to become a case" : `about ${count} match and may wait to become a case`);
}

function checkCommentChoice({ comments }: DoctorSettings): Finding {
  if (comments.toHuaweiChosen) return right(`COMMENTS_TO_HUAWEI is ${comments.toHuawei}`);
  return wrong(
    "COMMENTS_TO_HUAWEI is not set; the worker will not start",
    "Choose all (every comment that no rule holds back), command (only comments that start with /case) or none.",
  );
}
