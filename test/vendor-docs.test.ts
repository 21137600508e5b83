/** The tables of docs/vendors hold every switch of the simulators with its default, and name only what `doctor --report` writes. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../simulators/huawei/index.ts";
import { DEFAULT_SETTINGS as JIRA_SETTINGS } from "../simulators/jira/settings.ts";
import { factNames } from "../src/commands/doctor/vendor-facts.ts";

const root = new URL("..", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
/** Rows of the tables whose heads name a switch, as cells by head. */
function rowsOf(document: string): Record<string, string>[] {
  const rows: Record<string, string>[] = [];
  let heads: string[] | null = null;
  for (const line of document.split("\n")) {
    if (!line.startsWith("|")) {
      heads = null;
      continue;
    }
    const cells = line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
    if (heads === null) heads = cells;
    else if (heads.includes("switch") && !cells.every((cell) => /^-+$/.test(cell)))
      rows.push(Object.fromEntries(heads.map((head, at) => [head, cells[at] ?? ""])));
  }
  return rows;
}
const sides = [
  ["docs/vendors/huawei.md", DEFAULT_SETTINGS],
  ["docs/vendors/jira.md", JIRA_SETTINGS],
] as const;
/** `name`=value, where the value is JSON; a switch whose default is too long for a table stands without one. */
const named = (cell: string) =>
  [...cell.matchAll(/`([A-Za-z0-9]+)`(?:=("[^"]*"|\[[^\]]*\]|\{[^}]*\}|[-\w]+))?/g)].map(([, name = "", value]) => ({
    name,
    value,
  }));

test.each(sides)("%s holds each switch with its default", (file, settings) => {
  const told = rowsOf(read(file)).flatMap((row) => named(row.switch ?? ""));
  const defaults = Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value)] as const);

  expect(told.map(({ name }) => name).sort()).toEqual(defaults.map(([name]) => name).sort());
  for (const { name, value } of told)
    if (value !== undefined) expect(`${name}=${value}`).toBe(`${name}=${new Map(defaults).get(name)}`);
});

test.each(sides)("%s names facts, members and checks that a report has", (file) => {
  const report = read("src/commands/doctor/report.ts");
  const names = execFileSync("git", ["grep", "-ho", 'check("[^"]*"', "--", "src/commands/doctor/*.ts"], {
    cwd: root,
    encoding: "utf8",
  });
  const checks = new Set([...names.matchAll(/check\("([^"]*)"/g)].map(([, name]) => name));
  const cells = rowsOf(read(file)).map(
    (row) => row["what a real account shows"] ?? row["what a real site shows"] ?? "",
  );

  for (const cell of cells) {
    for (const [, fact = ""] of cell.matchAll(/`facts\.(\w+)`/g)) expect(factNames).toContain(fact);
    for (const [, member = ""] of cell.matchAll(/`(facts|calls|checks)[.`]/g))
      expect(report).toMatch(new RegExp(`\\b${member}\\b`));
    const [, list] = /`checks`: ([^(`]*)/.exec(cell) ?? [];
    for (const name of (list ?? "").split(/[;,]/).map((one) => one.trim()))
      if (name !== "") expect([...checks]).toContain(name);
  }
});
