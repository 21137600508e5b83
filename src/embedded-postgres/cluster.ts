/** The cluster's files: made once, whole or not at all. */
import { randomBytes } from "node:crypto";
import { chown, mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Context, readIfThere, SUPERUSER } from "./context.ts";
import { EmbeddedPostgresError } from "./error.ts";
import { runProgram } from "./place.ts";

/** The major version that the installed binaries have; a cluster of another one is refused. */
const MAJOR_VERSION = "18";

/** Makes the cluster where there is none, and reads its password. Under the start lock. Throws `EmbeddedPostgresError`. */
export async function ensureCluster(context: Context): Promise<void> {
  const { place, clusterDir, dataDir } = context;
  for (const name of await readdir(place.dir)) {
    // Whoever made it is dead, since the lock is ours; an initdb that outlived it may still write, so failing here is no error.
    if (name.startsWith("cluster.new-")) {
      await rm(join(place.dir, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }).catch(() => {});
    }
  }
  if ((await stat(clusterDir).catch(() => null)) === null) await makeCluster(context);

  const version = (await readIfThere(join(dataDir, "PG_VERSION")))?.trim() ?? "unknown";
  if (version !== MAJOR_VERSION) {
    throw new EmbeddedPostgresError(
      "version",
      `The embedded database in ${clusterDir} was made by PostgreSQL ${version}; this casebridge ships ${MAJOR_VERSION}. With the ` +
        "casebridge that made it run `casebridge export > mapping.jsonl`, move the folder away, then `casebridge import mapping.jsonl` here.",
    );
  }
  const password = await readIfThere(join(clusterDir, "password"));
  if (password === null) {
    throw new EmbeddedPostgresError(
      "start_failed",
      `${join(clusterDir, "password")} is missing; restore it or move ${clusterDir} away`,
    );
  }
  context.password = password.trim();
}

async function makeCluster(context: Context): Promise<void> {
  const { place } = context;
  const draft = join(place.dir, `cluster.new-${randomBytes(6).toString("hex")}`);
  const passwordFile = join(draft, "password");
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, `${randomBytes(24).toString("hex")}\n`, { mode: 0o600, flush: true });
  if (place.user !== null) {
    await chown(draft, place.user.uid, place.user.gid);
    await chown(passwordFile, place.user.uid, place.user.gid);
  }
  const result = await runProgram(
    place.programs.initdb,
    [
      `--pgdata=${join(draft, "data")}`,
      `--username=${SUPERUSER}`,
      "--auth=scram-sha-256",
      `--pwfile=${passwordFile}`,
      "--encoding=UTF8",
      // PostgreSQL's own C.UTF-8: the same order on every platform and C library.
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      ...(context.fast ? ["--no-sync"] : []),
    ],
    { cwd: draft, user: place.user },
  );
  if (result.status !== 0) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    throw new EmbeddedPostgresError("start_failed", `initdb failed in ${place.dir}:\n${result.output.slice(-2_000)}`);
  }
  await rename(draft, context.clusterDir);
  if (!context.fast) await syncFolder(place.dir);
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  await handle.sync().catch(() => {});
  await handle.close();
}
