/**
 * Writes the documents that the simulators stand on: of the vendors' own (test/fixtures) the operations that are served, with the schemas that
 * they reach, without the prose. The table of each simulator's handlers says which; a test compares the files. May be repeated.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { HUAWEI_OPERATIONS } from "../simulators/huawei/operations.ts";
import { JIRA_OPERATIONS } from "../simulators/jira/operations/index.ts";

type Json = Readonly<Record<string, unknown>>;

const root = new URL("../", import.meta.url);
const readFixture = (name: string): Json => parse(readFileSync(new URL(`test/fixtures/${name}`, root), "utf8"));

/**
 * What the documents say and the simulators do not hold, member by member of a dotted path.
 * Huawei's documents disagree on the length of a description and of a message; the settings decide. An unknown action has an error code of
 * its own. Jira's `JsonNode` describes the Java class of a JSON value, and not the value; sides of a change are null where nothing was; the
 * time of a change is a number in the document's own example of the bulk changelog (jira.md 6), and its example of the server's facts has
 * `defaultLocale`. Nobody sends `historyMetadata`, the largest part of a change.
 */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  "osm-openapi.yaml": [
    "components.schemas.CreateOrderIncidentV2Req.properties.simple_description.maxLength",
    "components.schemas.CreateMessageDoV2.properties.content.maxLength",
    "components.schemas.V1CreateCase.properties.simpleDescribe.maxLength",
    "components.schemas.V1CreateMessage.properties.message.properties.content.maxLength",
    "paths./v2/servicerequest/cases/{case_id}/action.post.parameters.1.schema.enum",
  ],
  "openapi-v3-subset.json": [
    "components.schemas.IssueUpdateDetails.properties.historyMetadata",
    "components.schemas.JsonNode.properties",
    "components.schemas.JsonNode.type",
    "components.schemas.JsonNode.additionalProperties",
    "components.schemas.JsonNode.maxProperties",
    "components.schemas.JsonNode.minProperties",
    "components.schemas.ChangeDetails.properties.from.type",
    "components.schemas.ChangeDetails.properties.fromString.type",
    "components.schemas.ChangeDetails.properties.to.type",
    "components.schemas.ChangeDetails.properties.toString.type",
    "components.schemas.Changelog.properties.created.type",
    "components.schemas.ServerInformation.additionalProperties",
  ],
};

/** Every file by its path from the root. Pure but for reading the fixtures. */
export function simulatorDocuments(): Readonly<Record<string, string>> {
  const { $schema, description, ...adf } = readFixture("adf-schema-v1.json");
  return {
    "simulators/huawei/openapi.json": trim("osm-openapi.yaml", Object.keys(HUAWEI_OPERATIONS)),
    "simulators/jira/openapi.json": trim("openapi-v3-subset.json", Object.keys(JIRA_OPERATIONS)),
    "simulators/jira/adf-schema.json": `${JSON.stringify(withoutProse(adf, false))}\n`,
  };
}

function trim(fixture: string, served: readonly string[]): string {
  const document = readFixture(fixture);
  for (const path of LEFT_OUT[fixture] ?? []) leaveOut(document, path);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [path, methods] of Object.entries(document.paths as Record<string, Record<string, Json>>))
    for (const [method, { operationId, parameters, requestBody, responses, security }] of Object.entries(methods)) {
      if (!served.includes(String(operationId))) continue;
      const good = Object.entries(responses as Json).filter(([status]) => /^[23]/.test(status));
      const kept = { operationId, parameters, requestBody, responses: Object.fromEntries(good), security };
      paths[path] = { ...paths[path], [method]: withoutProse(kept, false) };
    }
  const components: Record<string, Record<string, unknown>> = {};
  reach(document, paths, components);
  const lines = Object.entries(paths).map(([path, methods]) => `${JSON.stringify(path)}:${JSON.stringify(methods)}`);
  const sections = Object.entries(components).map(([section, entries]) => {
    const schemas = Object.entries(entries).sort(([left], [right]) => (left < right ? -1 : 1));
    const rows = schemas.map(([name, schema]) => `${JSON.stringify(name)}:${JSON.stringify(schema)}`);
    return `${JSON.stringify(section)}:{\n${rows.join(",\n")}\n}`;
  });
  return `{"openapi":${JSON.stringify(document.openapi)},"paths":{\n${lines.join(",\n")}\n},"components":{${sections.join(",")}}}\n`;
}

function leaveOut(document: Json, path: string): void {
  const parts = path.split(".");
  const last = parts.pop() ?? "";
  let holder = document as Record<string, unknown>;
  for (const part of parts) {
    const next = holder[part];
    if (typeof next !== "object" || next === null) throw new Error(`nothing stands at ${path}`);
    holder = next as Record<string, unknown>;
  }
  if (!(last in holder)) throw new Error(`nothing stands at ${path}`);
  delete holder[last];
}

/** Copies what is referred to, and what that refers to. */
function reach(document: Json, value: unknown, into: Record<string, Record<string, unknown>>): void {
  if (typeof value !== "object" || value === null) return;
  const { $ref } = value as Json;
  if (typeof $ref === "string") {
    const [, , section = "", name = ""] = $ref.split("/");
    if (into[section]?.[name] === undefined) {
      const found = (document.components as Record<string, Json>)[section]?.[name];
      const plain = withoutProse(found, false);
      into[section] = { ...into[section], [name]: plain };
      reach(document, plain, into);
    }
  }
  for (const inner of Object.values(value)) reach(document, inner, into);
}

/** Without descriptions, examples and remarks; `isNames` = the keys are names of members, and none is prose. */
function withoutProse(value: unknown, isNames: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutProse(item, false));
  if (typeof value !== "object" || value === null) return value;
  const prose = /^(?:description|summary|examples?|title|externalDocs|xml|default|deprecated|x-.*)$/;
  const kept = Object.entries(value).filter(([key, inner]) => inner !== undefined && (isNames || !prose.test(key)));
  const isMap = (key: string): boolean => !isNames && ["properties", "definitions"].includes(key);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutProse(inner, isMap(key))]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  for (const [name, text] of Object.entries(simulatorDocuments())) writeFileSync(new URL(name, root), text);
