/**
 * The shape of an answer: which members it has, of which types and forms. No value of a text, an id or a name is in it; a text shows its form
 * (a date, digits, an address) and the most characters that one had, a number shows nothing but that it is one.
 */

import { memberNames } from "./member-names.ts";

/** A shape as JSON: a word for plain values, `[shape]` for lists, members for objects. */
export type Shape = string | readonly Shape[] | { readonly [member: string]: Shape };

/** Members whose values are codes of the vendors, not of people: these are shown. */
const codes = /^error_?code$/i;
const codeForm = /^[A-Za-z]{0,12}[.\d]{0,16}$/;
/** Fields of an issue that Jira's document does not list as members. */
const issueFields = new Set(
  (
    "assignee attachment comment components created creator description duedate environment fixVersions issuelinks issuerestriction " +
    "issuetype labels parent priority project reporter resolution resolutiondate security status summary updated versions"
  ).split(" "),
);

/** The shape of a parsed answer. Pure. */
export function shapeOf(value: unknown, member = ""): Shape {
  if (value === null) return "null";
  if (Array.isArray(value))
    return value.length === 0 ? "empty list" : [mergeShapes(value.map((entry) => shapeOf(entry)))];
  if (typeof value === "object") return shapeOfObject(value);
  if (codes.test(member)) return codeForm.test(String(value)) ? `${typeof value} "${value}"` : "code of a strange form";
  if (typeof value === "number")
    return isEpoch(value) ? "moment in ms" : Number.isInteger(value) ? "integer" : "number";
  return typeof value === "string" ? shapeOfText(value) : typeof value;
}

function shapeOfObject(value: object): Shape {
  const shapes = new Map<string, Shape[]>();
  for (const [name, entry] of Object.entries(value)) {
    const shown = shownName(name);
    shapes.set(shown, [...(shapes.get(shown) ?? []), shapeOf(entry, name)]);
  }
  return Object.fromEntries([...shapes].map(([name, seen]) => [name, mergeShapes(seen)]));
}

/** A member's name where it is the vendor's; any other may be that of somebody's role, field or label. */
function shownName(name: string): string {
  if (memberNames.has(name) || issueFields.has(name)) return name;
  return /^customfield_\d+$/.test(name) ? "customfield_{}" : "<other>";
}

function isEpoch(value: number): boolean {
  return value > 1_000_000_000_000 && value < 3_000_000_000_000;
}

const forms: readonly (readonly [RegExp, string])[] = [
  [/^$/, "empty text"],
  [/^\d{13}$/, "moment in ms as text"],
  [/^-?\d+$/, "digits"],
  [/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z$/, "moment, Z"],
  [/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:?\d\d$/, "moment with its zone"],
  [/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?$/, "moment without a zone"],
  [/^https?:\/\//, "address"],
];

function shapeOfText(text: string): string {
  const form = forms.find(([pattern]) => pattern.test(text))?.[1];
  return form ?? `text up to ${Array.from(text).length}`;
}

/** One shape that both fit. Lengths of texts become the largest; other differences stand beside each other. Pure. */
export function mergeShapes(shapes: readonly Shape[]): Shape {
  const lists = shapes.filter((shape) => Array.isArray(shape));
  const objects = shapes.filter((shape) => typeof shape === "object" && !Array.isArray(shape)) as {
    [member: string]: Shape;
  }[];
  const words = new Set(shapes.flatMap((shape) => (typeof shape === "string" ? shape.split(" | ") : [])));
  const lengths = [...words].flatMap((word) => /^text up to (\d+)$/.exec(word)?.[1] ?? []).map(Number);
  if (lengths.length > 0) {
    for (const word of [...words]) if (word.startsWith("text up to ")) words.delete(word);
    words.add(`text up to ${Math.max(...lengths)}`);
  }
  if (objects.length > 0) return mergeObjects(objects, words.size > 0 || lists.length > 0);
  if (lists.length > 0) return [mergeShapes(lists.flat())];
  return [...words].sort().join(" | ");
}

/** `sometimes`: the member may also hold something else, or be missing. */
function mergeObjects(objects: readonly { readonly [member: string]: Shape }[], sometimes: boolean): Shape {
  const names = [...new Set(objects.flatMap((entry) => Object.keys(entry)))].sort();
  const merged = names.map((name) => {
    const found = objects.flatMap((entry) => (name in entry ? [entry[name] ?? ""] : []));
    const bare = name.replace(/\?$/, "");
    const isMissing = sometimes || name.endsWith("?") || found.length < objects.length;
    return [isMissing ? `${bare}?` : bare, mergeShapes(found)] as const;
  });
  return Object.fromEntries(merged);
}
