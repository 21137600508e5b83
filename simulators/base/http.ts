/**
 * The HTTP side that all simulators share: fastify finds the operation of a request by the vendor's document, the simulator answers on the raw
 * connection, since it must also be able to cut it, let it hang, and end in the middle.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { Api, Operation } from "./openapi.ts";

/** A request and what fastify found for it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  readonly pathname: string;
  readonly query: URLSearchParams;
  /** `null` when the document has no operation of this method and path; `knowsPath` tells whether it has the path. */
  readonly operation: Operation | null;
  readonly knowsPath: boolean;
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** A server that listens. */
export interface HttpServer {
  readonly url: string;
  /** Ends all connections at once. May be repeated. */
  close(): Promise<void>;
}

/** How a server answers. */
export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  /** Whose operations are found; without it every request has none. */
  readonly api?: Api;
  readonly answer: (exchange: Exchange) => Promise<void>;
  /** What `POST /_control/NAME` calls, by name. */
  readonly control?: object;
}

/** Starts a server. @throws when the port is taken. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const app = fastify({
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    keepAliveTimeout: 60_000,
    routerOptions: { maxParamLength: 8_192 },
    frameworkErrors: (_error, request, reply) => handle(request, reply, {}),
  });
  // Bodies are read when their turn has come, after faults and limits.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _body, done) => done(null));
  const handle = (request: FastifyRequest, reply: FastifyReply, operations: Readonly<Record<string, Operation>>) => {
    reply.hijack();
    const exchange = toExchange(request, reply, operations);
    options.answer(exchange).catch(() => exchange.response.destroy());
  };
  for (const [path, operations] of groupByPath(options.api))
    app.all(path.replaceAll(/\{([^}]+)\}/g, ":$1"), (request, reply) => handle(request, reply, operations));
  app.setNotFoundHandler((request, reply) => handle(request, reply, {}));
  if (options.control !== undefined) addControl(app, options.control);
  const url = await app.listen({ host: options.host, port: options.port });
  return { url, close: async () => void (await app.close()) };
}

function groupByPath(api: Api | undefined): ReadonlyMap<string, Record<string, Operation>> {
  const paths = new Map<string, Record<string, Operation>>();
  for (const operation of api?.operations.values() ?? [])
    paths.set(operation.path, { ...paths.get(operation.path), [operation.method]: operation });
  return paths;
}

function toExchange(
  request: FastifyRequest,
  reply: FastifyReply,
  operations: Readonly<Record<string, Operation>>,
): Exchange {
  const { url = "/", method = "GET" } = request.raw;
  const cut = url.indexOf("?");
  const params = (request.params ?? {}) as Readonly<Record<string, string>>;
  // fastify takes an empty part of a path for a parameter.
  const isWhole = !Object.values(params).includes("");
  return {
    request: request.raw,
    response: reply.raw,
    method,
    url,
    pathname: cut === -1 ? url : url.slice(0, cut),
    query: new URLSearchParams(cut === -1 ? "" : url.slice(cut + 1)),
    operation: isWhole ? (operations[method] ?? null) : null,
    knowsPath: isWhole && Object.keys(operations).length > 0,
    params,
  };
}

/** `POST /_control/NAME` with a JSON body calls the function of that name; for this machine only, without authentication. */
function addControl(app: FastifyInstance, control: object): void {
  app.post<{ Params: { name: string } }>("/_control/:name", async ({ raw, params: { name } }, reply) => {
    if (!/^(127\.|::1$|::ffff:127\.)/.test(raw.socket.remoteAddress ?? ""))
      return reply.code(403).send({ error: "control is for this machine only" });
    const target: unknown = Object.hasOwn(control, name) ? Reflect.get(control, name) : undefined;
    if (typeof target !== "function") return reply.code(404).send({ error: `no control "${name}"` });
    try {
      const text = (await readBytes(raw, Number.MAX_SAFE_INTEGER))?.toString("utf8") ?? "";
      const result: unknown = await target(text === "" ? undefined : JSON.parse(text));
      return reply.type("application/json").send(JSON.stringify(result ?? {}));
    } catch (error) {
      return reply.code(400).send({ error: error instanceof Error ? error.message : String(error) });
    }
  });
}

/** The pieces of a body. @throws BodyTooLarge once it is above `bytesMax`; the connection stays, so that a refusal can be sent. */
export async function* readChunks(request: IncomingMessage, bytesMax: number): AsyncGenerator<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw new BodyTooLarge();
  let sizeBytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > bytesMax) throw new BodyTooLarge();
    yield chunk;
  }
}

/** A whole body. @throws BodyTooLarge */
export async function readBytes(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readChunks(request, bytesMax)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A body above the limit. */
export class BodyTooLarge extends Error {}

/** An answer on its way: bytes, or a stream of `sizeBytes` that is opened up to a length. */
export interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | { readonly sizeBytes: number; readonly open: (length: number) => Readable };
}

/** Sends an answer. `truncate` announces all of it and ends the connection in its middle. */
export async function send({ request, response }: Exchange, sent: Sent, truncate = false): Promise<void> {
  if (response.destroyed || response.headersSent) return;
  const { status, headers, body } = sent;
  if (!request.complete) {
    // A careless client would take the unread rest of a body for the next request's start: close instead.
    response.setHeader("connection", "close");
    request.resume();
  }
  const sizeBytes = Buffer.isBuffer(body) ? body.byteLength : body.sizeBytes;
  response.writeHead(status, status === 204 ? headers : { ...headers, "content-length": String(sizeBytes) });
  const length = truncate ? Math.floor(sizeBytes / 2) : sizeBytes;
  if (Buffer.isBuffer(body)) {
    if (!truncate) return void response.end(body);
    await new Promise<void>((resolve) => response.write(body.subarray(0, length), () => resolve()));
  } else {
    // A client that leaves midway is its own affair.
    await pipeline(body.open(length), response, { end: !truncate }).catch(() => response.destroy());
  }
  // After what was written has left, so that the client sees the first half and then the cut.
  if (truncate) response.socket?.end(() => response.destroy());
}
