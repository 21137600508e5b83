/**
 * Files on their way wait on disk, mode 0600, in a folder of this process under the data folder, so that their size costs no memory.
 * What an earlier process left behind is cleared at start. All files of a process together are capped: what does not fit waits, so
 * that a burst of large files cannot fill the disk that the database may lie on.
 *
 * Nothing that a spool did not make is ever deleted (rule 10): a folder is told by the mark in it, a file by its name. Other replicas
 * may share the data folder, in other containers or on other machines, where a process id says nothing. So a folder is cleared when its
 * process is gone from the very place where we run, or when nobody has touched its mark for long.
 */
import { createHash, randomUUID } from "node:crypto";
import { createWriteStream, readFileSync, readlinkSync } from "node:fs";
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, rmdir, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
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

const markName = ".casebridge-spool";
const folderPattern = /^\d+-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const filePattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** How often a process touches its mark, and after how long without it the process counts as gone, wherever it ran. */
const touchEveryMs = 60_000;
const goneAfterMs = 15 * 60_000;

/** One spooled file: where it lies, how large it is, and the hex SHA-256 of its bytes. */
export type SpoolEntry = { readonly path: string; readonly sizeBytes: number; readonly sha256: string };

/** The spool of one process. `close` removes its files, and its folder unless somebody else put something there. */
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
  const folder = join(root, `${process.pid}-${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });
  const mark = join(folder, markName);
  await writeFile(mark, describePlace(), { mode: 0o600, flag: "wx" });
  await clearDead(root, folder);
  const touching = setInterval(() => {
    const now = new Date();
    // A mark that cannot be touched makes the folder look abandoned at worst; what is missing then is fetched again.
    utimes(mark, now, now).catch(() => {});
  }, touchEveryMs);
  touching.unref();
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
    close: () => {
      clearInterval(touching);
      return clearFolder(folder);
    },
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

/** Clears the marked folders of processes that are gone. `own` has a fresh mark, so ages are told by the clock of the file system. */
async function clearDead(root: string, own: string): Promise<void> {
  const freshAt = (await lstat(join(own, markName))).mtimeMs;
  for (const name of await readdir(root)) {
    const folder = join(root, name);
    if (folder === own || !folderPattern.test(name)) continue;
    try {
      if (!(await lstat(folder)).isDirectory()) continue;
      const mark = join(folder, markName);
      const isHere = (await readFile(mark, "utf8")) === describePlace();
      const isOld = freshAt - (await lstat(mark)).mtimeMs > goneAfterMs;
      if (isOld || (isHere && !isAlive(Number.parseInt(name, 10)))) await clearFolder(folder);
    } catch (error) {
      // No mark, no right, or another replica was quicker: it is not ours to clear.
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }
}

/** Removes the files of a spool, then its mark, then the folder where nothing else is left. May be repeated. */
async function clearFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((entry) => filePattern.test(entry))) await rm(join(folder, name), { force: true });
  await rm(join(folder, markName), { force: true });
  await rmdir(folder).catch(() => {});
}

/** The place in which a process id means a process: this machine since it was started, and within it the container. */
function describePlace(): string {
  const read = (how: () => string): string => {
    try {
      return how().trim();
    } catch {
      return "";
    }
  };
  const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  const container = read(() => readlinkSync("/proc/self/ns/pid"));
  return `${hostname()} ${boot} ${container}`;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
