import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "jobs/**/*.test.ts", "simulators/**/*.test.ts", "test/**/*.test.ts"],
    // Long scenarios play a part of their stories, chosen by a seed; all with CASEBRIDGE_TEST_ALL=1 (test/support/extent.ts).
    exclude: ["node_modules/**", ".stryker-tmp/**"],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
  },
});
