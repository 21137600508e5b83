/** Why a TLS connection was not trusted, in words that name who signed the certificate. */
import type { TLSSocket } from "node:tls";

/** Codes with which Node.js refuses a chain that leads to nobody whom it trusts. */
const untrusted: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_UNTRUSTED",
]);

/** Name of who signed the certificate that the other end shows; `null` where that is not told. Never throws. */
export function issuerOf(socket: Pick<TLSSocket, "getPeerCertificate">): string | null {
  try {
    const { issuer } = socket.getPeerCertificate();
    const [name] = [issuer?.CN ?? issuer?.O ?? []].flat();
    return name ?? null;
  } catch {
    return null;
  }
}

/** Message and remedy of a certificate's trouble; `null` for any other code. Pure. */
export function certificateTrouble(
  code: string,
  origin: string,
  issuer: string | null,
): { readonly message: string; readonly remedy: string } | null {
  const by = issuer === null ? "" : `, signed by "${issuer}",`;
  const certificate = `the certificate of ${origin}${by}`;
  if (untrusted.has(code))
    return {
      message: `${certificate} is not trusted (${code})`,
      remedy: `Set CA_FILE to the certificate of ${issuer === null ? "its authority" : `"${issuer}"`} in PEM form, if that is your company's authority; if nobody knows it, somebody else answers at this address.`,
    };
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return {
      message: `${certificate} is not valid today (${code})`,
      remedy:
        "Set this machine's clock by NTP; if it is right, whoever runs the service or the proxy must renew the certificate.",
    };
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return {
      message: `${certificate} is for another name (${code})`,
      remedy: "Correct the address in the configuration: the certificate does not name this host.",
    };
  return null;
}
