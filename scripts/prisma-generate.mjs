// Generates the Prisma client into src/store/generated/ (git-ignored) without any network. `npm ci` runs it as `postinstall`.
//
// Plain JavaScript on purpose: npm puts node_modules/.bin (Node 24) first on PATH, but where install scripts of packages
// are held back the system's Node runs this file, and Node 20 cannot run TypeScript.
//
// `prisma generate` insists on a schema engine binary, which it would download. It never runs the binary to generate, so
// PRISMA_SCHEMA_ENGINE_BINARY may name any existing file; this one is at hand.
import { spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const thisFile = fileURLToPath(import.meta.url);
const root = join(dirname(thisFile), "..");
const generated = join(root, "src", "store", "generated");
const previous = `${generated}.previous`;

const cli = createRequire(import.meta.url).resolve("prisma/build/index.js");

// Prisma refuses to write where an older client lies in an unknown shape, and leaves files of deleted models behind.
rmSync(previous, { recursive: true, force: true });
if (existsSync(generated)) renameSync(generated, previous);

const result = spawnSync(process.execPath, [cli, "generate", "--no-hints"], {
  cwd: root,
  encoding: "utf8",
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY || thisFile,
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
    CHECKPOINT_DISABLE: "1",
  },
});

if (result.status === 0 && existsSync(join(generated, "client.ts"))) {
  rmSync(previous, { recursive: true, force: true });
} else {
  rmSync(generated, { recursive: true, force: true });
  if (existsSync(previous)) renameSync(previous, generated);
  console.error(`prisma generate failed (status ${result.status}).\n${result.stdout ?? ""}${result.stderr ?? ""}`);
  if (result.error) console.error(result.error.message);
  process.exitCode = 1;
}
