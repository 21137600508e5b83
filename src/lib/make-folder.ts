import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it that are missing; one that is there stays as it is. Rejects with the reason of the first one that
 * cannot be made. `mkdir` of Node with `recursive` never ends below a folder that refuses new ones with ENOENT, as /proc does.
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const missing = [path];
  while (!(await isThere(dirname(missing[0] ?? path)))) missing.unshift(dirname(missing[0] ?? path));
  for (const folder of missing) {
    await mkdir(folder, { mode }).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST" || !(await stat(folder)).isDirectory()) throw error;
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => path === dirname(path),
  );
}
