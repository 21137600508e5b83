/** What new issues are made of: values, and rules that choose one by a fact of the case. */
import type { CaseFactName, ValueRule } from "../domain/value-rule.ts";
import type { IssueConfig } from "./config.ts";
import type { ConnectionInput } from "./file-schema.ts";
import type { Scope } from "./scope.ts";

/** Fields of a new issue that are always casebridge's own. */
const ownFields: readonly string[] = ["project", "issuetype", "summary", "description"];

/** The fields of the create screen. Those that casebridge fills itself are reported. */
export function buildFields(
  scope: Scope,
  section: NonNullable<NonNullable<ConnectionInput["issue"]>["fields"]>,
): IssueConfig["fields"] {
  for (const name of Object.keys(section).filter((key) => ownFields.includes(key.toLowerCase()))) {
    scope.fail(["issue", "fields", name], {
      kind: "conflict",
      message: "is filled by casebridge itself",
      remedy:
        name.toLowerCase() === "issuetype"
          ? "Leave it out here, and set issue.type."
          : "Leave it out: project, summary and description come from the connection and from the case.",
    });
  }
  return Object.fromEntries(Object.entries(section).map(([name, rule]) => [name, toRule(rule)]));
}

/** A rule out of the file; `null` where it gives none. */
export function toTextRule(section: NonNullable<ConnectionInput["issue"]>["type"]): ValueRule<string> | null {
  if (section === undefined) return null;
  return typeof section === "string" ? { value: section } : toRule(section);
}

/** What a rule gives where no fact chooses; `undefined` = nothing. */
export function usualValue<Value>(rule: ValueRule<Value>): Value | undefined {
  return "value" in rule ? rule.value : rule.otherwise;
}

/** The rule, with a value for cases that it does not name. */
export function withOtherwise<Value>(rule: ValueRule<Value>, otherwise: Value): ValueRule<Value> {
  return "value" in rule ? rule : { otherwise, ...rule };
}

type RuleSection<Value> = {
  readonly value?: Value | undefined;
  readonly from?: CaseFactName | undefined;
  readonly map?: Readonly<Record<string, Value>> | undefined;
  readonly else?: Value | undefined;
};

function toRule<Value>({ value, from, map, else: otherwise }: RuleSection<Value>): ValueRule<Value> {
  if (from === undefined) return { value: value as Value };
  return { from, map: map ?? {}, ...(otherwise === undefined ? {} : { otherwise }) };
}
