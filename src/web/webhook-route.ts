/**
 * `POST /webhooks/jira/<connection>`: the one route that strangers are led to (rule 13).
 *
 * Who has no signature, or names no connection that takes webhooks, gets one and the same 401 before the body is read. Bodies that are
 * read count: together they may hold 64 MB, and the one that has come longest gives way. Whole deliveries wait, a thousand at most, so that a burst is
 * taken and not refused; the answer is 200 only once the wake-up is committed.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../sync/ports.ts";
import { type HttpServer, makeListener, makeWebApp, sendProblem } from "./web-app.ts";

/** A delivery whose body has come whole. */
export type Delivery = {
  readonly connection: string;
  readonly headers: IncomingHttpHeaders;
  /** The bytes as they came: the signature covers them. */
  readonly rawBody: Buffer;
  /** What the address says besides the connection: the parameters behind `?`, and as `issue` the last part of a longer path. */
  readonly query: Readonly<Record<string, unknown>>;
};

/** What the route hands deliveries to. */
export interface WebhookReceiver {
  /** Whether a connection takes webhooks at all; where none does, the route is not there. */
  readonly isOpen: boolean;
  /** Whether the body is worth reading: the connection takes webhooks, and there is a signature of the right form. Costs nothing. */
  admits(connection: string, headers: IncomingHttpHeaders): boolean;
  /** Takes a delivery; `taken` once its wake-up is committed, `refused` for a wrong signature. Rejects when it cannot be committed. */
  take(delivery: Delivery): Promise<"taken" | "refused">;
}

const bodiesMaxBytes = 64 * 1024 * 1024;
const takenAtOnceMax = 1_000;
/** Jira gives up after 30 s. */
const takeMaxMs = 20_000;

type Params = { readonly connection: string; readonly issue?: string };

/** Makes a listener that serves the webhook and nothing else. */
export function makeWebhookServer(input: {
  readonly host: string;
  readonly port: number;
  readonly webhook: WebhookReceiver;
  readonly log: Log;
}): HttpServer {
  const app = makeWebApp(input);
  addWebhookRoute(app, input);
  return makeListener(app, input);
}

/** Adds the route, open to anybody who can reach the port. */
export function addWebhookRoute(
  app: FastifyInstance,
  { webhook, log }: { readonly webhook: WebhookReceiver; readonly log: Log },
): void {
  if (!webhook.isOpen) return;
  let underWay = 0;
  app.register(async (scope) => {
    // The signature covers the bytes as they came, so nothing may parse them first.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.addHook<{ Params: Params }>("onRequest", async (request, reply) => {
      if (!webhook.admits(request.params.connection, request.headers)) return sendUnauthorized(reply);
      if (underWay >= takenAtOnceMax) return sendBusy(reply);
    });
    boundBodies(scope);
    scope.post<{ Params: Params }>(
      "/webhooks/jira/:connection/:issue?",
      { config: { access: "open" } },
      async (request, reply) => {
        underWay += 1;
        const handled = webhook.take(toDelivery(request)).finally(() => {
          underWay -= 1;
        });
        const outcome = await withinOrNull(handled, takeMaxMs);
        if (outcome === "taken") return reply.send({ status: "accepted" });
        if (outcome === "refused") return sendUnauthorized(reply);
        log.error({ connection: request.params.connection }, "Webhook took too long");
        return sendBusy(reply);
      },
    );
  });
}

function toDelivery({ params, headers, body, query }: FastifyRequest<{ Params: Params }>): Delivery {
  const parameters = typeof query === "object" && query !== null ? { ...query } : {};
  return {
    connection: params.connection,
    headers,
    rawBody: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
    query: params.issue === undefined ? parameters : { ...parameters, issue: params.issue },
  };
}

/** Counts the bytes of bodies that are in memory; beyond the bound the request whose body began first is cut. */
function boundBodies(scope: FastifyInstance): void {
  const bodies = new Map<FastifyRequest, number>();
  let heldBytes = 0;
  scope.addHook("preParsing", async (request, reply, payload) => {
    bodies.set(request, 0);
    reply.raw.once("close", () => {
      heldBytes -= bodies.get(request) ?? 0;
      bodies.delete(request);
    });
    payload.on("data", (chunk: Buffer) => {
      bodies.set(request, (bodies.get(request) ?? 0) + chunk.length);
      heldBytes += chunk.length;
      const [first] = bodies.keys();
      if (heldBytes > bodiesMaxBytes) first?.raw.destroy();
    });
    return payload;
  });
}

/** One answer for an unknown name, a missing signature and a wrong one, so that none can be told from another. */
function sendUnauthorized(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, { status: 401, code: "unauthorized", detail: "The webhook was refused." });
}

/** 503 and not 429: Jira repeats both, and this is our limit rather than the sender's. */
function sendBusy(reply: FastifyReply): FastifyReply {
  reply.header("retry-after", "5");
  return sendProblem(reply, { status: 503, code: "busy", detail: "Too many webhooks at once." });
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
