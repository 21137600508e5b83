// What is said before anything else is loaded; so this is plain JavaScript, and those who import it import the rest late. A first file in
// TypeScript would load Node's compiler for itself alone.
import { existsSync } from "node:fs";
import runtime from "node:module";
import { setFlagsFromString } from "node:v8";

// An older Node reads no TypeScript, and lacks what the JavaScript of the package uses. npm has installed a newer one beside us where it has
// one for this platform; `npm run` finds it by itself, an installed command does not.
if (Number.parseInt(process.versions.node, 10) < 24) {
  const { startInNewerNode } = await import("./newer-node.mjs");
  await startInNewerNode();
}

// A checkout whose packages were installed with --ignore-scripts has no database client yet.
const generator = new URL("../../scripts/prisma-generate.mjs", import.meta.url);
if (existsSync(generator) && !existsSync(new URL("../store/generated/client.ts", import.meta.url)))
  await import(generator.href);

// The young part of V8's heap keeps its first size of 2 MB instead of growing to 64 MB: buffers of passing files die in it, and their
// memory comes back only when it is full. Unlike `--max-semi-space-size` this flag is heeded by a process that runs already.
setFlagsFromString("--semi-space-growth-factor=1");

// What a round over ten thousand cases reads is garbage a moment later. V8 would let the heap grow to four times what lives in it before it
// looks, and the pages stay with the process; at 15 percent the worker holds half of that, and a round takes 3 percent more of a core.
setFlagsFromString("--heap-growing-percent=15");

// From the second start on the TypeScript files come compiled from NODE_COMPILE_CACHE, or the system's temporary folder: Node's compiler
// and its memory are not needed. Where nothing can be written nothing is kept.
runtime.enableCompileCache();
