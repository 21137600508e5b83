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

/** Without these on the create screen no issue could be made: the label and the text are what the mirror lives by. */
const neededFields = ["summary", "description", "labels"] as const;

/** The create screen of one type that new issues may have. */
export type TypeScreen = { readonly typeName: string; readonly fields: readonly ScreenField[] };

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
  if (told.length === 0) return right(`${required.size} required, all filled or with a default`);
  const say = told === wrongOnes ? wrong : warn;
  const join = (texts: readonly string[]): string => [...new Set(texts)].join(" ");
  return say(told.map(({ detail }) => detail).join("; "), join(told.map(({ remedy }) => remedy)));
}

type Problem = { readonly weight: "wrong" | "warn"; readonly detail: string; readonly remedy: string };

function findScreenProblems({ issue, priority }: DoctorSettings, { fields: screen }: TypeScreen): Problem[] {
  const shown = new Set(screen.map(({ fieldId }) => fieldId));
  const absent = neededFields.filter((id) => !shown.has(id));
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
      problems.push(...findValueProblems(found.field, rule, at(name)));
    } else {
      problems.push({
        weight: "wrong",
        detail: `${fieldProblem(screen, name) ?? name}${at(name)}`,
        remedy: `Correct issue.fields in the configuration. The screen has: ${screen
          .filter(({ fieldId }) => !ownFields.has(fieldId))
          .map(fieldLabel)
          .join(", ")}.`,
      });
    }
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
      remedy: `Write below issue.fields of the connection in casebridge.yaml: ${unfilled.map(lineToWrite).join("; ")}. Or give these fields a default value, or make them optional.`,
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
  if (absent.length > 0)
    problems.push({
      weight: "wrong",
      detail: `not on the create screen: ${absent.join(", ")}`,
      remedy:
        "Put these fields on the screens of the issue type in Jira: without them no issue can be made and found again.",
    });
  if (Object.keys(priority).length > 0 && !shown.has("priority"))
    problems.push({
      weight: "warn",
      detail: "priority is mapped but not on the create screen",
      remedy: "Put Priority on the screens of the issue type, or remove priority from the configuration.",
    });
  return problems;
}

function findValueProblems(field: ScreenField, rule: ValueRule, place: string): Problem[] {
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
    remedy: `Correct issue.fields, such as ${lineToWrite(field)}.${allowed === null ? "" : ` It takes: ${allowed}.`}`,
  }));
}

/** A line for `issue.fields` that fills the field, with the first value that it takes or one of its kind. */
function lineToWrite(field: ScreenField): string {
  const [first] = field.allowed;
  const one = first === undefined ? '{ id: "…" }' : `{ id: ${JSON.stringify(first.id)} }`;
  const allowed = allowedText(field);
  return `${field.fieldId}: { value: ${sampleOf(field, one)} }${allowed === null ? "" : ` (takes ${allowed})`}`;
}

function sampleOf({ type, allowed, items }: ScreenField, one: string): string {
  if (type === "number") return "1";
  if (type === "date") return "2026-01-31";
  if (type === "datetime") return "2026-01-31T10:00:00.000+0000";
  const single = type === "user" || items === "user" ? '{ accountId: "…" }' : one;
  if (type === "array") return items === "string" && allowed.length === 0 ? '["…"]' : `[${single}]`;
  if (type === "string" || type === null || type === "any") return allowed.length === 0 ? '"…"' : one;
  return single;
}
