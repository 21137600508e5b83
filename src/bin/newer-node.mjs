// Runs the same command line in the Node.js that npm installed as an optional package. Plain JavaScript that Node.js 20 runs.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";

/** The newer Node's program, `null` where npm has none for this platform. */
function findNode() {
  const { resolve } = createRequire(import.meta.url);
  const { platform, arch } = process;
  for (const name of [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`]) {
    try {
      const program = join(dirname(resolve(`${name}/package.json`)), "bin", "node");
      if (existsSync(program)) return program;
    } catch {
      // It is not installed under this name.
    }
  }
  return null;
}

/** Never returns: this process stays only to pass signals on, and ends as the other one does. */
export async function startInNewerNode() {
  const program = findNode();
  if (program === null) {
    console.error(
      `casebridge runs on Node.js 24 or newer, and this is ${process.versions.node}. npm has none for this platform as a package: install ` +
        "Node.js 24.",
    );
    process.exit(2);
  }
  const child = spawn(program, process.argv.slice(1), { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  await new Promise(() => {
    child.once("error", (error) => {
      console.error(`Node.js 24 cannot be started: ${error.message}`);
      process.exit(1);
    });
    child.once("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
