/**
 * A page below a path of its host (`PUBLIC_URL=https://tools.example.com/casebridge`): a proxy may pass the path on or take it away. Inside,
 * every address begins at `/`; what leaves, and a browser would follow, gets the path in front here, in one place.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";

/** The path below which people reach the page, without a slash at its end; empty where that is the whole host. Pure. */
export function basePathOf(publicUrl: string | null): string {
  return publicUrl === null ? "" : new URL(publicUrl).pathname.replace(/\/+$/, "");
}

/** The target of a request without the path, whether the proxy left it there or not. Pure. */
export function withoutBasePath(base: string, { url = "/" }: Pick<IncomingMessage, "url">): string {
  if (base === "" || (url !== base && !url.startsWith(`${base}/`) && !url.startsWith(`${base}?`))) return url;
  const rest = url.slice(base.length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** Attributes of our pages that a browser follows; a second slash would be another host's. */
const followed = /(\s(?:href|action|formaction|src|data-live)=")\/(?!\/)/g;
const refreshed = /(\scontent="\d+; url=)\/(?!\/)/g;

/** Puts the path in front of every address of our own in a page. Pure. */
export function withBasePath(base: string, page: string): string {
  return page.replace(followed, `$1${base}/`).replace(refreshed, `$1${base}/`);
}

/** Puts the path in front of what the answers of an app lead to. */
export function addBasePath(app: FastifyInstance, base: string): void {
  if (base === "") return;
  app.addHook("onSend", async (_request, reply, payload) => {
    const location = reply.getHeader("location");
    if (typeof location === "string" && /^\/(?!\/)/.test(location)) reply.header("location", `${base}${location}`);
    const isHtml = String(reply.getHeader("content-type") ?? "").startsWith("text/html");
    return isHtml && typeof payload === "string" ? withBasePath(base, payload) : payload;
  });
}
