import { expect, test } from "vitest";
import type { TimelineEntry, TimelineItem } from "../../domain/timeline.ts";
import { tellEntry } from "./show.ts";

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 2, 3, 4, seconds));
const item = (changes: Partial<TimelineItem>): TimelineItem => ({
  what: "item",
  id: "1",
  kind: "message",
  origin: "huawei",
  sourceId: "m-1",
  copyId: "10012",
  version: 1,
  state: "live",
  reason: null,
  sizeBytes: null,
  parentId: null,
  aroseAt: at(0),
  noticedAt: at(1),
  mirroredAt: at(3),
  writes: 1,
  ...changes,
});

/** The cells as people read them. */
const told = (entry: TimelineEntry) =>
  tellEntry(entry).map((cell) => (typeof cell === "object" && cell !== null && "text" in cell ? cell.text : cell));

test.each<[string, TimelineEntry, readonly unknown[]]>([
  ["a message that was mirrored", item({}), [at(0), "message m-1 in Huawei Cloud", "mirrored to Jira as 10012", "3 s"]],
  [
    "a comment that was edited",
    item({ kind: "comment", origin: "jira", sourceId: "501", copyId: "m-2", version: 2 }),
    [at(0), "comment 501 in Jira, version 2", "mirrored to Huawei Cloud as m-2", "3 s"],
  ],
  [
    "one that stays",
    item({ kind: "comment", origin: "jira", state: "held", reason: "internal", copyId: null, mirroredAt: null }),
    [at(0), "comment m-1 in Jira", "not sent to Huawei Cloud: internal", null],
  ],
  [
    "one on its way, whose moment is not known",
    item({ state: "sending", copyId: null, aroseAt: null, mirroredAt: null }),
    [at(1), "message m-1 in Huawei Cloud", "on its way to Jira", null],
  ],
  [
    "a file that Jira refused",
    item({ kind: "file", state: "refused", reason: "too_large", copyId: null }),
    [at(0), "file m-1 in Huawei Cloud", "refused by Jira: too_large", null],
  ],
  [
    "a notice",
    item({ kind: "notice", sourceId: "waits-1" }),
    [at(0), "casebridge's notice waits-1", "written 10012", "3 s"],
  ],
  [
    "what took long",
    item({ mirroredAt: new Date(at(0).getTime() + 3 * 3_600_000) }),
    [at(0), "message m-1 in Huawei Cloud", "mirrored to Jira as 10012", "3 h"],
  ],
  [
    "an act",
    { what: "act", id: "2", at: at(9), side: "jira", action: "create_issue", item: "issue:10001", result: "created" },
    [at(9), "casebridge in Jira: create issue issue:10001", "created", null],
  ],
])("%s is told in words and times", (_what, entry, words) => {
  expect(told(entry)).toEqual(words);
});
