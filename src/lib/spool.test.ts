import { mkdtemp, readdir, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileTooLarge, makeSpool, SpoolFull } from "./spool.ts";

async function* bytes(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

test("a stored file has its bytes, size and hash, and is readable by its owner alone", async () => {
  const spool = await makeSpool(await mkdtemp(join(tmpdir(), "spool-")));

  const entry = await spool.store(bytes("ab", "c"), 3);

  expect(await readFile(entry.path, "utf8")).toBe("abc");
  expect(entry.sizeBytes).toBe(3);
  expect(entry.sha256).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect((await stat(entry.path)).mode & 0o777).toBe(0o600);
  await spool.close();
});

test("a file of 0 bytes is a file", async () => {
  const spool = await makeSpool(await mkdtemp(join(tmpdir(), "spool-")));

  const entry = await spool.store(bytes(), 10);

  expect(entry.sizeBytes).toBe(0);
  await spool.close();
});

test("a source over the limit leaves nothing behind", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "spool-"));
  const spool = await makeSpool(dataDir);

  await expect(spool.store(bytes("abcd"), 3)).rejects.toBeInstanceOf(FileTooLarge);

  const [folder] = await readdir(join(dataDir, "spool"));
  expect(await readdir(join(dataDir, "spool", folder ?? ""))).toEqual([]);
  await spool.close();
});

test("all files together are capped: what does not fit is left out until there is room, and one alone always fits", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "spool-"));
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
  const [folder] = await readdir(join(dataDir, "spool"));
  expect(await readdir(join(dataDir, "spool", folder ?? ""))).toHaveLength(1);
  await spool.close();
});
