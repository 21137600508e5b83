/** What an operation gets and gives, and the access rules that all operations share. */
import type { IncomingHttpHeaders } from "node:http";
import type { Exchange } from "../base/http.ts";
import type { MultipartForm } from "../base/multipart.ts";
import type { RequestEntry } from "../base/request-log.ts";
import type { Windows } from "../base/windows.ts";
import type { HuaweiAccount } from "./auth.ts";
import { businessError, type ServiceError } from "./errors.ts";
import { type Accessory, type CaseRecord, type Core, STATUS, trueStatus, visibleStatus } from "./state.ts";
import type { Values } from "./values.ts";
import type { Locale } from "./wire.ts";

/** A request that is being answered. */
export interface HuaweiExchange extends Exchange {
  readonly core: Core;
  readonly entry: RequestEntry;
  /** Accepted requests of the last second, by rate limit key. */
  readonly limits: Windows;
}

/** One checked request on its way to an operation. */
export interface Call {
  readonly core: Core;
  readonly account: HuaweiAccount;
  readonly path: Values;
  readonly query: Values;
  readonly body: Values;
  /** Present for multipart operations; the operation finishes the sinks. */
  readonly form: MultipartForm | null;
  readonly headers: IncomingHttpHeaders;
  /** Characters of a description or message that the caller's API takes, whatever the settings say. */
  readonly textMax: number;
  readonly locale: Locale;
  /** Base URL as the caller reached the simulator, for links. */
  readonly baseUrl: string;
}

/** The answer of an operation. `done` = success without data. */
export type Answer =
  | { readonly kind: "json"; readonly body: Record<string, unknown> }
  | { readonly kind: "done" }
  | { readonly kind: "file"; readonly file: Accessory };

/** An operation: checks, changes state in one go, answers. Never awaits, so that effects are atomic. @throws ServiceError, RefusedRequest */
export type Operation = (call: Call) => Answer;

/** Success with data. */
export function json(body: Record<string, unknown>): Answer {
  return { kind: "json", body };
}

/** Success without data (OperationResult). */
export const DONE: Answer = { kind: "done" };

/** A business error in the style of the settings. */
export function fail(call: Call, code: string, message?: string): ServiceError {
  return businessError(call.core.settings.errorStyle, code, message);
}

/**
 * The case a call speaks of.
 * Group rule (huawei.md 3.3): own cases are open as they are; cases of others of the group need `group_id`, which must be a
 * group of the caller. `groupId` is "any" for operations that declare no such parameter (Assumed: membership is enough).
 * @throws ServiceError OSM.01010015 for a case that is unknown, foreign, not yet visible or hidden; OSM.01010002 for a wrong group.
 */
export function findCase(
  call: Call,
  caseId: string,
  groupId: string | undefined | "any",
  purpose: "read" | "write" = "read",
): CaseRecord {
  const record = call.core.state.cases.get(caseId);
  if (groupId !== undefined && groupId !== "any" && !call.account.groups.includes(groupId)) {
    throw fail(call, "OSM.01010002");
  }
  if (record === undefined || !mayAccess(call, record, groupId)) throw fail(call, "OSM.01010015");
  // A write reaches the leading store, a read the lagging one.
  if (purpose === "read" && record.visibleAt > call.core.now()) throw fail(call, "OSM.01010015");
  const status = purpose === "read" ? visibleStatus(call.core, record) : trueStatus(record);
  if (status === STATUS.deleted && call.core.settings.deletedCases === "missing") throw fail(call, "OSM.01010015");
  return record;
}

/** Whether the caller may see a case, see `findCase`. */
export function mayAccess(call: Call, record: CaseRecord, groupId: string | undefined | "any"): boolean {
  if (record.domainId !== call.account.domainId) return false;
  if (record.ownerUserId === call.account.userId) return true;
  if (record.groupId === null || groupId === undefined) return false;
  return groupId === "any" ? call.account.groups.includes(record.groupId) : record.groupId === groupId;
}

/** A page of items by offset and limit. */
export function page<T>(items: readonly T[], offset: number | undefined, limit: number): readonly T[] {
  const start = offset ?? 0;
  return items.slice(start, start + limit);
}
