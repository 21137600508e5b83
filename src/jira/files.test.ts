import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type AttachmentId, type IssueId, toId } from "../domain/ids.ts";
import type { Spool } from "../sync/ports.ts";
import { type Bench, failureOf, startBench, startServer } from "./test-support.ts";

const issueId = toId<IssueId>("10001");
const attachmentId = toId<AttachmentId>("30001");
const attachment = { id: 30001, filename: "n", size: 5, created: "2026-11-24T20:30:00.000+0000" };

/** Keeps what it was given, and wraps what a broken source throws. */
function makeSpool(): { spool: Spool; received: string[] } {
  const received: string[] = [];
  const spool: Spool = {
    store: async (source) => {
      try {
        const chunks: Uint8Array[] = [];
        for await (const chunk of source) chunks.push(chunk);
        received.push(Buffer.concat(chunks).toString());
      } catch (cause) {
        throw new Error("spool: the source broke", { cause });
      }
      return { path: "x", sizeBytes: 0, sha256: "" };
    },
    storeText: async () => ({ path: "x", sizeBytes: 0, sha256: "" }),
    remove: async () => {},
  };
  return { spool, received };
}

describe("files", () => {
  let folder: string;
  const open: { close(): Promise<void> }[] = [];
  async function start(react: Parameters<typeof startBench>[0]): Promise<Bench> {
    const bench = await startBench(react);
    open.push(bench);
    return bench;
  }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "jira-files-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });
  async function makeFile(content: string) {
    const path = join(folder, "file");
    await writeFile(path, content);
    return { path, sizeBytes: Buffer.byteLength(content), sha256: "" };
  }

  it("go up as one part with a length, and with their name as browsers send it", async () => {
    const at = await start(() => ({ status: 200, body: [attachment] }));

    const file = await at.client.uploadFile(
      issueId,
      { file: await makeFile("hello"), name: 'a"b\r\n日志.txt' },
      "live",
    );

    const headers = at.requests[0]?.headers ?? {};
    const body = at.requests[0]?.body ?? "";
    expect(body).toContain('Content-Disposition: form-data; name="file"; filename="a%22b%0D%0A日志.txt"\r\n');
    expect(body).toContain("Content-Type: text/plain\r\n\r\nhello\r\n--");
    expect(headers["content-length"]).toBe(String(Buffer.byteLength(body)));
    expect(headers["transfer-encoding"]).toBeUndefined();
    expect(headers["x-atlassian-token"]).toBe("no-check");
    expect(headers["content-type"]).toMatch(/^multipart\/form-data; boundary=/);
    expect(file).toMatchObject({ attachmentId: "30001", sizeBytes: 5, authorId: null });
  });

  it("are sent whole again after a 429, and once only after anything unclear", async () => {
    const at = await start((_seen, nth) =>
      nth === 1 ? { status: 429 } : nth === 2 ? { status: 200, body: [attachment] } : "reset",
    );
    const file = await makeFile("hello");

    await at.client.uploadFile(issueId, { file, name: "a" }, "live");
    const error = await failureOf(at.client.uploadFile(issueId, { file, name: "a" }, "live"));

    expect(at.requests[0]?.body.replace(/casebridge-[\w-]+/g, "")).toBe(
      at.requests[1]?.body.replace(/casebridge-[\w-]+/g, ""),
    );
    expect(at.requests).toHaveLength(3);
    expect(error.facts).toMatchObject({ kind: "unavailable", outcomeUnknown: true });
  });

  it("that an answer does not name have an unknown outcome", async () => {
    const at = await start(() => ({ status: 200, body: [] }));

    const error = await failureOf(at.client.uploadFile(issueId, { file: await makeFile("x"), name: "a" }, "live"));

    expect(error.facts).toMatchObject({ kind: "contract", outcomeUnknown: true });
  });

  it("that changed on disk are not sent", async () => {
    const at = await start(() => ({ status: 200, body: [attachment] }));
    const file = { ...(await makeFile("hello")), sizeBytes: 4 };

    await expect(at.client.uploadFile(issueId, { file, name: "a" }, "live")).rejects.toThrow("changed its size");
    expect(at.requests).toEqual([]);
  });

  it("come down from another origin without our credentials leaving the site", async () => {
    const store = await startServer(() => ({ status: 200, body: "bytes" }));
    open.push(store);
    const at = await start(() => ({ status: 303, headers: { location: `${store.url}/signed?x=1` } }));
    const { spool, received } = makeSpool();

    await at.client.downloadFile(attachmentId, spool, 100, "live");

    expect(received).toEqual(["bytes"]);
    expect(at.requests[0]?.headers.authorization).toMatch(/^Basic /);
    expect(store.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("behind an expired address are asked for again, and this says nothing about our credentials", async () => {
    const store = await startServer(() => ({ status: 401 }));
    open.push(store);
    const at = await start(() => ({ status: 303, headers: { location: store.url } }));

    const error = await failureOf(at.client.downloadFile(attachmentId, makeSpool().spool, 100, "live"));

    expect(error.kind).toBe("unavailable");
    expect(at.requests).toHaveLength(3);
  });

  it("that break off are read again, and in the end reported as the service's failure", async () => {
    const cut = { status: 200, headers: { "content-length": "100" }, body: "half" };
    const at = await start((_seen, nth) => (nth === 2 ? { status: 200, body: "whole" } : cut));
    const { spool, received } = makeSpool();

    await at.client.downloadFile(attachmentId, spool, 1_000, "live");
    const error = await failureOf(at.client.downloadFile(attachmentId, spool, 1_000, "live"));

    expect(received).toEqual(["whole"]);
    expect(error.facts).toMatchObject({ kind: "unavailable", operation: "downloadFile" });
  });

  it.each(["/rest/api/3/attachment/content/30001", "ftp://example.com/a", "http://["])(
    "are not followed to %s for ever",
    async (location) => {
      const at = await start(() => ({ status: 303, headers: { location } }));

      const error = await failureOf(at.client.downloadFile(attachmentId, makeSpool().spool, 100, "live"));

      expect(error.kind).toBe("contract");
    },
  );
});
