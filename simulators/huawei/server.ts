/**
 * The way of a request: outage, route, fault before, authentication, rate limit, checks, effect, fault after, answer.
 * The effect is one synchronous call, so a fault "after" or a hook sees it complete and a fault "before" not at all.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Operation } from "../base/openapi.ts";
import { type HuaweiAccount, verifySignature } from "./auth.ts";
import type { Answer, Call } from "./context.ts";
import type { HuaweiControl } from "./control.ts";
import { checkBody, declaredAnswer, huaweiDocument, readPath, readQuery } from "./document.ts";
import { authenticationError, businessError, RefusedRequest, ServiceError } from "./errors.ts";
import type { FaultBook, FaultRule } from "./faults.ts";
import { createToken, IAM_ROUTES, type IamAnswer, type IamRoute, listIam } from "./iam.ts";
import { type MultipartForm, readMultipart } from "./multipart.ts";
import { HUAWEI_OPERATIONS } from "./operations.ts";
import { followLink } from "./operations-accessories.ts";
import type { RequestEntry, RequestLog } from "./request-log.ts";
import type { HuaweiSettings } from "./settings.ts";
import { applyAutoClose, type Core } from "./state.ts";
import { assumeByIam, assumeBySts, metadataToken, serverKeys } from "./temporary-keys.ts";
import type { Values } from "./values.ts";
import { type Locale, parseZone } from "./wire.ts";

/** What `onEffect` is told. `n` counts operations that reach their effect, `writeN` the writing ones among them, from 1. */
export interface EffectEvent {
  readonly operation: string;
  readonly write: boolean;
  readonly phase: "before" | "after";
  readonly n: number;
  readonly writeN: number;
}

/** What the server needs from the simulator. */
export interface ServerParts {
  readonly core: Core;
  readonly faults: FaultBook;
  readonly requests: RequestLog;
  readonly isOutage: () => boolean;
  readonly control: () => HuaweiControl;
  /** Whether an answer that the document does not describe is an error of ours; for tests. */
  readonly checkAnswers: boolean;
  readonly onEffect: ((event: EffectEvent) => void | Promise<void>) | undefined;
}

/** Assumed: the usual 8 KB before the documented 414 (error-codes.csv APIGW.0201). */
const URI_BYTES_MAX = 8192;

type Target =
  | { readonly kind: "operation"; readonly spec: Operation; readonly path: Readonly<Record<string, string>> }
  | { readonly kind: "iam"; readonly route: IamRoute }
  | { readonly kind: "link"; readonly token: string }
  | { readonly kind: "unknown" };

/** Starts listening and returns the server with its URL. @throws when the port is taken. */
export async function startServer(
  parts: ServerParts,
  address: { readonly host: string; readonly port: number },
): Promise<{ readonly url: string; readonly server: Server }> {
  const state = { requestNumber: 0, effects: 0, writes: 0, recent: new Map<string, number[]>() };
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    handle(parts, state, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://${address.host}:${port}`, server };
}

interface ServerState {
  requestNumber: number;
  effects: number;
  writes: number;
  /** Times of accepted requests of the last second, by rate limit key. */
  readonly recent: Map<string, number[]>;
}

async function handle(
  parts: ServerParts,
  state: ServerState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = request.url ?? "/";
  response.sendDate = false;
  if (url.startsWith("/_control/")) return handleControl(parts, request, response);
  state.requestNumber += 1;
  const requestId = `sim-${String(state.requestNumber).padStart(8, "0")}`;
  const cut = url.indexOf("?");
  const pathname = cut === -1 ? url : url.slice(0, cut);
  const method = request.method ?? "GET";
  const target = findTarget(method, pathname);
  const entry: RequestEntry = {
    operation: targetName(target),
    method,
    path: url,
    atMs: parts.core.now(),
    write: isWrite(method, target),
    status: 0,
  };
  parts.requests.add(entry);
  response.once("finish", () => {
    entry.status = response.statusCode;
  });
  if (parts.isOutage()) return void request.socket.destroy();
  response.setHeader("Date", new Date(parts.core.now()).toUTCString());
  response.setHeader("X-Request-Id", requestId);
  const fault = parts.faults.take({ operation: entry.operation, method, url });
  const pauseMs = parts.core.settings.latencyMs + (fault?.latencyMs ?? (fault?.kind === "latency" ? 1000 : 0));
  if (pauseMs > 0) await delay(pauseMs);
  try {
    if (fault !== null && failBefore(fault, request, response, requestId)) return;
    applyAutoClose(parts.core);
    const exchange = { parts, state, request, response, entry, url, pathname, fault };
    await dispatch(exchange, target);
  } catch (error) {
    answerError(parts, error, { request, response, entry, requestId });
  }
}

interface Exchange {
  readonly parts: ServerParts;
  readonly state: ServerState;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly entry: RequestEntry;
  readonly url: string;
  readonly pathname: string;
  readonly fault: FaultRule | null;
}

function findTarget(method: string, pathname: string): Target {
  const route = IAM_ROUTES.find((candidate) => candidate.method === method && candidate.path === pathname);
  if (route !== undefined) return { kind: "iam", route };
  const link = /^\/osm-files\/([0-9a-f]+)$/.exec(pathname);
  if (method === "GET" && link !== null) return { kind: "link", token: link[1] ?? "" };
  const segments = pathname.split("/");
  let best: { spec: Operation; path: Record<string, string> } | null = null;
  for (const spec of huaweiDocument().operations.values()) {
    if (spec.method !== method) continue;
    const path = matchPath(spec.path, segments);
    // A literal path wins over one with parameters: /cases/count is no case.
    if (path !== null && (best === null || Object.keys(path).length < Object.keys(best.path).length))
      best = { spec, path };
  }
  return best === null ? { kind: "unknown" } : { kind: "operation", ...best };
}

function matchPath(template: string, segments: readonly string[]): Record<string, string> | null {
  const wanted = template.split("/");
  if (wanted.length !== segments.length) return null;
  const path: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const given = segments[index] ?? "";
    if (!part.startsWith("{")) {
      if (part !== given) return null;
      continue;
    }
    if (given === "") return null;
    try {
      path[part.slice(1, -1)] = decodeURIComponent(given);
    } catch {
      return null;
    }
  }
  return path;
}

function targetName(target: Target): string {
  if (target.kind === "operation") return target.spec.id;
  if (target.kind === "iam") return target.route.id;
  return target.kind === "link" ? "AccessoryLink" : "unknown";
}

function isWrite(method: string, target: Target): boolean {
  // A token is no write to the tenant.
  return target.kind === "operation" && method !== "GET";
}

/** Faults that strike before anything happens. True when the request is finished with. */
function failBefore(fault: FaultRule, request: IncomingMessage, response: ServerResponse, requestId: string): boolean {
  const retry = fault.retryAfterSeconds === undefined ? {} : { "Retry-After": String(fault.retryAfterSeconds) };
  const refuse = (status: number, code: string, text: string): true => {
    request.resume();
    send(response, status, { error_code: code, error_msg: text, request_id: requestId }, retry);
    return true;
  };
  switch (fault.kind) {
    case "429":
      return refuse(429, "APIGW.0308", "The throttling threshold has been reached.");
    case "401":
      return refuse(401, "APIGW.0301", "Incorrect IAM authentication information.");
    case "403":
      return refuse(403, "OSM.0003", "No permission.");
    case "500_before":
      return refuse(500, "APIGW.0601", "Internal server error.");
    case "502_before":
      return refuse(502, "APIGW.0201", "Backend unavailable.");
    case "503_before":
      return refuse(503, "APIGW.0613", "IAM not available.");
    case "reset_before":
      request.socket.destroy();
      return true;
    case "hang_before":
      request.resume();
      return true;
    default:
      return false;
  }
}

async function dispatch(exchange: Exchange, target: Target): Promise<void> {
  const { parts, request, response, url } = exchange;
  if (Buffer.byteLength(url) > URI_BYTES_MAX) throw new ServiceError(414, "APIGW.0201", "Request URI too long.");
  switch (target.kind) {
    case "iam":
      return handleIam(exchange, target.route);
    case "link":
      return handleLink(exchange, target.token);
    case "unknown":
      refuseRoute(exchange, "no such path and method in the documented interface");
      throw unknownApi();
    case "operation": {
      const { v1Download } = parts.core.settings;
      if (target.spec.id === (v1Download === "path" ? "V1DownloadAccessory" : "V1DownloadAccessoryByPath"))
        throw unknownApi();
      const handler = HUAWEI_OPERATIONS[target.spec.id];
      if (handler === undefined) {
        refuseRoute(exchange, `operation ${target.spec.id} is not offered by the simulator`);
        throw unknownApi();
      }
      const call = await prepareCall(exchange, target.spec, target.path);
      let answer: Answer;
      try {
        answer = await withEffect(exchange, () => handler(call));
      } catch (error) {
        call.form?.file?.sink.discard();
        throw error;
      }
      if (exchange.fault !== null && failAfter(exchange.fault, request, response)) return;
      return sendAnswer(exchange, target.spec, answer, parts.core);
    }
  }
}

function unknownApi(): ServiceError {
  return new ServiceError(404, "APIGW.0101", "The API does not exist or has not been published in the environment.");
}

function refuseRoute(exchange: Exchange, reason: string): void {
  const { operation, method, path, atMs } = exchange.entry;
  exchange.parts.requests.refuse({ operation, method, path, atMs, reason });
  exchange.request.resume();
}

async function withEffect(exchange: Exchange, effect: () => Answer): Promise<Answer> {
  const { parts, state, entry } = exchange;
  state.effects += 1;
  if (entry.write) state.writes += 1;
  const event = { operation: entry.operation, write: entry.write, n: state.effects, writeN: state.writes };
  await tellHook(parts, { ...event, phase: "before" });
  const answer = effect();
  await tellHook(parts, { ...event, phase: "after" });
  return answer;
}

/** A hook that throws plays a connection that breaks at this very point. */
class BrokenByHook extends Error {}

async function tellHook(parts: ServerParts, event: EffectEvent): Promise<void> {
  try {
    await parts.onEffect?.(event);
  } catch (cause) {
    throw new BrokenByHook("onEffect threw", { cause });
  }
}

async function prepareCall(
  exchange: Exchange,
  spec: Operation,
  rawPath: Readonly<Record<string, string>>,
): Promise<Call> {
  const { parts, request, url } = exchange;
  const { core } = parts;
  const contentType = request.headers["content-type"] ?? "";
  const multipart = /^multipart\/form-data\b/i.test(contentType);
  const bytes = multipart ? null : await readBody(request, core.settings.bodyBytesMax);
  if (multipart) checkDeclaredLength(request, core.settings.bodyBytesMax);
  if (core.settings.requireUserAgent && (request.headers["user-agent"] ?? "") === "")
    throw new ServiceError(403, "APIGW.0303", "Request blocked.");
  const account = authenticate(exchange, bytes);
  limitRate(exchange, account);
  const locale = readLocale(request, core.settings);
  const path = readPath(spec, rawPath);
  const cut = url.indexOf("?");
  const query = readQuery(spec, new URLSearchParams(cut === -1 ? "" : url.slice(cut + 1)));
  checkHeaders(spec, request);
  const { body, form } = await readInput(exchange, spec, { bytes, contentType, multipart });
  return {
    core,
    account,
    path,
    query,
    body,
    form,
    headers: request.headers,
    locale,
    baseUrl: `http://${request.headers.host ?? "127.0.0.1"}`,
  };
}

async function readInput(
  exchange: Exchange,
  spec: Operation,
  input: { readonly bytes: Buffer | null; readonly contentType: string; readonly multipart: boolean },
): Promise<{ readonly body: Values; readonly form: MultipartForm | null }> {
  const { core } = exchange.parts;
  if (spec.body?.type === "multipart/form-data") {
    if (!input.multipart) throw new RefusedRequest("Content-Type is not multipart/form-data");
    const form = await readMultipart(limited(exchange.request, core.settings.bodyBytesMax), input.contentType, {
      filePart: spec.id === "V1UploadAccessory" ? "accessoryData" : "file",
      openSink: core.files.openSink,
    });
    return { body: {}, form };
  }
  const bytes = input.bytes;
  if (bytes === null) throw new RefusedRequest("Content-Type multipart/form-data on an operation that takes none");
  if (spec.body === null) {
    if (bytes.byteLength > 0) throw new RefusedRequest("a body on an operation that documents none");
    return { body: {}, form: null };
  }
  if (bytes.byteLength === 0) {
    if (spec.body.required) throw new RefusedRequest("the body is required");
    return { body: {}, form: null };
  }
  if (!/^application\/json\b/i.test(input.contentType))
    throw new RefusedRequest("Content-Type is not application/json");
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new RefusedRequest("the body is not JSON in UTF-8");
  }
  return { body: checkBody(spec, parsed), form: null };
}

function readLocale(request: IncomingMessage, { timeZoneHeader, site: ownSite }: HuaweiSettings): Locale {
  const language = String(request.headers["x-language"] ?? "zh-cn");
  const zone = String(request.headers["x-time-zone"] ?? "GMT+8");
  const site = request.headers["x-site"];
  if (language.length < 1 || language.length > 32) throw new RefusedRequest("X-Language is not text of 1 to 32");
  if (site !== undefined && site !== "0" && site !== "1") throw new RefusedRequest("X-Site is not 0 or 1");
  if (ownSite !== "any" && ownSite !== (site === "1" ? "international" : "china"))
    throw businessError("http200", "OSM.01010002");
  const asked = parseZone(zone);
  if (timeZoneHeader === "heeded") return { language, zoneMinutes: asked };
  return { language, zoneMinutes: timeZoneHeader === "ignored_utc" ? 0 : parseZone("GMT+8") };
}

function checkHeaders(spec: Operation, request: IncomingMessage): void {
  for (const name of ["x-phone-verifiedid", "x-email-verifiedid"]) {
    const value = request.headers[name];
    if (value === undefined) continue;
    if (spec.parameters.header[name] === undefined)
      throw new RefusedRequest(`header ${name} on an operation without it`);
    if (value.length < 1 || value.length > 32) throw new RefusedRequest(`header ${name} is not text of 1 to 32`);
  }
}

/** Either an AK/SK signature or a token (huawei.md 3). @throws ServiceError 401 */
function authenticate(exchange: Exchange, body: Buffer | null): HuaweiAccount {
  const { request, url, parts } = exchange;
  const { core } = parts;
  if (request.headers.authorization !== undefined) {
    return verifySignature(
      { method: request.method ?? "GET", rawUrl: url, headers: request.headers, body },
      core.accounts,
      {
        now: core.now(),
        clockSkewMs: core.settings.clockSkewMs,
        // IAM is asked for the id. Assumed: who assumes an agency need not name its own account.
        requireDomainId: core.settings.requireDomainId && !/^\/v(3|3\.0|5)\//.test(url),
        temporaryKeys: core.state.temporaryKeys,
      },
    );
  }
  const text = request.headers["x-auth-token"];
  if (text === undefined) throw authenticationError("neither signature nor token");
  // huawei.md 3.1: 1 to 5000 characters.
  if (typeof text !== "string" || text.length > 5000) throw authenticationError("token has the wrong form");
  const token = core.state.tokens.get(text);
  if (token === undefined) throw authenticationError("token is not valid");
  if (token.killed || token.expiresAt <= core.now()) throw deadToken(core);
  const { tokenRights, errorStyle } = core.settings;
  if (tokenRights !== "both" && tokenRights !== token.scope && !url.startsWith("/v3/"))
    throw businessError(errorStyle, "OSM.01010002");
  return token.account;
}

function deadToken(core: Core): ServiceError {
  switch (core.settings.deadTokenStyle) {
    case "gateway":
      return new ServiceError(401, "APIGW.0307", "The token must be updated.");
    case "osm401":
      return new ServiceError(401, "OSM.0002", "Not authenticated.");
    case "osm200":
      return businessError("http200", "OSM.01010011");
  }
}

/** huawei.md 11: throttled requests get 429 APIGW.0308. The window is the last full second of the simulator's clock. */
function limitRate(exchange: Exchange, account: HuaweiAccount): void {
  const { core } = exchange.parts;
  const { requestsPerSecond, rateLimitScope, retryAfterSeconds } = core.settings;
  if (requestsPerSecond <= 0) return;
  const key = rateLimitScope === "api" ? `${account.domainId}/${exchange.entry.operation}` : account.domainId;
  const now = core.now();
  const recent = (exchange.state.recent.get(key) ?? []).filter((at) => now - at < 1000);
  exchange.state.recent.set(key, recent);
  if (recent.length >= requestsPerSecond) {
    const headers: Record<string, string> = retryAfterSeconds > 0 ? { "Retry-After": String(retryAfterSeconds) } : {};
    throw new ServiceError(429, "APIGW.0308", "The throttling threshold has been reached.", headers);
  }
  recent.push(now);
}

function tooLarge(): ServiceError {
  return new ServiceError(413, "APIGW.0201", "Request entity too large.");
}

function checkDeclaredLength(request: IncomingMessage, maxBytes: number): void {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge();
}

async function* limited(request: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer> {
  let sizeBytes = 0;
  // Leaving the loop early must not destroy the connection: the refusal still has to be sent.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) throw tooLarge();
    yield chunk;
  }
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  checkDeclaredLength(request, maxBytes);
  const chunks: Buffer[] = [];
  for await (const chunk of limited(request, maxBytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function handleIam(exchange: Exchange, route: IamRoute): Promise<void> {
  const { parts, request, response, url, fault } = exchange;
  const bytes = await readBody(request, parts.core.settings.bodyBytesMax);
  const query = new URL(url, "http://iam").searchParams;
  const answer = answerIam(exchange, route, { bytes, name: query.get("name") });
  if (fault !== null && failAfter(fault, request, response)) return;
  if (typeof answer === "string") return sendBytes(response, 200, Buffer.from(answer), "text/plain");
  send(response, answer.status, answer.body, answer.headers);
}

function answerIam(
  exchange: Exchange,
  route: IamRoute,
  { bytes, name }: { readonly bytes: Buffer; readonly name: string | null },
): IamAnswer | string {
  const { core } = exchange.parts;
  const { headers } = exchange.request;
  switch (route.id) {
    case "IamCreateToken":
      return createToken(core, parseOrNull(bytes));
    case "IamAssumeAgency":
      return assumeByIam(core, authenticate(exchange, bytes), parseOrNull(bytes));
    case "StsAssumeAgency":
      return assumeBySts(core, authenticate(exchange, bytes), parseOrNull(bytes));
    case "ServerKeys":
      return serverKeys(core, headers);
    case "ServerToken":
      return metadataToken(core, headers) ?? { status: 400, body: { error: "Bad Request" }, headers: {} };
    default:
      return listIam(authenticate(exchange, bytes), route, name);
  }
}

function parseOrNull(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
}

async function handleLink(exchange: Exchange, token: string): Promise<void> {
  const { parts, request } = exchange;
  const bytes = await readBody(request, parts.core.settings.bodyBytesMax);
  if (parts.core.settings.linkNeedsAuth) authenticate(exchange, bytes);
  const accessory = followLink(parts.core, token);
  if (accessory === null) throw new ServiceError(403, "APIGW.0306", "The link is not valid or has expired.");
  if (exchange.fault !== null && failAfter(exchange.fault, request, exchange.response)) return;
  const contentType = "application/octet-stream";
  return sendFile(exchange, { kind: "file", name: accessory.name, bytes: accessory.bytes, contentType });
}

/** Faults that strike after the effect. True when the request is finished with; `latency` and `truncate` are not. */
function failAfter(fault: FaultRule, request: IncomingMessage, response: ServerResponse): boolean {
  switch (fault.kind) {
    case "500_after":
      send(response, 500, { error_code: "APIGW.0601", error_msg: "Internal server error." });
      return true;
    case "504_after":
      send(response, 504, { error_code: "APIGW.0201", error_msg: "Backend timeout." });
      return true;
    case "reset_after":
      request.socket.destroy();
      return true;
    case "hang_after":
      return true;
    case "garbage":
      sendBytes(response, 200, Buffer.from("<html><body><h1>It works!</h1></body></html>"), "text/html");
      return true;
    case "garbage_json":
      sendBytes(response, 200, Buffer.from('{"incident_info_list":[{"incident_id":"TT'), "application/json");
      return true;
    default:
      return false;
  }
}

function sendAnswer(exchange: Exchange, spec: Operation, answer: Answer, core: Core): void | Promise<void> {
  const { response, fault } = exchange;
  if (answer.kind === "file") return sendFile(exchange, answer);
  const { successErrorCode } = core.settings;
  const success =
    successErrorCode === "absent"
      ? {}
      : { error_code: successErrorCode === "number 0" ? 0 : successErrorCode, error_msg: "" };
  if (answer.kind === "done") {
    const empty = declaredAnswer(spec).empty || core.settings.emptyBodyOnWrite;
    return empty ? sendBytes(response, 200, Buffer.alloc(0), null) : send(response, 200, success);
  }
  const body = declaredAnswer(spec).result ? { ...success, ...answer.body } : answer.body;
  if (exchange.parts.checkAnswers) checkAnswer(spec, body);
  const shown = core.settings.numbersAsText ? numbersToText(body) : body;
  const bytes = Buffer.from(JSON.stringify(shown));
  if (fault?.kind === "truncate") return sendTruncated(response, bytes);
  return sendBytes(response, answer.status ?? 200, bytes, "application/json; charset=utf-8");
}

/** @throws for an answer that Huawei's document does not describe. */
function checkAnswer(spec: Operation, body: unknown): void {
  const problem = huaweiDocument().findAnswerProblem(spec, 200, body);
  if (problem !== null) throw new Error(`${spec.id}: ${problem}`);
}

function numbersToText(value: unknown): unknown {
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return value.map(numbersToText);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, numbersToText(inner)]));
}

async function sendFile(exchange: Exchange, file: Answer & { readonly kind: "file" }): Promise<void> {
  const { response, parts, fault } = exchange;
  response.writeHead(200, {
    "Content-Type": file.contentType,
    "Content-Length": String(file.bytes.sizeBytes),
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.name.toWellFormed())}`,
  });
  if (fault?.kind !== "truncate") {
    // A client that leaves midway is its own affair.
    await pipeline(parts.core.files.read(file.bytes), response).catch(() => response.destroy());
    return;
  }
  const stream = parts.core.files.read(file.bytes, Math.floor(file.bytes.sizeBytes / 2));
  await pipeline(stream, response, { end: false }).catch(() => undefined);
  cutOff(response);
}

function sendTruncated(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": String(bytes.byteLength) });
  response.write(bytes.subarray(0, Math.floor(bytes.byteLength / 2)), () => cutOff(response));
}

/** Ends the connection after what was written has left, so that the client sees the first half and then the cut. */
function cutOff(response: ServerResponse): void {
  const { socket } = response;
  if (socket === null) return;
  socket.end(() => socket.destroy());
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  sendBytes(response, status, Buffer.from(JSON.stringify(body)), "application/json; charset=utf-8");
}

function sendBytes(response: ServerResponse, status: number, bytes: Buffer, contentType: string | null): void {
  if (contentType !== null) response.setHeader("Content-Type", contentType);
  response.setHeader("Content-Length", String(bytes.byteLength));
  response.writeHead(status);
  response.end(bytes);
}

function answerError(
  parts: ServerParts,
  error: unknown,
  at: { request: IncomingMessage; response: ServerResponse; entry: RequestEntry; requestId: string },
): void {
  const { request, response, entry } = at;
  if (response.headersSent || response.destroyed) return void response.destroy();
  let answer: ServiceError;
  if (error instanceof RefusedRequest) {
    const { operation, method, path, atMs } = entry;
    parts.requests.refuse({ operation, method, path, atMs, reason: error.message });
    answer = businessError(parts.core.settings.errorStyle, error.code, `Parameter check failed: ${error.message}`);
  } else if (error instanceof ServiceError) {
    answer = error;
  } else {
    // The client broke off while sending, or the simulator has a bug: both end the connection, the second loudly.
    if (!request.destroyed && !(error instanceof BrokenByHook))
      process.emitWarning(error instanceof Error ? error : String(error));
    return void request.socket.destroy();
  }
  if (!request.complete) {
    // An unread rest of a body would be taken for the next request's start by a careless client: close instead.
    response.setHeader("Connection", "close");
    request.resume();
  }
  const gateway = answer.code.startsWith("APIGW.") ? { request_id: at.requestId } : {};
  send(response, answer.status, { error_code: answer.code, error_msg: answer.message, ...gateway }, answer.headers);
}

/** `POST /_control/NAME` with a JSON body calls `control.NAME(body)`; loopback only, no authentication. */
async function handleControl(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const from = request.socket.remoteAddress ?? "";
  if (!/^(127\.|::1$|::ffff:127\.)/.test(from))
    return send(response, 403, { error: "control is for this machine only" });
  const name = (request.url ?? "").slice("/_control/".length);
  const functions = parts.control() as unknown as Readonly<Record<string, unknown>>;
  const target = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (request.method !== "POST" || typeof target !== "function")
    return send(response, 404, { error: `no control ${name}` });
  try {
    const bytes = await readBody(request, Number.MAX_SAFE_INTEGER);
    const input: unknown = bytes.byteLength === 0 ? undefined : JSON.parse(bytes.toString("utf8"));
    const result: unknown = target(input);
    send(response, 200, result ?? {});
  } catch (error) {
    send(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}
