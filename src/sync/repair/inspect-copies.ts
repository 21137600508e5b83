/**
 * What stands twice in Jira, told by what people see there: our own rows would agree with a mistake that they share (rule 8).
 */

import type { SortedMessages } from "../../domain/identity.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
import { parsePartName } from "../../domain/rows/item-key.ts";
import type { Mirror } from "../../domain/rows/mirror.ts";
import { parseCopyName } from "../../domain/rows/notice-cause.ts";
import { withdrawnHash } from "../recognise/recognise.ts";
import { isFileLine } from "../render.ts";

/** What `verify` looks at for copies that stand twice. */
export type CopiesSeen = {
  readonly sorted: Pick<SortedMessages, "people">;
  readonly mirrors: readonly Mirror[];
  readonly comments: readonly IssueComment[];
  readonly issue: Pick<Issue, "files">;
  readonly ownAccountId: string;
  readonly adfToText: (doc: unknown) => string;
};

/** Something that people see more often than the case holds it. */
export type SeenTwice = { readonly item: string; readonly count: number; readonly wanted: number };

/** Comments of ours that read alike, and attachments of ours with one name and size, beyond the messages and files that they are for. Pure. */
export function findSeenTwice(seen: CopiesSeen): readonly SeenTwice[] {
  return [...commentsTwice(seen), ...filesTwice(seen)];
}

function commentsTwice({ sorted, mirrors, comments, ownAccountId, adfToText }: CopiesSeen): SeenTwice[] {
  const own = comments.filter(
    (comment) =>
      comment.authorId === ownAccountId &&
      comment.stamp?.srcHash !== withdrawnHash &&
      parseCopyName(comment.stamp?.fingerprint ?? "").kind !== "notice",
  );
  const alike = groupBy(own, (comment) => whatItSays(adfToText(comment.body)));
  const shown = new Set(sorted.people.map(({ sourceId, renameFrom }) => renameFrom ?? sourceId));
  const wantedCopies = new Set(
    mirrors.flatMap((mirror) => {
      if (mirror.kind === "notice" || mirror.kind === "waits") return [mirror.copyId];
      const isWanted = shown.has(parsePartName(mirror.sourceId).message) || mirror.missingSince !== null;
      return mirror.kind === "message" && isWanted ? [mirror.copyId] : [];
    }),
  );
  return alike.flatMap((group): SeenTwice[] => {
    const wanted = group.filter((comment) => wantedCopies.has(comment.commentId)).length;
    const [first] = group;
    if (first === undefined || group.length < 2 || group.length <= wanted) return [];
    return [{ item: `comment ${group.map((comment) => comment.commentId).join(", ")}`, count: group.length, wanted }];
  });
}

function filesTwice({ mirrors, issue, ownAccountId }: CopiesSeen): SeenTwice[] {
  const own = issue.files.filter((file) => file.authorId === ownAccountId);
  const wantedCopies = new Set(
    mirrors.flatMap((mirror) => (mirror.kind === "file" && mirror.origin === "huawei" ? [mirror.copyId] : [])),
  );
  return groupBy(own, (file) => `${file.sizeBytes} ${file.name}`).flatMap((group): SeenTwice[] => {
    const wanted = group.filter((file) => wantedCopies.has(file.attachmentId)).length;
    if (group.length < 2 || group.length <= wanted) return [];
    return [{ item: `attachment ${group.map((file) => file.attachmentId).join(", ")}`, count: group.length, wanted }];
  });
}

/** A comment without its lines about files and without blanks: two copies of one message may have come with different files. */
function whatItSays(text: string): string {
  return text
    .split("\n")
    .filter((line) => !isFileLine(line))
    .join("")
    .replace(/\s+/g, "");
}

function groupBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): readonly (readonly Item[])[] {
  return [...Map.groupBy(items, nameOf).values()];
}
