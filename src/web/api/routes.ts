/** What the API reads: what the views show, from the same port. Acts stand in `acts.ts`, sign-in and sign-out in `session-routes.ts`. */
import type { FastifyInstance } from "fastify";
import { remedyFor } from "../../domain/failure.ts";
import { historySpans } from "../../domain/history.ts";
import { readVersion } from "../../lib/version.ts";
import type { PagePort } from "../pages/page-port.ts";
import { hideTexts } from "../pages/work.ts";
import { addActs } from "./acts.ts";
import { makeOpenApi } from "./openapi.ts";
import { apiQueries } from "./queries.ts";
import { type ApiRoute, addReading } from "./route.ts";

/** Adds the routes. `known`: all API routes of the app, for the document; `publicUrl`: where people reach the page. */
export function addApiRoutes(
  app: FastifyInstance,
  {
    port,
    known,
    publicUrl,
  }: { readonly port: PagePort; readonly known: readonly ApiRoute[]; readonly publicUrl: string | null },
): void {
  addPicture(app, port);
  addLinks(app, port);
  addFailures(app, port);
  addWork(app, port);
  addReading(app, {
    url: "/api/v1/audit",
    operationId: "listActs",
    summary: "Who did what: acts of operators, the newest first.",
    query: apiQueries.acts,
    answer: { schema: "ActPage", description: "One page." },
    read: ({ link, ...filter }) => port.acts({ ...filter, linkId: link }),
  });
  addActs(app, port);
  addReading(app, {
    url: "/api/v1/openapi.json",
    operationId: "getOpenApi",
    summary: "This document.",
    query: apiQueries.none,
    answer: { schema: "Document", description: "An OpenAPI 3.1 document of what this server answers." },
    read: async () => ({ openapi: "3.1.0", ...makeOpenApi(known, { version: readVersion(), url: publicUrl ?? "/" }) }),
  });
}

function addPicture(app: FastifyInstance, port: PagePort): void {
  addReading(app, {
    url: "/api/v1/status",
    operationId: "getStatus",
    summary: "How everything stands: connections, budgets, rounds, queues, notifications.",
    query: apiQueries.none,
    answer: { schema: "Status", description: "The picture of this moment." },
    read: () => port.status(),
  });
  addReading(app, {
    url: "/api/v1/overview",
    operationId: "getOverview",
    summary: "What the overview shows besides the status: failures by reason, what stays on its side, imports.",
    query: apiQueries.none,
    answer: { schema: "Overview", description: "The picture of this moment." },
    read: () => port.overview(),
  });
  addReading(app, {
    url: "/api/v1/history",
    operationId: "getHistory",
    summary:
      "What happened lately, point by point: news, requests, failures, and how old the oldest waiting change was.",
    query: apiQueries.history,
    answer: { schema: "History", description: "The oldest point first; a span without any work may have none." },
    read: async ({ span = "hour", connection }) => ({
      span,
      stepSeconds: historySpans[span].stepMs / 1000,
      points: await port.history({ span, connection }),
    }),
  });
  addReading(app, {
    url: "/api/v1/settings",
    operationId: "listSettings",
    summary: "Every setting with where it comes from. A secret is only told to be set or not.",
    query: apiQueries.none,
    answer: { schema: "Settings", description: "All settings." },
    read: async () => ({ items: port.settings() }),
  });
}

function addLinks(app: FastifyInstance, port: PagePort): void {
  addReading(app, {
    url: "/api/v1/links",
    operationId: "listLinks",
    summary: "Pairings of a case and an issue: those that wait longest first, then the others, the newest first.",
    query: apiQueries.links,
    answer: { schema: "LinkPage", description: "One page." },
    read: ({ waiting, ...filter }) =>
      port.links({ ...filter, waiting: waiting === undefined ? undefined : waiting === "yes" }),
  });
  addReading(app, {
    url: "/api/v1/links/:id",
    operationId: "getLink",
    summary:
      "One pairing with a page of its timeline, the latest without `cursor`: ids, times and states, never texts.",
    query: apiQueries.link,
    answer: { schema: "LinkDetails", description: "The pairing." },
    read: ({ cursor }, { id }) => port.link(id, cursor),
  });
}

function addFailures(app: FastifyInstance, port: PagePort): void {
  addReading(app, {
    url: "/api/v1/failures",
    operationId: "listFailures",
    summary: "What cannot be mirrored, with the remedy, the newest first.",
    query: apiQueries.failures,
    answer: { schema: "FailurePage", description: "One page." },
    read: async (query) => {
      const { items, nextCursor } = await port.failures(query);
      return { items: items.map((entry) => ({ ...entry, remedy: remedyFor(entry.reason) })), nextCursor };
    },
  });
  addReading(app, {
    url: "/api/v1/failures/reasons",
    operationId: "listFailureReasons",
    summary: "Why failures wait for somebody: the largest group first.",
    query: apiQueries.groups,
    answer: { schema: "FailureGroups", description: "All groups." },
    read: async ({ connection }) => ({
      items: (await port.failureGroups(connection)).map(({ reason, count, oldestAt }) => ({
        ...{ reason, count, oldestAt, remedy: remedyFor(reason) },
      })),
    }),
  });
}

function addWork(app: FastifyInstance, port: PagePort): void {
  addReading(app, {
    url: "/api/v1/runs",
    operationId: "listRuns",
    summary: "Dry runs, re-syncs and looks of the doctor that this process remembers, the newest first.",
    query: apiQueries.none,
    answer: {
      schema: "RunList",
      description: "All of them: those that run, and those that ended within half an hour.",
    },
    read: async (_query, { role }) => ({ items: port.recentWork().map((work) => hideTexts(work, role)) }),
  });
  addReading(app, {
    url: "/api/v1/runs/:id",
    operationId: "getRun",
    summary: "How far a piece of work is, and what came of it.",
    query: apiQueries.none,
    answer: { schema: "Run", description: "The piece of work." },
    read: async (_query, { id, role }) => {
      const work = port.work(id);
      return work === null ? null : hideTexts(work, role);
    },
  });
}
