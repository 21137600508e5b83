import { defineConfig } from "vitest/config";
import { unitTests } from "./folders.ts";

/** The unit tests beside the rules, each property with a few examples: thousands of mutants go through them. */
export default defineConfig({
  test: { include: unitTests, setupFiles: ["test/mutants/few-examples.ts"], testTimeout: 60_000, isolate: false },
});
