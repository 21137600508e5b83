/** Temporary keys of the server that casebridge runs on, from the metadata service of Huawei Cloud's ECS (huawei.md 3.4). */
import { randomBytes } from "node:crypto";
import { HttpFailure, type HttpSender, makeHttpSender, readBody } from "../lib/http.ts";
import { Secret } from "../lib/secret.ts";
import { makeServiceClock } from "../lib/service-clock.ts";
import { makeMemoryTokenStore } from "../lib/token-store.ts";
import { toServiceError } from "./answers.ts";
import { type TokenDeps, unauthorized } from "./iam.ts";
import { makeSharedPass } from "./shared-pass.ts";
import { type KeySource, keysAsText, makeKeySource, memberOf, toKeys, toPass } from "./temporary-keys.ts";
import { makeTokenSeal } from "./token-seal.ts";

/** The same on every server; it is reachable from the server alone. */
const ecsOrigin = "http://169.254.169.254";
const timeoutMs = 3_000;
const answerBytesMax = 64 * 1024;
const tokenSeconds = 21_600;
const call = { operation: "server's keys", write: false };

type Answer = { readonly status: number; readonly text: string };

/**
 * The keys of this server. Each process asks for itself, which costs nothing and stores nothing: replicas may run on other servers. No
 * proxy is used. `origin` is for tests.
 */
export function makeEcsKeys(deps: TokenDeps, origin: string = ecsOrigin): KeySource {
  const send = makeHttpSender();
  const serverClock = makeServiceClock(deps.clock);
  const ask = (method: string, path: string, headers: Readonly<Record<string, string>>) =>
    askMetadata(send, { method, url: `${origin}${path}`, headers }, serverClock.noteDate);

  async function askKeys(): Promise<Answer> {
    const path = "/openstack/latest/securitykey";
    const answer = await ask("GET", path, {});
    if (answer.status !== 401) return answer;
    // Servers may be set up to answer only to who holds a token of theirs.
    const token = await ask("PUT", "/meta-data/latest/api/token", {
      "x-metadata-token-ttl-seconds": String(tokenSeconds),
      "content-length": "0",
    });
    return token.status === 200 ? ask("GET", path, { "x-metadata-token": token.text.trim() }) : answer;
  }

  const shared = makeSharedPass(
    { ...deps, tokens: makeMemoryTokenStore(), timeoutMs },
    {
      ...keysAsText,
      // Never leaves this process; the store of passes wants a seal.
      seal: makeTokenSeal(new Secret(randomBytes(32).toString("base64")), origin),
      requestsMax: 3,
      async issue() {
        const { status, text } = await askKeys();
        if (status !== 200) throw refuse(status);
        const found = memberOf(parse(text), "credential");
        const keys = toKeys(found, { ak: "access", sk: "secret", securityToken: "securitytoken" });
        const at = { nowMs: deps.clock.now().getTime(), aheadMs: serverClock.aheadMs() };
        const pass = keys === null ? null : toPass(keys, memberOf(found, "expires_at"), at);
        if (pass === null) throw unauthorized(null, "the server's metadata holds no keys that live");
        return pass;
      },
    },
  );
  return makeKeySource(shared);
}

async function askMetadata(
  send: HttpSender,
  request: { readonly method: string; readonly url: string; readonly headers: Readonly<Record<string, string>> },
  onAnswer: (headers: { readonly date?: string | undefined }) => void,
): Promise<Answer> {
  try {
    const bounds = { connectTimeoutMs: timeoutMs, idleTimeoutMs: timeoutMs, timeoutMs };
    const answer = await send({ ...request, body: null, ...bounds });
    onAnswer(answer.headers);
    return { status: answer.status, text: (await readBody(answer, answerBytesMax)).toString("utf8") };
  } catch (error) {
    if (error instanceof HttpFailure) throw toServiceError(call, error);
    throw error;
  }
}

/** Only a server with an agency is given keys. */
function refuse(status: number): Error {
  if (status >= 500)
    return toServiceError(
      call,
      new HttpFailure({
        reason: "connect",
        mayHaveArrived: false,
        message: `the server's metadata answers HTTP status ${status}`,
      }),
    );
  return unauthorized(status, "the server's metadata gives no keys", {
    remedy:
      "Give the ECS that casebridge runs on an agency in the console (its details page, Agency), or name an access key instead of credentials: ecs.",
    zh: {
      detail: "服务器的元数据没有提供密钥",
      remedy:
        "在控制台中为 casebridge 所在的 ECS 设置委托（详情页的“委托”），或改用访问密钥，而不写 credentials: ecs。",
    },
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
