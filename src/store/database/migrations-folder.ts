import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** `prisma/migrations` of this checkout or installation (absolute path). */
export const MIGRATIONS_DIR = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

/** One migration as it lies on disk; `checksum` is Prisma's: sha-256 of the script in hexadecimal. */
export type Migration = { readonly name: string; readonly sql: string; readonly checksum: string };

/** All migrations of a folder in the order in which they apply; `lockfile` is the text of migration_lock.toml, or null. */
export type MigrationFolder = {
  readonly dir: string;
  readonly lockfile: string | null;
  readonly migrations: readonly Migration[];
};

/**
 * Reads a folder of ordinary Prisma migrations, sorted by name. A folder that does not exist has no migrations. Throws when a
 * migration's folder has no migration.sql.
 */
export async function readMigrations(dir: string): Promise<MigrationFolder> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const migrations: Migration[] = [];
  for (const name of names.sort()) {
    const sql = await readFile(join(dir, name, "migration.sql"), "utf8");
    migrations.push({ name, sql, checksum: createHash("sha256").update(sql).digest("hex") });
  }
  const lockfile = entries.some((entry) => entry.name === "migration_lock.toml")
    ? await readFile(join(dir, "migration_lock.toml"), "utf8")
    : null;
  return { dir, lockfile, migrations };
}
