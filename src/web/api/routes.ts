/** What the API reads. Sign-in and sign-out stand in `session-routes.ts`. */
import type { FastifyInstance } from "fastify";
import { remedyFor } from "../../domain/failure.ts";
import { readVersion } from "../../lib/version.ts";
import { makeOpenApi } from "./openapi.ts";
import { type ApiRoute, addReading } from "./route.ts";
import { type ApiQuery, type ApiValue, apiQueries } from "./schemas.ts";

/** The remedies come by themselves. */
type FailureEntries = {
  readonly items: readonly Omit<ApiValue<"Failure">, "remedy">[];
  readonly nextCursor: string | null;
};

/** What page and API read; the integrator implements it on the store. */
export interface PageApi {
  status(): Promise<ApiValue<"Status">>;
  links(query: ApiQuery<"links">): Promise<ApiValue<"LinkPage">>;
  failures(query: ApiQuery<"failures">): Promise<FailureEntries>;
  acts(query: ApiQuery<"acts">): Promise<ApiValue<"ActPage">>;
  history(query: ApiQuery<"history">): Promise<ApiValue<"History">>;
}

/** Adds the routes. `known`: all API routes of the app, for the document; `publicUrl`: where people reach the page. */
export function addApiRoutes(
  app: FastifyInstance,
  {
    api,
    known,
    publicUrl,
  }: { readonly api: PageApi; readonly known: readonly ApiRoute[]; readonly publicUrl: string | null },
): void {
  addReading(app, {
    url: "/api/v1/status",
    operationId: "getStatus",
    summary: "How everything stands: connections, budgets, rounds, queues, notifications.",
    query: apiQueries.none,
    answer: { schema: "Status", description: "The picture of this moment." },
    read: () => api.status(),
  });
  addReading(app, {
    url: "/api/v1/links",
    operationId: "listLinks",
    summary: "Pairings of a case and an issue, the newest first.",
    query: apiQueries.links,
    answer: { schema: "LinkPage", description: "One page." },
    read: (query) => api.links(query),
  });
  addReading(app, {
    url: "/api/v1/failures",
    operationId: "listFailures",
    summary: "What cannot be mirrored, with the remedy, the newest first.",
    query: apiQueries.failures,
    answer: { schema: "FailurePage", description: "One page." },
    read: async (query) => {
      const { items, nextCursor } = await api.failures(query);
      return { items: items.map((entry) => ({ ...entry, remedy: remedyFor(entry.reason) })), nextCursor };
    },
  });
  addReading(app, {
    url: "/api/v1/audit",
    operationId: "listActs",
    summary: "Who did what: acts of operators, the newest first.",
    query: apiQueries.acts,
    answer: { schema: "ActPage", description: "One page." },
    read: (query) => api.acts(query),
  });
  addReading(app, {
    url: "/api/v1/history",
    operationId: "getHistory",
    summary:
      "What happened lately, point by point: news, requests, failures, and how old the oldest waiting change was.",
    query: apiQueries.history,
    answer: { schema: "History", description: "The oldest point first; a span without any work may have none." },
    read: (query) => api.history(query),
  });
  addReading(app, {
    url: "/api/v1/openapi.json",
    operationId: "getOpenApi",
    summary: "This document.",
    query: apiQueries.none,
    answer: { schema: "Document", description: "An OpenAPI 3.1 document of what this server answers." },
    read: async () => ({ openapi: "3.1.0", ...makeOpenApi(known, { version: readVersion(), url: publicUrl ?? "/" }) }),
  });
}
