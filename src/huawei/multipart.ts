/** The body of an upload, produced from disk while it is sent: its length is known beforehand, its size costs no memory. */
import { randomUUID } from "node:crypto";
import { open, stat } from "node:fs/promises";
import type { SpooledFile } from "../sync/ports.ts";
import type { Prepared } from "./transport.ts";

const readBytesMax = 64 * 1024;

/**
 * Parts of an upload (huawei.md 8): the file under `fileField`, then the text fields. Throws a plain Error when the spooled file is not what was spooled:
 * that is this machine's fault, not the service's.
 */
export async function makeUploadBody(input: {
  readonly file: SpooledFile;
  readonly fileField: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
}): Promise<Prepared> {
  const boundary = `casebridge-${randomUUID()}`;
  const { size } = await stat(input.file.path);
  if (size !== input.file.sizeBytes) throw new Error("a spooled file has changed its size");
  const opening = `--${boundary}\r\nContent-Disposition: form-data; name=`;
  const head = Buffer.from(
    `${opening}"${input.fileField}"; filename="${toFileName(input.name)}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const fields = Object.entries(input.fields).map(
    ([name, value]) => `\r\n${opening}"${name}"\r\n\r\n${value.toWellFormed()}`,
  );
  const tail = Buffer.from(`${fields.join("")}\r\n--${boundary}--\r\n`);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield head;
    if (size > 0) {
      yield* fileChunks(input.file.path, size);
    }
    yield tail;
  }
  const sizeBytes = head.length + size + tail.length;
  return {
    body: {
      kind: "stream",
      contentType: `multipart/form-data; boundary=${boundary}`,
      open: () => ({ sizeBytes, chunks: chunks() }),
    },
    transferBytes: sizeBytes,
  };
}

/** One buffer for the whole file: fresh ones would pile up faster than they are collected (61 MB for a file of 100 MB). */
async function* fileChunks(path: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const handle = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(sizeBytes, readBytesMax));
    for (let position = 0; position < sizeBytes; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, sizeBytes - position), position);
      if (bytesRead === 0) throw new Error("a spooled file has changed its size");
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** Raw UTF-8 with the three characters escaped that would end the header field, as browsers do. */
function toFileName(name: string): string {
  return name.toWellFormed().replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
