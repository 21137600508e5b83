/**
 * Authentication as the gateway does it (huawei.md 3): the SDK-HMAC-SHA256 signature is recomputed from the bytes that
 * arrived, never trusted. The two traps are the trailing slash that exists only in the canonical path, and
 * multipart bodies, which are not hashed at all (UNSIGNED-PAYLOAD).
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { authenticationError } from "./errors.ts";

/** An account (with one user) that may call. `groups` are the IAM user groups the user belongs to (huawei.md 3.3). */
export interface HuaweiAccount {
  readonly accessKey: string;
  readonly secretKey: string;
  /** When set, every signed request must carry it as X-Security-Token (huawei.md 3.2 item 1). */
  readonly securityToken?: string;
  readonly domainId: string;
  readonly domainName: string;
  readonly userId: string;
  readonly userName: string;
  /** 0 main account, 1 IAM user (huawei.md 9 `iam_user_type`). */
  readonly iamUserType: number;
  readonly groups: readonly string[];
  /** Present when the user may also log in with a password (huawei.md 3.1). */
  readonly password?: string;
  readonly projectId: string;
}

/** An agency: `account` acts for whoever assumes it. */
export interface HuaweiAgency {
  readonly name: string;
  /** The account that made it, as its user whose rights the agency has. */
  readonly account: HuaweiAccount;
  /** Id of the account that may assume it. */
  readonly trustedDomainId: string;
  /** What STS asks for; IAM's older call cannot carry it and refuses such an agency (Assumed). */
  readonly externalId: string | null;
}

/** Keys that were issued. */
export interface TemporaryKeys {
  readonly account: HuaweiAccount;
  readonly expiresAt: number;
  killed: boolean;
}

/** What a request must show to be checked. `rawUrl` is the request target as received, query included. */
export interface SignedRequest {
  readonly method: string;
  readonly rawUrl: string;
  readonly headers: IncomingHttpHeaders;
  /** The body, or null when it is not hashed (multipart, still unread). */
  readonly body: Buffer | null;
}

function encode(text: string): string {
  // huawei.md 3.2 item 2: unreserved is A-Z a-z 0-9 - . _ ~ only; encodeURIComponent leaves five more.
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function sha256Hex(data: Buffer | string): string {
  return createHash("sha256").update(data).digest("hex");
}

function canonicalPath(rawPath: string): string {
  const path = rawPath
    .split("/")
    .map((segment) => encode(decode(segment)))
    .join("/");
  return path.endsWith("/") ? path : `${path}/`;
}

function canonicalQuery(rawQuery: string): string {
  if (rawQuery === "") return "";
  const pairs = rawQuery.split("&").map((pair) => {
    const cut = pair.indexOf("=");
    const name = cut === -1 ? pair : pair.slice(0, cut);
    const value = cut === -1 ? "" : pair.slice(cut + 1);
    return [decode(name.replaceAll("+", " ")), decode(value.replaceAll("+", " "))] as const;
  });
  pairs.sort((left, right) => compare(left[0], right[0]) || compare(left[1], right[1]));
  return pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/**
 * Signature of a request (huawei.md 3.2 items 2 to 4), lower-case hex.
 * @throws ServiceError 401 when a signed header is absent, or an unsigned payload is claimed for a body that must be hashed.
 */
export function computeSignature(request: SignedRequest, secretKey: string, signedHeaders: readonly string[]): string {
  const cut = request.rawUrl.indexOf("?");
  const rawPath = cut === -1 ? request.rawUrl : request.rawUrl.slice(0, cut);
  const rawQuery = cut === -1 ? "" : request.rawUrl.slice(cut + 1);
  const lines = signedHeaders.map((name) => {
    const value = request.headers[name];
    if (value === undefined) throw authenticationError(`signed header ${name} is missing`);
    return `${name}:${String(value).trim()}\n`;
  });
  const canonical = [
    request.method,
    canonicalPath(rawPath),
    canonicalQuery(rawQuery),
    lines.join(""),
    signedHeaders.join(";"),
    payloadHash(request, signedHeaders),
  ].join("\n");
  const date = String(request.headers["x-sdk-date"] ?? "");
  return createHmac("sha256", secretKey)
    .update(`SDK-HMAC-SHA256\n${date}\n${sha256Hex(canonical)}`)
    .digest("hex");
}

function payloadHash(request: SignedRequest, signedHeaders: readonly string[]): string {
  const declared = request.headers["x-sdk-content-sha256"];
  const contentType = String(request.headers["content-type"] ?? "");
  const hashedType = contentType === "" || /^application\/(json|bson)\b/i.test(contentType);
  if (declared === "UNSIGNED-PAYLOAD" && !hashedType) {
    if (!signedHeaders.includes("x-sdk-content-sha256"))
      throw authenticationError("X-Sdk-Content-Sha256 is not signed");
    return "UNSIGNED-PAYLOAD";
  }
  if (request.body === null) throw authenticationError("a multipart request must be signed as UNSIGNED-PAYLOAD");
  return sha256Hex(request.body);
}

const AUTHORIZATION = /^SDK-HMAC-SHA256 Access=([^,\s]+), SignedHeaders=([^,\s]+), Signature=([0-9a-f]{64})$/;
const SDK_DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/**
 * Checks a signed request and returns the account it belongs to.
 * @throws ServiceError 401 APIGW.0301 with the reason: form, key, clock, security token, domain or signature.
 */
export function verifySignature(
  request: SignedRequest,
  accounts: readonly HuaweiAccount[],
  rules: {
    readonly now: number;
    readonly clockSkewMs: number;
    readonly requireDomainId: boolean;
    readonly temporaryKeys: ReadonlyMap<string, TemporaryKeys>;
  },
): HuaweiAccount {
  const parsed = AUTHORIZATION.exec(String(request.headers.authorization ?? ""));
  if (parsed === null) throw authenticationError("Authorization header has the wrong form");
  const [, accessKey, names, signature] = parsed;
  const temporary = rules.temporaryKeys.get(accessKey ?? "");
  if (temporary !== undefined && (temporary.killed || temporary.expiresAt <= rules.now))
    throw authenticationError("security token has expired");
  const account = temporary?.account ?? accounts.find((candidate) => candidate.accessKey === accessKey);
  if (account === undefined || names === undefined || signature === undefined) {
    throw authenticationError("access key not found");
  }
  checkDate(String(request.headers["x-sdk-date"] ?? ""), rules);
  if (account.securityToken !== undefined && request.headers["x-security-token"] !== account.securityToken) {
    throw authenticationError("security token is missing or wrong");
  }
  const domainId = request.headers["x-domain-id"];
  if (domainId === undefined ? rules.requireDomainId : domainId !== account.domainId) {
    throw authenticationError("X-Domain-Id does not match the access key");
  }
  const signedHeaders = names.split(";");
  const ordered = [...signedHeaders].sort(compare);
  if (names !== names.toLowerCase() || ordered.join(";") !== names)
    throw authenticationError("SignedHeaders not sorted");
  // huawei.md 3.2 item 1 lists Host and X-Sdk-Date; Assumed: the gateway insists on both being signed.
  for (const needed of ["host", "x-sdk-date"]) {
    if (!signedHeaders.includes(needed)) throw authenticationError(`${needed} is not signed`);
  }
  const expected = computeSignature(request, account.secretKey, signedHeaders);
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) {
    throw authenticationError("verify aksk signature fail");
  }
  return account;
}

function checkDate(value: string, rules: { readonly now: number; readonly clockSkewMs: number }): void {
  const parts = SDK_DATE.exec(value);
  if (parts === null) throw authenticationError("X-Sdk-Date has the wrong form");
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
  const at = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  if (Math.abs(at - rules.now) > rules.clockSkewMs) throw authenticationError("X-Sdk-Date is out of the allowed range");
}
