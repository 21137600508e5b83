/** Each format against a stand-in of its service that takes what the vendor documents and nothing else. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { makeAuthority } from "../../../test/support/authority.ts";
import { type ChatServices, startChatServices, type Vendor } from "../../../test/support/chat-services.ts";
import { startConnectProxy } from "../../../test/support/connect-proxy.ts";
import type { Alarm, Telling } from "../../domain/alarm.ts";
import { makeHttpSender } from "../../lib/http.ts";
import { Secret } from "../../lib/secret.ts";
import { trustAlso } from "../../lib/trust.ts";
import { type MessageSettings, makeMessage, makeTestMessage, type NotifyMessage } from "./message.ts";
import { type Delivery, deliver, type Endpoint, explainProblem } from "./messenger.ts";

const vendors = ["json", "slack", "teams", "feishu", "wecom", "dingtalk"] as const satisfies readonly Vendor[];
const robots = ["feishu", "wecom", "dingtalk"] as const;
const now = new Date();
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function start(options: Parameters<typeof startChatServices>[0] = {}): Promise<ChatServices> {
  const services = await startChatServices(options);
  ends.push(() => services.close());
  return services;
}

const settings: MessageSettings = {
  languages: ["en"],
  publicUrl: "https://bridge.example.com",
  issueUrl: (_connection, key) => `https://example.atlassian.net/browse/${key}`,
};

function alarm(change: Partial<Alarm> = {}): Alarm {
  return {
    connectionName: "default",
    code: "failure",
    about: "message_refused",
    since: now,
    count: 7,
    items: [
      { failureId: "12", caseId: "TT2026", issueKey: "OPS-4" },
      { failureId: "13", caseId: "TT2027", issueKey: null },
    ],
    newestAt: now,
    isExplained: false,
    ...change,
  };
}

function telling(fresh: readonly Alarm[], more: Partial<Telling> = {}): Telling {
  const none = { fresh: [], grown: [], ended: [], goneNow: [], back: [], dropped: [] };
  return { ...none, fresh, lasting: fresh.length, ...more };
}

function messageOf(given: Telling, change: Partial<MessageSettings> = {}): NotifyMessage {
  const message = makeMessage(given, { ...settings, ...change }, now);
  if (message === null) throw new Error("there is nothing to tell");
  return message;
}

function send(
  services: ChatServices,
  vendor: Vendor,
  message: NotifyMessage,
  secret: string | null = null,
): Promise<Delivery> {
  const endpoint: Endpoint = {
    url: new Secret(services.url(vendor)),
    format: vendor,
    secret: secret === null ? null : new Secret(secret),
  };
  return deliver(makeHttpSender(), endpoint, { message, now });
}

test.each(vendors)("%s takes an alarm, with ids, reasons and links", async (vendor) => {
  const services = await start();

  const delivery = await send(services, vendor, messageOf(telling([alarm()])));

  expect(delivery).toEqual({ isAccepted: true });
  const [received] = services.received;
  expect(received?.text).toContain("casebridge");
  expect(received?.text).toMatch(/default: 7 items cannot be mirrored \(message_refused\)/);
  expect(received?.text).toContain("OPS-4 (case TT2026)");
  expect(received?.text).toContain("case TT2027");
  expect(received?.text).toContain("and 5 more");
  expect(JSON.stringify(received?.body)).toContain("https://example.atlassian.net/browse/OPS-4");
  expect(JSON.stringify(received?.body)).toContain("https://bridge.example.com");
});

test.each(vendors)(
  "%s takes ends, an all-clear and a test, in each language, without an address of the page",
  async (vendor) => {
    const services = await start();
    const standing = { connectionName: "a", since: null, toldAt: now, toldThrough: null, goneAt: now };
    const codes = ["failure", "stopped", "refused", "late", "missed_rounds", "no_news"] as const;
    const ended = codes.map((code) => ({ ...standing, code, about: code === "no_news" ? "to-jira" : "jira" }));
    const fresh = codes.map((code) => alarm({ code, about: "jira", items: [] }));
    for (const languages of [["en"], ["zh"], ["en", "zh"]] as const) {
      const change = { languages, publicUrl: null };
      const messages = [
        messageOf(telling(fresh, { ended }), change),
        messageOf(telling([], { ended }), change),
        messageOf(telling([], { ended, lasting: 2 }), change),
        messageOf(telling([], { grown: [alarm()], lasting: 1 }), change),
        makeTestMessage({ ...settings, ...change }, now),
      ];

      for (const message of messages) expect(await send(services, vendor, message)).toEqual({ isAccepted: true });
    }
    expect(services.received).toHaveLength(15);
  },
);

test.each(vendors)("%s takes the greatest storm within its limits, and says what it leaves out", async (vendor) => {
  const services = await start();
  const storm = Array.from({ length: 400 }, (_, index) =>
    alarm({ connectionName: `connection-${index}-${"x".repeat(40)}`, about: "y".repeat(64) }),
  );

  const delivery = await send(services, vendor, messageOf(telling(storm), { languages: ["zh", "en"] }));

  expect(delivery).toEqual({ isAccepted: true });
  expect(services.received[0]?.text).toMatch(/and \d+ more lines/);
});

test.each(vendors)("%s shows hostile names as harmless ids", async (vendor) => {
  const services = await start();
  const evil = '<!channel> @all [x](javascript:alert(1)) "\n\u202e&';
  const item = { failureId: "1", caseId: evil, issueKey: evil };

  const delivery = await send(services, vendor, messageOf(telling([alarm({ about: evil, items: [item] })])));

  expect(delivery).toEqual({ isAccepted: true });
  expect(services.received[0]?.text).not.toMatch(/<!|@all|javascript:alert\(|\u202e/);
});

test.each(["feishu", "dingtalk", "json"] as const)(
  "%s takes a signed message, and refuses a wrong or missing secret",
  async (vendor) => {
    const services = await start({ secret: "SEC-of-the-robot" });
    const message = messageOf(telling([alarm()]));
    const refused = { feishu: "code_19021", dingtalk: "code_310000", json: "http_401" }[vendor];

    expect(await send(services, vendor, message, "SEC-of-the-robot")).toEqual({ isAccepted: true });
    expect(await send(services, vendor, message, "another")).toMatchObject({ isAccepted: false, problem: refused });
    expect(await send(services, vendor, message)).toMatchObject({ isAccepted: false, problem: refused });
  },
);

test.each(["feishu", "dingtalk"] as const)(
  "%s finds casebridge among its keywords in every message",
  async (vendor) => {
    const services = await start({ keyword: "casebridge" });
    for (const languages of [["en"], ["zh"]] as const) {
      const change = { languages };

      expect(await send(services, vendor, messageOf(telling([alarm()]), change))).toEqual({ isAccepted: true });
      expect(await send(services, vendor, makeTestMessage({ ...settings, ...change }, now))).toEqual({
        isAccepted: true,
      });
    }
  },
);

test.each(robots)("%s tells errors in the body of a 200, and they count as refusals", async (vendor) => {
  const services = await start();
  const member = vendor === "feishu" ? "code" : "errcode";
  services.fault({ status: 200, body: JSON.stringify({ [member]: 45009, errmsg: "too many" }) });
  expect(await send(services, vendor, messageOf(telling([alarm()])))).toMatchObject({ problem: "code_45009" });

  services.fault({ status: 200, body: "<html>a log-in page</html>" });
  expect(await send(services, vendor, messageOf(telling([alarm()])))).toMatchObject({
    problem: "no_answer_of_this_service",
  });
});

test("Slack's word for an error is told, and no other text of an answer", async () => {
  const services = await start();
  services.fault({ status: 404, body: "no_service" });
  expect(await send(services, "slack", messageOf(telling([alarm()])))).toMatchObject({
    problem: "http_404 no_service",
  });

  services.fault({ status: 404, body: `${services.url("slack")} is gone` });
  expect(await send(services, "slack", messageOf(telling([alarm()])))).toMatchObject({ problem: "http_404" });
});

test("Teams tells throttling in the text of a 200", async () => {
  const services = await start();
  services.fault({
    status: 200,
    body: "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
  });

  expect(await send(services, "teams", messageOf(telling([alarm()])))).toMatchObject({ problem: "http_429" });
});

test.each(vendors)("%s: a redirect is not followed, and a hint to wait is heard", async (vendor) => {
  const services = await start();
  services.fault({ status: 302, headers: { location: services.url("slack") } });
  expect(await send(services, vendor, messageOf(telling([alarm()])))).toMatchObject({ problem: "http_302" });
  services.fault({ status: 429, headers: { "retry-after": "120" } });
  expect(await send(services, vendor, messageOf(telling([alarm()])))).toMatchObject({
    problem: "http_429",
    waitMs: 120_000,
  });

  expect(services.received).toEqual([]);
});

test("a body that goes to another service's address is refused, with a remedy that names the format", async () => {
  const services = await start();
  for (const vendor of vendors) {
    for (const other of vendors.filter((name) => name !== vendor)) {
      const endpoint = { url: new Secret(services.url(other)), format: vendor, secret: null };

      const delivery = await deliver(makeHttpSender(), endpoint, { message: messageOf(telling([alarm()])), now });

      // Any program may answer JSON as it likes.
      if (delivery.isAccepted) expect([vendor, robots]).toEqual(["json", expect.arrayContaining([other])]);
      else expect(explainProblem(delivery.problem, vendor).remedy).toMatch(/NOTIFY_FORMAT|NOTIFY_URL/);
    }
  }
});

test("nothing of the address is in what is said of an endpoint that is away, refuses or answers with it", async () => {
  const services = await start();
  const said: string[] = [];
  const note = (delivery: Delivery): void => {
    if (delivery.isAccepted) throw new Error("it was taken");
    said.push(JSON.stringify([delivery, ...vendors.map((vendor) => explainProblem(delivery.problem, vendor))]));
  };
  for (const vendor of vendors) {
    services.fault({ status: 500, body: services.url(vendor) });
    note(await send(services, vendor, messageOf(telling([alarm()]))));
  }
  const { host } = new URL(services.url("json"));
  await services.close();
  note(await send(services, "json", messageOf(telling([alarm()]))));

  for (const hidden of [...services.secrets, host]) expect(said.join("\n")).not.toContain(hidden);
});

test("the endpoint is reached through the proxy, and by an authority of one's own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "casebridge-notify-"));
  ends.push(() => rm(folder, { recursive: true }));
  const { caFile, cert, key } = await makeAuthority(folder);
  const services = await start({ tls: { cert, key } });
  const proxy = await startConnectProxy({ credentials: "ann:word" });
  ends.push(() => proxy.close());
  const url = new Secret(`http://ann:word@127.0.0.1:${proxy.port}`);
  const endpoint: Endpoint = { url: new Secret(services.url("slack")), format: "slack", secret: null };
  const sendThrough = () =>
    deliver(
      makeHttpSender(() => {}, { url, except: [] }),
      endpoint,
      { message: messageOf(telling([alarm()])), now },
    );

  const stranger = await sendThrough();
  const { readFile } = await import("node:fs/promises");
  trustAlso([await readFile(caFile, "utf8")]);
  const known = await sendThrough();

  expect(stranger).toMatchObject({ isAccepted: false, problem: expect.stringMatching(/CERT|VERIFY|ISSUER|SIGNED/) });
  expect(known).toEqual({ isAccepted: true });
  expect(proxy.tunnels.length).toBeGreaterThan(0);
});
