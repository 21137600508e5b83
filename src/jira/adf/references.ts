/** The files and addresses that a document of Jira names, wherever they stand in it. */

import { attrsOf, marksOf, nonEmpty, toNode, typeOf, walk } from "./tree.ts";

/** A file that a media node names. External media have a `url` and no `id`; `attachmentId` is known once `nameMedia` found it. */
export type AdfMediaReference = {
  readonly id: string | null;
  readonly name: string | null;
  readonly url: string | null;
  readonly attachmentId: string | null;
};

const MEDIA = new Set(["media", "mediaInline"]);

/** The files that media nodes anywhere in the document name, in order, repeats included. Never throws on JSON. */
export function adfMediaReferences(document: unknown): AdfMediaReference[] {
  const found: AdfMediaReference[] = [];
  walk(Array.isArray(document) ? document : [document], (node) => {
    if (!MEDIA.has(typeOf(node))) return;
    const attrs = attrsOf(node);
    const reference = {
      id: nonEmpty(attrs.id),
      name: nonEmpty(attrs.__fileName) ?? nonEmpty(attrs.alt),
      url: nonEmpty(attrs.url),
      attachmentId: nonEmpty(attrs.__attachmentId),
    };
    if (reference.id !== null || reference.name !== null || reference.url !== null) found.push(reference);
  });
  return found;
}

/**
 * The addresses that stand anywhere in the document: targets of links on texts and pictures, cards, embedded pages, external media, and
 * those typed as text. In order, repeats included. Never throws on JSON.
 */
export function adfAddresses(document: unknown): string[] {
  const found: string[] = [];
  walk(Array.isArray(document) ? document : [document], (node) => {
    const attrs = attrsOf(node);
    const marks = marksOf(node).map(attrsOf);
    const data = toNode(attrs.data);
    for (const holder of [attrs, data ?? {}, ...marks])
      for (const value of [holder.href, holder.url, holder["@id"]]) if (typeof value === "string") found.push(value);
    if (typeof node.text === "string") found.push(...(node.text.match(/(?:https?:\/\/|\/)[^\s<>"]+/gi) ?? []));
  });
  return found;
}

/** A file by the id of its media. */
export type NamedFile = { readonly attachmentId: string; readonly name: string };

/**
 * Writes `__fileName` and `__attachmentId` on the media nodes whose id, in lower case, is known in `files`. Changes the document itself,
 * which must be the caller's own, since it may be too deep to copy. Never throws on JSON; may be repeated.
 */
export function nameMedia(document: unknown, files: ReadonlyMap<string, NamedFile>): void {
  walk([document], (node) => {
    const attrs = toNode(node.attrs);
    const file = MEDIA.has(typeOf(node)) ? files.get((nonEmpty(attrsOf(node).id) ?? "").toLowerCase()) : undefined;
    if (attrs !== null && file !== undefined)
      Object.assign(attrs, { __fileName: file.name, __attachmentId: file.attachmentId });
  });
}
