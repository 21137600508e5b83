import { defineConfig } from "vitest/config";
import { ruleFolders } from "./folders.ts";

/** The unit tests beside the rules, which need no database; each property with a few examples, since thousands of mutants go through. */
export default defineConfig({
  test: {
    include: ruleFolders.map((folder) => `${folder}/**/*.test.ts`),
    setupFiles: ["test/mutants/few-examples.ts"],
    testTimeout: 60_000,
    isolate: false,
  },
});
