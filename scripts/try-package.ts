/**
 * `npm run package:try`: packs casebridge, installs the file into an empty folder as `npm i -g` does, and runs what people run first, by the
 * Node.js that npm brings along and by that of this machine. Ends with 1 and says which step failed. May be repeated.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Of our own: what Prisma generates its query compiler into is Prisma's. */
const sizeMaxBytes = 3_000_000;
const folder = mkdtempSync(join(tmpdir(), "casebridge-package-"));
const [empty, prefix] = [join(folder, "empty"), join(folder, "prefix")];
mkdirSync(empty);

/** Names of programs without those that this checkout puts in front. */
const path = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((place) => !place.includes("node_modules"))
  .join(delimiter);

/** How npm reaches its registry here; nothing else of this shell. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(?:HOME|npm_config_(?:registry|cache)|(?:https?|no)_proxy|NODE_EXTRA_CA_CERTS)$/i.test(name),
  ),
);

function run(
  step: string,
  program: string,
  args: readonly string[],
  more: { readonly exit?: number; readonly path?: string } = {},
) {
  const result = spawnSync(program, args, {
    cwd: empty,
    encoding: "utf8",
    timeout: 300_000,
    env: { ...env, PATH: more.path ?? path },
  });
  if (result.status !== (more.exit ?? 0)) {
    console.error(`${step}: ended with ${result.status ?? result.signal}\n${result.stdout}${result.stderr}`);
    process.exit(1);
  }
  console.log(`ok: ${step}`);
  return result.stdout;
}

type Packed = {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
};

try {
  const answer = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root, encoding: "utf8" });
  // What npm runs before it packs may write lines of its own.
  const [packed] = JSON.parse(answer.slice(answer.indexOf("[\n"))) as readonly [Packed];
  const strange = packed.files
    .map((file) => file.path)
    .filter((name) => /\.test\.|(?<!\.d)\.ts$|^(?:src|test|bench)\//.test(name));
  const foreignBytes = packed.files.reduce((sum, file) => sum + (file.path.endsWith(".wasm") ? file.size : 0), 0);
  const ownBytes = packed.unpackedSize - foreignBytes;
  if (strange.length > 0 || ownBytes > sizeMaxBytes) {
    console.error(
      `The package has ${ownBytes} bytes of its own of at most ${sizeMaxBytes}, and ${strange.join(", ") || "no strange file"}`,
    );
    process.exit(1);
  }
  console.log(`ok: ${packed.files.length} files, ${ownBytes} bytes of its own`);
  run("npm i -g", "npm", ["i", "-g", "--prefix", prefix, "--no-audit", "--no-fund", join(folder, packed.filename)]);
  const casebridge = join(prefix, "bin", "casebridge");
  const newest = `${join(root, "node_modules", ".bin")}${delimiter}${path}`;
  for (const [name, place] of [
    ["this machine's Node.js", path],
    ["Node.js 24", newest],
  ] as const) {
    run(`casebridge --help, by ${name}`, casebridge, ["--help"], { path: place });
    run(`casebridge completion bash, by ${name}`, casebridge, ["completion", "bash"], { path: place });
    run(`casebridge worker without a configuration, by ${name}`, casebridge, ["worker"], { exit: 2, path: place });
    run(`casebridge demo --once, by ${name}`, casebridge, ["demo", "--once"], { path: place });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
