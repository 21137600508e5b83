/** Listening to the answers of services, whichever client asked: for a report of what they really answer. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingHttpHeaders } from "node:http";

/** One answer. `body`: its bytes, `null` where it was not read to its end or is larger than `bodyMaxBytes`. */
export type Answer = {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | null;
  /** From the request to the head of the answer. */
  readonly tookMs: number;
};

/** Bodies beyond this are not kept: what is asked of them is their shape. */
export const bodyMaxBytes = 2 * 1024 * 1024;

const listeners = new AsyncLocalStorage<(answer: Answer) => void>();

/** Does the work, and tells `listen` of every answer that it gets. Throws what the work throws. */
export function listeningToAnswers<Result>(
  listen: (answer: Answer) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  return listeners.run(listen, work);
}

/** The answer as it is, telling whoever listens once its body was read; without a listener nothing is kept. */
export function recorded<
  Response extends {
    readonly status: number;
    readonly headers: IncomingHttpHeaders;
    readonly body: AsyncIterable<Uint8Array>;
  },
>(request: { readonly method: string; readonly url: string }, response: Response, tookMs: number): Response {
  const listen = listeners.getStore();
  if (listen === undefined) return response;
  const { status, headers } = response;
  async function* body(): AsyncGenerator<Uint8Array> {
    const kept: Uint8Array[] = [];
    let sizeBytes = 0;
    let isWhole = false;
    try {
      for await (const chunk of response.body) {
        sizeBytes += chunk.byteLength;
        // The sender may fill the same memory again.
        if (sizeBytes <= bodyMaxBytes) kept.push(Buffer.from(chunk));
        yield chunk;
      }
      isWhole = sizeBytes <= bodyMaxBytes;
    } finally {
      listen?.({ ...request, status, headers, tookMs, body: isWhole ? Buffer.concat(kept) : null });
    }
  }
  return { ...response, body: body() };
}
