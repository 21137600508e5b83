/**
 * The custom robot of Feishu and Lark (open.feishu.cn/document/client-docs/bot-v3/add-custom-bot): `msg_type` post, at most 20 KB. With a
 * signature `timestamp` (in seconds) and `sign` stand in the body: the key of the HMAC-SHA256 is the timestamp, a line feed and the secret,
 * what is signed is empty, and the result is in base64. An hour is the most that the timestamp may be off. Errors are told by `code` in a body
 * with status 200: 9499 a bad body, 19021 the signature, 19022 the address list, 19024 the keywords, 11232 too many messages.
 */
import { createHmac } from "node:crypto";
import type { Line, Piece } from "../message.ts";
import { codeProblem, fitting, jsonBytes, jsonRequest, type NotifyFormat } from "./format.ts";

const bytesMax = 20_000;

/** See the top of the file. */
export const feishuFormat: NotifyFormat = {
  request(message, { secret, now }) {
    const timestamp = String(Math.floor(now.getTime() / 1000));
    const sign = secret === null ? {} : { timestamp, sign: signatureOf(timestamp, secret) };
    const body = fitting(
      message,
      (lines) => {
        const content = [...lines.map(paragraph), [tag(message.page)]];
        const post = { [message.language === "zh" ? "zh_cn" : "en_us"]: { title: message.title, content } };
        return { ...sign, msg_type: "post", content: { post } };
      },
      (made) => jsonBytes(made) <= bytesMax,
    );
    return jsonRequest(body);
  },
  judge: (status, body) => codeProblem(status, body, "code"),
  remedies: {
    code_9499: "Set NOTIFY_FORMAT to the service that NOTIFY_URL belongs to.",
    code_19001: "The robot was removed, or the address is cut: copy NOTIFY_URL again.",
    code_19021: "Set NOTIFY_SECRET to the secret of the robot's signature check, and set this machine's clock by NTP.",
    code_19022: "Put the address of this machine on the robot's list of addresses.",
    code_19024: "Make casebridge one of the robot's keywords.",
  },
};

function signatureOf(timestamp: string, secret: string): string {
  return createHmac("sha256", `${timestamp}\n${secret}`).digest("base64");
}

type Tag =
  | { readonly tag: "text"; readonly text: string }
  | { readonly tag: "a"; readonly text: string; readonly href: string };

function tag({ text, href }: Piece): Tag {
  return href === null ? { tag: "text", text } : { tag: "a", text, href };
}

function paragraph({ text, items, more }: Line): Tag[] {
  const named = [...items, ...(more === null ? [] : [{ text: more, href: null }])];
  const separated = named.flatMap((piece, index): Piece[] =>
    index === 0 ? [piece] : [{ text: ", ", href: null }, piece],
  );
  return [{ tag: "text", text: named.length === 0 ? text : `${text}: ` }, ...separated.map(tag)];
}
