// What goes over the wire for a reply, an error and a fault.

import { type FaultAnswer, Vanished } from "../base/faults.ts";
import { BodyTooLarge, type Exchange } from "../base/http.ts";
import { HttpFailure, type Reply } from "./http.ts";
import type { Site } from "./site.ts";

/** Bytes and headers of a reply. */
export function toSent(site: Site, reply: Reply, more: Readonly<Record<string, string>>) {
  const headers: Record<string, string> = {
    date: new Date(site.now()).toUTCString(),
    "cache-control": "no-cache, no-store, no-transform",
    ...more,
    ...reply.headers,
  };
  const { status, file } = reply;
  if (file !== undefined) {
    const { bytes, start, length } = file;
    const open = (sent: number) => site.files.read(bytes, start, sent);
    return { status, headers, body: { sizeBytes: length, open } };
  }
  const text = reply.raw ?? (reply.body === undefined ? "" : JSON.stringify(reply.body));
  if (text !== "") headers["content-type"] ??= "application/json;charset=UTF-8";
  return { status, headers, body: Buffer.from(text, "utf8") };
}

/** What an error answers; `null` when nobody is there any more. */
export function toErrorReply({ request }: Exchange, error: unknown): Reply | null {
  if (error instanceof Vanished) return null;
  if (error instanceof HttpFailure) return { status: error.status, body: error.body, headers: error.headers };
  if (error instanceof BodyTooLarge) return { status: 413, body: { errorMessages: ["Request too large"], errors: {} } };
  if (request.destroyed && !request.complete) return null;
  process.stderr.write(`jira simulator: ${error instanceof Error ? error.stack : String(error)}\n`);
  return { status: 500, body: { errorMessages: ["Internal server error of the simulator"], errors: {} } };
}

/** What a fault answers. */
export function toFaultReply(fault: FaultAnswer): Reply {
  if (fault.kind === "text") return { status: 200, raw: fault.text, headers: { "content-type": fault.contentType } };
  const { status, body, headers } = toFaultFailure(fault);
  return { status, body, headers };
}

/** The error that a fault answers. */
export function toFaultFailure({ status, retryAfterSeconds }: FaultAnswer & { readonly kind: "status" }): HttpFailure {
  const headers: Record<string, string> = {};
  if (status === 429) headers["ratelimit-reason"] = "jira-burst-based";
  if (retryAfterSeconds !== null) headers["retry-after"] = String(retryAfterSeconds);
  const body =
    status >= 500
      ? { message: "Service unavailable", "status-code": status }
      : { errorMessages: [`Simulated ${status}`], errors: {} };
  return new HttpFailure({ status, body, headers });
}
