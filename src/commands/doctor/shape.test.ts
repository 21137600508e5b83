import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberNamesFile } from "../../../scripts/member-names.ts";
import { nameOf } from "./report.ts";
import { mergeShapes, shapeOf } from "./shape.ts";

describe("the shape of an answer", () => {
  it.each<[string, unknown, unknown]>([
    [
      "a code is shown, since it is the vendor's",
      { error_code: "OSM.01010004" },
      { error_code: 'string "OSM.01010004"' },
    ],
    ["the nought of a success too, with its type", { error_code: 0 }, { error_code: 'number "0"' }],
    [
      "a code that looks like words is not",
      { error_code: "bad password hunter2" },
      { error_code: "code of a strange form" },
    ],
    ["a moment by its form", { created: "2026-11-30T12:00:00Z" }, { created: "moment, Z" }],
    ["a moment without a zone", { created: "2026-11-30 12:00:00" }, { created: "moment without a zone" }],
    ["a moment as a number", { created: 1_796_000_000_000 }, { created: "moment in ms" }],
    ["a text by its length", { content: "no word of it" }, { content: "text up to 13" }],
    ["the longest of several", [{ content: "abc" }, { content: "a" }], [{ content: "text up to 3" }]],
    ["members that lack somewhere", [{ id: "1", active: true }, { id: "2" }], [{ "active?": "boolean", id: "digits" }]],
    ["a list of nothing", { labels: [] }, { labels: "empty list" }],
    ["a map by names of people", { Administrators: "https://x/1" }, { "<other>": "address" }],
  ])("%s", (_, value, expected) => {
    expect(shapeOf(value)).toEqual(expected);
  });

  it("holds no text, number or name of what was answered", () => {
    const word = fc.stringMatching(/^[g-z]{3}Q[g-z0-9 ]{4,40}$/);
    fc.assert(
      fc.property(word, fc.object({ values: [word, fc.integer()], key: word, maxDepth: 4 }), (secret, value) => {
        const shape = JSON.stringify(shapeOf({ content: secret, list: [value, { [secret]: value }] }));

        expect(shape).not.toContain(secret);
        expect(shape).not.toMatch(/[g-z]{3}Q/);
      }),
    );
  });

  it("is the same however answers are put together", () => {
    const shapes = [{ id: 1 }, { id: "x" }, { labels: [1, "2"] }].map((value) => shapeOf(value));

    expect(mergeShapes([mergeShapes(shapes.slice(0, 2)), ...shapes.slice(2)])).toEqual(mergeShapes(shapes));
  });
});

it.each([
  [
    "https://osm.example/v2/servicerequest/cases/TT20261130000001/messages?limit=5",
    "/v2/servicerequest/cases/{}/messages",
  ],
  ["https://osm.example/v1.0/servicerequest/case/42", "/v1.0/servicerequest/case/{}"],
  ["https://x.atlassian.net/rest/api/3/project/OPS/role/10002", "/rest/api/3/project/{}/role/{}"],
  ["https://x.atlassian.net/rest/api/3/project/ops/statuses", "/rest/api/3/project/{}/statuses"],
  [
    "https://api.atlassian.com/ex/jira/0aa1f8e2-1111-4d4e-8f6f-0123456789ab/rest/api/3/issue/OPS-7/comment",
    "/ex/{}/{}/rest/api/3/issue/{}/comment",
  ],
])("a path keeps the words of the interface alone: %s", (url, expected) => {
  expect(nameOf(new URL(url))).toBe(expected);
});

it("the names of members are those of the vendors' documents", () => {
  expect(readFileSync(new URL("./member-names.ts", import.meta.url), "utf8")).toBe(memberNamesFile());
});
