/** What is checked before an operation has its effect: body, account, rate limit, parameters. */
import type { IncomingMessage } from "node:http";
import { readBytes, readChunks } from "../base/http.ts";
import { boundaryOf, discardForm, type MultipartForm, readMultipart } from "../base/multipart.ts";
import type { Operation } from "../base/openapi.ts";
import { type HuaweiAccount, verifySignature } from "./auth.ts";
import type { Call, HuaweiExchange } from "./context.ts";
import { checkBody, readPath, readQuery } from "./document.ts";
import { authenticationError, businessError, RefusedRequest, ServiceError } from "./errors.ts";
import type { HuaweiSettings } from "./settings.ts";
import type { Core } from "./state.ts";
import type { Values } from "./values.ts";
import { type Locale, parseZone } from "./wire.ts";

/** Reads and checks a request. @throws ServiceError, RefusedRequest, BodyTooLarge */
export async function prepareCall(exchange: HuaweiExchange, operation: Operation): Promise<Call> {
  const { core, request } = exchange;
  const { bodyBytesMax, requireUserAgent } = core.settings;
  const multipart = /^multipart\/form-data\b/i.test(request.headers["content-type"] ?? "");
  const bytes = multipart ? null : await readBytes(request, bodyBytesMax);
  if (requireUserAgent && (request.headers["user-agent"] ?? "") === "")
    throw new ServiceError(403, "APIGW.0303", "Request blocked.");
  const account = authenticate(exchange, bytes);
  limitRate(exchange, account);
  const locale = readLocale(request, core.settings);
  const path = readPath(operation, exchange.params);
  const query = readQuery(operation, exchange.query);
  checkHeaders(operation, request);
  const { body, form } = await readInput(exchange, operation, bytes);
  const baseUrl = `http://${request.headers.host ?? "127.0.0.1"}`;
  const textMax = Number.POSITIVE_INFINITY;
  return { core, account, path, query, body, form, headers: request.headers, textMax, locale, baseUrl };
}

/** `bytes` is null for a multipart body, which is still unread. */
async function readInput(
  { core, request }: HuaweiExchange,
  operation: Operation,
  bytes: Buffer | null,
): Promise<{ readonly body: Values; readonly form: MultipartForm | null }> {
  const contentType = request.headers["content-type"] ?? "";
  if (operation.body?.type === "multipart/form-data") {
    if (bytes !== null) throw new RefusedRequest("Content-Type is not multipart/form-data");
    const boundary = boundaryOf(contentType);
    if (boundary === null) throw new RefusedRequest("multipart body without boundary");
    const { bodyBytesMax } = core.settings;
    const how = { openSink: core.files.openSink, fileBytesMax: Number.POSITIVE_INFINITY };
    const form = await readMultipart(readChunks(request, bodyBytesMax), boundary, how);
    checkParts(form, operation.id === "V1UploadAccessory" ? "accessoryData" : "file");
    return { body: {}, form };
  }
  if (bytes === null) throw new RefusedRequest("Content-Type multipart/form-data on an operation that takes none");
  if (operation.body === null) {
    if (bytes.byteLength > 0) throw new RefusedRequest("a body on an operation that documents none");
    return { body: {}, form: null };
  }
  if (bytes.byteLength === 0) {
    if (operation.body.required) throw new RefusedRequest("the body is required");
    return { body: {}, form: null };
  }
  if (!/^application\/json\b/i.test(contentType)) throw new RefusedRequest("Content-Type is not application/json");
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new RefusedRequest("the body is not JSON in UTF-8");
  }
  return { body: checkBody(operation, parsed), form: null };
}

/** @throws RefusedRequest for a part that came twice, or a file that is not the operation's; nothing of the form is kept then. */
function checkParts(form: MultipartForm, fileField: string): void {
  const names = [...form.fields, ...form.files].map(({ field }) => field);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  const foreign = form.files.find(({ field }) => field !== fileField)?.field;
  if (twice === undefined && foreign === undefined) return;
  discardForm(form);
  throw new RefusedRequest(
    twice === undefined ? `undocumented multipart part ${foreign}` : `multipart part ${twice} came twice`,
  );
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

function checkHeaders(operation: Operation, request: IncomingMessage): void {
  for (const name of ["x-phone-verifiedid", "x-email-verifiedid"]) {
    const value = request.headers[name];
    if (value === undefined) continue;
    if (operation.parameters.header[name] === undefined)
      throw new RefusedRequest(`header ${name} on an operation without it`);
    if (value.length < 1 || value.length > 32) throw new RefusedRequest(`header ${name} is not text of 1 to 32`);
  }
}

/** Either an AK/SK signature or a token (huawei.md 3). @throws ServiceError 401 */
export function authenticate({ core, request, url }: HuaweiExchange, body: Buffer | null): HuaweiAccount {
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
function limitRate({ core, entry, limits }: HuaweiExchange, account: HuaweiAccount): void {
  const { requestsPerSecond, rateLimitScope, retryAfterSeconds } = core.settings;
  if (requestsPerSecond <= 0) return;
  const key = rateLimitScope === "api" ? `${account.domainId}/${entry.operation}` : account.domainId;
  if (limits.count(key, [{ windowMs: 1_000, most: requestsPerSecond }]) === 0) return;
  const headers: Record<string, string> = retryAfterSeconds > 0 ? { "Retry-After": String(retryAfterSeconds) } : {};
  throw new ServiceError(429, "APIGW.0308", "The throttling threshold has been reached.", headers);
}
