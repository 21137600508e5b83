/** Calls of the v1.0 dialect, and its answers under the names of v2. */
import { unsupported } from "./answers.ts";
import type { DialectDeps } from "./dialect.ts";
import type { ApiCall } from "./transport.ts";

/** A call of `/v1.0/servicerequest/case…`. Language and zone go with every one, as in v2 (huawei.md 4). */
export function v1Call(
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

/** A call that writes. `place` stands behind the common path; `null` = it is the common path. */
export function post(
  deps: DialectDeps,
  operation: string,
  place: string | null,
  body: Pick<ApiCall, "prepare">,
): ApiCall {
  const path = place === null ? [] : [place];
  return v1Call(deps, { operation, method: "POST", path, ...body });
}

/** The same object under other names; whatever is no object passes, so that the schema can refuse it. */
export function rename(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(names).map(([ours, theirs]) => [ours, fields[theirs]]));
}

/** The refusal of what v1.0 does not offer. */
export function lacks(operation: string): Promise<never> {
  return Promise.reject(unsupported({ operation, write: false }, "the historical API v1.0 does not offer it"));
}
