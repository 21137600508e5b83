/** The body of an upload, produced from disk while it is sent: its length is known beforehand, its size costs no memory. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { StreamedBody } from "../lib/http.ts";
import type { SpooledFile } from "../sync/ports.ts";

/** A multipart body; `open` gives a fresh reading for each attempt. */
export type MultipartBody = {
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly open: () => StreamedBody;
};

/**
 * Parts `file` and `form_data` of an upload (NOTES 8). Throws a plain Error when the spooled file is not what was spooled:
 * that is this machine's fault, not the service's.
 */
export async function makeUploadBody(input: {
  readonly file: SpooledFile;
  readonly name: string;
  readonly formData: object;
  readonly boundary: string;
}): Promise<MultipartBody> {
  const { size } = await stat(input.file.path);
  if (size !== input.file.sizeBytes) throw new Error("a spooled file has changed its size");
  const open = `--${input.boundary}\r\nContent-Disposition: form-data; name=`;
  const head = Buffer.from(
    `${open}"file"; filename="${toFileName(input.name)}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const tail = Buffer.from(
    `\r\n${open}"form_data"\r\n\r\n${JSON.stringify(input.formData)}\r\n--${input.boundary}--\r\n`,
  );
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield head;
    if (size > 0) {
      let readBytes = 0;
      for await (const chunk of createReadStream(input.file.path, { end: size - 1 })) {
        readBytes += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
      if (readBytes !== size) throw new Error("a spooled file has changed its size");
    }
    yield tail;
  }
  const sizeBytes = head.length + size + tail.length;
  return {
    contentType: `multipart/form-data; boundary=${input.boundary}`,
    sizeBytes,
    open: () => ({ sizeBytes, chunks: chunks() }),
  };
}

/** Raw UTF-8 with the three characters escaped that would end the header field, as browsers do. */
function toFileName(name: string): string {
  return name.toWellFormed().replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
