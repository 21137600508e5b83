/** The lock under which a cluster is made and its server started: an SQLite file, whose lock the kernel drops when its holder dies. */
import { chmod, lstat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "./context.ts";
import { EmbeddedPostgresError } from "./error.ts";

/** Runs `work` under the kernel's lock on `<place>/lock`. */
export async function withStartLock<T>(context: Context, deadline: number, work: () => Promise<T>): Promise<T> {
  const file = join(context.place.dir, "lock");
  await keepToOneself(file);
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    for (;;) {
      try {
        lock.exec("BEGIN EXCLUSIVE");
        break;
      } catch (error) {
        const locked = error instanceof Error && "errcode" in error && error.errcode === 5;
        if (!locked) {
          throw new EmbeddedPostgresError("start_failed", `Cannot lock ${file}`, { cause: error });
        }
        if (Date.now() > deadline) {
          throw new EmbeddedPostgresError(
            "start_failed",
            `Another process has been starting the database of ${file} for too long`,
          );
        }
        await sleep(20);
      }
    }
    return await work();
  } finally {
    lock.close();
  }
}

/**
 * Whoever may read the lock's file may hold the lock for ever. So it is ours alone, and somebody else's is refused. It is never opened
 * here: closing it again would drop the lock that this process may hold (https://sqlite.org/howtocorrupt.html, 2.2).
 */
async function keepToOneself(file: string): Promise<void> {
  await writeFile(file, "", { mode: 0o600, flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const { uid, mode } = await lstat(file);
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw new EmbeddedPostgresError(
      "owner",
      `The lock of the embedded database, ${file}, belongs to user number ${uid}. Look who put it there, remove it, and start again.`,
    );
  }
  if ((mode & 0o077) !== 0) await chmod(file, 0o600);
}
