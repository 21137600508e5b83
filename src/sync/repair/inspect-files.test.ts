import { expect, test } from "vitest";
import { type LinkId, toId } from "../../domain/ids.ts";
import type { Mirror } from "../../domain/rows/mirror.ts";
import { ServiceError } from "../../domain/service-error.ts";
import type { LinkSnapshot } from "../state.ts";
import { inspectFiles } from "./inspect-files.ts";

const file = (sourceId: string, more: Partial<Mirror> = {}): Mirror =>
  ({
    kind: "file",
    origin: "huawei",
    sourceId,
    copyId: `copy-${sourceId}`,
    state: "live",
    sizeBytes: 3,
    sha256: "abc",
    ...more,
  }) as Mirror;

/** Copies by id: their hash, or why they cannot be read. */
async function run(mirrors: readonly Mirror[], copies: Readonly<Record<string, string | Error>>) {
  const removed: string[] = [];
  const downloadFile = async (id: string) => {
    const copy = copies[id];
    if (copy instanceof Error) throw copy;
    return { path: `/tmp/${id}`, sizeBytes: 3, sha256: copy ?? "" };
  };
  const differences = await inspectFiles(
    {
      huawei: { downloadFile },
      jira: { downloadFile },
      state: { findSnapshot: async () => ({ mirrors }) as unknown as LinkSnapshot },
      spool: {
        store: () => Promise.reject(new Error("nothing is stored here")),
        storeText: () => Promise.reject(new Error("nothing is stored here")),
        remove: async (spooled) => void removed.push(spooled.path),
      },
      lane: "check",
    },
    toId<LinkId>("1"),
  );
  return { removed, found: differences.map(({ item, what, direction }) => `${direction} ${item}: ${what}`) };
}

const refusal = (kind: "not_found" | "unavailable") =>
  new ServiceError({
    side: "jira",
    kind,
    requestId: null,
    operation: "downloadFile",
    detail: "no",
    status: null,
    code: null,
    retryAfterMs: null,
    outcomeUnknown: false,
  });
const tooLarge = Object.assign(new Error("too large"), { name: "FileTooLarge" });

test("bytes on both sides are compared with what was sent", async () => {
  const { found, removed } = await run(
    [file("same"), file("other"), file("back", { origin: "jira", sha256: "sent" }), file("grown"), file("gone")],
    {
      "copy-same": "abc",
      "copy-other": "xyz",
      "copy-back": "else",
      "copy-grown": tooLarge,
      "copy-gone": refusal("not_found"),
    },
  );
  expect(found).toEqual([
    "to-jira file:other: the copy has other bytes (3 of 3)",
    "to-huawei file:back: the copy has other bytes (3 of 3)",
    "to-jira file:grown: the copy is larger than what was sent",
    "to-jira file:gone: the copy cannot be read back: not found",
  ]);
  expect(removed).toEqual(["/tmp/copy-same", "/tmp/copy-other", "/tmp/copy-back"]);
});

test("files without a copy of ours are not read, and an unreachable service ends it", async () => {
  const none = await run(
    [file("a", { state: "placeholder" }), file("b", { copyId: null }), file("c", { sha256: null })],
    {},
  );
  expect(none).toEqual({ found: [], removed: [] });
  await expect(run([file("a")], { "copy-a": refusal("unavailable") })).rejects.toMatchObject({ kind: "unavailable" });
});
