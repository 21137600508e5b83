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

/** The filters that the list versions share, in their own words already translated. */
export interface CaseFilter {
  readonly status?: number | undefined;
  readonly statuses?: readonly number[] | undefined;
  readonly caseId?: string | undefined;
  readonly caseIdFuzzy: boolean;
  /** Words that the description must all contain (Assumed: all, ignoring case). */
  readonly words: readonly string[];
  /** Contained in ID or description. */
  readonly appKey?: string | undefined;
  readonly labelIds: readonly number[];
  readonly userId?: string | undefined;
  readonly userName?: string | undefined;
  readonly createdFrom?: number | undefined;
  readonly createdTo?: number | undefined;
  readonly groupId?: string | undefined;
}

/** Visible cases that pass a filter, in the order of the settings. Deleted ones only as the setting `deletedCases` says. */
export function selectCases(call: Call, filter: CaseFilter): CaseRecord[] {
  const { core } = call;
  const now = core.now();
  const found: CaseRecord[] = [];
  for (const record of core.state.cases.values()) {
    if (record.visibleAt > now || !mayAccess(call, record, filter.groupId)) continue;
    if (matches(call, record, filter)) found.push(record);
  }
  if (core.settings.listOrder === "random") return core.random.shuffle(found);
  const direction = core.settings.listOrder === "newest" ? -1 : 1;
  return found.sort((left, right) => direction * (left.createdAt - right.createdAt || left.sequence - right.sequence));
}

function matches(call: Call, record: CaseRecord, filter: CaseFilter): boolean {
  const { core } = call;
  const status = visibleStatus(core, record);
  const asked = filter.status !== undefined || filter.statuses !== undefined;
  if (status === STATUS.deleted) {
    if (core.settings.deletedCases === "missing") return false;
    if (core.settings.deletedCases === "hidden" && !asked) return false;
  }
  if (filter.status !== undefined && status !== filter.status) return false;
  if (filter.statuses !== undefined && !filter.statuses.includes(status)) return false;
  if (filter.caseId !== undefined) {
    const same = filter.caseIdFuzzy ? record.caseId.includes(filter.caseId) : record.caseId === filter.caseId;
    if (!same) return false;
  }
  const description = record.description.toLowerCase();
  if (!filter.words.every((word) => description.includes(word.toLowerCase()))) return false;
  if (filter.appKey !== undefined) {
    const key = filter.appKey.toLowerCase();
    if (!record.caseId.toLowerCase().includes(key) && !description.includes(key)) return false;
  }
  // Assumed: a case must carry one of the labels.
  if (filter.labelIds.length > 0) {
    const own = visibleLabelIds(core, record);
    if (!filter.labelIds.some((labelId) => own.includes(labelId))) return false;
  }
  if (filter.userId !== undefined && record.ownerUserId !== filter.userId) return false;
  if (filter.userName !== undefined && !record.ownerName.includes(filter.userName)) return false;
  if (filter.createdFrom !== undefined && record.createdAt < filter.createdFrom) return false;
  return filter.createdTo === undefined || record.createdAt <= filter.createdTo;
}

/** A group asked for must be one of the caller's (huawei.md 3.3). @throws ServiceError OSM.01010002 */
export function requireGroup(call: Call, groupId: string | undefined): void {
  if (groupId !== undefined && !call.account.groups.includes(groupId)) throw fail(call, "OSM.01010002");
}

function statusList(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  // huawei.md 7: separator not documented, comma [inferred].
  if (!/^\d+(,\d+)*$/.test(text)) throw new RefusedRequest("incident_status is not numbers joined by commas");
  return text.split(",").map(Number);
}

function labelIdList(query: Values): readonly number[] {
  return textsOf(query, "label_id_list").map((text) => {
    if (!/^\d+$/.test(text)) throw new RefusedRequest("label_id_list holds something that is no label ID");
    return Number(text);
  });
}

function listCases(call: Call): Answer {
  const { core, query, locale } = call;
  const groupId = textOf(query, "group_id");
  requireGroup(call, groupId);
  const from = textOf(query, "query_start_time");
  const to = textOf(query, "query_end_time");
  const found = selectCases(call, {
    status: numberOf(query, "status"),
    statuses: statusList(textOf(query, "incident_status")),
    caseId: textOf(query, "incident_id"),
    caseIdFuzzy: core.settings.incidentIdFuzzy,
    words: textsOf(query, "search_key"),
    appKey: textOf(query, "app_key"),
    labelIds: labelIdList(query),
    userId: textOf(query, "x_customer_id"),
    userName: textOf(query, "x_customer_name"),
    createdFrom: from === undefined ? undefined : parseLocalTime(from, locale, "query_start_time"),
    // The bound has no milliseconds, so the whole second counts (Assumed).
    createdTo: to === undefined ? undefined : parseLocalTime(to, locale, "query_end_time") + 999,
    groupId,
  });
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

/** What a creation needs, in either API version's words. */
export interface CreateInput {
  readonly subTypeId?: string | undefined;
  readonly productId?: string | undefined;
  readonly problemTypeId: string;
  readonly regionId?: string | undefined;
  readonly severityId?: string | undefined;
  readonly description: string;
  readonly sourceId: string;
  readonly accessoryIds: readonly string[];
  readonly extras: Record<string, unknown>;
  readonly contact: Record<string, string>;
  readonly descriptionMax: number;
}

/** Creates a case under the rules of huawei.md 6 and returns it. @throws ServiceError, RefusedRequest */
export function createCaseByApi(call: Call, input: CreateInput): CaseRecord {
  const { core, account } = call;
  const { settings } = core;
  if (settings.policySwitch && !settings.mayCreateCases) throw fail(call, "OSM.01010007");
  if (settings.agreementBlocksCreate && !agreementSigned(call))
    throw fail(call, "OSM.01010002", "Agreement not signed.");
  if (settings.caseQuota >= 0 && openCaseCount(call) >= settings.caseQuota) {
    throw fail(call, "OSM.01010002", "The service ticket quota is used up.");
  }
  if (input.sourceId !== CASE_SOURCE_ID) throw new RefusedRequest("source_id is not the documented value");
  if (input.description.trim() === "") throw new RefusedRequest("description is empty");
  if (input.description.length > input.descriptionMax) {
    throw new RefusedRequest(`description is above ${input.descriptionMax} characters`);
  }
  const problem = PROBLEM_TYPES.find((candidate) => candidate.id === input.problemTypeId);
  if (problem === undefined) throw fail(call, "OSM.01010001", "business_type_id does not exist");
  const product = PRODUCTS.find((candidate) => candidate.id === problem.productId);
  if (input.productId !== undefined && input.productId !== problem.productId) {
    throw fail(call, "OSM.01010001", "product_category_id does not fit business_type_id");
  }
  if (input.subTypeId !== undefined && input.subTypeId !== product?.subTypeId) {
    throw fail(call, "OSM.01010001", "incident_sub_type_id does not fit business_type_id");
  }
  // huawei.md 6 item 5: the region is required for fault reports.
  if (problem.caseType === "5" && input.regionId === undefined) {
    throw fail(call, "OSM.01010001", "region_id is required for fault reports");
  }
  if (input.regionId !== undefined && !REGIONS.some((region) => region.id === input.regionId)) {
    throw fail(call, "OSM.01010001", "region_id does not exist");
  }
  checkSeverity(call, input.severityId, problem.canUseSupportPlan);
  checkExtras(call, problem.extras, input.extras);
  const accessories = claimAccessories(call, input.accessoryIds, "incident", settings.accessoryLimitCount);
  return insertCase(core, {
    domainId: account.domainId,
    ownerUserId: account.userId,
    ownerName: account.userName,
    iamUserType: account.iamUserType,
    groupId: null,
    description: input.description,
    subTypeId: product?.subTypeId ?? SUB_TYPES[0]?.id ?? "",
    productId: problem.productId,
    problemTypeId: problem.id,
    regionId: input.regionId ?? "",
    severityId: input.severityId ?? "",
    createdAt: core.now(),
    status: STATUS.toBeProcessed,
    labelIds: [],
    accessoryIds: accessories.map((accessory) => accessory.accessoryId),
    extras: input.extras,
    contact: input.contact,
    via: "api",
  });
}

function checkSeverity(call: Call, severityId: string | undefined, planApplies: boolean): void {
  if (severityId === undefined || severityId === "") return;
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

function createCase(call: Call): Answer {
  const { body } = call;
  const record = createCaseByApi(call, {
    subTypeId: textOf(body, "incident_sub_type_id"),
    productId: textOf(body, "product_category_id"),
    problemTypeId: textOf(body, "business_type_id") ?? "",
    regionId: textOf(body, "region_id"),
    severityId: textOf(body, "severity_id"),
    description: textOf(body, "simple_description") ?? "",
    sourceId: textOf(body, "source_id") ?? "",
    accessoryIds: textsOf(body, "accessory_ids"),
    extras: { ...valuesOf(body, "extends_map") },
    contact: readContact(call, body),
    descriptionMax: call.core.settings.descriptionMax,
  });
  return json({ incident_id: record.caseId });
}

function showCase(call: Call): Answer {
  const record = findCase(call, String(call.path.case_id), textOf(call.query, "group_id"));
  const trim = call.query.trim_osm_rich_text_label !== false;
  return json({ incident_detail_info: renderCaseDetail(call.core, call.locale, record, trim) });
}

/**
 * Performs press, cancel, close or delete under the table of huawei.md 5.
 * @throws ServiceError with `wrongStatusErrorCode` when the status forbids it, OSM.01010004 when urged too often.
 */
export function performAction(call: Call, record: CaseRecord, action: string, description: string): void {
  const { core } = call;
  const { settings } = core;
  const operator = { operatorId: call.account.userId, operatorName: call.account.userName, description };
  const demand = (allowed: readonly number[]): void => {
    if (!allowed.includes(trueStatus(record))) throw fail(call, settings.wrongStatusErrorCode);
  };
  switch (action) {
    case "press": {
      demand(settings.pressFrom);
      const now = core.now();
      const tooNew = now - record.createdAt < settings.pressIdleMs;
      const tooSoon = record.lastPressedAt !== null && now - record.lastPressedAt < settings.pressIntervalMs;
      if (tooNew || tooSoon) throw fail(call, "OSM.01010004");
      record.lastPressedAt = now;
      addLog(core, record, { type: LOG_TYPE.press, ...operator });
      return;
    }
    case "cancel":
      demand(settings.cancelFrom);
      setStatus(core, record, STATUS.canceled);
      addLog(core, record, { type: LOG_TYPE.cancel, ...operator });
      return;
    case "close":
      demand(settings.closeFrom);
      setStatus(core, record, STATUS.completed);
      addLog(core, record, { type: LOG_TYPE.close, ...operator });
      return;
    case "delete":
      demand(settings.deleteFrom);
      setStatus(core, record, STATUS.deleted);
      addLog(core, record, { type: LOG_TYPE.delete, ...operator });
      return;
    default:
      throw new RefusedRequest(`action ${action} is not documented`, "OSM.01010013");
  }
}

function updateCase(call: Call): Answer {
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
export function scoreCase(call: Call, record: CaseRecord, judgement: string, ratings: Record<string, unknown>[]): void {
  if (trueStatus(record) !== STATUS.completed) throw fail(call, call.core.settings.wrongStatusErrorCode);
  record.judgement = judgement;
  record.satisfaction = ratings;
  addLog(call.core, record, {
    type: LOG_TYPE.score,
    operatorId: call.account.userId,
    operatorName: call.account.userName,
  });
}

function createScore(call: Call): Answer {
  const record = findCase(call, String(call.path.case_id), textOf(call.body, "group_id"), "write");
  const ratings = call.body.incident_satisfaction_list;
  const judgement = textOf(call.body, "judgement") ?? "";
  if (judgement.length > 400) throw new RefusedRequest("judgement is above 400 characters");
  scoreCase(call, record, judgement, Array.isArray(ratings) ? ratings.filter(isRecord) : []);
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
