/**
 * One HTTP request with bounds on everything, over node:http(s).
 *
 * Why not `fetch`: the sent URL must be, byte for byte, the one that was signed; uploads must carry Content-Length while
 * they stream from disk; and after a failure the caller has to know whether the request can have reached the service at all,
 * because a write whose fate is unknown must not be repeated. Redirects are never followed.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";

import { TLSSocket } from "node:tls";
import { recorded } from "./answer-recorder.ts";
import { certificateTrouble, issuerOf, type Trouble } from "./certificate-trouble.ts";
import { mayStillSend } from "./standing.ts";
import { type HttpProxy, isProxied, makeTunnelAgents, ProxyRefusal, type TunnelOptions } from "./tunnel.ts";
import { readVersion } from "./version.ts";

/** Idle connections are dropped after this long, before most servers drop theirs: a reset write has an unknown outcome. */
const idleSocketMs = 4_000;

/** How many requests a piece of work has sent so far, repeats and log-ins among them. */
export type RequestCount = { sent: number };

const counts = new AsyncLocalStorage<RequestCount>();

/** Does the work, and counts in `count` every request that it sends, whichever client sends it. Throws what the work throws. */
export function countingRequests<Result>(count: RequestCount, work: () => Promise<Result>): Promise<Result> {
  return counts.run(count, work);
}

/** Why a request got no complete answer. */
export type HttpFailureReason = "connect" | "proxy" | "timeout" | "reset" | "too_large" | "late";

/** A request without a complete answer. The message names no path and no content. */
export class HttpFailure extends Error {
  readonly reason: HttpFailureReason;
  /** Whether any of the request may have reached the service: false when no connection came about. */
  readonly mayHaveArrived: boolean;
  /** What mends it, for people, where that is known. */
  readonly remedy: string | null;
  /** Message and remedy in Chinese, where they are known. */
  readonly zh: Trouble["zh"] | null;

  constructor(
    facts: {
      reason: HttpFailureReason;
      mayHaveArrived: boolean;
      message: string;
      remedy?: string | null;
      zh?: Trouble["zh"] | null;
    },
    options?: ErrorOptions,
  ) {
    super(facts.message, options);
    this.name = "HttpFailure";
    this.remedy = facts.remedy ?? null;
    this.zh = facts.zh ?? null;
    this.reason = facts.reason;
    this.mayHaveArrived = facts.mayHaveArrived;
  }
}

/** A body of known length that is produced while it is sent. A chunk is used up before the next one is asked for. */
export type StreamedBody = { readonly sizeBytes: number; readonly chunks: AsyncIterable<Uint8Array> };

/** One request. `url` is sent as it is written. */
type HttpRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | StreamedBody | null;
  /** For name resolution, TCP and TLS together. */
  readonly connectTimeoutMs: number;
  /** Longest silence of the connection, for transfers that may take long as a whole. */
  readonly idleTimeoutMs: number;
  /** From the start to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Asked once the connection stands: false, and not one byte is sent; the failure's reason is `late`. */
  readonly mayLeave?: () => boolean;
};

/** An answer whose body is still on its way; it must be read or discarded. */
export type HttpResponse = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Throws only `HttpFailure`. Can be iterated once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Drops the rest of the body together with its connection. Safe to call at any time. */
  discard(): void;
};

/** Sends requests and keeps connections for reuse; idle ones hold no process alive. */
export type HttpSender = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * Makes a sender with connection pools of its own. Rejects only with `HttpFailure`, or with what a streamed body throws. `onAnswer` hears
 * after each request whether the head of any answer came. With a proxy all but its exceptions goes through tunnels.
 */
export function makeHttpSender(
  onAnswer: (answered: boolean) => void = () => {},
  proxy: HttpProxy | null = null,
): HttpSender {
  const pool = { keepAlive: true, timeout: idleSocketMs };
  const direct = { http: new HttpAgent(pool), https: new HttpsAgent(pool) };
  const tunnels = proxy === null ? null : makeTunnelAgents(proxy, pool);
  const agentsFor = (url: URL): Agents =>
    proxy === null || tunnels === null || !isProxied(proxy, bareHost(url), portOf(url)) ? direct : tunnels;
  // Some edges refuse requests that do not say who sends them (huawei.md 14).
  const agent = { "user-agent": `casebridge/${readVersion()}` };
  return async (request) => {
    const startedAt = performance.now();
    try {
      const answer = await sendOnce(agentsFor, { ...request, headers: { ...agent, ...request.headers } });
      onAnswer(true);
      return recorded(request, answer, performance.now() - startedAt);
    } catch (error) {
      if (error instanceof HttpFailure) onAnswer(false);
      throw error;
    }
  };
}

/** Reads a whole body; throws `HttpFailure` of reason `too_large` beyond `sizeMaxBytes`, and drops the connection then. */
export async function readBody(response: HttpResponse, sizeMaxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > sizeMaxBytes) {
      response.discard();
      const message = `the answer is larger than ${sizeMaxBytes} bytes`;
      throw new HttpFailure({ reason: "too_large", mayHaveArrived: true, message });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

type Agents = { readonly http: HttpAgent; readonly https: HttpsAgent };

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function portOf({ port, protocol }: URL): number {
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

async function sendOnce(agentsFor: (url: URL) => Agents, input: HttpRequest): Promise<HttpResponse> {
  const count = counts.getStore();
  if (count !== undefined) count.sent += 1;
  // `new URL` would normalise the path; only origin and authority are taken from it.
  const target = new URL(input.url);
  const { protocol, origin } = target;
  const agents = agentsFor(target);
  const secure = protocol === "https:";
  const body = input.body;
  const sizeBytes = body === null ? 0 : "chunks" in body ? body.sizeBytes : body.byteLength;
  const headers: Record<string, string> = { ...input.headers };
  if (body !== null || input.method !== "GET") headers["content-length"] = String(sizeBytes);

  let connected = false;
  let issuer: string | null = null;
  let timeoutFailure: HttpFailure | null = null;
  const options: RequestOptions & TunnelOptions = {
    agent: secure ? agents.https : agents.http,
    tunnelTimeoutMs: input.connectTimeoutMs,
    method: input.method,
    host: bareHost(target),
    port: portOf(target),
    path: input.url.slice(input.url.indexOf("/", protocol.length + 2)),
    headers,
    timeout: input.idleTimeoutMs,
  };
  const outgoing = (secure ? requestHttps : requestHttp)(options);
  function toFailure(error: unknown): HttpFailure {
    if (timeoutFailure !== null) return timeoutFailure;
    if (error instanceof HttpFailure) return error;
    if (error instanceof ProxyRefusal)
      return new HttpFailure(
        { reason: "proxy", mayHaveArrived: false, message: error.message, remedy: error.remedy },
        { cause: error },
      );
    const code = error instanceof Error && "code" in error ? String(error.code) : "broken connection";
    const reason = connected ? "reset" : "connect";
    const trouble = connected ? null : certificateTrouble(code, origin, issuer);
    const message = trouble?.message ?? `${code} at ${origin}`;
    const { remedy = null, zh = null } = trouble ?? {};
    return new HttpFailure({ reason, mayHaveArrived: connected, message, remedy, zh }, { cause: error });
  }
  function expire(what: string, limitMs: number): void {
    const message = `${what} took more than ${limitMs} ms at ${origin}`;
    timeoutFailure = new HttpFailure({ reason: "timeout", mayHaveArrived: connected, message });
    outgoing.destroy(timeoutFailure);
  }
  const connectTimer = setTimeout(() => expire("connecting", input.connectTimeoutMs), input.connectTimeoutMs);
  const wholeTimer = setTimeout(() => expire("the request", input.timeoutMs), input.timeoutMs);
  function stopTimers(): void {
    clearTimeout(connectTimer);
    clearTimeout(wholeTimer);
  }
  const { mayLeave } = input;
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  outgoing.on("socket", (socket) => {
    const onConnected = () => {
      if (mayLeave !== undefined && !mayLeave()) {
        outgoing.destroy(
          new HttpFailure({ reason: "late", mayHaveArrived: false, message: `no connection in time at ${origin}` }),
        );
        return;
      }
      connected = true;
      clearTimeout(connectTimer);
      begin();
    };
    if (outgoing.reusedSocket || (!socket.connecting && !secure)) onConnected();
    else socket.once(secure ? "secureConnect" : "connect", onConnected);
    // Before Node.js judges the certificate and drops the connection with it.
    if (socket instanceof TLSSocket && !outgoing.reusedSocket)
      socket.prependOnceListener("secure", () => {
        issuer = issuerOf(socket);
      });
  });

  outgoing.on("timeout", () => expire("a silence", input.idleTimeoutMs));

  let answered = false;
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", (incoming) => {
      answered = true;
      resolve(incoming);
    });
    outgoing.on("error", (error) => reject(toFailure(error)));
    outgoing.once("close", () => reject(toFailure(new Error("closed without an answer"))));
  });
  const feeding = feed();
  async function feed(): Promise<void> {
    // Nothing of the request is written before its body or end is.
    if (mayLeave !== undefined) await begun;
    if (body === null || !("chunks" in body)) {
      outgoing.end(body ?? undefined);
      return;
    }
    for await (const chunk of body.chunks) {
      // An early refusal (413) ends the upload; what is left unsent keeps the connection from being used again.
      if (answered || outgoing.destroyed) return;
      if (!mayStillSend()) {
        outgoing.destroy(
          new HttpFailure({ reason: "reset", mayHaveArrived: true, message: `given up on the way to ${origin}` }),
        );
        return;
      }
      await written(chunk);
    }
    if (!answered && !outgoing.destroyed) outgoing.end();
  }
  /** Waits until the chunk has left, so that its producer may fill the same memory again. */
  function written(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const onAny = () => {
        outgoing.off("close", onAny).off("response", onAny);
        resolve();
      };
      outgoing.once("close", onAny).once("response", onAny);
      outgoing.write(chunk, onAny);
    });
  }

  try {
    const sourceBroke = feeding.then(
      () => new Promise<never>(() => {}),
      (error: unknown) => {
        outgoing.destroy();
        throw error;
      },
    );
    const incoming = await Promise.race([answer, sourceBroke]);
    if (!outgoing.writableEnded) incoming.once("close", () => outgoing.destroy());
    incoming.once("close", stopTimers);
    return {
      status: incoming.statusCode ?? 0,
      headers: incoming.headers,
      body: translated(incoming, toFailure),
      discard: () => {
        stopTimers();
        incoming.on("error", () => {});
        incoming.destroy();
      },
    };
  } catch (error) {
    stopTimers();
    throw error;
  }
}

async function* translated(
  incoming: IncomingMessage,
  toFailure: (error: unknown) => HttpFailure,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of incoming) yield chunk as Uint8Array;
    // A connection that ended before the iteration began can look like an empty body.
    if (!incoming.complete) throw new Error("incomplete answer");
  } catch (error) {
    throw toFailure(error);
  }
}
