/** Sealing texts with a key of 32 bytes: AES-256-GCM, so that what was changed, or belongs elsewhere, does not open. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Seals and opens texts with one key. `place` is what a sealed text belongs to: moved elsewhere it does not open. */
export type Seal = {
  seal(text: string, place: string): string;
  /** `null` when key, place or bytes are not those that were sealed. Never throws. */
  open(sealed: string, place: string): string | null;
};

const nonceBytes = 12;
const tagBytes = 16;

/** Makes the seal of a key. Throws `RangeError` where the key is not 32 bytes long. */
export function makeSeal(key: Uint8Array): Seal {
  if (key.byteLength !== 32) throw new RangeError("the key must have 32 bytes");
  return {
    seal(text, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
    },
    open(sealed, place) {
      const bytes = Buffer.from(sealed, "base64");
      if (bytes.length < nonceBytes + tagBytes) return null;
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes));
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        const body = bytes.subarray(nonceBytes + tagBytes);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
      } catch {
        return null;
      }
    },
  };
}
