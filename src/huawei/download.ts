/** Files that the service gives, and errors that come in their place. */
import type { Lane } from "../domain/lane.ts";
import { HttpFailure, type HttpResponse } from "../lib/http.ts";
import type { Spool, SpooledFile } from "../sync/ports.ts";
import { codeOf, contractError, isFailureCode, readAnswer, toServiceError } from "./answers.ts";
import type { ApiCall, Transport } from "./transport.ts";

/** An error body is shorter; a longer JSON answer of a download is a file. */
const errorBodyMax = 64 * 1024;

/** Streams a download into the spool; an error that comes as JSON with 200 is told from a file. */
export function spoolDownload(
  transport: Transport,
  call: ApiCall,
  input: { readonly spool: Spool; readonly sizeMaxBytes: number },
  lane: Lane,
): Promise<SpooledFile> {
  return transport.stream(call, lane, async (answer) => {
    let broken: HttpFailure | null = null;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* fileBytes(call, answer);
      } catch (error) {
        if (error instanceof HttpFailure) broken = error;
        throw error;
      }
    }
    try {
      return await input.spool.store(source(), input.sizeMaxBytes);
    } catch (error) {
      // The spool may wrap what its source threw; a broken answer is an error of the call all the same.
      throw broken === null ? error : toServiceError(call, broken);
    }
  });
}

/**
 * Bytes of a download. Assumed: a file is announced by Content-Disposition or by a type that is not JSON. An error comes with 200 as JSON (huawei.md 10), and a customer's file may be JSON too: the answer is taken for
 * an error only when it is short, does not call itself an attachment, and carries a failure code or is no whole JSON.
 */
async function* fileBytes(call: ApiCall, answer: HttpResponse): AsyncGenerator<Uint8Array> {
  const contentType = String(answer.headers["content-type"] ?? "").toLowerCase();
  if (answer.headers["content-disposition"] !== undefined || !/json|html/.test(contentType)) {
    yield* answer.body;
    return;
  }
  if (contentType.includes("html")) throw contractError(call, "the top (a page instead of a file)");
  let held: Uint8Array[] | null = [];
  let heldBytes = 0;
  for await (const chunk of answer.body) {
    if (held === null) {
      yield chunk;
      continue;
    }
    held.push(chunk);
    heldBytes += chunk.byteLength;
    if (heldBytes <= errorBodyMax) continue;
    yield* held;
    held = null;
  }
  if (held === null) return;
  const text = Buffer.concat(held).toString("utf8");
  const json = parseJson(text);
  if (json === undefined) throw contractError(call, "the top (JSON that was cut off instead of a file)");
  if (isFailureCode(codeOf(json) ?? "")) readAnswer(call, { status: answer.status, headers: answer.headers, text });
  yield* held;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
