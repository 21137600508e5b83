/**
 * Routes of the API. Each carries its own description, which the OpenAPI document is made of; one without does not come into being, so the
 * document cannot lack a route.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Role } from "../../lib/session-store.ts";
import type { PageActs, PagePort } from "../pages/page-port.ts";
import { sendNotFound, sendProblem } from "../web-app.ts";
import { type ApiSchemaName, type ApiValue, apiSchemas } from "./schemas.ts";

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
      routes.push({ ...config.api, method: name, url: url.replaceAll(/:(\w+)/g, "{$1}"), access });
    }
  });
  return routes;
}

/** Who asks: what a route may go by besides its query. */
export type Asking = { readonly role: Role; readonly id: string };

/**
 * Adds a route that reads: a wrong query is answered 400, what `read` finds nothing for 404, else 200 with it. An `:id` of the address that is
 * none is not there.
 */
export function addReading<Query extends z.ZodObject, Name extends ApiSchemaName>(
  app: FastifyInstance,
  route: {
    readonly url: string;
    readonly operationId: string;
    readonly summary: string;
    readonly query: Query;
    readonly answer: { readonly schema: Name; readonly description: string };
    readonly read: (query: z.output<Query>, asking: Asking) => Promise<ApiValue<Name> | null>;
  },
): void {
  const { url, operationId, summary, query, answer, read } = route;
  const api: ApiDescription = {
    ...{ operationId, summary, query, answers: { 200: answer, ...notFoundAnswer(url) } },
  };
  app.get(url, { config: { api } }, async (request, reply) => {
    const parsed = parseQuery(query, request.query);
    if ("mistake" in parsed) return sendProblem(reply, { status: 400, code: "bad_query", detail: parsed.mistake });
    const found = await read(parsed.query, askingOf(request));
    return found === null ? sendNotFound(reply) : reply.send(found);
  });
}

/** What an act came to: its answer, or why nothing was done. */
export type ActAnswer<Name extends ApiSchemaName> =
  | { readonly done: ApiValue<Name> }
  | { readonly mistake: string }
  | "not_found"
  | "busy";

/** Adds a route that acts, in the name of who asks: a wrong body is answered 400; only operators come here. */
export function addActing<Body extends ApiSchemaName, Name extends ApiSchemaName>(
  app: FastifyInstance,
  route: {
    readonly url: string;
    readonly operationId: string;
    readonly summary: string;
    readonly body: Body;
    readonly answer: { readonly status: 200 | 202; readonly schema: Name; readonly description: string };
    /** Whether it may be answered that nothing of that name is there, or that too much is running. */
    readonly refusals: readonly ("not_found" | "busy")[];
    readonly act: (acts: PageActs, body: ApiValue<Body>, asking: Asking) => Promise<ActAnswer<Name>>;
  },
  port: Pick<PagePort, "actAs">,
): void {
  const { url, operationId, summary, body, answer, refusals, act } = route;
  const answers: Record<number, ApiAnswer> = { [answer.status]: answer };
  for (const refusal of refusals) answers[refusalStatus[refusal]] = refusalAnswers[refusal];
  const api: ApiDescription = { operationId, summary, body, answers };
  app.post(url, { config: { api } }, async (request, reply) => {
    const parsed = apiSchemas[body].safeParse(request.body ?? {});
    if (!parsed.success)
      return sendProblem(reply, { status: 400, code: "bad_body", detail: mistakeOf(parsed.error, apiSchemas[body]) });
    const acts = port.actAs(request.principal?.actor ?? "unnamed");
    const outcome = await act(acts, parsed.data as ApiValue<Body>, askingOf(request));
    if (outcome === "not_found") return sendNotFound(reply);
    if (outcome === "busy")
      return sendProblem(reply, { status: 409, code: "busy", detail: "Two of these are running already." });
    if ("mistake" in outcome) return sendProblem(reply, { status: 400, code: "bad_body", detail: outcome.mistake });
    return reply.code(answer.status).send(outcome.done);
  });
}

const refusalStatus = { not_found: 404, busy: 409 } as const;
const problemAnswer = { schema: "Problem", contentType: "application/problem+json" } as const;
const refusalAnswers = {
  not_found: { description: "There is nothing of that name.", ...problemAnswer },
  busy: { description: "Too much is running already; try again later.", ...problemAnswer },
} as const;

function notFoundAnswer(url: string): Readonly<Record<number, ApiAnswer>> {
  return url.includes(":id") ? { 404: refusalAnswers.not_found } : {};
}

function askingOf({ principal, params }: FastifyRequest): Asking {
  const { id } = (params ?? {}) as { readonly id?: string };
  return { role: principal?.role ?? "viewer", id: id ?? "" };
}

function mistakeOf({ issues }: z.ZodError, schema: z.ZodType): string {
  const [issue] = issues;
  const names = schema instanceof z.ZodObject ? Object.keys(schema.shape).join(", ") : "";
  if (issue === undefined || issue.code === "unrecognized_keys")
    return names === "" ? "This takes no members." : `There is no member of that name; there are ${names}.`;
  return `${issue.path.length === 0 ? "The body" : issue.path.join(".")} ${wordsOf(issue)}.`;
}

/** What a member must be, in words of our own: those of the library change with its releases. */
function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be a ${issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    case "too_small":
      return `must hold at least ${issue.minimum}`;
    case "too_big":
      return `must hold at most ${issue.maximum}`;
    case "custom":
      return issue.message;
    default:
      return "cannot be used";
  }
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
