/**
 * The format `json`: casebridge's own, for programs; docs/operations.md describes it. With a secret the body is signed as GitHub and Jira sign
 * their webhooks: `X-Casebridge-Signature: sha256=` and the HMAC in hex.
 */
import { createHmac } from "node:crypto";
import { httpProblem, jsonRequest, lineText, type NotifyFormat } from "./format.ts";

const alarmsMax = 200;

/** See the top of the file. */
export const jsonFormat: NotifyFormat = {
  request(message, { secret }) {
    const made = jsonRequest({
      source: "casebridge",
      version: 1,
      kind: message.kind,
      at: message.at.toISOString(),
      title: message.title,
      lines: message.lines.map((line) => lineText(line, ({ text }) => text)),
      page: message.page.href,
      began: message.began.slice(0, alarmsMax),
      ended: message.ended.slice(0, alarmsMax),
      lasting: message.lasting,
    });
    if (secret === null) return made;
    const signature = createHmac("sha256", secret).update(made.body).digest("hex");
    return { ...made, headers: { ...made.headers, "x-casebridge-signature": `sha256=${signature}` } };
  },
  judge: httpProblem,
  remedies: {},
};
