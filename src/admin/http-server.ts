/**
 * Page, API, health, metrics, queues and webhook of one process (SPEC 6).
 *
 * Every route is closed unless it says `access: "open"`; see `access.ts` for the rules. An open route is reached by anybody who
 * can reach the port, so health answers are shared for a second and webhook bodies in flight are counted.
 */
import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { createBullBoard } from "@bull-board/api";
import { FastifyAdapter } from "@bull-board/fastify";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Secret } from "../lib/secret.ts";
import { makeReadiness, type ReadinessCheck } from "../observability/health.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Log } from "../sync/ports.ts";
import { type AccessRules, isLoopbackHost, makeAccessRules } from "./access.ts";
import { chooseLanguage, renderOverview, renderSignIn } from "./overview-page.ts";
import type { StatusReport } from "./status-report.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** `open`: anybody; `session`: the sign-in, which has no token yet. Left out: the access rules. */
    readonly access?: "open" | "session";
  }
}

/** One page of a list asked for by the page. Texts are bounded, not otherwise checked. */
export type ListQuery = {
  readonly connection: string | null;
  readonly state: string | null;
  /** Free text: part of a case id or an issue key. */
  readonly search: string | null;
  /** 1 to 200. */
  readonly limit: number;
  /** Where the page before ended, as its answer said; `null` = from the newest. */
  readonly cursor: string | null;
};

/** What the page reads; the integrator implements it on the store. Answers become JSON as they are, dates as ISO texts. */
export interface PageApi {
  status(): Promise<StatusReport>;
  links(query: ListQuery): Promise<unknown>;
  failures(query: ListQuery): Promise<unknown>;
}

/** Takes one webhook and answers the HTTP status, once the wake-up is committed: 2xx, 401 (bad signature), 404 (no such connection). */
export type WebhookHandler = (connection: string, headers: IncomingHttpHeaders, rawBody: Buffer) => Promise<number>;

/** The adapters of bull-board, such as `new BullMQAdapter(queue, { readOnlyMode: true })`. */
type BullBoardQueues = Parameters<typeof createBullBoard>[0]["queues"];

/** What the server is made of. What is left out answers 404. */
export type HttpServerInput = {
  readonly host: string;
  /** 0 = any free port (the setting "off" is the caller's business). */
  readonly port: number;
  readonly adminToken: Secret | null;
  readonly checks: {
    readonly database: ReadinessCheck;
    readonly queue: ReadinessCheck;
    readonly migrations: ReadinessCheck;
  };
  /** Why the process makes no progress; `null` while it does. */
  readonly stalledBy: () => string | null;
  readonly metrics: Pick<Metrics, "render" | "contentType">;
  /** Should be read-only: bull-board cannot send the header that changes need, so its buttons would be refused. */
  readonly bullBoard?: BullBoardQueues;
  readonly webhook?: WebhookHandler;
  readonly api?: PageApi;
  /** Adds further routes under the same access rules and headers. */
  readonly routes?: (app: FastifyInstance) => void;
  readonly log: Log;
};

/** A server that can be started once and stopped once. */
export interface HttpServer {
  /** Starts listening; answers where. Throws when the port is taken. */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /** Stops listening, lets running requests end, and cuts what is left after 5 s. May be repeated. */
  close(): Promise<void>;
}

const webhookBodyMaxBytes = 25 * 1024 * 1024;
const bodyMaxBytes = 1024 * 1024;
const webhooksInFlightMax = 8;
const webhookMaxMs = 20_000;
const closeMaxMs = 5_000;

const policy = (nonce: string | null): string => {
  const own = nonce === null ? "'self'" : `'self' 'nonce-${nonce}'`;
  return `default-src 'none'; script-src ${own}; style-src ${own}; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
};
// bull-board has style attributes and a <base>; its own scripts are files.
const bullBoardPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

/** Makes the server; it listens after `listen`. Throws RangeError on a host that others can reach when there is no token. */
export function makeHttpServer(input: HttpServerInput): HttpServer {
  const token = input.adminToken?.reveal() ?? null;
  if (!isLoopbackHost(input.host) && (token === null || token === "")) {
    throw new RangeError("a host that is not loopback needs an admin token");
  }
  const rules = makeAccessRules(token);
  const app = Fastify({
    logger: false,
    bodyLimit: bodyMaxBytes,
    requestTimeout: 60_000,
    keepAliveTimeout: 5_000,
    trustProxy: false,
    exposeHeadRoutes: true,
  });

  app.addHook("onRequest", async (request, reply) => {
    setSecurityHeaders(request, reply);
    if (request.is404 || request.routeOptions.config.access === "open") return;
    const facts = { method: request.method, peerAddress: request.socket.remoteAddress, headers: request.headers };
    const verdict = request.routeOptions.config.access === "session" ? rules.checkChange(facts) : rules.check(facts);
    if (verdict.allowed) return;
    if (verdict.status === 401) reply.header("www-authenticate", 'Bearer realm="casebridge"');
    if (verdict.status === 401 && request.routeOptions.url === "/" && request.method === "GET") {
      return sendHtml(reply, 401, (nonce) => renderSignIn({ language: languageOf(request), nonce }));
    }
    return reply.code(verdict.status).send({ error: verdict.code, message: verdict.message });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: "not_found", message: "There is nothing here." }),
  );
  app.setErrorHandler((error, request, reply) => sendError({ error, request, reply, log: input.log }));

  addHealthRoutes(app, input);
  addWebhookRoute(app, input);
  addPageRoutes(app, { input, rules });
  if (input.bullBoard !== undefined) addBullBoard(app, input.bullBoard);
  if (input.routes !== undefined) input.routes(app);

  let closing: Promise<void> | null = null;
  return {
    async listen() {
      await app.listen({ host: input.host, port: input.port });
      const address = app.server.address();
      const port = typeof address === "object" && address !== null ? address.port : input.port;
      const host = input.host.includes(":") && !input.host.startsWith("[") ? `[${input.host}]` : input.host;
      return { url: `http://${host}:${port}`, port };
    },
    close() {
      closing ??= closeWithin(app);
      return closing;
    },
  };
}

function addHealthRoutes(app: FastifyInstance, { checks, stalledBy, metrics }: HttpServerInput): void {
  const readiness = makeReadiness({ checks });
  app.get("/healthz", { config: { access: "open" } }, async (_request, reply) => {
    const reason = stalledBy();
    return reply
      .code(reason === null ? 200 : 503)
      .send(reason === null ? { status: "ok" } : { status: "stalled", reason });
  });
  app.get("/readyz", { config: { access: "open" } }, async (_request, reply) => {
    const { ready, notReady } = await readiness();
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not_ready", notReady });
  });
  app.get("/metrics", async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()));
}

function addWebhookRoute(app: FastifyInstance, { webhook, log }: HttpServerInput): void {
  let inFlight = 0;
  app.register(async (scope) => {
    // The signature covers the bytes as they came, so nothing may parse them first.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.addHook("onRequest", async (_request, reply) => {
      if (webhook === undefined) return reply.callNotFound();
      // 503 and not 429: Jira repeats both, and this is our limit rather than the sender's.
      if (inFlight >= webhooksInFlightMax) {
        return reply
          .code(503)
          .header("retry-after", "5")
          .send({ error: "busy", message: "Too many webhooks at once." });
      }
      inFlight++;
      reply.raw.once("close", () => void inFlight--);
    });
    scope.post<{ Params: { connection: string } }>(
      "/webhooks/jira/:connection",
      { bodyLimit: webhookBodyMaxBytes, config: { access: "open" } },
      async (request, reply) => {
        if (webhook === undefined) return reply.callNotFound();
        const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const handled = webhook(request.params.connection, request.headers, rawBody);
        const status = await withinOrNull(handled, webhookMaxMs);
        if (status === null) log.error({ connection: request.params.connection.slice(0, 64) }, "Webhook took too long");
        return sendWebhookAnswer(reply, status ?? 503);
      },
    );
  });
}

function sendWebhookAnswer(reply: FastifyReply, status: number): FastifyReply {
  if (status === 404) return reply.code(404).send({ error: "not_found", message: "There is nothing here." });
  return reply
    .code(status)
    .send(status < 300 ? { status: "accepted" } : { error: "refused", message: "The webhook was refused." });
}

function addPageRoutes(
  app: FastifyInstance,
  { input, rules }: { readonly input: HttpServerInput; readonly rules: AccessRules },
): void {
  const { api, log } = input;
  app.post("/api/session", { config: { access: "session" } }, async (request, reply) => {
    const given = isRecord(request.body) && typeof request.body.token === "string" ? request.body.token : "";
    const forwardedProtocol = request.headers["x-forwarded-proto"];
    const cookie = rules.signIn(given, forwardedProtocol === "https");
    if (cookie === null) {
      log.warn({ peer: request.socket.remoteAddress }, "Sign-in refused");
      return reply.code(401).send({ error: "unauthorized", message: "That is not the token." });
    }
    return reply.code(204).header("set-cookie", cookie).send();
  });
  app.delete("/api/session", { config: { access: "session" } }, async (_request, reply) =>
    reply.code(204).header("set-cookie", rules.signOutCookie).send(),
  );
  if (api === undefined) return;

  app.get("/", async (request, reply) => {
    const status = await api.status().catch((error: unknown) => {
      log.error({ error }, "Overview cannot be read");
      return null;
    });
    return sendHtml(reply, status === null ? 503 : 200, (nonce) =>
      renderOverview(status, { language: languageOf(request), nonce, canSignOut: rules.needsToken }),
    );
  });
  app.get("/api/status", async () => api.status());
  app.get("/api/links", async (request, reply) => sendList(request, reply, (query) => api.links(query)));
  app.get("/api/failures", async (request, reply) => sendList(request, reply, (query) => api.failures(query)));
}

function addBullBoard(app: FastifyInstance, queues: BullBoardQueues): void {
  const adapter = new FastifyAdapter();
  adapter.setBasePath("/queues");
  createBullBoard({ queues, serverAdapter: adapter, options: { uiConfig: { boardTitle: "casebridge" } } });
  app.register(async (scope) => {
    scope.addHook("onSend", async (_request, reply, payload) => {
      reply.header("content-security-policy", bullBoardPolicy);
      // Its page asks a font service for fonts; the policy would block it, this keeps it from being tried.
      const isHtml = String(reply.getHeader("content-type") ?? "").startsWith("text/html");
      return isHtml && typeof payload === "string" ? payload.replace(/<link[^>]*\bhref="https?:[^>]*>/g, "") : payload;
    });
    await scope.register(adapter.registerPlugin(), { prefix: "/queues" });
  });
}

async function sendList(
  request: FastifyRequest,
  reply: FastifyReply,
  read: (query: ListQuery) => Promise<unknown>,
): Promise<FastifyReply> {
  const query = parseListQuery(isRecord(request.query) ? request.query : {});
  if (typeof query === "string") return reply.code(400).send({ error: "bad_query", message: query });
  return reply.send(await read(query));
}

function parseListQuery(query: Record<string, unknown>): ListQuery | string {
  const texts: Record<string, string | null> = {};
  for (const name of ["connection", "state", "search", "cursor"]) {
    const value = query[name] ?? "";
    if (typeof value !== "string" || value.length > 200) return `${name} must be one text of at most 200 characters.`;
    texts[name] = value === "" ? null : value;
  }
  const limit = wholeNumber(query.limit ?? "50");
  if (limit === null || limit < 1 || limit > 200) return "limit must be a whole number from 1 to 200.";
  const { connection = null, state = null, search = null, cursor = null } = texts;
  return { connection, state, search, limit, cursor };
}

function wholeNumber(value: unknown): number | null {
  return typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : null;
}

function setSecurityHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    "content-security-policy": policy(null),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
  });
  if (!request.url.startsWith("/queues/static/")) reply.header("cache-control", "no-store");
}

function sendHtml(reply: FastifyReply, status: number, draw: (nonce: string) => string): FastifyReply {
  const nonce = randomBytes(16).toString("base64");
  return reply
    .code(status)
    .header("content-security-policy", policy(nonce))
    .header("vary", "accept-language, cookie")
    .type("text/html; charset=utf-8")
    .send(draw(nonce));
}

type ErrorInput = {
  readonly error: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly log: Log;
};

/** Says what kind of mistake the caller made; of our own mistakes only that there was one. */
function sendError({ error, request, reply, log }: ErrorInput): FastifyReply {
  const given = isRecord(error) && typeof error.statusCode === "number" ? error.statusCode : 500;
  const status = given >= 400 && given < 500 ? given : 500;
  if (status === 500) log.error({ error, method: request.method, route: request.routeOptions.url }, "Request failed");
  const names: Readonly<Record<number, string>> = { 413: "too_large", 415: "unsupported_media_type", 500: "internal" };
  const message = status === 500 ? "This failed; the log says why." : "The request cannot be used.";
  return reply.code(status).send({ error: names[status] ?? "bad_request", message });
}

function languageOf(request: FastifyRequest): "en" | "zh" {
  const lang = isRecord(request.query) && typeof request.query.lang === "string" ? request.query.lang : undefined;
  return chooseLanguage(lang, request.headers["accept-language"]);
}

async function closeWithin(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), closeMaxMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

async function withinOrNull<T>(work: Promise<T>, limitMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
