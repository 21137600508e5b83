import { chmod, link, mkdtemp, open, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { exportTo } from "./export.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "export-"));
});

const admin = {
  async exportMapping(write: (line: string) => Promise<void>) {
    await write("the mapping");
    return { links: 1 };
  },
};
const breaking = {
  async exportMapping(write: (line: string) => Promise<void>): Promise<never> {
    await write("half");
    throw new Error("the database is away");
  },
};
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test("an export is its owner's alone, also where a file stood that others could read", async () => {
  const [fresh, old, other] = [join(folder, "fresh"), join(folder, "old"), join(folder, "other")];
  await writeFile(old, "an earlier export");
  await chmod(old, 0o666);
  await link(old, other);
  const reader = await open(old);

  await exportTo(admin, fresh);
  await exportTo(admin, old);

  expect([await modeOf(fresh), await modeOf(old)]).toEqual([0o600, 0o600]);
  expect(await readFile(old, "utf8")).toBe("the mapping\n");
  // Who had the old file open, or another name of it, sees nothing of the new one.
  expect([(await reader.readFile()).toString(), await readFile(other, "utf8")]).toEqual([
    "an earlier export",
    "an earlier export",
  ]);
  await reader.close();
});

test("an export that breaks leaves the earlier one, and nothing beside it", async () => {
  const path = join(folder, "backup");
  await writeFile(path, "an earlier export");

  await expect(exportTo(breaking, path)).rejects.toThrow("the database is away");
  await expect(exportTo(admin, join(folder, "missing", "backup"))).rejects.toThrow("cannot be written");

  expect(await readdir(folder)).toEqual(["backup"]);
  expect(await readFile(path, "utf8")).toBe("an earlier export");
});

test("a link leads to the file that it names, and a device stays what it is", async () => {
  const [path, name] = [join(folder, "backup"), join(folder, "latest")];
  await writeFile(path, "an earlier export");
  await symlink(path, name);
  const before = await modeOf("/dev/null");

  await exportTo(admin, name);
  await exportTo(admin, "/dev/null");

  expect(await readFile(path, "utf8")).toBe("the mapping\n");
  expect([(await stat("/dev/null")).isCharacterDevice(), await modeOf("/dev/null")]).toEqual([true, before]);
});
