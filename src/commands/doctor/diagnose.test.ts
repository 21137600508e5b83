import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkSecretFiles } from "./diagnose.ts";
import { tell } from "./sheet.ts";
import { doctorTexts } from "./texts/texts.ts";

test("files with secrets that every user may read are named with what to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "secret-files-"));
  const [closed, open] = [join(folder, "closed"), join(folder, "open")];
  for (const path of [closed, open]) await writeFile(path, "secret");
  await chmod(closed, 0o640);
  await chmod(open, 0o644);

  const found = await checkSecretFiles([closed, open, join(folder, "gone")]);

  expect(found.ok).toBeNull();
  expect(tell(doctorTexts.en, found)).toEqual({
    detail: `every user of this machine may read ${open}`,
    remedy: `Close it: chmod o-rwx ${open}`,
  });
  expect(await checkSecretFiles([closed])).toMatchObject({ ok: true });
});
