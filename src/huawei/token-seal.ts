/**
 * A token is as good as the password for a day, so it is stored only sealed, with a key that nobody has who lacks the password:
 * scrypt makes the key from it, AES-256-GCM seals. Whose token it is goes into the tag, so that rows cannot be exchanged.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import type { Secret } from "../lib/secret.ts";

/** Seals and opens texts with one password. */
export type TokenSeal = {
  seal(text: string): Promise<{ readonly salt: Uint8Array; readonly sealed: Uint8Array }>;
  /** `null` when the password, the owner or the bytes are not those that were sealed. */
  open(salt: Uint8Array, sealed: Uint8Array): Promise<string | null>;
};

const saltBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;
/** About 50 ms and 16 MiB, once per salt and process. */
const scryptCost = { N: 16_384, r: 8, p: 1 } as const;

/** Makes the seal of one login. `owner` names whose token it is. */
export function makeTokenSeal(password: Secret, owner: string): TokenSeal {
  // One salt per process and, after a look at the store, the one that is in use there.
  let known: { readonly salt: Buffer; readonly key: Promise<Buffer> } | null = null;

  function keyOf(salt: Buffer): Promise<Buffer> {
    if (known === null || !known.salt.equals(salt)) known = { salt, key: deriveKey(password, salt) };
    return known.key;
  }
  return {
    async seal(text) {
      const salt = known?.salt ?? randomBytes(saltBytes);
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", await keyOf(salt), nonce);
      cipher.setAAD(Buffer.from(owner));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return { salt, sealed: Buffer.concat([nonce, cipher.getAuthTag(), body]) };
    },
    async open(salt, sealed) {
      const bytes = Buffer.from(sealed);
      if (salt.length !== saltBytes || bytes.length < nonceBytes + tagBytes) return null;
      const decipher = createDecipheriv("aes-256-gcm", await keyOf(Buffer.from(salt)), bytes.subarray(0, nonceBytes));
      decipher.setAAD(Buffer.from(owner));
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

function deriveKey(password: Secret, salt: Buffer): Promise<Buffer> {
  return new Promise((done, fail) => {
    scrypt(password.reveal(), salt, keyBytes, scryptCost, (error, key) => (error === null ? done(key) : fail(error)));
  });
}
