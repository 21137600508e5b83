// Attachment bytes. They go from the socket to a temporary file and back without ever being whole in memory, so that
// a test with 100 MB measures the client and not this stand-in.

import { createHash, type Hash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Bytes that arrived. */
export interface StoredFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Receives the bytes of one file. */
export interface FileWriter {
  write(chunk: Uint8Array): void;
  readonly sizeBytes: number;
  finish(): StoredFile;
  discard(): void;
}

/** The folder of one running stand-in. */
export type FileStore = ReturnType<typeof makeFileStore>;

/** Makes the folder. `close` removes it with everything in it. */
export function makeFileStore() {
  const folder = mkdtempSync(join(tmpdir(), "jira-simulator-"));
  let counter = 0;

  function openFile(): FileWriter {
    counter += 1;
    const path = join(folder, String(counter));
    const descriptor = openSync(path, "w");
    const hash: Hash = createHash("sha256");
    let sizeBytes = 0;
    return {
      get sizeBytes() {
        return sizeBytes;
      },
      // Written synchronously: the socket then waits by itself, and no queue can grow.
      write(chunk) {
        writeSync(descriptor, chunk);
        hash.update(chunk);
        sizeBytes += chunk.length;
      },
      finish() {
        closeSync(descriptor);
        return { path, sizeBytes, sha256: hash.digest("hex") };
      },
      discard() {
        closeSync(descriptor);
        rmSync(path, { force: true });
      },
    };
  }

  return {
    openFile,
    remove: (path: string): void => rmSync(path, { force: true }),
    close: (): void => rmSync(folder, { recursive: true, force: true }),
  };
}

const MIME_TYPES: Readonly<Record<string, string>> = {
  txt: "text/plain",
  log: "text/plain",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  pdf: "application/pdf",
  zip: "application/zip",
  json: "application/json",
  html: "text/html",
  csv: "text/csv",
};

/** Type by the end of the name, else what the client said, else octets. */
export function toMimeType(name: string, told: string | null): string {
  if (told !== null && told !== "" && told !== "application/octet-stream") return told;
  return MIME_TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}
