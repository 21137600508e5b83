/**
 * The group robot of WeCom (developer.work.weixin.qq.com/document/path/91770): `msgtype` markdown, whose content holds 4,096 bytes of UTF-8
 * at most; 20 messages a minute. It has no signature: the key in the address is the secret. Errors are told by `errcode` in a body with
 * status 200: 93000 a wrong address, 45009 too many messages, 40058 a wrong body.
 */
import { codeProblem, fitting, jsonRequest, lineText, markdownLink, type NotifyFormat } from "./format.ts";

const bytesMax = 4_096;

/** See the top of the file. */
export const wecomFormat: NotifyFormat = {
  request(message) {
    const content = fitting(
      message,
      (lines) =>
        [
          `**${message.title}**`,
          ...lines.map((line) => `> ${lineText(line, markdownLink)}`),
          markdownLink(message.page),
        ].join("\n"),
      (made) => Buffer.byteLength(made) <= bytesMax,
    );
    return jsonRequest({ msgtype: "markdown", markdown: { content } });
  },
  judge: (status, body) => codeProblem(status, body, "errcode"),
  remedies: {
    code_93000: "The robot was removed, or the address is cut: copy NOTIFY_URL again.",
    code_93008: "The robot was removed from the group: add it again and set NOTIFY_URL.",
    code_40058: "Set NOTIFY_FORMAT to the service that NOTIFY_URL belongs to.",
  },
};
