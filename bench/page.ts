/** What the page costs: time of each view on the server, and the worker's memory, with very many links. */
import { findFreePort } from "../test/support/port.ts";
import { type Bench, measureRestMb, noCrons, percentile, startWorld, type World } from "./world.ts";

const looks = 10;

/** 100,000 links, 1,000 failures, and a link of 3,000 messages: the views, again and again. */
export const page: Bench = {
  name: "page",
  what: "the page's views with 100,000 links",
  async run(quick) {
    const links = quick ? 10_000 : 100_000;
    const port = await findFreePort();
    const world = await startWorld({ links: 1, latencyMs: 5, env: { ...noCrons, HTTP_PORT: String(port) } });
    try {
      const large = await plant(world, links);
      const { child } = await world.startWorker();
      const restMb = await measureRestMb(child.pid, quick ? 3 : 15);
      const url = `http://127.0.0.1:${port}`;
      const slowest = await walk(url, large);
      const afterMb = await measureRestMb(child.pid, quick ? 3 : 15);
      const size = `${links.toLocaleString("en")} links, 1,000 failures, a link of 3,000 messages`;
      return [
        {
          promise: `Slowest view, ${size}`,
          bound: "300 ms",
          measured: `${slowest.ms.toFixed(0)} ms (${slowest.path})`,
          ok: slowest.ms <= 300,
          note: `p95 of ${looks} looks at each view and at each reading of the API, the way to the browser included.`,
        },
        {
          promise: `Rise of resident memory by all views, ${size}`,
          bound: "16 MB",
          measured: `${(afterMb - restMb).toFixed(0)} MB (${restMb.toFixed(0)} to ${afterMb.toFixed(0)})`,
          ok: afterMb - restMb <= 16,
          note: `Medians at rest before the first view and after ${looks} looks at each.`,
        },
      ];
    } finally {
      await world.close();
    }
  },
};

/** Answers the id of the link with the messages. */
async function plant({ sql }: World, links: number): Promise<string> {
  await sql.query(
    `INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", "issueId", "issueKey", origin, "doneRev", "triedRev", state, reason, "reasonAt",
       "caseStatus", "agreedCaseStatus", "agreedCategory", "markStampedAt", "createCheckedAt", "checkedAt", "closedSeenAt", "outgoingSince", "createdAt", "updatedAt")
     SELECT name, "huaweiSite", "jiraSite", 'OLD' || n, 'old' || n, 'OPS-9' || n, 'huawei', 1, 1,
       CASE WHEN n % 100 = 0 THEN 'blocked' ELSE 'active' END, CASE WHEN n % 100 = 0 THEN 'contract' END, now() - n * interval '1 second',
       3, 3, 'done', now(), now(), now(), now() - interval '200 days', now() - interval '300 days', now() - interval '300 days', now()
     FROM connections, generate_series(1, $1::int) AS n`,
    [links],
  );
  await sql.query(
    `INSERT INTO failures ("connectionName", "linkId", direction, item, reason, detail)
     SELECT "connectionName", id, 'to-jira', 'link', (ARRAY['contract', 'forbidden', 'file_refused', 'not_found'])[1 + row_number() OVER () % 4], 'code ' || id
     FROM links WHERE "caseId" LIKE 'OLD%' ORDER BY id LIMIT 1000`,
  );
  const { rows } = await sql.query<{ id: string }>(`SELECT max(id)::text AS id FROM links`);
  const id = rows[0]?.id ?? "";
  await sql.query(
    `INSERT INTO mirrors ("linkId", kind, origin, "sourceId", "copyId", state, "sourceAt", "createdAt", "updatedAt")
     SELECT $1, 'message', 'huawei', 'm' || n, n::text, 'live', now() - n * interval '1 minute', now() - n * interval '1 minute', now()
     FROM generate_series(1, 3000) AS n`,
    [id],
  );
  await sql.query(
    `INSERT INTO audit (at, "connectionName", "linkId", side, action, item, result)
     SELECT now() - n * interval '1 minute', 'default', $1, 'jira', 'comment', 'message:m' || n, n::text FROM generate_series(1, 3000) AS n`,
    [id],
  );
  await sql.query(
    `INSERT INTO history ("connectionName", span, at, "toJira", "toHuawei", "requestsHuawei", "requestsJira")
     SELECT 'default', span, date_trunc(span, now()) - n * ('1 ' || span)::interval, n % 9, n % 5, 100, 50
     FROM unnest(ARRAY['minute', 'hour']) AS span, generate_series(1, 800) AS n`,
  );
  await sql.query("VACUUM ANALYZE");
  return id;
}

/** Looks at everything so many times; answers the slowest view by its p95. */
async function walk(url: string, id: string): Promise<{ readonly path: string; readonly ms: number }> {
  const paths = [
    ...["/", "/?span=day", "/?span=week", "/links", "/links?waiting=yes", "/links?state=blocked&reason=contract"],
    ...["/links?search=OLD999", `/links/${id}`, "/failures", "/failures?reason=contract", "/activity", "/connections"],
    ...["/resync", "/api/v1/status", "/api/v1/overview", "/api/v1/links?limit=200", `/api/v1/links/${id}`],
    ...["/api/v1/failures?limit=200", "/api/v1/failures/reasons", "/api/v1/history?span=week", "/api/v1/settings"],
  ];
  const times = new Map<string, number[]>();
  for (let look = 0; look < looks; look += 1)
    for (const path of paths) {
      const startedAt = performance.now();
      const answer = await fetch(`${url}${path}`);
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
      times.set(path, [...(times.get(path) ?? []), performance.now() - startedAt]);
    }
  const found = [...times].map(([path, all]) => ({ path, ms: percentile(all, 95) }));
  return found.reduce((worst, one) => (one.ms > worst.ms ? one : worst));
}
