/** Authorities whose certificates are trusted besides those that Node.js brings (docs/configuration.md `CA_FILE`). */
import { X509Certificate } from "node:crypto";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

const pemBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

let added: readonly string[] = [];

/** The certificates of a PEM text, each as PEM. Throws where there is none, or one that cannot be read. */
export function parseAuthorities(pem: string): readonly string[] {
  const blocks = pem.match(pemBlock) ?? [];
  if (blocks.length === 0) throw new Error("it holds no certificate in PEM form");
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      throw new Error(`its certificate ${index + 1} cannot be read`);
    }
  }
  return blocks;
}

/** Trusts these authorities in every TLS connection that this thread opens from now on. May be repeated. */
export function trustAlso(authorities: readonly string[]): void {
  const fresh = authorities.filter((authority) => !added.includes(authority));
  if (fresh.length === 0) return;
  setDefaultCACertificates([...getCACertificates("default"), ...fresh]);
  added = [...added, ...fresh];
}

/** What `trustAlso` was given in this thread; a thread of its own has to be told. */
export function addedAuthorities(): readonly string[] {
  return added;
}
