/**
 * The scenarios in every combination of API version and login but the first, which `npm run test:all` runs. Names of test files, or parts
 * of them, may be given. Runs all combinations, whatever fails, and ends with 1 when one did.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";

const folder = "test/scenarios";
/** These set the dialect themselves. */
const alike = new Set(["dialects", "doctor"]);
const wanted = process.argv.slice(2);
const files = readdirSync(folder)
  .map((file) => file.replace(/\.test\.ts$/, ""))
  .filter((name) => !alike.has(name) && (wanted.length === 0 || wanted.some((part) => name.includes(part))))
  .map((name) => `${folder}/${name}.test.ts`);
const combinations = [
  ["v2", "token"],
  ["v1.0", "aksk"],
  ["v1.0", "token"],
] as const;

let failed = files.length === 0;
for (const [apiVersion, login] of combinations) {
  process.stdout.write(`\n== ${apiVersion}, ${login}\n`);
  const { status } = spawnSync(resolve("node_modules/.bin/node"), ["node_modules/vitest/vitest.mjs", "run", ...files], {
    stdio: "inherit",
    env: {
      ...process.env,
      CASEBRIDGE_TEST_ALL: "1",
      CASEBRIDGE_TEST_DIALECT: apiVersion,
      CASEBRIDGE_TEST_LOGIN: login,
    },
  });
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;
