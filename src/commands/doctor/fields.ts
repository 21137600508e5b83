/** The fields of a new issue against the create screens that it meets: what is missing, what fits nothing, and the lines to write. */
import {
  fieldLabel,
  findMisfit,
  findScreenField,
  type ScreenField,
  shortenAllowed,
  type ValueMisfit,
} from "../../domain/create-screen.ts";
import { possibleValues, type ValueRule } from "../../domain/value-rule.ts";
import { type DoctorSettings, type Finding, right, warn, wrong } from "./sheet.ts";
import { type DoctorTexts, joined, verbatim, type Words } from "./texts/texts.ts";

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
  if (screens.length === 0) return warn((t) => t.fields.noType, null);
  const several = screens.length > 1;
  const problems = screens.flatMap((screen) =>
    findScreenProblems(settings, screen).map((problem) => ({
      ...problem,
      detail: several ? (t: DoctorTexts) => t.fields.ofType(screen.typeName, problem.detail(t)) : problem.detail,
    })),
  );
  const wrongOnes = problems.filter(({ weight }) => weight === "wrong");
  const told = wrongOnes.length > 0 ? wrongOnes : problems;
  const required = new Set(
    screens.flatMap(({ fields }) => fields.filter((field) => field.required).map(({ fieldId }) => fieldId)),
  );
  if (told.length === 0) {
    const later = [...new Set(screens.flatMap((screen) => findLater(settings, screen)))];
    return right(({ fields: t, report }) =>
      later.length === 0 ? t.filled(required.size) : t.filledLater(required.size, later.join(report.comma)),
    );
  }
  const say = told === wrongOnes ? wrong : warn;
  return say(joined(told.map(({ detail }) => detail)), (t) =>
    [...new Set(told.map(({ remedy }) => remedy(t)))].join(t.report.space),
  );
}

type Problem = { readonly weight: "wrong" | "warn"; readonly detail: Words; readonly remedy: Words };

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
  const at = (name: string): Words => {
    const place = issue.places?.[name];
    return place === undefined ? verbatim("") : (t) => t.fields.place(place);
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
      detail: (t) => t.fields.unfilled(unfilled.map(fieldLabel).join(t.report.comma)),
      remedy: (t) => t.fields.write(unfilled.map((field) => lineToWrite(t, field, ownAccountId)).join("; ")),
    });
  for (const field of needed) {
    const { name, rule } = given.get(field.fieldId) ?? { name: "", rule: undefined };
    if (rule === undefined || "value" in rule || rule.otherwise !== undefined) continue;
    problems.push({
      weight: "warn",
      detail: (t) => t.fields.noElse(fieldLabel(field), rule.from, at(name)(t)),
      remedy: (t) => t.fields.addElse,
    });
  }
  return [...problems, ...findAbsent(settings, screens)];
}

/** A field of the configuration that the create screen lacks, or has more than once. */
function findElsewhere(
  { fields: screen, edit, site, ownAccountId }: TypeScreen,
  name: string,
  { rule, place }: { readonly rule: ValueRule; readonly place: Words },
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
          detail: (t) => t.fields.notSeenYet(fieldLabel(known.field), place(t)),
          remedy: (t) => t.fields.againLater,
        },
      ];
  }
  const found = findScreenField(screen, name);
  const others = screen.filter(({ fieldId }) => !ownFields.has(fieldId)).map(fieldLabel);
  const problem: Words = ({ fields: t, report }) =>
    found.kind === "several"
      ? t.several(name, found.fields.map(({ fieldId }) => fieldId).join(report.comma))
      : t.unknown(name);
  return [
    {
      weight: "wrong",
      detail: (t) => `${edit === null ? problem(t) : t.fields.nowhere(problem(t))}${place(t)}`,
      remedy: (t) => t.fields.correct(others.join(t.report.comma)),
    },
  ];
}

const blankField = { required: false, hasDefault: false, allowed: [], type: null, items: null };

/** What casebridge itself writes, and the create screen lacks. */
function findAbsent({ priority }: DoctorSettings, { fields, edit }: TypeScreen): Problem[] {
  const isOn = (screen: readonly ScreenField[], id: string): boolean => screen.some(({ fieldId }) => fieldId === id);
  const wanted = [...neededFields, ...(Object.keys(priority).length > 0 ? ["priority"] : [])];
  const absent = wanted.filter((id) => !isOn(fields, id) && (edit === null || id === "summary" || !isOn(edit, id)));
  if (absent.length === 0) return [];
  const names = absent.join(", ");
  const vital = absent.filter((id) => id === "summary" || (id === "labels" && edit !== null));
  if (vital.length > 0)
    return [
      {
        weight: "wrong",
        detail: ({ fields: t }) => (edit === null ? t.absentVital(names) : t.absentBoth(names)),
        remedy: (t) => t.fields.putOnScreens,
      },
    ];
  return [
    {
      weight: "warn",
      detail: ({ fields: t }) => (edit === null ? t.absentYet(names) : t.absentBoth(names)),
      remedy: ({ fields: t }) => {
        if (edit === null) return t.putOnCreate;
        return absent.includes("description") ? t.withoutDescription(t.putOnEdit) : t.putOnEdit;
      },
    },
  ];
}

function findValueProblems(
  field: ScreenField,
  rule: ValueRule,
  { place, ownAccountId }: { readonly place: Words; readonly ownAccountId: string },
): Problem[] {
  if (ownFields.has(field.fieldId))
    return [
      {
        weight: "wrong",
        detail: (t) => `${t.fields.own(fieldLabel(field))}${place(t)}`,
        remedy: (t) => t.fields.leaveOut,
      },
    ];
  const misfits = possibleValues(rule)
    // What stands for a fact is not known yet.
    .filter((value) => !JSON.stringify(value).includes("{value}"))
    .flatMap((value) => findMisfit(field, value) ?? []);
  const distinct = new Map(misfits.map((misfit) => [JSON.stringify(misfit), misfit]));
  return [...distinct.values()].map((misfit) => ({
    weight: "wrong",
    detail: (t) => `${misfitWords(t, fieldLabel(field), misfit)}${place(t)}`,
    remedy: (t) => {
      const line = t.fields.correctLike(lineToWrite(t, field, ownAccountId));
      return field.allowed.length === 0 ? line : t.fields.itTakes(line, allowedWords(t, field));
    },
  }));
}

function misfitWords({ fields: { misfits: t } }: DoctorTexts, label: string, misfit: ValueMisfit): string {
  return misfit.kind === "refused" ? t.refused(label, misfit.value) : t[misfit.kind](label);
}

function allowedWords(t: DoctorTexts, field: Pick<ScreenField, "allowed">): string {
  const { shown, more } = shortenAllowed(field);
  const names = shown.join(t.report.comma);
  return more === 0 ? names : t.fields.andMore(names, more);
}

/** A line for `issue.fields` or `status.fields` that fills the field, with the first value that it takes or one of its kind. */
export function lineToWrite(
  t: DoctorTexts,
  field: Pick<ScreenField, "fieldId" | "type" | "items" | "allowed">,
  ownAccountId: string,
): string {
  const [first] = field.allowed;
  const one = first === undefined ? '{ id: "…" }' : `{ id: ${JSON.stringify(first.id)} }`;
  const value = sampleOf(field, { one, person: `{ accountId: ${JSON.stringify(ownAccountId)} }` });
  const note = field.allowed.length === 0 ? "" : t.fields.takes(allowedWords(t, field));
  return `${field.fieldId}: { value: ${value} }${note}`;
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
