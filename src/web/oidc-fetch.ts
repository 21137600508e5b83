/** The requests of single sign-on, by casebridge's own sender: within bounds, through the proxy, and trusting `CA_FILE`. */
import type { CustomFetch } from "openid-client";
import { type HttpSender, readBody } from "../lib/http.ts";

const answerBytesMax = 1024 * 1024;
const connectTimeoutMs = 5_000;
const wholeTimeoutMs = 10_000;
/** Answers that have no body by their nature. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** Makes what the library takes for `fetch`. It rejects with `HttpFailure`. */
export function makeOidcFetch(send: HttpSender): CustomFetch {
  return async (url, { body, headers, method }) => {
    const answer = await send({
      method,
      url,
      headers,
      body: body == null ? null : Buffer.from(String(body)),
      connectTimeoutMs,
      idleTimeoutMs: wholeTimeoutMs,
      timeoutMs: wholeTimeoutMs,
    });
    const bytes = await readBody(answer, answerBytesMax);
    const shown = new Headers();
    for (const [name, value] of Object.entries(answer.headers))
      for (const one of [value ?? []].flat()) shown.append(name, one);
    return new Response(bodiless.has(answer.status) ? null : new Uint8Array(bytes), {
      status: answer.status,
      headers: shown,
    });
  };
}
