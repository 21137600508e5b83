// Generates the Prisma client into src/store/generated/ (git-ignored) without any network. `npm ci` runs it as `prepare`,
// which an install of the package from elsewhere leaves out: that brings the client along.
//
// Plain JavaScript on purpose: npm puts node_modules/.bin (Node 24) first on PATH, but where that package is left out the system's Node
// runs this file, and Node 20 cannot run TypeScript.
//
// The Prisma CLI is a development package, under a name of its own: as `prisma` it would be an optional peer of the client, and no
// production install could leave it out. `npm ci --omit=dev` finds none here: then everything that the lock names is installed into a
// temporary folder, under the lock's hashes, used once, and removed. `npm ci`, then `npm prune --omit=dev` comes to the same and is quicker.
//
// `prisma generate` insists on a schema engine binary, which it would download. It never runs the binary to generate, so
// PRISMA_SCHEMA_ENGINE_BINARY may name any existing file; this one is at hand.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const thisFile = fileURLToPath(import.meta.url);
const root = join(dirname(thisFile), "..");
const generated = join(root, "src", "store", "generated");
const previous = `${generated}.previous`;

const cli = findCli();
if (cli !== null) generate(cli);
else if (!existsSync(join(generated, "client.ts"))) generateFromElsewhere();

/** Under the name that package.json gives it, or under its own where somebody installed it so; `null` where it is left out. */
function findCli() {
  const { resolve } = createRequire(import.meta.url);
  for (const name of ["prisma-cli", "prisma"]) {
    try {
      return resolve(`${name}/build/index.js`);
    } catch {
      // It is not installed under this name.
    }
  }
  return null;
}

function generateFromElsewhere() {
  const folder = mkdtempSync(join(tmpdir(), "casebridge-prisma-"));
  try {
    for (const name of ["package.json", "package-lock.json", ".npmrc"])
      copyFileSync(join(root, name), join(folder, name));
    // npm tells its scripts how it was called, and a npm that they start would heed it.
    const { npm_config_local_prefix: _prefix, ...env } = process.env;
    const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...env,
        NODE_ENV: "development",
        npm_config_omit: "",
        npm_config_global: "false",
        npm_config_loglevel: "error",
      },
    });
    if (status === 0) generate(join(folder, "node_modules", "prisma-cli", "build", "index.js"));
    else {
      console.error("What generates the Prisma client could not be installed. Run npm ci, then npm prune --omit=dev.");
      process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function generate(program) {
  // Prisma refuses to write where an older client lies in an unknown shape, and leaves files of deleted models behind.
  rmSync(previous, { recursive: true, force: true });
  if (existsSync(generated)) renameSync(generated, previous);

  const result = spawnSync(process.execPath, [program, "generate", "--no-hints"], {
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
    unpackCompiler();
    rmSync(previous, { recursive: true, force: true });
  } else {
    rmSync(generated, { recursive: true, force: true });
    if (existsSync(previous)) renameSync(previous, generated);
    console.error(`prisma generate failed (status ${result.status}).\n${result.stdout ?? ""}${result.stderr ?? ""}`);
    if (result.error) console.error(result.error.message);
    process.exitCode = 1;
  }
}

/**
 * The client holds its query compiler as a text of several MB, which stays in the heap twice: as the source of a module and as its
 * constant. A file of bytes is read once and let go.
 */
function unpackCompiler() {
  const place = join(generated, "internal", "class.ts");
  const source = readFileSync(place, "utf8");
  const packed =
    /const \{ wasm \} = await import\("(@prisma\/client\/runtime\/[\w.-]+\.wasm-base64)\.mjs"\)\s+return await decodeBase64AsWasm\(wasm\)/;
  const [text, name] = packed.exec(source) ?? [];
  if (text === undefined || name === undefined) {
    console.error(
      "The Prisma client keeps its query compiler elsewhere now; see unpackCompiler in scripts/prisma-generate.mjs.",
    );
    process.exitCode = 1;
    return;
  }
  const { wasm } = createRequire(import.meta.url)(`${name}.js`);
  writeFileSync(join(generated, "internal", "query-compiler.wasm"), Buffer.from(wasm, "base64"));
  const unpacked =
    'const { readFileSync } = await import("node:fs")\n' +
    '    return new WebAssembly.Module(readFileSync(new URL("./query-compiler.wasm", import.meta.url)))';
  writeFileSync(
    place,
    source.replace(text, () => unpacked),
  );
}
