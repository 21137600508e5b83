/**
 * The one place that touches the vendor's SDK. Only the signer is imported, by its file: the package's entry does not export
 * it and pulls in axios and log4js. The signer alone (moment, lodash) costs about 25 ms and 14 MB resident.
 */
import signerModule from "@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js";

/** What is signed. `path` is decoded text, each segment free of `/ ? # %`; `query` holds decoded values. */
export type SignInput = {
  readonly method: string;
  /** Scheme and authority. */
  readonly origin: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** With lower-case names: the vendor's signer looks for `content-type` so, and leaves it unsigned for multipart. */
  readonly headers: Readonly<Record<string, string>>;
  /** The value whose `JSON.stringify` is the body; `null` without one, or for multipart. */
  readonly json: object | null;
  readonly date: Date;
};

/**
 * Headers of a request signed with SDK-HMAC-SHA256 (huawei.md 3.2), the given ones included.
 * A multipart body is not hashed: the caller sends `UNSIGNED-PAYLOAD`, which this adds and signs.
 */
export function signHeaders(
  input: SignInput,
  keys: { readonly ak: string; readonly sk: string },
): Record<string, string> {
  const contentType = input.headers["content-type"];
  const hashed = contentType === undefined || /^application\/(json|bson)\b/i.test(contentType);
  const headers: Record<string, string> = {
    ...input.headers,
    host: new URL(input.origin).host,
    "X-Sdk-Date": input.date.toISOString().replace(/[-:]|\.\d+/g, ""),
    // The signer knows this header by exactly this spelling.
    ...(hashed ? {} : { "X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD" }),
  };
  const request = {
    method: input.method,
    endpoint: input.origin + input.path,
    queryParams: { ...input.query },
    headers,
    data: input.json ?? undefined,
  };
  // The signer reads these two of the vendor's credential interface, and nothing else of it.
  const credential = { getAk: () => keys.ak, getSk: () => keys.sk } as Parameters<
    typeof signerModule.AKSKSigner.sign
  >[1];
  const signed: Record<string, string> = { ...signerModule.AKSKSigner.sign(request, credential) };
  if (contentType !== undefined) signed["content-type"] = contentType;
  return signed;
}
