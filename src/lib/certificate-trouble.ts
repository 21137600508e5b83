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

/** What is wrong and what mends it, in English, and under `zh` in Chinese. */
export type Trouble = {
  readonly message: string;
  readonly remedy: string;
  readonly zh: { readonly detail: string; readonly remedy: string };
};

/** Message and remedy of a certificate's trouble; `null` for any other code. Pure. */
export function certificateTrouble(code: string, origin: string, issuer: string | null): Trouble | null {
  const by = issuer === null ? "" : `, signed by "${issuer}",`;
  const certificate = `the certificate of ${origin}${by}`;
  const chinese = `${origin} 的证书${issuer === null ? "" : `（由“${issuer}”签发）`}`;
  if (untrusted.has(code))
    return {
      message: `${certificate} is not trusted (${code})`,
      remedy: `Set CA_FILE to the certificate of ${issuer === null ? "its authority" : `"${issuer}"`} in PEM form, if that is your company's authority; if nobody knows it, somebody else answers at this address.`,
      zh: {
        detail: `${chinese}不受信任（${code}）`,
        remedy: `若${issuer === null ? "其签发机构" : `“${issuer}”`}是贵公司的签发机构，请将 CA_FILE 设为其 PEM 格式的证书；若无人认识它，则是别人在该地址代为应答。`,
      },
    };
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return {
      message: `${certificate} is not valid today (${code})`,
      remedy:
        "Set this machine's clock by NTP; if it is right, whoever runs the service or the proxy must renew the certificate.",
      zh: {
        detail: `${chinese}今天无效（${code}）`,
        remedy: "用 NTP 校准本机时钟；若时钟无误，须由服务或代理的管理者更新证书。",
      },
    };
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return {
      message: `${certificate} is for another name (${code})`,
      remedy: "Correct the address in the configuration: the certificate does not name this host.",
      zh: { detail: `${chinese}属于其他名称（${code}）`, remedy: "修正配置中的地址：该证书不包含此主机名。" },
    };
  return null;
}
