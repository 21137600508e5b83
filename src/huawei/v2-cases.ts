/** The v2 dialect of what the flows need (`/v2/servicerequest/…`). The v1.0 dialect stands beside it, behind the same port. */
import type { CaseMessage, CaseSummary } from "../domain/case.ts";
import { type CaseFileId, type CaseId, toId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { HttpResponse } from "../lib/http.ts";
import { HttpFailure } from "../lib/http.ts";
import type { Sealed } from "../lib/sealed.ts";
import type { ServiceClock } from "../lib/service-clock.ts";
import { formatLocalTime } from "../lib/time-zone.ts";
import {
  type CaseFileLimits,
  type CaseListQuery,
  type CaseUpload,
  type Clock,
  type HuaweiCapability,
  type HuaweiPort,
  type Log,
  type NewCase,
  newCaseCharsMax,
  type Spool,
  type SpooledFile,
} from "../sync/ports.ts";
import {
  type CallFacts,
  codeOf,
  contractError,
  isFailureCode,
  readAnswer,
  refusedLocally,
  toServiceError,
  unsupported,
} from "./answers.ts";
import {
  type MappingContext,
  parseWire,
  toAccessRequest,
  toCaseDetail,
  toCaseSummary,
  toInstantGroup,
  toLabelNames,
  toMessages,
} from "./mapping.ts";
import { makeUploadBody } from "./multipart.ts";
import { offsetMax, type Page, pageSize, readPages } from "./paging.ts";
import { type ServiceZone, zoneSpreadMs } from "./service-zone.ts";
import { type ApiCall, sealedBody, type Transport } from "./transport.ts";
import {
  wireAuthorizationList,
  wireCaseDetail,
  wireCaseLabels,
  wireCaseList,
  wireCreatedCase,
  wireDimension,
  wireDimensions,
  wireInstantMessages,
  wireLimits,
  wireMessageList,
  wireRelation,
  wireRelations,
  wireUpload,
} from "./wire.ts";

/** What a dialect of the API needs. */
export type DialectDeps = {
  readonly transport: Transport;
  readonly log: Log;
  readonly clock: Clock;
  readonly serviceClock: ServiceClock;
  readonly endpoint: string;
  /** Go with every call. */
  readonly headers: Readonly<Record<string, string>>;
  readonly zone: ServiceZone;
  readonly groupId: string | null;
  /** Project that new cases name. */
  readonly projectId: string | null;
};

/** Most ids of one instant-messages call (huawei.md 7). */
const instantCasesMax = 100;
/** UTF-16 units of `operate_desc` (huawei.md 5) and of a review; v1.0 has the same bounds. */
export const operateDescMax = 400;
/** The only documented source of a case made by API (huawei.md 6). */
export const caseSourceId = "83aeb0f2834c4df49826c781d32a963e";
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
/** The gateway refuses requests above 12 MB (huawei.md 3.2); part heads need a little of it. */
const uploadBytesMax = 12 * 1024 * 1024 - 64 * 1024;
/** An error body is shorter; a longer JSON answer of a download is a file. */
const errorBodyMax = 64 * 1024;
/** Before the service existed; where windows of creation time begin. */
const firstCaseAt = new Date("2010-01-01T00:00:00Z");

/** A call of `/v2/servicerequest/…`. */
export function v2Call(
  deps: DialectDeps,
  call: Omit<ApiCall, "origin" | "headers" | "method" | "write"> & Partial<Pick<ApiCall, "method" | "write">>,
): ApiCall {
  const method = call.method ?? "GET";
  return {
    ...call,
    method,
    write: method !== "GET",
    origin: deps.endpoint,
    path: ["v2", "servicerequest", ...call.path],
    headers: deps.headers,
  };
}

/** Makes the port over v2. */
export function makeV2Cases(deps: DialectDeps): Omit<HuaweiPort, "listOperations"> {
  const { transport } = deps;
  const group = { group_id: deps.groupId };
  const bodyGroup = deps.groupId === null ? {} : { group_id: deps.groupId };
  // One value everywhere (rule 3): without it the service strips rich text (huawei.md 9).
  const rich = { trim_osm_rich_text_label: false };

  return {
    serviceClock: deps.serviceClock,
    capabilities: new Set(
      capabilities.filter((capability) => deps.groupId === null || !absentInGroupMode.has(capability)),
    ),

    listCases: (query, lane) => listCases(deps, query, lane),

    async getCase(caseId, lane) {
      const call = v2Call(deps, { operation: "getCase", path: ["cases", caseId], query: { ...group, ...rich } });
      const wire = parseWire(call, wireCaseDetail, { value: await transport.json(call, lane) });
      return toCaseDetail(mapping(deps, call), caseId, wire.incident_detail_info);
    },

    listMessages: (caseId, lane) => listMessages(deps, caseId, lane),

    async listInstantMessages(caseIds, cursor, lane) {
      if (caseIds.length > instantCasesMax) throw new RangeError(`at most ${instantCasesMax} cases in one call`);
      if (caseIds.length === 0) return { groups: [], cursor };
      const call = v2Call(deps, {
        operation: "listInstantMessages",
        path: ["cases", "instant-messages"],
        query: { case_ids: caseIds.join(","), last_message_time_id: cursor, ...group, ...rich },
      });
      const wire = parseWire(call, wireInstantMessages, { value: await transport.json(call, lane) });
      const context = mapping(deps, call);
      const groups = wire.immsg.map((value, index) => toInstantGroup(context, { value, path: `immsg[${index}]` }));
      return { groups, cursor: wire.last_message_time_id ?? cursor };
    },

    createCase: (input, lane) => createCase(deps, input, lane),

    async createMessage(caseId, sealed, lane) {
      const body = sealedBody(sealed, ({ content, fileIds }) => {
        const message = fileIds.length === 0 ? { content } : { content, accessory_ids: fileIds };
        return { body: { kind: "json", json: { message, ...bodyGroup } } };
      });
      const path = ["cases", caseId, "message"];
      await transport.json(v2Call(deps, { operation: "createMessage", method: "POST", path, ...body }), lane);
    },

    async withdrawMessage(caseId, messageId, lane) {
      const path = ["cases", caseId, "instant-messages", messageId, "withdraw"];
      const call = v2Call(deps, { operation: "withdrawMessage", method: "POST", path });
      requireNoGroup(deps, call);
      await transport.json(call, lane);
    },

    async performAction(caseId, action, sealed, lane) {
      const body = sealedBody(sealed, (description) => {
        const operateDesc = cutText(description, operateDescMax);
        return {
          body: { kind: "json", json: { ...(operateDesc === "" ? {} : { operate_desc: operateDesc }), ...bodyGroup } },
        };
      });
      const call = v2Call(deps, {
        operation: "performAction",
        method: "POST",
        path: ["cases", caseId, "action"],
        query: { action_id: action },
        ...body,
      });
      await transport.json(call, lane);
    },

    async rateCase(caseId, sealed, lane) {
      const asked = v2Call(deps, { operation: "listDimensions", path: ["config", "satisfaction-dimensions"] });
      const { satisfaction_dimension_list: list } = parseWire(asked, wireDimensions, {
        value: await transport.json(asked, lane),
      });
      const ids = list.flatMap((value, index) => {
        const path = `satisfaction_dimension_list[${index}]`;
        return parseWire(asked, wireDimension, { value, path }).satisfaction_id ?? [];
      });
      const body = sealedBody(sealed, ({ stars, text }) => {
        // Assumed: a rating is one to five in every dimension, as v1.0 says; a live rating would prove it.
        const ratings = ids.map((id) => ({ satisfaction_id: id, satisfaction_value: stars }));
        const json = { judgement: cutText(text, operateDescMax), incident_satisfaction_list: ratings, ...bodyGroup };
        return { body: { kind: "json", json } };
      });
      const path = ["cases", caseId, "score"];
      await transport.json(v2Call(deps, { operation: "rateCase", method: "POST", path, ...body }), lane);
    },

    getFileLimits: (lane) => getFileLimits(deps, lane),
    uploadFile: (input, lane) => uploadFile(deps, input, lane),

    async deleteUpload(fileId, lane) {
      const path = ["accessorys", fileId];
      await transport.json(v2Call(deps, { operation: "deleteUpload", method: "DELETE", path }), lane);
    },

    downloadFile(fileId, spool, sizeMaxBytes, lane) {
      const call = v2Call(deps, {
        operation: "downloadFile",
        // One id per call: several come back as an archive (huawei.md 8).
        path: ["accessorys", fileId],
        query: group,
        transferBytes: sizeMaxBytes,
      });
      return spoolDownload(transport, call, { spool, sizeMaxBytes }, lane);
    },

    async listRelatedCases(caseId, lane) {
      const call = v2Call(deps, { operation: "listRelatedCases", path: ["cases", caseId, "relations"] });
      requireNoGroup(deps, call);
      const wire = parseWire(call, wireRelations, { value: await transport.json(call, lane) });
      return wire.case_relation_list.map((value, index) => {
        const entry = parseWire(call, wireRelation, { value, path: `case_relation_list[${index}]` });
        return { caseId: toId<CaseId>(entry.case_id), description: entry.simple_description ?? "" };
      });
    },

    async listCaseLabels(caseId, lane) {
      const call = v2Call(deps, { operation: "listCaseLabels", path: ["cases", caseId, "labels"] });
      const wire = parseWire(call, wireCaseLabels, { value: await transport.json(call, lane) });
      return toLabelNames(wire.case_label_list);
    },

    async listAccessRequests(lane) {
      const call = v2Call(deps, { operation: "listAccessRequests", path: ["authorizations"] });
      const context = mapping(deps, call);
      const getPage = async (offset: number) => {
        const query = { ...group, offset, limit: pageSize };
        const answer = await transport.json({ ...call, query }, lane);
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
    },
  };
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
    const given: Readonly<Record<string, string | null>> = {
      incident_sub_type_id: input.subTypeId,
      product_category_id: input.productId,
      region_id: input.regionId,
      severity_id: input.severityId,
      project_id: deps.projectId,
    };
    const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== ""));
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

/** Throws `rejected` for a description that the service would refuse, before anything is sent. */
export function requireCaseText(call: CallFacts, description: string): void {
  if (description.trim() === "") throw refusedLocally(call, "a case needs a description");
  if (description.length > newCaseCharsMax)
    throw refusedLocally(call, `the description is longer than ${newCaseCharsMax} characters`);
}

/** Zone and warnings of one call's mapping. */
export function mapping(deps: DialectDeps, call: ApiCall): MappingContext {
  return {
    call,
    offsetMinutes: deps.zone.offsetMinutes(),
    onTolerated: (path) =>
      deps.log.warn({ operation: call.operation, path }, "Huawei field unreadable, stand-in taken"),
  };
}

/** Cuts at `max` UTF-16 units without splitting a surrogate pair. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/**
 * Bounds of creation time, both widened to whole seconds as the service has them.
 * Assumed: they test the creation time (huawei.md 7); a live listing of an old case with a new status would prove it.
 */
export type Window = { readonly from: Date | null; readonly to: Date | null };

async function listCases(deps: DialectDeps, query: CaseListQuery, lane: Lane): Promise<readonly CaseSummary[]> {
  return readCaseWindows(deps, query, (window, offset) => getCasePage(deps, { query, window, offset }, lane));
}

/** Distinct cases of all pages; a listing beyond the largest offset is split into windows of creation time. */
export async function readCaseWindows(
  deps: DialectDeps,
  query: CaseListQuery,
  getPageOf: (window: Window, offset: number) => Promise<Page<CaseSummary>>,
): Promise<readonly CaseSummary[]> {
  const distinct = new Map<string, CaseSummary>();
  await readWindow({ from: query.createdFrom ?? null, to: query.createdTo ?? null });
  return [...distinct.values()];

  async function readWindow(window: Window): Promise<void> {
    const first = await getPageOf(window, 0);
    if ((first.total ?? 0) > offsetMax) {
      for (const half of halve(deps, window)) await readWindow(half);
      return;
    }
    let unusedFirst: Page<CaseSummary> | null = first;
    const getPage = async (offset: number) => {
      const page = offset === 0 ? unusedFirst : null;
      unusedFirst = offset === 0 ? null : unusedFirst;
      return page ?? getPageOf(window, offset);
    };
    const reading = await readPages(getPage, (item) => item.caseId);
    if (!reading.steady) {
      const facts = { operation: "listCases", total: reading.total, count: reading.items.length };
      deps.log.warn(facts, "Huawei case list moved during every reading");
    }
    for (const item of reading.items) distinct.set(item.caseId, item);
  }
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

/**
 * The bounds as texts; `null` = open. They are wide enough for a service that reads them as UTC and for one that ignores the zone it is
 * told and reads them as GMT+8, which is eight hours earlier. Callers narrow what comes.
 */
export function windowTexts(window: Window): { from: string | null; to: string | null } {
  return {
    from: window.from === null ? null : formatLocalTime(window.from, 0),
    to: window.to === null ? null : formatLocalTime(roundUp(new Date(window.to.getTime() + zoneSpreadMs)), 0),
  };
}

function roundUp(instant: Date): Date {
  return new Date(Math.ceil(instant.getTime() / 1000) * 1000);
}

/** Two halves that share a second, since it is not documented whether the bounds belong to the window. */
function halve(deps: DialectDeps, window: Window): readonly [Window, Window] {
  const from = window.from ?? firstCaseAt;
  const to = window.to ?? new Date(deps.clock.now().getTime() + deps.serviceClock.aheadMs() + 24 * 3_600_000);
  const seconds = Math.floor((to.getTime() - from.getTime()) / 1000);
  if (seconds < 4) {
    throw contractError(
      { operation: "listCases", write: false },
      `total_count (more than ${offsetMax} cases in ${seconds} s)`,
    );
  }
  const middle = new Date(Math.floor(from.getTime() / 1000 + seconds / 2) * 1000);
  return [
    { from, to: new Date(middle.getTime() + 1000) },
    { from: middle, to },
  ];
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

async function getFileLimits(deps: DialectDeps, lane: Lane): Promise<CaseFileLimits> {
  const call = v2Call(deps, { operation: "getFileLimits", path: ["accessorys", "limits"] });
  const wire = parseWire(call, wireLimits, { value: await deps.transport.json(call, lane) });
  const { limit_count: countMax, limit_size: sizeMegabytes, limit_file_type: types } = wire.accessory_limit;
  const extensions = (types ?? "").split(/[,;\s]+/).map((type) => type.toLowerCase().replace(/^\*?\./, ""));
  return {
    countMax,
    // Assumed: a megabyte of `limit_size` is 1024 * 1024 bytes; an upload just below it would prove it.
    sizeMaxBytes: Math.min(Math.floor(sizeMegabytes * 1024 * 1024), uploadBytesMax),
    extensions: extensions.filter((type) => type !== "" && type !== "*"),
  };
}

async function uploadFile(deps: DialectDeps, sealed: Sealed<CaseUpload>, lane: Lane): Promise<CaseFileId> {
  const body = sealedBody(sealed, ({ file, name, purpose }) =>
    makeUploadBody({
      file,
      fileField: "file",
      name,
      fields: { form_data: JSON.stringify({ fileName: name, accessoryFrom: purpose, uploadType: 0 }) },
    }),
  );
  const call = v2Call(deps, { operation: "uploadFile", method: "POST", path: ["accessorys"], ...body });
  const wire = parseWire(call, wireUpload, { value: await deps.transport.json(call, lane) });
  return toId<CaseFileId>(wire.accessory_id);
}

/** Streams a download into the spool; an error that comes as JSON with 200 is told from a file. */
export function spoolDownload(
  transport: Transport,
  call: ApiCall,
  input: { readonly spool: Spool; readonly sizeMaxBytes: number },
  lane: Lane,
): Promise<SpooledFile> {
  return transport.stream(call, lane, async (answer) => {
    let broken: HttpFailure | null = null;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* fileBytes(call, answer);
      } catch (error) {
        if (error instanceof HttpFailure) broken = error;
        throw error;
      }
    }
    try {
      return await input.spool.store(source(), input.sizeMaxBytes);
    } catch (error) {
      // The spool may wrap what its source threw; a broken answer is an error of the call all the same.
      throw broken === null ? error : toServiceError(call, broken);
    }
  });
}

/**
 * Bytes of a download. Assumed: a file is announced by Content-Disposition or by a type that is not JSON. An error comes with 200 as JSON (huawei.md 10), and a customer's file may be JSON too: the answer is taken for
 * an error only when it is short, does not call itself an attachment, and carries a failure code or is no whole JSON.
 */
async function* fileBytes(call: ApiCall, answer: HttpResponse): AsyncGenerator<Uint8Array> {
  const contentType = String(answer.headers["content-type"] ?? "").toLowerCase();
  if (answer.headers["content-disposition"] !== undefined || !/json|html/.test(contentType)) {
    yield* answer.body;
    return;
  }
  if (contentType.includes("html")) throw contractError(call, "the top (a page instead of a file)");
  let held: Uint8Array[] | null = [];
  let heldBytes = 0;
  for await (const chunk of answer.body) {
    if (held === null) {
      yield chunk;
      continue;
    }
    held.push(chunk);
    heldBytes += chunk.byteLength;
    if (heldBytes <= errorBodyMax) continue;
    yield* held;
    held = null;
  }
  if (held === null) return;
  const text = Buffer.concat(held).toString("utf8");
  const json = parseJson(text);
  if (json === undefined) throw contractError(call, "the top (JSON that was cut off instead of a file)");
  if (isFailureCode(codeOf(json) ?? "")) readAnswer(call, { status: answer.status, headers: answer.headers, text });
  yield* held;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
