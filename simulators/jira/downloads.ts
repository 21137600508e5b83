// Downloads behind the 303 of an attachment, on this origin or on another one that must not see the credentials.

import { type FaultBook, isTruncated, playFaults } from "../base/faults.ts";
import { type Exchange, send } from "../base/http.ts";
import type { RequestLog } from "../base/request-log.ts";
import { HttpFailure, refused } from "./http.ts";
import { replyWithFile } from "./operations/attachments.ts";
import { toErrorReply, toFaultReply, toSent } from "./replies.ts";
import type { Site } from "./site.ts";

const TICKETS_MAX = 10_000;

/** Makes the book of download tickets; `urls` are filled in once the servers listen. */
export function makeDownloads(
  { site, faults, requests }: { readonly site: Site; readonly faults: FaultBook; readonly requests: RequestLog },
  urls: { readonly rest: string; readonly media: string },
) {
  const tickets = new Map<string, { readonly attachmentId: string; truncate: boolean }>();
  let sequence = 0;
  let count = 0;

  /** The ticket of an address; none for a wrong address. */
  function ticketOf(query: URLSearchParams) {
    return tickets.get(query.get("ticket") ?? "");
  }

  async function reply(exchange: Exchange, origin: "rest" | "media"): Promise<void> {
    const { request, pathname } = exchange;
    const struck = faults.strike({ operation: "media", method: "GET", url: pathname });
    const before = await playFaults(struck, "before", request);
    if (before !== null) return send(exchange, toSent(site, toFaultReply(before), {}));
    if (origin === "media" && request.headers.authorization !== undefined)
      throw refused("credentials were sent to the media origin");
    const ticket = ticketOf(exchange.query);
    const attachment = site.state.findAttachment(ticket?.attachmentId ?? "")?.item;
    if (ticket === undefined || attachment === undefined)
      throw new HttpFailure({ status: 404, body: { errorMessages: ["Not found"], errors: {} } });
    const after = await playFaults(struck, "after", request);
    if (after !== null) return send(exchange, toSent(site, toFaultReply(after), {}));
    const truncate = isTruncated(struck) || ticket.truncate;
    ticket.truncate = false;
    await send(exchange, toSent(site, replyWithFile(attachment, request.headers.range), {}), truncate);
  }

  return {
    /** The address that a 303 leads to. The media UUID can be read from it (jira.md 4). */
    makeUrl(attachmentId: string): string {
      sequence += 1;
      tickets.set(`t${sequence}`, { attachmentId, truncate: false });
      const oldest = tickets.size > TICKETS_MAX ? tickets.keys().next().value : undefined;
      if (oldest !== undefined) tickets.delete(oldest);
      const origin = site.settings.contentOrigin === "other" ? urls.media : urls.rest;
      return `${origin}/_media/file/${site.state.findAttachment(attachmentId)?.item.mediaId ?? "gone"}/binary?ticket=t${sequence}`;
    },
    /** Cuts the next download from an address in its middle. */
    truncate(url: string): void {
      const ticket = ticketOf(new URL(url).searchParams);
      if (ticket !== undefined) ticket.truncate = true;
    },
    async answer(exchange: Exchange, origin: "rest" | "media"): Promise<void> {
      const { method, pathname: path } = exchange;
      count += 1;
      try {
        await reply(exchange, origin);
      } catch (error) {
        const answer = toErrorReply(exchange, error);
        if (answer === null) return;
        const entry = { operation: "media", method, path, atMs: site.now(), status: answer.status };
        if (error instanceof HttpFailure && error.refusal !== null) requests.refuse(entry, error.refusal);
        await send(exchange, toSent(site, answer, {}));
      }
    },
    /** How many downloads were asked for. */
    count: (): number => count,
    resetCount(): void {
      count = 0;
    },
  };
}
