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
