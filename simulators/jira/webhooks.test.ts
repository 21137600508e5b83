import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, doc, startBench } from "./test-support.ts";
import { signWebhook } from "./webhooks.ts";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
}

let bench: Bench;
let receiver: Server;
let received: Received[];

beforeEach(async () => {
  received = [];
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ headers: request.headers, raw: Buffer.concat(chunks).toString("utf8") });
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const { port } = receiver.address() as AddressInfo;
  bench = await startBench({ webhook: { url: `http://127.0.0.1:${port}/hook`, secret: "s3cret" } });
});

afterEach(async () => {
  await bench.sim.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const names = () => received.map((delivery) => JSON.parse(delivery.raw).webhookEvent).sort();

describe("webhooks", () => {
  it("are signed as Atlassian's published vector says", () => {
    expect(signWebhook("It's a Secret to Everybody", "Hello World!")).toBe(
      "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    );
  });

  it("tell of people's and the bot's comments, signed over the raw body", async () => {
    const { issueId } = bench.sim.control.createIssue({ projectKey: "OPS", summary: "x", description: "text" });
    bench.sim.control.addComment({ issue: issueId, text: "by a person" });
    await bench.call("POST", `/rest/api/3/issue/${issueId}/comment`, { body: doc("by the bot") });

    await bench.sim.control.flushWebhooks();

    expect(names()).toEqual([
      "comment_created",
      "comment_created",
      "jira:issue_created",
      "jira:issue_updated",
      "jira:issue_updated",
    ]);
    for (const { headers, raw } of received) {
      expect(headers["x-hub-signature"]).toBe(signWebhook("s3cret", raw));
      expect(headers["x-atlassian-webhook-identifier"]).toMatch(/^[0-9a-f-]{36}$/);
    }
    const created = received
      .map((delivery) => JSON.parse(delivery.raw))
      .find((body) => body.webhookEvent === "jira:issue_created");
    expect(created.issue.fields.description).toBe("text");
    expect(created.issue.self).toContain("/rest/api/2/");
  });

  it("carry the changelog of an update", async () => {
    const { issueId } = bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" });
    bench.sim.control.transition({ issue: issueId, toCategory: "done" });

    await bench.sim.control.flushWebhooks();

    const update = received
      .map((delivery) => JSON.parse(delivery.raw))
      .find((body) => body.webhookEvent === "jira:issue_updated");
    expect(update.changelog.items.map((item: { field: string }) => item.field)).toEqual(["resolution", "status"]);
  });

  it("get lost or come twice with one identifier, as told", async () => {
    bench.sim.control.setSettings({ webhookDuplicateRate: 1, webhookShuffle: true });
    bench.sim.control.createIssue({ projectKey: "OPS", summary: "twice" });
    bench.sim.control.setSettings({ webhookLossRate: 1 });
    bench.sim.control.createIssue({ projectKey: "OPS", summary: "lost" });

    await bench.sim.control.flushWebhooks();

    expect(received).toHaveLength(2);
    expect(new Set(received.map((delivery) => delivery.headers["x-atlassian-webhook-identifier"])).size).toBe(1);
  });

  it("stop when the target is taken away", async () => {
    bench.sim.control.setWebhook(null);
    bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" });

    await bench.sim.control.flushWebhooks();

    expect(received).toEqual([]);
  });
});
