/** `casebridge lookups`: what the Huawei account knows, as tables and as JSON. */
import { Option } from "commander";
import { isUnsupported } from "../domain/service-error.ts";
import { type GuardedText, ownWords, writtenByOperator } from "../domain/text/guarded.ts";
import type { CaseLookupPort } from "../sync/ports.ts";
import type { App } from "./cli/app.ts";
import { type CommandResult, defineCommand } from "./cli/command.ts";
import { ExitCode } from "./cli/exit-code.ts";
import { parseIdentifier } from "./cli/option-values.ts";
import { type ConnectionOption, connectionOption, once, readConnection, textOf, usage } from "./cli/options.ts";
import type { Cell } from "./cli/output.ts";
import { commandLog } from "./cli/work.ts";
import { chosen } from "./targets.ts";

const lookupKinds = [
  "regions",
  "categories",
  "problem-types",
  "templates",
  "severities",
  "labels",
  "quotas",
  "extra-parameters",
  "projects",
  "account",
] as const;
type LookupKind = (typeof lookupKinds)[number];

/** `kind` null = all that the given ids suffice for. The ids narrow those look-ups that depend on them. */
export type LookupOptions = ConnectionOption & {
  readonly kind: LookupKind | null;
  readonly subTypeId: string | null;
  readonly productId: string | null;
  readonly problemTypeId: string | null;
};

/** `casebridge lookups`. */
export const command = defineCommand<LookupOptions>({
  arguments: [{ description: "what to list (default: all that the given ids suffice for)", choices: lookupKinds }],
  options: () => [
    connectionOption(),
    new Option("--sub-type <id>", "narrow to a case sub-type").argParser(once(parseIdentifier)),
    new Option("--product <id>", "narrow to a product").argParser(once(parseIdentifier)),
    new Option("--problem-type <id>", "narrow to a problem type").argParser(once(parseIdentifier)),
  ],
  read: (parsed) => ({
    ...readConnection(parsed),
    kind: lookupKinds.find((kind) => kind === parsed.args[0]) ?? null,
    subTypeId: textOf(parsed, "subType"),
    productId: textOf(parsed, "product"),
    problemTypeId: textOf(parsed, "problemType"),
  }),
  run: (options, { app }) => readAll(app, options),
});

/** Needed to fill in the configuration, so it works before there is a database. */
async function readAll(app: App, options: LookupOptions): Promise<CommandResult> {
  const config = app.readConfig("command");
  const log = commandLog(config);
  const results: [string, CommandResult][] = [];
  for (const { name, huawei } of chosen(config, options.connection))
    results.push([name, await readLookups(app.makeHuawei(huawei, log), options)]);
  const [first] = results;
  if (results.length === 1 && first !== undefined) return first[1];
  return {
    exitCode: ExitCode.done,
    json: Object.fromEntries(results.map(([name, { json }]) => [name, json])),
    human: results.flatMap(([name, { human }]) => [{ kind: "text", text: `Connection ${name}` } as const, ...human]),
  };
}

type IdName = "subTypeId" | "productId" | "problemTypeId";
/** Ids as the operator has named them. */
type Ids = { readonly [Name in IdName]: GuardedText | null };
/** An option that was left out although it is needed is refused before anything is read. */
const none = ownWords``;
type Table = { readonly head: readonly string[]; readonly rows: readonly Cell[][]; readonly json: unknown };
type Lookup = {
  /** Options that this kind cannot do without. */
  readonly needs: readonly IdName[];
  read(port: CaseLookupPort, ids: Ids): Promise<Table>;
};

const lane = "live";
const optionOf: Readonly<Record<IdName, string>> = {
  subTypeId: "--sub-type",
  productId: "--product",
  problemTypeId: "--problem-type",
};

const lookups: Readonly<Record<LookupKind, Lookup>> = {
  regions: {
    needs: [],
    read: async (port) => named("Region", await port.listRegions(lane)),
  },
  categories: {
    needs: [],
    async read(port, { subTypeId }) {
      const json = (await port.listCategories(lane)).filter(({ id }) => subTypeId === null || id === subTypeId);
      const rows = json.flatMap((category) =>
        category.products.map((product) => [category.id, category.name, product.id, product.name]),
      );
      return { head: ["Sub-type id", "Sub-type", "Product id", "Product"], rows, json };
    },
  },
  "problem-types": {
    needs: [],
    async read(port, { productId, subTypeId }) {
      const json = await port.listProblemTypes({ productId, subTypeId }, lane);
      const rows = json.map((type) => [
        type.id,
        type.name,
        type.caseType === "5" ? "fault report, needs a region" : type.caseType === "0" ? "consultation" : "not told",
        type.canUseSupportPlan ? "yes" : "no",
      ]);
      return { head: ["Problem type id", "Problem type", "Kind", "Support plan"], rows, json };
    },
  },
  templates: {
    needs: ["problemTypeId"],
    async read(port, { problemTypeId }) {
      const json = await port.listTemplates(problemTypeId ?? none, lane);
      const rows = json.map(({ id, name, content }) => [id, name, content.replaceAll(/\s*\n\s*/g, " ⏎ ")]);
      return { head: ["Template id", "Template", "Text"], rows, json };
    },
  },
  severities: {
    needs: ["productId", "problemTypeId"],
    async read(port, { productId, problemTypeId }) {
      const json = await port.listSeverities(
        { productId: productId ?? none, problemTypeId: problemTypeId ?? none },
        lane,
      );
      const rows = json.severities.map(({ id, name }) => [id, name, json.shown ? "yes" : "no, needs a support plan"]);
      return { head: ["Severity id", "Severity", "Can be chosen"], rows, json };
    },
  },
  labels: {
    needs: [],
    read: async (port) => named("Label", await port.listLabels(lane)),
  },
  quotas: {
    needs: ["problemTypeId"],
    async read(port, { productId, problemTypeId }) {
      const json = await port.listQuotas({ problemTypeId: problemTypeId ?? none, productId }, lane);
      return {
        head: ["Problem type id", "Total", "Left"],
        rows: [[problemTypeId ?? "", count(json.total), count(json.unused)]],
        json,
      };
    },
  },
  "extra-parameters": {
    needs: ["problemTypeId"],
    async read(port, { problemTypeId, productId, subTypeId }) {
      const filter = { problemTypeId: problemTypeId ?? none, productId, subTypeId };
      const json = await port.listExtraParameters(filter, lane);
      const rows = json.map((one) => [
        one.id,
        one.name,
        one.required ? "yes" : "no",
        one.lengthMax === null ? "not told" : String(one.lengthMax),
        one.choices ?? "",
      ]);
      return { head: ["Parameter", "Name", "Required", "Length", "Choices"], rows, json };
    },
  },
  projects: {
    needs: [],
    read: async (port) => named("Project", await port.getProjectIds(lane)),
  },
  account: {
    needs: [],
    async read(port) {
      const json = {
        agreementSigned: await port.getAgreementSigned(lane),
        privileges: await port.listPrivileges(lane),
      };
      const yes = (value: boolean): string => (value ? "yes" : "no");
      const rows = [
        ["newest ticket agreement signed", yes(json.agreementSigned)],
        ["may submit cases", yes(json.privileges.createCase)],
        ["may export cases", yes(json.privileges.export)],
      ];
      return { head: ["Question", "Answer"], rows, json };
    },
  },
};

/**
 * Reads one look-up, or all that the given ids suffice for. What the API version lacks is said in its place. Throws
 * `CommandFailure` (usage) when a kind was asked for without an id that it needs, and `ServiceError`.
 */
export async function readLookups(port: CaseLookupPort, options: LookupOptions): Promise<CommandResult> {
  const kinds = lookupKinds.filter((kind) =>
    options.kind === null ? missingIds(kind, options).length === 0 : kind === options.kind,
  );
  const json: Record<string, unknown> = {};
  const human: CommandResult["human"][number][] = [];
  for (const kind of kinds) {
    const missing = missingIds(kind, options);
    if (missing.length > 0)
      throw usage(
        `lookups ${kind} needs ${missing.join(" and ")}.`,
        "casebridge lookups categories and lookups problem-types list the ids.",
      );
    try {
      const table = await lookups[kind].read(port, toIds(options));
      json[kind] = table.json;
      human.push({ kind: "table", title: kind, head: [...table.head], rows: [...table.rows], empty: "None." });
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      json[kind] = null;
      human.push({ kind: "text", text: `${kind}: ${error.facts.detail}` });
    }
  }
  return { exitCode: ExitCode.done, json, human };
}

function toIds(options: LookupOptions): Ids {
  const byOperator = (id: string | null): GuardedText | null => (id === null ? null : writtenByOperator(id));
  return {
    subTypeId: byOperator(options.subTypeId),
    productId: byOperator(options.productId),
    problemTypeId: byOperator(options.problemTypeId),
  };
}

function missingIds(kind: LookupKind, ids: Pick<LookupOptions, IdName>): string[] {
  return lookups[kind].needs.filter((name) => ids[name] === null).map((name) => optionOf[name]);
}

function named(title: string, json: readonly { readonly id: string; readonly name: string }[]): Table {
  return { head: [`${title} id`, title], rows: json.map(({ id, name }) => [id, name]), json };
}

/** -1 is believed to mean "no limit" (huawei.md 6). */
function count(value: number | null): string {
  if (value === null) return "not told";
  return value < 0 ? "no limit" : String(value);
}
