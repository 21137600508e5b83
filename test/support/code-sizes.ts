import ts from "typescript";

/** Number of lines of a file that are too many to read at one sitting. */
export const fileLinesMax = 400;
/** Lines of a function's own, those of functions inside it aside, that make it two ideas. */
export const ownLinesMax = 70;
/** Lines with all that is inside: a factory is a list of functions that share what it was given, and has an end as well. */
export const allLinesMax = 160;

/**
 * The functions of a source that are longer than `ownLinesMax` or `allLinesMax`, by name. A function inside another one counts as a
 * function when it has lines between its braces; those inside a long one are looked at as well.
 */
export function listLongFunctions(source: string): readonly { readonly name: string; readonly lines: number }[] {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true);
  const long: { name: string; lines: number }[] = [];
  const lineOf = (at: number): number => file.getLineAndCharacterOfPosition(at).line;
  const linesOf = (node: ts.Node): number => lineOf(node.end) - lineOf(node.getStart()) + 1;
  const isFunction = (node: ts.Node): node is ts.SignatureDeclaration =>
    ts.isFunctionLike(node) && "body" in node && node.body !== undefined && linesOf(node) > 2;
  const linesInside = (node: ts.Node): number => {
    let lines = 0;
    ts.forEachChild(node, (child) => {
      lines += isFunction(child) ? linesOf(child) : linesInside(child);
    });
    return lines;
  };
  const visit = (node: ts.Node): void => {
    if (isFunction(node)) {
      const lines = linesOf(node);
      if (lines > allLinesMax || lines - linesInside(node) > ownLinesMax) long.push({ name: nameOf(node), lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return long;
}

/** Its own name, or that of what it is assigned to. */
function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  const isNamed = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent);
  return isNamed
    ? parent.name.getText()
    : ts.isConstructorDeclaration(node)
      ? "constructor"
      : "a function without name";
}
