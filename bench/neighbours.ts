/** What healthy connections feel of those beside them that hang, are throttled or import. */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type Neighbour, type Neighbours, startNeighbours } from "../test/support/neighbours.ts";
import { type Bench, percentile } from "./world.ts";

const cronSeconds = 5;
/** Cases of a connection that does not import. */
const casesEach = 10;

/** p95 from a person's word to its copy on the other side, of the healthy connections alone and beside troubled ones. */
export const neighbours: Bench = {
  name: "neighbours",
  what: "what 40 connections feel of 10 that hang, are throttled or import",
  async run(quick) {
    const [healthy, troubled, changes, imported] = quick ? [14, 10, 40, 1_500] : [40, 10, 200, 5_000];
    const alone = await measure({ healthy, troubled: 0, changes, imported });
    const beside = await measure({ healthy, troubled, changes, imported });
    const line = (direction: "toJira" | "toHuawei", what: string) => {
      const [before, after] = [percentile(alone[direction], 95), percentile(beside[direction], 95)];
      return {
        promise: `${what}, p95 of ${healthy} connections beside ${troubled} troubled ones`,
        bound: `${(before * 1.1).toFixed(2)} s (1.1 × ${before.toFixed(2)} s alone)`,
        measured: `${after.toFixed(2)} s (worst ${Math.max(...(after === 0 ? [0] : beside[direction])).toFixed(2)} s)`,
        ok: after <= before * 1.1,
        note: `Of the troubled ones 4 in 10 hang, 3 are throttled (429), 3 import ${imported} cases. Crons every ${cronSeconds} s, budgets of 20/s and 1,000/s.`,
      };
    };
    return [line("toJira", "Huawei message to Jira comment"), line("toHuawei", "Jira comment to Huawei message")];
  },
};

type Seconds = { readonly toJira: readonly number[]; readonly toHuawei: readonly number[] };

async function measure(size: {
  readonly healthy: number;
  readonly troubled: number;
  readonly changes: number;
  readonly imported: number;
}): Promise<Seconds> {
  const world = await startNeighbours(size.healthy + size.troubled, {
    CASES_CRON: `*/${cronSeconds} * * * * *`,
    ISSUES_CRON: `*/${cronSeconds} * * * * *`,
    CHECK_CRON: "*/5 * * * *",
    HUAWEI_REQUESTS_PER_SECOND: "20",
    JIRA_REQUESTS_PER_SECOND: "1000",
  });
  const sql = new pg.Client({ connectionString: world.harness.database.connectionString });
  sql.on("error", () => {});
  try {
    await sql.connect();
    const { harness, all } = world;
    const healthy = all.slice(0, size.healthy);
    const troubled = all.slice(size.healthy);
    const [importing, disturbed] = [
      troubled.filter((_, index) => troubleOf(index) === "imports"),
      troubled.filter((_, index) => troubleOf(index) !== "imports"),
    ];
    for (const neighbour of all) {
      // What a connection has in its first round is its import.
      const cases = importing.includes(neighbour) ? size.imported : casesEach;
      for (let index = 0; index < cases; index += 1) neighbour.huawei.createCase({ description: `Case ${index}` });
    }
    harness.spawnWorker();
    const countMade = async (): Promise<(neighbour: Neighbour) => number> => {
      const { rows } = await sql.query(
        'SELECT "connectionName" AS name, count("issueId")::int AS made FROM links GROUP BY 1',
      );
      const counts = new Map(rows.map(({ name, made }) => [String(name), Number(made)]));
      return ({ name }) => counts.get(name) ?? 0;
    };
    await harness.waitUntil(
      async () => {
        const made = await countMade();
        return [...healthy, ...disturbed].every((neighbour) => made(neighbour) >= casesEach);
      },
      "the first issues",
      300_000,
    );
    harness.jira.setSettings({ latencyMs: 50 });
    for (const { huawei } of all) huawei.setSettings({ latencyMs: 50 });
    for (const [index, neighbour] of troubled.entries()) trouble(world, neighbour, troubleOf(index));
    // The troubled ones have their worst time first: everything they have is due.
    await sleep(cronSeconds * 1_000);
    const seconds = await measureHealthy(world, healthy, size.changes);
    const made = await countMade();
    // Else there was nothing to feel.
    if (importing.some((neighbour) => made(neighbour) <= casesEach || made(neighbour) === size.imported))
      throw new Error("an import was over, or had not begun, when the others were measured");
    return seconds;
  } finally {
    await sql.end();
    await world.close();
  }
}

/** Of ten connections in trouble four hang, three are throttled, three import. */
function troubleOf(index: number): "hangs" | "is_throttled" | "imports" {
  if (index % 10 < 4) return "hangs";
  return index % 10 < 7 ? "is_throttled" : "imports";
}

function trouble({ harness }: Neighbours, neighbour: Neighbour, kind: ReturnType<typeof troubleOf>): void {
  if (kind === "imports") return;
  if (kind === "hangs") neighbour.gate.silence();
  else neighbour.huawei.addFault({ kind: "429", retryAfterSeconds: 5 });
  for (const issue of harness.jira.getState().issues)
    if (issue.projectKey === neighbour.projectKey) harness.jira.addComment({ issue: issue.key, text: "Any news?" });
}

async function measureHealthy(world: Neighbours, healthy: readonly Neighbour[], changes: number): Promise<Seconds> {
  const { jira, waitUntil } = world.harness;
  const issues = jira.getState().issues;
  const sent: { word: string; at: number; issueKey: string; neighbour: Neighbour; caseId: string }[] = [];
  for (let index = 0; index < changes; index += 1) {
    const neighbour = healthy[index % healthy.length];
    const entry = neighbour?.huawei.getState().cases[Math.floor(index / healthy.length) % 10];
    const issue = issues.find(
      (one) => one.projectKey === neighbour?.projectKey && one.labels.includes(`hwcase-${entry?.caseId}`),
    );
    if (neighbour === undefined || entry === undefined || issue === undefined) throw new Error("a pair is missing");
    const word = `Word ${index} of ${neighbour.name}.`;
    sent.push({ word, at: Date.now(), issueKey: issue.key, neighbour, caseId: entry.caseId });
    if (index % 2 === 0) neighbour.huawei.addMessage({ caseId: entry.caseId, author: "engineer", content: word });
    else jira.addComment({ issue: issue.key, text: word });
    await sleep(200);
  }
  const copyAt = ({ word, issueKey, neighbour, caseId }: (typeof sent)[number], index: number): number | null => {
    if (index % 2 === 0) {
      const copy = jira.getIssue({ issue: issueKey }).comments.find((comment) => comment.bodyText.includes(word));
      return copy === undefined ? null : new Date(copy.createdAt).getTime();
    }
    const messages = neighbour.huawei.getState().cases.find((one) => one.caseId === caseId)?.messages ?? [];
    return messages.find((message) => message.via === "api" && message.content.includes(word))?.createdAt ?? null;
  };
  await waitUntil(() => sent.every((entry, index) => copyAt(entry, index) !== null), "all copies", 600_000);
  const seconds = sent.map((entry, index) => ((copyAt(entry, index) ?? 0) - entry.at) / 1000);
  return {
    toJira: seconds.filter((_, index) => index % 2 === 0),
    toHuawei: seconds.filter((_, index) => index % 2 === 1),
  };
}
