/**
 * What every listener of casebridge has in common: limits that a stranger's sockets cannot stretch, headers, and answers to mistakes.
 *
 * A socket that says nothing, or half of something, is cut after 10 s. Until then it takes nothing that others need: there may be
 * 1,000 of them, and the one that has waited longest gives way to a new one.
 */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Log } from "../sync/ports.ts";
import type { AccessRequestFacts, Refusal } from "./access.ts";
import { addBasePath, basePathOf, withoutBasePath } from "./base-path.ts";

/** A server that can be started once and stopped once. */
export interface HttpServer {
  /** Starts listening; answers where. Throws when the port is taken. */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /** Stops listening, lets running requests end, and cuts what is left after 5 s. May be repeated. */
  close(): Promise<void>;
}

/** Longest body that any route takes. */
export const bodyMaxBytes = 1024 * 1024;

const requestMaxMs = 10_000;
const waitingSocketsMax = 1_000;
const closeMaxMs = 5_000;

/** An app without routes. Every answer carries the security headers; what is not there is 404 as JSON. */
export function makeWebApp({
  log,
  publicUrl = null,
}: {
  readonly log: Log;
  readonly publicUrl?: string | null;
}): FastifyInstance {
  const base = basePathOf(publicUrl);
  const app = Fastify({
    logger: false,
    rewriteUrl: (request) => withoutBasePath(base, request),
    bodyLimit: bodyMaxBytes,
    http: { requestTimeout: requestMaxMs, headersTimeout: requestMaxMs, connectionsCheckingInterval: 1_000 },
    requestTimeout: requestMaxMs,
    keepAliveTimeout: 5_000,
    trustProxy: false,
    exposeHeadRoutes: true,
    frameworkErrors: (error, request, reply) => void sendError({ error, request, reply, log }),
  });
  boundWaitingSockets(app.server, waitingSocketsMax);
  askForBodiesLate(app);
  app.register(cookie);
  app.register(helmet, {
    enableCSPNonces: true,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
      },
    },
    frameguard: { action: "deny" },
    referrerPolicy: { policy: "same-origin" },
    // Whether a host speaks TLS for good is the word of the proxy that speaks it.
    hsts: false,
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.header("permissions-policy", "camera=(), geolocation=(), microphone=()");
    if (!request.url.startsWith("/queues/static/")) reply.header("cache-control", "no-store");
    if (isOddTarget(request.url)) {
      return sendProblem(reply, { status: 400, code: "bad_request", detail: "The request target cannot be used." });
    }
  });
  addBasePath(app, base);
  app.setNotFoundHandler((_request, reply) => sendNotFound(reply));
  app.setErrorHandler((error, request, reply) => sendError({ error, request, reply, log }));
  return app;
}

/** Binds an app to its address; it listens after `listen`. */
export function makeListener(
  app: FastifyInstance,
  address: { readonly host: string; readonly port: number },
): HttpServer {
  let closing: Promise<void> | null = null;
  return {
    async listen() {
      await app.listen({ host: address.host, port: address.port });
      const bound = app.server.address();
      const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
      const host = address.host.includes(":") && !address.host.startsWith("[") ? `[${address.host}]` : address.host;
      return { url: `http://${host}:${port}`, port };
    },
    close() {
      closing ??= closeWithin(app);
      return closing;
    },
  };
}

/** A mistake as RFC 9457 has it; `code` is for programs, `detail` for people. */
export function sendProblem(
  reply: FastifyReply,
  problem: { readonly status: number; readonly code: string; readonly detail: string },
): FastifyReply {
  const title = STATUS_CODES[problem.status] ?? "Error";
  return reply
    .code(problem.status)
    .type("application/problem+json")
    .send({ type: "about:blank", title, ...problem });
}

/** The one answer to whatever is not there. */
export function sendNotFound(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, { status: 404, code: "not_found", detail: "There is nothing here." });
}

/** The answer to a request that may not go on. */
export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, code, message, retryAfterSeconds } = refusal;
  if (status === 401) reply.header("www-authenticate", 'Bearer realm="casebridge"');
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  return sendProblem(reply, { status, code, detail: message });
}

/** A page, as the browser's language and cookies made it. */
export function sendHtml(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).header("vary", "accept-language, cookie").type("text/html; charset=utf-8").send(page);
}

/** What is known of a request before its body is read. */
export function factsOf(request: FastifyRequest): AccessRequestFacts {
  return {
    method: request.method,
    httpVersion: request.raw.httpVersion,
    peerAddress: request.socket.remoteAddress,
    headers: request.headers,
    cookies: request.cookies,
  };
}

/** Whether a value that came from outside is an object whose members can be looked at. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Absolute forms (`GET http://…`) would be routed by their path, and PostgreSQL refuses texts that hold NUL. */
function isOddTarget(url: string): boolean {
  return !url.startsWith("/") || /%00/.test(url);
}

/** A client that asks before it sends its body is answered once the request was let in, not before. */
function askForBodiesLate(app: FastifyInstance): void {
  app.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) =>
    app.server.emit("request", request, response),
  );
  app.addHook("preParsing", async (request, reply, payload) => {
    if (/^100-continue$/i.test(request.headers.expect ?? "")) reply.raw.writeContinue();
    return payload;
  });
}

/** Keeps at most `max` sockets that have no whole request in work: the one that has waited longest is cut for the next. */
function boundWaitingSockets(server: Server, max: number): void {
  const waiting = new Set<Socket>();
  const wait = (socket: Socket): void => {
    if (socket.destroyed) return;
    waiting.add(socket);
    const [longest] = waiting;
    if (waiting.size > max) longest?.destroy();
  };
  server.on("connection", (socket: Socket) => {
    socket.once("close", () => waiting.delete(socket));
    wait(socket);
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket, headers } = request;
    const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
    if (hasBody) request.once("end", () => waiting.delete(socket));
    else waiting.delete(socket);
    response.once("close", () => wait(socket));
  });
}

type ErrorInput = {
  readonly error: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly log: Log;
};

const errorNames: Readonly<Record<number, string>> = {
  413: "too_large",
  415: "unsupported_media_type",
  500: "internal",
};

/** Says what kind of mistake the caller made; of our own mistakes only that there was one. */
function sendError({ error, request, reply, log }: ErrorInput): FastifyReply {
  const given = isRecord(error) && typeof error.statusCode === "number" ? error.statusCode : 500;
  const status = given >= 400 && given < 500 ? given : 500;
  if (status === 500) log.error({ error, method: request.method, route: request.routeOptions.url }, "Request failed");
  const detail = status === 500 ? "This failed; the log says why." : "The request cannot be used.";
  return sendProblem(reply, { status, code: errorNames[status] ?? "bad_request", detail });
}

async function closeWithin(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), closeMaxMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
