/** The checks of the Huawei side. */

import type { Lane } from "../../domain/lane.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { type GuardedText, writtenByOperator } from "../../domain/text/guarded.ts";
import { errorMessage } from "../../observability/scrub.ts";
import type { CaseFileLimits, CaseLookupPort, HuaweiCapability, HuaweiPort } from "../../sync/ports.ts";
import { checkAddress, toAddressTrouble } from "./address.ts";
import { checkClock, type DoctorSettings, type Finding, formatBytes, right, type Sheet, warn, wrong } from "./sheet.ts";

type NamedId = { readonly id: string; readonly name: string };

/** What is asked of the Huawei side; its client satisfies it. All calls read only. */
export interface DoctorHuaweiPort {
  readonly capabilities: ReadonlySet<HuaweiCapability>;
  checkCredentials(lane: Lane): Promise<void>;
  serverTime(lane: Lane): Promise<Date>;
  credentialsEnd(): Promise<Date | null>;
  listRegions(lane: Lane): Promise<readonly NamedId[]>;
  listCategories(lane: Lane): Promise<readonly (NamedId & { readonly products: readonly NamedId[] })[]>;
  listProblemTypes(
    filter: { readonly productId: string | null; readonly subTypeId: string | null },
    lane: Lane,
  ): Promise<readonly (NamedId & { readonly caseType: string | null })[]>;
  listTemplates(problemTypeId: string, lane: Lane): Promise<readonly NamedId[]>;
  getProjectIds(lane: Lane): Promise<readonly NamedId[]>;
  listCases: HuaweiPort["listCases"];
  listSeverities(
    filter: { readonly productId: string; readonly problemTypeId: string },
    lane: Lane,
  ): Promise<{ readonly shown: boolean; readonly severities: readonly NamedId[] }>;
  listExtraParameters: CaseLookupPort["listExtraParameters"];
  listLabels(lane: Lane): Promise<readonly NamedId[]>;
  listQuotas(
    filter: { readonly problemTypeId: string; readonly productId: string | null },
    lane: Lane,
  ): Promise<{ readonly total: number | null; readonly unused: number | null }>;
  getAgreementSigned(lane: Lane): Promise<boolean>;
  listPrivileges(lane: Lane): Promise<{ readonly createCase: boolean }>;
  getFileLimits(lane: Lane): Promise<CaseFileLimits>;
}

const lane = "live";

/** What it means for the mirror when the API version, or the group mode, lacks a capability. */
export const lackMeanings: Readonly<Record<HuaweiCapability, string>> = {
  withdraw: "sent messages cannot be withdrawn, a further message says so instead",
  labels: "labels of cases are not mirrored",
  access_requests: "access requests of engineers are not shown",
  related_cases: "related cases are not linked",
  operation_log: "whether an urge or a rating arrived is not known when its answer is lost",
  instant_messages: "each watched case costs one read a round",
  severity_and_extends: "new cases take neither a severity nor extra parameters",
  account_checks: "quota, agreement and permission are not checked before a case is made",
  group: "cases of a user group cannot be mirrored",
};

/** Makes all checks of the Huawei side. Never rejects. */
export async function checkHuawei(
  sheet: Sheet,
  {
    settings,
    port,
    now,
  }: { readonly settings: DoctorSettings; readonly port: DoctorHuaweiPort; readonly now: () => Date },
): Promise<void> {
  const { endpoint } = settings.huawei;
  await sheet.check("Huawei address", async () => checkAddress("huawei", endpoint));
  // The clock before the credentials: it can be read without credentials, and a wrong one is why signatures are refused.
  await sheet.check("Huawei clock", () => checkClock(() => port.serverTime(lane), now));
  await sheet.check("Huawei credentials", async () => {
    await port.checkCredentials(lane).catch((error: unknown) => {
      throw toAddressTrouble(error, endpoint);
    });
    return right(describeLogin(settings, await port.credentialsEnd()));
  });
  await sheet.check("Huawei API", async () => checkApi(settings, port));
  await sheet.check("Huawei cases", () => checkCases(settings, port, now));
  await sheet.check("Huawei project", () => checkProject(settings, port));
  await sheet.check("Huawei agreement", async () =>
    (await port.getAgreementSigned(lane))
      ? right("signed")
      : wrong(
          "the newest service ticket agreement is not signed",
          "Sign it in the Huawei Cloud console, under Service Tickets.",
        ),
  );
  await sheet.check("Huawei privilege", async () =>
    (await port.listPrivileges(lane)).createCase
      ? right("may submit cases")
      : wrong(
          "may not submit cases",
          "Give the user the permission to submit service tickets (Ticket Administrator, or the user group of the cases).",
        ),
  );
  await sheet.check("Huawei file limits", async () => describeLimits(await port.getFileLimits(lane)));
  await sheet.check("Huawei labels", () => checkLabels(settings, port));
  await sheet.check("Huawei look-ups", () => checkLookups(settings, port));
  await sheet.check("Huawei extra parameters", () => checkExtras(settings, port));
  await sheet.check("Huawei template", () => checkTemplate(settings, port));
  await sheet.check("Huawei quota", () => checkQuota(settings, port));
}

/** By which login we are accepted, and until when what it got holds. */
function describeLogin({ huawei: { credentials } }: DoctorSettings, end: Date | null): string {
  const until = end === null ? "" : ` until ${end.toISOString().slice(0, 16)}Z`;
  switch (credentials.kind) {
    case "aksk":
      return `accepted by ${credentials.securityToken === null ? "access key" : "access key and security token"}`;
    case "agency":
      return `accepted by the agency ${credentials.agency.name} of ${credentials.agency.domainName}; its keys hold${until}`;
    case "ecs":
      return `accepted by the keys of this server (ECS), which hold${until}`;
    case "password":
      return `accepted as ${credentials.username} of ${credentials.domainName}; the token holds${until}`;
  }
}

const namesOf = (groupIds: readonly string[]): string =>
  `user group${groupIds.length === 1 ? "" : "s"} ${groupIds.join(", ")}`;

function checkApi({ huawei: { apiVersion, groupIds } }: DoctorSettings, port: DoctorHuaweiPort): Finding {
  const lacks = Object.entries(lackMeanings).filter(([name]) => !port.capabilities.has(name as HuaweiCapability));
  const what = groupIds.length === 0 ? apiVersion : `${apiVersion} for ${namesOf(groupIds)}`;
  if (lacks.length === 0) return right(`${what}, everything is mirrored`);
  return warn(
    `${what}: ${lacks.map(([, meaning]) => meaning).join("; ")}`,
    apiVersion === "v2" ? null : "Set HUAWEI_API_VERSION=v2, unless the account has only the historical API.",
  );
}

function describeLimits({ countMax, sizeMaxBytes, extensions }: CaseFileLimits): Finding {
  if (sizeMaxBytes <= 0 || countMax <= 0)
    return warn(
      "the account may not attach files",
      "Files of people stay in Jira; ask Huawei Cloud whether that is meant.",
    );
  const kinds =
    extensions.length === 0
      ? "any kind"
      : `${extensions.length} kinds (${extensions.slice(0, 8).join(", ")}${extensions.length > 8 ? " …" : ""})`;
  return right(`${countMax} files of ${formatBytes(sizeMaxBytes)}, ${kinds}`);
}

async function checkLabels({ cases }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  const names = new Set((await port.listLabels(lane)).map((label) => label.name));
  const missing = cases.labels.filter((name) => !names.has(name));
  if (missing.length === 0)
    return right(
      cases.labels.length === 0 ? `${names.size} labels, no filter` : `all of ${cases.labels.join(", ")} exist`,
    );
  return wrong(
    `no label named ${missing.join(", ")}`,
    "Correct cases.labels in the configuration, or make the label in the console; until then no case passes by it.",
  );
}

/** The configured defaults of new cases, each against the look-up that must hold it. */
async function checkLookups({ create }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  const { subTypeId, productId, problemTypeId, regionId, severityId } = create.defaults;
  const categories = await port.listCategories(lane);
  const regions = await port.listRegions(lane);
  const category = subTypeId === null ? null : categories.find(({ id }) => id === subTypeId);
  const products = (category ? [category] : categories).flatMap((one) => one.products);
  const problemTypes =
    productId === null && subTypeId === null ? [] : await port.listProblemTypes({ productId, subTypeId }, lane);
  const severities =
    productId === null ||
    problemTypeId === null ||
    severityId === null ||
    !port.capabilities.has("severity_and_extends")
      ? null
      : await port.listSeverities({ productId, problemTypeId }, lane);

  const wanted: (readonly [string, string | null, readonly NamedId[] | null])[] = [
    ["subTypeId", subTypeId, categories],
    ["productId", productId, products],
    ["problemTypeId", problemTypeId, productId === null && subTypeId === null ? null : problemTypes],
    ["regionId", regionId, regions],
    ["severityId", severityId, severities === null || !severities.shown ? null : severities.severities],
  ];
  const missing = wanted.filter(
    ([, id, known]) => id !== null && known !== null && !known.some((one) => one.id === id),
  );
  const counts = `${categories.length} categories, ${regions.length} regions`;
  const problemType = problemTypes.find(({ id }) => id === problemTypeId);
  // A fault report needs a region (huawei.md 6).
  if (missing.length === 0 && problemType?.caseType === "5" && regionId === null && create.fields.regionId === null)
    return wrong(
      `${counts}; problem type ${problemType.id} (${problemType.name}) is a fault report, which needs a region`,
      "Set create.defaults.regionId, or create.fields.regionId to the Jira field that holds it; `casebridge lookups regions` lists the ids.",
    );
  if (missing.length === 0 && severityId !== null && severities?.shown === false)
    return warn(
      `${counts}; severity ${severityId} is configured, but the account's support plan offers no choice of severity`,
      "Remove create.defaults.severityId, or ask Huawei Cloud for a support plan.",
    );
  if (missing.length === 0) return right(`${counts}; the defaults of new cases fit`);
  return wrong(
    `${counts}; not known: ${missing.map(([name, id]) => `${name} ${id}`).join(", ")}`,
    "Correct create.defaults in the configuration; `casebridge lookups` lists the ids.",
  );
}

/** What the default problem type asks for beyond the usual, against the defaults and fields of the configuration. */
async function checkExtras({ create }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  const { subTypeId, productId, problemTypeId, severityId } = create.defaults;
  const keys = [...new Set([...Object.keys(create.defaults.extends), ...Object.keys(create.fields.extends)])];
  if (!port.capabilities.has("severity_and_extends")) {
    if (severityId === null && create.fields.severityId === null && keys.length === 0) return right("none are taken");
    return warn(
      "the historical API takes neither a severity nor extra parameters with a new case: those configured are left out",
      "Remove severityId and extends from create.defaults and create.fields, or set HUAWEI_API_VERSION=v2.",
    );
  }
  if (problemTypeId === null) return right("not asked: no default problem type is set");
  const byOperator = (id: string | null): GuardedText | null => (id === null ? null : writtenByOperator(id));
  const asked = await port.listExtraParameters(
    {
      problemTypeId: writtenByOperator(problemTypeId),
      productId: byOperator(productId),
      subTypeId: byOperator(subTypeId),
    },
    lane,
  );
  const shown =
    asked.map(({ id, name, required }) => `${id} (${name}${required ? ", needed" : ""})`).join(", ") || "none";
  const unknown = keys.filter((key) => !asked.some(({ id }) => id === key));
  if (unknown.length > 0)
    return wrong(
      `problem type ${problemTypeId} does not ask for ${unknown.join(", ")}`,
      `Correct extends in create.defaults or create.fields. It asks for: ${shown}.`,
    );
  const open = asked.filter(
    ({ id, required, defaultValue }) => required && !keys.includes(id) && (defaultValue ?? "") === "",
  );
  if (open.length > 0)
    return wrong(
      `problem type ${problemTypeId} needs ${open.map(({ id, name }) => `${id} (${name})`).join(", ")}, which nothing sets: a request without it is refused`,
      `Set ${open.map(({ id }) => `create.defaults.extends.${id}`).join(", ")}, or create.fields.extends to the Jira field that holds it; or people name it by a label hw-extra-<key>:<value>.`,
    );
  const long = asked.filter(
    ({ id, lengthMax }) => lengthMax !== null && (create.defaults.extends[id]?.length ?? 0) > lengthMax,
  );
  if (long.length > 0)
    return wrong(
      `too long: ${long.map(({ id, lengthMax }) => `create.defaults.extends.${id} (at most ${lengthMax} characters)`).join(", ")}`,
      "Shorten the value.",
    );
  return right(shown === "none" ? "none are asked for" : `asked for: ${shown}`);
}

/** One small listing, of what was created just now. */
async function checkCases(
  { huawei: { groupIds } }: DoctorSettings,
  port: DoctorHuaweiPort,
  now: () => Date,
): Promise<Finding> {
  try {
    await port.listCases({ createdFrom: now() }, lane);
  } catch (error) {
    if (!isServiceError(error, "forbidden", "rejected", "not_found")) throw error;
    return wrong(
      errorMessage(error),
      groupIds.length === 0
        ? "Give the user the right to see service tickets (Ticket Administrator or Ticket Group Operator)."
        : `Check HUAWEI_GROUP_ID: ${groupIds.join(", ")} must ${groupIds.length === 1 ? "" : "each "}be the id of a user group that the user belongs to; the IAM console shows them.`,
    );
  }
  return right(groupIds.length === 0 ? "may be listed" : `may be listed, those of ${namesOf(groupIds)} included`);
}

async function checkProject({ huawei: { projectId } }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  if (projectId === null) return right("none configured");
  const projects = await port.getProjectIds(lane);
  const found = projects.find(({ id }) => id === projectId);
  if (found !== undefined) return right(`${found.name} (${found.id})`);
  return wrong(
    `the account has no project ${projectId}`,
    `Correct HUAWEICLOUD_SDK_PROJECT_ID (huawei.projectId). The account has: ${projects.map(({ id, name }) => `${name} (${id})`).join(", ") || "none"}.`,
  );
}

async function checkTemplate({ create }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  const { template, defaults } = create;
  if (template === null) return right("none configured");
  if (defaults.problemTypeId === null)
    return wrong(
      "create.template is set without create.defaults.problemTypeId, whose templates it is one of",
      "Set create.defaults.problemTypeId, or remove create.template.",
    );
  const known = await port.listTemplates(defaults.problemTypeId, lane);
  if (known.some(({ id }) => id === template)) return right(template);
  return wrong(
    `problem type ${defaults.problemTypeId} has no template ${template}`,
    `Correct create.template. It has: ${known.map(({ id }) => id).join(", ") || "none"}.`,
  );
}

async function checkQuota({ create }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  const { problemTypeId, productId } = create.defaults;
  if (problemTypeId === null) return right("not asked: no default problem type is set");
  const { total, unused } = await port.listQuotas({ problemTypeId, productId }, lane);
  if (unused === 0)
    return warn(
      "no new case of the default problem type is left",
      "Wait for the next period, or ask Huawei Cloud for a higher quota.",
    );
  // -1 is believed to mean "no limit".
  const left =
    unused === null
      ? "the service does not say how many cases are left"
      : unused < 0
        ? "no limit"
        : `${unused} of ${total ?? "?"} cases left`;
  return right(left);
}
