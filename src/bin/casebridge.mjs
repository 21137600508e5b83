#!/usr/bin/env node
// Plain JavaScript, and the rest is imported late: what is said here must be said before anything else is loaded. A first file in
// TypeScript would load Node's compiler for itself alone.
import { enableCompileCache, flushCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

// The young part of V8's heap keeps its first size of 2 MB instead of growing to 64 MB: buffers of passing files die in it, and their
// memory comes back only when it is full. Unlike `--max-semi-space-size` this flag is heeded by a process that runs already.
setFlagsFromString("--semi-space-growth-factor=1");

// From the second start on the TypeScript files come compiled from NODE_COMPILE_CACHE, or the system's temporary folder: Node's compiler
// and its memory are not needed. Where nothing can be written nothing is kept.
enableCompileCache();
const { main } = await import("./main.ts");
flushCompileCache();

await main();
