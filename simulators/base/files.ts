/**
 * Bytes of attachments and accessories. They live in temporary files, or are generated on the fly, so that a 100 MB file costs the
 * process nothing and a test of one measures the client; only name, size and SHA-256 are kept in memory.
 */
import { createHash } from "node:crypto";
import { closeSync, createReadStream, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { makeRandom } from "./random.ts";

const BLOCK_BYTES = 64 * 1024;

/** Where the bytes of one file are. */
export interface StoredBytes {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly source:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "generated"; readonly seed: string };
}

/** A file to make: one of `base64`, `text`, `sizeBytes` (made-up bytes, the same for the same name and size; nothing is written to disk). */
export interface DescribedFile {
  readonly name: string;
  readonly base64?: string;
  readonly text?: string;
  readonly sizeBytes?: number;
}

/** Takes bytes piece by piece. Ends with one `finish`, or with `discard`, which removes what was written and does nothing after `finish`. */
export interface ByteSink {
  readonly sizeBytes: number;
  write(chunk: Uint8Array): void;
  finish(): StoredBytes;
  discard(): void;
}

/** The temporary folder of one simulator. */
export interface FileStore {
  /** Opens a new temporary file for writing. */
  openSink(): ByteSink;
  /** Makes a file that somebody describes. */
  make(file: DescribedFile): StoredBytes;
  /** Streams `length` bytes from `start`. */
  read(stored: StoredBytes, start: number, length: number): Readable;
  /** Removes the file from disk; harmless when it is gone. */
  remove(stored: StoredBytes): void;
  /** Removes every file; the store can be used again. */
  clear(): void;
  /** Removes the folder; the store must not be used after. */
  close(): void;
}

/** Makes a file store with its own folder under the system's temporary folder. */
export function makeFileStore(): FileStore {
  const folder = mkdtempSync(join(tmpdir(), "casebridge-simulator-"));
  let sequence = 0;

  function openSink(): ByteSink {
    sequence += 1;
    const path = join(folder, String(sequence));
    const descriptor = openSync(path, "w");
    const hash = createHash("sha256");
    let sizeBytes = 0;
    let open = true;
    return {
      get sizeBytes() {
        return sizeBytes;
      },
      write(chunk) {
        writeSync(descriptor, chunk);
        hash.update(chunk);
        sizeBytes += chunk.byteLength;
      },
      finish() {
        closeSync(descriptor);
        open = false;
        return { sizeBytes, sha256: hash.digest("hex"), source: { kind: "file", path } };
      },
      discard() {
        if (!open) return;
        open = false;
        closeSync(descriptor);
        rmSync(path, { force: true });
      },
    };
  }

  return {
    openSink,
    make({ name, base64, text = "", sizeBytes }) {
      if (sizeBytes !== undefined) return generate(sizeBytes, `${name}/${sizeBytes}`);
      const sink = openSink();
      sink.write(base64 === undefined ? Buffer.from(text, "utf8") : Buffer.from(base64, "base64"));
      return sink.finish();
    },
    read(stored, start, length) {
      if (length === 0) return Readable.from([]);
      if (stored.source.kind === "file")
        return createReadStream(stored.source.path, { start, end: start + length - 1 });
      return Readable.from(cut(generatedBlocks(start + length, stored.source.seed), start), { objectMode: false });
    },
    remove(stored) {
      if (stored.source.kind === "file") rmSync(stored.source.path, { force: true });
    },
    clear() {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
    },
    close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function generate(sizeBytes: number, seed: string): StoredBytes {
  const hash = createHash("sha256");
  for (const block of generatedBlocks(sizeBytes, seed)) hash.update(block);
  return { sizeBytes, sha256: hash.digest("hex"), source: { kind: "generated", seed } };
}

/** Blocks differ by a counter in their first bytes, so that a swapped or repeated block changes the hash. */
function* generatedBlocks(sizeBytes: number, seed: string): Generator<Buffer> {
  const random = makeRandom(createHash("sha256").update(seed).digest().readUInt32BE(0));
  const pattern = Buffer.alloc(BLOCK_BYTES);
  for (let index = 0; index < BLOCK_BYTES; index += 4) {
    pattern.writeUInt32LE(Math.floor(random.next() * 0x1_0000_0000), index);
  }
  let left = sizeBytes;
  for (let counter = 0; left > 0; counter += 1) {
    const block = Buffer.from(pattern);
    block.writeUInt32LE(counter, 0);
    yield left < BLOCK_BYTES ? block.subarray(0, left) : block;
    left -= BLOCK_BYTES;
  }
}

/** The bytes after the first `start`. */
function* cut(blocks: Iterable<Buffer>, start: number): Generator<Buffer> {
  let before = start;
  for (const block of blocks) {
    const skipped = Math.min(before, block.byteLength);
    before -= skipped;
    if (skipped < block.byteLength) yield block.subarray(skipped);
  }
}
