/** Marking a comment of ours whose message is not there any more. */
import { toPlainText } from "../../domain/text/sanitize.ts";
import { paragraph, textNodes } from "./nodes.ts";

/**
 * The document with a line in front that says what became of it; what it said stays readable below. Anything that is no document
 * becomes one of that line alone. Never throws.
 */
export function withNote(document: unknown, note: string): unknown {
  const line = paragraph(textNodes(toPlainText(note), [{ type: "strong" }]));
  const content =
    typeof document === "object" && document !== null ? (document as { readonly content?: unknown }).content : null;
  return { version: 1, type: "doc", content: [line, ...(Array.isArray(content) ? content : [])] };
}
