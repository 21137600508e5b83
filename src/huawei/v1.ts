/**
 * The historical API v1.0 behind the same ports (`/v1.0/servicerequest/case…`, 13 operations, huawei.md 1).
 *
 * Its answers are v2's in other words, so each is renamed and then read by the same schemas and mappings. What it lacks is told by
 * `capabilities`; what it lacks but can be had another way is made here: news of messages (from the details, one read per case),
 * the id of a new case (from the list, by the text that was just sent), and the mark of a first message (by its text).
 */
import type { CaseDetail, CaseMessage, CaseSummary } from "../domain/case.ts";
import { type CaseFileId, type CaseId, toId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { Sealed } from "../lib/sealed.ts";
import { toServiceTime } from "../lib/service-clock.ts";
import type { CaseListQuery, CaseUpload, HuaweiPort, InstantGroup, NewCase, SpooledFile } from "../sync/ports.ts";
import type { HuaweiAdminPort } from "./admin-port.ts";
import { contractError, refusedLocally, unsupported } from "./answers.ts";
import { parseWire, toCaseDetail, toCaseSummary } from "./mapping.ts";
import { makeUploadBody } from "./multipart.ts";
import { type Page, pageSize } from "./paging.ts";
import { type ApiCall, plainJson, sealedBody } from "./transport.ts";
import { listProjects, named } from "./v2-admin.ts";
import {
  caseSourceId,
  cutText,
  type DialectDeps,
  mapping,
  operateDescMax,
  readCaseWindows,
  requireCaseText,
  spoolDownload,
  type Window,
  windowTexts,
} from "./v2-cases.ts";
import {
  wireCaseDetail,
  wireCaseList,
  wireCategories,
  wireCategory,
  wireProblemType,
  wireProblemTypes,
  wireProduct,
  wireRegion,
  wireRegions,
  wireTemplate,
  wireTemplates,
  wireUpload,
} from "./wire.ts";

/** Statuses that the historical pages name. */
const documentedStatuses: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 12]);
/** 2 MB and these kinds (huawei.md 8). Assumed: five files per message, as a read message shows; a message with six would prove it. */
const fileLimits = {
  countMax: 5,
  newCaseCountMax: 1,
  sizeMaxBytes: 2 * 1024 * 1024,
  extensions: ["jpg", "jpeg", "bmp", "png", "gif", "txt", "doc", "docx", "rar", "zip", "pdf", "xls", "xlsx"],
} as const;
/** Ratings of the historical API: 1 speed, 3 result. */
const ratingIds = [1, 3] as const;
/** News is told again for so long, since a message can become visible later than a younger one of another case. */
const overlapMs = 10 * 60_000;

/** Makes both ports over v1.0. */
export function makeV1(deps: DialectDeps & { readonly iamEndpoint: string }): HuaweiPort & HuaweiAdminPort {
  const { transport } = deps;
  const regions = v1Call(deps, { operation: "checkCredentials", path: ["region"] });
  const lacks = (operation: string): Promise<never> =>
    Promise.reject(unsupported({ operation, write: false }, "the historical API v1.0 does not offer it"));

  async function send(call: ApiCall, lane: Lane): Promise<void> {
    await transport.json(call, lane);
  }

  return {
    serviceClock: deps.serviceClock,
    capabilities: new Set(),

    listCases: (query, lane) => listCases(deps, query, lane),
    getCase: (caseId, lane) => getCase(deps, caseId, lane),
    listMessages: async (caseId, lane) => (await getCase(deps, caseId, lane)).messages,
    listInstantMessages: (caseIds, cursor, lane) => readNews(deps, caseIds, cursor, lane),
    createCase: (input, lane) => createCase(deps, input, lane),

    createMessage(caseId, sealed, lane) {
      const body = sealedBody(sealed, ({ content, fileIds }) => {
        const message = fileIds.length === 0 ? { content } : { content, accessoryIds: fileIds };
        return { body: { kind: "json", json: { caseId, message } } };
      });
      return send(post(deps, "createMessage", "message", body), lane);
    },

    withdrawMessage: () => lacks("withdrawMessage"),

    performAction(caseId, action, sealed, lane) {
      const body = sealedBody(sealed, (description) => {
        const actionDesc = cutText(description, operateDescMax);
        return { body: { kind: "json", json: { caseId, action, ...(actionDesc === "" ? {} : { actionDesc }) } } };
      });
      return send(post(deps, "performAction", "action", body), lane);
    },

    rateCase(caseId, sealed, lane) {
      const body = sealedBody(sealed, ({ stars, text }) => {
        const satisfactionList = ratingIds.map((satisfactionId) => ({ satisfactionId, satisfactionValue: stars }));
        return {
          body: { kind: "json", json: { caseId, judgement: cutText(text, operateDescMax), satisfactionList } },
        };
      });
      return send(post(deps, "rateCase", "evaluation", body), lane);
    },

    getFileLimits: async () => fileLimits,
    uploadFile: (input, lane) => uploadFile(deps, input, lane),

    deleteUpload: (fileId, lane) =>
      send({ ...post(deps, "deleteUpload", "accessory", plainJson({ accessoryId: fileId })), method: "DELETE" }, lane),

    downloadFile: makeDownload(deps),

    listCaseLabels: async () => [],
    listRelatedCases: () => lacks("listRelatedCases"),
    listOperations: () => lacks("listOperations"),
    listAccessRequests: async () => [],

    checkCredentials: (lane) => send(regions, lane),
    async serverTime(lane) {
      const call = { ...regions, operation: "serverTime" };
      const date = await transport.date(call, lane);
      if (date === null) throw contractError(call, "header Date");
      return date;
    },
    async listRegions(lane) {
      const call = v1Call(deps, { operation: "listRegions", path: ["region"] });
      const wire = parseWire(call, wireRegions, {
        value: rename(await transport.json(call, lane), { data_center_list: "regionList" }),
      });
      return wire.data_center_list.map((value, index) => {
        const renamed = rename(value, { region_id: "regionId", region_name: "regionName" });
        const entry = parseWire(call, wireRegion, { value: renamed, path: `regionList[${index}]` });
        return named(entry.region_id, entry.region_name);
      });
    },
    listCategories: (lane) => listCategories(deps, lane),
    async listProblemTypes({ productId }, lane) {
      const query = { productCategoryId: productId };
      const call = v1Call(deps, { operation: "listProblemTypes", path: ["businesstype"], query });
      const wire = parseWire(call, wireProblemTypes, {
        value: rename(await transport.json(call, lane), { incident_business_type_list: "businessTypeList" }),
      });
      return wire.incident_business_type_list.map((value, index) => {
        const renamed = rename(value, { business_type_id: "businessTypeId", business_type_name: "businessTypeName" });
        const entry = parseWire(call, wireProblemType, { value: renamed, path: `businessTypeList[${index}]` });
        const { case_type: caseType, can_use_support_plan: canUseSupportPlan } = entry;
        return { ...named(entry.business_type_id, entry.business_type_name), caseType, canUseSupportPlan };
      });
    },
    async listTemplates(problemTypeId, lane) {
      const query = { businessTypeId: problemTypeId };
      const call = v1Call(deps, { operation: "listTemplates", path: ["template"], query });
      const wire = parseWire(call, wireTemplates, {
        value: rename(await transport.json(call, lane), { incident_template_list: "templateList" }),
      });
      return wire.incident_template_list.map((value, index) => {
        const renamed = rename(value, {
          incident_template_id: "templateId",
          incident_template_name: "templateName",
          incident_template_content: "templateContent",
        });
        const entry = parseWire(call, wireTemplate, { value: renamed, path: `templateList[${index}]` });
        return {
          ...named(entry.incident_template_id, entry.incident_template_name),
          content: entry.incident_template_content ?? "",
        };
      });
    },
    listSeverities: () => lacks("listSeverities"),
    listExtraParameters: () => lacks("listExtraParameters"),
    listLabels: () => lacks("listLabels"),
    listQuotas: () => lacks("listQuotas"),
    getAgreementSigned: () => lacks("getAgreementSigned"),
    listPrivileges: () => lacks("listPrivileges"),
    getProjectIds: (lane) => listProjects(deps, lane),
  };
}

/** A call of `/v1.0/servicerequest/case…`. Language and zone go with every one, as in v2 (huawei.md 4). */
function v1Call(
  deps: DialectDeps,
  call: Omit<ApiCall, "origin" | "headers" | "method" | "write"> & Partial<Pick<ApiCall, "method">>,
): ApiCall {
  const method = call.method ?? "GET";
  return {
    ...call,
    method,
    write: method !== "GET",
    origin: deps.endpoint,
    path: ["v1.0", "servicerequest", "case", ...call.path],
    headers: deps.headers,
  };
}

function post(deps: DialectDeps, operation: string, place: string | null, body: Pick<ApiCall, "prepare">): ApiCall {
  const path = place === null ? [] : [place];
  return v1Call(deps, { operation, method: "POST", path, ...body });
}

/** The same object under other names; whatever is no object passes, so that the schema can refuse it. */
function rename(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(names).map(([ours, theirs]) => [ours, fields[theirs]]));
}

const caseNames = {
  incident_id: "caseId",
  status: "status",
  create_time: "createTime",
  simple_description: "simpleDescribe",
  business_type_name: "businessTypeName",
  dc_name: "dcName",
  xcustomer_name: "subCustomerName",
} as const;

async function listCases(deps: DialectDeps, query: CaseListQuery, lane: Lane): Promise<readonly CaseSummary[]> {
  try {
    return await readCaseWindows(deps, query, (window, offset) => getPage(deps, query, window, offset, lane));
  } catch (error) {
    // The newer statuses are not on the historical pages: a service that does not know one has no such cases.
    const isNewer = query.status !== undefined && !documentedStatuses.has(query.status);
    if (isNewer && isServiceError(error, "rejected")) return [];
    throw error;
  }
}

async function getPage(
  deps: DialectDeps,
  query: CaseListQuery,
  window: Window,
  offset: number,
  lane: Lane,
): Promise<Page<CaseSummary>> {
  const { from, to } = windowTexts(window);
  const call = v1Call(deps, {
    operation: "listCases",
    path: [],
    query: {
      status: query.status ?? null,
      startTime: from,
      endTime: to,
      pageNo: Math.floor(offset / pageSize) + 1,
      pageSize,
    },
  });
  const renamed = rename(await deps.transport.json(call, lane), {
    total_count: "totalCount",
    incident_info_list: "caseList",
  });
  const wire = parseWire(call, wireCaseList, { value: renamed });
  const context = mapping(deps, call);
  const standIn = { status: query.status ?? null, createdAt: window.from ?? deps.clock.now() };
  const items = wire.incident_info_list.map((value, index) => {
    const entry = {
      value: rename(value, { ...caseNames, incident_type_name: "typeName" }),
      path: `caseList[${index}]`,
    };
    return toCaseSummary(context, entry, standIn);
  });
  return { total: wire.total_count, items };
}

async function getCase(deps: DialectDeps, caseId: CaseId, lane: Lane): Promise<CaseDetail> {
  const call = v1Call(deps, { operation: "getCase", path: ["detail"], query: { caseId } });
  const answer = await deps.transport.json(call, lane);
  const wire = parseWire(call, wireCaseDetail, { value: renameDetail(answer) });
  const detail = toCaseDetail(mapping(deps, call), caseId, wire.incident_detail_info);
  return { ...detail, messages: markFirst(detail) };
}

function renameDetail(answer: unknown): unknown {
  const { caseDetail } = (rename(answer, { caseDetail: "caseDetail" }) ?? {}) as { caseDetail?: unknown };
  const detail = rename(caseDetail, {
    ...caseNames,
    incident_type_name: "incidentTypeName",
    other_type_name: "typeName",
    source_name: "sourceName",
    message_list: "messageList",
  }) as { incident_type_name?: unknown; other_type_name?: unknown; message_list?: unknown } | undefined;
  if (typeof detail !== "object" || detail === null) return { incident_detail_info: detail };
  const { message_list: list } = detail;
  return {
    incident_detail_info: {
      ...detail,
      incident_type_name: detail.incident_type_name ?? detail.other_type_name,
      message_list: Array.isArray(list) ? list.map(renameMessage) : list,
    },
  };
}

function renameMessage(value: unknown): unknown {
  const message = rename(value, {
    message_id: "messageId",
    type: "type",
    replier: "replier",
    replier_name: "replierName",
    content: "content",
    create_time: "createTime",
    accessory_list: "accessoryDetailList",
  }) as { accessory_list?: unknown } | undefined;
  if (typeof message !== "object" || message === null || !Array.isArray(message.accessory_list)) return message;
  const files = message.accessory_list.map((file) =>
    rename(file, { accessory_id: "accessoryId", file_actual_name: "accessoryName" }),
  );
  return { ...message, accessory_list: files };
}

/**
 * v1.0 does not mark the message that repeats the description: it is the oldest one, by the customer, with the same text.
 * Assumed; a live detail of a new case would prove it.
 */
function markFirst({ messages, description }: CaseDetail): readonly CaseMessage[] {
  const [oldest, ...others] = messages;
  if (oldest === undefined || oldest.authorKind !== "customer") return messages;
  return oldest.content.trim() === description.trim() ? [{ ...oldest, isFirst: true }, ...others] : messages;
}

/**
 * What `/cases/instant-messages` would tell: messages younger than the cursor, which is the time of the youngest message, less
 * an overlap. One read per case, since v1.0 has no cheaper signal. The first call only places the cursor.
 */
async function readNews(
  deps: DialectDeps,
  caseIds: readonly CaseId[],
  cursor: string | null,
  lane: Lane,
): Promise<{ readonly groups: readonly InstantGroup[]; readonly cursor: string | null }> {
  const seenMs = cursor === null ? Number.NaN : Number(cursor);
  let youngestMs = Number.isNaN(seenMs) ? 0 : seenMs;
  const groups: InstantGroup[] = [];
  for (const caseId of caseIds) {
    const { messages } = await getCase(deps, caseId, lane);
    youngestMs = Math.max(youngestMs, ...messages.map((message) => message.createdAt.getTime()));
    const fresh = messages.filter((message) => message.createdAt.getTime() > seenMs - overlapMs);
    if (fresh.length > 0) groups.push({ caseId, messages: fresh });
  }
  return { groups, cursor: youngestMs === 0 ? cursor : String(youngestMs) };
}

/** The answer holds no id (huawei.md 1), so what was made since is listed and told by the text that was sent; not seen there, the outcome counts as unknown. */
async function createCase(deps: DialectDeps, sealed: Sealed<NewCase>, lane: Lane): Promise<CaseId> {
  const facts = { operation: "createCase", write: true };
  let sent = { description: "", at: deps.clock.now() };
  const body = sealedBody(sealed, (input) => {
    requireCaseText(facts, input.description);
    if (input.fileIds.length > fileLimits.newCaseCountMax)
      throw refusedLocally(facts, "the historical API v1.0 takes one file with a new case");
    if (input.severityId !== null || input.extras.length > 0)
      throw unsupported(facts, "the historical API v1.0 takes neither a severity nor extra parameters; leave them out");
    const given: Readonly<Record<string, string | null>> = {
      subTypeId: input.subTypeId,
      productCategoryId: input.productId,
      regionId: input.regionId,
    };
    const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== ""));
    sent = { description: input.description, at: deps.clock.now() };
    const json = {
      ...chosen,
      businessTypeId: input.problemTypeId,
      simpleDescribe: input.description,
      sourceId: caseSourceId,
      ...(input.fileIds.length === 0 ? {} : { accessoryIds: input.fileIds }),
    };
    return { body: { kind: "json", json } };
  });
  const call = post(deps, "createCase", null, body);
  await deps.transport.json(call, lane);
  const found = await findCreated(deps, sent.description, sent.at, lane);
  if (found === null) throw contractError(call, "caseId (v1.0 answers none, and the list does not show the case yet)");
  return found;
}

async function findCreated(
  deps: DialectDeps,
  description: string,
  startedAt: Date,
  lane: Lane,
): Promise<CaseId | null> {
  const createdFrom = new Date(toServiceTime(startedAt, deps.serviceClock.aheadMs()).getTime() - overlapMs);
  try {
    const found = (await listCases(deps, { createdFrom }, lane)).filter(
      (entry) => entry.description.trim() === description.trim(),
    );
    found.sort((left, right) => right.createdAt.getTime() - left.createdAt.getTime());
    return found[0]?.caseId ?? null;
  } catch (error) {
    // The case was made; that it cannot be looked for now does not change that.
    if (isServiceError(error)) return null;
    throw error;
  }
}

/**
 * A download names its file in the query, as the address of its page says, or in the path, as the page's example does (huawei.md 14). The one
 * that is not published answers so; the other one is then used, and remembered.
 */
function makeDownload(deps: DialectDeps): HuaweiPort["downloadFile"] {
  let inPath = false;
  return async (fileId, spool, sizeMaxBytes, lane) => {
    const ask = (path: boolean): Promise<SpooledFile> => {
      const place = path ? { path: ["accessory", fileId] } : { path: ["accessory"], query: { id: fileId } };
      const call = v1Call(deps, { operation: "downloadFile", ...place, transferBytes: sizeMaxBytes });
      return spoolDownload(deps.transport, call, { spool, sizeMaxBytes }, lane);
    };
    const first = inPath;
    try {
      return await ask(first);
    } catch (error) {
      if (!isServiceError(error) || error.facts.code !== unknownApiCode) throw error;
      const file = await ask(!first);
      inPath = !first;
      return file;
    }
  };
}

/** The gateway's word for an API that does not exist. */
const unknownApiCode = "APIGW.0101";

async function uploadFile(deps: DialectDeps, sealed: Sealed<CaseUpload>, lane: Lane): Promise<CaseFileId> {
  const body = sealedBody(sealed, ({ file, name, purpose }) =>
    makeUploadBody({
      file,
      fileField: "accessoryData",
      name,
      fields: { accessoryName: name, accessoryFrom: purpose },
    }),
  );
  const call = v1Call(deps, { operation: "uploadFile", method: "POST", path: ["accessory"], ...body });
  const answer = rename(await deps.transport.json(call, lane), { accessory_id: "accessoryId" });
  return toId<CaseFileId>(parseWire(call, wireUpload, { value: answer }).accessory_id);
}

async function listCategories(deps: DialectDeps, lane: Lane): ReturnType<HuaweiAdminPort["listCategories"]> {
  const call = v1Call(deps, { operation: "listCategories", path: ["subtype"] });
  const answer = rename(await deps.transport.json(call, lane), { incident_sub_type_list: "subTypeList" });
  const wire = parseWire(call, wireCategories, { value: answer });
  return wire.incident_sub_type_list.map((value, index) => {
    const path = `subTypeList[${index}]`;
    const renamed = rename(value, {
      incident_sub_type_id: "subTypeId",
      incident_sub_type_name: "subTypeName",
      incident_product_category_list: "productCategoryList",
    });
    const entry = parseWire(call, wireCategory, { value: renamed, path });
    const products = entry.incident_product_category_list.map((product, position) => {
      const fields = rename(product, {
        incident_product_category_id: "productCategoryId",
        incident_product_category_name: "productCategoryName",
      });
      const at = `${path}.productCategoryList[${position}]`;
      const { incident_product_category_id: id, incident_product_category_name: name } = parseWire(call, wireProduct, {
        value: fields,
        path: at,
      });
      return named(id, name);
    });
    return { ...named(entry.incident_sub_type_id, entry.incident_sub_type_name), products };
  });
}
