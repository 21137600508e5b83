// Does the repository explain itself? What a comment cites must stand where it says.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { drawMap, readMap } from "../scripts/code-map.ts";
import { fileLinesMax, listLongFunctions } from "./support/code-sizes.ts";

const root = new URL("../", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), "utf8");
const sources = execFileSync("git", ["ls-files", "*.ts", "*.mjs", "*.cjs", "*.prisma", "*.sh"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((name) => name !== "" && name !== "test/repository.test.ts");

const production = sources.filter(
  (name) => /^(?:src|jobs)\/.*\.ts$/.test(name) && !/\.test\.ts$|\/generated\//.test(name),
);

/** The simulators are an operator's try-out as well. */
const measured = [
  ...production,
  ...sources.filter((name) => name.startsWith("simulators/") && name.endsWith(".ts") && !name.endsWith(".test.ts")),
].toSorted();

function headings(name: string, pattern: RegExp): ReadonlySet<string> {
  return new Set(Array.from(read(name).matchAll(pattern), (match) => match[1] ?? ""));
}

/** Every `word n` in a source, as "file: n". A number that a list goes on with ("rules 2, 5") is read as well. */
function citations(pattern: RegExp): { readonly at: string; readonly number: string }[] {
  return sources.flatMap((name) =>
    Array.from(read(name).matchAll(pattern), (match) => ({ at: `${name}: ${match[0]}`, number: match[1] ?? "" })),
  );
}

test.each([
  ["rules", "docs/rules.md", /^## (\d+)\. /gm, /\brule (\d+)\b/g],
  ["guarantees", "docs/rules.md", /^(\d+)\. \*\*/gm, /\bguarantee (\d+)\b/g],
  ["facts of Huawei", "docs/vendors/huawei.md", /^#{2,3} (\d+(?:\.\d+)?)\.? /gm, /\bhuawei\.md (\d+(?:\.\d)?)\b/g],
  ["facts of Jira", "docs/vendors/jira.md", /^#{2,3} (\d+(?:\.\d+)?)\.? /gm, /\bjira\.md (\d+(?:\.\d)?)\b/g],
])("every citation of %s leads to a heading", (_what, file, heading, citation) => {
  const known = headings(file, heading);

  const cited = citations(citation);

  expect(known.size).toBeGreaterThan(5);
  expect(cited.length).toBeGreaterThan(0);
  expect(cited.filter(({ number }) => !known.has(number)).map(({ at }) => at)).toEqual([]);
});

test("no source points at a document that is not in the repository", () => {
  const outside = sources.filter((name) =>
    /\b(?:RULES|SPEC|STYLE|NOTES) ?§?\d|\b(?:osm|jira)\/NOTES|\.\.\/shared|\/work\//.test(read(name)),
  );

  expect(outside).toEqual([]);
});

/** Words that keys of intents, items, causes of notices and stored names of rows begin with. */
const rowWords =
  "message|comment|file|notice|action|command|issue|case|attachment|withdrawal|fp|access|move|reopen|changed|waits|guard|back|related|reply|close|masked|refused|late-file|no-transition|facts|taken-back|request|both|unasked|rating|named_in_restricted|given_up";

test("the languages of rows are spelled in src/domain/rows and read in the codecs of the store alone", () => {
  const made = new RegExp(`[\`"'](?:${rowWords})[:-]\\$\\{`, "g");
  const takenApart = new RegExp(
    `(?:startsWith|endsWith|split|slice|LIKE )\\(?["'\`](?:(?:${rowWords})[-:]|#|held)`,
    "g",
  );
  // Marks in messages and names of files have a spelling of their own; the demo acts as people, who read labels.
  const own = /^src\/(?:domain\/(?:rows|text)|commands\/demo)\//;
  const spelled = production.filter((name) => name.startsWith("src/") && !own.test(name));

  const found = spelled.flatMap((name) =>
    [made, takenApart].flatMap((pattern) => [...read(name).matchAll(pattern)]).map(([text]) => `${name}: ${text}`),
  );

  expect(found).toEqual([]);
});

test("the map in ARCHITECTURE.md shows today's imports, and no arrow runs up", () => {
  expect(readMap(), "draw it with: node scripts/code-map.ts").toBe(drawMap());
});

test("a room of src/sync holds about a dozen files at most", () => {
  const rooms = Map.groupBy(production, (name) => /^src\/sync\/(?:[\w-]+\/)?/.exec(name)?.[0] ?? null);
  rooms.delete(null);

  expect(
    [...rooms].filter(([, files]) => files.length > 18).map(([room, files]) => `${room}: ${files.length}`),
  ).toEqual([]);
});

/** Files that may be long: tables, one row after the other; those of the flows' ports are types with their promises. */
const tables = [
  "src/config/environment.ts",
  "src/domain/text/guard-rules.ts",
  "src/sync/ports.ts",
  "src/sync/state.ts",
  "src/web/texts/en.ts",
  "src/web/texts/zh.ts",
];
test("no production file is too long to be read at one sitting, save tables", () => {
  const tooLong = measured.filter((name) => read(name).split("\n").length - 1 > fileLinesMax);

  // A table that is short by now fails as well, so that the list only shrinks.
  expect(tooLong.toSorted()).toEqual(tables);
});

test("no function is two ideas long", () => {
  const tooLong = measured.flatMap((name) => listLongFunctions(read(name)).map((long) => `${name} ${long.name}`));

  expect(tooLong).toEqual([]);
});

test("every export says in a docstring what it promises", () => {
  const declared = /^export (?:async )?(?:function\*?|class|type|interface|const) \w/;
  // The members of a list that is described above it need no second sentence.
  const derived = /^export type \w+ = (?:\(typeof \w+\)\[number\]|keyof typeof \w+);$/;

  const bare = production.flatMap((name) =>
    read(name)
      .split("\n")
      .flatMap((line, at, lines) =>
        declared.test(line) && !derived.test(line) && !/\*\/$/.test(lines[at - 1] ?? "") ? [`${name}:${at + 1}`] : [],
      ),
  );

  expect(bare).toEqual([]);
});

test("every method of a port is called by somebody", () => {
  const ports = ["src/sync/ports.ts", "src/sync/state.ts"].map(read).join("\n");
  const methods = new Set(
    Array.from(ports.matchAll(/^ {2}(?!constructor)(?:readonly )?(\w+)\??(?:: )?\(/gm), (match) => match[1] ?? ""),
  );
  const code = production.map(read).join("\n");

  const uncalled = [...methods].filter(
    (method) => !new RegExp(`\\.${method}\\??\\.?\\(|\\b${method}\\b(?=[,} ].*= |[,"])`).test(code),
  );

  expect(methods.size).toBeGreaterThan(80);
  expect(uncalled).toEqual([]);
});

test("only the guard's own folder makes guarded text", () => {
  const makers = sources.filter((name) => /\bas (?:readonly )?GuardedText\b/.test(read(name)));

  expect(makers.filter((name) => !name.startsWith("src/domain/text/"))).toEqual([]);
  expect(makers).toContain("src/domain/text/guard.ts");
});

test("every attack that docs/security.md names has its test", () => {
  const rows = read("docs/security.md").match(/^\| .*`.*\.test\.ts`.*$/gm) ?? [];
  const named = rows.flatMap((row) => {
    const file = /`([\w/.-]+\.test\.ts)`/.exec(row)?.[1] ?? "";
    return [...row.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file, title }));
  });

  expect(rows.length).toBeGreaterThan(30);
  expect(named.length).toBeGreaterThanOrEqual(rows.length);
  const isThere = ({ file, title }: (typeof named)[number]): boolean =>
    ['"', "`"].some((end) => read(file).includes(`${title}${end}`));
  expect(named.filter((entry) => !isThere(entry))).toEqual([]);
});

test("the version stands alike wherever it is named, and the changelog has its section", () => {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const named: Readonly<Record<string, RegExp>> = {
    "package-lock.json": /^ {2}"version": "([^"]+)"/m,
    "README.md": /casebridge-(\d[\w.-]*)\.tgz/g,
    "docs/scaling.md": /casebridge:(\d[\w.-]*)/g,
    "deploy/kubernetes/kustomization.yaml": /newTag: "([^"]+)"/,
    "CHANGELOG.md": /^## (\d[^\s]*) - \d{4}-\d{2}-\d{2}$/m,
  };
  for (const [name, pattern] of Object.entries(named)) {
    const found = pattern.global
      ? Array.from(read(name).matchAll(pattern), ([, one]) => one)
      : [pattern.exec(read(name))?.[1]];
    expect({ name, found: [...new Set(found)] }).toEqual({ name, found: [version] });
  }
});
