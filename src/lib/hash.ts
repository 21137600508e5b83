import { createHash } from "node:crypto";

/** Hex SHA-256 of the parts, each preceded by its length so that neighbours cannot run together. Never throws. */
export function hashTexts(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest("hex");
}
