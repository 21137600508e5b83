/**
 * The way of a request: outage, route, fault before, authentication, rate limit, checks, effect, fault after, answer.
 * The effect is one synchronous call, so a fault "after" or a hook sees it complete and a fault "before" not at all.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type FaultAnswer, type FaultBook, isTruncated, playFaults, Vanished } from "../base/faults.ts";
import { BodyTooLarge, type Exchange, type HttpServer, readBytes, type Sent, send, startHttp } from "../base/http.ts";
import { discardForm, MultipartError } from "../base/multipart.ts";
import type { Operation } from "../base/openapi.ts";
import type { RequestLog } from "../base/request-log.ts";
import { makeWindows } from "../base/windows.ts";
import { answerOf, fileAnswer, jsonAnswer } from "./answers.ts";
import type { Answer, HuaweiExchange } from "./context.ts";
import { huaweiDocument } from "./document.ts";
import { businessError, RefusedRequest, ServiceError } from "./errors.ts";
import { createToken, type IamAnswer, listDomains, listProjects } from "./iam.ts";
import { HUAWEI_OPERATIONS } from "./operations.ts";
import { followLink } from "./operations-accessories.ts";
import { authenticate, prepareCall } from "./requests.ts";
import { applyAutoClose, type Core } from "./state.ts";
import { assumeByIam, assumeBySts, metadataToken, serverKeys } from "./temporary-keys.ts";

/** What `onEffect` is told. `n` counts operations that reach their effect, `writeN` the writing ones among them, from 1. */
export interface EffectEvent {
  readonly operation: string;
  readonly write: boolean;
  readonly phase: "before" | "after";
  readonly n: number;
  readonly writeN: number;
}

/** What the server needs from the simulator. */
export interface ServerDeps {
  readonly core: Core;
  readonly faults: FaultBook;
  readonly requests: RequestLog;
  readonly control: object;
  /** Whether an answer that the document does not describe is an error of ours; for tests. */
  readonly checkAnswers: boolean;
  readonly onEffect: ((event: EffectEvent) => void | Promise<void>) | undefined;
}

/** Assumed: the usual 8 KB before the documented 414 (error-codes.csv APIGW.0201). */
const URI_BYTES_MAX = 8192;

/** Starts listening. @throws when the port is taken. */
export function startServer(
  deps: ServerDeps,
  address: { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  const { core, faults, requests } = deps;
  const effects = { all: 0, writes: 0 };
  const limits = makeWindows(() => core.now());
  let sequence = 0;

  async function answer(http: Exchange): Promise<void> {
    const { method, url, request, response } = http;
    response.sendDate = false;
    sequence += 1;
    const requestId = `sim-${String(sequence).padStart(8, "0")}`;
    const target = findTarget(http);
    const operation = targetName(target);
    // A token is no write to the tenant.
    const write = target.kind === "operation" && method !== "GET";
    const entry = requests.begin({ operation, method, path: url, write });
    response.once("finish", () => {
      entry.status = response.statusCode;
    });
    try {
      if (faults.isOutage()) return void request.socket.destroy();
      const headers = { date: new Date(core.now()).toUTCString(), "x-request-id": requestId };
      const exchange: HuaweiExchange = { ...http, core, entry, limits };
      const struck = faults.strike({ operation, method, url });
      const sent = await serve(exchange, target, struck).catch((error: unknown) =>
        toErrorAnswer(deps, exchange, { error, requestId }),
      );
      if (sent !== null)
        await send(
          http,
          { ...sent, headers: { ...headers, ...sent.headers } },
          sent.status < 400 && isTruncated(struck),
        );
    } finally {
      requests.end();
    }
  }

  async function serve(
    exchange: HuaweiExchange,
    target: Target,
    struck: ReturnType<FaultBook["strike"]>,
  ): Promise<Sent> {
    if (core.settings.latencyMs > 0) await delay(core.settings.latencyMs);
    const before = await playFaults(struck, "before", exchange.request);
    if (before !== null) return toFaultAnswer(before);
    applyAutoClose(core);
    const sent = await dispatch(exchange, target);
    const after = await playFaults(struck, "after", exchange.request);
    return after === null ? sent : toFaultAnswer(after);
  }

  async function dispatch(exchange: HuaweiExchange, target: Target): Promise<Sent> {
    if (Buffer.byteLength(exchange.url) > URI_BYTES_MAX)
      throw new ServiceError(414, "APIGW.0201", "Request URI too long.");
    switch (target.kind) {
      case "iam":
        return handleIam(exchange, target.route);
      case "link":
        return handleLink(exchange, target.token);
      case "operation":
        return handleOperation(exchange, target.operation);
      case "unknown":
        requests.refuse(exchange.entry, "no such path and method in the documented interface");
        throw unknownApi();
    }
  }

  async function handleOperation(exchange: HuaweiExchange, operation: Operation): Promise<Sent> {
    const { v1Download } = core.settings;
    if (operation.id === (v1Download === "path" ? "V1DownloadAccessory" : "V1DownloadAccessoryByPath"))
      throw unknownApi();
    const handler = HUAWEI_OPERATIONS[operation.id];
    if (handler === undefined) throw new Error(`operation ${operation.id} has no handler`);
    const call = await prepareCall(exchange, operation);
    try {
      const result = await withEffect(exchange, () => handler(call));
      return answerOf(core, operation, { result, check: deps.checkAnswers });
    } catch (error) {
      discardForm(call.form);
      throw error;
    }
  }

  async function withEffect({ entry }: HuaweiExchange, effect: () => Answer): Promise<Answer> {
    effects.all += 1;
    if (entry.write) effects.writes += 1;
    const event = { operation: entry.operation, write: entry.write, n: effects.all, writeN: effects.writes };
    await tellHook(deps, { ...event, phase: "before" });
    const result = effect();
    await tellHook(deps, { ...event, phase: "after" });
    return result;
  }

  return startHttp({ ...address, api: huaweiDocument(), answer, control: deps.control });
}

type Target =
  | { readonly kind: "operation"; readonly operation: Operation }
  | { readonly kind: "iam"; readonly route: IamRoute }
  | { readonly kind: "link"; readonly token: string }
  | { readonly kind: "unknown" };

function findTarget({ method, pathname, operation }: Exchange): Target {
  if (operation !== null) return { kind: "operation", operation };
  const route = IAM_ROUTES.find((candidate) => candidate.method === method && candidate.path === pathname);
  if (route !== undefined) return { kind: "iam", route };
  const token = method === "GET" ? /^\/osm-files\/([0-9a-f]+)$/.exec(pathname)?.[1] : undefined;
  return token === undefined ? { kind: "unknown" } : { kind: "link", token };
}

function targetName(target: Target): string {
  if (target.kind === "operation") return target.operation.id;
  if (target.kind === "iam") return target.route.id;
  return target.kind === "link" ? "AccessoryLink" : "unknown";
}

function unknownApi(): ServiceError {
  return new ServiceError(404, "APIGW.0101", "The API does not exist or has not been published in the environment.");
}

/** A hook that throws plays a connection that breaks at this very point. */
class BrokenByHook extends Error {}

async function tellHook({ onEffect }: ServerDeps, event: EffectEvent): Promise<void> {
  try {
    await onEffect?.(event);
  } catch (cause) {
    throw new BrokenByHook("onEffect threw", { cause });
  }
}

/** A route of the hosts of IAM, STS or the server's metadata, with the operation name under which it is counted. A text is no JSON. */
interface IamRoute {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly answer: (exchange: HuaweiExchange, body: Buffer) => IamAnswer | string;
}

const WRONG_TTL: IamAnswer = { status: 400, body: { error: "Bad Request" }, headers: {} };

function iamRoute(id: string, method: string, path: string, answer: IamRoute["answer"]): IamRoute {
  return { id, method, path, answer };
}

const IAM_ROUTES: readonly IamRoute[] = [
  iamRoute("IamCreateToken", "POST", "/v3/auth/tokens", ({ core }, body) => createToken(core, parseOrNull(body))),
  iamRoute("IamListProjects", "GET", "/v3/projects", listOwnProjects),
  iamRoute("IamListAuthProjects", "GET", "/v3/auth/projects", listOwnProjects),
  iamRoute("IamListAuthDomains", "GET", "/v3/auth/domains", (exchange, body) =>
    listDomains(authenticate(exchange, body)),
  ),
  iamRoute("IamAssumeAgency", "POST", "/v3.0/OS-CREDENTIAL/securitytokens", (exchange, body) =>
    assumeByIam(exchange.core, authenticate(exchange, body), parseOrNull(body)),
  ),
  iamRoute("StsAssumeAgency", "POST", "/v5/agencies/assume", (exchange, body) =>
    assumeBySts(exchange.core, authenticate(exchange, body), parseOrNull(body)),
  ),
  iamRoute("ServerKeys", "GET", "/openstack/latest/securitykey", ({ core, request }) =>
    serverKeys(core, request.headers),
  ),
  iamRoute(
    "ServerToken",
    "PUT",
    "/meta-data/latest/api/token",
    ({ core, request }) => metadataToken(core, request.headers) ?? WRONG_TTL,
  ),
];

function listOwnProjects(exchange: HuaweiExchange, body: Buffer): IamAnswer {
  return listProjects(authenticate(exchange, body), exchange.query.get("name"));
}

async function handleIam(exchange: HuaweiExchange, route: IamRoute): Promise<Sent> {
  const bytes = await readBytes(exchange.request, exchange.core.settings.bodyBytesMax);
  const answer = route.answer(exchange, bytes);
  if (typeof answer === "string")
    return { status: 200, headers: { "content-type": "text/plain" }, body: Buffer.from(answer) };
  return jsonAnswer(answer.status, answer.body, answer.headers);
}

function parseOrNull(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
}

async function handleLink(exchange: HuaweiExchange, token: string): Promise<Sent> {
  const { core } = exchange;
  const bytes = await readBytes(exchange.request, core.settings.bodyBytesMax);
  if (core.settings.linkNeedsAuth) authenticate(exchange, bytes);
  const accessory = followLink(core, token);
  if (accessory === null) throw new ServiceError(403, "APIGW.0306", "The link is not valid or has expired.");
  return fileAnswer(core, accessory);
}

/** Codes and texts of a status that a fault answers. */
const FAULT_CODES: Readonly<Record<number, readonly [string, string]>> = {
  401: ["APIGW.0301", "Incorrect IAM authentication information."],
  403: ["OSM.0003", "No permission."],
  429: ["APIGW.0308", "The throttling threshold has been reached."],
  500: ["APIGW.0601", "Internal server error."],
  502: ["APIGW.0201", "Backend unavailable."],
  503: ["APIGW.0613", "IAM not available."],
  504: ["APIGW.0201", "Backend timeout."],
};

function toFaultAnswer(fault: FaultAnswer): Sent {
  if (fault.kind === "text")
    return { status: 200, headers: { "content-type": fault.contentType }, body: Buffer.from(fault.text) };
  const { status, retryAfterSeconds } = fault;
  const [code, text] = FAULT_CODES[status] ?? ["APIGW.0201", "Request failed."];
  const headers: Record<string, string> =
    retryAfterSeconds === null ? {} : { "retry-after": String(retryAfterSeconds) };
  return jsonAnswer(status, { error_code: code, error_msg: text }, headers);
}

/** The answer of an error; `null` when there is nothing to answer: the connection is gone, or is cut here. */
function toErrorAnswer(
  { requests }: ServerDeps,
  { core, entry, request }: HuaweiExchange,
  { error, requestId }: { readonly error: unknown; readonly requestId: string },
): Sent | null {
  if (error instanceof Vanished) return null;
  const refusal = error instanceof MultipartError ? new RefusedRequest(error.message) : error;
  if (refusal instanceof RefusedRequest) requests.refuse(entry, refusal.message);
  const known =
    refusal instanceof RefusedRequest
      ? businessError(core.settings.errorStyle, refusal.code, `Parameter check failed: ${refusal.message}`)
      : error instanceof BodyTooLarge
        ? new ServiceError(413, "APIGW.0201", "Request entity too large.")
        : error;
  if (!(known instanceof ServiceError)) {
    // The client broke off while sending, or the simulator has a bug: both end the connection, the second loudly.
    if (!request.destroyed && !(error instanceof BrokenByHook))
      process.emitWarning(error instanceof Error ? error : String(error));
    request.socket.destroy();
    return null;
  }
  const gateway = known.code.startsWith("APIGW.") ? { request_id: requestId } : {};
  return jsonAnswer(known.status, { error_code: known.code, error_msg: known.message, ...gateway }, known.headers);
}
