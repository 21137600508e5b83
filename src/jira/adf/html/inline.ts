/** Inline nodes while they are still being put together. */

import type { AdfInline, AdfMark, AdfText } from "../nodes.ts";
import { linkifiedText, textNodes } from "../nodes.ts";

/** A piece of a paragraph: text of one set of marks (`key` tells the set), whose blanks all count when `kept`; or the end of a line. */
export type Draft =
  | {
      readonly kind: "text";
      text: string;
      readonly marks: readonly AdfMark[];
      readonly kept: boolean;
      readonly key: string;
    }
  | { readonly kind: "break" };

/** Adds text to the drafts, to the last one where the marks are the same. */
export function appendText(drafts: Draft[], text: string, marks: readonly AdfMark[], kept = false): void {
  const key = `${kept}${JSON.stringify(marks)}`;
  const last = drafts.at(-1);
  if (last?.kind === "text" && last.key === key) last.text += text;
  else drafts.push({ kind: "text", text, marks, kept, key });
}

/** Ends the line of preformatted text, if one is begun. */
export function breakLine(drafts: Draft[]): void {
  const last = drafts.at(-1);
  if (last?.kind === "text" && last.text !== "" && !last.text.endsWith("\n")) drafts.push({ kind: "break" });
}

/** Blanks at line ends go, neighbouring blanks collapse where they are not kept, addresses become links. */
export function toInline(drafts: readonly Draft[]): AdfInline[] {
  const lines: AdfText[][] = [[]];
  let afterBlank: boolean = true;
  for (const draft of drafts) {
    if (draft.kind === "break") {
      lines.push([]);
      afterBlank = true;
      continue;
    }
    const text: string = draft.kept ? draft.text : joinBlanks(draft.text, afterBlank);
    if (text === "") continue;
    afterBlank = text.endsWith(" ");
    const isPlain = draft.marks.every((mark) => mark.type !== "link" && mark.type !== "code");
    // One by one: a spread of 100,000 nodes would overflow the call stack.
    for (const node of isPlain ? linkifiedText(text, draft.marks) : textNodes(text, draft.marks))
      lines.at(-1)?.push(node);
  }
  const trimmed = lines.map(trimLineEnd);
  while (trimmed.length > 0 && trimmed.at(-1)?.length === 0) trimmed.pop();
  const first = trimmed.findIndex((line) => line.length > 0);
  return trimmed
    .slice(Math.max(0, first))
    .flatMap((line, index): AdfInline[] => (index === 0 ? line : [{ type: "hardBreak" }, ...line]));
}

function joinBlanks(text: string, afterBlank: boolean): string {
  const joined = text.replace(/ {2,}/g, " ");
  return afterBlank && joined.startsWith(" ") ? joined.slice(1) : joined;
}

function trimLineEnd(line: readonly AdfText[]): AdfText[] {
  const nodes = [...line];
  for (let last = nodes.pop(); last !== undefined; last = nodes.pop()) {
    const text = last.text.replace(/ $/, "");
    if (text !== "") return [...nodes, { ...last, text }];
  }
  return [];
}
