import ts from "typescript";

/** Number of lines of a file that are too many to read at one sitting. */
export const fileLinesMax = 400;
/** Lines from a body's first brace to its last that make it two ideas. */
export const bodyLinesMax = 70;

/** The functions of a source whose body is longer than `bodyLinesMax`, by name; those inside a long one are looked at as well. */
export function listLongFunctions(source: string): readonly { readonly name: string; readonly lines: number }[] {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true);
  const long: { name: string; lines: number }[] = [];
  const lineOf = (at: number): number => file.getLineAndCharacterOfPosition(at).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const lines = lineOf(node.body.end) - lineOf(node.body.getStart());
      if (lines > bodyLinesMax) long.push({ name: nameOf(node), lines });
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
