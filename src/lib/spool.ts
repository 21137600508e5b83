/**
 * Files on their way wait on disk, mode 0600, in a folder of this process under the data folder, so that their size costs no memory.
 * What an earlier process left behind is cleared at start. All files of a process together are capped: what does not fit waits, so
 * that a burst of large files cannot fill the disk that the database may lie on.
 */
import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Thrown when a source turns out larger than allowed; nothing of it is kept. */
export class FileTooLarge extends Error {
  constructor(sizeMaxBytes: number) {
    super(`the file is larger than ${sizeMaxBytes} bytes`);
    this.name = "FileTooLarge";
  }
}

/** Thrown when there is no room for a file beside the others, or on the disk. It passes: try the same file again later. */
export class SpoolFull extends Error {
  constructor() {
    super("the spool has no room for the file now");
    this.name = "SpoolFull";
  }
}

/** Bytes that the files of one process may hold together. A single larger file passes while it is alone. */
const totalMaxDefaultBytes = 512 * 1024 * 1024;

/** One spooled file: where it lies, how large it is, and the hex SHA-256 of its bytes. */
export type SpoolEntry = { readonly path: string; readonly sizeBytes: number; readonly sha256: string };

/** The spool of one process. `close` removes its folder with everything in it. */
export type SpoolFolder = {
  /** Throws `FileTooLarge`, `SpoolFull`, and what the source throws; nothing of the file is kept then. */
  store(source: AsyncIterable<Uint8Array>, sizeMaxBytes: number): Promise<SpoolEntry>;
  storeText(text: string): Promise<SpoolEntry>;
  remove(entry: SpoolEntry): Promise<void>;
  close(): Promise<void>;
};

/**
 * Makes the spool of this process under `dataDir/spool` and clears those of processes that no longer run. Throws when the folder
 * cannot be written.
 */
export async function makeSpool(dataDir: string, totalMaxBytes = totalMaxDefaultBytes): Promise<SpoolFolder> {
  const root = join(dataDir, "spool");
  await mkdir(root, { recursive: true, mode: 0o700 });
  await clearDead(root);
  const folder = join(root, `${process.pid}-${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });
  /** Bytes by path, also of files that are still coming in. */
  const sizes = new Map<string, number>();
  let totalBytes = 0;

  function grow(path: string, bytes: number): void {
    totalBytes += bytes;
    sizes.set(path, (sizes.get(path) ?? 0) + bytes);
  }
  async function drop(path: string): Promise<void> {
    await rm(path, { force: true });
    totalBytes -= sizes.get(path) ?? 0;
    sizes.delete(path);
  }

  async function store(source: AsyncIterable<Uint8Array>, sizeMaxBytes: number): Promise<SpoolEntry> {
    const path = join(folder, randomUUID());
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, callback) {
        sizeBytes += chunk.length;
        if (sizeBytes > sizeMaxBytes) {
          callback(new FileTooLarge(sizeMaxBytes));
          return;
        }
        if (totalBytes + chunk.length > totalMaxBytes && totalBytes > (sizes.get(path) ?? 0)) {
          callback(new SpoolFull());
          return;
        }
        grow(path, chunk.length);
        hash.update(chunk);
        callback(null, chunk);
      },
    });
    try {
      await pipeline(source, meter, createWriteStream(path, { mode: 0o600 }));
    } catch (error) {
      await drop(path);
      throw (error as NodeJS.ErrnoException).code === "ENOSPC" ? new SpoolFull() : error;
    }
    return { path, sizeBytes, sha256: hash.digest("hex") };
  }

  return {
    store,
    storeText: (text) =>
      store(
        (async function* () {
          yield Buffer.from(text, "utf8");
        })(),
        Number.POSITIVE_INFINITY,
      ),
    remove: (entry) => drop(entry.path),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A spool in the system's temporary folder, made when the first file comes; for commands that leave the data folder alone. */
export function makeTemporarySpool(): SpoolFolder {
  let opened: Promise<{ folder: string; spool: SpoolFolder }> | null = null;
  const open = async (): Promise<SpoolFolder> => {
    opened ??= mkdtemp(join(tmpdir(), "casebridge-")).then(async (folder) => ({
      folder,
      spool: await makeSpool(folder),
    }));
    return (await opened).spool;
  };
  return {
    store: async (source, sizeMaxBytes) => (await open()).store(source, sizeMaxBytes),
    storeText: async (text) => (await open()).storeText(text),
    remove: async (entry) => (await open()).remove(entry),
    async close() {
      if (opened !== null) await rm((await opened).folder, { recursive: true, force: true });
    },
  };
}

async function clearDead(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = Number(name.split("-")[0]);
    if (!isAlive(pid)) await rm(join(root, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
