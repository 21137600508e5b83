import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "casebridge-folder-"));
});
afterEach(() => rm(root, { recursive: true }));

test("makes what is missing above it, also when several ask at once, and leaves what is there", async () => {
  const path = join(root, "a", "b", "c");

  await Promise.all([makeFolder(path, 0o755), makeFolder(path, 0o755), makeFolder(join(root, "a", "b"), 0o755)]);
  await makeFolder(path, 0o755);

  expect((await stat(path)).isDirectory()).toBe(true);
});

test.runIf(process.platform === "linux")("ends at once where nothing can be made", async () => {
  await writeFile(join(root, "file"), "");

  await expect(makeFolder("/proc/nothing/here", 0o755)).rejects.toMatchObject({ code: "ENOENT" });
  await expect(makeFolder(join(root, "file"), 0o755)).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeFolder(join(root, "file", "below"), 0o755)).rejects.toMatchObject({ code: "ENOTDIR" });
});
