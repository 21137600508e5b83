/** The checks of the Huawei side. */

import type { Lane } from "../../domain/lane.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { type GuardedText, writtenByOperator } from "../../domain/text/guarded.ts";
import type { CaseFileLimits, CaseLookupPort, HuaweiCapability, HuaweiPort } from "../../sync/ports.ts";
import { checkAddress, toAddressTrouble } from "./address.ts";
import { checkClock, type DoctorSettings, type Finding, formatBytes, right, type Sheet, warn, wrong } from "./sheet.ts";
import { doctorTexts, verbatim, type Words } from "./texts/texts.ts";

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

/** All that an API version or the group mode may lack. */
const huaweiCapabilities = Object.keys(doctorTexts.en.huawei.lacks) as readonly HuaweiCapability[];

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
      ? right((t) => t.huawei.signed)
      : wrong(
          (t) => t.huawei.unsigned,
          (t) => t.huawei.sign,
        ),
  );
  await sheet.check("Huawei privilege", async () =>
    (await port.listPrivileges(lane)).createCase
      ? right((t) => t.huawei.maySubmit)
      : wrong(
          (t) => t.huawei.mayNotSubmit,
          (t) => t.huawei.giveSubmit,
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
function describeLogin({ huawei: { credentials } }: DoctorSettings, end: Date | null): Words {
  const until = end === null ? null : `${end.toISOString().slice(0, 16)}Z`;
  switch (credentials.kind) {
    case "aksk":
      return ({ huawei: t }) => (credentials.securityToken === null ? t.byKey : t.byToken);
    case "agency":
      return (t) => t.huawei.byAgency(credentials.agency.name, credentials.agency.domainName, until);
    case "ecs":
      return (t) => t.huawei.byServer(until);
    case "password":
      return (t) => t.huawei.byPassword(credentials.username, credentials.domainName, until);
  }
}

function checkApi({ huawei: { apiVersion, groupIds } }: DoctorSettings, port: DoctorHuaweiPort): Finding {
  const lacks = huaweiCapabilities.filter((name) => !port.capabilities.has(name));
  const what: Words = (t) => (groupIds.length === 0 ? apiVersion : t.huawei.apiFor(apiVersion, groupIds));
  if (lacks.length === 0) return right((t) => t.huawei.everything(what(t)));
  return warn((t) => t.huawei.lacking(what(t), lacks), apiVersion === "v2" ? null : (t) => t.huawei.setApi);
}

function describeLimits({ countMax, sizeMaxBytes, extensions }: CaseFileLimits): Finding {
  if (sizeMaxBytes <= 0 || countMax <= 0)
    return warn(
      (t) => t.huawei.noFiles,
      (t) => t.huawei.askFiles,
    );
  const size = formatBytes(sizeMaxBytes);
  if (extensions.length === 0) return right((t) => t.huawei.filesAnyKind(countMax, size));
  const some = `${extensions.slice(0, 8).join(", ")}${extensions.length > 8 ? " …" : ""}`;
  return right((t) => t.huawei.filesOfKinds(countMax, size, extensions.length, some));
}

async function checkLabels({ cases }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  const names = new Set((await port.listLabels(lane)).map((label) => label.name));
  const missing = cases.labels.filter((name) => !names.has(name));
  if (missing.length === 0)
    return right(({ huawei: t, report }) =>
      cases.labels.length === 0 ? t.labels(names.size) : t.labelsExist(cases.labels.join(report.comma)),
    );
  return wrong(
    (t) => t.huawei.noLabel(missing.join(t.report.comma)),
    (t) => t.huawei.correctLabels,
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
  const counts: Words = (t) => t.huawei.counts(categories.length, regions.length);
  const problemType = problemTypes.find(({ id }) => id === problemTypeId);
  // A fault report needs a region (huawei.md 6).
  if (missing.length === 0 && problemType?.caseType === "5" && regionId === null && create.fields.regionId === null)
    return wrong(
      (t) => t.huawei.needsRegion(counts(t), problemType.id, problemType.name),
      (t) => t.huawei.setRegion,
    );
  if (missing.length === 0 && severityId !== null && severities?.shown === false)
    return warn(
      (t) => t.huawei.noSeverity(counts(t), severityId),
      (t) => t.huawei.removeSeverity,
    );
  if (missing.length === 0) return right((t) => t.huawei.defaultsFit(counts(t)));
  return wrong(
    (t) => t.huawei.unknownDefaults(counts(t), missing.map(([name, id]) => `${name} ${id}`).join(t.report.comma)),
    (t) => t.huawei.correctDefaults,
  );
}

/** What the default problem type asks for beyond the usual, against the defaults and fields of the configuration. */
async function checkExtras({ create }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  const { subTypeId, productId, problemTypeId, severityId } = create.defaults;
  const keys = [...new Set([...Object.keys(create.defaults.extends), ...Object.keys(create.fields.extends)])];
  if (!port.capabilities.has("severity_and_extends")) {
    if (severityId === null && create.fields.severityId === null && keys.length === 0)
      return right((t) => t.huawei.noneTaken);
    return warn(
      (t) => t.huawei.extrasLeftOut,
      (t) => t.huawei.removeExtras,
    );
  }
  if (problemTypeId === null) return right((t) => t.huawei.noProblemType);
  const byOperator = (id: string | null): GuardedText | null => (id === null ? null : writtenByOperator(id));
  const asked = await port.listExtraParameters(
    {
      problemTypeId: writtenByOperator(problemTypeId),
      productId: byOperator(productId),
      subTypeId: byOperator(subTypeId),
    },
    lane,
  );
  const shown: Words = ({ huawei: t, report }) =>
    asked
      .map(({ id, name, required }) => (required ? t.neededParameter(id, name) : t.parameter(id, name)))
      .join(report.comma) || report.none;
  const unknown = keys.filter((key) => !asked.some(({ id }) => id === key));
  if (unknown.length > 0)
    return wrong(
      (t) => t.huawei.unknownExtras(problemTypeId, unknown.join(t.report.comma)),
      (t) => t.huawei.correctExtras(shown(t)),
    );
  const open = asked.filter(
    ({ id, required, defaultValue }) => required && !keys.includes(id) && (defaultValue ?? "") === "",
  );
  if (open.length > 0)
    return wrong(
      ({ huawei: t, report }) =>
        t.openExtras(problemTypeId, open.map(({ id, name }) => t.parameter(id, name)).join(report.comma)),
      (t) => t.huawei.setExtras(open.map(({ id }) => `create.defaults.extends.${id}`).join(t.report.comma)),
    );
  const long = asked.filter(
    ({ id, lengthMax }) => lengthMax !== null && (create.defaults.extends[id]?.length ?? 0) > lengthMax,
  );
  if (long.length > 0)
    return wrong(
      ({ huawei: t, report }) =>
        t.tooLong(
          long.map(({ id, lengthMax }) => t.lengthMax(`create.defaults.extends.${id}`, lengthMax)).join(report.comma),
        ),
      (t) => t.huawei.shorten,
    );
  return right((t) => (asked.length === 0 ? t.huawei.noneAsked : t.huawei.asked(shown(t))));
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
      (t) => t.sheet.error(error),
      ({ huawei: t }) => (groupIds.length === 0 ? t.giveCases : t.checkGroups(groupIds)),
    );
  }
  return right(({ huawei: t }) => (groupIds.length === 0 ? t.mayList : t.mayListGroups(groupIds)));
}

async function checkProject({ huawei: { projectId } }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  if (projectId === null) return right((t) => t.huawei.noneConfigured);
  const projects = await port.getProjectIds(lane);
  const found = projects.find(({ id }) => id === projectId);
  if (found !== undefined) return right(verbatim(`${found.name} (${found.id})`));
  return wrong(
    (t) => t.huawei.noProject(projectId),
    ({ huawei: t, report }) =>
      t.correctProject(projects.map(({ id, name }) => `${name} (${id})`).join(report.comma) || report.none),
  );
}

async function checkTemplate({ create }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  const { template, defaults } = create;
  if (template === null) return right((t) => t.huawei.noneConfigured);
  if (defaults.problemTypeId === null)
    return wrong(
      (t) => t.huawei.templateAlone,
      (t) => t.huawei.setProblemType,
    );
  const { problemTypeId } = defaults;
  const known = await port.listTemplates(problemTypeId, lane);
  if (known.some(({ id }) => id === template)) return right(verbatim(template));
  return wrong(
    (t) => t.huawei.noTemplate(problemTypeId, template),
    ({ huawei: t, report }) => t.correctTemplate(known.map(({ id }) => id).join(report.comma) || report.none),
  );
}

async function checkQuota({ create }: DoctorSettings, port: DoctorHuaweiPort): Promise<Finding> {
  const { problemTypeId, productId } = create.defaults;
  if (problemTypeId === null) return right((t) => t.huawei.noProblemType);
  const { total, unused } = await port.listQuotas({ problemTypeId, productId }, lane);
  if (unused === 0)
    return warn(
      (t) => t.huawei.noneLeft,
      (t) => t.huawei.raiseQuota,
    );
  // -1 is believed to mean "no limit".
  return right(({ huawei: t }) => {
    if (unused === null) return t.quotaUntold;
    return unused < 0 ? t.noLimit : t.quota(unused, total ?? "?");
  });
}
