/** What holds for every text, both ways: no word is lost or added, nothing struck comes out unstruck, and time grows with length. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { looksLikeHtml, messageToAdf } from "./build.ts";
import { adfToText } from "./to-text.ts";

const runs = { numRuns: 200 };
/** Words that no markup of ours is made of. */
const word = fc.stringMatching(/^[a-z]{2,6}[0-9]{2}$|^[数据库服务器重启]{2,4}$/);
type Piece = { readonly html: string; readonly words: readonly string[]; readonly struck: readonly string[] };
const NONE: Piece = { html: "", words: [], struck: [] };

function joined(pieces: readonly Piece[], between: string): Piece {
  return {
    html: pieces.map(({ html }) => html).join(between),
    words: pieces.flatMap(({ words }) => words),
    struck: pieces.flatMap(({ struck }) => struck),
  };
}

const wrapped = (inner: fc.Arbitrary<Piece>, tags: readonly (readonly [string, string])[]): fc.Arbitrary<Piece> =>
  fc
    .tuple(fc.constantFrom(...tags), inner)
    .map(([[open, close], piece]) => ({ ...piece, html: open + piece.html + close }));
const struckBy = (inner: fc.Arbitrary<Piece>): fc.Arbitrary<Piece> =>
  wrapped(inner, [
    ["<s>", "</s>"],
    ["<del>", "</del>"],
    ["<strike>", "</strike>"],
    ['<span style="text-decoration: line-through">', "</span>"],
    ['<font style="color:red;text-decoration-line:line-through">', "</font>"],
  ]).map((piece) => ({ ...piece, struck: piece.words }));

const plainWords = fc
  .array(word, { minLength: 1, maxLength: 3 })
  .map((words) => ({ html: words.join(" "), words, struck: [] }));
const inline: fc.Arbitrary<Piece> = fc.oneof(
  plainWords,
  wrapped(plainWords, [
    ["<b>", "</b>"],
    ["<em>", "</em>"],
    ["<code>", "</code>"],
    ['<a href="https://a.example/x">', "</a>"],
    ["<sup>", "</sup>"],
    ['<span style="white-space:pre-wrap">', "</span>"],
  ]),
  struckBy(plainWords),
  struckBy(
    wrapped(plainWords, [
      ["<b>", "</b>"],
      ["<code>", "</code>"],
      ["<sub>", "</sub>"],
    ]),
  ),
);
const line = fc.array(inline, { minLength: 1, maxLength: 4 }).map((pieces) => joined(pieces, " "));
const cells = (tag: string): fc.Arbitrary<Piece> =>
  fc.array(line, { minLength: 1, maxLength: 3 }).map((pieces) =>
    joined(
      pieces.map((one) => ({ ...one, html: `<${tag}>${one.html}</${tag}>` })),
      "",
    ),
  );
const table = fc
  .array(cells("td"), { minLength: 1, maxLength: 3 })
  .map((rows) =>
    joined(
      rows.map((one) => ({ ...one, html: `<tr>${one.html}</tr>` })),
      "",
    ),
  )
  .map((one) => ({ ...one, html: `<table>${one.html}</table>` }));
const list = wrapped(cells("li"), [
  ["<ul>", "</ul>"],
  ["<ol start=3>", "</ol>"],
]);
const simple: fc.Arbitrary<Piece> = fc.oneof(
  wrapped(line, [
    ["<p>", "</p>"],
    ["<div>", "</div>"],
    ["<pre>", "</pre>"],
    ["<h2>", "</h2>"],
  ]),
  list,
  table,
);
const block: fc.Arbitrary<Piece> = fc.oneof(
  simple,
  wrapped(simple, [
    ["<blockquote>", "</blockquote>"],
    ["<ul><li>", "</li></ul>"],
    ["<section>", "</section>"],
  ]),
  struckBy(simple),
);
const richText = fc
  .array(block, { minLength: 1, maxLength: 4 })
  .map((blocks) => joined([{ ...NONE, html: "<p></p>" }, ...blocks], ""));

function shown(text: string): string {
  return messageToAdf({ header: "", text })
    .docs.map((made) => adfToText(made))
    .join("\n");
}

/** The words of the alphabet above, in order. */
function wordsOf(text: string): string[] {
  return text.replaceAll(" (https://a.example/x)", "").match(/[a-z]{2,6}[0-9]{2}|[数据库服务器重启]{2,4}/g) ?? [];
}

describe("a rich text", () => {
  it("loses no word, adds none, and keeps their order", () => {
    fc.assert(
      fc.property(richText, ({ html, words }) => {
        expect(wordsOf(shown(html))).toEqual(words.flatMap((one) => wordsOf(one)));
      }),
      runs,
    );
  });

  it("shows struck what is struck, and nothing else", () => {
    fc.assert(
      fc.property(richText, ({ html, struck }) => {
        const found = [...shown(html).matchAll(/~~([^\n]+?)~~/g)].flatMap(([, text = ""]) => wordsOf(text));

        expect(found).toEqual(struck.flatMap((one) => wordsOf(one)));
      }),
      runs,
    );
  });

  it("gives a text that says the same when it is read again", () => {
    fc.assert(
      fc.property(richText, ({ html }) => {
        const once = shown(html);
        const twice = shown(once);

        expect(wordsOf(twice)).toEqual(wordsOf(once));
        expect(shown(twice)).toBe(twice);
      }),
      runs,
    );
  });
});

describe("a plain text", () => {
  const bits = fc.constantFrom(
    "a",
    "重启",
    " ",
    "\n",
    "<",
    ">",
    "<br>",
    "</div>",
    "<p>",
    "&lt;",
    "&",
    "|",
    "~~",
    "`",
    "[x](",
    ")",
    "https://a.example/ ",
    "<T>",
    "*",
    "_",
    "#",
  );
  const plain = fc.array(bits, { maxLength: 30 }).map((all) => all.join(""));

  it("keeps every character but blanks and the brackets of links", () => {
    // The target of a link is written as addresses are.
    const decoded = (text: string): string => text.replace(/(?:%[0-9A-F]{2})+/g, (code) => decodeURIComponent(code));
    const kept = (text: string): string => decoded(text).replace(/[\s[\]()]+/g, "");

    fc.assert(
      fc.property(plain, (text) => {
        fc.pre(!looksLikeHtml(text));

        const { docs } = messageToAdf({ header: "", text, format: "plain" });

        expect(kept(docs.map((made) => adfToText(made)).join("\n"))).toBe(kept(text));
      }),
      runs,
    );
  });
});

describe("long lines", () => {
  it.each(
    [
      "~~a",
      "~~a ",
      "~~a~~ ",
      "[a](",
      "![",
      "[a](https://a.example/ ",
      "](",
      "<br",
      "<a ",
      "<p>",
      "</p>",
      "<!--",
      "<![if ",
      "a|",
      "https://",
      "用/",
      "`",
      "<x/>",
      "<style>a{",
      "<style>.a{text-decoration:line-through}</style>",
      "<b>a</b>",
      "<s>",
    ].map((piece) => [piece]),
  )("of %j take time in proportion to their length", (piece) => {
    const text = piece.repeat(30_000);
    const begun = process.cpuUsage();

    shown(text);

    const { user, system } = process.cpuUsage(begun);
    expect((user + system) / 1e6).toBeLessThan(1.5);
  });
});
