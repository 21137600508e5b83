import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { Secret } from "../lib/secret.ts";
import { silentLogger } from "../observability/logger.ts";
import { makeMetrics } from "../observability/metrics.ts";
import { type Database, makePrisma } from "../store/database/client.ts";
import { makeWebhookReceiver } from "./webhook.ts";

let made: TestDatabase;
let database: Database;

beforeAll(async () => {
  made = await createTestDatabase();
  database = makePrisma({ connectionString: made.connectionString });
});

afterAll(async () => {
  await database.close();
  await made.drop();
});

const body = Buffer.from(JSON.stringify({ webhookEvent: "comment_created", issue: { id: "10001" } }));
const secrets = { one: "the-secret-of-the-first", two: "the-secret-of-the-second" };
const signed = (secret: string, id = "a delivery") => ({
  "x-atlassian-webhook-identifier": id,
  "x-hub-signature": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
});

test("each connection takes what is signed with its own secret; what is refused leaves no trace but its count", async () => {
  const metrics = makeMetrics({ processMetrics: false });
  const receiver = makeWebhookReceiver({
    connections: Object.entries({ ...secrets, deaf: null }).map(([name, secret]) => ({
      name,
      config: { jira: { webhookSecret: secret === null ? null : new Secret(secret) } },
    })),
    state: { wake: async () => {} },
    prisma: database.prisma,
    log: silentLogger,
    metrics,
    onWake: () => {},
  });
  const take = (connection: string, secret: string) =>
    receiver.take({ connection, headers: signed(secret, connection), rawBody: body, query: {} });

  const outcomes = [
    await take("one", secrets.two),
    await take("two", secrets.one),
    await take("one", secrets.one),
    await take("two", secrets.two),
  ];
  const admitted = ["one", "deaf", "nobody"].map((name) => receiver.admits(name, signed(secrets.one)));
  const unsigned = receiver.admits("one", {});

  expect(outcomes).toEqual(["refused", "refused", "taken", "taken"]);
  expect([...admitted, unsigned]).toEqual([true, false, false, false]);
  expect(await database.prisma.webhook.count()).toBe(2);
  const page = await metrics.render();
  expect(page).toContain('casebridge_webhooks_refused_total{reason="signature"} 2');
  expect(page).toContain('casebridge_webhooks_refused_total{reason="stranger"} 3');
});
