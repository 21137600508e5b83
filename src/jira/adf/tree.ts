/** Reading ADF that may have any shape: every access holds on any JSON, and none throws. */

/** A node of a document, or its attributes. */
export type Node = Readonly<Record<string, unknown>>;

/** Visits nodes in document order; the depth costs memory, never stack. */
export function walk(roots: readonly unknown[], visit: (node: Node) => void): void {
  const stack: unknown[] = roots.toReversed();
  while (stack.length > 0) {
    const node = toNode(stack.pop());
    if (node === null) continue;
    visit(node);
    const content = node.content;
    if (!Array.isArray(content)) continue;
    for (let index = content.length - 1; index >= 0; index -= 1) stack.push(content[index]);
  }
}

/** The nodes in a node's content; what is no node is left out. */
export function childrenOf(node: Node): readonly Node[] {
  const content = node.content;
  return Array.isArray(content) ? toNodes(content) : [];
}

/** Those of the values that are nodes. */
export function toNodes(values: readonly unknown[]): Node[] {
  return values.map(toNode).filter((node) => node !== null);
}

/** The value as a node, or `null` when it is none. */
export function toNode(value: unknown): Node | null {
  return isRecord(value) ? value : null;
}

/** The marks of a node. */
export function marksOf(node: Node): readonly Node[] {
  return Array.isArray(node.marks) ? toNodes(node.marks) : [];
}

/** The type of a node, `""` when it has none. */
export function typeOf(node: Node): string {
  return typeof node.type === "string" ? node.type : "";
}

/** The attributes of a node or mark, empty when it has none. */
export function attrsOf(node: Node): Node {
  return toNode(node.attrs) ?? {};
}

/** The value as text that says something, numbers too; else `null`. */
export function nonEmpty(value: unknown): string | null {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

function isRecord(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
