/** Cases and messages over v1.0, read as v2 tells them. */
import type { CaseDetail, CaseMessage, CaseSummary } from "../domain/case.ts";
import type { CaseId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { CaseListQuery, InstantGroup } from "../sync/ports.ts";
import { collectCases, type TakeCases, type Window, walkCaseWindows, windowTexts } from "./case-windows.ts";
import { type DialectDeps, mapping } from "./dialect.ts";
import { parseWire, toCaseDetail, toCaseSummary } from "./mapping.ts";
import { type Page, pageSize } from "./paging.ts";
import { rename, v1Call } from "./v1-call.ts";
import { wireCaseDetail, wireCaseList } from "./wire.ts";

/** Statuses that the historical pages name. */
const documentedStatuses: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 12]);
/** News is told again for so long, since a message can become visible later than a younger one of another case. */
export const overlapMs = 10 * 60_000;

const caseNames = {
  incident_id: "caseId",
  status: "status",
  create_time: "createTime",
  simple_description: "simpleDescribe",
  business_type_name: "businessTypeName",
  dc_name: "dcName",
  xcustomer_name: "subCustomerName",
} as const;

/** `HuaweiPort.listCases`. */
export function listCases(deps: DialectDeps, query: CaseListQuery, lane: Lane): Promise<readonly CaseSummary[]> {
  return collectCases((take) => walkCases(deps, query, lane, take));
}

/** `HuaweiPort.walkCases`. */
export async function walkCases(deps: DialectDeps, query: CaseListQuery, lane: Lane, take: TakeCases): Promise<void> {
  try {
    await walkCaseWindows(deps, query, (window, offset) => getPage(deps, query, window, offset, lane), take);
  } catch (error) {
    // The newer statuses are not on the historical pages: a service that does not know one has no such cases.
    const isNewer = query.status !== undefined && !documentedStatuses.has(query.status);
    if (!isNewer || !isServiceError(error, "rejected")) throw error;
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

/** `HuaweiPort.getCase`. */
export async function getCase(deps: DialectDeps, caseId: CaseId, lane: Lane): Promise<CaseDetail> {
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
export async function readNews(
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
