/**
 * Slack's incoming webhooks (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks): a JSON body with `text` in mrkdwn, where
 * `&`, `<` and `>` are escaped and a link is `<address|text>`. Answered by 200 and `ok`; errors are 400, 403, 404, 410 and 500 with a word
 * such as `invalid_payload` (api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks). Texts over 4,000 characters are
 * advised against, those over 40,000 are cut (api.slack.com/changelog/2018-04-truncating-really-long-messages).
 */
import type { Piece } from "../message.ts";
import { fitting, foreignProblem, httpProblem, jsonRequest, lineText, type NotifyFormat } from "./format.ts";

const charsMax = 4_000;

/** See the top of the file. */
export const slackFormat: NotifyFormat = {
  request(message) {
    const text = fitting(
      message,
      (lines) =>
        [
          `*${escapeText(message.title)}*`,
          ...lines.map((line) => `• ${lineText({ ...line, text: escapeText(line.text) }, link)}`),
          link(message.page),
        ].join("\n"),
      (made) => made.length <= charsMax,
    );
    return jsonRequest({ text });
  },
  judge(status, body) {
    const problem = httpProblem(status);
    if (problem === null) return foreignProblem(body);
    return /^[a-z_]{1,40}$/.test(body) ? `${problem} ${body}` : problem;
  },
  remedies: {
    "http_403 action_prohibited": "An administrator of the workspace restricts the webhook: ask, or make another one.",
    "http_403 invalid_token": "The webhook was revoked: make a new one and set NOTIFY_URL.",
    "http_404 no_service": "The webhook was removed or switched off: make a new one and set NOTIFY_URL.",
    "http_404 channel_not_found": "The channel is gone: make a webhook for another one and set NOTIFY_URL.",
    "http_410 channel_is_archived": "The channel is archived: make a webhook for another one and set NOTIFY_URL.",
    "http_400 invalid_payload": "Set NOTIFY_FORMAT to the service that NOTIFY_URL belongs to.",
  },
};

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function link({ text, href }: Piece): string {
  return href === null ? escapeText(text) : `<${href.replace(/[|<>]/g, encodeURIComponent)}|${escapeText(text)}>`;
}
