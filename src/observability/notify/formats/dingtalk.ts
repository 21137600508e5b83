/**
 * The custom robot of DingTalk (open.dingtalk.com/document/robots/custom-robot-access, …/customize-robot-security-settings): `msgtype` markdown
 * with `title` and `text`; 20 messages a minute, else ten minutes of silence. With a signature `timestamp` (in milliseconds) and `sign` stand
 * in the address: the HMAC-SHA256 of the timestamp, a line feed and the secret, under the secret, in base64. An hour is the most that the
 * timestamp may be off. Errors are told by `errcode` in a body with status 200: 310000 keyword, signature or address list, 300001 a
 * wrong token, 130101 too many messages, 460101 a message over 20,000 bytes.
 */
import { createHmac } from "node:crypto";
import { codeProblem, fitting, jsonBytes, jsonRequest, lineText, markdownLink, type NotifyFormat } from "./format.ts";

const bytesMax = 18_000;

/** See the top of the file. */
export const dingtalkFormat: NotifyFormat = {
  request(message, { secret, now }) {
    const timestamp = String(now.getTime());
    const body = fitting(
      message,
      (lines) => ({
        msgtype: "markdown",
        markdown: {
          title: message.title,
          text: [
            `#### ${message.title}`,
            ...lines.map((line) => `- ${lineText(line, markdownLink)}`),
            markdownLink(message.page),
          ].join("\n\n"),
        },
      }),
      (made) => jsonBytes(made) <= bytesMax,
    );
    return jsonRequest(body, secret === null ? {} : { query: { timestamp, sign: signatureOf(timestamp, secret) } });
  },
  judge: (status, body) => codeProblem(status, body, "errcode"),
  remedies: {
    code_310000:
      "Set NOTIFY_SECRET to the robot's secret (SEC…), make casebridge one of its keywords, or put this machine's address on its list; and set this machine's clock by NTP.",
    code_300001: "The robot was removed, or the address is cut: copy NOTIFY_URL again.",
    code_400013: "The group was dissolved: add a robot to another one and set NOTIFY_URL.",
    code_40035: "Set NOTIFY_FORMAT to the service that NOTIFY_URL belongs to.",
  },
};

function signatureOf(timestamp: string, secret: string): string {
  return createHmac("sha256", secret).update(`${timestamp}\n${secret}`).digest("base64");
}
