/** How answers look on the wire. */
import type { Sent } from "../base/http.ts";
import type { Operation } from "../base/openapi.ts";
import type { Answer } from "./context.ts";
import { declaredAnswer, huaweiDocument } from "./document.ts";
import type { Accessory, Core } from "./state.ts";

/** What an operation's result becomes. `check`: @throws for an answer that Huawei's document does not describe. */
export function answerOf(
  core: Core,
  operation: Operation,
  { result, check }: { readonly result: Answer; readonly check: boolean },
): Sent {
  if (result.kind === "file") return fileAnswer(core, result.file);
  const { successErrorCode, emptyBodyOnWrite, numbersAsText } = core.settings;
  const success =
    successErrorCode === "absent"
      ? {}
      : { error_code: successErrorCode === "number 0" ? 0 : successErrorCode, error_msg: "" };
  const declared = declaredAnswer(operation);
  if (result.kind === "done") {
    if (declared.empty || emptyBodyOnWrite) return { status: 200, headers: {}, body: Buffer.alloc(0) };
    return jsonAnswer(200, success, {});
  }
  const body = declared.result ? { ...success, ...result.body } : result.body;
  const problem = check ? huaweiDocument().findAnswerProblem(operation, 200, body) : null;
  if (problem !== null) throw new Error(`${operation.id}: ${problem}`);
  return jsonAnswer(200, numbersAsText ? numbersToText(body) : body, {});
}

/** A JSON answer. */
export function jsonAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>>): Sent {
  const type = { "content-type": "application/json; charset=utf-8" };
  return { status, headers: { ...type, ...headers }, body: Buffer.from(JSON.stringify(body)) };
}

/** A download. */
export function fileAnswer(core: Core, { name, bytes }: Pick<Accessory, "name" | "bytes">): Sent {
  return {
    status: 200,
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name.toWellFormed())}`,
    },
    body: { sizeBytes: bytes.sizeBytes, open: (length) => core.files.read(bytes, 0, length) },
  };
}

function numbersToText(value: unknown): unknown {
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return value.map(numbersToText);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, numbersToText(inner)]));
}
