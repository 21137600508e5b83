#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";

// The young part of V8's heap keeps its first size of 2 MB instead of growing to 64 MB: buffers of passing files die in it,
// and their memory comes back only when it is full. This must be said before anything else is loaded, hence the late import;
// unlike `--max-semi-space-size` this flag is heeded while the process runs, however it was started.
setFlagsFromString("--semi-space-growth-factor=1");

const { main } = await import("./main.ts");
await main();
