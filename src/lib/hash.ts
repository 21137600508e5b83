import { createHash } from "node:crypto";

/** Hex SHA-256 of the parts, each preceded by its length so that neighbours cannot run together. Never throws. */
export function hashParts(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}
