import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";

/** Runs a process that watches itself; answers how it ended and what it said. */
async function run(body: string): Promise<{ code: number | null; signal: string | null; said: string }> {
  const script = `import { startWatchdog } from "./src/lib/watchdog.ts";
const watchdog = startWatchdog({ stillSeconds: 2 });
${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  child.stdout.resume();
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code, signal] = await once(child, "close");
  return { code, signal, said };
}

const pause = "await new Promise((done) => setTimeout(done, 200));";

test.each([
  ["a loop", "for (;;);"],
  ["a loop of microtasks", "for (;;) await null;"],
])("%s that never ends is ended, although it hears no SIGTERM", { timeout: 60_000 }, async (_name, body) => {
  const { signal, said } = await run(
    `process.on("SIGTERM", () => process.exit(0)); ${pause} process.stdout.write("now"); ${body}`,
  );

  expect(signal).toBe("SIGKILL");
  expect(JSON.parse(said)).toMatchObject({ level: "fatal", msg: expect.stringContaining("stood still") });
});

test("a process that does not stop in time is ended, whatever it waits for", { timeout: 60_000 }, async () => {
  const { signal, said } = await run("watchdog.endWithin(1); setInterval(() => {}, 1_000);");

  expect(signal).toBe("SIGKILL");
  expect(said).toContain("did not stop in time");
});

test("a process that was stopped for longer goes on, and its watch does not keep it", { timeout: 60_000 }, async () => {
  const stopped = `import { spawn } from "node:child_process";
spawn("/bin/sh", ["-c", "kill -STOP $0; sleep 4; kill -CONT $0", String(process.pid)], { stdio: "ignore" });
await new Promise((done) => setTimeout(done, 4_500));`;

  expect(await run(stopped)).toEqual({ code: 0, signal: null, said: "" });
});
