/** The historical API v1.0: 13 operations in camelCase over the same data (huawei.md 1). Creation answers no ID. */
import { inLanguage, PROBLEM_TYPES, PRODUCTS, REGIONS, SUB_TYPES } from "./catalogue.ts";
import { type Answer, type Call, DONE, fail, findCase, json, type Operation, page } from "./context.ts";
import { RefusedRequest } from "./errors.ts";
import { checkUpload, deleteUnused, findAccessory, readFields } from "./operations-accessories.ts";
import { createCaseByApi, performAction, scoreCase, selectCases } from "./operations-cases.ts";
import { addMessageByApi } from "./operations-messages.ts";
import { type CaseRecord, insertAccessory, visibleMessages, visibleStatus } from "./state.ts";
import { isRecord, numberOf, textOf, textsOf, valuesOf } from "./values.ts";
import { caseNames, formatTime, orderMessages, parseLocalTime } from "./wire.ts";

/** huawei.md 8 and openapi V1Upload: 2 MB, other types than v2. */
const V1_FILE_BYTES_MAX = 2 * 1024 * 1024;
const V1_FILE_TYPES = "jpg,jpeg,bmp,png,gif,txt,doc,docx,rar,zip,pdf,xls,xlsx";
/** openapi V1CreateCase.simpleDescribe and V1CreateMessage.message.content. */
const V1_TEXT_MAX = 1200;

function renderItem(call: Call, record: CaseRecord): Record<string, unknown> {
  const names = caseNames(record, call.locale.language);
  return {
    caseId: record.caseId,
    businessTypeName: names.type,
    typeName: names.subType,
    customerId: record.domainId,
    subCustomerId: record.ownerUserId,
    subCustomerName: record.ownerName,
    dcName: names.region,
    simpleDescribe: record.description,
    createTime: formatTime(call.core, call.locale, record.createdAt),
  };
}

function listCases(call: Call): Answer {
  const { core, query, locale } = call;
  const from = textOf(query, "startTime");
  const to = textOf(query, "endTime");
  const word = textOf(query, "searchKey");
  const found = selectCases(call, {
    status: numberOf(query, "status"),
    // Quirk 16: v1.0 matches the ID fuzzily.
    caseId: textOf(query, "caseId"),
    caseIdFuzzy: true,
    words: word === undefined ? [] : [word],
    labelIds: [],
    userName: textOf(query, "subCustomerName"),
    createdFrom: from === undefined ? undefined : parseLocalTime(from, locale, "startTime"),
    createdTo: to === undefined ? undefined : parseLocalTime(to, locale, "endTime") + 999,
  });
  const size = numberOf(query, "pageSize") ?? 10;
  const shown = page(found, ((numberOf(query, "pageNo") ?? 1) - 1) * size, size);
  return json({
    totalCount: found.length,
    caseList: shown.map((record) => {
      const status = visibleStatus(core, record);
      return { ...renderItem(call, record), status: core.settings.statusAsText === "never" ? status : String(status) };
    }),
  });
}

function showCase(call: Call): Answer {
  const { core, locale } = call;
  const record = findCase(call, textOf(call.query, "caseId") ?? "", undefined);
  const { typeName, ...facts } = renderItem(call, record);
  const messages = orderMessages(core, visibleMessages(core, record), core.settings.detailMessageOrder);
  return json({
    caseDetail: {
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
    },
  });
}

function createCase(call: Call): Answer {
  const { body } = call;
  createCaseByApi(call, {
    subTypeId: textOf(body, "subTypeId"),
    productId: textOf(body, "productCategoryId"),
    problemTypeId: textOf(body, "businessTypeId") ?? "",
    regionId: textOf(body, "regionId"),
    description: textOf(body, "simpleDescribe") ?? "",
    sourceId: textOf(body, "sourceId") ?? "",
    accessoryIds: textsOf(body, "accessoryIds"),
    extras: {},
    contact: {},
    descriptionMax: Math.min(V1_TEXT_MAX, call.core.settings.descriptionMax),
  });
  return DONE;
}

function createMessage(call: Call): Answer {
  const record = findCase(call, textOf(call.body, "caseId") ?? "", undefined, "write");
  const message = valuesOf(call.body, "message");
  addMessageByApi(call, record, {
    content: textOf(message, "content") ?? "",
    accessoryIds: textsOf(message, "accessoryIds"),
    contentMax: Math.min(V1_TEXT_MAX, call.core.settings.messageMax),
  });
  return DONE;
}

function act(call: Call): Answer {
  const record = findCase(call, textOf(call.body, "caseId") ?? "", undefined, "write");
  performAction(call, record, textOf(call.body, "action") ?? "", textOf(call.body, "actionDesc") ?? "");
  return DONE;
}

function evaluate(call: Call): Answer {
  const record = findCase(call, textOf(call.body, "caseId") ?? "", undefined, "write");
  const ratings = call.body.satisfactionList;
  scoreCase(call, record, textOf(call.body, "judgement") ?? "", Array.isArray(ratings) ? ratings.filter(isRecord) : []);
  return DONE;
}

function upload(call: Call): Answer {
  const { core, account, form } = call;
  const { accessoryName: name, accessoryFrom: from } = readFields(form, ["accessoryName", "accessoryFrom"]);
  const [file] = form?.files ?? [];
  if (name === undefined || from === undefined || file === undefined) {
    throw new RefusedRequest("multipart parts accessoryName, accessoryData, accessoryFrom are required");
  }
  if (name.length > 512) throw new RefusedRequest("accessoryName is above 512 characters");
  if (!["message", "incident", "feedback"].includes(from)) throw new RefusedRequest("accessoryFrom is not documented");
  checkUpload(core, account, {
    name,
    sizeBytes: file.sink.sizeBytes,
    types: V1_FILE_TYPES,
    sizeBytesMax: V1_FILE_BYTES_MAX,
  });
  const accessory = insertAccessory(core, {
    name,
    from,
    bytes: file.sink.finish(),
    domainId: account.domainId,
    userId: account.userId,
  });
  return json({ accessoryId: accessory.accessoryId });
}

function download(call: Call): Answer {
  const ids = (textOf(call.query, "id") ?? textOf(call.path, "id") ?? "").split(",");
  // The archive that several IDs would give is not described; see DownloadAccessories.
  if (ids.length > 1) throw new RefusedRequest("several accessory IDs in one download");
  const accessory = findAccessory(call, ids[0] ?? "", undefined);
  return { kind: "file", file: accessory };
}

function removeAccessory(call: Call): Answer {
  deleteUnused(call, textOf(call.body, "accessoryId") ?? "");
  return DONE;
}

function listSubTypes(call: Call): Answer {
  const { language } = call.locale;
  return json({
    totalCount: SUB_TYPES.length,
    subTypeList: SUB_TYPES.map((subType) => ({
      subTypeId: subType.id,
      subTypeName: inLanguage(subType.name, language),
      productCategoryList: PRODUCTS.filter((product) => product.subTypeId === subType.id).map((product) => ({
        productCategoryId: product.id,
        productCategoryName: inLanguage(product.name, language),
        productCategoryDesc: inLanguage(product.name, language),
      })),
    })),
  });
}

function listBusinessTypes(call: Call): Answer {
  const productId = textOf(call.query, "productCategoryId");
  const found = PROBLEM_TYPES.filter((problem) => productId === undefined || problem.productId === productId);
  return json({
    totalCount: found.length,
    businessTypeList: found.map((problem) => ({
      businessTypeId: problem.id,
      businessTypeName: inLanguage(problem.name, call.locale.language),
    })),
  });
}

function listTemplates(call: Call): Answer {
  const problem = PROBLEM_TYPES.find((candidate) => candidate.id === textOf(call.query, "businessTypeId"));
  if (problem === undefined) throw fail(call, "OSM.01010001", "businessTypeId does not exist");
  const { language } = call.locale;
  const templates =
    problem.template === null
      ? []
      : [
          {
            templateId: `tp-${problem.id}`,
            templateName: inLanguage(problem.name, language),
            templateContent: inLanguage(problem.template, language),
          },
        ];
  return json({ totalCount: templates.length, templateList: templates });
}

function listRegions(call: Call): Answer {
  return json({
    totalCount: REGIONS.length,
    regionList: REGIONS.map((region) => ({
      regionId: region.id,
      regionName: inLanguage(region.name, call.locale.language),
    })),
  });
}

/** The v1.0 operations by operationId. */
export const V1_OPERATIONS: Readonly<Record<string, Operation>> = {
  V1ListCases: listCases,
  V1ShowCase: showCase,
  V1CreateCase: createCase,
  V1CreateMessage: createMessage,
  V1Action: act,
  V1Evaluate: evaluate,
  V1UploadAccessory: upload,
  V1DownloadAccessory: download,
  V1DownloadAccessoryByPath: download,
  V1DeleteAccessory: removeAccessory,
  V1ListSubTypes: listSubTypes,
  V1ListBusinessTypes: listBusinessTypes,
  V1ListTemplates: listTemplates,
  V1ListRegions: listRegions,
};
