import { describe, expect, it } from "vitest";
import { comparableName, mayName, parseFileAddress } from "./file-names.ts";

describe("names of files in one spelling", () => {
  it.each([
    ["decomposed as macOS does", "U\u0308bersicht.txt", "Übersicht.txt"],
    ["decomposed Korean", "보고서.pdf".normalize("NFD"), "보고서.pdf"],
    ["other capitals", "ÜBERSICHT.TXT", "Übersicht.txt"],
    ["sharp s", "STRASSE.txt", "straße.txt"],
    ["percent signs", "Q3%20%C3%9Cbersicht.txt", "Q3 Übersicht.txt"],
    ["full-width forms", "Ｑ３　ｒｅｐｏｒｔ．ｔｘｔ", "Q3 report.txt"],
    ["invisible characters", "Q3\u200b report\u00ad.txt", "Q3 report.txt"],
    ["blanks", "Q3 \u00a0 report.txt", "Q3 report.txt"],
  ])("%s", (_name, one, other) => {
    expect(comparableName(one)).toBe(comparableName(other));
  });

  it.each(["100%", "%zz.txt", "%ff%fe", "a%2"])("leaves what encodes nothing as it is: %s", (text) => {
    expect(comparableName(text)).toBe(text);
  });
});

describe("addresses of files", () => {
  it.each<[string, { ids: string[]; name: string | null } | null]>([
    ["https://a.example/secure/attachment/10012/Q3%20report.txt", { ids: ["10012"], name: "Q3 report.txt" }],
    ["/secure/attachment/10012/Q3+report.txt?x=1", { ids: ["10012"], name: "Q3 report.txt" }],
    ["https://a.example/secure/thumbnail/10012/_thumb_1.png", { ids: ["10012"], name: "_thumb_1.png" }],
    ["https://a.example/rest/api/3/attachment/content/10012", { ids: ["10012"], name: null }],
    ["https://api.atlassian.com/ex/jira/c/rest/api/2/attachment/thumbnail/10012?w=9", { ids: ["10012"], name: null }],
    ["/rest/api/latest/attachment/10012", { ids: ["10012"], name: null }],
    [
      "https://api.media.atlassian.com/file/0A1B2C3D-0000-4000-8000-000000000001/binary",
      { ids: ["0a1b2c3d-0000-4000-8000-000000000001"], name: "binary" },
    ],
    ["https://a.example/browse/OPS-1", null],
    ["https://a.example/attachment/list", null],
  ])("%s", (address, expected) => {
    expect(parseFileAddress(address)).toEqual(expected);
  });
});

describe("a text that may name a file", () => {
  it.each([
    ["curly quotes", "see “Kunde’s Liste.xlsx”", "Kunde's Liste.xlsx"],
    ["a dash of an editor", "the Q3 – report.txt", "Q3 - report.txt"],
    ["two hyphens made one dash", "the Q3—report.txt", "Q3--report.txt"],
    ["struck in part", "the ~~Q3~~ report.txt", "Q3 report.txt"],
    ["escaped in a table", "| a\\|b notes.txt |", "a|b notes.txt"],
    ["underscores read as emphasis", "the my_big_file.txt as mybigfile.txt", "my_big_file.txt"],
    ["blanks left out", "Q3report.txt", "Q3 report.txt"],
  ])("by %s", (_name, text, name) => {
    expect(mayName(text, name)).toBe(true);
  });

  it.each([
    ["another name", "the Q4 report.txt", "Q3 report.txt"],
    ["letters too few to tell", "a breakfast", "a.b"],
    ["no name", "anything", ""],
  ])("not by %s", (_name, text, name) => {
    expect(mayName(text, name)).toBe(false);
  });
});
