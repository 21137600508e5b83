import { readFileSync } from "node:fs";
import AjvDraft04 from "ajv-draft-04";

const schemaUrl = new URL("../fixtures/adf-schema-v1.json", import.meta.url);

/** Makes a judge by Atlassian's own schema of rich text: `null` for a document that fits, else the first errors as JSON. */
export function makeAdfValidator(): (document: unknown) => string | null {
  const check = new AjvDraft04.default({ strict: false }).compile(JSON.parse(readFileSync(schemaUrl, "utf8")));
  return (document) => (check(document) ? null : JSON.stringify(check.errors?.slice(0, 3)));
}
