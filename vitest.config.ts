import { defineConfig } from "vitest/config";

/** Scenarios that take minutes each: `npm run test:all` runs them as well. */
const longScenarios = [
  "chaos",
  "crash",
  "crash-matrix",
  "failures",
  "faults",
  "rebuild",
  "status-convergence",
  "statuses",
  "storms",
].map((name) => `test/scenarios/${name}.test.ts`);

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "jobs/**/*.test.ts", "simulators/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["node_modules/**", ...(process.env.CASEBRIDGE_TEST_ALL === "1" ? [] : longScenarios)],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
  },
});
