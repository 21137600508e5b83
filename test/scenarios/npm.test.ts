/** The scripts of package.json, run by a real npm as people and service managers run them. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Harness, startHarness } from "../support/harness.ts";
import { findFreePort } from "../support/port.ts";

let harness: Harness;
let npm: ChildProcess | null = null;

beforeEach(async () => {
  harness = await startHarness();
});
afterEach(async () => {
  // The group holds npm and whatever it left behind.
  if (npm?.pid !== undefined) {
    try {
      process.kill(-npm.pid, "SIGKILL");
    } catch {
      // Nothing is left.
    }
  }
  npm = null;
  await harness.close();
});

function runNpm(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  npm = spawn("npm", args, {
    cwd: resolve("."),
    env: { PATH: process.env.PATH ?? "", HOME: harness.folder, ...harness.baseEnv, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  return npm;
}

test.each(["SIGTERM", "SIGKILL"] as const)(
  "%s to npm start ends the worker within 30 s",
  {
    timeout: 180_000,
  },
  async (signal) => {
    const port = await findFreePort();
    const started = runNpm(["start"], { HTTP_PORT: String(port) });
    const serves = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2_000) }).then(
        () => true,
        () => false,
      );
    await harness.waitUntil(serves, "the worker serves", 120_000);

    started.kill(signal);

    await harness.waitUntil(async () => !(await serves()), "the worker is gone", 30_000);
  },
);

test("an export that npm wrote its banner into is imported all the same", { timeout: 180_000 }, async () => {
  harness.huawei.createCase({ description: "A case" });
  expect((await harness.runCli(["resync", "--all", "--wait"])).code).toBe(0);
  const exporting = runNpm(["run", "casebridge", "--", "export"]);
  const chunks: Buffer[] = [];
  exporting.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((ended) => exporting.once("close", ended));
  const file = join(harness.folder, "export.jsonl");
  await writeFile(file, Buffer.concat(chunks));

  const imported = await harness.runCli(["import", file, "--dry-run"]);

  expect(await readFile(file, "utf8")).toMatch(/^\s*> casebridge@/);
  // The banner is passed over; the database of this test is not empty.
  expect({ code: imported.code, said: imported.stderr }).toEqual({
    code: 2,
    said: expect.stringContaining("holds links or failures already"),
  });
});
