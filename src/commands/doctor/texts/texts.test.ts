/** The doctor's words: both catalogues tell the same facts, and no other file of the doctor holds words for people. */
import { globSync, readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import { ServiceError, type ServiceErrorFacts } from "../../../domain/service-error.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const refusal: ServiceErrorFacts = {
  ...{ side: "huawei", kind: "unauthorized", operation: "checkCredentials", status: 401, code: null },
  ...{ requestId: null, retryAfterMs: null, outcomeUnknown: false, detail: "the agency ⟦0⟧ is refused" },
};

/** Arguments that are no text, by the key's path or its last name. */
const others: Readonly<Record<string, readonly unknown[]>> = {
  filesOpen: [["⟦0⟧", "⟦1⟧"]],
  closeFiles: [["⟦0⟧", "⟦1⟧"]],
  migrationsWait: [["⟦0⟧", "⟦1⟧"]],
  nothingAnswers: ["⟦0⟧", "jira", 404],
  "sheet.error": [new ServiceError({ ...refusal, zh: { detail: "委托 ⟦0⟧ 被拒绝", remedy: "" } })],
  "sheet.remedy": [new ServiceError(refusal)],
  misfit: [{ policy: "allkeys-lru", detail: "Redis evicts keys (allkeys-lru); set maxmemory-policy noeviction" }],
  misfitRemedy: [{ policy: "allkeys-lru", remedy: "redis.conf" }],
  "notifications.failing": ["⟦0⟧", "http_404", "json"],
  "notifications.tryIt": ["timeout", "json"],
  apiFor: ["⟦0⟧", ["⟦1⟧", "⟦2⟧"]],
  lacking: ["⟦0⟧", ["labels", "group"]],
  "status.name": [13],
  alike: [13, "⟦0⟧", "⟦1⟧"],
  noCategory: [13, "⟦0⟧", "⟦1⟧"],
  noStatus: [13, "⟦0⟧", "⟦1⟧"],
  checkGroups: [["⟦0⟧", "⟦1⟧"]],
  mayListGroups: [["⟦0⟧", "⟦1⟧"]],
};

/** Every text by the path of its key, with a sign for each argument. */
function textsOf(entries: object, path = ""): readonly (readonly [string, string])[] {
  return Object.entries(entries).flatMap(([name, entry]: [string, unknown]) => {
    const key = `${path}${name}`;
    if (typeof entry === "string") return [[key, entry] as const];
    if (typeof entry !== "function") return textsOf(entry as object, `${key}.`);
    const say = entry as (...args: unknown[]) => string;
    return [[key, say(...(others[key] ?? others[name] ?? ["⟦0⟧", "⟦1⟧", "⟦2⟧", "⟦3⟧", "⟦4⟧"]))] as const];
  });
}

const english = textsOf(en);
const chinese = new Map(textsOf(zh));

/** Arguments, commands, variables, settings, addresses and permissions: what must stand in both languages alike. */
function factsIn(text: string): readonly string[] {
  const found = text.match(
    /⟦\d⟧|`[^`]+`|\/(?:case|release)\b|\b[A-Z][A-Z\d]*_[A-Z\d_]+\b|\bGMT\+8\b|\b[a-z]+\.[a-zA-Z]+\b(?:\.\w+)*|https?:\/\/[^\s,;；，。]+[^\s.,;；，。]|\{[a-zA-Z]+\}|chmod o-rwx|[a-z-]+-[a-z]+:<|\b(?:Ticket|Administer|Browse|Assignable|Set Issue|Security)(?: [A-Z][a-z]+)+|\b\d+\b/g,
  );
  return [...new Set(found ?? [])].sort();
}

test("each text stands in both languages, and names the same facts", () => {
  expect(english.length).toBeGreaterThan(300);
  expect([...chinese.keys()].sort()).toEqual(english.map(([key]) => key).sort());
  for (const [key, text] of english) {
    expect({ key, facts: factsIn(chinese.get(key) ?? "") }).toEqual({ key, facts: factsIn(text) });
    expect(text, key).not.toMatch(/[\u4e00-\u9fff]/);
    if (/[a-z]{3}/.test(text.replaceAll(/`[^`]+`/g, ""))) expect(chinese.get(key), key).toMatch(/[\u4e00-\u9fff]/);
  }
});

/** Files of the doctor that tell nothing to people of findings: the report for the vendors' facts. */
const wordless = /(?:report|report-ports|shape|vendor-facts|member-names)\.ts$/;

/** What Jira is asked, not what people are told. */
const isQuery = /^`project = /;
/** Texts of several words that stand in a source, names of checks aside. */
function proseIn(text: string): readonly string[] {
  const source = ts.createSourceFile("", text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    const isCheckName =
      ts.isCallExpression(node.parent ?? source) && /\.check$/.test(node.parent.getChildAt(0).getText());
    const isNamed = ts.isPropertyAssignment(node.parent ?? source) && /^name:/.test(node.parent.getText());
    const isText =
      ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node);
    if (
      isText &&
      !isCheckName &&
      !isNamed &&
      /[a-z]{2,} [a-z]{2,}/i.test(node.getText()) &&
      !isQuery.test(node.getText())
    )
      found.push(node.getText());
    else ts.forEachChild(node, look);
  };
  look(source);
  return found;
}

test("no other file of the doctor holds words for people", () => {
  const files = globSync("src/commands/doctor/*.ts").filter(
    (path) => !/\.test\.ts$/.test(path) && !wordless.test(path),
  );

  expect(files.length).toBeGreaterThan(10);
  expect(proseIn('sheet.check("Jira clock", async () => wrong(verbatim("the clock is off"), mend));')).toEqual([
    '"the clock is off"',
  ]);
  for (const path of files) expect({ path, prose: proseIn(readFileSync(path, "utf8")) }).toEqual({ path, prose: [] });
});
