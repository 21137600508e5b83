/** Checks requests against the documented interface. Whatever is not documented is refused, by name. */
import type { OperationSpec, RecordSpec, ValueSpec } from "./contract.ts";
import { RefusedRequest } from "./errors.ts";

/** Checked values by name: text, number, boolean, list or nested values, as the contract says. */
export type Values = Readonly<Record<string, unknown>>;

/** The text under `name`; undefined when absent or empty (an empty filter filters nothing). */
export function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The number under `name`, undefined when absent. */
export function numberOf(values: Values, name: string): number | undefined {
  const value = values[name];
  return typeof value === "number" ? value : undefined;
}

/** The list of texts under `name`, empty when absent. */
export function textsOf(values: Values, name: string): readonly string[] {
  const value = values[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** The nested values under `name`, empty when absent. */
export function valuesOf(values: Values, name: string): Values {
  const value = values[name];
  return isRecord(value) ? value : {};
}

/** Whether a value is a plain JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads the query string of an operation. Lists are one value joined by commas (huawei.md 4), so a repeated name is refused.
 * @throws RefusedRequest for an undocumented, repeated, missing or out-of-range parameter.
 */
export function readQuery(operation: OperationSpec, query: URLSearchParams): Values {
  const spec = operation.query ?? { kind: "record", fields: {}, required: [] };
  const values: Record<string, unknown> = {};
  for (const [name, raw] of query) {
    const field = spec.fields[name];
    if (field === undefined) throw new RefusedRequest(`undocumented query parameter ${name}`);
    if (name in values) throw new RefusedRequest(`query parameter ${name} came twice`);
    values[name] = parseText(field, raw, `query parameter ${name}`);
  }
  requireAll(spec, values, "query parameter");
  return values;
}

/** Reads the path parameters. @throws RefusedRequest when one breaks its limits. */
export function readPath(operation: OperationSpec, raw: Readonly<Record<string, string>>): Values {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(raw)) {
    const field = operation.pathParameters?.fields[name] ?? { kind: "text" as const };
    values[name] = parseText(field, text, `path parameter ${name}`);
  }
  return values;
}

/** Checks a JSON body. @throws RefusedRequest for undocumented keys, missing keys, wrong types and broken limits. */
export function checkBody(spec: ValueSpec, body: unknown): Values {
  checkValue(spec, body, "body");
  return isRecord(body) ? body : {};
}

function requireAll(spec: RecordSpec, values: Values, what: string): void {
  for (const name of spec.required) {
    const value = values[name];
    if (value === undefined || value === null) throw new RefusedRequest(`${what} ${name} is required`);
  }
}

function parseText(spec: ValueSpec, raw: string, where: string): unknown {
  if (spec.kind === "integer") {
    if (!/^-?\d{1,19}$/.test(raw)) throw new RefusedRequest(`${where} is not an integer`);
    return checkValue(spec, Number(raw), where);
  }
  if (spec.kind === "flag") {
    if (raw !== "true" && raw !== "false") throw new RefusedRequest(`${where} is not true or false`);
    return raw === "true";
  }
  if (spec.kind === "list") {
    const items = raw === "" ? [] : raw.split(",").map((item) => parseText(spec.item, item, where));
    if (items.some((item) => item === "")) throw new RefusedRequest(`${where} has an empty item`);
    return checkValue(spec, items, where);
  }
  return checkValue(spec, raw, where);
}

/** Returns the value when it fits. JSON null counts as absent (huawei.md 4: null must not hurt readers; Assumed for requests). */
function checkValue(spec: ValueSpec, value: unknown, where: string): unknown {
  switch (spec.kind) {
    case "text":
      if (typeof value !== "string") throw new RefusedRequest(`${where} is not text`);
      checkRange(value.length, spec, `${where} length`);
      if (spec.values !== undefined && !spec.values.includes(value)) {
        throw new RefusedRequest(`${where} is not one of ${spec.values.join(", ")}`);
      }
      return value;
    case "integer":
      if (typeof value !== "number" || !Number.isInteger(value)) throw new RefusedRequest(`${where} is not an integer`);
      checkRange(value, spec, where);
      if (spec.values !== undefined && !spec.values.includes(value)) {
        throw new RefusedRequest(`${where} is not one of ${spec.values.join(", ")}`);
      }
      return value;
    case "flag":
      if (typeof value !== "boolean") throw new RefusedRequest(`${where} is not true or false`);
      return value;
    case "list":
      if (!Array.isArray(value)) throw new RefusedRequest(`${where} is not a list`);
      checkRange(value.length, spec, `${where} count`);
      for (const [index, item] of value.entries()) checkValue(spec.item, item, `${where}[${index}]`);
      return value;
    case "open":
      if (!isRecord(value)) throw new RefusedRequest(`${where} is not an object`);
      return value;
    case "record": {
      if (!isRecord(value)) throw new RefusedRequest(`${where} is not an object`);
      for (const [name, inner] of Object.entries(value)) {
        const field = spec.fields[name];
        if (field === undefined) throw new RefusedRequest(`undocumented key ${where}.${name}`);
        if (inner !== null) checkValue(field, inner, `${where}.${name}`);
      }
      // Whether an empty text is good enough is the operation's matter (message content: open in huawei.md 9).
      requireAll(spec, value, where);
      return value;
    }
  }
}

function checkRange(size: number, limits: { readonly min?: number; readonly max?: number }, where: string): void {
  if (limits.min !== undefined && size < limits.min) throw new RefusedRequest(`${where} is below ${limits.min}`);
  if (limits.max !== undefined && size > limits.max) throw new RefusedRequest(`${where} is above ${limits.max}`);
}
