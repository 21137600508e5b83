/**
 * What a request must look like, whoever is behind it (rule 13); who that is, `gatekeeper.ts` tells.
 *
 * Without a sign-in only this machine is answered. "This machine" is more than a loopback peer: a reverse proxy on the same host
 * also connects from loopback (hence no forwarding header), and a page on the internet can make a browser on this machine ask us
 * under its own host name (DNS rebinding, hence the Host). With a sign-in, another site's page could make a signed-in browser send a
 * change, so changes need our own origin and a header that no form and no foreign script can set without asking.
 */
import type { IncomingHttpHeaders } from "node:http";

/** Name of the header that each state-changing request carries, with any value. */
export const customHeader = "x-casebridge";

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** What is known of a request before its body is read. */
export type AccessRequestFacts = {
  readonly method: string;
  /** As the request line says: `1.1`. */
  readonly httpVersion: string;
  readonly peerAddress: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly cookies: Readonly<Record<string, string | undefined>>;
};

/** The answer to a request that may not go on. Texts hold nothing of the request. */
export type Refusal = {
  readonly status: 401 | 403 | 429;
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
};

/** Whether a method only reads. */
export function isSafe(method: string): boolean {
  return safeMethods.has(method);
}

/**
 * Changes need our own origin (where a browser tells it) and the custom header; reads must not be embedded by other sites. `null` = fine.
 * `publicUrl`: where people reach the page; without it our own origin is the host that the request names.
 */
export function checkChange(
  { method, headers }: Pick<AccessRequestFacts, "method" | "headers">,
  publicUrl: string | null,
): Refusal | null {
  const site = headers["sec-fetch-site"];
  if (safeMethods.has(method)) {
    const embedded = site === "cross-site" && headers["sec-fetch-mode"] !== "navigate";
    return embedded ? refuse("cross_origin", "Requests from other sites are refused.") : null;
  }
  const foreignOrigin = headers.origin !== undefined && !isOwnOrigin(headers.origin, headers.host, publicUrl);
  if (foreignOrigin || (site !== undefined && site !== "same-origin")) {
    return refuse("cross_origin", "Requests that change something must come from this page.");
  }
  const custom = headers[customHeader];
  if (custom === undefined || custom === "") {
    return refuse("header_missing", `Requests that change something must carry the header ${customHeader}.`);
  }
  return null;
}

/**
 * A plain form can set no header. It must come from our own origin, and a browser that does not tell where it comes from is refused; who is
 * signed in proves it by the token of the page as well (`form-guard.ts`). `null` = fine.
 */
export function checkForm({ headers }: Pick<AccessRequestFacts, "headers">, publicUrl: string | null): Refusal | null {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  const isTold = origin !== undefined || site !== undefined;
  const isOurs = origin === undefined || isOwnOrigin(origin, host, publicUrl);
  if (isTold && isOurs && (site === undefined || site === "same-origin")) return null;
  return refuse("cross_origin", "Requests that change something must come from this page.");
}

/** Why a request does not come from this machine, as far as can be told; `null` = it does. */
export function whyNotLocal({ peerAddress, httpVersion, headers }: AccessRequestFacts): string | null {
  if (!isLoopbackAddress(peerAddress ?? "")) return "The request comes from another machine.";
  // nginx speaks 1.0 to what it leads to unless told otherwise, and then adds no header at all; no browser and no curl does.
  if (httpVersion === "1.0" || Object.keys(headers).some(isProxyHeader)) return "The request was forwarded by a proxy.";
  if (!namesThisMachine(headers.host)) return "The request names another host.";
  return null;
}

const proxyHeaders: readonly RegExp[] = [
  // RFC 7239, RFC 9110, RFC 8586, and what says the same in its own words.
  /forwarded/,
  /^(via|cdn-loop|x-scheme|x-url-scheme|x-host|x-port|front-end-https|x-varnish)$/,
  // "client-ip", "true-client-ip", "real-ip", "connecting-ip", "remote-addr", "clientip", "proxyuser-ip" … with any maker's prefix.
  /(client|real|connecting|originating|remote|source|src|user|peer|visitor|socket)-?(ip|addr|address|host|port)\b/,
  /(^|-)proxy(-|$|user)/,
  /^x-(original|rewrite|real|client|cluster|remote|envoy|arr|azure|amz|amzn|appengine|cloud|vercel|nf|sucuri|accel|sendfile|akamai|bluecoat|sigsci|forward|ssl|tls|haproxy|ngrok|edge|cdn)/,
  /^(cf|cloudfront|fastly|fly|akamai|incap|do|ali|eagleeye|wl|x-bce|tailscale|ngrok|cloudflare|ssl-client|tls-client|x-goog)-/,
];

/** Whether a header is one that proxies add. Proxies write `_` for `-` at times; nobody else sends any of these. */
function isProxyHeader(name: string): boolean {
  const plain = name.toLowerCase().replaceAll("_", "-");
  return proxyHeaders.some((pattern) => pattern.test(plain));
}

function isLoopbackAddress(address: string): boolean {
  const bare = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  return bare === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(bare);
}

/** Whether a Host header means this machine. Any port: a tunnel may end on another one. */
export function namesThisMachine(host: string | undefined): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(host ?? "");
  const name = match?.[1]?.toLowerCase().replace(/^\[(.*)\]$/, "$1") ?? "";
  return name === "localhost" || isLoopbackAddress(name);
}

/** Whether an address to listen on means this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return namesThisMachine(host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);
}

/**
 * Where people reach the page is known, or it is this machine: then a proxy may name whatever host it likes, and another name that leads
 * here (DNS rebinding) is foreign. Else the host tells, without the scheme: behind a proxy with TLS the browser says https and we see http.
 */
function isOwnOrigin(origin: string, host: string | undefined, publicUrl: string | null): boolean {
  if (!URL.canParse(origin)) return false;
  if (publicUrl !== null && new URL(origin).origin === new URL(publicUrl).origin) return true;
  if (host === undefined || (publicUrl !== null && !namesThisMachine(host))) return false;
  const { protocol, host: originHost } = new URL(origin);
  const ownUrl = `${protocol}//${host}`;
  return /^https?:$/.test(protocol) && URL.canParse(ownUrl) && new URL(ownUrl).host === originHost;
}

function refuse(code: string, message: string): Refusal {
  return { status: 403, code, message };
}
