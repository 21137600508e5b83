/** What the elements and attributes of HTML say about the text in them. */

import { cutChars } from "../../../domain/text/sanitize.ts";

/** The attributes of an element as they were written. */
export type Attributes = Readonly<Record<string, string>>;
/** What a mark, or the style of an element, says about the meaning of its text. */
export type Style = "strong" | "em" | "underline" | "strike" | "code" | "sub" | "sup";

/** Office programs write some hundred rules. */
const SHEET_RULES_MAX = 5_000;

/** Presentation, which office programs paste by the page. All else that somebody wrote is shown, as text. */
export const DROPPED: ReadonlySet<string> = new Set(["style"]);
/** Elements that begin and end a paragraph, and are nothing more to us. */
export const BLOCKS: ReadonlySet<string> = new Set(
  "address article aside body center dd details dialog div dl dt fieldset figcaption figure footer form header hgroup html legend main nav option p search section summary caption script template iframe object noframes title datalist svg math canvas".split(
    " ",
  ),
);
const INLINES = new Set(
  "abbr acronym applet area audio base basefont bdi bdo big button col colgroup data dfn dir embed font frame frameset head input label link map mark menu meta meter noscript optgroup output param picture progress q rp rt ruby select small source span tbody textarea tfoot thead time track var video wbr".split(
    " ",
  ),
);
/** Elements that mark their text. */
export const MARKS: ReadonlyMap<string, Style> = new Map([
  ["b", "strong"],
  ["strong", "strong"],
  ["i", "em"],
  ["em", "em"],
  ["cite", "em"],
  ["u", "underline"],
  ["ins", "underline"],
  ["s", "strike"],
  ["strike", "strike"],
  ["del", "strike"],
  ["code", "code"],
  ["tt", "code"],
  ["kbd", "code"],
  ["samp", "code"],
  ["sub", "sub"],
  ["sup", "sup"],
]);
const STRUCTURAL = new Set("a br hr img pre h1 h2 h3 h4 h5 h6 ul ol li blockquote table tr td th".split(" "));

/** Whether an element is one of HTML or of an office program, rather than a placeholder such as `<region>`. */
export function isKnownElement(name: string): boolean {
  return BLOCKS.has(name) || INLINES.has(name) || MARKS.has(name) || STRUCTURAL.has(name) || name.includes(":");
}

/** What a style says about the text of its element: its marks, and whether line ends and runs of blanks are shown as they stand. */
export type StyleMeaning = {
  readonly marks: readonly Style[];
  readonly keepsLines: boolean;
  readonly keepsBlanks: boolean;
};

/** What the `style` of an element says about the meaning of its text. Never throws. */
export function readStyle(style: string): StyleMeaning {
  const marks: Style[] = [];
  let keepsLines = false;
  let keepsBlanks = false;
  for (const declaration of style.split(";", 200)) {
    const colon = declaration.indexOf(":");
    const property = declaration.slice(0, colon).trim().toLowerCase();
    const value = declaration.slice(colon + 1).toLowerCase();
    if (/^white-space(?:-collapse)?$/.test(property)) {
      keepsLines = /\b(?:pre|break-spaces|preserve)\b/.test(value);
      keepsBlanks = keepsLines && !/\b(?:pre-line|preserve-breaks)\b/.test(value);
    } else marks.push(...marksOfStyle(property, value));
  }
  return { marks, keepsLines, keepsBlanks };
}

/**
 * Which simple selectors (`.old`, `p.old`, `td`) a style sheet strikes through. Only that: a struck sentence says the opposite, all else
 * of a sheet is looks. Never throws; linear.
 */
export function struckSelectors(sheet: string): string[] {
  // By index: an expression would look for the brace of each rule from every character.
  return sheet.split("}", SHEET_RULES_MAX).flatMap((rule) => {
    const brace = rule.lastIndexOf("{");
    if (brace < 0 || !readStyle(rule.slice(brace + 1)).marks.includes("strike")) return [];
    const selectors = rule.slice(rule.slice(0, brace).lastIndexOf("{") + 1, brace).replace("<!--", "");
    return selectors.split(",").map((selector) => selector.trim().toLowerCase());
  });
}

/** The simple selectors that an element answers to. */
export function selectorsOf(name: string, attributes: Attributes): string[] {
  const classes = (attributes.class ?? "")
    .toLowerCase()
    .split(/\s+/, 50)
    .filter((one) => one !== "");
  return [name, ...classes.flatMap((one) => [`.${one}`, `${name}.${one}`])];
}

function marksOfStyle(property: string, value: string): Style[] {
  if (/^text-decoration(?:-line)?$/.test(property))
    return [
      ...(/\bline-through\b/.test(value) ? (["strike"] as const) : []),
      ...(/\bunderline\b/.test(value) ? (["underline"] as const) : []),
    ];
  if (property === "font-weight" && /\bbold(?:er)?\b|\b[6-9]00\b/.test(value)) return ["strong"];
  if (property === "font-style" && /\b(?:italic|oblique)\b/.test(value)) return ["em"];
  if (property === "vertical-align" && /\bsuper\b/.test(value)) return ["sup"];
  return property === "vertical-align" && /\bsub\b/.test(value) ? ["sub"] : [];
}

/** A box that is ticked or not says as much as a word. */
export function inputText(attributes: Attributes): string {
  const type = (attributes.type ?? "text").toLowerCase();
  if (type === "checkbox") return "checked" in attributes ? "[x] " : "[ ] ";
  if (type === "image") return `[image: ${imageName(attributes)}]`;
  if (type === "radio") return "checked" in attributes ? "(x) " : "( ) ";
  return type === "hidden" || type === "password" ? "" : (attributes.value ?? "");
}

/** What a picture is called: by its description, else its title, else its file, at most 100 units. */
export function imageName(attributes: Attributes): string {
  const source = attributes.src ?? "";
  const fromSource = /^(?:data|blob|cid):/i.test(source) ? "" : (source.split(/[?#]/)[0]?.split("/").at(-1) ?? "");
  const unnamed = /^data:/i.test(source) ? "embedded picture, not carried" : "image";
  const name = attributes.alt?.trim() || attributes.title?.trim() || fromSource || unnamed;
  return cutChars(name.replace(/\s+/g, " "), 100);
}

/**
 * What plays, or shows another page, by its address, with a blank behind it; what stands inside for those who cannot see it stays text.
 * `""` for a player whose sources follow. Never throws.
 */
export function embeddedText(name: string, attributes: Attributes): string {
  const address = (attributes.src ?? attributes.data ?? "").trim();
  if (address !== "" && !/^(?:data|blob):/i.test(address))
    return `[${name === "source" ? "media" : name}: ${address}] `;
  return name === "source" || name === "video" || name === "audio" ? "" : `[${name}: not shown] `;
}
