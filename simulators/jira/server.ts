// The HTTP side: counts a request, lets faults strike, checks the credentials and limits, runs the
// handler, and answers. Strictness is the point: what a correct client never sends is refused and recorded.

import { setTimeout as wait } from "node:timers/promises";
import { type FaultBook, isTruncated, playFaults } from "../base/faults.ts";
import { type Exchange, type HttpServer, readBytes, send, startHttp } from "../base/http.ts";
import type { Operation } from "../base/openapi.ts";
import type { RequestEntry, RequestLog } from "../base/request-log.ts";
import type { Windows } from "../base/windows.ts";
import { isWrite, jiraDocument, scopeOf } from "./document.ts";
import { makeDownloads } from "./downloads.ts";
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
import { JIRA_OPERATIONS } from "./operations/index.ts";
import { toErrorReply, toFaultFailure, toFaultReply, toSent } from "./replies.ts";
import { matchRequestTypes, viewRequestTypes } from "./service-desk.ts";
import type { Site } from "./site.ts";
import { unknownOperation } from "./unknown-operation.ts";

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
  readonly faults: FaultBook;
  readonly requests: RequestLog;
  readonly limits: Windows;
  readonly credentials: { email: string; apiToken: string };
  readonly onEffect: ((event: EffectEvent) => void | Promise<void>) | null;
  /** Whether an answer that the document does not describe is an error of ours; for tests. */
  readonly checkAnswers: boolean;
  readonly control: () => object;
}

/** A server with its books. */
export type JiraServer = ReturnType<typeof makeServer>;

/** Writes on one issue (jira.md 3.6). */
const PER_ISSUE = [
  { windowMs: 2_000, most: 20 },
  { windowMs: 30_000, most: 100 },
];

const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** A request on its way, and whose it proved to be. */
interface Conversation extends Exchange {
  readonly operationName: string;
  readonly entry: RequestEntry;
  isAuthenticated: boolean;
}

/** Makes the server; `listen` starts it. */
export function makeServer(deps: ServerDeps) {
  const { site, faults, requests } = deps;
  const effects = { read: 0, write: 0 };
  const servers: HttpServer[] = [];
  const urls = { rest: "", media: "" };
  const downloads = makeDownloads(deps, urls);

  async function answer(exchange: Exchange): Promise<void> {
    if (exchange.pathname.startsWith("/_media/")) return downloads.answer(exchange, "rest");
    const { method, pathname: path, operation } = exchange;
    const deskId = matchRequestTypes(site, method, path);
    const operationName = deskId === null ? (operation?.id ?? "unknown") : "getRequestTypes";
    const write = operation === null ? deskId === null && method !== "GET" : isWrite(operation);
    const entry = requests.begin({ operation: operationName, method, path, write });
    const conversation = { ...exchange, operationName, entry, isAuthenticated: false };
    try {
      if (deskId === null) await answerOperation(conversation);
      else {
        authenticate(deps, conversation);
        await sendReply(conversation, viewRequestTypes(site, deskId, exchange.query));
      }
    } catch (error) {
      await sendError(conversation, error);
    } finally {
      requests.end();
    }
  }

  async function answerOperation(conversation: Conversation): Promise<void> {
    const { operation, method, pathname, request } = conversation;
    if (operation === null) throw unknownOperation(conversation);
    if (faults.isOutage()) throw toFaultFailure({ kind: "status", status: 503, retryAfterSeconds: null });
    const struck = faults.strike({ operation: operation.id, method, url: pathname });
    if (site.settings.latencyMs > 0) await wait(site.settings.latencyMs);
    const before = await playFaults(struck, "before", request);
    if (before !== null) return sendReply(conversation, toFaultReply(before));
    const reply = await carryOut(conversation, operation);
    if (deps.checkAnswers) checkAnswer(operation, reply);
    const after = await playFaults(struck, "after", request);
    if (after !== null) return sendReply(conversation, toFaultReply(after));
    const isCut = isTruncated(struck);
    // A cut download behind a 303 is cut there, not in the redirect.
    if (isCut && reply.status === 303) downloads.truncate(reply.headers?.location ?? "");
    await sendReply(conversation, reply, isCut && reply.status !== 303);
  }

  async function carryOut(conversation: Conversation, operation: Operation): Promise<Reply> {
    const { request, params, query } = conversation;
    const { requireUserAgent, tokenScopes, burstPerSecond } = site.settings;
    if (requireUserAgent && (request.headers["user-agent"] ?? "") === "") throw failure(403, ["Request blocked."]);
    authenticate(deps, conversation);
    if (tokenScopes !== null && !tokenScopes.includes(scopeOf(operation))) throw scopeMismatch();
    const second = { windowMs: 1_000, most: burstPerSecond };
    const burst = burstPerSecond > 0 ? deps.limits.count(operation.id, [second]) : 0;
    if (burst > 0) throw rateLimited(site, "jira-burst-based", burst);
    const isUpload = operation.id === "addAttachment";
    const context: RequestContext = {
      operation: operation.id,
      params,
      query: parseQuery(operation, query),
      body: isUpload ? undefined : await readBody(conversation),
      headers: request.headers,
      request,
    };
    if (operation.body !== null && !isUpload) checkBody(operation, context.body);
    return run(operation, context);
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
      const waitMs = deps.limits.count(`issue ${prepared.issueId}`, PER_ISSUE);
      if (waitMs > 0) throw rateLimited(site, "jira-per-issue-on-write", waitMs);
    }
    effects.write += 1;
    const n = effects.write;
    await tellEffect(operation, "before", n);
    const reply = prepared.commit();
    await tellEffect(operation, "after", n);
    return reply;
  }

  async function tellEffect(operation: Operation, phase: "before" | "after", n: number): Promise<void> {
    await deps.onEffect?.({ operation: operation.id, write: isWrite(operation), phase, n });
  }

  function sendReply(conversation: Conversation, reply: Reply, truncate = false): Promise<void> {
    const { entry, isAuthenticated } = conversation;
    entry.status = reply.status;
    // Access: jira.md 3.1, the header names the account that acted.
    const account = isAuthenticated ? { "x-aaccountid": encodeURIComponent(site.bot.accountId) } : {};
    return send(conversation, toSent(site, reply, { "x-arequestid": String(entry.n), ...account }), truncate);
  }

  async function sendError(conversation: Conversation, error: unknown): Promise<void> {
    const reply = toErrorReply(conversation, error);
    if (reply === null) return;
    conversation.entry.status = reply.status;
    if (error instanceof HttpFailure && error.refusal !== null) requests.refuse(conversation.entry, error.refusal);
    await sendReply(conversation, reply);
  }

  async function listen(port: number, host: string): Promise<string> {
    const rest = await startHttp({ host, port, api: jiraDocument(), answer, control: deps.control() });
    servers.push(rest);
    const media = await startHttp({ host, port: 0, answer: (exchange) => downloads.answer(exchange, "media") });
    servers.push(media);
    Object.assign(urls, { rest: rest.url, media: media.url });
    return rest.url;
  }

  return {
    listen,
    close: async (): Promise<void> => void (await Promise.all(servers.map((server) => server.close()))),
    makeDownloadUrl: downloads.makeUrl,
    getUrl: (): string => urls.rest,
    getRequests: () => ({ ...requests.summary(), media: downloads.count() }),
    resetRequests(): void {
      requests.resetRequests();
      downloads.resetCount();
    },
    /** Forgets requests and refusals. */
    clear(): void {
      requests.clear();
      downloads.resetCount();
    },
  };
}

/** @throws HttpFailure 401 */
function authenticate({ credentials }: ServerDeps, conversation: Conversation): void {
  const [scheme, encoded = ""] = (conversation.request.headers.authorization ?? "").split(" ");
  const { email, apiToken } = credentials;
  const login = Buffer.from(encoded, "base64").toString("utf8");
  conversation.isAuthenticated = scheme?.toLowerCase() === "basic" && login === `${email}:${apiToken}`;
  if (conversation.isAuthenticated) return;
  throw new HttpFailure({
    status: 401,
    body: { errorMessages: ["Client must be authenticated to access this resource."], errors: {} },
    headers: { "www-authenticate": 'OAuth realm="simulator"', "x-seraph-loginreason": "AUTHENTICATED_FAILED" },
  });
}

async function readBody({ request }: Exchange): Promise<unknown> {
  const bytes = await readBytes(request, BODY_BYTES_MAX);
  if (bytes.byteLength === 0) return undefined;
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json\b/i.test(type)) {
    throw new HttpFailure({
      status: 415,
      body: { errorMessages: ["Unsupported Media Type"], errors: {} },
      refusal: `body with content type "${type}"`,
    });
  }
  try {
    return JSON.parse(bytes.toString("utf8"));
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

function rateLimited(site: Site, reason: string, waitMs: number): HttpFailure {
  const headers: Record<string, string> = { "ratelimit-reason": reason };
  if (site.settings.retryAfterOn429) {
    headers["retry-after"] = String(Math.max(1, Math.ceil(waitMs / 1_000)));
    headers["x-ratelimit-reset"] = new Date(site.now() + waitMs).toISOString();
  }
  return new HttpFailure({ status: 429, body: { errorMessages: ["Rate limit exceeded."], errors: {} }, headers });
}
