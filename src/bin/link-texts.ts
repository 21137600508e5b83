/**
 * The texts of one link, read live from both services for an operator who looks at it. Nothing of them is kept. What is restricted in Jira is not
 * shown here either: who runs casebridge need not be somebody who may read it there.
 */
import type { LinkId } from "../domain/ids.ts";
import { isServiceError } from "../domain/service-error.ts";
import { displayName } from "../domain/text/sanitize.ts";
import { isRestricted, issueBar } from "../sync/plan/restriction.ts";
import type { ReadTexts } from "../web/pages/timeline.ts";
import { textKey } from "../web/pages/timeline.ts";
import type { Composition } from "./compose.ts";

type Text = { readonly author: string; readonly text: string } | null;

/** Reads them with the lane of people. A service that does not answer is told, not thrown. */
export async function readLinkTexts(
  { admin, connections, clock }: Pick<Composition, "admin" | "connections" | "clock">,
  id: string,
): Promise<ReadTexts> {
  const found = /^\d{1,18}$/.test(id) ? await admin.findLink(`link:${id}`) : null;
  const connection = connections.find(({ name }) => name === found?.summary.connectionName);
  if (found === null || connection === undefined) return { kind: "failed", detail: "no connection has this link" };
  const { caseId, issueId, connectionName } = found.summary;
  await admin.recordAct({
    action: "read texts",
    target: caseId ?? issueId ?? id,
    outcome: "started",
    connectionName,
    linkId: id as LinkId,
  });
  const { huawei, jira, reconcile } = connection;
  const texts = new Map<string, Text>();
  // Rich text is read as the copies are.
  const plain = (content: string): string =>
    reconcile.text
      .messageToAdf({ header: "", text: content, footer: [] })
      .map((doc) => reconcile.text.adfToText(doc))
      .join("\n")
      .trim();
  try {
    if (caseId !== null)
      for (const { messageId, authorName, content } of (await huawei.getCase(caseId, "live")).messages)
        if (messageId !== null)
          texts.set(textKey("huawei", messageId), { author: displayName(authorName), text: plain(content) });
    const read = issueId === null ? null : await jira.findIssueWithComments(issueId, new Set(), "live");
    if (read !== null) {
      const isWhole = issueBar(read.issue, reconcile.settings) === null;
      for (const comment of read.comments) {
        const isOpen = isWhole && !isRestricted(read.issue, comment, read.comments);
        const shown = { author: displayName(comment.authorName), text: reconcile.text.adfToText(comment.body) };
        texts.set(textKey("jira", comment.commentId), isOpen ? shown : null);
      }
    }
    return { kind: "read", at: clock.now(), texts };
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return { kind: "failed", detail: `${error.facts.side}: ${error.kind}` };
  }
}
