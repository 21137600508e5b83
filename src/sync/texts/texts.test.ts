/** The words on issues: both catalogues tell the same things, and no other file holds words for people. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { en } from "./en.ts";
import type { IssueTexts } from "./issue-texts.ts";
import { say, sayShort, type Words } from "./say.ts";
import { zh } from "./zh.ts";

/** Every text by the path of its key, with a sign for each argument. */
function textsOf(entries: object, path = ""): readonly (readonly [string, string])[] {
  return Object.entries(entries).flatMap(([name, entry]: [string, unknown]) => {
    const key = `${path}${name}`;
    if (typeof entry === "string") return [[key, entry] as const];
    if (typeof entry === "function") return [[key, call(key, entry as (...args: unknown[]) => string)] as const];
    return textsOf(entry as object, `${key}.`);
  });
}

/** Arguments that are no text. */
const others: Readonly<Record<string, readonly unknown[]>> = {
  status: [77],
  masked: [[{ name: "⟦0⟧", count: 1 }]],
  "state.pair": ["⟦0⟧", 77, "⟦2⟧"],
  "guard.changedRating": [["⟦0⟧"]],
  "values.allowed": ["⟦0⟧", 7],
};

function call(key: string, words: (...args: unknown[]) => string): string {
  return words(...(others[key] ?? ["⟦0⟧", "⟦1⟧", "⟦2⟧", "⟦3⟧"].slice(0, Math.max(1, words.length))));
}

const signsIn = (text: string): readonly string[] => [...new Set(text.match(/⟦\d⟧|\b77\b/g) ?? [])].sort();

test("each text stands in both languages, and tells the same facts", () => {
  const [english, chinese] = [new Map(textsOf(en)), new Map(textsOf(zh))];

  expect(english.size).toBeGreaterThan(120);
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [key, text] of english) {
    // What a refused file lacks is told by its code in Chinese, and by words of the service in English.
    if (key === "files.why") continue;
    expect({ key, signs: signsIn(chinese.get(key) ?? "") }).toEqual({ key, signs: signsIn(text) });
    if (/[a-z]{3}/.test(text)) expect(chinese.get(key), key).toMatch(/[\u4e00-\u9fff]/);
    if (key !== "access.answer") expect(text, key).not.toMatch(/[\u4e00-\u9fff]/);
  }
});

test("names of commands, settings and labels are alike in both languages", () => {
  const codes = (text: string): readonly string[] =>
    [
      ...text.matchAll(
        /\/(?:case|urge|close|cancel|rate|release|status|resync)\b|`[^`]+`|"casebridge [^"]+"|\b(?:commands\.role|status\.\w+)\b/g,
      ),
    ]
      .map(([code]) => code.replaceAll(/[`"]/g, ""))
      .sort();
  const chinese = new Map(textsOf(zh));
  for (const [key, text] of textsOf(en))
    expect({ key, codes: codes(chinese.get(key) ?? "") }).toEqual({ key, codes: codes(text) });
});

test.each<readonly [readonly ("en" | "zh")[], string, string]>([
  [["en"], "Nothing waits.", "customer"],
  [["zh"], "没有等待中的内容。", "客户"],
  [["en", "zh"], "Nothing waits.\n没有等待中的内容。", "customer / 客户"],
])("in %j whole texts stand below each other, and pieces of a line beside each other", (languages, text, piece) => {
  const [whole, short]: readonly Words[] = [(t) => t.state.nothing, (t) => t.authors.customer];

  expect(say({ languages }, whole ?? (() => ""))).toBe(text);
  expect(sayShort({ languages }, short ?? (() => ""))).toBe(piece);
});

test("what is alike in both languages is said once", () => {
  expect(say({ languages: ["en", "zh"] }, (_t: IssueTexts) => "OPS-1")).toBe("OPS-1");
});

/** Literals of a source, without comments. */
function literalsOf(source: string): readonly string[] {
  const bare = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[\s;{}])\/\/[^\n]*/g, "");
  // What is put into a template may be one itself.
  let flat = bare;
  for (let before = ""; before !== flat; ) {
    before = flat;
    flat = flat.replace(/\$\{[^{}`]*\}/g, "X").replace(/\$\{[^{}]*`[^`$]*`[^{}`]*\}/g, "X");
  }
  return [...flat.matchAll(/"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g)].map(
    ([, one, two, three]) => one ?? two ?? three ?? "",
  );
}

/** A sentence of several words that ends as sentences do; the log and the failures have none. */
function isSentence(text: string): boolean {
  return /^[A-Z][A-Za-z]+(?: [^\s]+){2,}[.:!?]$/.test(
    text
      .replace(/\$\{[^}]*\}/g, "X")
      .trim()
      .replace(/[.:!?][ X]+$/, "."),
  );
}

test("no flow holds a sentence of its own", () => {
  const files = globSync("src/sync/{*,plan/*,apply/*,link/*,request/*,recognise/*,intake/*}.ts").filter(
    (name) => !name.endsWith(".test.ts"),
  );
  const found = files.flatMap((name) =>
    literalsOf(readFileSync(name, "utf8"))
      // What stands in a service ticket is in both languages at once.
      .filter((text) => isSentence(text) && !/[\u4e00-\u9fff]/.test(text))
      .map((text) => `${name}: ${text}`),
  );

  expect(files.length).toBeGreaterThan(60);
  expect(isSentence("The service ticket was deleted in Huawei Cloud.")).toBe(true);
  expect(found).toEqual([]);
});
