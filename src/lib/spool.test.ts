import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileTooLarge, makeSpool, SpoolFull } from "./spool.ts";

async function* bytes(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "spool-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Files in the folders of all spools. */
async function spooled(dataDir: string): Promise<string[]> {
  const root = join(dataDir, "spool");
  const names = await Promise.all((await readdir(root)).map((folder) => readdir(join(root, folder))));
  return names.flat().filter((name) => !name.startsWith("."));
}

test("a stored file has its bytes, size and hash, and is readable by its owner alone", async () => {
  const spool = await makeSpool(await makeFolder());

  const entry = await spool.store(bytes("ab", "c"), 3);

  expect(await readFile(entry.path, "utf8")).toBe("abc");
  expect(entry.sizeBytes).toBe(3);
  expect(entry.sha256).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect((await stat(entry.path)).mode & 0o777).toBe(0o600);
  await spool.close();
});

test("a file of 0 bytes is a file", async () => {
  const spool = await makeSpool(await makeFolder());

  const entry = await spool.store(bytes(), 10);

  expect(entry.sizeBytes).toBe(0);
  await spool.close();
});

test("a source over the limit leaves nothing behind", async () => {
  const dataDir = await makeFolder();
  const spool = await makeSpool(dataDir);

  await expect(spool.store(bytes("abcd"), 3)).rejects.toBeInstanceOf(FileTooLarge);

  expect(await spooled(dataDir)).toEqual([]);
  await spool.close();
});

test("all files together are capped: what does not fit is left out until there is room, and one alone always fits", async () => {
  const dataDir = await makeFolder();
  const spool = await makeSpool(dataDir, 6);

  const first = await spool.store(bytes("abcd"), 100);
  await expect(spool.store(bytes("ef", "g"), 100)).rejects.toBeInstanceOf(SpoolFull);
  const fits = await spool.store(bytes("ef"), 100);
  await expect(spool.storeText("h")).rejects.toBeInstanceOf(SpoolFull);
  await spool.remove(first);
  await spool.remove(fits);
  await spool.remove(fits);
  const large = await spool.store(bytes("abcd", "efgh"), 100);

  expect(large.sizeBytes).toBe(8);
  expect(await spooled(dataDir)).toHaveLength(1);
  await spool.close();
});

/** A spool that a process of this host left behind: its folder bears the id of one that is gone. */
async function leaveBehind(dataDir: string): Promise<string> {
  const spool = await makeSpool(dataDir);
  const { path } = await spool.storeText("left behind");
  const folder = dirname(path);
  const dead = join(dirname(folder), basename(folder).replace(/^\d+/, "999999999"));
  await rename(folder, dead);
  return dead;
}

test("what a killed process left is cleared at the next start, and nothing else", async () => {
  const dataDir = await makeFolder();
  const root = join(dataDir, "spool");
  const dead = await leaveBehind(dataDir);
  const shared = await leaveBehind(dataDir);
  await writeFile(join(shared, "report.pdf"), "a person's");
  await mkdir(join(root, "999999998-11111111-1111-4111-8111-111111111111"));
  await writeFile(join(root, "999999998-11111111-1111-4111-8111-111111111111", "mine"), "without a mark");
  await mkdir(join(root, "photos"));
  await writeFile(join(root, "notes.txt"), "a person's");

  const spool = await makeSpool(dataDir);
  await spool.close();

  expect((await readdir(root)).sort()).toEqual(
    ["999999998-11111111-1111-4111-8111-111111111111", "notes.txt", "photos", basename(shared)].sort(),
  );
  expect(await readdir(shared)).toEqual(["report.pdf"]);
  expect((await readdir(root)).includes(basename(dead))).toBe(false);
});

test("another replica's files stay, on this host and on others, until nobody has touched their mark for long", async () => {
  const dataDir = await makeFolder();
  const here = await makeSpool(dataDir);
  await here.storeText("on its way");
  const elsewhere = await leaveBehind(dataDir);
  await writeFile(join(elsewhere, ".casebridge-spool"), "another machine");

  await (await makeSpool(dataDir)).close();
  expect(await spooled(dataDir)).toHaveLength(2);

  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(join(elsewhere, ".casebridge-spool"), longAgo, longAgo);
  await (await makeSpool(dataDir)).close();
  expect(await spooled(dataDir)).toHaveLength(1);
  await here.close();
});
