/** What a format of notifications has to say: how a message becomes a request, and what an answer means. */
import type { Line, NotifyMessage, Piece } from "../message.ts";

/** A request as the service wants it. `query` goes behind the address. */
export type NotifyRequest = {
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What a request may be made with. `secret` signs it where the format has a signature. */
export type RequestMeans = { readonly secret: string | null; readonly now: Date };

/** One format. Its functions are pure. */
export type NotifyFormat = {
  readonly request: (message: NotifyMessage, means: RequestMeans) => NotifyRequest;
  /**
   * `null` = the message was taken, else a code: `http_404`, `code_19021`, `no_answer_of_this_service`. Never a text of the answer, which may
   * repeat the address.
   */
  readonly judge: (status: number, body: string) => string | null;
  /** What to do about codes that the service documents. */
  readonly remedies: Readonly<Record<string, string>>;
};

/** A JSON request. */
export function jsonRequest(
  body: unknown,
  more: { readonly query?: Readonly<Record<string, string>>; readonly headers?: Readonly<Record<string, string>> } = {},
): NotifyRequest {
  return {
    query: more.query ?? {},
    headers: { "content-type": "application/json; charset=utf-8", ...more.headers },
    body: JSON.stringify(body),
  };
}

/** The first of the lines that fit, with a line that says how many are missing. Throws where even the title is too long. */
export function fitting<Body>(
  message: NotifyMessage,
  build: (lines: readonly Line[]) => Body,
  fits: (body: Body) => boolean,
): Body {
  for (let shown = message.lines.length; shown >= 0; shown -= 1) {
    const left = message.lines.length - shown;
    const rest: Line[] = left === 0 ? [] : [{ text: message.moreLines(left), items: [], more: null }];
    const body = build([...message.lines.slice(0, shown), ...rest]);
    if (fits(body)) return body;
  }
  throw new Error("no part of the message fits");
}

/** Bytes of a value as JSON. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** A line as one text; `link` writes a piece. */
export function lineText({ text, items, more }: Line, link: (piece: Piece) => string): string {
  const named = [...items.map(link), ...(more === null ? [] : [more])];
  return named.length === 0 ? text : `${text}: ${named.join(", ")}`;
}

/** A piece in the Markdown that Teams, WeCom and DingTalk share. */
export function markdownLink({ text, href }: Piece): string {
  return href === null ? text : `[${text}](${href.replaceAll("(", "%28").replaceAll(")", "%29")})`;
}

/** The code of an HTTP status; `null` for 2xx. */
export function httpProblem(status: number): string | null {
  return status >= 200 && status < 300 ? null : `http_${status}`;
}

/** The code of a 2xx that is a robot's refusal: the address belongs to another service than the format. */
export function foreignProblem(body: string): string | null {
  const codes = (["code", "errcode"] as const).map((member) => codeProblem(200, body, member));
  return codes.some((code) => code?.startsWith("code_") === true) ? "no_answer_of_this_service" : null;
}

/** The code of an answer that tells success or failure in its body, whatever its status; 0 = taken. */
export function codeProblem(status: number, body: string, member: "code" | "errcode"): string | null {
  let code: unknown = null;
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer === "object" && answer !== null && member in answer) code = Reflect.get(answer, member);
  } catch {
    // Not the service's own: a gateway, or another format's address.
  }
  if (typeof code !== "number" || !Number.isSafeInteger(code))
    return httpProblem(status) ?? "no_answer_of_this_service";
  return code === 0 ? httpProblem(status) : `code_${code}`;
}
