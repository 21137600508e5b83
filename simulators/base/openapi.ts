/**
 * The vendor's own OpenAPI document as the law of a simulator: which operations there are, which parameters and bodies they take, what they
 * answer. Nothing of it is copied into code, so that it cannot drift.
 *
 * A document is read once per process. ajv compiles a check when it is first asked for, and all simulators of the process share it: a start
 * costs nothing, and a long run never compiles twice.
 *
 * Requests are taken more strictly than the documents say: an object takes only the members that are described, and none that is read-only.
 * A client that sends what nobody described would learn here, not at the vendor, that it is ignored.
 */
import { readFileSync } from "node:fs";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";

/** Where a parameter of a request stands. */
export type Place = "path" | "query" | "header";

/** A JSON schema as the document has it. */
export type Schema = Readonly<Record<string, unknown>>;

/** One operation of a document. */
export interface Operation {
  readonly id: string;
  /** In capitals. */
  readonly method: string;
  /** With parameters in braces. */
  readonly path: string;
  /** Schemas of the parameters by name. */
  readonly parameters: Readonly<Record<Place, Readonly<Record<string, Schema>>>>;
  readonly required: Readonly<Record<Place, readonly string[]>>;
  readonly body: { readonly type: string; readonly schema: Schema; readonly required: boolean } | null;
  /** Schemas of the JSON answers by status; `null` for an answer without one. */
  readonly answers: Readonly<Record<string, Schema | null>>;
  /** Media types of the answer 200. */
  readonly answerTypes: readonly string[];
  /** Scopes of OAuth 2 of which a caller needs one. */
  readonly scopes: readonly string[];
}

/** A document made ready. Problems are said in words, `null` where there is none. */
export interface Api {
  readonly operations: ReadonlyMap<string, Operation>;
  /** Checks values that `readText` made. */
  findParameterProblem(operation: Operation, place: Place, values: Readonly<Record<string, unknown>>): string | null;
  findBodyProblem(operation: Operation, body: unknown): string | null;
  /** Checks an answer of ours; a status that the operation does not describe is one problem. */
  findAnswerProblem(operation: Operation, status: number, body: unknown): string | null;
  /** The schema behind `$ref`s and a lone `allOf`. */
  resolve(schema: Schema): Schema;
}

interface RawOperation {
  readonly operationId: string;
  readonly parameters?: readonly Schema[];
  readonly requestBody?: Schema & { readonly content: Content; readonly required?: boolean };
  readonly responses: Readonly<Record<string, Schema & { readonly content?: Content }>>;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface RawDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
}

const loaded = new Map<string, Api>();

/** Reads a document, once per process. @throws when the file is missing or no JSON. */
export function loadApi(url: URL): Api {
  const known = loaded.get(url.href);
  if (known !== undefined) return known;
  const api = makeApi(JSON.parse(readFileSync(url, "utf8")));
  loaded.set(url.href, api);
  return api;
}

/** Makes a document ready that is already in memory. */
export function makeApi(document: RawDocument): Api {
  const resolve = (schema: Schema): Schema => resolveIn(document, schema);
  const operations = new Map<string, Operation>();
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, raw] of Object.entries(methods))
      operations.set(raw.operationId, readOperation(resolve, { path, method: method.toUpperCase(), raw }));
  const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
  const checks = new Map<string, ValidateFunction>();
  const check = (key: string, makeSchema: () => Schema, value: unknown, where: string): string | null => {
    const validate = checks.get(key) ?? ajv.compile(makeSchema());
    checks.set(key, validate);
    if (validate(value)) return null;
    const [error] = validate.errors ?? [];
    return error === undefined ? `${where} is wrong` : describe(error, where);
  };
  return {
    operations,
    resolve,
    findParameterProblem(operation, place, values) {
      const properties = operation.parameters[place];
      const schema = { type: "object", properties, required: operation.required[place], additionalProperties: false };
      return check(`${operation.id} ${place}`, () => schema, values, `${place} parameter`);
    },
    findBodyProblem({ id, body }, value) {
      if (body === null) return "a body on an operation that documents none";
      return check(`${id} body`, () => inline(resolve, body.schema, [], close), value, "body");
    },
    findAnswerProblem({ id, answers }, status, value) {
      const schema = answers[status];
      if (schema === undefined) return `answer ${status} is not described`;
      if (schema === null) return null;
      return check(`${id} ${status}`, () => inline(resolve, schema, []), value, "answer");
    },
  };
}

function resolveIn(document: unknown, schema: Schema): Schema {
  const { $ref, allOf, ...own } = schema;
  if (typeof $ref === "string") {
    let target: unknown = document;
    for (const part of $ref.slice(2).split("/")) target = (target as Record<string, unknown>)[part];
    const found = resolveIn(document, target as Schema);
    return Object.keys(own).length === 0 ? found : { ...own, ...found };
  }
  if (Array.isArray(allOf) && allOf.length === 1) return { ...own, ...resolveIn(document, allOf[0]) };
  return schema;
}

function readOperation(
  resolve: (schema: Schema) => Schema,
  { path, method, raw }: { readonly path: string; readonly method: string; readonly raw: RawOperation },
): Operation {
  const parameters: Record<Place, Record<string, Schema>> = { path: {}, query: {}, header: {} };
  const required: Record<Place, string[]> = { path: [], query: [], header: [] };
  for (const reference of raw.parameters ?? []) {
    const {
      name,
      in: place,
      schema,
      required: needed,
    } = resolve(reference) as unknown as {
      readonly name: string;
      readonly in: Place;
      readonly schema: Schema;
      readonly required?: boolean;
    };
    const key = place === "header" ? name.toLowerCase() : name;
    parameters[place][key] = inline(resolve, schema, []);
    if (needed === true) required[place].push(key);
  }
  const [media] = Object.entries(raw.requestBody?.content ?? {});
  const answers = Object.entries(raw.responses).map(([status, reference]) => {
    const { content } = resolve(reference) as { readonly content?: Content };
    return [status, content?.["application/json"]?.schema ?? null] as const;
  });
  return {
    id: raw.operationId,
    method,
    path,
    parameters,
    required,
    body:
      media === undefined
        ? null
        : { type: media[0], schema: media[1].schema ?? {}, required: raw.requestBody?.required ?? false },
    answers: Object.fromEntries(answers),
    answerTypes: Object.keys(raw.responses["200"]?.content ?? {}),
    scopes: (raw.security ?? []).flatMap(({ OAuth2 = [] }) => OAuth2),
  };
}

/** A schema with its references in place; one that holds itself becomes anything. `prepare` changes each part before its own parts follow. */
function inline(
  resolve: (schema: Schema) => Schema,
  reference: Schema,
  above: readonly Schema[],
  prepare: (schema: Schema) => Schema = (schema) => schema,
): Schema {
  const resolved = resolve(reference);
  if (above.includes(resolved) || above.length > 20) return {};
  const schema = prepare(resolved);
  const deeper = (inner: unknown): unknown => {
    if (Array.isArray(inner)) return inner.map(deeper);
    if (typeof inner !== "object" || inner === null) return inner;
    return inline(resolve, inner as Schema, [...above, resolved], prepare);
  };
  const changed: Record<string, unknown> = { ...schema };
  for (const name of ["items", "additionalProperties", "allOf", "anyOf", "oneOf"])
    if (name in schema) changed[name] = deeper(schema[name]);
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  if (properties.length > 0)
    changed.properties = Object.fromEntries(properties.map(([name, inner]) => [name, deeper(inner)]));
  return changed;
}

/** Takes members that nobody described, and read-only ones, out of what a request may hold. */
function close(schema: Schema): Schema {
  if (schema.properties === undefined || typeof schema.additionalProperties === "object") return schema;
  const properties = Object.entries(schema.properties as Record<string, Schema>);
  const writable = properties.filter(([, { readOnly }]) => readOnly !== true);
  const isOpen = properties.length === 0 && schema.additionalProperties === true;
  return { ...schema, properties: Object.fromEntries(writable), additionalProperties: isOpen };
}

const LIMITS: Readonly<Record<string, string>> = {
  maxLength: "above",
  maxItems: "above",
  maximum: "above",
  minLength: "below",
  minItems: "below",
  minimum: "below",
};

/** An error of ajv in words that name the place: `query parameter limit is above 100`, `undocumented key body.title`. */
function describe({ keyword, instancePath, params, message }: ErrorObject, top: string): string {
  const parts = instancePath.split("/").slice(1);
  const isParameter = top.endsWith("parameter");
  const path = parts.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join("");
  const where = isParameter ? `${top} ${path.slice(1)}`.trim() : `${top}${path}`;
  const member = (name: unknown): string => (isParameter ? `${where} ${name}` : `${where}.${name}`);
  const limit = LIMITS[keyword];
  if (limit !== undefined) return `${where} is ${limit} ${params.limit}`;
  if (keyword === "additionalProperties")
    return `undocumented ${isParameter ? "" : "key "}${member(params.additionalProperty)}`;
  if (keyword === "required") return `${member(params.missingProperty)} is required`;
  if (keyword === "type") return `${where} is not ${params.type}`;
  if (keyword === "enum") return `${where} is not one of ${(params.allowedValues as unknown[]).join(", ")}`;
  return `${where} ${message}`;
}

/** The value that a parameter's text stands for; a text that stands for none stays, for the check to refuse. Lists are joined by commas. */
export function readText(schema: Schema | undefined, text: string): unknown {
  switch (schema?.type) {
    case "integer":
    case "number":
      return /^-?\d{1,19}$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" || (text === "false" ? false : text);
    case "array":
      return text === "" ? [] : text.split(",").map((item) => readText(schema.items as Schema, item));
    default:
      return text;
  }
}
