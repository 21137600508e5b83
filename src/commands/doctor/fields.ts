/** The fields of a new issue against the create screens that it meets: what is missing, what fits nothing, and the lines to write. */
import {
  allowedText,
  fieldLabel,
  fieldProblem,
  findScreenField,
  type ScreenField,
  valueProblem,
} from "../../domain/create-screen.ts";
import { possibleValues, type ValueRule } from "../../domain/value-rule.ts";
import { type DoctorSettings, type Finding, right, warn, wrong } from "./sheet.ts";

/** Fields of a new issue that casebridge always fills itself. */
const ownFields: ReadonlySet<string> = new Set(["project", "issuetype", "summary", "description"]);
/** Fields that it fills where the screen has them. */
const filledFields: ReadonlySet<string> = new Set([...ownFields, "labels", "priority"]);

/** What the mirror lives by: an issue is found again by its labels. Where the create screen lacks them an edit sets them. */
const neededFields = ["summary", "description", "labels"] as const;

/** The screens of one type that new issues may have. */
export type TypeScreen = {
  readonly typeName: string;
  /** On the create screen. */
  readonly fields: readonly ScreenField[];
  /** On the edit screen; `null` = no issue to see it on, or nobody looked. */
  readonly edit: readonly ScreenField[] | null;
  /** Our own account: the person in a line that names one. */
  readonly ownAccountId: string;
  /** All fields of the site, where somebody looked. */
  readonly site: readonly { readonly id: string; readonly name: string }[];
};

/** Whether the create screen lacks anything that is wanted, so that the edit screen is of interest. Pure. */
export function lacksFields({ issue, priority }: DoctorSettings, screen: readonly ScreenField[]): boolean {
  const wanted = [
    ...neededFields,
    ...Object.keys(issue.fields),
    ...(Object.keys(priority).length > 0 ? ["priority"] : []),
    ...(issue.assignee === null ? [] : ["assignee"]),
  ];
  return wanted.some((name) => findScreenField(screen, name).kind === "none");
}

/** Whether each screen can be filled as it is configured. Pure. */
export function checkCreateScreens(settings: DoctorSettings, screens: readonly TypeScreen[]): Finding {
  if (screens.length === 0) return warn("not checked, since the issue type is not known", null);
  const several = screens.length > 1;
  const problems = screens.flatMap((screen) =>
    findScreenProblems(settings, screen).map((problem) => ({
      ...problem,
      detail: several ? `${screen.typeName}: ${problem.detail}` : problem.detail,
    })),
  );
  const wrongOnes = problems.filter(({ weight }) => weight === "wrong");
  const told = wrongOnes.length > 0 ? wrongOnes : problems;
  const required = new Set(
    screens.flatMap(({ fields }) => fields.filter((field) => field.required).map(({ fieldId }) => fieldId)),
  );
  if (told.length === 0) {
    const later = [...new Set(screens.flatMap((screen) => findLater(settings, screen)))];
    const byEdit = later.length === 0 ? "" : `; set by an edit afterwards: ${later.join(", ")}`;
    return right(`${required.size} required, all filled or with a default${byEdit}`);
  }
  const say = told === wrongOnes ? wrong : warn;
  const join = (texts: readonly string[]): string => [...new Set(texts)].join(" ");
  return say(told.map(({ detail }) => detail).join("; "), join(told.map(({ remedy }) => remedy)));
}

type Problem = { readonly weight: "wrong" | "warn"; readonly detail: string; readonly remedy: string };

/** Names of wanted fields that only the edit screen has. */
function findLater(settings: DoctorSettings, { fields, edit }: TypeScreen): string[] {
  if (!lacksFields(settings, fields)) return [];
  const names = ["description", "labels", "priority", "assignee", ...Object.keys(settings.issue.fields)];
  return (edit ?? [])
    .filter((field) => findScreenField(fields, field.fieldId).kind === "none")
    .filter((field) => names.some((name) => findScreenField([field], name).kind === "one"))
    .map(fieldLabel);
}

function findScreenProblems(settings: DoctorSettings, screens: TypeScreen): Problem[] {
  const { issue } = settings;
  const { fields: screen, ownAccountId } = screens;
  const at = (name: string): string => {
    const place = issue.places?.[name];
    return place === undefined ? "" : ` (${place})`;
  };
  const given = new Map<string, { readonly name: string; readonly rule: ValueRule }>();
  const problems: Problem[] = [];
  for (const [name, rule] of Object.entries(issue.fields)) {
    const found = findScreenField(screen, name);
    if (found.kind === "one") {
      given.set(found.field.fieldId, { name, rule });
      problems.push(...findValueProblems(found.field, rule, { place: at(name), ownAccountId }));
    } else problems.push(...findElsewhere(screens, name, { rule, place: at(name) }));
  }
  const needed = screen.filter(
    (field) =>
      // The request type has a setting and a check of its own.
      field.required && !field.hasDefault && !filledFields.has(field.fieldId) && field.isRequestType !== true,
  );
  const unfilled = needed.filter(({ fieldId }) => !given.has(fieldId));
  if (unfilled.length > 0)
    problems.unshift({
      weight: "wrong",
      detail: `required and not filled: ${unfilled.map(fieldLabel).join(", ")}`,
      remedy: `Write below issue.fields of the connection in casebridge.yaml: ${unfilled.map((field) => lineToWrite(field, ownAccountId)).join("; ")}. Or give these fields a default value, or make them optional.`,
    });
  for (const field of needed) {
    const { name, rule } = given.get(field.fieldId) ?? { name: "", rule: undefined };
    if (rule === undefined || "value" in rule || rule.otherwise !== undefined) continue;
    problems.push({
      weight: "warn",
      detail: `${fieldLabel(field)} is required, and issue.fields gives it no value where the ${rule.from} of a case is not told or not in its map${at(name)}`,
      remedy: "Add else: … to it.",
    });
  }
  return [...problems, ...findAbsent(settings, screens)];
}

/** A field of the configuration that the create screen lacks, or has more than once. */
function findElsewhere(
  { fields: screen, edit, site, ownAccountId }: TypeScreen,
  name: string,
  { rule, place }: { readonly rule: ValueRule; readonly place: string },
): Problem[] {
  const onEdit = edit === null ? null : findScreenField(edit, name);
  if (findScreenField(screen, name).kind === "none") {
    if (onEdit?.kind === "one") return findValueProblems(onEdit.field, rule, { place, ownAccountId });
    const known = findScreenField(
      site.map(({ id, name: label }) => ({ ...blankField, fieldId: id, name: label })),
      name,
    );
    if (edit === null && known.kind === "one")
      return [
        {
          weight: "warn",
          detail: `${fieldLabel(known.field)} is not on the create screen, so an edit sets it afterwards, if the edit screen has it: there is no issue yet to see that${place}`,
          remedy: "Run `casebridge doctor` again once the first issue is there.",
        },
      ];
  }
  const remedy = `Correct issue.fields in the configuration. The screen has: ${screen
    .filter(({ fieldId }) => !ownFields.has(fieldId))
    .map(fieldLabel)
    .join(", ")}.`;
  const nowhere = edit === null ? "" : ", nor has the edit screen";
  return [{ weight: "wrong", detail: `${fieldProblem(screen, name) ?? name}${nowhere}${place}`, remedy }];
}

const blankField = { required: false, hasDefault: false, allowed: [], type: null, items: null };

/** What casebridge itself writes, and the create screen lacks. */
function findAbsent({ priority }: DoctorSettings, { fields, edit }: TypeScreen): Problem[] {
  const isOn = (screen: readonly ScreenField[], id: string): boolean => screen.some(({ fieldId }) => fieldId === id);
  const wanted = [...neededFields, ...(Object.keys(priority).length > 0 ? ["priority"] : [])];
  const absent = wanted.filter((id) => !isOn(fields, id) && (edit === null || id === "summary" || !isOn(edit, id)));
  if (absent.length === 0) return [];
  const where = edit === null ? "not on the create screen" : "neither on the create screen nor on the edit screen";
  const vital = absent.filter((id) => id === "summary" || (id === "labels" && edit !== null));
  if (vital.length > 0)
    return [
      {
        weight: "wrong",
        detail: `${where}: ${absent.join(", ")}`,
        remedy:
          "Put these fields on the screens of the issue type in Jira: without a summary no issue can be made, and without labels none is found again.",
      },
    ];
  const fate = absent.includes("description") ? " Without it the description stands in a comment." : "";
  return [
    {
      weight: "warn",
      detail: `${where}: ${absent.join(", ")}${edit === null ? "; an edit sets them afterwards, if the edit screen has them: there is no issue yet to see that" : ""}`,
      remedy:
        edit === null
          ? "Run `casebridge doctor` again once the first issue is there, or put these fields on the create screen of the issue type."
          : `Put these fields on the edit screen of the issue type in Jira, or leave them out of the configuration.${fate}`,
    },
  ];
}

function findValueProblems(
  field: ScreenField,
  rule: ValueRule,
  { place, ownAccountId }: { readonly place: string; readonly ownAccountId: string },
): Problem[] {
  if (ownFields.has(field.fieldId))
    return [
      {
        weight: "wrong",
        detail: `issue.fields names ${fieldLabel(field)}, which casebridge fills itself${place}`,
        remedy: "Leave it out.",
      },
    ];
  const texts = possibleValues(rule)
    // What stands for a fact is not known yet.
    .filter((value) => !JSON.stringify(value).includes("{value}"))
    .flatMap((value) => valueProblem(field, value) ?? []);
  const allowed = allowedText(field);
  return [...new Set(texts)].map((text) => ({
    weight: "wrong",
    detail: `${fieldLabel(field)} ${text}${place}`,
    remedy: `Correct issue.fields, such as ${lineToWrite(field, ownAccountId)}.${allowed === null ? "" : ` It takes: ${allowed}.`}`,
  }));
}

/** A line for `issue.fields` or `status.fields` that fills the field, with the first value that it takes or one of its kind. */
export function lineToWrite(
  field: Pick<ScreenField, "fieldId" | "type" | "items" | "allowed">,
  ownAccountId: string,
): string {
  const [first] = field.allowed;
  const one = first === undefined ? '{ id: "…" }' : `{ id: ${JSON.stringify(first.id)} }`;
  const allowed = allowedText(field);
  const value = sampleOf(field, { one, person: `{ accountId: ${JSON.stringify(ownAccountId)} }` });
  return `${field.fieldId}: { value: ${value} }${allowed === null ? "" : ` (takes ${allowed})`}`;
}

function sampleOf(
  { type, allowed, items }: Pick<ScreenField, "type" | "items" | "allowed">,
  { one, person }: { readonly one: string; readonly person: string },
): string {
  if (type === "number") return "1";
  if (type === "date") return "2026-01-31";
  if (type === "datetime") return "2026-01-31T10:00:00.000+0000";
  const single = type === "user" || items === "user" ? person : one;
  if (type === "array") return items === "string" && allowed.length === 0 ? '["…"]' : `[${single}]`;
  if (type === "string" || type === null || type === "any") return allowed.length === 0 ? '"…"' : one;
  return single;
}
