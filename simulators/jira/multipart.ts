import type { Readable } from "node:stream";
import type { FileStore, FileWriter, StoredFile } from "./files.ts";

/** One file part of an upload. */
export interface FilePart extends StoredFile {
  readonly fieldName: string;
  readonly name: string;
  readonly contentType: string | null;
}

/** An upload that breaks the rules of multipart/form-data. */
export class MultipartError extends Error {}

/** An upload with a file over the limit; the rest of the body has been read and thrown away. */
export class FileTooLargeError extends Error {}

interface PartHeaders {
  readonly fieldName: string;
  readonly name: string | null;
  readonly contentType: string | null;
}

function parseHeaders(block: string): PartHeaders {
  let fieldName: string | null = null;
  let name: string | null = null;
  let contentType: string | null = null;
  for (const line of block.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) throw new MultipartError("a part header without a colon");
    const key = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (key === "content-type") contentType = value;
    if (key !== "content-disposition") continue;
    if (!/^form-data\b/i.test(value)) throw new MultipartError("Content-Disposition must be form-data");
    // jira.md 2.4: names come as raw UTF-8 with %22, %0D and %0A for quote and line ends. jira.md 4: filename* failed.
    fieldName = /;\s*name="((?:[^"\\]|\\.)*)"/i.exec(value)?.[1] ?? null;
    const raw = /;\s*filename="((?:[^"\\]|\\.)*)"/i.exec(value)?.[1];
    if (raw !== undefined) {
      name = raw
        .replaceAll(/\\(["\\])/g, "$1")
        .replaceAll(/%22/g, '"')
        .replaceAll(/%0D/gi, "\r")
        .replaceAll(/%0A/gi, "\n");
    }
  }
  if (fieldName === null) throw new MultipartError("a part without a name");
  return { fieldName, name, contentType };
}

/**
 * Reads a multipart body to its end, files into the store, memory constant. Throws `MultipartError` for a broken body
 * (files written so far are removed) and `FileTooLargeError` when a file passes the limit.
 */
export async function readMultipart(
  body: Readable,
  boundary: string,
  options: { readonly store: FileStore; readonly limitBytes: number; readonly filesMax: number },
): Promise<FilePart[]> {
  const open = Buffer.from(`--${boundary}`);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const parts: FilePart[] = [];
  const machine: { phase: "preamble" | "after-delimiter" | "headers" | "body" | "end" } = { phase: "preamble" };
  let rest: Buffer = Buffer.alloc(0);
  let current: { headers: PartHeaders; writer: FileWriter } | null = null;
  let tooLarge = false;

  const discardAll = (): void => {
    current?.writer.discard();
    for (const part of parts) options.store.remove(part.path);
  };

  const writeBody = (chunk: Uint8Array): void => {
    if (current === null || tooLarge) return;
    if (current.writer.sizeBytes + chunk.length > options.limitBytes) tooLarge = true;
    else current.writer.write(chunk);
  };

  const finishPart = (): void => {
    if (current === null) return;
    const stored = current.writer.finish();
    const { fieldName, name, contentType } = current.headers;
    parts.push({ ...stored, fieldName, name: name ?? "", contentType });
    current = null;
    if (name === null) throw new MultipartError(`part "${fieldName}" is no file`);
    if (parts.length > options.filesMax) throw new MultipartError(`more than ${options.filesMax} files`);
  };

  /** Consumes what can be consumed of `rest`; answers whether to go on at once. */
  const step = (): boolean => {
    switch (machine.phase) {
      case "preamble": {
        const at = rest.indexOf(open);
        if (at < 0) return false;
        rest = rest.subarray(at + open.length);
        machine.phase = "after-delimiter";
        return true;
      }
      case "after-delimiter": {
        if (rest.length < 2) return false;
        const mark = rest.subarray(0, 2).toString("latin1");
        if (mark !== "--" && mark !== "\r\n") throw new MultipartError("garbage after a boundary");
        rest = rest.subarray(2);
        machine.phase = mark === "--" ? "end" : "headers";
        return true;
      }
      case "headers": {
        const at = rest.indexOf("\r\n\r\n");
        if (at < 0) {
          if (rest.length > 16_384) throw new MultipartError("part headers are too long");
          return false;
        }
        const headers = parseHeaders(rest.subarray(0, at).toString("utf8"));
        current = { headers, writer: options.store.openFile() };
        // The line end before an immediately following boundary belongs to the boundary, so keep one CRLF.
        rest = rest.subarray(at + 4);
        machine.phase = "body";
        return true;
      }
      case "body": {
        const at = rest.indexOf(delimiter);
        if (at < 0) {
          const keep = Math.min(rest.length, delimiter.length - 1);
          writeBody(rest.subarray(0, rest.length - keep));
          rest = rest.subarray(rest.length - keep);
          return false;
        }
        writeBody(rest.subarray(0, at));
        finishPart();
        rest = rest.subarray(at + delimiter.length);
        machine.phase = "after-delimiter";
        return true;
      }
      default:
        rest = Buffer.alloc(0);
        return false;
    }
  };

  try {
    for await (const chunk of body) {
      rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
      while (step());
    }
    if (machine.phase !== "end") throw new MultipartError("the body ends before the last boundary");
    if (tooLarge) throw new FileTooLargeError("a file is larger than the limit");
  } catch (error) {
    discardAll();
    body.resume();
    throw error;
  }
  return parts;
}
