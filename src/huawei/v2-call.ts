/** Calls of the v2 dialect. */
import type { DialectDeps } from "./dialect.ts";
import type { ApiCall } from "./transport.ts";

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

/** One value everywhere (rule 3): without it the service strips rich text (huawei.md 9). */
export const rich = { trim_osm_rich_text_label: false } as const;

/** The query member by which a call speaks of the cases of a user group; absent without one. */
export function groupOf({ groupId }: DialectDeps): { readonly group_id: string | null } {
  return { group_id: groupId };
}
