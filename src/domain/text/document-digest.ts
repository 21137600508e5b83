/**
 * What a document of Jira says, for telling whether it was edited.
 *
 * How a document is rendered as a message changes from release to release; what its author wrote does not. So edits are told by the
 * document's own words and structure: a better rendering must not send a comment again (rule 8). What no rendering carries (bold,
 * colours, widths, ids that the editor renews) is left out, and so is what our own reading writes into a document (names of files): it
 * changes with the other files of the issue.
 */

type Node = Readonly<Record<string, unknown>>;

/** Attributes that a reader sees; all others are layout, or renewed by the editor. */
const seenAttributes = [
  "level",
  "order",
  "state",
  "panelType",
  "title",
  "text",
  "shortName",
  "url",
  "href",
  "id",
  "alt",
  "timestamp",
  "language",
  "colspan",
  "rowspan",
  "isNumberColumnEnabled",
  "extensionKey",
  "data",
  "datasource",
];
const seenMarks = new Set(["strike", "subsup", "link"]);

/**
 * The words and structure of a document as one text, the same for documents that say the same. Takes any JSON, never throws, and needs no
 * stack for its depth. For comparing only.
 */
export function documentDigest(document: unknown): string {
  const pieces: string[] = [];
  let textMarks: string | null = null;
  const stack: unknown[] = [document];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value === "string") {
      pieces.push(value);
      textMarks = null;
      continue;
    }
    if (typeof value !== "object" || value === null) continue;
    if (Array.isArray(value)) {
      for (let at = value.length - 1; at >= 0; at -= 1) stack.push(toNode(value[at]));
      continue;
    }
    const node = value as Node;
    const content = Array.isArray(node.content) ? node.content : [];
    if (typeof node.text === "string") {
      // Editors cut a text into nodes wherever a mark begins; what is not carried cuts nothing here.
      const marks = marksOf(node);
      pieces.push(marks === textMarks ? node.text : `\u0001${marks}\u0002${node.text}`);
      textMarks = marks;
      continue;
    }
    textMarks = null;
    // Editors add and drop empty paragraphs at the end.
    if (node.type === "paragraph" && content.length === 0) continue;
    pieces.push(`\u0001<${String(node.type ?? "")}${attributesOf(node)}>`);
    stack.push("\u0001</>");
    for (let at = content.length - 1; at >= 0; at -= 1) stack.push(toNode(content[at]));
  }
  return pieces.join("");
}

/**
 * Media ids and file names of the media nodes anywhere in a document, each once and in order; names as our reading wrote them, else as
 * the editor did. Releases that hashed the rendered text hashed these beside it; for comparing with their hashes only. Never throws.
 */
export function shownMedia(document: unknown): readonly string[] {
  const found = new Set<string>();
  const stack: unknown[] = [document];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value !== "object" || value === null) continue;
    const { type, attrs, content } = value as Node;
    if (type === "media" || type === "mediaInline") {
      const { id, __fileName: name, alt } = (typeof attrs === "object" && attrs !== null ? attrs : {}) as Node;
      for (const text of [filled(id), filled(name) ?? filled(alt)]) if (text !== null) found.add(text);
    }
    if (Array.isArray(content)) for (let at = content.length - 1; at >= 0; at -= 1) stack.push(content[at]);
  }
  return [...found];
}

function filled(value: unknown): string | null {
  return typeof value === "number" ? String(value) : typeof value === "string" && value !== "" ? value : null;
}

/** Bare values in the place of nodes say nothing; strings on the stack are our own. */
function toNode(value: unknown): unknown {
  return typeof value === "object" ? value : null;
}

function attributesOf(node: Node): string {
  const { attrs } = node;
  const marks = marksOf(node);
  if (typeof attrs !== "object" || attrs === null) return marks;
  const seen = seenAttributes.flatMap((name) => {
    const value = (attrs as Node)[name];
    return value === undefined || value === null || value === "" ? [] : [`${name}=${JSON.stringify(value)}`];
  });
  return [...seen, marks].join(" ");
}

function marksOf({ marks }: Node): string {
  if (!Array.isArray(marks)) return "";
  const seen = marks.flatMap((mark: unknown) => {
    const { type, attrs } = (typeof mark === "object" && mark !== null ? mark : {}) as Node;
    if (typeof type !== "string" || !seenMarks.has(type)) return [];
    const { href, type: kind } = (typeof attrs === "object" && attrs !== null ? attrs : {}) as Node;
    return [`${type}:${String(href ?? kind ?? "")}`];
  });
  return seen.sort().join(",");
}
