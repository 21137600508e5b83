/** docs/cases.md names only tests that there are, for every kind its reported cases and at least three more. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

type Row = { readonly reported: boolean; readonly file: string; readonly texts: readonly string[] };

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** The table of each kind. */
const kinds = read("docs/cases.md")
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    kind: section.split("\n")[0] ?? "",
    rows: [...section.matchAll(/^\| (?!case|---)(.*?) \| `([^`]+)` \| (.*) \|$/gm)].map(
      ([, name = "", file = "", cell = ""]): Row => ({
        reported: name !== "–",
        file,
        texts: cell.split("<br>").map((text) => text.replace(/^`` | ``$/g, "").replaceAll("\\|", "|")),
      }),
    ),
  }));

test.each(kinds)("$kind names tests that there are", ({ rows }) => {
  for (const { file, texts } of rows) {
    const source = read(file);
    for (const text of texts) expect(source.includes(text), `${file}: ${text}`).toBe(true);
  }
  expect(rows.some(({ reported }) => reported)).toBe(true);
  const further = rows.filter(({ reported }) => !reported).flatMap(({ texts }) => texts);
  expect(further.length).toBeGreaterThanOrEqual(3);
});

test("every kind of the reports has a table", () => {
  expect(kinds.map(({ kind }) => kind)).toEqual([
    "IDENTITY",
    "NAMES-LEAK",
    "NAMES",
    "INPUT-METHOD",
    "SECRET-STRUCTURE",
    "ONE-ODD-MEMBER",
    "ZERO-HINT",
    "SCHEDULE",
    "CHOICE-BY-ORDER",
    "COMPOSITE-VALUE",
    "FORMAT-MEANING",
    "TABLE-SHAPE",
    "MARKUP-SHOWN",
    "HEURISTIC",
    "CUT",
    "REDIS",
    "DEPLOY",
  ]);
});
