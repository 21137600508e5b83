/** Forty Jira projects as people have them, on one simulated site: what each demands, lacks, and is called. */
import type { JiraSettings, ProjectSeed } from "../../simulators/jira/index.ts";

type Settings = JiraSettings["projectSettings"][string];
type Field = NonNullable<Settings["screenFields"]>[number];
type Kind = Field["kind"];

/** A project, and what an administrator has made of it. */
export type ProjectShape = {
  readonly key: string;
  /** What is special about it. */
  readonly what: string;
  readonly seed: Omit<ProjectSeed, "key">;
  readonly settings: Settings;
  /** It was called so when it was configured. */
  readonly formerKey?: string;
};

/** The kinds of fields that create screens have. */
const kinds: readonly Kind[] = [
  "string",
  "adf",
  "number",
  "date",
  "datetime",
  "option",
  "options",
  "cascade",
  "user",
  "users",
  "labels",
  "named",
];

const english: Readonly<Record<Kind, string>> = {
  string: "Contract",
  adf: "Background",
  number: "Affected users",
  date: "Needed by",
  datetime: "Began at",
  option: "Impact",
  options: "Environments",
  cascade: "Site",
  user: "Owner",
  users: "Approvers",
  labels: "Tags",
  named: "Components",
};
const german: Readonly<Record<Kind, string>> = {
  string: "Vertragsnummer",
  adf: "Hintergrund",
  number: "Betroffene Nutzer",
  date: "Fällig am",
  datetime: "Begonnen um",
  option: "Auswirkung",
  options: "Umgebungen",
  cascade: "Standort",
  user: "Verantwortliche Person",
  users: "Genehmigende",
  labels: "Schlagwörter",
  named: "Komponenten",
};
const chinese: Readonly<Record<Kind, string>> = {
  string: "合同编号",
  adf: "背景",
  number: "受影响用户数",
  date: "截止日期",
  datetime: "开始时间",
  option: "影响程度",
  options: "环境",
  cascade: "站点",
  user: "负责人",
  users: "审批人",
  labels: "标签组",
  named: "组件",
};

/** The ids of fields begin where those of every site end; each project has its own. */
let nextId = 11_000;

function field(kind: Kind, name: string, id = `customfield_${nextId++}`): Field {
  const option = (value: string) => ({ id: `${nextId++}`, value });
  const options =
    kind === "option" || kind === "options" || kind === "named"
      ? [option("Klein"), option("大"), option("Medium; large")]
      : kind === "cascade"
        ? [{ ...option("Europe"), children: [option("Paris"), option("Köln")] }]
        : [];
  return { id, name, kind, options };
}

const all = (names: Readonly<Record<Kind, string>>): readonly Field[] =>
  kinds.map((kind) => field(kind, names[kind], kind === "named" ? "components" : undefined));

const demanding = (fields: readonly Field[]): Settings => ({
  screenFields: fields,
  requiredFields: fields.map(({ id }) => id),
});

const request = (id: string, name: string, issueTypeId: string) => ({ id, name, issueTypeId });
const desk = { workflow: "desk", projectTypeKey: "service_desk" } as const;
const cause = field("string", "Root cause");
const grade = field("option", "Abschlussgrad");
const pair = [field("string", "Region"), field("string", "Region")];

const shapes: readonly Omit<ProjectShape, "key">[] = [
  ...kinds.map((kind) => ({
    what: `a required field of kind ${kind}`,
    seed: {},
    settings: demanding([field(kind, english[kind], kind === "named" ? "components" : undefined)]),
  })),
  { what: "all kinds of fields required", seed: {}, settings: demanding(all(english)) },
  { what: "German names of fields", seed: { name: "Betrieb" }, settings: demanding(all(german)) },
  { what: "Chinese names of fields", seed: { name: "运维" }, settings: demanding(all(chinese)) },
  {
    what: "versions required",
    seed: {},
    settings: demanding([
      field("named", "Affects versions", "versions"),
      field("named", "Fix versions", "fixVersions"),
    ]),
  },
  { what: "three fields of one name, two of them required", seed: {}, settings: demanding(pair) },
  { what: "a system field required", seed: {}, settings: { requiredFields: ["duedate"] } },
  { what: "a person required as assignee", seed: {}, settings: { requiredFields: ["assignee"] } },
  { what: "no labels on the create screen", seed: {}, settings: { fieldsOffCreateScreen: ["labels"] } },
  { what: "no description on the create screen", seed: {}, settings: { fieldsOffCreateScreen: ["description"] } },
  {
    what: "nothing but a summary on the create screen",
    seed: {},
    settings: { fieldsOffCreateScreen: ["labels", "description", "priority", "assignee", "duedate"] },
  },
  { what: "no description on any screen", seed: {}, settings: { fieldsOffScreen: ["description"] } },
  { what: "no priority on any screen", seed: {}, settings: { fieldsOffScreen: ["priority"] } },
  {
    what: "a service project with request types",
    seed: desk,
    settings: { requestTypes: [request("25", "Ask a question", "10002"), request("26", "Report a fault", "10002")] },
  },
  {
    what: "a service project whose requests are of one type that has another name",
    seed: { ...desk, issueTypeIds: ["10009"] },
    settings: { requestTypes: [request("31", "报告故障", "10009")] },
  },
  {
    what: "a service project with required fields",
    seed: desk,
    settings: { ...demanding(all(german)), requestTypes: [request("41", "Störung melden", "10002")] },
  },
  {
    what: "a service project whose request types belong to several issue types",
    seed: desk,
    settings: { requestTypes: [request("51", "Bug", "10004"), request("52", "Hilfe", "10002")] },
  },
  { what: "only bugs", seed: { issueTypeIds: ["10004"] }, settings: {} },
  { what: "a workflow that leads to done step by step", seed: { workflow: "step" }, settings: {} },
  { what: "a resolution asked for at the end", seed: {}, settings: { doneRequiresResolution: true } },
  {
    what: "a field asked for at the end",
    seed: {},
    settings: { screenFields: [cause], doneRequiresFields: [cause.id] },
  },
  {
    what: "a resolution and a choice asked for at the end, step by step",
    seed: { workflow: "step" },
    settings: { screenFields: [grade], doneRequiresFields: [grade.id], doneRequiresResolution: true },
  },
  { what: "two ways to be done", seed: { workflow: "outcomes" }, settings: { doneRequiresResolution: true } },
  { what: "issues with a security level", seed: {}, settings: { defaultSecurityLevelId: "10100" } },
  { what: "team-managed", seed: { teamManaged: true }, settings: {} },
  { what: "team-managed with required fields", seed: { teamManaged: true }, settings: demanding(all(chinese)) },
  { what: "archived", seed: {}, settings: { archived: true } },
  { what: "renamed since", seed: {}, settings: demanding([field("option", "Impact")]), formerKey: "OLDNAME" },
  {
    what: "everything at once",
    seed: { workflow: "step" },
    settings: {
      ...demanding(all(german)),
      fieldsOffCreateScreen: ["labels", "description"],
      doneRequiresResolution: true,
      defaultSecurityLevelId: "10101",
    },
  },
];

/** The forty. */
export const projectShapes: readonly ProjectShape[] = shapes.map((shape, at) => ({
  key: `P${String(at + 1).padStart(2, "0")}`,
  ...shape,
}));

/** A project that takes new issues, for the one that is archived. */
export const spareProject: ProjectSeed = { key: "SPARE", name: "Another one" };
