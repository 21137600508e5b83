/** Huawei's document as this simulator uses it: `openapi.json` holds the operations that are served (scripts/simulator-documents.ts). */
import { type Api, loadApi, type Operation, readText } from "../base/openapi.ts";
import { RefusedRequest } from "./errors.ts";
import type { Values } from "./values.ts";

/** The document, read once per process. */
export function huaweiDocument(): Api {
  return loadApi(new URL("./openapi.json", import.meta.url));
}

/** What a success declares: data, a result code, both, or no body at all (v1.0 writes). */
export function declaredAnswer(operation: Operation): { readonly result: boolean; readonly empty: boolean } {
  const schema = operation.answers["200"] ?? null;
  if (schema === null) return { result: false, empty: true };
  const { properties = {} } = huaweiDocument().resolve(schema);
  return { result: "error_code" in (properties as object), empty: false };
}

/**
 * Reads the query string of an operation. Lists are one value joined by commas (huawei.md 4), so a repeated name is refused.
 * @throws RefusedRequest for an undocumented, repeated, missing or out-of-range parameter.
 */
export function readQuery(operation: Operation, query: URLSearchParams): Values {
  const values: Record<string, unknown> = {};
  for (const [name, text] of query) {
    if (name in values) throw new RefusedRequest(`query parameter ${name} came twice`);
    const value = readText(operation.parameters.query[name], text);
    if (Array.isArray(value) && value.includes(""))
      throw new RefusedRequest(`query parameter ${name} has an empty item`);
    values[name] = value;
  }
  refuse(huaweiDocument().findParameterProblem(operation, "query", values));
  return values;
}

/** Reads the path parameters. @throws RefusedRequest when one breaks its limits. */
export function readPath(operation: Operation, raw: Readonly<Record<string, string>>): Values {
  const entries = Object.entries(raw).map(([name, text]) => [name, readText(operation.parameters.path[name], text)]);
  const values: Values = Object.fromEntries(entries);
  refuse(huaweiDocument().findParameterProblem(operation, "path", values));
  return values;
}

/**
 * Checks a JSON body. JSON null counts as absent (huawei.md 4: null must not hurt readers; Assumed for requests).
 * @throws RefusedRequest for undocumented keys, missing keys, wrong types and broken limits.
 */
export function checkBody(operation: Operation, body: unknown): Values {
  const values = withoutNull(body);
  refuse(huaweiDocument().findBodyProblem(operation, values));
  return values as Values;
}

function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutNull(inner)]));
}

function refuse(problem: string | null): void {
  if (problem !== null) throw new RefusedRequest(problem);
}
