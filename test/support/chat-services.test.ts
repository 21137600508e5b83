/** The stand-ins take the samples of the vendors' own pages, and refuse what those pages rule out: so they are no mirror of our formats. */
import { createHmac } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { type ChatServices, startChatServices, type Vendor } from "./chat-services.ts";

let services: ChatServices | null = null;
afterEach(() => services?.close());

async function post(vendor: Vendor, body: unknown, options: Parameters<typeof startChatServices>[0] = {}) {
  services = await startChatServices(options);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(services.url(vendor), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: text,
  });
  return { status: answer.status, text: await answer.text(), taken: services.received.length === 1 };
}

const card = (content: object) => ({
  type: "message",
  attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content }],
});

test.each<readonly [Vendor, unknown]>([
  ["slack", { text: "Hello, world." }],
  ["slack", { text: "<https://example.com|Example> is <https://example.com/a?b=1|well>" }],
  [
    "teams",
    card({
      $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
      type: "AdaptiveCard",
      version: "1.2",
      body: [
        {
          type: "TextBlock",
          text: "For Samples and Templates, see [https://adaptivecards.io/samples](https://adaptivecards.io/samples)",
        },
      ],
    }),
  ],
  [
    "feishu",
    {
      msg_type: "post",
      content: {
        post: {
          zh_cn: {
            title: "项目更新通知",
            content: [
              [
                { tag: "text", text: "项目有更新: " },
                { tag: "a", text: "请查看", href: "http://www.example.com/" },
                { tag: "at", user_id: "ou_18eac8********17ad4f02e8bbbb" },
              ],
            ],
          },
        },
      },
    },
  ],
  [
    "wecom",
    {
      msgtype: "markdown",
      markdown: {
        content:
          '实时新增用户反馈<font color="warning">132例</font>，请相关同事注意。\n>类型:<font color="comment">用户反馈</font>',
      },
    },
  ],
  [
    "dingtalk",
    {
      msgtype: "markdown",
      markdown: { title: "杭州天气", text: "#### 杭州天气 @150XXXXXXXX \n > 9度，西北风1级，空气良89，相对温度73%\n" },
      at: { isAtAll: false },
    },
  ],
])("%s takes the sample of its vendor: %o", async (vendor, body) => {
  expect(await post(vendor, body)).toMatchObject({ taken: true });
});

test.each<readonly [Vendor, string, unknown, object]>([
  ["slack", "no text", { message: "x" }, { status: 400, text: "invalid_payload" }],
  ["slack", "a mention that nobody wrote", { text: "<!channel> x" }, { status: 400, text: "invalid_payload" }],
  ["slack", "no JSON", "text=x", { status: 400, text: "invalid_payload" }],
  ["teams", "a bare text", { text: "x" }, { status: 400 }],
  ["teams", "a card that lacks its type", card({ version: "1.4", body: [] }), { status: 400 }],
  [
    "feishu",
    "content as text",
    { msg_type: "post", content: "{}" },
    { status: 200, text: expect.stringContaining("9499") },
  ],
  ["wecom", "no type", { markdown: { content: "x" } }, { status: 200, text: expect.stringContaining("40058") }],
  [
    "wecom",
    "4,097 bytes",
    { msgtype: "markdown", markdown: { content: `${"项".repeat(1365)}xx` } },
    { status: 200, text: expect.stringContaining("4096") },
  ],
  [
    "dingtalk",
    "no title",
    { msgtype: "markdown", markdown: { text: "x" } },
    { status: 200, text: expect.stringContaining("40035") },
  ],
])("%s refuses %s", async (vendor, _what, body, expected) => {
  expect(await post(vendor, body)).toMatchObject({ ...expected, taken: false });
});

test("Feishu signs an empty text under the timestamp and the secret, not the other way round", async () => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signed = (sign: string) => ({
    ...{ timestamp, sign, msg_type: "post" },
    content: { post: { en_us: { title: "x", content: [[{ tag: "text", text: "x" }]] } } },
  });
  const right = createHmac("sha256", `${timestamp}\nsecret`).digest("base64");
  const asDingTalkDoes = createHmac("sha256", "secret").update(`${timestamp}\nsecret`).digest("base64");

  expect(await post("feishu", signed(right), { secret: "secret" })).toMatchObject({ taken: true });
  await services?.close();
  expect(await post("feishu", signed(asDingTalkDoes), { secret: "secret" })).toMatchObject({
    taken: false,
    text: expect.stringContaining("19021"),
  });
});
