/** The page's catalogues against what they name: whatever is told under a name has one in both languages. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { catalogues } from "./texts.ts";

const sources = (pattern: string): string =>
  globSync(pattern)
    .filter((name) => !name.endsWith(".test.ts"))
    .map((name) => readFileSync(name, "utf8"))
    .join("\n");

test("each check of the doctor has a name in both languages", () => {
  const text = sources("src/commands/doctor/*.ts");
  const made = [...text.matchAll(/\.check\(\s*"([^"]+)"|\bname: "([a-z][a-z -]+)",\s*(?:remedy|ok)\b/g)].map(
    ([, called, named]) => called ?? named ?? "",
  );

  expect(made.length).toBeGreaterThan(50);
  for (const language of ["en", "zh"] as const)
    expect(Object.keys(catalogues[language].connections.checks)).toEqual(expect.arrayContaining(made));
  expect(catalogues.en.connections.checks).toEqual(
    Object.fromEntries(Object.keys(catalogues.en.connections.checks).map((name) => [name, name])),
  );
});

test("a Chinese text holds Chinese, save what is called the same", () => {
  const same = new Set(["name", "frame.utc", "sides.jira", "connections.checks.webhook"]);
  const flat = (entries: object, path = ""): readonly (readonly [string, unknown])[] =>
    Object.entries(entries).flatMap(([name, entry]: [string, unknown]) =>
      typeof entry === "object" && entry !== null
        ? flat(entry, `${path}${name}.`)
        : [[`${path}${name}`, entry] as const],
    );
  const english = flat(catalogues.zh).filter(
    ([key, entry]) => typeof entry === "string" && !/[\u4e00-\u9fff]/.test(entry) && !same.has(key),
  );

  expect(english).toEqual([
    ["other", "English"],
    ["otherLanguage", "en"],
  ]);
});
