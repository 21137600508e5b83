/** The v2 dialect of what the flows need (`/v2/servicerequest/…`). The v1.0 dialect stands beside it, behind the same port. */
import type { CaseMessage, CaseSummary } from "../domain/case.ts";
import { type CaseId, type MessageId, toId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { Sealed } from "../lib/sealed.ts";
import type { CaseAction, CaseListQuery, HuaweiCapability, HuaweiPort, NewCase } from "../sync/ports.ts";
import { unsupported } from "./answers.ts";
import { collectCases, type TakeCases, type Window, walkCaseWindows, windowTexts } from "./case-windows.ts";
import { caseSourceId, cutText, type DialectDeps, mapping, operateDescMax, requireCaseText } from "./dialect.ts";
import { listInstantMessages } from "./instant-messages.ts";
import { parseWire, toAccessRequest, toCaseDetail, toCaseSummary, toLabelNames, toMessages } from "./mapping.ts";
import { type Page, pageSize, readPages } from "./paging.ts";
import { type ApiCall, sealedBody } from "./transport.ts";
import { groupOf, rich, v2Call } from "./v2-call.ts";
import { deleteUpload, downloadFile, makeFileCalls } from "./v2-files.ts";
import {
  wireAuthorizationList,
  wireCaseDetail,
  wireCaseLabels,
  wireCaseList,
  wireCreatedCase,
  wireDimension,
  wireDimensions,
  wireMessageList,
  wireRelation,
  wireRelations,
} from "./wire.ts";

/** What v2 offers to the account's own user. */
const capabilities: readonly HuaweiCapability[] = [
  "withdraw",
  "labels",
  "access_requests",
  "related_cases",
  "operation_log",
  "instant_messages",
  "severity_and_extends",
  "account_checks",
  "group",
];
/** Calls that know no `group_id`, so that they would speak of the caller's own cases only (rule 3). */
const absentInGroupMode: ReadonlySet<HuaweiCapability> = new Set(["withdraw", "related_cases"]);

/** Makes the port over v2. */
export function makeV2Cases(deps: DialectDeps): Omit<HuaweiPort, "listOperations"> {
  const files = makeFileCalls(deps);
  return {
    serviceClock: deps.serviceClock,
    capabilities: new Set(
      capabilities.filter((capability) => deps.groupId === null || !absentInGroupMode.has(capability)),
    ),

    listCases: (query, lane) => collectCases((take) => walkCases(deps, query, lane, take)),
    walkCases: (query, lane, take) => walkCases(deps, query, lane, take),
    getCase: (caseId, lane) => getCase(deps, caseId, lane),
    listMessages: (caseId, lane) => listMessages(deps, caseId, lane),
    listInstantMessages: (caseIds, cursor, lane) => listInstantMessages(deps, caseIds, cursor, lane),
    createCase: (input, lane) => createCase(deps, input, lane),
    createMessage: (caseId, sealed, lane) => createMessage(deps, caseId, sealed, lane),
    withdrawMessage: (caseId, messageId, lane) => withdrawMessage(deps, caseId, messageId, lane),
    performAction: (caseId, action, sealed, lane) => performAction(deps, caseId, action, sealed, lane),
    rateCase: (caseId, sealed, lane) => rateCase(deps, caseId, sealed, lane),
    ...files,
    deleteUpload: (fileId, lane) => deleteUpload(deps, fileId, lane),
    downloadFile: (fileId, spool, sizeMaxBytes, lane) => downloadFile(deps, fileId, { spool, sizeMaxBytes }, lane),
    listRelatedCases: (caseId, lane) => listRelatedCases(deps, caseId, lane),
    listCaseLabels: (caseId, lane) => listCaseLabels(deps, caseId, lane),
    listAccessRequests: (lane) => listAccessRequests(deps, lane),
  };
}

function bodyGroup({ groupId }: DialectDeps): { readonly group_id?: string } {
  return groupId === null ? {} : { group_id: groupId };
}

async function getCase(deps: DialectDeps, caseId: CaseId, lane: Lane) {
  const call = v2Call(deps, { operation: "getCase", path: ["cases", caseId], query: { ...groupOf(deps), ...rich } });
  const wire = parseWire(call, wireCaseDetail, { value: await deps.transport.json(call, lane) });
  return toCaseDetail(mapping(deps, call), caseId, wire.incident_detail_info);
}

async function createMessage(
  deps: DialectDeps,
  caseId: CaseId,
  sealed: Parameters<HuaweiPort["createMessage"]>[1],
  lane: Lane,
) {
  const body = sealedBody(sealed, ({ content, fileIds }) => {
    const message = fileIds.length === 0 ? { content } : { content, accessory_ids: fileIds };
    return { body: { kind: "json", json: { message, ...bodyGroup(deps) } } };
  });
  const path = ["cases", caseId, "message"];
  await deps.transport.json(v2Call(deps, { operation: "createMessage", method: "POST", path, ...body }), lane);
}

async function withdrawMessage(deps: DialectDeps, caseId: CaseId, messageId: MessageId, lane: Lane) {
  const path = ["cases", caseId, "instant-messages", messageId, "withdraw"];
  const call = v2Call(deps, { operation: "withdrawMessage", method: "POST", path });
  requireNoGroup(deps, call);
  await deps.transport.json(call, lane);
}

async function performAction(
  deps: DialectDeps,
  caseId: CaseId,
  action: CaseAction,
  sealed: Parameters<HuaweiPort["performAction"]>[2],
  lane: Lane,
) {
  const body = sealedBody(sealed, (description) => {
    const operateDesc = cutText(description, operateDescMax);
    return {
      body: {
        kind: "json",
        json: { ...(operateDesc === "" ? {} : { operate_desc: operateDesc }), ...bodyGroup(deps) },
      },
    };
  });
  const call = v2Call(deps, {
    operation: "performAction",
    method: "POST",
    path: ["cases", caseId, "action"],
    query: { action_id: action },
    ...body,
  });
  await deps.transport.json(call, lane);
}

async function rateCase(deps: DialectDeps, caseId: CaseId, sealed: Parameters<HuaweiPort["rateCase"]>[1], lane: Lane) {
  const asked = v2Call(deps, { operation: "listDimensions", path: ["config", "satisfaction-dimensions"] });
  const { satisfaction_dimension_list: list } = parseWire(asked, wireDimensions, {
    value: await deps.transport.json(asked, lane),
  });
  const ids = list.flatMap((value, index) => {
    const path = `satisfaction_dimension_list[${index}]`;
    return parseWire(asked, wireDimension, { value, path }).satisfaction_id ?? [];
  });
  const body = sealedBody(sealed, ({ stars, text }) => {
    // Assumed: a rating is one to five in every dimension, as v1.0 says; a live rating would prove it.
    const ratings = ids.map((id) => ({ satisfaction_id: id, satisfaction_value: stars }));
    const json = { judgement: cutText(text, operateDescMax), incident_satisfaction_list: ratings, ...bodyGroup(deps) };
    return { body: { kind: "json", json } };
  });
  const path = ["cases", caseId, "score"];
  await deps.transport.json(v2Call(deps, { operation: "rateCase", method: "POST", path, ...body }), lane);
}

async function listRelatedCases(deps: DialectDeps, caseId: CaseId, lane: Lane) {
  const call = v2Call(deps, { operation: "listRelatedCases", path: ["cases", caseId, "relations"] });
  requireNoGroup(deps, call);
  const wire = parseWire(call, wireRelations, { value: await deps.transport.json(call, lane) });
  return wire.case_relation_list.map((value, index) => {
    const entry = parseWire(call, wireRelation, { value, path: `case_relation_list[${index}]` });
    return { caseId: toId<CaseId>(entry.case_id), description: entry.simple_description ?? "" };
  });
}

async function listCaseLabels(deps: DialectDeps, caseId: CaseId, lane: Lane) {
  const call = v2Call(deps, { operation: "listCaseLabels", path: ["cases", caseId, "labels"] });
  const wire = parseWire(call, wireCaseLabels, { value: await deps.transport.json(call, lane) });
  return toLabelNames(wire.case_label_list);
}

async function listAccessRequests(deps: DialectDeps, lane: Lane) {
  const call = v2Call(deps, { operation: "listAccessRequests", path: ["authorizations"] });
  const context = mapping(deps, call);
  const getPage = async (offset: number) => {
    const query = { ...groupOf(deps), offset, limit: pageSize };
    const answer = await deps.transport.json({ ...call, query }, lane);
    const wire = parseWire(call, wireAuthorizationList, { value: answer });
    const items = wire.incident_auth_list.map((value, index) =>
      toAccessRequest(context, { value, path: `incident_auth_list[${index}]` }),
    );
    return { total: wire.count ?? wire.total_count, items };
  };
  try {
    return (await readPages(getPage, (item) => item.authorizationId)).items;
  } catch (error) {
    if (isServiceError(error, "forbidden")) return [];
    throw error;
  }
}

/** Throws the refusal of `unsupported` in group mode. */
function requireNoGroup(deps: DialectDeps, call: ApiCall): void {
  if (deps.groupId !== null) throw unsupported(call, "not offered for cases of a user group");
}

function toExtendsMap(extras: NewCase["extras"]): Readonly<Record<string, string>> {
  return Object.fromEntries(extras.map(({ id, value }) => [id, value]));
}

async function createCase(deps: DialectDeps, sealed: Sealed<NewCase>, lane: Lane): Promise<CaseId> {
  const facts = { operation: "createCase", write: true };
  const body = sealedBody(sealed, (input) => {
    requireCaseText(facts, input.description);
    const optional: Readonly<Record<string, string | null>> = {
      incident_sub_type_id: input.subTypeId,
      product_category_id: input.productId,
      region_id: input.regionId,
      severity_id: input.severityId,
      project_id: deps.projectId,
    };
    const chosen = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null && value !== ""));
    // The request knows no group: a case always belongs to the user who makes it. Contact data is left to the account (huawei.md 6).
    const json = {
      ...chosen,
      business_type_id: input.problemTypeId,
      simple_description: input.description,
      source_id: caseSourceId,
      ...(input.fileIds.length === 0 ? {} : { accessory_ids: input.fileIds }),
      ...(input.extras.length === 0 ? {} : { extends_map: toExtendsMap(input.extras) }),
    };
    return { body: { kind: "json", json } };
  });
  const call = v2Call(deps, { ...facts, method: "POST", path: ["cases"], ...body });
  const wire = parseWire(call, wireCreatedCase, { value: await deps.transport.json(call, lane) });
  return toId<CaseId>(wire.incident_id);
}

function walkCases(deps: DialectDeps, query: CaseListQuery, lane: Lane, take: TakeCases): Promise<void> {
  return walkCaseWindows(deps, query, (window, offset) => getCasePage(deps, { query, window, offset }, lane), take);
}

async function getCasePage(
  deps: DialectDeps,
  input: { readonly query: CaseListQuery; readonly window: Window; readonly offset: number },
  lane: Lane,
): Promise<Page<CaseSummary>> {
  const { query, window, offset } = input;
  const call = v2Call(deps, {
    operation: "listCases",
    path: ["cases"],
    query: {
      status: query.status ?? null,
      query_start_time: windowTexts(window).from,
      query_end_time: windowTexts(window).to,
      group_id: deps.groupId,
      offset,
      limit: pageSize,
    },
  });
  const wire = parseWire(call, wireCaseList, { value: await deps.transport.json(call, lane) });
  const context = mapping(deps, call);
  const standIn = { status: query.status ?? null, createdAt: window.from ?? deps.clock.now() };
  const items = wire.incident_info_list.map((value, index) =>
    toCaseSummary(context, { value, path: `incident_info_list[${index}]` }, standIn),
  );
  return { total: wire.total_count ?? wire.count, items };
}

async function listMessages(deps: DialectDeps, caseId: CaseId, lane: Lane): Promise<readonly CaseMessage[]> {
  const call = v2Call(deps, { operation: "listMessages", path: ["cases", caseId, "messages"] });
  const getPage = async (offset: number): Promise<Page<unknown>> => {
    const query = { group_id: deps.groupId, trim_osm_rich_text_label: false, offset, limit: pageSize };
    const wire = parseWire(call, wireMessageList, { value: await deps.transport.json({ ...call, query }, lane) });
    return { total: wire.count ?? wire.total_count, items: wire.message_list };
  };
  const reading = await readPages(getPage, null);
  if (!reading.steady) {
    const facts = { operation: "listMessages", caseId, total: reading.total, count: reading.items.length };
    deps.log.warn(facts, "Huawei message list moved during every reading");
  }
  return toMessages(mapping(deps, call), { list: reading.items, path: "message_list" }, null);
}
