/**
 * Files on their way wait on disk, mode 0600, in a folder of this process under the data folder, so that their size costs no memory.
 * What an earlier process left behind is cleared at start.
 */
import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
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

/** One spooled file: where it lies, how large it is, and the hex SHA-256 of its bytes. */
export type SpoolEntry = { readonly path: string; readonly sizeBytes: number; readonly sha256: string };

/** The spool of one process. `close` removes its folder with everything in it. */
export type SpoolFolder = {
  store(source: AsyncIterable<Uint8Array>, sizeMaxBytes: number): Promise<SpoolEntry>;
  storeText(text: string): Promise<SpoolEntry>;
  remove(entry: SpoolEntry): Promise<void>;
  close(): Promise<void>;
};

/**
 * Makes the spool of this process under `dataDir/spool` and clears those of processes that no longer run. Throws when the folder
 * cannot be written.
 */
export async function makeSpool(dataDir: string): Promise<SpoolFolder> {
  const root = join(dataDir, "spool");
  await mkdir(root, { recursive: true, mode: 0o700 });
  await clearDead(root);
  const folder = join(root, `${process.pid}-${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });

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
        hash.update(chunk);
        callback(null, chunk);
      },
    });
    try {
      await pipeline(source, meter, createWriteStream(path, { mode: 0o600 }));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
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
    remove: (entry) => rm(entry.path, { force: true }),
    close: () => rm(folder, { recursive: true, force: true }),
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
