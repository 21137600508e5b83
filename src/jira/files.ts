/**
 * Attachments in constant memory: jira.js and `fetch` hold a whole upload in memory (jira.md 2.4), so both ways go
 * through the project's own HTTP sender, with a multipart frame of known length on the way up and the spool on the way down.
 */
import { randomUUID } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { mimeTypeFor } from "jira.js/core";
import type { AttachmentId, IssueId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError, type ServiceError } from "../domain/service-error.ts";
import { HttpFailure, type HttpResponse, type StreamedBody } from "../lib/http.ts";
import type { Clock, JiraPort, SpooledFile } from "../sync/ports.ts";
import { type CallFacts, contractError, failureError, makeError, readAnswer } from "./errors.ts";
import { toFile } from "./mapping.ts";
import {
  type CallContext,
  checkedSegment,
  type RawRequest,
  readWhole,
  requireSuccess,
  type Transport,
} from "./transport.ts";
import { attachmentMetaSchema, attachmentsSchema } from "./wire.ts";

/** The part of the port that is about files. */
export type FileCalls = Pick<JiraPort, "getFileSizeMax" | "uploadFile" | "downloadFile" | "deleteFile">;

const sizeMaxKeptMs = 3_600_000;
const redirectsMax = 5;
const chunkBytes = 64 * 1024;

/** Makes the calls about files. */
export function makeFileCalls(deps: {
  readonly host: string;
  readonly transport: Transport;
  readonly clock: Clock;
}): FileCalls {
  const { transport, clock } = deps;
  const ownOrigin = new URL(deps.host).origin;
  let sizeMax: { readonly bytes: Promise<number>; readonly untilMs: number } | null = null;

  async function getFileSizeMax(lane: Lane) {
    const call: CallContext = { operation: "getFileSizeMax", effect: "read", lane };
    const nowMs = clock.now().getTime();
    if (sizeMax !== null && nowMs < sizeMax.untilMs) return sizeMax.bytes;
    // Files that come together share one answer; a failed one is not kept.
    const kept = { bytes: readSizeMax(call), untilMs: nowMs + sizeMaxKeptMs };
    sizeMax = kept;
    kept.bytes.catch(() => {
      if (sizeMax === kept) sizeMax = null;
    });
    return kept.bytes;
  }

  async function readSizeMax(call: CallContext): Promise<number> {
    const url = "/rest/api/3/attachment/meta";
    const meta = await transport.client(call).sendRequest({ url, schema: attachmentMetaSchema });
    return meta.enabled ? (meta.uploadLimit ?? Number.MAX_SAFE_INTEGER) : 0;
  }

  async function uploadFile(
    issueId: IssueId,
    input: { readonly file: SpooledFile; readonly name: string },
    lane: Lane,
  ) {
    const call: CallContext = { operation: "uploadFile", effect: "write", lane, issueId };
    const url = transport.toUrl(`/rest/api/3/issue/${checkedSegment(call, issueId)}/attachments`);
    const upload = await makeUpload(input);
    const request: RawRequest = {
      method: "POST",
      url,
      headers: { "content-type": upload.contentType, "x-atlassian-token": "no-check" },
      openBody: upload.open,
      transferBytes: upload.sizeBytes,
    };
    return transport.attempt(call, "POST", async (send) => {
      const json = readAnswer(call, await readWhole(call, await send(request)), clock.now());
      const [file] = attachmentsSchema.safeParse(json).data ?? [];
      if (file === undefined) throw contractError(call, "no attachment in the answer to an upload");
      return toFile(file);
    });
  }

  async function downloadFile(
    attachmentId: AttachmentId,
    spool: Parameters<JiraPort["downloadFile"]>[1],
    sizeMaxBytes: number,
    lane: Lane,
  ) {
    const call: CallContext = { operation: "downloadFile", effect: "read", lane };
    const url = transport.toUrl(`/rest/api/3/attachment/content/${checkedSegment(call, attachmentId)}`);
    return transport.attempt(call, "GET", async (send) => {
      const answer = await follow(call, send, { url, transferBytes: Math.max(1, sizeMaxBytes) });
      const source = toSource(call, answer);
      try {
        return await spool.store(source.chunks, sizeMaxBytes);
      } catch (error) {
        // Whatever the spool makes of a broken source, it is the service's failure; its own (too large, disk full) pass.
        throw source.failure() ?? error;
      } finally {
        answer.discard();
      }
    });
  }

  /** The content lies behind a redirect, perhaps on another origin (jira.md 3.5), which must not see our credentials. */
  async function follow(
    call: CallContext,
    send: (request: RawRequest) => Promise<HttpResponse>,
    input: { readonly url: string; readonly transferBytes: number },
  ): Promise<HttpResponse> {
    let url = new URL(input.url);
    for (let hop = 0; hop <= redirectsMax; hop += 1) {
      const authorized = url.origin === ownOrigin;
      const headers = { accept: "*/*" };
      const answer = await send({
        method: "GET",
        url: url.href,
        headers,
        authorized,
        transferBytes: input.transferBytes,
      });
      const location = answer.headers.location;
      if (answer.status < 300 || answer.status >= 400 || location === undefined) {
        await requireContent(call, answer, authorized);
        return answer;
      }
      answer.discard();
      const next = URL.canParse(location, url.href) ? new URL(location, url) : null;
      const downgraded = url.protocol === "https:" && next?.protocol !== "https:";
      if (next === null || downgraded || !/^https?:$/.test(next.protocol)) {
        throw contractError(call, "a redirect that cannot be followed");
      }
      url = next;
    }
    throw contractError(call, `more than ${redirectsMax} redirects`);
  }

  /** A refusal by the store behind the redirect says that its address expired, not that Jira refuses us. */
  async function requireContent(call: CallContext, answer: HttpResponse, onSite: boolean): Promise<void> {
    if (!onSite && answer.status >= 400 && answer.status < 500) {
      answer.discard();
      const detail = `the file store answered ${answer.status}`;
      throw makeError(call, { kind: "unavailable", status: null, detail });
    }
    await requireSuccess(call, answer, clock.now());
  }

  async function deleteFile(attachmentId: AttachmentId, lane: Lane) {
    const call: CallContext = { operation: "deleteFile", effect: "write", lane };
    const url = `/rest/api/3/attachment/${checkedSegment(call, attachmentId)}`;
    await transport.client(call).sendRequest({ url, method: "DELETE" });
  }

  return { getFileSizeMax, uploadFile, downloadFile, deleteFile };
}

/** The body with its failure kept, since a spool may wrap or replace what a broken source throws. */
function toSource(
  call: CallFacts,
  answer: HttpResponse,
): { readonly chunks: AsyncIterable<Uint8Array>; failure(): ServiceError | null } {
  let failure: ServiceError | null = null;
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield* answer.body;
    } catch (error) {
      const translated = error instanceof HttpFailure ? failureError(call, error) : error;
      if (isServiceError(translated)) failure = translated;
      throw translated;
    }
  }
  return { chunks: read(), failure: () => failure };
}

type Upload = { readonly contentType: string; readonly sizeBytes: number; readonly open: () => StreamedBody };

/**
 * One part named `file` (jira.md 2.4). The length is sent, since Jira's edge may not take chunked uploads (jira.md 5). Throws
 * a plain Error when the spooled file is not what was spooled: that is this machine's fault, not the service's.
 */
async function makeUpload(input: { readonly file: SpooledFile; readonly name: string }): Promise<Upload> {
  const { size } = await stat(input.file.path);
  if (size !== input.file.sizeBytes) throw new Error("a spooled file has changed its size");
  const boundary = `casebridge-${randomUUID()}`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${toFileName(input.name)}"\r\n` +
      `Content-Type: ${mimeTypeFor(input.name)}\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield head;
    // One buffer for the whole file: a stream would leave a new one behind for every 64 KiB.
    const buffer = Buffer.allocUnsafe(chunkBytes);
    const handle = await open(input.file.path);
    try {
      let leftBytes = size;
      while (leftBytes > 0) {
        const { bytesRead } = await handle.read(buffer, 0, Math.min(chunkBytes, leftBytes));
        if (bytesRead === 0) throw new Error("a spooled file has changed its size");
        leftBytes -= bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
    yield tail;
  }
  const sizeBytes = head.length + size + tail.length;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    sizeBytes,
    open: () => ({ sizeBytes, chunks: chunks() }),
  };
}

/** Raw UTF-8 as browsers send it; RFC 2231 names failed on Jira (jira.md 4). */
function toFileName(name: string): string {
  return name.toWellFormed().replaceAll('"', "%22").replaceAll("\n", "%0A").replaceAll("\r", "%0D");
}
