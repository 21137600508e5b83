/**
 * The release before this one, out of the history: the newest tag, else what stood before the newest migration, so that the schemas differ.
 * `CASEBRIDGE_TEST_PREVIOUS` names another one: a checkout with its own dependencies installed.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { MIGRATIONS_DIR, readMigrations } from "../../src/store/database/migrations-folder.ts";

/** The older checkout. `program`: what starts it. */
export type PreviousRelease = { readonly revision: string; readonly program: string; remove(): Promise<void> };

function git(...args: readonly string[]): string | null {
  const { status, stdout } = spawnSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return status === 0 && stdout.trim() !== "" ? stdout.trim() : null;
}

async function findRevision(): Promise<string | null> {
  const tag = git("describe", "--tags", "--abbrev=0", "HEAD^");
  if (tag !== null) return tag;
  const { migrations } = await readMigrations(MIGRATIONS_DIR);
  const added = git("log", "--diff-filter=A", "--format=%H", "--", join(MIGRATIONS_DIR, migrations.at(-1)?.name ?? ""));
  return added === null ? null : git("rev-parse", `${added.split("\n").at(-1)}^`);
}

/** Unpacks it beside this one's dependencies; `null` where the history does not reach that far. */
export async function unpackPreviousRelease(): Promise<PreviousRelease | null> {
  const installed = process.env.CASEBRIDGE_TEST_PREVIOUS ?? "";
  if (installed !== "")
    return { revision: installed, program: join(installed, "src/bin/casebridge.mjs"), remove: async () => {} };
  const revision = await findRevision();
  if (revision === null) return null;
  const folder = await mkdtemp(join(tmpdir(), "casebridge-previous-"));
  const archive = execFileSync(
    "git",
    ["archive", revision, "src", "jobs", "prisma", "scripts", "simulators", "package.json"],
    {
      maxBuffer: 256 * 1024 ** 2,
    },
  );
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  execFileSync(resolve("node_modules/.bin/node"), ["scripts/prisma-generate.mjs"], { cwd: folder, stdio: "ignore" });
  return {
    revision,
    program: join(folder, "src/bin/casebridge.mjs"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
