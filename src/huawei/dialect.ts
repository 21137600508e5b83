/** What both dialects of the API need, and hold alike. */

import type { ServiceClock } from "../lib/service-clock.ts";
import type { Clock, Log } from "../sync/ports.ts";
import { newCaseCharsMax } from "../sync/ports.ts";
import { type CallFacts, refusedLocally } from "./answers.ts";
import type { MappingContext } from "./mapping.ts";
import type { ServiceZone } from "./service-zone.ts";
import type { ApiCall, Transport } from "./transport.ts";

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

/** UTF-16 units of `operate_desc` (huawei.md 5) and of a review; v1.0 has the same bounds. */
export const operateDescMax = 400;

/** The only documented source of a case made by API (huawei.md 6). */
export const caseSourceId = "83aeb0f2834c4df49826c781d32a963e";

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
