#!/usr/bin/env node
import "./runtime.mjs";

const { main } = await import("./main.ts");

await main();
