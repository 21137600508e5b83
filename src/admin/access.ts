/**
 * Who may use page, API, metrics and queues (SPEC 6).
 *
 * Without a token they answer this machine only. "This machine" is more than a loopback peer: a reverse proxy on the same host
 * also connects from loopback (hence no forwarding header), and a page on the internet can make a browser on this machine ask us
 * under its own host name (DNS rebinding, hence the Host). With a token: bearer, or the cookie that the page's sign-in set.
 * Either way another site's page could make a signed-in browser send a change, so changes need our own origin and a header that
 * no form and no foreign script can set without asking.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Name of the header that each state-changing request carries, with any value. */
export const customHeader = "x-casebridge";

const cookieName = "casebridge_session";
const sessionMs = 12 * 3_600_000;
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** What is known of a request before its body is read. */
export type AccessRequestFacts = {
  readonly method: string;
  readonly peerAddress: string | undefined;
  readonly headers: IncomingHttpHeaders;
};

/** Whether a request may go on; otherwise the answer it gets. Texts hold nothing of the request. */
export type AccessVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly status: 401 | 403; readonly code: string; readonly message: string };

/** The rules, with or without a token. */
export interface AccessRules {
  check(request: AccessRequestFacts): AccessVerdict;
  /** For the sign-in, which has no token yet: origin and custom header only, and whether the rules know a token at all. */
  checkChange(request: AccessRequestFacts): AccessVerdict;
  /** Value of Set-Cookie for whoever shows the right token; `null` for a wrong one, and where no token is set. */
  signIn(token: string, secure: boolean): string | null;
  /** Value of Set-Cookie that ends a session in this browser. */
  readonly signOutCookie: string;
  readonly needsToken: boolean;
}

/** Makes the rules. `adminToken` null or empty: this machine only. Sessions are signed with the token: any replica knows them, and a new token ends them. */
export function makeAccessRules(adminToken: string | null, now: () => number = Date.now): AccessRules {
  const token = adminToken === "" ? null : adminToken;
  // Comparing digests under a key of this process hides the length, too.
  const compareKey = randomBytes(32);
  const digest = (text: string): Buffer => createHmac("sha256", compareKey).update(text).digest();
  const tokenDigest = token === null ? null : digest(token);
  const isToken = (text: string): boolean => tokenDigest !== null && timingSafeEqual(digest(text), tokenDigest);
  const signSession = (until: string): string =>
    createHmac("sha256", `casebridge session ${token}`).update(until).digest("base64url");

  function hasSession(headers: IncomingHttpHeaders): boolean {
    const value = findCookie(headers.cookie, cookieName);
    const [until = "", signature = ""] = value?.split(".") ?? [];
    if (token === null || !/^\d{1,15}$/.test(until)) return false;
    return timingSafeEqual(digest(signature), digest(signSession(until))) && Number(until) > now();
  }

  function check(request: AccessRequestFacts): AccessVerdict {
    if (token === null) {
      const problem = whyNotLocal(request);
      if (problem !== null)
        return refuse(
          403,
          "local_only",
          `${problem} Without ADMIN_TOKEN this answers only requests made on this machine.`,
        );
    } else {
      const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
      const signedIn = bearer === undefined ? hasSession(request.headers) : isToken(bearer);
      if (!signedIn)
        return refuse(401, "unauthorized", "Sign in on the page, or send the ADMIN_TOKEN as a bearer token.");
    }
    return checkChange(request);
  }

  return {
    check,
    checkChange,
    needsToken: token !== null,
    signIn(given, secure) {
      if (!isToken(given)) return null;
      const until = String(now() + sessionMs);
      return `${cookieName}=${until}.${signSession(until)}; Path=/; Max-Age=${sessionMs / 1000}; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
    },
    signOutCookie: `${cookieName}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`,
  };
}

/** Changes need our own origin (where a browser tells it) and the custom header; reads must not be embedded by other sites. */
function checkChange({ method, headers }: AccessRequestFacts): AccessVerdict {
  const site = headers["sec-fetch-site"];
  if (safeMethods.has(method)) {
    const embedded = site === "cross-site" && headers["sec-fetch-mode"] !== "navigate";
    return embedded ? refuse(403, "cross_origin", "Requests from other sites are refused.") : { allowed: true };
  }
  const foreignOrigin = headers.origin !== undefined && !isOwnOrigin(headers.origin, headers.host);
  if (foreignOrigin || (site !== undefined && site !== "same-origin")) {
    return refuse(403, "cross_origin", "Requests that change something must come from this page.");
  }
  const custom = headers[customHeader];
  if (custom === undefined || custom === "") {
    return refuse(403, "header_missing", `Requests that change something must carry the header ${customHeader}.`);
  }
  return { allowed: true };
}

function whyNotLocal({ peerAddress, headers }: AccessRequestFacts): string | null {
  if (!isLoopbackAddress(peerAddress ?? "")) return "The request comes from another machine.";
  const forwarding = Object.keys(headers).find(
    (name) => name === "forwarded" || name.startsWith("x-forwarded") || name === "x-real-ip" || name === "via",
  );
  if (forwarding !== undefined) return "The request was forwarded by a proxy.";
  if (!isLocalHost(headers.host)) return "The request names another host.";
  return null;
}

function isLoopbackAddress(address: string): boolean {
  const bare = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  return bare === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(bare);
}

/** Any port: a tunnel may end on another one. */
function isLocalHost(host: string | undefined): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(host ?? "");
  const name = match?.[1]?.toLowerCase().replace(/^\[(.*)\]$/, "$1") ?? "";
  return name === "localhost" || isLoopbackAddress(name);
}

/** Whether an address to listen on means this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return isLocalHost(host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);
}

/** Scheme is left out of the comparison: behind a proxy with TLS the browser says https and we see http. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const ownUrl = `${protocol}//${host}`;
  return /^https?:$/.test(protocol) && URL.canParse(ownUrl) && new URL(ownUrl).host === originHost;
}

function findCookie(header: string | undefined, name: string): string | null {
  for (const part of (header ?? "").split(";")) {
    const [key, value] = part.trim().split("=", 2);
    if (key === name && value !== undefined) return value;
  }
  return null;
}

function refuse(status: 401 | 403, code: string, message: string): AccessVerdict {
  return { allowed: false, status, code, message };
}
