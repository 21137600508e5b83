/**
 * A multipart/form-data reader with constant memory: file parts go to a sink as they arrive, fields are kept as text.
 * The trap is a boundary split over two chunks; so the tail of each chunk that could begin one waits for the next.
 */
import type { ByteSink } from "./files.ts";

/** A part without a file name. */
export interface FieldPart {
  readonly field: string;
  readonly text: string;
}

/** A part with a file name; its bytes are whole, and whoever reads the form owns the sink. */
export interface FilePart {
  readonly field: string;
  readonly fileName: string;
  readonly contentType: string | null;
  readonly sink: ByteSink;
}

/** What a multipart body held, in its order. `cutFiles`: whether a file passed the limit; its rest was thrown away. */
export interface MultipartForm {
  readonly fields: readonly FieldPart[];
  readonly files: readonly FilePart[];
  readonly cutFiles: boolean;
}

/** A body that breaks the rules of multipart/form-data. */
export class MultipartError extends Error {}

/** How a form is read. */
export interface MultipartOptions {
  readonly openSink: () => ByteSink;
  readonly fileBytesMax: number;
}

const HEADER_BYTES_MAX = 16 * 1024;
const FIELD_BYTES_MAX = 64 * 1024;

/** The boundary of a multipart/form-data content type; null for any other type. */
export function boundaryOf(contentType: string): string | null {
  const match = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

/** Reads a whole body. @throws MultipartError when it is not well formed; whatever the chunks throw. All sinks are discarded then. */
export async function readMultipart(
  chunks: AsyncIterable<Buffer>,
  boundary: string,
  options: MultipartOptions,
): Promise<MultipartForm> {
  const parser = makeParser(boundary, options);
  try {
    for await (const chunk of chunks) parser.push(chunk);
    return parser.end();
  } catch (error) {
    parser.discard();
    throw error;
  }
}

/** Discards what nobody stored. */
export function discardForm(form: MultipartForm | null): void {
  for (const { sink } of form?.files ?? []) sink.discard();
}

interface OpenPart {
  readonly field: string;
  readonly sink: ByteSink | null;
  readonly pieces: Buffer[];
  sizeBytes: number;
}

function makeParser(boundary: string, options: MultipartOptions) {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const fields: FieldPart[] = [];
  const files: FilePart[] = [];
  let cutFiles = false;
  let part: OpenPart | null = null;
  // The first delimiter has no line break before it; a made-up one lets one rule find them all.
  let rest: Buffer = Buffer.from("\r\n");

  function take(bytes: Buffer): void {
    if (part === null) return;
    part.sizeBytes += bytes.length;
    if (part.sink === null) {
      if (part.sizeBytes > FIELD_BYTES_MAX) throw new MultipartError(`multipart field ${part.field} is too long`);
      part.pieces.push(Buffer.from(bytes));
    } else if (part.sizeBytes > options.fileBytesMax) cutFiles = true;
    else part.sink.write(bytes);
  }

  function finishPart(): void {
    if (part !== null && part.sink === null)
      fields.push({ field: part.field, text: Buffer.concat(part.pieces).toString("utf8") });
    part = null;
  }

  function startPart(head: string): void {
    const { field, fileName, contentType } = readHead(head);
    const sink = fileName === null ? null : options.openSink();
    if (fileName !== null && sink !== null) files.push({ field, fileName, contentType, sink });
    part = { field, sink, pieces: [], sizeBytes: 0 };
  }

  /** One step of reading; `null` when it needs more bytes, else the step after it. */
  type Step = () => Step | null;
  const inBody: Step = () => {
    const at = rest.indexOf(delimiter);
    const end = at === -1 ? Math.max(0, rest.length - delimiter.length + 1) : at;
    take(rest.subarray(0, end));
    rest = rest.subarray(at === -1 ? end : at + delimiter.length);
    if (at === -1) return null;
    finishPart();
    return afterDelimiter;
  };
  const afterDelimiter: Step = () => {
    if (rest.length < 2) return null;
    const sign = rest.subarray(0, 2).toString("latin1");
    if (sign !== "--" && sign !== "\r\n") throw new MultipartError("multipart delimiter is not well formed");
    rest = rest.subarray(2);
    return sign === "--" ? atEnd : inHead;
  };
  const inHead: Step = () => {
    const at = rest.indexOf("\r\n\r\n");
    if (at === -1 && rest.length > HEADER_BYTES_MAX) throw new MultipartError("multipart part headers are too long");
    if (at === -1) return null;
    startPart(rest.subarray(0, at).toString("utf8"));
    rest = rest.subarray(at + 4);
    return inBody;
  };
  const atEnd: Step = () => {
    rest = Buffer.alloc(0);
    return null;
  };

  let step: Step = inBody;
  return {
    push(chunk: Buffer): void {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let next = step(); next !== null; next = step()) step = next;
    },
    end(): MultipartForm {
      if (step !== atEnd) throw new MultipartError("multipart body ended early");
      return { fields, files, cutFiles };
    },
    discard: () => discardForm({ fields, files, cutFiles }),
  };
}

/** Names come as raw UTF-8 with %22, %0D and %0A for quote and line ends (jira.md 2.4); `filename*` is not read (jira.md 4). */
function readHead(head: string) {
  const disposition = /^content-disposition:\s*form-data;(.*)$/im.exec(head)?.[1] ?? "";
  const field = /(?:^|[;\s])name="([^"]*)"/i.exec(disposition)?.[1];
  if (field === undefined) throw new MultipartError("multipart part without name");
  const fileName = /(?:^|[;\s])filename="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  return {
    field,
    fileName:
      fileName
        ?.replaceAll(/\\(["\\])/g, "$1")
        .replaceAll(/%22/g, '"')
        .replaceAll(/%0D/gi, "\r")
        .replaceAll(/%0A/gi, "\n") ?? null,
    contentType: /^content-type:\s*(.*)$/im.exec(head)?.[1]?.trim() ?? null,
  };
}
