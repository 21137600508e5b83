/**
 * A multipart/form-data reader with constant memory: file parts go to a sink as they arrive, fields are kept as text.
 * The trap is a boundary split over two chunks; so the tail of each chunk that could begin one is held back.
 */

import { RefusedRequest } from "./errors.ts";
import type { ByteSink } from "./files.ts";

/** What a multipart body held. `file` is null when no part of the wanted name came. */
export interface MultipartForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: { readonly sink: ByteSink; readonly fileName: string } | null;
}

const HEADER_BYTES_MAX = 16 * 1024;
const FIELD_BYTES_MAX = 64 * 1024;

/**
 * Reads a whole multipart body.
 * @param filePart name of the part that goes to the sink; every other part is a text field.
 * @throws RefusedRequest when the body is not well formed; whatever the chunks throw. The sink is discarded then.
 */
export async function readMultipart(
  chunks: AsyncIterable<Buffer>,
  contentType: string,
  options: { readonly filePart: string; readonly openSink: () => ByteSink },
): Promise<MultipartForm> {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  if (boundary === null) throw new RefusedRequest("multipart body without boundary");
  const parser = makeParser(Buffer.from(`\r\n--${boundary[1] ?? boundary[2]}`), options);
  try {
    for await (const chunk of chunks) parser.push(chunk);
    return parser.end();
  } catch (error) {
    parser.discard();
    throw error;
  }
}

interface Part {
  readonly name: string;
  readonly sink: ByteSink | null;
  readonly pieces: Buffer[];
  sizeBytes: number;
}

function makeParser(
  delimiter: Buffer,
  options: { readonly filePart: string; readonly openSink: () => ByteSink },
): { push(chunk: Buffer): void; end(): MultipartForm; discard(): void } {
  const fields: Record<string, string> = {};
  let file: { sink: ByteSink; fileName: string } | null = null;
  let part: Part | null = null;
  let phase: "body" | "delimiter" | "headers" | "done" = "body";
  // The first delimiter has no line break before it; a made-up one lets one rule find them all.
  let held: Buffer = Buffer.from("\r\n");

  function take(bytes: Buffer): void {
    if (part === null || bytes.length === 0) return;
    part.sizeBytes += bytes.length;
    if (part.sink !== null) {
      part.sink.write(bytes);
      return;
    }
    if (part.sizeBytes > FIELD_BYTES_MAX) throw new RefusedRequest(`multipart field ${part.name} is too long`);
    part.pieces.push(Buffer.from(bytes));
  }

  function finishPart(): void {
    if (part !== null && part.sink === null) {
      if (part.name in fields) throw new RefusedRequest(`multipart field ${part.name} came twice`);
      fields[part.name] = Buffer.concat(part.pieces).toString("utf8");
    }
    part = null;
  }

  function startPart(head: string): void {
    const disposition = /^content-disposition:\s*form-data;(.*)$/im.exec(head)?.[1] ?? "";
    const name = /(?:^|[;\s])name="([^"]*)"/i.exec(disposition)?.[1];
    if (name === undefined) throw new RefusedRequest("multipart part without name");
    if (name !== options.filePart) {
      part = { name, sink: null, pieces: [], sizeBytes: 0 };
      return;
    }
    if (file !== null) throw new RefusedRequest(`multipart part ${name} came twice`);
    file = { sink: options.openSink(), fileName: /filename="([^"]*)"/i.exec(disposition)?.[1] ?? "" };
    part = { name, sink: file.sink, pieces: [], sizeBytes: 0 };
  }

  /** One step; false when more bytes are needed. */
  function step(): boolean {
    if (phase === "body") {
      const at = held.indexOf(delimiter);
      if (at === -1) {
        const keep = Math.min(held.length, delimiter.length - 1);
        take(held.subarray(0, held.length - keep));
        held = held.subarray(held.length - keep);
        return false;
      }
      take(held.subarray(0, at));
      finishPart();
      held = held.subarray(at + delimiter.length);
      phase = "delimiter";
      return true;
    }
    if (phase === "delimiter") {
      if (held.length < 2) return false;
      const mark = held.subarray(0, 2).toString("latin1");
      if (mark !== "--" && mark !== "\r\n") throw new RefusedRequest("multipart delimiter is not well formed");
      held = held.subarray(2);
      phase = mark === "--" ? "done" : "headers";
      return phase === "headers";
    }
    if (phase === "headers") {
      const at = held.indexOf("\r\n\r\n");
      if (at === -1) {
        if (held.length > HEADER_BYTES_MAX) throw new RefusedRequest("multipart part headers are too long");
        return false;
      }
      startPart(held.subarray(0, at).toString("utf8"));
      held = held.subarray(at + 4);
      phase = "body";
      return true;
    }
    held = Buffer.alloc(0);
    return false;
  }

  return {
    push(chunk) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      while (step());
    },
    end() {
      if (phase !== "done") throw new RefusedRequest("multipart body ended early");
      return { fields, file };
    },
    discard() {
      file?.sink.discard();
    },
  };
}
