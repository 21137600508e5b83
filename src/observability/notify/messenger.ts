/**
 * Sends one message to the endpoint of NOTIFY_URL, within bounds, and says what came of it in a code. The address is itself the secret of
 * most services, so nothing of it, and nothing of an answer, becomes part of what is said.
 */
import type { NotifyFormatName } from "../../domain/notify-format.ts";
import { HttpFailure, type HttpSender, readBody } from "../../lib/http.ts";
import { readWaitHint } from "../../lib/retry.ts";
import type { Secret } from "../../lib/secret.ts";
import { dingtalkFormat } from "./formats/dingtalk.ts";
import { feishuFormat } from "./formats/feishu.ts";
import type { NotifyFormat } from "./formats/format.ts";
import { jsonFormat } from "./formats/json.ts";
import { slackFormat } from "./formats/slack.ts";
import { teamsFormat } from "./formats/teams.ts";
import { wecomFormat } from "./formats/wecom.ts";
import type { NotifyMessage } from "./message.ts";

/** Where messages go. */
export type Endpoint = {
  readonly url: Secret;
  readonly format: NotifyFormatName;
  /** `null` = requests are not signed. */
  readonly secret: Secret | null;
};

/** What came of a message. `problem`: a code, see `explainProblem`; `waitMs`: how long the service asks to wait. */
export type Delivery =
  | { readonly isAccepted: true }
  | { readonly isAccepted: false; readonly problem: string; readonly waitMs: number | null };

const formats: Readonly<Record<NotifyFormatName, NotifyFormat>> = {
  json: jsonFormat,
  slack: slackFormat,
  teams: teamsFormat,
  feishu: feishuFormat,
  wecom: wecomFormat,
  dingtalk: dingtalkFormat,
};

const answerBytesMax = 64 * 1024;
/** The longest that a delivery can take. */
export const deliveryMaxMs = 20_000;

/** Sends the message once. Never rejects. */
export async function deliver(
  send: HttpSender,
  endpoint: Endpoint,
  { message, now }: { readonly message: NotifyMessage; readonly now: Date },
): Promise<Delivery> {
  const format = formats[endpoint.format];
  try {
    const made = format.request(message, { secret: endpoint.secret?.reveal() ?? null, now });
    const answer = await send({
      method: "POST",
      url: addressOf(endpoint.url, made.query),
      headers: made.headers,
      body: Buffer.from(made.body),
      connectTimeoutMs: deliveryMaxMs / 2,
      idleTimeoutMs: deliveryMaxMs,
      timeoutMs: deliveryMaxMs,
    });
    const body = (await readBody(answer, answerBytesMax)).toString();
    const problem = format.judge(answer.status, body.trim());
    if (problem === null) return { isAccepted: true };
    return { isAccepted: false, problem, waitMs: readWaitHint(answer.headers, now) };
  } catch (error) {
    return { isAccepted: false, problem: problemOf(error), waitMs: null };
  }
}

/** What a problem means and what to do about it, in two sentences at most. Pure. */
export function explainProblem(
  problem: string,
  format: NotifyFormatName,
): { readonly meaning: string; readonly remedy: string } {
  const [code = "", detail = ""] = problem.split(" ");
  const known = formats[format].remedies[problem] ?? formats[format].remedies[code];
  const answered = /^(?:http|code)_/.test(code) || code === "no_answer_of_this_service";
  if (answered)
    return {
      meaning: `the endpoint refuses the message (${problem})`,
      remedy:
        known ?? `Check that NOTIFY_URL is whole and alive, and that NOTIFY_FORMAT (${format}) is that of its service.`,
    };
  const remedy =
    "Check NOTIFY_URL, the network, HTTPS_PROXY and NO_PROXY, and CA_FILE where its certificate is your own.";
  if (code === "timeout") return { meaning: "the endpoint does not answer in time", remedy };
  if (code === "proxy") return { meaning: "the proxy opens no way to the endpoint", remedy };
  if (code === "connect")
    return { meaning: `the endpoint cannot be reached${detail === "" ? "" : ` (${detail})`}`, remedy };
  return { meaning: `the exchange with the endpoint broke (${problem})`, remedy };
}

/** As given, with a path, since a request names one. */
function addressOf(url: Secret, query: Readonly<Record<string, string>>): string {
  const { origin, pathname, search } = new URL(url.reveal());
  const added = new URLSearchParams(query).toString();
  const joined = [search.slice(1), added].filter((part) => part !== "").join("&");
  return `${origin}${pathname}${joined === "" ? "" : `?${joined}`}`;
}

function problemOf(error: unknown): string {
  if (!(error instanceof HttpFailure)) return "internal";
  const { cause, reason } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return reason !== "timeout" && reason !== "proxy" && /^[A-Z_0-9]{1,60}$/.test(code) ? `${reason} ${code}` : reason;
}
