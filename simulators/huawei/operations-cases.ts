/** Operations on cases: list, count, create, detail, actions, rating, contact, extra parameters (huawei.md 5 to 7). */
import { CASE_SOURCE_ID, PROBLEM_TYPES, PRODUCTS, REGIONS, SEVERITIES, SUB_TYPES } from "./catalogue.ts";
import { type Answer, type Call, DONE, fail, findCase, json, mayAccess, type Operation, page } from "./context.ts";
import { RefusedRequest } from "./errors.ts";
import { claimAccessories } from "./operations-accessories.ts";
import {
  addLog,
  type CaseRecord,
  CLOSED_STATUSES,
  insertCase,
  LOG_TYPE,
  STATUS,
  setStatus,
  trueStatus,
  visibleLabelIds,
  visibleStatus,
} from "./state.ts";
import { isRecord, numberOf, textOf, textsOf, type Values, valuesOf } from "./values.ts";
import { formatLocalTime, formatTime, parseLocalTime, renderCaseDetail, renderCaseItem } from "./wire.ts";

type Filter = (record: CaseRecord) => boolean;

/** Filters of the list by parameter. Each is made before any case is looked at: a wrong value is refused whatever there is. */
const FILTERS: Readonly<Record<string, (call: Call, value: unknown) => Filter>> = {
  status:
    ({ core }, wanted) =>
    (record) =>
      visibleStatus(core, record) === wanted,
  incident_status({ core }, value) {
    // huawei.md 7: separator not documented, comma [inferred].
    if (!/^\d+(,\d+)*$/.test(String(value)))
      throw new RefusedRequest("incident_status is not numbers joined by commas");
    const wanted = String(value).split(",").map(Number);
    return (record) => wanted.includes(visibleStatus(core, record));
  },
  incident_id({ core }, value) {
    const wanted = String(value);
    return ({ caseId }) => (core.settings.incidentIdFuzzy ? caseId.includes(wanted) : caseId === wanted);
  },
  part_of_incident_id: (_call, value) => (record) => record.caseId.includes(String(value)),
  /** Words that the description must all contain (Assumed: all, ignoring case). */
  search_key(_call, value) {
    const wanted = (value as readonly unknown[]).map((word) => String(word).toLowerCase());
    return (record) => wanted.every((word) => record.description.toLowerCase().includes(word));
  },
  app_key(_call, value) {
    const wanted = String(value).toLowerCase();
    return (record) => [record.caseId, record.description].some((text) => text.toLowerCase().includes(wanted));
  },
  /** Assumed: a case must carry one of the labels. */
  label_id_list({ core }, value) {
    const wanted = (value as readonly unknown[]).map(String);
    if (wanted.some((text) => !/^\d+$/.test(text)))
      throw new RefusedRequest("label_id_list holds something that is no label ID");
    return (record) => visibleLabelIds(core, record).some((labelId) => wanted.includes(String(labelId)));
  },
  x_customer_id: (_call, value) => (record) => record.ownerUserId === value,
  x_customer_name: (_call, value) => (record) => record.ownerName.includes(String(value)),
  query_start_time({ locale }, value) {
    const from = parseLocalTime(String(value), locale, "query_start_time");
    return (record) => record.createdAt >= from;
  },
  query_end_time({ locale }, value) {
    // The bound has no milliseconds, so the whole second counts (Assumed).
    const to = parseLocalTime(String(value), locale, "query_end_time") + 999;
    return (record) => record.createdAt <= to;
  },
};

/** Visible cases that pass the filters of a query, in the order of the settings. */
export function selectCases(call: Call): CaseRecord[] {
  const { core, query } = call;
  const { listOrder, deletedCases } = core.settings;
  const isGiven = (name: string): boolean =>
    query[name] !== undefined && query[name] !== "" && !isEmptyList(query[name]);
  const names = Object.keys(FILTERS).filter(isGiven);
  const filters = names.flatMap((name) => FILTERS[name]?.(call, query[name]) ?? []);
  const isStatusAsked = names.includes("status") || names.includes("incident_status");
  const showsDeleted = deletedCases === "listed" || (deletedCases === "hidden" && isStatusAsked);
  const groupId = textOf(query, "group_id");
  const found = [...core.state.cases.values()].filter(
    (record) =>
      record.visibleAt <= core.now() &&
      mayAccess(call, record, groupId) &&
      (showsDeleted || visibleStatus(core, record) !== STATUS.deleted) &&
      filters.every((passes) => passes(record)),
  );
  if (listOrder === "random") return core.random.shuffle(found);
  const direction = listOrder === "newest" ? -1 : 1;
  return found.sort((left, right) => direction * (left.createdAt - right.createdAt || left.sequence - right.sequence));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** A group asked for must be one of the caller's (huawei.md 3.3). @throws ServiceError OSM.01010002 */
export function requireGroup(call: Call, groupId: string | undefined): void {
  if (groupId !== undefined && !call.account.groups.includes(groupId)) throw fail(call, "OSM.01010002");
}

function listCases(call: Call): Answer {
  const { core, query, locale } = call;
  requireGroup(call, textOf(query, "group_id"));
  const found = selectCases(call);
  const offset = numberOf(query, "offset") ?? 0;
  const shifted = offset === 0 ? 0 : Math.max(0, offset - core.settings.listShift);
  const items = page(found, shifted, numberOf(query, "limit") ?? core.settings.listLimitDefault);
  const name = core.settings.listTotalName;
  return json({
    ...(name === "count" ? {} : { total_count: found.length }),
    ...(name === "total_count" ? {} : { count: found.length }),
    incident_info_list: items.map((record) => renderCaseItem(core, locale, record)),
  });
}

/** Creates a case under the rules of huawei.md 6. @throws ServiceError, RefusedRequest */
export function createCase(call: Call): Answer {
  const { core, account, body } = call;
  const { settings } = core;
  const description = textOf(body, "simple_description") ?? "";
  const descriptionMax = Math.min(call.textMax, settings.descriptionMax);
  const regionId = textOf(body, "region_id");
  const severityId = textOf(body, "severity_id");
  const extras = { ...valuesOf(body, "extends_map") };
  if (settings.policySwitch && !settings.mayCreateCases) throw fail(call, "OSM.01010007");
  if (settings.agreementBlocksCreate && !agreementSigned(call))
    throw fail(call, "OSM.01010002", "Agreement not signed.");
  if (settings.caseQuota >= 0 && openCaseCount(call) >= settings.caseQuota) {
    throw fail(call, "OSM.01010002", "The service ticket quota is used up.");
  }
  if (textOf(body, "source_id") !== CASE_SOURCE_ID) throw new RefusedRequest("source_id is not the documented value");
  if (description.trim() === "") throw new RefusedRequest("description is empty");
  if (description.length > descriptionMax)
    throw new RefusedRequest(`description is above ${descriptionMax} characters`);
  const problem = PROBLEM_TYPES.find((candidate) => candidate.id === textOf(body, "business_type_id"));
  if (problem === undefined) throw fail(call, "OSM.01010001", "business_type_id does not exist");
  const product = PRODUCTS.find((candidate) => candidate.id === problem.productId);
  for (const [name, own] of [
    ["product_category_id", problem.productId],
    ["incident_sub_type_id", product?.subTypeId],
  ] as const)
    if ((textOf(body, name) ?? own) !== own) throw fail(call, "OSM.01010001", `${name} does not fit business_type_id`);
  // huawei.md 6 item 5: the region is required for fault reports.
  if (problem.caseType === "5" && regionId === undefined) {
    throw fail(call, "OSM.01010001", "region_id is required for fault reports");
  }
  if (regionId !== undefined && !REGIONS.some((region) => region.id === regionId)) {
    throw fail(call, "OSM.01010001", "region_id does not exist");
  }
  checkSeverity(call, severityId, problem.canUseSupportPlan);
  checkExtras(call, problem.extras, extras);
  const contact = readContact(call, body);
  const accessories = claimAccessories(call, textsOf(body, "accessory_ids"), "incident", settings.accessoryLimitCount);
  const { caseId } = insertCase(core, {
    domainId: account.domainId,
    ownerUserId: account.userId,
    ownerName: account.userName,
    iamUserType: account.iamUserType,
    groupId: null,
    description,
    subTypeId: product?.subTypeId ?? SUB_TYPES[0]?.id ?? "",
    productId: problem.productId,
    problemTypeId: problem.id,
    regionId: regionId ?? "",
    severityId: severityId ?? "",
    createdAt: core.now(),
    status: STATUS.toBeProcessed,
    labelIds: [],
    accessoryIds: accessories.map((accessory) => accessory.accessoryId),
    extras,
    contact,
    via: "api",
  });
  return json({ incident_id: caseId });
}

function checkSeverity(call: Call, severityId: string | undefined, planApplies: boolean): void {
  if (severityId === undefined) return;
  if (!SEVERITIES.some((severity) => severity.id === severityId)) throw fail(call, "OSM.01010006");
  // huawei.md 6 item 6: severities need a support plan that covers the problem type.
  if (!call.core.settings.supportPlan || !planApplies) throw fail(call, "OSM.01010009");
}

function checkExtras(
  call: Call,
  asked: readonly { key: string; required: boolean; length: number }[],
  given: Record<string, unknown>,
): void {
  for (const [key, value] of Object.entries(given)) {
    const parameter = asked.find((candidate) => candidate.key === key);
    if (parameter === undefined) throw new RefusedRequest(`extends_map.${key} is not asked for by the problem type`);
    if (String(value).length > parameter.length)
      throw new RefusedRequest(`extends_map.${key} is above ${parameter.length}`);
  }
  for (const parameter of asked) {
    const value = given[parameter.key];
    if (parameter.required && (value === undefined || value === "")) {
      throw fail(call, "OSM.01010001", `extends_map.${parameter.key} is required`);
    }
  }
}

/** Whether the caller's account has signed the latest agreement. */
export function agreementSigned(call: Call): boolean {
  return call.core.settings.agreementSigned;
}

/** Open cases of the caller's account, for the quota. */
export function openCaseCount(call: Call): number {
  let count = 0;
  for (const record of call.core.state.cases.values()) {
    if (record.domainId === call.account.domainId && !CLOSED_STATUSES.includes(trueStatus(record))) count += 1;
  }
  return count;
}

/** Contact data needs a verified ID (huawei.md 6 item 9); here nobody has one. @throws ServiceError OSM.01010010 */
function readContact(call: Call, body: Values): Record<string, string> {
  const given = ["remind_time", "area_code"].flatMap((name) => {
    const value = textOf(body, name);
    return value === undefined ? [] : [[name, value]];
  });
  if (textOf(body, "remind_mobile") !== undefined || textOf(body, "remind_mail") !== undefined)
    throw fail(call, "OSM.01010010");
  return Object.fromEntries(given);
}

function showCase(call: Call): Answer {
  const record = findCase(call, String(call.path.case_id), textOf(call.query, "group_id"));
  const trim = call.query.trim_osm_rich_text_label !== false;
  return json({ incident_detail_info: renderCaseDetail(call.core, call.locale, record, trim) });
}

/** What cancel, close and delete lead to under the table of huawei.md 5. */
const MOVES = {
  cancel: { from: "cancelFrom", to: STATUS.canceled, log: LOG_TYPE.cancel },
  close: { from: "closeFrom", to: STATUS.completed, log: LOG_TYPE.close },
  delete: { from: "deleteFrom", to: STATUS.deleted, log: LOG_TYPE.delete },
} as const;

/** @throws ServiceError with `wrongStatusErrorCode` when the status forbids it, OSM.01010004 when urged too often. */
function performAction(call: Call, record: CaseRecord, action: string, description: string): void {
  const { core, account } = call;
  const { settings } = core;
  const isMove = (name: string): name is keyof typeof MOVES => Object.hasOwn(MOVES, name);
  if (action !== "press" && !isMove(action))
    throw new RefusedRequest(`action ${action} is not documented`, "OSM.01010013");
  const allowed = action === "press" ? settings.pressFrom : settings[MOVES[action].from];
  if (!allowed.includes(trueStatus(record))) throw fail(call, settings.wrongStatusErrorCode);
  if (action === "press") {
    const now = core.now();
    const isTooNew = now - record.createdAt < settings.pressIdleMs;
    const isTooSoon = record.lastPressedAt !== null && now - record.lastPressedAt < settings.pressIntervalMs;
    if (isTooNew || isTooSoon) throw fail(call, "OSM.01010004");
    record.lastPressedAt = now;
  } else setStatus(core, record, MOVES[action].to);
  const type = action === "press" ? LOG_TYPE.press : MOVES[action].log;
  addLog(core, record, { type, operatorId: account.userId, operatorName: account.userName, description });
}

/** Acts on a case, with a rating where one comes along. */
export function updateCase(call: Call): Answer {
  const action = textOf(call.query, "action_id") ?? "";
  const record = findCase(call, String(call.path.case_id), textOf(call.body, "group_id"), "write");
  performAction(call, record, action, textOf(call.body, "operate_desc") ?? "");
  const judgement = textOf(call.body, "judgement");
  if (judgement !== undefined) record.judgement = judgement;
  const ratings = call.body.incident_satisfaction_list;
  if (Array.isArray(ratings) && ratings.length > 0) record.satisfaction = ratings.filter(isRecord);
  return DONE;
}

/** Stores a rating; only completed cases take one (CreateScores). @throws ServiceError with `wrongStatusErrorCode` */
export function createScore(call: Call): Answer {
  const { core, account, body } = call;
  const record = findCase(call, String(call.path.case_id), textOf(body, "group_id"), "write");
  const ratings = body.incident_satisfaction_list;
  const judgement = textOf(body, "judgement") ?? "";
  if (judgement.length > 400) throw new RefusedRequest("judgement is above 400 characters");
  if (trueStatus(record) !== STATUS.completed) throw fail(call, core.settings.wrongStatusErrorCode);
  record.judgement = judgement;
  record.satisfaction = Array.isArray(ratings) ? ratings.filter(isRecord) : [];
  addLog(core, record, { type: LOG_TYPE.score, operatorId: account.userId, operatorName: account.userName });
  return DONE;
}

function listOperateLogs(call: Call): Answer {
  const { core, locale } = call;
  const record = findCase(call, String(call.path.case_id), textOf(call.query, "group_id"));
  const now = core.now();
  // Assumed: newest first; the order is not documented.
  const logs = record.logs.filter((entry) => entry.visibleAt <= now).reverse();
  const shown = page(logs, numberOf(call.query, "offset"), numberOf(call.query, "limit") ?? 10);
  return json({
    total_count: logs.length,
    incident_operate_log_list: shown.map((entry) => ({
      incident_log_id: entry.logId,
      incident_id: record.caseId,
      operate_type: entry.type,
      operator_type: entry.operatorType,
      operator_id: entry.operatorId,
      operator_name: entry.operatorName,
      operate_desc: entry.description,
      operate_time: formatLocalTime(locale, entry.at),
      timestamp_operate_time: formatTime(core, locale, entry.at),
    })),
  });
}

/** The operations of this file by operationId. */
export const CASE_OPERATIONS: Readonly<Record<string, Operation>> = {
  ListCases: listCases,
  CreateCases: createCase,
  ShowCaseDetail: showCase,
  UpdateCases: updateCase,
  CreateScores: createScore,
  ListCaseOperateLogs: listOperateLogs,
};
