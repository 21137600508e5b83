import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFileStore } from "../base/files.ts";
import { AUTHORIZATION, type Bench, startBench } from "./test-support.ts";

let bench: Bench;
let issueId: string;

beforeEach(async () => {
  bench = await startBench();
  issueId = bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" }).issueId;
});

afterEach(async () => {
  await bench.sim.close();
});

const NO_CHECK = { "x-atlassian-token": "no-check" };
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

function upload(files: readonly [string, Uint8Array | string][], headers: Record<string, string> = NO_CHECK) {
  const form = new FormData();
  for (const [name, bytes] of files) form.append("file", new Blob([Buffer.from(bytes)]), name);
  return bench.call("POST", `/rest/api/3/issue/${issueId}/attachments`, form, headers);
}

async function download(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(bench.sim.url + path, { headers: { authorization: AUTHORIZATION, ...headers } });
  return { status: response.status, url: response.url, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe("attachments", () => {
  it("come back byte by byte, several of equal names, an empty one, odd names", async () => {
    const binary = Buffer.from(Array.from({ length: 200_000 }, (_unused, index) => (index * 7) & 0xff));
    const tricky = "\r\n--boundary\r\n\r\n----";

    const answer = await upload([
      ["a.bin", binary],
      ["a.bin", tricky],
      ['空 "quoted".txt', ""],
    ]);
    const stored = bench.sim.control.getIssue({ issue: issueId }).attachments;
    const downloads = await Promise.all(stored.map((file) => download(`/rest/api/3/attachment/content/${file.id}`)));

    expect(answer.status).toBe(200);
    expect(stored.map((file) => [file.name, file.sizeBytes, file.sha256])).toEqual([
      ["a.bin", 200_000, sha256(binary)],
      ["a.bin", tricky.length, sha256(tricky)],
      ['空 "quoted".txt', 0, sha256("")],
    ]);
    expect(downloads.map((file) => sha256(file.bytes))).toEqual(stored.map((file) => file.sha256));
  });

  it("lead to another origin, which must not see the credentials", async () => {
    bench.sim.control.setSettings({ contentOrigin: "other" });
    const { attachmentId } = bench.sim.control.addAttachment({ issue: issueId, name: "a.txt", text: "hello" });

    const redirect = await bench.call("GET", `/rest/api/3/attachment/content/${attachmentId}`);
    const location = redirect.headers.get("location") ?? "";
    const followed = await download(`/rest/api/3/attachment/content/${attachmentId}`);
    const leaking = await bench.call("GET", location);

    expect(redirect.status).toBe(303);
    expect(new URL(location).origin).not.toBe(bench.sim.url);
    expect(followed.bytes.toString()).toBe("hello");
    expect(leaking.status).toBe(400);
    expect(bench.sim.control.getRefusals().at(-1)?.reason).toContain("credentials");
  });

  it("stream directly on request, ranges included", async () => {
    const { attachmentId } = bench.sim.control.addAttachment({ issue: issueId, name: "a.txt", text: "hello" });
    const path = `/rest/api/3/attachment/content/${attachmentId}?redirect=false`;

    expect((await download(path)).bytes.toString()).toBe("hello");
    expect((await download(path, { range: "bytes=1-2" })).bytes.toString()).toBe("el");
    expect((await download(path, { range: "bytes=9-" })).status).toBe(416);
  });

  it("demand the token header and the part name", async () => {
    const form = new FormData();
    form.append("upload", new Blob(["x"]), "a.txt");

    const bare = await upload([["a.txt", "x"]], {});
    const wrong = await bench.call("POST", `/rest/api/3/issue/${issueId}/attachments`, form, NO_CHECK);

    expect([bare.status, wrong.status]).toEqual([403, 400]);
    expect(bench.sim.control.getIssue({ issue: issueId }).attachments).toEqual([]);
  });

  it("are refused over the limit, 61 at once, or when switched off", async () => {
    bench.sim.control.setSettings({ uploadLimitBytes: 10 });
    const meta = await bench.call("GET", "/rest/api/3/attachment/meta");

    const statuses = [
      (await upload([["a", "x".repeat(10)]])).status,
      (await upload([["a", "x".repeat(11)]])).status,
      (await upload(Array.from({ length: 61 }, (): [string, string] => ["a", "x"]))).status,
    ];

    expect(meta.body).toEqual({ enabled: true, uploadLimit: 10 });
    expect(statuses).toEqual([200, 413, 400]);
  });

  it("cut a download in the middle on command, behind the redirect too", async () => {
    const { attachmentId } = bench.sim.control.addAttachment({ issue: issueId, name: "a.bin", sizeBytes: 300_000 });
    const path = `/rest/api/3/attachment/content/${attachmentId}`;
    bench.sim.control.addFault({ operation: "getAttachmentContent", kind: "truncate", times: 2 });

    await expect(download(path)).rejects.toThrow();
    await expect(download(`${path}?redirect=false`)).rejects.toThrow();

    expect((await download(path)).bytes).toHaveLength(300_000);
  });

  it("lie in files that close() removes", async () => {
    const store = makeFileStore();
    const { source } = store.make({ name: "a.txt", text: "x" });
    const path = source.kind === "file" ? source.path : "";

    expect(existsSync(path)).toBe(true);
    store.close();
    expect(existsSync(dirname(path))).toBe(false);
  });
});
