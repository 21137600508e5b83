/**
 * Stand-ins of the services that notifications go to, over HTTP. Each takes the body that its vendor documents and nothing else: unknown
 * members, texts over the documented limit and wrong signatures are refused, the way the vendor documents it. They share no code with src/.
 *
 * Sources: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks;
 * learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using and adaptivecards.io/schemas/adaptive-card.json;
 * open.feishu.cn/document/client-docs/bot-v3/add-custom-bot; developer.work.weixin.qq.com/document/path/91770;
 * open.dingtalk.com/document/robots/custom-robot-access and …/customize-robot-security-settings.
 */
import { webcrypto } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { z } from "zod";

/** A service by the name of its format. */
export type Vendor = "json" | "slack" | "teams" | "feishu" | "wecom" | "dingtalk";

/** What a message came to, as people see it. */
export type Received = { readonly vendor: Vendor; readonly body: unknown; readonly text: string };

export type ChatServices = {
  /** The address of a service, with the secret in it. */
  url(vendor: Vendor): string;
  /** The parts of the addresses that nobody may see. */
  readonly secrets: readonly string[];
  readonly received: readonly Received[];
  /** How many requests came, refused ones too. */
  requests(): number;
  /** Answers the next requests by this instead; `null` ends it. */
  fault(next: Fault | null): void;
  close(): Promise<void>;
};

/** `hang` never answers. */
export type Fault =
  | "hang"
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> };

const hookKey = "T0SECRETKEY/B0SECRETKEY";
const robotKey = "693a91f6-7xxx-secret-key";

const paths: Readonly<Record<Vendor, string>> = {
  json: `/alerts/${hookKey}?token=${robotKey}`,
  slack: `/services/${hookKey}`,
  teams: `/workflows/${hookKey}/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=${robotKey}`,
  feishu: `/open-apis/bot/v2/hook/${robotKey}`,
  wecom: `/cgi-bin/webhook/send?key=${robotKey}`,
  dingtalk: `/robot/send?access_token=${robotKey}`,
};

/** Starts all of them on one port. `secret`: Feishu and DingTalk check signatures by it, JSON its header. `tls`: they speak HTTPS. */
export async function startChatServices(
  options: {
    readonly secret?: string;
    readonly tls?: { readonly cert: string; readonly key: string };
    readonly keyword?: string;
  } = {},
): Promise<ChatServices> {
  const received: Received[] = [];
  let requests = 0;
  let fault: Fault | null = null;
  const held = new Set<ServerResponse>();

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    if (fault === "hang") {
      held.add(response);
      return;
    }
    if (fault !== null) {
      response.writeHead(fault.status, fault.headers).end(fault.body ?? "");
      return;
    }
    const url = new URL(request.url ?? "/", "http://localhost");
    const vendor = vendorOf(url);
    if (vendor === null || request.method !== "POST") {
      response.writeHead(404).end();
      return;
    }
    const answer = await services[vendor]({ raw, url, headers: request.headers, ...options });
    if ("text" in answer) received.push({ vendor, body: JSON.parse(raw.toString()), text: answer.text });
    response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
  };
  const listener: RequestListener = (request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: (vendor) => `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}${paths[vendor]}`,
    secrets: [hookKey, robotKey],
    received,
    requests: () => requests,
    fault: (next) => {
      fault = next;
    },
    async close() {
      for (const response of held) response.destroy();
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

type Call = {
  readonly raw: Buffer;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly secret?: string;
  readonly keyword?: string;
};
type Answer =
  | { readonly status: number; readonly body: string; readonly text: string }
  | { readonly status: number; readonly body: string };

function vendorOf(url: URL): Vendor | null {
  const found = Object.entries(paths).find(([, path]) => {
    const wanted = new URL(path, "http://localhost");
    return (
      wanted.pathname === url.pathname &&
      [...wanted.searchParams].every(([name, value]) => url.searchParams.get(name) === value)
    );
  });
  return found === undefined ? null : (found[0] as Vendor);
}

function parse<Body>(schema: z.ZodType<Body>, raw: Buffer): Body | null {
  try {
    return schema.safeParse(JSON.parse(raw.toString())).data ?? null;
  } catch {
    return null;
  }
}

const id = z.string().regex(/^[\w.:?-]+$/);
const alarm = z.strictObject({
  connection: id,
  cause: z.enum(["failure", "stopped", "silence"]),
  code: id,
  about: id.nullable(),
  since: z.iso.datetime().nullable(),
  count: z.int().min(0),
  items: z
    .array(z.strictObject({ failure: id, case: id.nullable(), issue: id.nullable(), url: z.url().nullable() }))
    .max(5),
});
const jsonBody = z.strictObject({
  source: z.literal("casebridge"),
  version: z.literal(1),
  kind: z.enum(["alarm", "over", "all_clear", "test"]),
  at: z.iso.datetime(),
  title: z.string(),
  lines: z.array(z.string()),
  page: z.url().nullable(),
  began: z.array(alarm),
  ended: z.array(alarm),
  lasting: z.int(),
});

const slackBody = z.strictObject({ text: z.string().min(1).max(40_000) });

const textBlock = z.strictObject({
  type: z.literal("TextBlock"),
  text: z.string(),
  wrap: z.boolean().optional(),
  weight: z.enum(["Lighter", "Default", "Bolder"]).optional(),
  size: z.enum(["Small", "Default", "Medium", "Large", "ExtraLarge"]).optional(),
});
const teamsBody = z.strictObject({
  type: z.literal("message"),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal("application/vnd.microsoft.card.adaptive"),
        contentUrl: z.null(),
        content: z.strictObject({
          $schema: z.literal("http://adaptivecards.io/schemas/adaptive-card.json"),
          type: z.literal("AdaptiveCard"),
          version: z.enum(["1.2", "1.3", "1.4", "1.5"]),
          body: z.array(textBlock).min(1),
          actions: z
            .array(z.strictObject({ type: z.literal("Action.OpenUrl"), title: z.string(), url: z.url() }))
            .min(1)
            .optional(),
        }),
      }),
    )
    .length(1),
});

const feishuTag = z.discriminatedUnion("tag", [
  z.strictObject({ tag: z.literal("text"), text: z.string(), un_escape: z.boolean().optional() }),
  z.strictObject({ tag: z.literal("a"), text: z.string(), href: z.url() }),
  z.strictObject({ tag: z.literal("at"), user_id: z.string() }),
]);
const feishuPost = z.strictObject({ title: z.string(), content: z.array(z.array(feishuTag).min(1)).min(1) });
const feishuBody = z.strictObject({
  timestamp: z
    .string()
    .regex(/^\d{10}$/)
    .optional(),
  sign: z.string().optional(),
  msg_type: z.literal("post"),
  content: z.strictObject({
    post: z.union([z.strictObject({ zh_cn: feishuPost }), z.strictObject({ en_us: feishuPost })]),
  }),
});

const wecomBody = z.strictObject({
  msgtype: z.literal("markdown"),
  markdown: z.strictObject({ content: z.string().min(1) }),
});

const dingtalkBody = z.strictObject({
  msgtype: z.literal("markdown"),
  markdown: z.strictObject({ title: z.string().min(1), text: z.string().min(1) }),
  at: z.strictObject({ isAtAll: z.boolean() }).optional(),
});

async function hmac(key: string, data: string): Promise<Buffer> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const imported = await webcrypto.subtle.importKey("raw", bytes(key), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  return Buffer.from(await webcrypto.subtle.sign("HMAC", imported, bytes(data)));
}

const hourMs = 3_600_000;
const isFresh = (sentMs: number): boolean => Math.abs(Date.now() - sentMs) < hourMs;

const services: Readonly<Record<Vendor, (call: Call) => Promise<Answer>>> = {
  async json({ raw, headers, secret }) {
    const body = parse(jsonBody, raw);
    if (body === null) return { status: 400, body: "" };
    if (secret !== undefined) {
      const signature = `sha256=${(await hmac(secret, raw.toString())).toString("hex")}`;
      if (headers["x-casebridge-signature"] !== signature) return { status: 401, body: "" };
    }
    return { status: 204, body: "", text: [body.title, ...body.lines].join("\n") };
  },

  async slack({ raw, headers }) {
    const body = parse(slackBody, raw);
    if (body === null || headers["content-type"]?.startsWith("application/json") !== true)
      return { status: 400, body: "invalid_payload" };
    // `<` only begins what Slack knows: a link, here.
    if (/<(?!https?:\/\/[^|<>]+\|[^<>]+>)/.test(body.text)) return { status: 400, body: "invalid_payload" };
    return { status: 200, body: "ok", text: body.text };
  },

  async teams({ raw }) {
    const body = parse(teamsBody, raw);
    if (body === null) return { status: 400, body: JSON.stringify({ error: { code: "InvalidRequestContent" } }) };
    if (raw.byteLength > 28 * 1024) return { status: 413, body: "" };
    const blocks = body.attachments.flatMap(({ content }) => content.body.map(({ text }) => text));
    return { status: 202, body: "", text: blocks.join("\n") };
  },

  async feishu({ raw, secret, keyword }) {
    const refuse = (code: number, msg: string) => ({ status: 200, body: JSON.stringify({ code, data: {}, msg }) });
    const body = parse(feishuBody, raw);
    if (body === null || raw.byteLength > 20 * 1024) return refuse(9499, "Bad Request");
    if (secret !== undefined) {
      const expected = (await hmac(`${body.timestamp}\n${secret}`, "")).toString("base64");
      if (body.sign !== expected || !isFresh(Number(body.timestamp) * 1000))
        return refuse(19021, "sign match fail or timestamp is not within one hour from current time");
    }
    const { title, content } = "zh_cn" in body.content.post ? body.content.post.zh_cn : body.content.post.en_us;
    const lines = content.map((line) => line.map((part) => ("text" in part ? part.text : "")).join(""));
    const text = [title, ...lines].join("\n");
    if (keyword !== undefined && !text.includes(keyword)) return refuse(19024, "Key Words Not Found");
    const taken = { StatusCode: 0, StatusMessage: "success", code: 0, data: {}, msg: "success" };
    return { status: 200, body: JSON.stringify(taken), text };
  },

  async wecom({ raw }) {
    const refuse = (errcode: number, errmsg: string) => ({ status: 200, body: JSON.stringify({ errcode, errmsg }) });
    const body = parse(wecomBody, raw);
    if (body === null) return refuse(40058, "invalid Request Parameter");
    if (Buffer.byteLength(body.markdown.content) > 4096)
      return refuse(40058, "markdown.content exceed max length 4096. invalid Request Parameter");
    return { status: 200, body: JSON.stringify({ errcode: 0, errmsg: "ok" }), text: body.markdown.content };
  },

  async dingtalk({ raw, url, secret, keyword }) {
    const refuse = (errcode: number, errmsg: string) => ({ status: 200, body: JSON.stringify({ errcode, errmsg }) });
    const body = parse(dingtalkBody, raw);
    if (body === null) return refuse(40035, "缺少参数 json");
    if (raw.byteLength > 20_000) return refuse(460101, "message too long, exceed 20000 bytes");
    if (secret !== undefined) {
      const timestamp = url.searchParams.get("timestamp") ?? "";
      const expected = (await hmac(secret, `${timestamp}\n${secret}`)).toString("base64");
      if (url.searchParams.get("sign") !== expected) return refuse(310000, "sign not match");
      if (!isFresh(Number(timestamp))) return refuse(310000, "invalid timestamp");
    }
    const { title, text } = body.markdown;
    if (keyword !== undefined && !`${title}${text}`.includes(keyword)) return refuse(310000, "keywords not in content");
    return { status: 200, body: JSON.stringify({ errcode: 0, errmsg: "ok" }), text };
  },
};
