/** A tiny signer and client for the tests of this folder. Written apart from `auth.ts`, so that one checks the other. */
import { createHash, createHmac } from "node:crypto";

/** Keys to sign with. */
export interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

const SIM_KEYS: Keys = { accessKey: "SIMAK", secretKey: "SIMSK" };

function percent(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

/** Authorization value for headers that are all signed (lower-case names). `hash` is the payload hash or UNSIGNED-PAYLOAD. */
export function authorize(
  keys: Keys,
  request: {
    method: string;
    path: string;
    query: Record<string, string>;
    headers: Record<string, string>;
    hash: string;
  },
): string {
  const names = Object.keys(request.headers).sort();
  const query = Object.entries(request.query)
    .map(([name, value]) => `${percent(name)}=${percent(value)}`)
    .sort()
    .join("&");
  const canonical = `${request.method}\n${request.path}/\n${query}\n${names
    .map((name) => `${name}:${request.headers[name]}\n`)
    .join("")}\n${names.join(";")}\n${request.hash}`;
  const digest = createHash("sha256").update(canonical).digest("hex");
  const signature = createHmac("sha256", keys.secretKey)
    .update(`SDK-HMAC-SHA256\n${request.headers["x-sdk-date"]}\n${digest}`)
    .digest("hex");
  return `SDK-HMAC-SHA256 Access=${keys.accessKey}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
}

/** What `call` sends. `body` is JSON; `form` goes out as multipart; `headers` are added unsigned. */
export interface TestRequest {
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  readonly form?: FormData;
  readonly headers?: Record<string, string>;
  readonly keys?: Keys;
  readonly nowMs?: number;
}

/** An answer, body read whole. `json` is undefined when the body is not JSON. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into answers whose shape they are about to check
  readonly json: any;
}

/** Account of `SIM_KEYS`. */
const SIM_DOMAIN_ID = "simdomain0000000000000000000001";

/** Signs and sends a request. @throws what fetch throws when the connection breaks. */
export async function call(base: string, method: string, path: string, request: TestRequest = {}): Promise<TestAnswer> {
  const query = request.query ?? {};
  const search = Object.entries(query)
    .map(([name, value]) => `${percent(name)}=${percent(value)}`)
    .join("&");
  const date = new Date(request.nowMs ?? Date.now()).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const signed: Record<string, string> = { host: new URL(base).host, "x-sdk-date": date };
  if (request.keys === undefined) signed["x-domain-id"] = SIM_DOMAIN_ID;
  let hash = createHash("sha256")
    .update(body ?? "")
    .digest("hex");
  if (request.form !== undefined) {
    hash = "UNSIGNED-PAYLOAD";
    signed["x-sdk-content-sha256"] = hash;
  } else if (body !== undefined) signed["content-type"] = "application/json";
  const authorization = authorize(request.keys ?? SIM_KEYS, { method, path, query, headers: signed, hash });
  const { host: _, ...sent } = signed;
  const response = await fetch(`${base}${path}${search === "" ? "" : `?${search}`}`, {
    method,
    headers: { ...sent, authorization, ...request.headers },
    body: request.form ?? body ?? null,
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, bytes, json };
}
