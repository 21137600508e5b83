/**
 * Tells open pages that there is something new to see (server-sent events). An event holds nothing: the browser asks for its page again, under
 * the same rules as ever. One look at the database serves all pages, and none is made while nobody looks.
 */
import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Log } from "../../sync/ports.ts";

const lookMs = 2_000;
const streamsMax = 100;
/** A stream ends after so long; the browser begins another one, and is judged anew. */
const streamMaxMs = 600_000;

/** Adds `/live`. `version`: a text that is another one when a page may show something else by now. */
export function addLive(
  app: FastifyInstance,
  { version, log }: { readonly version: () => Promise<string>; readonly log: Log },
): void {
  const streams = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | null = null;
  let isLooking = false;
  let known: string | null = null;

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      const seen = await version();
      const isNew = known !== null && seen !== known;
      known = seen;
      // A comment keeps proxies from ending what says nothing.
      for (const stream of streams) stream.write(isNew ? "data: changed\n\n" : ": still there\n\n");
    } catch (error) {
      log.debug({ error }, "Pages cannot be told of news");
    }
    isLooking = false;
    timer = streams.size === 0 ? null : setTimeout(look, lookMs).unref();
    if (timer === null) known = null;
  }

  app.get("/live", { exposeHeadRoute: false }, async (_request, reply) => {
    if (streams.size >= streamsMax) return reply.code(503).header("retry-after", "60").send();
    reply.hijack();
    const stream = reply.raw;
    const { "content-length": _length, ...headers } = reply.getHeaders();
    stream.writeHead(200, { ...headers, "content-type": "text/event-stream", "x-accel-buffering": "no" } as Record<
      string,
      string
    >);
    // Something may have changed since the page was drawn.
    stream.write("retry: 5000\ndata: changed\n\n");
    streams.add(stream);
    const end = setTimeout(() => stream.end(), streamMaxMs).unref();
    stream.once("close", () => {
      clearTimeout(end);
      streams.delete(stream);
    });
    if (timer === null) await look();
  });
  app.addHook("preClose", async () => {
    if (timer !== null) clearTimeout(timer);
    for (const stream of streams) stream.end();
  });
}
