/** Links, items, failures and acts of all kinds as the page shows them, planted in the database. */
import type { LinkId } from "../../src/domain/ids.ts";
import { makeAdminStore } from "../../src/store/admin.ts";
import type { PageWorld } from "./page-world.ts";

/** What people and services may call themselves to break a page. */
export const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>'\`\${7*7}&lt;`;

/** The ids of what was planted. */
export type Planted = { readonly link: LinkId; readonly moved: LinkId; readonly failures: readonly string[] };

/** Plants three links: a busy one, a moved one, and one that waits for nothing. */
export async function plant({ database, parts }: Pick<PageWorld, "database" | "parts">): Promise<Planted> {
  const { pool } = database;
  const seen = (caseId: string) => ({
    caseId: caseId as never,
    status: 1,
    createdAt: new Date(),
    labels: [],
    productName: null,
  });
  const facts = { now: new Date(), lane: "poll", labelChecked: new Set<string>() } as const;
  const [link, moved, still] = await parts.state.insertCaseLinks("default", ["TT1", "TT2", "TT3"].map(seen), facts);
  if (link === undefined || moved === undefined || still === undefined) throw new Error("the links were not made");
  await pool.query(
    `UPDATE links SET "issueId" = 10000 + id, "issueKey" = 'OPS-' || id, "doneRev" = "wantedRev", "wantedAt" = NULL`,
  );
  await pool.query(
    `UPDATE links SET state = 'moved', reason = 'moved', "reasonAt" = now() - interval '2 hours' WHERE id = $1`,
    [moved],
  );
  await pool.query(
    `UPDATE links SET "heldSince" = now() - interval '5 minutes', "recheckAt" = now() + interval '1 minute' WHERE id = $1`,
    [link],
  );
  const items: readonly (readonly (string | number | null)[])[] = [
    ["message", "huawei", "m1", "20001", "live", null, 60],
    ["comment", "jira", "c1", "h1", "live", null, 50],
    ["comment", "jira", "c2", null, "held", "restricted", 40],
    ["file", "jira", "f1", null, "placeholder", `size: ${hostile}`, 30],
    ["message", "huawei", "m2", "20002", "withdrawn", null, 20],
    ["comment", "jira", "c3", null, "sending", null, 5],
    ["notice", "jira", "command-c9", null, "live", "command:done", 4],
  ];
  for (const [kind, origin, sourceId, copyId, state, reason, minutes] of items)
    await pool.query(
      `INSERT INTO mirrors ("linkId", kind, origin, "sourceId", "copyId", state, reason, "sourceAt", "createdAt", "updatedAt")
       VALUES ($1, $2, $3, $4, $5, $6, $7, now() - $8 * interval '1 minute', now() - $8 * interval '1 minute' + interval '2 seconds', now() - $8 * interval '1 minute' + interval '3 seconds')`,
      [link, kind, origin, sourceId, copyId, state, reason, minutes],
    );
  await pool.query(
    `INSERT INTO audit (at, "connectionName", "linkId", side, action, item, result) VALUES
     (now() - interval '59 minutes', 'default', $1, 'jira', 'comment', 'message:m1', '20001'),
     (now() - interval '55 minutes', 'default', $1, 'jira', 'transition', 'status:1', '3')`,
    [link],
  );
  await pool.query(
    `INSERT INTO intents ("linkId", kind, key, side, epoch, state, payload, "createdAt", "attemptedAt", looks, "nextLookAt", attempts, "updatedAt")
     VALUES ($1, 'message', 'message:c3:v1:1/1', 'huawei', 1, 'unknown', '{"content":"a secret text"}', now() - interval '5 minutes', now() - interval '4 minutes', 2, now() + interval '90 seconds', 1, now())`,
    [link],
  );
  const failures: string[] = [];
  for (const [linkId, item, reason, detail] of [
    [link, "file:f1", "file_refused", `type: ${hostile}`],
    [link, "file:f2", "file_refused", "size: 30 MiB"],
    [moved, "link", "moved", "project OTHER"],
  ]) {
    const { rows } = await pool.query<{ id: string }>(
      `INSERT INTO failures ("connectionName", "linkId", direction, item, reason, detail) VALUES ('default', $1, 'to-huawei', $2, $3, $4) RETURNING id::text AS id`,
      [linkId, item, reason, detail],
    );
    failures.push(...rows.map(({ id }) => id));
  }
  await pool.query(
    `INSERT INTO history ("connectionName", span, at, "toJira", "toHuawei", "requestsHuawei", "requestsJira", failures, "oldestP50", "oldestP95", "oldestMax")
     SELECT 'default', 'minute', date_trunc('minute', now()) - ago * interval '1 minute', ago % 5, ago % 3, 600, 60, 3, ago % 7, ago % 7, ago % 7
     FROM generate_series(2, 40) AS ago WHERE ago NOT BETWEEN 20 AND 25`,
  );
  const admin = makeAdminStore({ prisma: parts.database.prisma, clock: parts.clock, actor: `ann ${hostile}` });
  await admin.recordAct({
    action: "resync",
    target: `issue ${hostile}`,
    outcome: "done",
    connectionName: "default",
    linkId: link,
  });
  return { link, moved, failures };
}
