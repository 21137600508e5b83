/** docs/reliability.md is written by commands, a section each; a command leaves the others as they were measured. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const file = "docs/reliability.md";
const sections = ["seeds", "matrix", "mutants"] as const;
/** Part of the document that one command measures. */
export type Section = (typeof sections)[number];

/** What was measured: the commit at the start, since a long run may see others come. */
export const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();

/** The section as it was measured last; empty where it never was. */
export function readSection(section: Section): string {
  return bodyOf(existsSync(file) ? readFileSync(file, "utf8") : "", section) ?? "";
}

/** Replaces one section of the document. */
export function writeSection(section: Section, body: string): void {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  writeFileSync(file, replaceSection(before, section, body));
}

/** The document with this body in the place of the section's; what was never measured says so. Pure. */
function replaceSection(before: string, section: Section, body: string): string {
  const parts = sections.map((name) => {
    const text = name === section ? body : (bodyOf(before, name) ?? "Not measured yet.");
    return `<!-- ${name} -->\n${text}\n<!-- end of ${name} -->`;
  });
  return `${[head, ...parts].join("\n\n")}\n`;
}

const head = `# Reliability, measured

Written by \`npm run chaos\` and \`npm run mutants\`; do not edit by hand. How chaos works: real casebridge (flows, adapters, store) on real
PostgreSQL and over real HTTP against both simulators, without queue and cron, in a clock that jumps; a driver decides whose call goes next,
so each run can be repeated by its number. A judge that knows nothing of casebridge's memory counts the copies in the true states of both
services.`;

function bodyOf(text: string, name: string): string | null {
  return new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)\\n<!-- end of ${name} -->`).exec(text)?.[1] ?? null;
}
