/** From the wire's shapes to the domain's. Pure; `path` names a field for the error, values never appear in one. */
import type { z } from "zod";
import type { AccessRequest, AuthorKind, CaseDetail, CaseMessage, CaseSummary } from "../domain/case.ts";
import { type CaseFileId, type CaseId, type MessageId, toId } from "../domain/ids.ts";
import { type CallFacts, contractError } from "./answers.ts";
import { parseServiceTime } from "./service-time.ts";
import {
  wireAuthorization,
  type wireCaseDetail,
  wireCaseSummary,
  wireFile,
  wireInstantGroup,
  wireLabel,
  wireMessage,
} from "./wire.ts";

/** What every mapping needs: whose call it is, for errors, and the zone of times without one. */
export type MappingContext = {
  readonly call: CallFacts;
  readonly offsetMinutes: number;
  /** Told when a field of an entry was unreadable and a stand-in taken. */
  readonly onTolerated: (path: string) => void;
};

/** Parses `value`; throws a contract error that names the field. */
export function parseWire<Schema extends z.ZodType>(
  call: CallFacts,
  schema: Schema,
  input: { readonly value: unknown; readonly path?: string },
): z.output<Schema> {
  const parsed = schema.safeParse(input.value);
  if (parsed.success) return parsed.data;
  const inner = parsed.error.issues[0]?.path.map((segment) =>
    typeof segment === "number" ? `[${segment}]` : `.${String(segment)}`,
  );
  const path = `${input.path ?? ""}${(inner ?? []).join("")}`.replace(/^\./, "");
  throw contractError(call, path === "" ? "the top" : path);
}

/** A list entry. Time and status have stand-ins, so that one odd field does not hide a case that has its id. */
export function toCaseSummary(
  context: MappingContext,
  entry: { readonly value: unknown; readonly path: string },
  standIn: { readonly status: number | null; readonly createdAt: Date },
): CaseSummary {
  const wire = parseWire(context.call, wireCaseSummary, entry);
  const createdAt = parseServiceTime(wire.create_time, context.offsetMinutes);
  if (createdAt === null) context.onTolerated(`${entry.path}.create_time`);
  if (wire.status === null) context.onTolerated(`${entry.path}.status`);
  return {
    caseId: toId<CaseId>(wire.incident_id),
    // -1 is no status of the service: "open, unknown" until the detail is read.
    status: wire.status ?? standIn.status ?? -1,
    createdAt: createdAt ?? standIn.createdAt,
    description: wire.simple_description ?? "",
    typeName: wire.incident_type_name,
    problemTypeName: wire.business_type_name,
    productName: wire.product_category_name,
    regionName: wire.dc_name,
    submitterName: wire.xcustomer_name,
    confirmedAt: parseServiceTime(wire.confirmed_time, context.offsetMinutes),
    labels: toLabelNames(wire.label_list),
  };
}

/** Names of labels; entries without one are left out, since a label without name cannot be shown. */
export function toLabelNames(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  const names = list.map((entry) => wireLabel.safeParse(entry).data?.name ?? null);
  return names.filter((name) => name !== null);
}

/** The detail; throws a contract error when it is about another case than asked for (huawei.md 12). */
export function toCaseDetail(
  context: MappingContext,
  caseId: CaseId,
  wire: z.output<typeof wireCaseDetail>["incident_detail_info"],
): CaseDetail {
  const path = "incident_detail_info";
  if (wire.incident_id !== null && wire.incident_id !== caseId) {
    throw contractError(context.call, `${path}.incident_id (another case)`);
  }
  const createdAt = parseServiceTime(wire.create_time, context.offsetMinutes);
  if (createdAt === null) throw contractError(context.call, `${path}.create_time`);
  return {
    caseId,
    status: wire.status,
    createdAt,
    description: wire.simple_description ?? "",
    typeName: wire.incident_type_name,
    problemTypeName: wire.business_type_name,
    regionName: wire.dc_name,
    severityName: wire.severity_name,
    sourceName: wire.source_name,
    submitterName: wire.xcustomer_name,
    messages: toMessages(context, { list: wire.message_list, path: `${path}.message_list` }, createdAt),
  };
}

/**
 * Messages in the order of time. The order of lists is not documented (huawei.md 9): one that runs backwards is turned round
 * first, so that messages of the same second keep their order.
 */
export function toMessages(
  context: MappingContext,
  input: { readonly list: readonly unknown[]; readonly path: string },
  standInTime: Date | null,
): CaseMessage[] {
  const messages = input.list.map((value, index) => {
    return toMessage(context, { value, path: `${input.path}[${index}]` }, standInTime);
  });
  const first = messages[0]?.createdAt.getTime() ?? 0;
  const last = messages.at(-1)?.createdAt.getTime() ?? 0;
  if (first > last) messages.reverse();
  return messages.sort((left, right) => left.createdAt.getTime() - right.createdAt.getTime());
}

function toMessage(
  context: MappingContext,
  entry: { readonly value: unknown; readonly path: string },
  standInTime: Date | null,
): CaseMessage {
  const wire = parseWire(context.call, wireMessage, entry);
  const readTime = parseServiceTime(wire.create_time, context.offsetMinutes);
  const createdAt = readTime ?? (wire.message_id === null ? null : standInTime);
  // Without an id the time is the message's identity (rule 1): a stand-in would make another message of it.
  if (createdAt === null) throw contractError(context.call, `${entry.path}.create_time`);
  if (readTime === null) context.onTolerated(`${entry.path}.create_time`);
  return {
    messageId: wire.message_id === null ? null : toId<MessageId>(wire.message_id),
    authorKind: toAuthorKind(wire.replier_type, wire.type),
    authorId: wire.replier,
    authorName: wire.replier_name ?? "",
    content: wire.content ?? "",
    createdAt,
    isFirst: wire.is_first_message,
    files: wire.accessory_list.map((value, index) => {
      const file = parseWire(context.call, wireFile, { value, path: `${entry.path}.accessory_list[${index}]` });
      return { fileId: toId<CaseFileId>(file.accessory_id), name: file.file_actual_name ?? file.accessory_id };
    }),
  };
}

/** huawei.md 9: `replier_type` 0 customer, 1 engineer, 2 partner, where present; else `type` 0 customer, 1 support. */
function toAuthorKind(replierType: number | null, type: number | null): AuthorKind {
  const kinds: readonly AuthorKind[] = ["customer", "engineer", "partner"];
  if (replierType !== null) return kinds[replierType] ?? "unknown";
  return type === 0 || type === 1 ? (kinds[type] ?? "unknown") : "unknown";
}

/** A group of an instant-messages answer. */
export function toInstantGroup(
  context: MappingContext,
  entry: { readonly value: unknown; readonly path: string },
): { readonly caseId: CaseId; readonly messages: readonly CaseMessage[] } {
  const wire = parseWire(context.call, wireInstantGroup, entry);
  const list = { list: wire.message_list, path: `${entry.path}.message_list` };
  return { caseId: toId<CaseId>(wire.incident_id), messages: toMessages(context, list, null) };
}

/** An access request; its status numbers are not documented and stay numbers as text. */
export function toAccessRequest(
  context: MappingContext,
  entry: { readonly value: unknown; readonly path: string },
): AccessRequest {
  const wire = parseWire(context.call, wireAuthorization, entry);
  return {
    authorizationId: wire.id,
    caseId: wire.incident_id === null ? null : toId<CaseId>(wire.incident_id),
    status: wire.status ?? "",
    summary: wire.auth_describe ?? wire.simple_description ?? "",
    expiresAt: parseServiceTime(wire.auth_expire_time, context.offsetMinutes),
  };
}
