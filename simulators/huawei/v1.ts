/** The historical API v1.0: 13 operations in camelCase over the same data (huawei.md 1). Most say in other words what v2 says. */
import { type Answer, type Call, DONE, findCase, json, type Operation, page } from "./context.ts";
import { RefusedRequest } from "./errors.ts";
import { checkUpload, deleteUnused, findAccessory, readFields } from "./operations-accessories.ts";
import { createCase, createScore, selectCases, updateCase } from "./operations-cases.ts";
import { listCategories, listProblems, listRegions, listTemplates } from "./operations-config.ts";
import { createMessage } from "./operations-messages.ts";
import { type CaseRecord, insertAccessory, visibleMessages, visibleStatus } from "./state.ts";
import { isRecord, numberOf, textOf, type Values } from "./values.ts";
import { caseNames, formatTime, orderMessages } from "./wire.ts";

/** huawei.md 8 and openapi V1Upload: 2 MB, other types than v2. */
const V1_FILE_BYTES_MAX = 2 * 1024 * 1024;
const V1_FILE_TYPES = "jpg,jpeg,bmp,png,gif,txt,doc,docx,rar,zip,pdf,xls,xlsx";
/** openapi V1CreateCase.simpleDescribe and V1CreateMessage.message.content. */
const V1_TEXT_MAX = 1200;

/** v2's words for what v1.0 asks. */
const ASKED: Readonly<Record<string, string>> = {
  subTypeId: "incident_sub_type_id",
  productCategoryId: "product_category_id",
  businessTypeId: "business_type_id",
  regionId: "region_id",
  simpleDescribe: "simple_description",
  sourceId: "source_id",
  accessoryIds: "accessory_ids",
  actionDesc: "operate_desc",
  satisfactionList: "incident_satisfaction_list",
  // Quirk 16: v1.0 matches the ID fuzzily.
  caseId: "part_of_incident_id",
  subCustomerName: "x_customer_name",
  startTime: "query_start_time",
  endTime: "query_end_time",
};

/** v1.0's words for what v2 answers; what is not named here v1.0 does not show. */
const ANSWERED: Readonly<Record<string, string>> = {
  total_count: "totalCount",
  incident_sub_type_list: "subTypeList",
  incident_sub_type_id: "subTypeId",
  incident_sub_type_name: "subTypeName",
  incident_product_category_list: "productCategoryList",
  incident_product_category_id: "productCategoryId",
  incident_product_category_name: "productCategoryName",
  incident_product_category_desc: "productCategoryDesc",
  incident_business_type_list: "businessTypeList",
  business_type_id: "businessTypeId",
  business_type_name: "businessTypeName",
  incident_template_list: "templateList",
  incident_template_id: "templateId",
  incident_template_name: "templateName",
  incident_template_content: "templateContent",
  data_center_list: "regionList",
  region_id: "regionId",
  region_name: "regionName",
};

/** The same call as v2 would get it. */
function toV2(call: Call): Call {
  const rename = (values: Values): Values =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [ASKED[name] ?? name, isRecord(value) ? rename(value) : value]),
    );
  const { searchKey, ...query } = call.query;
  return {
    ...call,
    path: { case_id: call.body.caseId },
    query: { ...rename(query), action_id: call.body.action, search_key: searchKey === undefined ? [] : [searchKey] },
    body: rename(call.body),
    textMax: V1_TEXT_MAX,
  };
}

/** A write answers nothing, not even the ID of a new case. */
function write(operation: Operation): Operation {
  return (call) => {
    operation(toV2(call));
    return DONE;
  };
}

function read(operation: Operation): Operation {
  const rename = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rename);
    if (!isRecord(value)) return value;
    const shown = Object.entries(value).flatMap(([name, inner]) =>
      ANSWERED[name] === undefined ? [] : [[ANSWERED[name], rename(inner)]],
    );
    return Object.fromEntries(shown);
  };
  return (call) => {
    const answer = operation(toV2(call));
    return answer.kind === "json" ? json(rename(answer.body) as Record<string, unknown>) : answer;
  };
}

function renderItem({ core, locale }: Call, record: CaseRecord): Record<string, unknown> {
  const names = caseNames(record, locale.language);
  return {
    caseId: record.caseId,
    businessTypeName: names.type,
    typeName: names.subType,
    customerId: record.domainId,
    subCustomerId: record.ownerUserId,
    subCustomerName: record.ownerName,
    dcName: names.region,
    simpleDescribe: record.description,
    createTime: formatTime(core, locale, record.createdAt),
  };
}

function listCases(call: Call): Answer {
  const { core, query } = call;
  const found = selectCases(toV2(call));
  const size = numberOf(query, "pageSize") ?? 10;
  const shown = page(found, ((numberOf(query, "pageNo") ?? 1) - 1) * size, size);
  const caseList = shown.map((record) => {
    const status = visibleStatus(core, record);
    return { ...renderItem(call, record), status: core.settings.statusAsText === "never" ? status : String(status) };
  });
  return json({ totalCount: found.length, caseList });
}

function showCase(call: Call): Answer {
  const { core, locale } = call;
  const record = findCase(call, textOf(call.query, "caseId") ?? "", undefined);
  const { typeName, ...facts } = renderItem(call, record);
  const messages = orderMessages(core, visibleMessages(core, record), core.settings.detailMessageOrder);
  const caseDetail = {
    ...facts,
    incidentTypeName: typeName,
    status: visibleStatus(core, record),
    sourceName: record.via === "api" ? "API" : "Console",
    judgement: record.judgement,
    isAuthorized: 0,
    satisfaction: record.satisfaction,
    messageList: messages.map((message) => ({
      messageId: message.messageId,
      type: message.replierType === 0 ? 0 : 1,
      replier: message.replier,
      replierName: message.replierName,
      content: message.content,
      createTime: formatTime(core, locale, message.createdAt),
      accessoryDetailList: message.accessoryIds.map((accessoryId) => ({
        accessoryId,
        accessoryName: core.state.accessories.get(accessoryId)?.name ?? "",
      })),
    })),
  };
  return json({ caseDetail });
}

function upload({ core, account, form }: Call): Answer {
  const { accessoryName: name, accessoryFrom: from } = readFields(form, ["accessoryName", "accessoryFrom"]);
  const [file] = form?.files ?? [];
  if (name === undefined || from === undefined || file === undefined)
    throw new RefusedRequest("multipart parts accessoryName, accessoryData, accessoryFrom are required");
  if (name.length > 512) throw new RefusedRequest("accessoryName is above 512 characters");
  if (!["message", "incident", "feedback"].includes(from)) throw new RefusedRequest("accessoryFrom is not documented");
  const { sizeBytes } = file.sink;
  checkUpload(core, account, { name, sizeBytes, types: V1_FILE_TYPES, sizeBytesMax: V1_FILE_BYTES_MAX });
  const { domainId, userId } = account;
  const { accessoryId } = insertAccessory(core, { name, from, bytes: file.sink.finish(), domainId, userId });
  return json({ accessoryId });
}

function download(call: Call): Answer {
  const ids = (textOf(call.query, "id") ?? textOf(call.path, "id") ?? "").split(",");
  // The archive that several IDs would give is not described; see DownloadAccessories.
  if (ids.length > 1) throw new RefusedRequest("several accessory IDs in one download");
  return { kind: "file", file: findAccessory(call, ids[0] ?? "", undefined) };
}

function removeAccessory(call: Call): Answer {
  deleteUnused(call, textOf(call.body, "accessoryId") ?? "");
  return DONE;
}

/** The v1.0 operations by operationId. */
export const V1_OPERATIONS: Readonly<Record<string, Operation>> = {
  V1ListCases: listCases,
  V1ShowCase: showCase,
  V1CreateCase: write(createCase),
  V1CreateMessage: write(createMessage),
  V1Action: write(updateCase),
  V1Evaluate: write(createScore),
  V1UploadAccessory: upload,
  V1DownloadAccessory: download,
  V1DownloadAccessoryByPath: download,
  V1DeleteAccessory: removeAccessory,
  V1ListSubTypes: read(listCategories),
  V1ListBusinessTypes: read(listProblems),
  V1ListTemplates: read(listTemplates),
  V1ListRegions: read(listRegions),
};
