/**
 * Microsoft Teams: an Adaptive Card for a workflow with the trigger "When a Teams webhook request is received", or for an incoming webhook
 * (learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook and …/connectors-using, "Send adaptive
 * cards"). A message holds 28 KB at most. A workflow answers 202, an incoming webhook 200; the latter tells throttling in the text of
 * a 200: "Microsoft Teams endpoint returned HTTP error 429".
 */
import {
  fitting,
  foreignProblem,
  httpProblem,
  jsonBytes,
  jsonRequest,
  lineText,
  markdownLink,
  type NotifyFormat,
} from "./format.ts";

/** Below the documented 28 KB: what the service adds around the card counts, too. */
const bytesMax = 20_000;

/** See the top of the file. */
export const teamsFormat: NotifyFormat = {
  request(message) {
    const block = (text: string, more: Readonly<Record<string, string>> = {}) => ({
      type: "TextBlock",
      text,
      wrap: true,
      ...more,
    });
    const { page } = message;
    const card = fitting(
      message,
      (lines) => ({
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        type: "AdaptiveCard",
        version: "1.4",
        body: [
          block(message.title, { weight: "Bolder", size: "Medium" }),
          ...lines.map((line) => block(lineText(line, markdownLink))),
          ...(page.href === null ? [block(page.text)] : []),
        ],
        ...(page.href === null ? {} : { actions: [{ type: "Action.OpenUrl", title: page.text, url: page.href }] }),
      }),
      (made) => jsonBytes(made) <= bytesMax,
    );
    const contentType = "application/vnd.microsoft.card.adaptive";
    return jsonRequest({ type: "message", attachments: [{ contentType, contentUrl: null, content: card }] });
  },
  judge(status, body) {
    const inside = /\bHTTP error (\d{3})\b/.exec(body.slice(0, 2_000));
    return httpProblem(status) ?? (inside === null ? foreignProblem(body) : `http_${inside[1]}`);
  },
  remedies: {
    http_400:
      "The address is not that of a workflow for Teams webhooks: set NOTIFY_FORMAT to the service that it belongs to.",
    http_401:
      "The workflow lets only people of your organisation call it: let anyone call it, since its address is the secret.",
    http_404: "The workflow was removed: make a new one and set NOTIFY_URL.",
  },
};
