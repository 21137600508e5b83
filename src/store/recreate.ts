/** Making a deleted issue again, because a person asked for it (rule 7): nothing is recreated by itself. */
import type { LinkId } from "../domain/ids.ts";
import { recordAct } from "./acts.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { linkNumber } from "./sql.ts";

/**
 * Forgets the issue of a link that is `gone` as `issue_gone`, with all copies that stood in it; the next run makes a new one with the
 * whole conversation. What people wrote in the old issue stays known as sent. False when the link is in another state.
 */
export async function recreateLink(
  prisma: PrismaClient,
  linkId: LinkId,
  { at, actor }: { readonly at: Date; readonly actor: string },
): Promise<boolean> {
  const id = linkNumber(linkId);
  return prisma.$transaction(async (tx) => {
    const [freed] = await tx.$queryRaw<{ connectionName: string; caseId: string | null }[]>(Prisma.sql`
      UPDATE links SET "issueId" = NULL, "issueKey" = NULL, state = 'active', reason = NULL, "reasonAt" = NULL, origin = 'huawei',
        "createCheckedAt" = NULL, "markStampedAt" = NULL, "mirroredLabels" = '{}', "factsHash" = NULL, "jiraUpdatedRaw" = NULL, "jiraWrittenAt" = NULL,
        "agreedCaseStatus" = NULL, "agreedCategory" = NULL, "outgoingSince" = ${at}::timestamptz,
        "wantedRev" = "wantedRev" + 1, "huaweiRev" = "wantedRev" + 1, "jiraRev" = "wantedRev" + 1, lane = 'live',
        "wantedAt" = ${at}::timestamptz, attempts = 0, "recheckAt" = NULL, "updatedAt" = ${at}::timestamptz
      WHERE id = ${id} AND state = 'gone' AND reason = 'issue_gone' RETURNING "connectionName", "caseId"`);
    if (freed === undefined) return false;
    const { connectionName, caseId } = freed;
    await recordAct(tx, {
      at,
      actor,
      action: "recreate",
      target: caseId ?? "",
      outcome: "freed",
      connectionName,
      linkId,
    });
    await tx.$executeRaw(Prisma.sql`DELETE FROM mirrors WHERE "linkId" = ${id} AND origin = 'huawei'`);
    await tx.$executeRaw(Prisma.sql`DELETE FROM intents WHERE "linkId" = ${id} AND side = 'jira'`);
    await tx.$executeRaw(Prisma.sql`
      UPDATE failures SET state = 'resolved' WHERE "linkId" = ${id} AND item = 'issue' AND state IN ('open', 'retrying')`);
    return true;
  });
}
