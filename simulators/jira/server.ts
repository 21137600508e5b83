// The HTTP side: finds the operation, counts it, lets faults strike, checks the credentials and limits, runs the
// handler, and answers. Strictness is the point: what a correct client never sends is refused and recorded.

import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { Operation } from "../base/openapi.ts";
import { isWrite, jiraDocument, scopeOf } from "./document.ts";
import type { ActiveFault, Faults } from "./faults.ts";
import {
  failure,
  HttpFailure,
  type PreparedWrite,
  parseQuery,
  type Reply,
  type RequestContext,
  refused,
  scopeMismatch,
} from "./http.ts";
import type { Limits } from "./limits.ts";
import { replyWithFile } from "./operations/attachments.ts";
import { JIRA_OPERATIONS } from "./operations/index.ts";
import { matchRequestTypes, viewRequestTypes } from "./service-desk.ts";
import type { Site } from "./site.ts";

/** One request of the REST interface, as `getRequests().log` shows it. */
export interface RequestLogEntry {
  readonly n: number;
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly operation: string;
  readonly write: boolean;
  status: number;
}

/** A request that a correct client never sends. */
export interface Refusal {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly operation: string;
  readonly status: number;
  readonly reason: string;
}

/**
 * Told before and after each effect. For a write: right before its commit, and after the commit before the answer.
 * For a read: around the handler. `n` counts writes and reads apart, from 1; a refused request has no `after`.
 */
export interface EffectEvent {
  readonly operation: string;
  readonly write: boolean;
  readonly phase: "before" | "after";
  readonly n: number;
}

/** What the server needs. */
export interface ServerDeps {
  readonly site: Site;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly credentials: { email: string; apiToken: string };
  readonly onEffect: ((event: EffectEvent) => void | Promise<void>) | null;
  /** Whether an answer that the document does not describe is an error of ours; for tests. */
  readonly checkAnswers: boolean;
  readonly callControl: (name: string, body: unknown) => Promise<unknown>;
}

/** A running server with its books. */
export type JiraServer = ReturnType<typeof makeServer>;

const LOG_KEPT = 50_000;
const BODY_MAX = 10 * 1024 * 1024;

interface Route {
  readonly operation: Operation;
  readonly segments: readonly string[];
}

let routes: readonly Route[] | null = null;

/** Paths without parameters first: `/comment/list` is no comment. */
const listRoutes = (): readonly Route[] => {
  routes ??= [...jiraDocument().operations.values()]
    .map((operation) => ({ operation, segments: operation.path.split("/") }))
    .sort((left, right) => left.operation.path.split("{").length - right.operation.path.split("{").length);
  return routes;
};

function matchRoute(route: Route, segments: readonly string[]): Record<string, string> | null {
  if (route.segments.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, wanted] of route.segments.entries()) {
    const have = segments[index] ?? "";
    if (!wanted.startsWith("{")) {
      if (wanted !== have) return null;
    } else if (have === "") return null;
    else params[wanted.slice(1, -1)] = decodeURIComponent(have);
  }
  return params;
}

/** The operation of a request; throws the fitting refusal when there is none. */
function findOperation(method: string, path: string): { operation: Operation; params: Record<string, string> } {
  const segments = path.split("/");
  let wrongMethod = false;
  for (const route of listRoutes()) {
    const params = matchRoute(route, segments);
    if (params === null) continue;
    if (route.operation.method === method) return { operation: route.operation, params };
    wrongMethod = true;
  }
  if (path.startsWith("/rest/api/2/") || path.startsWith("/rest/api/latest/")) {
    // A client that means v3 falls to v2 only by a mistake that loses ADF and properties (jira.md 2.3).
    throw refused("REST version 2 was called", ["The simulator serves REST version 3 only."]);
  }
  if (path === "/rest/api/3/search") {
    const message = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.";
    throw new HttpFailure({
      status: 410,
      body: { errorMessages: [message], errors: {} },
      refusal: "removed search was called",
    });
  }
  if (wrongMethod) {
    throw new HttpFailure({
      status: 405,
      body: { errorMessages: ["Method Not Allowed"], errors: {} },
      refusal: "wrong method",
    });
  }
  throw new HttpFailure({
    status: 404,
    headers: { "content-type": "application/problem+json" },
    body: {
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: `No endpoint ${method} ${path}.`,
      instance: path,
    },
    // A site without Jira Service Management answers so; so does this one while its settings name no request type.
    ...(path.startsWith("/rest/servicedeskapi/") ? {} : { refusal: "unknown path" }),
  });
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length <= BODY_MAX) chunks.push(chunk as Buffer);
  }
  if (length > BODY_MAX)
    throw new HttpFailure({ status: 413, body: { errorMessages: ["Request too large"], errors: {} } });
  if (length === 0) return undefined;
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json\b/i.test(type)) {
    throw new HttpFailure({
      status: 415,
      body: { errorMessages: ["Unsupported Media Type"], errors: {} },
      refusal: `body with content type "${type}"`,
    });
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw refused("the body is no JSON", ["There was an error parsing JSON. Check that your request body is valid."]);
  }
}

/** @throws for an answer that Atlassian's document does not describe. */
function checkAnswer(operation: Operation, { status, body }: Reply): void {
  const problem = jiraDocument().findAnswerProblem(operation, status, body);
  if (problem !== null) throw new Error(`${operation.id}: ${problem}`);
}

/** An absent body is the operation's own matter: a property without a value has words of its own. */
function checkBody(operation: Operation, body: unknown): void {
  const problem =
    body === undefined && operation.id === "setIssueProperty" ? null : jiraDocument().findBodyProblem(operation, body);
  if (problem !== null) throw refused(`request body: ${problem}`);
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::1|127\.|::ffff:127\.)/.test(address);
}

function rateLimited(site: Site, reason: string, waitMs: number | null): HttpFailure {
  const headers: Record<string, string> = { "ratelimit-reason": reason };
  if (waitMs !== null && site.settings.retryAfterOn429) {
    headers["retry-after"] = String(Math.max(1, Math.ceil(waitMs / 1_000)));
    headers["x-ratelimit-reset"] = new Date(site.now() + waitMs).toISOString();
  }
  return new HttpFailure({ status: 429, body: { errorMessages: ["Rate limit exceeded."], errors: {} }, headers });
}

/** Thrown when a fault has already dealt with the connection. */
class Vanished extends Error {}

/** Makes the server; `listen` starts it. */
export function makeServer(deps: ServerDeps) {
  const { site, faults, limits } = deps;
  const log: RequestLogEntry[] = [];
  const refusals: Refusal[] = [];
  const counts = { total: 0, reads: 0, writes: 0, media: 0, inFlight: 0, inFlightMax: 0 };
  const byOperation = new Map<string, number>();
  const effects = { read: 0, write: 0 };
  const downloads = new Map<string, { attachmentId: string; truncate: boolean }>();
  let downloadCounter = 0;
  let mediaUrl = "";
  let url = "";

  function count(method: string, path: string, operation: string, write: boolean): RequestLogEntry {
    counts.total += 1;
    counts[write ? "writes" : "reads"] += 1;
    byOperation.set(operation, (byOperation.get(operation) ?? 0) + 1);
    const entry = { n: counts.total, atMs: site.now(), method, path, operation, write, status: 0 };
    log.push(entry);
    if (log.length > LOG_KEPT) log.shift();
    return entry;
  }

  function makeDownloadUrl(attachmentId: string): string {
    downloadCounter += 1;
    const ticket = `t${downloadCounter}`;
    downloads.set(ticket, { attachmentId, truncate: false });
    const oldest = downloads.size > 10_000 ? downloads.keys().next().value : undefined;
    if (oldest !== undefined) downloads.delete(oldest);
    const attachment = findAttachment(attachmentId);
    const origin = site.settings.contentOrigin === "other" ? mediaUrl : url;
    // jira.md 4: the media UUID can be read from this Location.
    return `${origin}/_media/file/${attachment?.mediaId ?? "gone"}/binary?ticket=${ticket}`;
  }

  function findAttachment(id: string) {
    const owner = site.state.findAttachmentOwner(id);
    return owner === null ? null : (site.state.findIssue(owner)?.attachments.find((file) => file.id === id) ?? null);
  }

  async function applyFaults(struck: readonly ActiveFault[], phase: "before" | "after", io: Io): Promise<boolean> {
    let truncate = false;
    for (const fault of struck) {
      if (fault.phase !== phase) continue;
      if (fault.latencyMs > 0) await wait(fault.latencyMs);
      if (fault.action === "truncate") truncate = true;
      if (fault.action === "reset") {
        io.response.socket?.resetAndDestroy();
        throw new Vanished();
      }
      if (fault.action === "hang") {
        io.request.resume();
        throw new Vanished();
      }
      if (fault.action === "status") throw toFaultFailure(fault);
      if (fault.action === "garbage") throw new RawAnswer("application/json;charset=UTF-8", '{"id":"1", "fields": {');
      if (fault.action === "login_page")
        throw new RawAnswer("text/html;charset=UTF-8", "<html><title>Log in</title></html>");
    }
    return truncate;
  }

  function toFaultFailure(fault: ActiveFault): HttpFailure {
    const headers: Record<string, string> = {};
    if (fault.status === 429) headers["ratelimit-reason"] = "jira-burst-based";
    if (fault.retryAfterSeconds !== null) headers["retry-after"] = String(fault.retryAfterSeconds);
    const body =
      fault.status >= 500
        ? { message: "Service unavailable", "status-code": fault.status }
        : { errorMessages: [`Simulated ${fault.status}`], errors: {} };
    return new HttpFailure({ status: fault.status, body, headers });
  }

  function authenticate(request: IncomingMessage): void {
    const [scheme, encoded = ""] = (request.headers.authorization ?? "").split(" ");
    const told = Buffer.from(encoded, "base64").toString("utf8");
    const { email, apiToken } = deps.credentials;
    if (scheme?.toLowerCase() === "basic" && told === `${email}:${apiToken}`) return;
    throw new HttpFailure({
      status: 401,
      body: { errorMessages: ["Client must be authenticated to access this resource."], errors: {} },
      headers: { "www-authenticate": 'OAuth realm="simulator"', "x-seraph-loginreason": "AUTHENTICATED_FAILED" },
    });
  }

  async function tellEffect(operation: Operation, phase: "before" | "after", n: number): Promise<void> {
    await deps.onEffect?.({ operation: operation.id, write: isWrite(operation), phase, n });
  }

  async function run(operation: Operation, context: RequestContext): Promise<Reply> {
    const handler = JIRA_OPERATIONS[operation.id];
    if (handler === undefined) throw new Error(`operation ${operation.id} has no handler`);
    if (!isWrite(operation)) {
      effects.read += 1;
      const n = effects.read;
      await tellEffect(operation, "before", n);
      const reply = await handler(site, context);
      await tellEffect(operation, "after", n);
      if ("commit" in reply) throw new Error(`operation ${operation.id} is no read`);
      return reply;
    }
    const prepared: Reply | PreparedWrite = await handler(site, context);
    if (!("commit" in prepared)) return prepared;
    if (prepared.issueId !== null && site.settings.perIssueLimits) {
      const waitMs = limits.countIssueWrite(prepared.issueId);
      if (waitMs > 0) throw rateLimited(site, "jira-per-issue-on-write", waitMs);
    }
    effects.write += 1;
    const n = effects.write;
    await tellEffect(operation, "before", n);
    const reply = prepared.commit();
    await tellEffect(operation, "after", n);
    return reply;
  }

  async function answerRest(io: Io, target: URL): Promise<void> {
    const method = io.request.method ?? "GET";
    let entry: RequestLogEntry | null = null;
    let authenticated = false;
    try {
      const path = target.pathname;
      const deskId = matchRequestTypes(site, method, path);
      if (deskId !== null) {
        entry = count(method, path, "getRequestTypes", false);
        authenticate(io.request);
        authenticated = true;
        const reply = viewRequestTypes(site, deskId, target.searchParams);
        entry.status = reply.status;
        await sendReply(io, reply, { truncate: false, authenticated });
        return;
      }
      let found: ReturnType<typeof findOperation>;
      try {
        found = findOperation(method, path);
      } catch (error) {
        entry = count(method, path, "unknown", method !== "GET");
        throw error;
      }
      const { operation, params } = found;
      entry = count(method, path, operation.id, isWrite(operation));
      if (faults.isOutage()) throw toFaultFailure(OUTAGE);
      const struck = faults.strike(operation.id, method, path);
      if (site.settings.latencyMs > 0) await wait(site.settings.latencyMs);
      await applyFaults(struck, "before", io);
      if (site.settings.requireUserAgent && (io.request.headers["user-agent"] ?? "") === "")
        throw failure(403, ["Request blocked."]);
      authenticate(io.request);
      authenticated = true;
      const { tokenScopes } = site.settings;
      if (tokenScopes !== null && !tokenScopes.includes(scopeOf(operation))) throw scopeMismatch();
      const burst = limits.countBurst(operation.id, site.settings.burstPerSecond);
      if (burst > 0) throw rateLimited(site, "jira-burst-based", burst);
      const query = parseQuery(operation, target.searchParams);
      const isUpload = operation.id === "addAttachment";
      const body = isUpload ? undefined : await readBody(io.request);
      if (operation.body !== null && !isUpload) checkBody(operation, body);
      const context = {
        operation: operation.id,
        params,
        query,
        body,
        headers: io.request.headers,
        request: io.request,
      };
      const reply = await run(operation, context);
      if (deps.checkAnswers) checkAnswer(operation, reply);
      const truncate = await applyFaults(struck, "after", io);
      entry.status = reply.status;
      await sendReply(io, reply, { truncate: truncate && !markTruncated(reply), authenticated });
    } catch (error) {
      await answerError(io, error, entry, authenticated);
    }
  }

  /** A cut download behind a 303 is cut there, not in the redirect. */
  function markTruncated(reply: Reply): boolean {
    if (reply.status !== 303) return false;
    const ticket = new URL(reply.headers?.location ?? url).searchParams.get("ticket");
    const download = ticket === null ? undefined : downloads.get(ticket);
    if (download !== undefined) download.truncate = true;
    return true;
  }

  async function answerError(
    io: Io,
    error: unknown,
    entry: RequestLogEntry | null,
    authenticated: boolean,
  ): Promise<void> {
    if (error instanceof Vanished) return;
    if (error instanceof RawAnswer) {
      if (entry !== null) entry.status = 200;
      const reply = { status: 200, raw: error.text, headers: { "content-type": error.contentType } };
      await sendReply(io, reply, { truncate: false, authenticated });
      return;
    }
    if (!(error instanceof HttpFailure)) {
      if (io.request.destroyed && !io.request.complete) return;
      process.stderr.write(`jira simulator: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
    const reply =
      error instanceof HttpFailure
        ? { status: error.status, body: error.body, headers: error.headers }
        : { status: 500, body: { errorMessages: ["Internal server error of the simulator"], errors: {} } };
    if (entry !== null) {
      entry.status = reply.status;
      const { method, path, operation } = entry;
      if (error instanceof HttpFailure && error.refusal !== null) {
        refusals.push({ atMs: site.now(), method, path, operation, status: reply.status, reason: error.refusal });
      }
    }
    io.request.resume();
    await sendReply(io, reply, { truncate: false, authenticated });
  }

  async function sendReply(io: Io, reply: Reply, how: { truncate: boolean; authenticated: boolean }): Promise<void> {
    const { response } = io;
    if (response.destroyed || response.headersSent) return;
    const headers: Record<string, string> = {
      date: new Date(site.now()).toUTCString(),
      "x-arequestid": String(counts.total),
      "cache-control": "no-cache, no-store, no-transform",
      // Access: jira.md 3.1, the header names the account that acted.
      ...(how.authenticated ? { "x-aaccountid": encodeURIComponent(site.bot.accountId) } : {}),
      ...reply.headers,
    };
    if (reply.file !== undefined) {
      await sendFile(response, reply, headers, how.truncate);
      return;
    }
    const text = reply.raw ?? (reply.body === undefined ? "" : JSON.stringify(reply.body));
    const bytes = Buffer.from(text, "utf8");
    if (bytes.length > 0) headers["content-type"] ??= "application/json;charset=UTF-8";
    if (reply.status !== 204) headers["content-length"] = String(bytes.length);
    response.writeHead(reply.status, headers);
    if (!how.truncate) {
      response.end(bytes);
      return;
    }
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
  }

  async function sendFile(
    response: ServerResponse,
    reply: Reply,
    headers: Record<string, string>,
    truncate: boolean,
  ): Promise<void> {
    const { path, start, length } = reply.file ?? { path: "", start: 0, length: 0 };
    response.writeHead(reply.status, { ...headers, "content-length": String(length) });
    const sent = truncate ? Math.floor(length / 2) : length;
    try {
      if (sent > 0)
        await pipeline(createReadStream(path, { start, end: start + sent - 1 }), response, { end: !truncate });
      else if (!truncate) response.end();
    } catch {
      response.destroy();
      return;
    }
    if (truncate) response.destroy();
  }

  async function answerMedia(io: Io, target: URL, isOther: boolean): Promise<void> {
    counts.media += 1;
    try {
      const struck = faults.strike("media", "GET", target.pathname);
      await applyFaults(struck, "before", io);
      if (isOther && io.request.headers.authorization !== undefined) {
        throw refused("credentials were sent to the media origin");
      }
      const download = downloads.get(target.searchParams.get("ticket") ?? "");
      const attachment = download === undefined ? null : findAttachment(download.attachmentId);
      if (download === undefined || attachment === null) {
        throw new HttpFailure({ status: 404, body: { errorMessages: ["Not found"], errors: {} } });
      }
      const truncate = (await applyFaults(struck, "after", io)) || download.truncate;
      download.truncate = false;
      await sendReply(io, replyWithFile(attachment, io.request.headers.range), { truncate, authenticated: false });
    } catch (error) {
      const path = target.pathname;
      const entry = { n: 0, atMs: site.now(), method: "GET", path, operation: "media", write: false, status: 0 };
      await answerError(io, error, entry, false);
    }
  }

  async function answerControl(io: Io, name: string): Promise<void> {
    if (!isLoopback(io.request.socket.remoteAddress) || io.request.method !== "POST") {
      await sendReply(io, { status: 403, body: { error: "control is POST from this machine only" } }, PLAIN);
      return;
    }
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of io.request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString("utf8");
      const result = await deps.callControl(name, text === "" ? undefined : JSON.parse(text));
      await sendReply(io, { status: 200, body: result ?? {} }, PLAIN);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      await sendReply(io, { status: 400, body: { error: message } }, PLAIN);
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse, isOther: boolean): Promise<void> {
    const io = { request, response };
    const target = new URL(request.url ?? "/", "http://simulator");
    if (target.pathname.startsWith("/_media/")) return answerMedia(io, target, isOther);
    if (isOther) return sendReply(io, { status: 404 }, PLAIN);
    if (target.pathname.startsWith("/_control/")) return answerControl(io, target.pathname.slice("/_control/".length));
    counts.inFlight += 1;
    counts.inFlightMax = Math.max(counts.inFlightMax, counts.inFlight);
    try {
      await answerRest(io, target);
    } finally {
      counts.inFlight -= 1;
    }
  }

  const listenFor = (isOther: boolean): Server =>
    createServer((request, response) => {
      answer(request, response, isOther).catch(() => response.destroy());
    });
  const servers = { rest: listenFor(false), media: listenFor(true) };

  async function listen(port: number, host: string): Promise<string> {
    url = await start(servers.rest, port, host);
    mediaUrl = await start(servers.media, 0, host);
    return url;
  }

  async function close(): Promise<void> {
    await Promise.all(
      Object.values(servers).map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      ),
    );
  }

  function resetRequests(): void {
    log.length = 0;
    Object.assign(counts, { total: 0, reads: 0, writes: 0, media: 0, inFlightMax: counts.inFlight });
    byOperation.clear();
  }

  return {
    listen,
    close,
    makeDownloadUrl,
    resetRequests,
    getUrl: (): string => url,
    getRequests: () => ({
      total: counts.total,
      reads: counts.reads,
      writes: counts.writes,
      media: counts.media,
      inFlightMax: counts.inFlightMax,
      byOperation: Object.fromEntries(byOperation),
      log: log.map((entry) => ({ ...entry })),
    }),
    getRefusals: (): Refusal[] => [...refusals],
    clearRefusals: (): void => {
      refusals.length = 0;
    },
  };
}

const PLAIN = { truncate: false, authenticated: false } as const;
const OUTAGE: ActiveFault = { phase: "before", action: "status", status: 503, latencyMs: 0, retryAfterSeconds: null };

interface Io {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** An answer that is not what the client asked for. */
class RawAnswer extends Error {
  readonly contentType: string;
  readonly text: string;
  constructor(contentType: string, text: string) {
    super("raw answer");
    this.contentType = contentType;
    this.text = text;
  }
}

async function start(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  const address = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}
