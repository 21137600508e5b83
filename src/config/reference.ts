/**
 * The texts that are made from the table of variables and the file's schema: `.env.example`, the tables of the
 * documents, `casebridge.schema.json`. `npx node src/config/write-reference.ts` writes them; a test compares them.
 */

import { listVariables, type Variable } from "./environment.ts";
import { configFileJsonSchema } from "./file-schema.ts";

/** Lines between which a document holds the generated table. */
const tableMarkers = { start: "<!-- configuration:start -->", end: "<!-- configuration:end -->" } as const;

type Row = ReturnType<typeof listVariables>[number];

/** The table of all variables as Markdown, one row each; ends without a newline. */
export function configurationTableMarkdown(): string {
  const rows = listVariables().map((row) => `| \`${row.name}\` | ${defaultText(row)} | ${meaningText(row)} |`);
  return ["| variable | default | meaning |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The text with the table put between the markers, or `null` when it has no markers. */
export function withConfigurationTable(document: string): string | null {
  const start = document.indexOf(tableMarkers.start);
  const end = document.indexOf(tableMarkers.end, start);
  if (start < 0 || end < 0) return null;
  const before = document.slice(0, start + tableMarkers.start.length);
  return `${before}\n${configurationTableMarkdown()}\n${document.slice(end)}`;
}

/** The whole text of `.env.example`: what must be filled in stands as `NAME=`, everything else as `# NAME=default`. */
export function envExampleText(): string {
  const blocks = [
    [
      "# casebridge: copy this file to .env and fill in the lines without a leading #.",
      "# Lines with a leading # show the default, or an example where there is none. A variable of the process",
      "# environment wins over this file. Instead of a secret NAME you may give NAME_FILE, the path of a file that holds it.",
      "# Put a value that holds # or starts with a quote between single quotes.",
      "# More, and the file for several connections: docs/configuration.md",
    ].join("\n"),
  ];
  let group: string | null = null;
  for (const row of listVariables()) {
    if (row.group !== group) {
      group = row.group;
      blocks.push(`# ---- ${group} ----`);
    }
    blocks.push(envExampleBlock(row));
  }
  return `${blocks.join("\n\n")}\n`;
}

/** The whole text of `casebridge.schema.json`. */
export function schemaText(): string {
  return `${JSON.stringify(configFileJsonSchema(), null, 2)}\n`;
}

/** Variables that an ordinary first start must set; the others stand in `.env.example` behind a `#`. */
const filledIn: readonly string[] = [
  "HUAWEICLOUD_SDK_AK",
  "HUAWEICLOUD_SDK_SK",
  "HUAWEICLOUD_SDK_DOMAIN_ID",
  "JIRA_HOST",
  "JIRA_EMAIL",
  "JIRA_API_TOKEN",
  "JIRA_PROJECT_KEY",
  "COMMENTS_TO_HUAWEI",
];

function envExampleBlock(row: Row): string {
  const facts = [
    row.unit === null ? null : `Unit: ${row.unit}.`,
    row.default === null ? `Unset: ${row.unset ?? "none"}.` : `Default: ${row.default}`,
    row.secret ? `Secret: ${row.name}_FILE works too.` : null,
    row.default === null ? `Example: ${row.example}` : null,
  ].filter((fact) => fact !== null);
  const comment = [row.meaning, facts.join(" ")].map((text) => `# ${text.replaceAll("`", "")}`).join("\n");
  const setting = filledIn.includes(row.name) ? `${row.name}=` : `# ${row.name}=${row.default ?? ""}`;
  return `${comment}\n${setting}`;
}

function defaultText(row: Variable): string {
  return row.default === null ? escapeCell(row.unset ?? "none") : `\`${escapeCell(row.default)}\``;
}

function meaningText(row: Variable): string {
  const unit = row.unit === null ? "" : ` Unit: ${row.unit}.`;
  const secret = row.secret ? " Secret, also as `…_FILE`." : "";
  const path = row.path === null ? "" : ` In the file: \`${row.path}\`.`;
  return escapeCell(`${row.meaning}${unit}${secret}${path}`);
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|");
}
