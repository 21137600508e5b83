/**
 * Writes what is generated from the configuration's schema: `casebridge.schema.json`, `.env.example`, and the table
 * between the markers of `README.md` and `docs/configuration.md`. Run it after a change of the schema:
 * `npx node src/config/write-reference.ts`. May be repeated; prints what it wrote.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { envExampleText, schemaText, withConfigurationTable } from "./reference.ts";

const root = new URL("../../", import.meta.url);

function write(name: string, text: string): void {
  writeFileSync(new URL(name, root), text);
  process.stdout.write(`${name}\n`);
}

write("casebridge.schema.json", schemaText());
write(".env.example", envExampleText());
for (const name of ["README.md", "docs/configuration.md"]) {
  const url = new URL(name, root);
  const text = existsSync(url) ? withConfigurationTable(readFileSync(url, "utf8")) : null;
  if (text !== null) write(name, text);
}
