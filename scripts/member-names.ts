/**
 * Writes src/commands/doctor/member-names.ts: the names of members in the vendors' documents (test/fixtures). `doctor --report` shows these
 * alone, since any other name may be somebody's. May be repeated; a test compares the file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";

const fixtures = new URL("../test/fixtures/", import.meta.url);
const target = new URL("../src/commands/doctor/member-names.ts", import.meta.url);

/** The whole file. Pure but for reading the fixtures. */
export function memberNamesFile(): string {
  const names = new Set<string>();
  const gather = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, entry] of Object.entries(value)) {
      if (key === "properties" && typeof entry === "object" && entry !== null && !Array.isArray(entry))
        for (const name of Object.keys(entry)) names.add(name);
      gather(entry);
    }
  };
  for (const name of ["openapi-v3-subset.json", "osm-openapi.yaml"])
    gather(parse(readFileSync(new URL(name, fixtures), "utf8")));
  const plain = [...names].filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)).sort();
  return `/** Names of members in the vendors' documents, written by scripts/member-names.ts. */
export const memberNames: ReadonlySet<string> = new Set(
  ${JSON.stringify(plain.join(" "))}.split(
    " ",
  ),
);
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeFileSync(target, memberNamesFile());
