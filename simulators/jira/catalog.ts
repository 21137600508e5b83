import { stableUuid } from "../base/random.ts";

/** A name in the languages the stand-in can answer in. */
export interface LocalName {
  readonly en: string;
  readonly zh: string;
}

/** Status categories with Jira's fixed ids and keys. */
export const STATUS_CATEGORIES = [
  { id: 1, key: "undefined", colorName: "medium-gray", name: { en: "No Category", zh: "无类别" }, api: "TODO" },
  { id: 2, key: "new", colorName: "blue-gray", name: { en: "To Do", zh: "待办" }, api: "TODO" },
  { id: 4, key: "indeterminate", colorName: "yellow", name: { en: "In Progress", zh: "正在进行" }, api: "IN_PROGRESS" },
  { id: 3, key: "done", colorName: "green", name: { en: "Done", zh: "完成" }, api: "DONE" },
] as const;

/** Key of a status category a status can have. */
export type CategoryKey = "new" | "indeterminate" | "done";

/** A status of some workflow. */
export interface StatusDef {
  readonly id: string;
  readonly name: LocalName;
  readonly category: CategoryKey;
}

/** Statuses of all workflows. Ids are opaque, as on a real site. */
export const STATUSES: readonly StatusDef[] = [
  { id: "1", name: { en: "Open", zh: "开放" }, category: "new" },
  { id: "3", name: { en: "In Progress", zh: "处理中" }, category: "indeterminate" },
  { id: "5", name: { en: "Resolved", zh: "已解决" }, category: "done" },
  { id: "6", name: { en: "Closed", zh: "已关闭" }, category: "done" },
  { id: "10000", name: { en: "To Do", zh: "待处理" }, category: "new" },
  { id: "10001", name: { en: "Done", zh: "已完成" }, category: "done" },
  { id: "10012", name: { en: "In Review", zh: "审核中" }, category: "indeterminate" },
  { id: "10030", name: { en: "Waiting for support", zh: "等待支持" }, category: "indeterminate" },
  { id: "10031", name: { en: "Waiting for customer", zh: "等待客户" }, category: "indeterminate" },
  { id: "10040", name: { en: "Cancelled", zh: "已取消" }, category: "done" },
];

/** A workflow step; `from` null means from every status but the target itself. */
export interface TransitionDef {
  readonly id: string;
  readonly name: LocalName;
  readonly from: readonly string[] | null;
  readonly to: string;
}

/** A workflow: where new issues start and which steps exist. */
export interface Workflow {
  readonly statusIds: readonly string[];
  readonly initial: string;
  readonly transitions: readonly TransitionDef[];
}

/** The workflows a project can have: `direct`, `step` (Done only through review), `desk`, `outcomes` (two ways to be done). */
export const WORKFLOWS = {
  outcomes: {
    statusIds: ["10000", "3", "10040", "10001"],
    initial: "10000",
    transitions: [
      { id: "3", name: { en: "Cancel", zh: "取消" }, from: null, to: "10040" },
      { id: "4", name: { en: "Start", zh: "开始" }, from: null, to: "3" },
      { id: "5", name: { en: "Finish", zh: "完成" }, from: null, to: "10001" },
    ],
  },
  direct: {
    statusIds: ["10000", "3", "10012", "10001"],
    initial: "10000",
    transitions: [
      { id: "11", name: { en: "To Do", zh: "待处理" }, from: null, to: "10000" },
      { id: "21", name: { en: "In Progress", zh: "处理中" }, from: null, to: "3" },
      { id: "31", name: { en: "In Review", zh: "审核中" }, from: null, to: "10012" },
      { id: "41", name: { en: "Done", zh: "完成" }, from: null, to: "10001" },
    ],
  },
  step: {
    statusIds: ["10000", "3", "10012", "10001"],
    initial: "10000",
    transitions: [
      { id: "4", name: { en: "Start", zh: "开始" }, from: ["10000"], to: "3" },
      { id: "5", name: { en: "Stop", zh: "停止" }, from: ["3"], to: "10000" },
      { id: "711", name: { en: "Send to review", zh: "送审" }, from: ["3"], to: "10012" },
      { id: "721", name: { en: "Back to work", zh: "退回" }, from: ["10012"], to: "3" },
      { id: "731", name: { en: "Approve", zh: "批准" }, from: ["10012"], to: "10001" },
      { id: "741", name: { en: "Reopen", zh: "重新打开" }, from: ["10001"], to: "3" },
    ],
  },
  desk: {
    statusIds: ["1", "10030", "10031", "5", "6"],
    initial: "1",
    transitions: [
      { id: "851", name: { en: "Respond to customer", zh: "答复客户" }, from: ["1", "10030"], to: "10031" },
      { id: "861", name: { en: "Respond to support", zh: "答复支持" }, from: ["1", "10031", "5"], to: "10030" },
      { id: "761", name: { en: "Resolve", zh: "解决" }, from: ["1", "10030", "10031"], to: "5" },
      { id: "891", name: { en: "Close", zh: "关闭" }, from: ["5"], to: "6" },
      { id: "901", name: { en: "Reopen", zh: "重新打开" }, from: ["5", "6"], to: "10030" },
    ],
  },
} as const satisfies Record<string, Workflow>;

/** Name of a built-in workflow. */
export type WorkflowName = keyof typeof WORKFLOWS;

/** An issue type. */
export interface IssueTypeDef {
  readonly id: string;
  readonly name: LocalName;
}

/** Issue types of all projects. */
export const ISSUE_TYPES: readonly IssueTypeDef[] = [
  { id: "10002", name: { en: "Task", zh: "任务" } },
  { id: "10004", name: { en: "Bug", zh: "缺陷" } },
  { id: "10009", name: { en: "Service Request", zh: "服务请求" } },
];

/** Priorities with Jira's usual ids. */
export const PRIORITIES = [
  { id: "1", name: { en: "Highest", zh: "最高" }, color: "#d04437", isDefault: false },
  { id: "2", name: { en: "High", zh: "高" }, color: "#f15C75", isDefault: false },
  { id: "3", name: { en: "Medium", zh: "中" }, color: "#f79232", isDefault: true },
  { id: "4", name: { en: "Low", zh: "低" }, color: "#707070", isDefault: false },
  { id: "5", name: { en: "Lowest", zh: "最低" }, color: "#999999", isDefault: false },
] as const;

/** Resolutions. */
export const RESOLUTIONS = [
  { id: "10000", name: { en: "Done", zh: "完成" }, isDefault: true },
  { id: "10001", name: { en: "Won't Do", zh: "不做" }, isDefault: false },
  { id: "10002", name: { en: "Duplicate", zh: "重复" }, isDefault: false },
] as const;

/** Issue security levels a person can set. */
export const SECURITY_LEVELS = [
  { id: "10100", name: "Internal", description: "Staff only" },
  { id: "10101", name: "Management", description: "Management only" },
] as const;

/** A value of a select field or of `named`; `children` only below a cascade. */
export interface FieldOption {
  readonly id: string;
  readonly value: string;
  readonly children?: readonly FieldOption[];
}

/** A field on every screen besides those that each issue has: an administrator's own, or `components`, `versions`, `fixVersions`. */
export interface ScreenFieldDef {
  readonly id: string;
  readonly name: string;
  readonly kind: FieldKind;
  readonly options: readonly FieldOption[];
}

/** Custom fields of every site: one line of text, a select list, rich text. */
export const CUSTOM_FIELDS: readonly ScreenFieldDef[] = [
  { id: "customfield_10050", name: "Region", kind: "string", options: [] },
  {
    id: "customfield_10051",
    name: "Product",
    kind: "option",
    options: [
      { id: "10200", value: "Elastic Cloud Server" },
      { id: "10201", value: "Object Storage Service" },
      { id: "10202", value: "Virtual Private Cloud" },
    ],
  },
  { id: "customfield_10052", name: "Details", kind: "adf", options: [] },
];

/** A request type of a service project: what a customer can ask for, and the issue type of such requests. */
export interface RequestTypeDef {
  readonly id: string;
  readonly name: string;
  readonly issueTypeId: string;
}

/** The field that makes an issue a request of some type; only sites with Jira Service Management have it (jira.md 6). */
export const REQUEST_TYPE_FIELD = "customfield_10010";

/** How Jira describes each kind: type, type of the items, and the key of its custom field type. */
export const FIELD_SCHEMAS = {
  string: { type: "string", custom: "textfield" },
  adf: { type: "string", custom: "textarea" },
  number: { type: "number", custom: "float" },
  date: { type: "date", custom: "datepicker" },
  datetime: { type: "datetime", custom: "datetime" },
  option: { type: "option", custom: "select" },
  options: { type: "array", items: "option", custom: "multiselect" },
  cascade: { type: "option-with-child", custom: "cascadingselect" },
  user: { type: "user", custom: "userpicker" },
  users: { type: "array", items: "user", custom: "multiuserpicker" },
  labels: { type: "array", items: "string", custom: "labels" },
  named: { type: "array", items: "version", custom: "multiversion" },
} as const satisfies Readonly<Record<string, { type: string; items?: string; custom: string }>>;

/** What a field of the screens holds; `named`: components and versions; `cascade`: an option with one below it. */
export type FieldKind = keyof typeof FIELD_SCHEMAS;

/** An account. */
export interface Account {
  readonly accountId: string;
  readonly accountType: "atlassian" | "app" | "customer" | "unknown";
  /** People change theirs. */
  displayName: string;
  readonly email: string;
  readonly active: boolean;
  readonly timeZone: string;
}

/** The accounts of the site: the bot first, then people, a portal customer, and one app. */
export function makeAccounts(seed: number, botEmail: string): Account[] {
  const row = (name: string, type: Account["accountType"], email: string, timeZone: string): Account => ({
    accountId: type === "app" ? `557058:${stableUuid(`${seed}/${name}`)}` : `712020:${stableUuid(`${seed}/${name}`)}`,
    accountType: type,
    displayName: name,
    email,
    active: true,
    timeZone,
  });
  return [
    row("Casebridge Bot", "atlassian", botEmail, "Etc/UTC"),
    row("Ada Byron", "atlassian", "ada@example.com", "Europe/London"),
    row("李明", "atlassian", "liming@example.com", "Asia/Shanghai"),
    row("Grace Park", "atlassian", "grace@example.com", "America/New_York"),
    row("Carla Customer", "customer", "carla@customer.example.com", "Europe/Berlin"),
    row("Automation for Jira", "app", "automation@app.example.com", "Etc/UTC"),
    // The third type that the documents name besides people and apps is not described (UserDetails.accountType).
    row("Somebody", "unknown", "somebody@example.com", "Etc/UTC"),
  ];
}

/** A project to start the site with. */
export interface ProjectSeed {
  readonly key: string;
  readonly name?: string;
  readonly workflow?: WorkflowName;
  readonly projectTypeKey?: "software" | "service_desk" | "business";
  /** No security levels, issues restricted by role (jira.md 6). */
  readonly teamManaged?: boolean;
  readonly issueTypeIds?: readonly string[];
}

/** A project of the site. */
export interface ProjectDef {
  readonly id: string;
  readonly key: string;
  /** Keys that it had before; they go on leading to it. */
  readonly formerKeys: readonly string[];
  readonly name: string;
  readonly workflow: Workflow;
  readonly projectTypeKey: "software" | "service_desk" | "business";
  readonly teamManaged: boolean;
  readonly issueTypeIds: readonly string[];
}

/** Projects of a site without wishes: OPS (every step allowed), STEP (only step by step), DESK (service project), TEAM (team-managed). */
export const DEFAULT_PROJECTS: readonly ProjectSeed[] = [
  { key: "OPS", name: "Operations", workflow: "direct" },
  { key: "STEP", name: "Step by step", workflow: "step" },
  { key: "DESK", name: "Service desk", workflow: "desk", projectTypeKey: "service_desk" },
  { key: "TEAM", name: "A team's own", workflow: "direct", teamManaged: true },
];

/** Turns seeds into projects with ids. */
export function makeProjects(seeds: readonly ProjectSeed[]): ProjectDef[] {
  return seeds.map((seed, index) => ({
    id: String(10_000 + index * 3),
    key: seed.key,
    formerKeys: [],
    name: seed.name ?? seed.key,
    workflow: WORKFLOWS[seed.workflow ?? (seed.projectTypeKey === "service_desk" ? "desk" : "direct")],
    projectTypeKey: seed.projectTypeKey ?? "software",
    teamManaged: seed.teamManaged ?? false,
    issueTypeIds: seed.issueTypeIds ?? ISSUE_TYPES.map((type) => type.id),
  }));
}

/** System fields of issues: id, name, schema type, whether the navigator shows it by default. */
export const SYSTEM_FIELDS = [
  { id: "summary", name: "Summary", type: "string", navigable: true },
  { id: "description", name: "Description", type: "string", navigable: true },
  { id: "project", name: "Project", type: "project", navigable: true },
  { id: "issuetype", name: "Issue Type", type: "issuetype", navigable: true },
  { id: "status", name: "Status", type: "status", navigable: true },
  { id: "statusCategory", name: "Status Category", type: "statusCategory", navigable: true },
  { id: "statuscategorychangedate", name: "Status Category Changed", type: "datetime", navigable: true },
  { id: "resolution", name: "Resolution", type: "resolution", navigable: true },
  { id: "resolutiondate", name: "Resolved", type: "datetime", navigable: true },
  { id: "priority", name: "Priority", type: "priority", navigable: true },
  { id: "labels", name: "Labels", type: "array", navigable: true },
  { id: "assignee", name: "Assignee", type: "user", navigable: true },
  { id: "reporter", name: "Reporter", type: "user", navigable: true },
  { id: "creator", name: "Creator", type: "user", navigable: true },
  { id: "created", name: "Created", type: "datetime", navigable: true },
  { id: "updated", name: "Updated", type: "datetime", navigable: true },
  { id: "duedate", name: "Due date", type: "date", navigable: true },
  { id: "security", name: "Security Level", type: "securitylevel", navigable: true },
  { id: "issuerestriction", name: "Restrict to", type: "issuerestriction", navigable: true },
  { id: "comment", name: "Comment", type: "comments-page", navigable: false },
  { id: "attachment", name: "Attachment", type: "array", navigable: false },
  { id: "issuelinks", name: "Linked Issues", type: "array", navigable: true },
  { id: "subtasks", name: "Sub-tasks", type: "array", navigable: true },
] as const;

/** Permission keys that `mypermissions` knows, with Jira's ids. */
export const PERMISSIONS = [
  { id: "10", key: "BROWSE_PROJECTS", name: "Browse Projects" },
  { id: "11", key: "CREATE_ISSUES", name: "Create Issues" },
  { id: "12", key: "EDIT_ISSUES", name: "Edit Issues" },
  { id: "46", key: "TRANSITION_ISSUES", name: "Transition Issues" },
  { id: "13", key: "ASSIGN_ISSUES", name: "Assign Issues" },
  { id: "30", key: "MODIFY_REPORTER", name: "Modify Reporter" },
  { id: "21", key: "LINK_ISSUES", name: "Link Issues" },
  { id: "16", key: "DELETE_ISSUES", name: "Delete Issues" },
  { id: "15", key: "ADD_COMMENTS", name: "Add Comments" },
  { id: "37", key: "EDIT_OWN_COMMENTS", name: "Edit Own Comments" },
  { id: "34", key: "EDIT_ALL_COMMENTS", name: "Edit All Comments" },
  { id: "36", key: "DELETE_OWN_COMMENTS", name: "Delete Own Comments" },
  { id: "35", key: "DELETE_ALL_COMMENTS", name: "Delete All Comments" },
  { id: "19", key: "CREATE_ATTACHMENTS", name: "Create Attachments" },
  { id: "39", key: "DELETE_OWN_ATTACHMENTS", name: "Delete Own Attachments" },
  { id: "38", key: "DELETE_ALL_ATTACHMENTS", name: "Delete All Attachments" },
  { id: "26", key: "SET_ISSUE_SECURITY", name: "Set Issue Security" },
  { id: "23", key: "ADMINISTER_PROJECTS", name: "Administer Projects" },
  { id: "0", key: "ADMINISTER", name: "Administer Jira" },
  { id: "27", key: "USER_PICKER", name: "Browse users and groups" },
] as const;
