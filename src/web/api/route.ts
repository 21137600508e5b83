/**
 * Routes of the API. Each carries its own description, which the OpenAPI document is made of; one without does not come into being, so the
 * document cannot lack a route.
 */
import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { sendProblem } from "../web-app.ts";
import type { ApiSchemaName, ApiValue } from "./schemas.ts";

/** What a route answers with one status. */
export type ApiAnswer = {
  readonly description: string;
  readonly schema?: ApiSchemaName;
  /** Default: JSON where there is a schema. */
  readonly contentType?: string;
};

/** What the document says of a route. Answers to mistakes (400, 401, 403, 429, 500) come by themselves. */
export type ApiDescription = {
  readonly operationId: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: ApiSchemaName;
  readonly answers: Readonly<Record<number, ApiAnswer>>;
};

/** A route that stands: `access` open = anybody, read = viewers too, act = operators. */
export type ApiRoute = ApiDescription & {
  readonly method: string;
  readonly url: string;
  readonly access: "open" | "read" | "act";
};

declare module "fastify" {
  interface FastifyContextConfig {
    /** Of every route under `/api/`. */
    readonly api?: ApiDescription;
  }
}

/** Notes from now on each API route that is added to the app. Adding one without a description throws. */
export function collectApiRoutes(app: FastifyInstance): readonly ApiRoute[] {
  const routes: ApiRoute[] = [];
  app.addHook("onRoute", ({ method, url, config }) => {
    if (!url.startsWith("/api/")) return;
    if (config?.api === undefined) throw new Error(`the API route ${url} has no description`);
    for (const name of [method].flat()) {
      // Comes with each GET.
      if (name === "HEAD") continue;
      const access = config.access === "open" ? "open" : name === "GET" ? "read" : "act";
      routes.push({ ...config.api, method: name, url, access });
    }
  });
  return routes;
}

/** Adds a route that reads: a wrong query is answered 400, a right one with what `read` answers. */
export function addReading<Query extends z.ZodObject, Name extends ApiSchemaName>(
  app: FastifyInstance,
  route: {
    readonly url: string;
    readonly operationId: string;
    readonly summary: string;
    readonly query: Query;
    readonly answer: { readonly schema: Name; readonly description: string };
    readonly read: (query: z.output<Query>) => Promise<ApiValue<Name>>;
  },
): void {
  const { url, operationId, summary, query, answer, read } = route;
  const api: ApiDescription = { operationId, summary, query, answers: { 200: answer } };
  app.get(url, { config: { api } }, async (request, reply) => {
    const parsed = parseQuery(query, request.query);
    if ("mistake" in parsed) return sendProblem(reply, { status: 400, code: "bad_query", detail: parsed.mistake });
    return reply.send(await read(parsed.query));
  });
}

/** An empty value is as good as none. */
function parseQuery<Query extends z.ZodObject>(
  schema: Query,
  given: unknown,
): { readonly query: z.output<Query> } | { readonly mistake: string } {
  const values = Object.entries(typeof given === "object" && given !== null ? given : {});
  const parsed = schema.safeParse(Object.fromEntries(values.filter(([, value]) => value !== "")));
  if (parsed.success) return { query: parsed.data };
  const [issue] = parsed.error.issues;
  const names = Object.keys(schema.shape).join(", ");
  if (issue === undefined || issue.code === "unrecognized_keys")
    return {
      mistake: names === "" ? "There are no filters here." : `There is no filter of that name; there are ${names}.`,
    };
  return { mistake: `${String(issue.path[0] ?? "query")} ${issue.message}.` };
}
