// Loads every module once, so that the compile cache holds them all: an image runs this when it is built. The cache depends on the flags of
// the process, so this one starts as the program does.
import "./runtime.mjs";

const { loadEverything } = await import("./main.ts");

await loadEverything();
