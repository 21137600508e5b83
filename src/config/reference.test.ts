import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfigFile } from "./config-file.ts";
import { listVariables } from "./environment.ts";
import { configFileJsonSchema } from "./file-schema.ts";
import { envExampleText, schemaText, withConfigurationTable } from "./reference.ts";

const root = new URL("../../", import.meta.url);

function read(name: string): string {
  return readFileSync(new URL(name, root), "utf8");
}

test("casebridge.schema.json is what the schema gives", () => {
  expect(read("casebridge.schema.json")).toBe(schemaText());
});

test(".env.example is what the table gives", () => {
  expect(read(".env.example")).toBe(envExampleText());
});

test(".env.example names every variable with its default, and is a usable .env", () => {
  const text = read(".env.example");
  const settings = parseEnv(text.replaceAll(/^# ([A-Z_]+=)/gm, "$1"));

  expect(settings).toEqual(Object.fromEntries(listVariables().map((row) => [row.name, row.default ?? ""])));
  expect(Object.values(parseEnv(text)).every((value) => value === "")).toBe(true);
});

test.each(["README.md", "docs/configuration.md"])("the configuration table of %s is what the table gives", (name) => {
  const text = existsSync(new URL(name, root)) ? read(name) : "";
  const expected = withConfigurationTable(text);

  // The README is written last; until it has the markers there is nothing to compare.
  expect(expected ?? text).toBe(text);
});

test("every default and example passes its own check", () => {
  for (const row of listVariables()) {
    expect.soft(row.schema.safeParse(row.example).success, `example of ${row.name}`).toBe(true);
    if (row.default !== null)
      expect.soft(row.schema.safeParse(row.default).success, `default of ${row.name}`).toBe(true);
  }
});

test("every path of the table is a key of the file", () => {
  const schema = new Ajv2020({ strict: false, validateFormats: false }).compile(configFileJsonSchema());
  for (const row of listVariables().filter((variable) => variable.path !== null)) {
    const isNumber = typeof row.schema.safeParse(row.example).data === "number";
    const value = row.secret ? { env: row.name } : isNumber ? Number(row.example) : row.example;
    const nested = (row.path ?? "").split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    expect.soft(schema({ connections: [nested] }), row.name).toBe(true);
  }
});

test("the example of the documents passes the JSON Schema and the reader", () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(read("docs/configuration.md"))?.[1] ?? "";
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(configFileJsonSchema());

  expect(validate(parse(example))).toBe(true);
  expect(validate({ connections: [{ jria: {} }] })).toBe(false);
  expect(parseConfigFile(example, "example").errors).toEqual([]);
});
