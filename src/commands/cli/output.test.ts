import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Secret } from "../../lib/secret.ts";
import { type Block, makeProgress, renderBlocks, renderJson, styleOf } from "./output.ts";

const plain = { tables: false, colours: false, columns: null };
const terminal = { tables: true, colours: true, columns: null };
const rows: Block = {
  kind: "table",
  title: "Links",
  head: ["Case", "Issue", "State"],
  rows: [
    ["TT1", "OPS-1", { text: "active", tone: "good" }],
    ["TT-longer", null, { text: "blocked", tone: "bad" }],
  ],
};

test("without a terminal a table is plain aligned text", () => {
  expect(renderBlocks([rows], plain)).toBe(
    "Links\nCase       Issue  State\nTT1        OPS-1  active\nTT-longer  -      blocked\n",
  );
});

test("on a terminal it is drawn, in colours unless they are unwanted", () => {
  const coloured = renderBlocks([rows], terminal);
  const grey = renderBlocks([rows], { ...terminal, colours: false });

  expect(coloured).toContain("┌");
  expect(coloured).toContain("\u001b[31mblocked\u001b[39m");
  expect(grey).toContain("│ TT1");
  expect(grey).not.toContain("\u001b");
});

test.each([
  [{ isTTY: true }, {}, { tables: true, colours: true, columns: 80 }],
  [{ isTTY: true, columns: 132 }, { NO_COLOR: "1" }, { tables: true, colours: false, columns: 132 }],
  [{ isTTY: true }, { NO_COLOR: "" }, { tables: true, colours: true, columns: 80 }],
  [{ isTTY: true }, { TERM: "dumb" }, { tables: true, colours: false, columns: 80 }],
  [{ isTTY: false }, { FORCE_COLOR: "1" }, { tables: false, colours: false, columns: null }],
  [{}, {}, { tables: false, colours: false, columns: null }],
])("a stream %o with %o is drawn as %o", (stream, env, expected) => {
  expect(styleOf({ write: () => {}, ...stream }, env)).toEqual(expected);
});

test("facts line up, dates are short, wide characters count twice", () => {
  const text = renderBlocks(
    [
      {
        kind: "facts",
        rows: [
          ["状态", "好"],
          ["state", true],
          ["at", new Date("2026-01-02T03:04:05.678Z")],
          ["none", null],
        ],
      },
    ],
    plain,
  );

  expect(text).toBe("状态   好\nstate  yes\nat     2026-01-02T03:04:05Z\nnone   -\n");
});

test("escape sequences and bidi overrides of hostile texts reach neither a terminal nor a pipe", () => {
  const hostile = "a\u001b[2J\u009b31mb\u202ec\nd\ud800";
  const blocks: Block[] = [
    { kind: "table", head: ["x"], rows: [[hostile], [{ text: hostile, tone: "bad" }]] },
    { kind: "facts", title: hostile, rows: [[hostile, hostile]] },
    { kind: "text", text: hostile },
  ];

  for (const text of [
    renderBlocks(blocks, plain),
    renderBlocks(blocks, { ...terminal, colours: false }),
    renderJson({ hostile }),
  ]) {
    expect(text).not.toMatch(/[\u001b\u009b\u202e]/);
    expect(text.isWellFormed()).toBe(true);
  }
  expect(JSON.parse(renderJson({ hostile })).hostile).toBe(hostile);
});

test("JSON is one document, whatever it is made of", () => {
  const text = renderJson({
    at: new Date(0),
    big: 2n ** 60n,
    map: new Map([["a", 1]]),
    set: new Set([1]),
    key: new Secret("hunter2"),
  });

  expect(JSON.parse(text)).toEqual({
    at: "1970-01-01T00:00:00.000Z",
    big: "1152921504606846976",
    map: { a: 1 },
    set: [1],
    key: "[secret]",
  });
  expect(renderJson(undefined)).toBe("null\n");
});

test("an empty table says so, and no blocks are no output", () => {
  expect(renderBlocks([{ kind: "table", head: ["x"], rows: [], empty: "No failures." }], plain)).toBe("No failures.\n");
  expect(renderBlocks([], plain)).toBe("");
});

test("a progress bar is drawn on a terminal only", () => {
  const draw = (isTTY: boolean, enabled: boolean) => {
    const stream = Object.assign(new PassThrough(), {
      isTTY,
      columns: 80,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
    });
    const progress = makeProgress(stream, enabled);
    progress.start("Reading", 10);
    progress.update(5);
    progress.stop();
    progress.update(6);
    progress.stop();
    return String(stream.read() ?? "");
  };

  expect(draw(true, true)).toContain("Reading");
  expect(draw(true, false)).toBe("");
  expect(draw(false, true)).toBe("");
});

test("a table is no wider than its terminal, and loses no character; with --wide it is as wide as it needs", () => {
  const id = "0123456789abcdef".repeat(4);
  const long: Block = {
    kind: "table",
    head: ["When", "What", "Found"],
    rows: [
      [new Date("2026-01-02T03:04:05Z"), `message ${id}`, "拒绝访问，请检查权限设置与账号".repeat(3)],
      ["-", "short", "好"],
    ],
  };
  const stream = { write: () => {}, isTTY: true };
  const lines = (wide: boolean): string[] =>
    renderBlocks([long], styleOf(stream, { NO_COLOR: "1" }, { wide })).split("\n");
  const columnsOf = (line: string): number => [...line].reduce((sum, one) => sum + (one > "\u2e80" ? 2 : 1), 0);

  const fitted = lines(false);
  expect(Math.max(...fitted.map(columnsOf))).toBeLessThanOrEqual(80);
  const column = (at: number): string => fitted.map((line) => line.split("│")[at]?.trim() ?? "").join("");
  expect(column(2).replaceAll(" ", "")).toContain(`message${id}`);
  expect(column(3)).toContain("拒绝访问，请检查权限设置与账号".repeat(3));
  expect(Math.max(...lines(true).map(columnsOf))).toBeGreaterThan(150);
});
