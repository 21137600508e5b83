/** Style and script of the pages: two files of this folder, as they stand. They hold nothing of anybody, so the sign-in has them as well. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";

const files = [
  ["page.css", "text/css; charset=utf-8"],
  ["page.js", "text/javascript; charset=utf-8"],
] as const;

/** Adds their routes. A browser asks each time whether they changed, so that a new release never meets the style of the one before. */
export function addAssets(app: FastifyInstance): void {
  for (const [name, type] of files) {
    const content = readFileSync(new URL(`../assets/${name}`, import.meta.url));
    const etag = `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"`;
    app.get(`/assets/${name}`, { config: { access: "open" } }, async (request, reply) => {
      reply.header("cache-control", "no-cache").header("etag", etag);
      return request.headers["if-none-match"] === etag ? reply.code(304).send() : reply.type(type).send(content);
    });
  }
}
