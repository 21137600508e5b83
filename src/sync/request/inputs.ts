/**
 * From an issue to the inputs of a new case: product, problem type, region, severity, extra parameters, template.
 *
 * Each input is looked for in a Jira field (`create.fields`), then in a label of the issue (`hw-product:ECS`), then in the defaults of
 * the configuration. Names and ids are both taken; capitals, spaces and dashes do not matter, since labels cannot hold spaces. What
 * a person named wrongly is told with what is allowed; a default that does not apply is left out without a word.
 */
import type { Issue } from "../../domain/issue.ts";
import { commonLabel, type InputName, inputLabels, mirroredLabelPrefix, templateLabel } from "../../domain/labels.ts";
import type { Lane } from "../../domain/lane.ts";
import type { CreateSettings } from "../../domain/settings.ts";
import type { GuardOptions, MaskedKind } from "../../domain/text/guard.ts";
import { fromHuawei } from "../../domain/text/guarded.ts";
import { hashTexts } from "../../lib/hash.ts";
import type { CaseTemplate, NamedId, NewCase, ProblemType } from "../ports.ts";
import type { IssueTexts } from "../texts/issue-texts.ts";
import { resolveExtras } from "./extras.ts";
import type { Lookups } from "./lookups.ts";
import {
  type Asking,
  again,
  type Chosen,
  choose,
  match,
  type Problem,
  problem,
  type WrittenInput,
  withoutSecrets,
} from "./values.ts";

/** The inputs as somebody wrote them, before any check. */
export type WrittenInputs = {
  readonly named: { readonly [Name in InputName]: WrittenInput | null };
  readonly template: WrittenInput | null;
  readonly extends: Readonly<Record<string, WrittenInput>>;
};

/** The inputs as ids, ready for a new case; `template` is the text that ends the description. */
export type ResolvedInputs = Omit<NewCase, "description" | "fileIds"> & {
  readonly template: string | null;
  /** What was masked in the extra parameters. */
  readonly masked: readonly MaskedKind[];
};

/** Ids, or what is wrong for people. */
export type Resolution = { readonly kind: "inputs"; readonly inputs: ResolvedInputs } | Problem;

const names = Object.keys(inputLabels) as InputName[];
/** How many allowed values a refusal names. */
const shownMax = 10;

/** Jira fields that the configuration names, each once. Pure. */
export function configuredFields(settings: Pick<CreateSettings, "fields" | "templateField">): readonly string[] {
  const { fields, templateField } = settings;
  const all = [...names.map((name) => fields[name]), ...Object.values(fields.extends), templateField];
  return [...new Set(all.filter((field): field is string => field !== null))];
}

/** What the issue and the configuration say. `fieldTexts`: values of the configured fields. Pure. */
export function collectInputs(
  issue: Pick<Issue, "labels">,
  fieldTexts: Readonly<Record<string, string | null>>,
  settings: CreateSettings,
): WrittenInputs {
  const fromField = (field: string | null | undefined): WrittenInput | null => {
    const text = field == null ? null : (fieldTexts[field] ?? null);
    return text === null || text.trim() === "" ? null : { text: text.trim(), person: true };
  };
  const fromLabel = (prefix: string): WrittenInput | null => {
    const label = issue.labels.find((entry) => entry.toLowerCase().startsWith(prefix) && entry.length > prefix.length);
    return label === undefined ? null : { text: label.slice(prefix.length), person: true };
  };
  const fromDefault = (text: string | null | undefined): WrittenInput | null =>
    text == null || text === "" ? null : { text, person: false };
  const pick = (name: InputName): WrittenInput | null =>
    fromField(settings.fields[name]) ?? fromLabel(inputLabels[name]) ?? fromDefault(settings.defaults[name]);

  const labelled = issue.labels.flatMap((label) => {
    const match = /^hw-extra-([^:]+):(.+)$/i.exec(label);
    return match === null ? [] : [[match[1] ?? "", { text: match[2] ?? "", person: true }] as const];
  });
  const extras: Record<string, WrittenInput> = {};
  for (const [key, text] of Object.entries(settings.defaults.extends)) extras[key] = { text, person: false };
  for (const [key, input] of labelled) extras[key] = input;
  for (const [key, field] of Object.entries(settings.fields.extends)) {
    const input = fromField(field);
    if (input !== null) extras[key] = input;
  }
  return {
    named: {
      subTypeId: pick("subTypeId"),
      productId: pick("productId"),
      problemTypeId: pick("problemTypeId"),
      regionId: pick("regionId"),
      severityId: pick("severityId"),
    },
    template: fromField(settings.templateField) ?? fromLabel(templateLabel) ?? fromDefault(settings.template),
    extends: extras,
  };
}

/** Hash of everything that a person can mend: a refused request is tried again only when it changes (rule 7). Pure. */
export function inputsHash(
  issue: Pick<Issue, "summary" | "labels" | "priorityId" | "category" | "securityLevelId" | "restriction" | "stamp">,
  text: string,
  written: WrittenInputs,
): string {
  const labels = issue.labels.filter((label) => !label.startsWith(mirroredLabelPrefix) && label !== commonLabel);
  const facts = [issue.summary, text, issue.category, issue.securityLevelId, issue.stamp?.issueId ?? null];
  if (issue.restriction !== "none") facts.push(issue.restriction);
  return hashTexts([JSON.stringify([facts, [...labels].sort(), written])]).slice(0, 24);
}

/**
 * Checks the inputs against the look-ups. `isPlain`: the API version takes neither severity nor extra parameters; a default of them is
 * left out. A look-up that Huawei refuses is left out: what was given is taken for the id, unless the guard finds something in it, and the
 * creation tells whether it is one. What people wrote into extra parameters passes the guard.
 * Throws `ServiceError` where a look-up was never read and the service is away.
 */
export async function resolveInputs(
  lookups: Lookups,
  written: WrittenInputs,
  settings: { readonly isPlain: boolean; readonly guard: GuardOptions },
  lane: Lane,
): Promise<Resolution> {
  const { named } = written;
  const { guard } = settings;
  if (settings.isPlain) {
    const tooMuch = refuseExtras(written);
    if (tooMuch !== null) return tooMuch;
  }
  const categories = await again(
    (age) => lookups.categories(age, lane),
    (found) =>
      isFound(found, named.subTypeId) &&
      isFound(
        found.flatMap((category) => category.products),
        named.productId,
      ),
  );
  const subType = choose(categories, named.subTypeId, guard);
  if (named.subTypeId !== null && subType === null) return wrong("subTypeId", named.subTypeId, categories);
  const within = subType === null ? categories : (categories?.filter((category) => category.id === subType.id) ?? null);
  const products = within?.flatMap((category) => category.products) ?? null;
  const product = choose(products, named.productId, guard);
  if (named.productId !== null && product === null) return wrong("productId", named.productId, products);
  const parent = within?.find((category) => category.products.some((entry) => entry.id === product?.id));
  const filter = {
    productId: product?.id ?? null,
    subTypeId: subType?.id ?? (parent === undefined ? null : fromHuawei(parent.id)),
  };

  const problems = await again(
    (age) => lookups.problemTypes(filter, age, lane),
    (found) => isFound(found, named.problemTypeId),
  );
  if (named.problemTypeId === null) return missing("problemTypeId", problems);
  const problem = choose(problems, named.problemTypeId, guard);
  if (problem === null) return wrong("problemTypeId", named.problemTypeId, problems);
  const wanted = named.problemTypeId.text;
  const others = (problems ?? []).filter((item) => item.id !== problem.id && match([item], wanted) !== null);
  if (others.length > 0 && problem.id !== wanted.trim()) return ambiguous([problem, ...others]);

  const regions = await again(
    (age) => lookups.regions(age, lane),
    (found) => isFound(found, named.regionId),
  );
  const region = choose(regions, named.regionId, guard);
  if (named.regionId !== null && region === null) return wrong("regionId", named.regionId, regions);
  if (region === null && caseTypeOf(problems, problem) === "5") return missing("regionId", regions);

  const severity = settings.isPlain
    ? null
    : await resolveSeverity({ lookups, guard, lane }, named.severityId, { product, problem });
  if (severity !== null && "kind" in severity) return severity;
  const extras = settings.isPlain
    ? { kind: "values" as const, extras: [], masked: [] }
    : await resolveExtras({ lookups, guard, lane }, written.extends, { ...filter, problemTypeId: problem.id });
  if (extras.kind === "problem") return extras;
  const template = await resolveTemplate(lookups, written.template, problem, lane);
  if (template !== null && "kind" in template) return template;
  return {
    kind: "inputs",
    inputs: {
      ...filter,
      problemTypeId: problem.id,
      regionId: region?.id ?? null,
      severityId: severity?.id ?? null,
      extras: extras.extras,
      masked: extras.masked,
      template: template?.content ?? null,
    },
  };
}

/** A severity or an extra parameter that a person named on the issue, where none can be set; `null` = nobody did. */
function refuseExtras({ named, extends: extras }: WrittenInputs): Problem | null {
  const key = Object.keys(extras).find((name) => extras[name]?.person === true);
  const severity = named.severityId;
  if (severity?.person === true) return problem((t) => t.values.plainSeverity(withoutSecrets(severity.text)));
  return key === undefined ? null : problem((t) => t.values.plainExtra(withoutSecrets(key)));
}

async function resolveSeverity(
  { lookups, guard, lane }: Asking,
  input: WrittenInput | null,
  of: { readonly product: Chosen | null; readonly problem: Chosen },
): Promise<Chosen | null | Problem> {
  if (input === null) return null;
  if (of.product === null) {
    if (!input.person) return null;
    return problem((t) => t.values.severityWithoutProduct(withoutSecrets(input.text), inputLabels.productId));
  }
  const filter = { productId: of.product.id, problemTypeId: of.problem.id };
  const found = await again(
    (age) => lookups.severities(filter, age, lane),
    (answer) => isFound(answer.severities, input),
  );
  if (found === null) return choose(null, input, guard) ?? wrong("severityId", input, null);
  if (!found.shown) {
    // Without a support plan that covers it Huawei takes no severity (huawei.md 6); a default must not stand in the way.
    if (!input.person) return null;
    return problem((t) => t.values.severityNotCovered(withoutSecrets(input.text), of.problem.name));
  }
  return choose(found.severities, input, guard) ?? wrong("severityId", input, found.severities);
}

/** A default that the problem type does not have is left out; what a person named must be there. */
async function resolveTemplate(
  lookups: Lookups,
  input: WrittenInput | null,
  problemType: Chosen,
  lane: Lane,
): Promise<CaseTemplate | null | Problem> {
  if (input === null) return null;
  const templates = await again(
    (age) => lookups.templates(problemType.id, age, lane),
    (found) => !input.person || isFound(found, input),
  );
  // A template is a text, which only the look-up knows.
  const template = templates === null ? null : match(templates, input.text);
  if (template !== null || !input.person) return template;
  return problem((t) =>
    t.values.foreignTemplate(withoutSecrets(input.text), problemType.name, listAllowed(t, templates), templateLabel),
  );
}

function caseTypeOf(problems: readonly ProblemType[] | null, chosen: Chosen): string | null {
  return problems?.find(({ id }) => id === chosen.id)?.caseType ?? null;
}

function isFound(items: readonly NamedId[], input: WrittenInput | null): boolean {
  return input === null || match(items, input.text) !== null;
}

function wrong(name: InputName, input: WrittenInput, allowed: readonly NamedId[] | null): Problem {
  return problem((t) => {
    const place = input.person ? t.values.atIssue(inputLabels[name]) : t.values.atDefaults(name);
    return t.values.unknown(t.inputs[name], withoutSecrets(input.text), listAllowed(t, allowed), place);
  });
}

function missing(name: InputName, allowed: readonly NamedId[] | null): Problem {
  return problem((t) => t.values.missing(t.inputs[name], listAllowed(t, allowed), inputLabels[name]));
}

/** Problem types of different products may have one name. */
function ambiguous(found: readonly NamedId[]): Problem {
  const ids = found.map(({ name, id }) => `${name} (${id})`).join("; ");
  return problem((t) => t.values.ambiguous(ids, inputLabels.productId, inputLabels.problemTypeId));
}

function listAllowed(t: IssueTexts, allowed: readonly NamedId[] | null): string {
  if (allowed === null) return t.values.untold;
  if (allowed.length === 0) return t.values.none;
  const shown = allowed
    .slice(0, shownMax)
    .map((item) => (item.name === item.id ? item.id : `${item.name} (${item.id})`));
  return t.values.allowed(shown.join("; "), allowed.length - shown.length);
}
