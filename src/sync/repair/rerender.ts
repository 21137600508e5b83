/**
 * Writing our comments anew as today's rendering makes them (`resync --rerender`): for a new release, another language or time zone.
 * What people changed in them goes away, which is why it is only done when asked for.
 *
 * A message that takes another number of comments today keeps those it has. Jira adds a comment only at the end of an issue, so a further
 * part would stand below everything that was written since, out of the order of the conversation (rule 8); a part too many could only
 * be deleted, with the links that people made to it. Such messages are counted and left as they are: nothing of them is lost, only old.
 */

import { type IdentifiedMessage, sortMessages } from "../../domain/identity.ts";
import type { LinkId } from "../../domain/ids.ts";
import type { CommentStamp, IssueComment } from "../../domain/issue.ts";
import { linkLeaseMs, renewEveryMs } from "../../domain/lease.ts";
import { isFurtherPart, isPartOf, parsePartName } from "../../domain/rows/item-key.ts";
import { findMirror, mirrorId } from "../../domain/rows/mirror.ts";
import { withHeartbeat } from "../../lib/heartbeat.ts";
import { knownFile } from "../apply/case-files.ts";
import { renderMessage } from "../apply/messages.ts";
import { tellWrite } from "../apply/write-once.ts";
import { observe } from "../link/observe.ts";
import type { LinkDeps } from "../link/run-link.ts";
import { suspendedDirections } from "../link/suspensions.ts";
import type { LeasedLink } from "../state.ts";

/**
 * What became of one link. `uneven`: messages that take more or fewer comments today; their copies stay as they are. `left`: why the link
 * was not looked at: another run works on it, or nothing may be written to Jira now.
 */
export type RerenderResult = {
  readonly changed: number;
  readonly uneven: number;
  readonly left: "busy" | "paused" | "stopped" | null;
};

/**
 * Rewrites the comments of one link whose rendering differs. Attachments, notices and the issue's description are left alone, and so is a
 * link to whose issue nothing may be written now. Throws `ServiceError`, `IssueMissing` and `LeaseLost`. May be repeated: then nothing is
 * left to change.
 */
export async function rerenderLink(deps: LinkDeps, linkId: LinkId): Promise<RerenderResult> {
  const leased = await deps.state.claimLink(linkId, deps.owner, linkLeaseMs);
  if (leased === null) return { changed: 0, uneven: 0, left: "busy" };
  const { link } = leased.snapshot;
  try {
    return await withHeartbeat(
      () => rewriteComments(deps, leased),
      () => leased.renew(),
      renewEveryMs,
    );
  } finally {
    await leased.finish({ doneRev: null, recheckAt: link.recheckAt, attempts: link.attempts });
  }
}

async function rewriteComments(deps: LinkDeps, leased: LeasedLink): Promise<RerenderResult> {
  const { link, mirrors, intents } = leased.snapshot;
  const connection = await deps.state.getConnection(link.connectionName);
  if (connection.state === "stopped") return { changed: 0, uneven: 0, left: "stopped" };
  if (connection.pausedToJira || suspendedDirections(leased.snapshot).has("to-jira"))
    return { changed: 0, uneven: 0, left: "paused" };
  if (link.issueId === null || link.state !== "active") return { changed: 0, uneven: 0, left: null };
  const lane = "check";
  const seen = await observe({ ...deps, lane }, link, { huawei: true, jira: true, full: true });
  const { people } = sortMessages({
    messages: seen.messages ?? [],
    mirrors,
    intents,
    huaweiUserIds: connection.huaweiUserIds,
  });
  const copies = new Map<string, IssueComment>((seen.comments ?? []).map((comment) => [comment.commentId, comment]));
  let changed = 0;
  let uneven = 0;
  for (const identified of people) {
    const parts = partsOf(leased, identified);
    if (parts === null) continue;
    const lines = identified.message.files.flatMap((file) => knownFile(deps, leased, file)?.line ?? []);
    const docs = renderMessage(deps, identified.message, lines);
    if (docs.length !== parts.length) {
      uneven += 1;
      continue;
    }
    for (const [index, bodyAdf] of docs.entries()) {
      const copy = copies.get(parts[index]?.copyId ?? "");
      if (copy === undefined || toSorted(copy.body) === toSorted(bodyAdf)) continue;
      changed += 1;
      const mark: CommentStamp = copy.stamp ?? {
        v: 1,
        inst: await deps.state.getInstallation(),
        caseId: link.caseId ?? "",
        fingerprint: parts[index]?.sourceId ?? identified.sourceId,
        srcHash: parts[index]?.sourceHash ?? "",
        files: [],
      };
      // The same body under the same id: safe to repeat, so no intent is needed.
      await deps.jira.updateComment(link.issueId, copy.commentId, { bodyAdf, stamp: mark }, lane);
      tellWrite(deps, leased, { side: "jira", action: "comment" });
    }
  }
  return { changed, uneven, left: null };
}

/** The live copies of a message in their order; `null` where it has none. */
function partsOf(
  leased: LeasedLink,
  { sourceId, renameFrom }: IdentifiedMessage,
): { readonly sourceId: string; readonly copyId: string | null; readonly sourceHash: string | null }[] | null {
  const first = renameFrom ?? sourceId;
  const { mirrors } = leased.snapshot;
  const head = findMirror(mirrors, mirrorId.message(first));
  if (head?.state !== "live") return null;
  const rest = mirrors
    .filter(({ kind, state, sourceId }) => kind === "message" && state === "live" && isPartOf(sourceId, first))
    .filter(({ sourceId }) => isFurtherPart(sourceId))
    .sort((a, b) => parsePartName(a.sourceId).part - parsePartName(b.sourceId).part);
  return [head, ...rest];
}

/** JSON whose members stand in one order, whichever the service answered. */
function toSorted(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
}
