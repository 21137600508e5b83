/** The services that people may be told through, and which of them take a signature. */

/** Each format with what its secret does: `header` and so on say where the signature stands; `null` = it has none. */
export const notifySignatures = {
  json: "header",
  slack: null,
  teams: null,
  feishu: "body",
  wecom: null,
  dingtalk: "address",
} as const;

/** A format by its name. */
export type NotifyFormatName = keyof typeof notifySignatures;
