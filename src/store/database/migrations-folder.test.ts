import { expect, test } from "vitest";
import { isContract } from "./migrate.ts";
import { MIGRATIONS_DIR, readMigrations } from "./migrations-folder.ts";

/** From before there was a release that had to run on the schema of the next one. */
const firstRelease = "20261125002208_login_tokens";

/** What a statement takes away from the release before, or asks of its inserts; `null` when it only adds. */
function takesAway(statement: string): string | null {
  const words = statement.replaceAll(/--.*$/gm, "").replaceAll(/\s+/g, " ");
  if (/\bDROP (TABLE|COLUMN|TYPE|VIEW|FUNCTION)\b/i.test(words)) return "drops";
  if (/\bRENAME\b/i.test(words)) return "renames";
  if (/\bALTER COLUMN "?\w+"? (SET DATA )?TYPE\b/i.test(words)) return "changes a type";
  if (/\bSET NOT NULL\b/i.test(words)) return "refuses nulls";
  const added = words.match(/\bADD COLUMN[^,;]*/gi) ?? [];
  return added.some((column) => /\bNOT NULL\b/i.test(column) && !/\bDEFAULT\b/i.test(column))
    ? "adds a column that must be filled"
    : null;
}

test.each([
  ['ALTER TABLE "a" DROP COLUMN "b", ADD COLUMN "c" TEXT;', "drops"],
  ['ALTER TABLE "a" RENAME COLUMN "b" TO "c";', "renames"],
  ['ALTER TABLE "a" ALTER COLUMN "b" SET DATA TYPE BIGINT;', "changes a type"],
  ['ALTER TABLE "a" ADD COLUMN "b" INTEGER NOT NULL;', "adds a column that must be filled"],
  ['ALTER TABLE "a" ADD COLUMN "b" INTEGER NOT NULL DEFAULT 0, ADD COLUMN "c" TEXT;', null],
  ['CREATE TABLE "a" ("b" TEXT NOT NULL); CREATE INDEX "i" ON "a" ("b");', null],
])("of %s it is known what the release before would miss", (statement, expected) => {
  expect(takesAway(statement)).toBe(expected);
});

test("every migration only adds, or says by its name that it does not", async () => {
  const { migrations } = await readMigrations(MIGRATIONS_DIR);

  const faults = migrations
    .filter(({ name }) => name > firstRelease && !isContract(name))
    .flatMap(({ name, sql }) => {
      const fault = takesAway(sql);
      return fault === null ? [] : [`${name} ${fault}`];
    });

  expect(faults).toEqual([]);
});
