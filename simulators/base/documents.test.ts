import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { simulatorDocuments } from "../../scripts/simulator-documents.ts";

const root = new URL("../../", import.meta.url);
const documents = Object.entries(simulatorDocuments());

it.each(documents)("%s is what scripts/simulator-documents.ts makes of the vendor's document", (name, text) => {
  expect(readFileSync(new URL(name, root), "utf8"), "write it with: node scripts/simulator-documents.ts").toBe(text);
});
