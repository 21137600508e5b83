/** The OpenAPI 3.1 document: made of the routes that stand and the schemas that they use, never written by hand. */
import { z } from "zod";
import { numberParameters } from "./queries.ts";
import type { ApiAnswer, ApiRoute } from "./route.ts";
import { type ApiSchemaName, apiSchemas } from "./schemas.ts";

type Json = { readonly [name: string]: unknown };

const problems: Readonly<Record<number, string>> = {
  400: "The request cannot be used; `detail` says why.",
  401: "Nobody is signed in.",
  403: "The role may not do that, or the request comes from elsewhere.",
  429: "Too many sign-ins were refused; `Retry-After` says how long to wait.",
  500: "This failed; the log says why.",
};

/** The document of these routes. `url`: where the server is reached. Pure. */
export function makeOpenApi(
  routes: readonly ApiRoute[],
  { version, url }: { readonly version: string; readonly url: string },
): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes)
    paths[route.url] = { ...paths[route.url], [route.method.toLowerCase()]: operationOf(route) };
  return {
    openapi: "3.1.0",
    info: {
      title: "casebridge",
      version,
      description:
        "The state of the mirror between Huawei Cloud service tickets and Jira issues: ids, times, counts and reasons. Texts are told by the dry run of an operator alone. What changes something is sent with the header `X-Casebridge`. Mistakes are answered as problem documents (RFC 9457).",
    },
    servers: [{ url }],
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "ADMIN_TOKEN (operator) or VIEWER_TOKEN (viewer)." },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-casebridge_session",
          description: "A session that the page or single sign-on began; on this machine without the prefix.",
        },
      },
    },
  };
}

function operationOf({ method, url, operationId, summary, query, body, answers, access }: ApiRoute): Json {
  const changes = method !== "GET";
  const places = [...url.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: "path", required: true, schema: { type: "string" } },
  }));
  const parameters = [...places, ...(query === undefined ? [] : parametersOf(query))];
  const responses: Record<string, Json> = {};
  for (const [status, description] of Object.entries(problems)) {
    if (access === "open" && (status === "401" || status === "403") && !changes) continue;
    responses[status] = responseOf({ description, schema: "Problem", contentType: "application/problem+json" });
  }
  for (const [status, answer] of Object.entries(answers)) responses[status] = responseOf(answer);
  return {
    operationId,
    summary,
    ...(access === "open" ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: refTo(body) } } } }),
    responses,
  };
}

function responseOf({ description, schema, contentType }: ApiAnswer): Json {
  if (schema === undefined && contentType === undefined) return { description };
  const shown = schema === undefined ? { type: "string" } : refTo(schema);
  return { description, content: { [contentType ?? "application/json"]: { schema: shown } } };
}

function refTo(name: ApiSchemaName): Json {
  return { $ref: pathOf(name) };
}

function pathOf(name: string): string {
  return `#/components/schemas/${name}`;
}

function parametersOf(query: z.ZodObject): readonly Json[] {
  const { properties = {} } = z.toJSONSchema(query, { io: "input", unrepresentable: "any", override });
  return Object.entries(query.shape).map(([name, type]) => {
    const given = properties[name];
    const { description, ...schema } = typeof given === "object" ? given : {};
    const shown = type instanceof z.ZodType ? (numberParameters.get(type) ?? schema) : schema;
    return { name, in: "query", required: false, ...(description === undefined ? {} : { description }), schema: shown };
  });
}

function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(apiSchemas)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: pathOf, io: "output", unrepresentable: "any", override });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _dialect, $id: _id, ...schema }]) => [name, schema]),
  );
}

/** Dates are sent as texts; a later release may answer more than this one; and the bounds of JavaScript's numbers are nobody's business. */
function override({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  if (zodSchema._zod.def.type === "date") {
    jsonSchema.type = "string";
    jsonSchema.format = "date-time";
  }
  delete jsonSchema.readOnly;
  if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}
