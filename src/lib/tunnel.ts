/**
 * Connections through an HTTP proxy by CONNECT, for http and https alike.
 *
 * Why not a library: the answer of a proxy that refuses (407, 403) must never pass for the service's own, and a proxy that takes a
 * connection and says nothing must not keep its socket. `https-proxy-agent` hands the refusal on as the answer of the request, and
 * gives up no tunnel on its way; Node's own `proxyEnv` builds no tunnel for http.
 */
import { type AgentOptions, Agent as HttpAgent, type RequestOptions, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { BlockList, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { isLoopback } from "./loopback.ts";
import type { Secret } from "./secret.ts";

/** A proxy and the hosts that are reached without it. */
export type HttpProxy = {
  /** `http://` or `https://` with host and port, and user and password where it asks for them. */
  readonly url: Secret;
  /** Entries as of `NO_PROXY`; see `isExcepted`. */
  readonly except: readonly string[];
};

/** The address of a proxy, also without a scheme, as many tools take it; `null` where it is none. */
export function parseProxy(text: string): URL | null {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  return URL.canParse(address) ? new URL(address) : null;
}

/** The proxy did not open a tunnel. Nothing reached the service. The message names the proxy, not its user. */
export class ProxyRefusal extends Error {
  /** What mends it, for people. */
  readonly remedy: string;

  constructor(message: string, options: ErrorOptions & { readonly remedy?: string } = {}) {
    super(message, options);
    this.name = "ProxyRefusal";
    this.remedy =
      options.remedy ??
      "Check HTTPS_PROXY (huawei.proxy, jira.proxy), and that the proxy is up; NO_PROXY or proxy: none names what is reached without it.";
  }
}

/** Options of a request that go through to its tunnel. */
export type TunnelOptions = {
  /** How long the proxy may take to open it. */
  readonly tunnelTimeoutMs: number;
};

type Target = RequestOptions & Partial<TunnelOptions> & { readonly servername?: string };

/** Agents whose connections pass the proxy. A refused or broken tunnel is an error `ProxyRefusal` of the request. */
export function makeTunnelAgents(proxy: HttpProxy, options: AgentOptions): { http: HttpAgent; https: HttpsAgent } {
  class HttpTunnelAgent extends HttpAgent {
    override createConnection(target: Target, done?: (error: Error | null, stream: Duplex) => void): null {
      openTunnel(proxy, target).then(
        (socket) => done?.(null, socket),
        (error: Error) => done?.(error, undefined as unknown as Duplex),
      );
      return null;
    }
  }
  class HttpsTunnelAgent extends HttpsAgent {
    override createConnection(target: Target, done?: (error: Error | null, stream: Duplex) => void): null {
      openTunnel(proxy, target).then(
        (socket) => done?.(null, connectTls({ socket, ...servername(target) })),
        (error: Error) => done?.(error, undefined as unknown as Duplex),
      );
      return null;
    }
  }
  return { http: new HttpTunnelAgent(options), https: new HttpsTunnelAgent(options) };
}

/** An address is no name that a certificate could be asked for by. */
function servername({ servername, host }: { servername?: string; host?: string | null | undefined }): {
  servername?: string;
  host?: string;
} {
  const name = servername ?? host ?? "";
  return isIP(name) === 0 ? { servername: name } : { host: name };
}

async function openTunnel(proxy: HttpProxy, target: Target): Promise<Duplex> {
  const url = parseProxy(proxy.url.reveal());
  if (url === null) throw new ProxyRefusal("the proxy has no usable address");
  const shown = url.host;
  const host = target.host ?? "localhost";
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${target.port ?? 80}`;
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const credentials = Buffer.from(`${user}:${password}`).toString("base64");
  const timeoutMs = target.tunnelTimeoutMs ?? 15_000;
  return new Promise((resolve, reject) => {
    const asking = (url.protocol === "https:" ? requestHttps : requestHttp)({
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port),
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...(user === "" ? {} : { "proxy-authorization": `Basic ${credentials}` }) },
      agent: false,
    });
    const timer = setTimeout(() => {
      asking.destroy(new ProxyRefusal(`the proxy ${shown} opened no tunnel to ${authority} within ${timeoutMs} ms`));
    }, timeoutMs);
    asking.once("connect", (answer, socket, head) => {
      clearTimeout(timer);
      if (answer.statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      const status = answer.statusCode ?? 0;
      const remedy = remedyOf(status, authority);
      reject(new ProxyRefusal(`the proxy ${shown} ${reasonOf(status, user !== "")} for ${authority}`, { remedy }));
    });
    // An answer to CONNECT that is no tunnel: not a proxy.
    asking.once("response", (answer) => {
      answer.resume();
      asking.destroy(new ProxyRefusal(`${shown} answered ${answer.statusCode} to CONNECT: it is no proxy`));
    });
    asking.once("error", (error) => {
      clearTimeout(timer);
      const code = "code" in error ? String(error.code) : error.message;
      reject(
        error instanceof ProxyRefusal
          ? error
          : new ProxyRefusal(`the proxy ${shown} cannot be reached (${code})`, { cause: error }),
      );
    });
    asking.end();
  });
}

function remedyOf(status: number, authority: string): string {
  return status === 407
    ? "Correct user and password in HTTPS_PROXY (huawei.proxy, jira.proxy): http://user:password@host:port, special characters percent-encoded."
    : `Ask whoever runs the proxy to let ${authority} through, or correct HTTPS_PROXY (huawei.proxy, jira.proxy).`;
}

function reasonOf(status: number, signedIn: boolean): string {
  if (status !== 407) return `answered ${status}`;
  return signedIn ? "refused its user or password (407)" : "asks for a user and password (407)";
}

/**
 * Whether `host` at `port` is reached through the proxy. One that stands elsewhere cannot reach this machine's own addresses, whether they
 * are excepted or not. Pure.
 */
export function isProxied(proxy: HttpProxy, host: string, port: number): boolean {
  if (isExcepted(proxy.except, host, port)) return false;
  return !isLoopback(host) || isLoopback(parseProxy(proxy.url.reveal())?.hostname ?? "");
}

/**
 * Whether `host` (a name or an address without brackets) at `port` is reached without the proxy: `*`, a name, a name with what stands
 * below it (`.example.com`, `*.example.com`, `example.com`), an address, a range (`10.0.0.0/8`), each with or without `:port`. Pure.
 */
export function isExcepted(except: readonly string[], host: string, port: number): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return except.some((entry) => {
    const [, pattern = "", wanted] =
      /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry.toLowerCase()) ?? [];
    if (wanted !== undefined && Number(wanted) !== port) return false;
    const bare = pattern.replace(/^\[|\]$/g, "");
    if (bare === "*") return true;
    const [address = "", bits] = bare.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (isIP(address) !== 0) {
      if (isIP(name) !== isIP(address)) return false;
      const list = new BlockList();
      const width = family === "ipv6" ? 128 : 32;
      list.addSubnet(address, bits === undefined ? width : Math.min(Number(bits) || 0, width), family);
      return list.check(name, family);
    }
    const suffix = bare.replace(/^\*?\./, "");
    return suffix !== "" && (name === suffix || name.endsWith(`.${suffix}`));
  });
}
