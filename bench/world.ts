/**
 * What every measurement needs: simulators and a database with a given number of links, worker processes, and looks at both.
 * Built on the harness of the scenarios; only a bench writes to the product's tables.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { compose } from "../src/bin/compose.ts";
import { type CaseId, toId } from "../src/domain/ids.ts";
import { silentLogger } from "../src/observability/logger.ts";
import { intakeCases } from "../src/sync/intake/intake.ts";
import { stageConfig } from "../test/support/environment.ts";
import { type Env, startHarness, type WorkerProcess } from "../test/support/harness.ts";

/** One measured promise. `ok` is null where it was not measured on the promise's own terms. */
export type Line = {
  readonly promise: string;
  readonly bound: string;
  readonly measured: string;
  readonly ok: boolean | null;
  readonly note?: string;
};

/** A measurement by name; `what` it measures, for people. `quick` takes small sizes; `minutes` is how long a soak goes on. */
export type Bench = {
  readonly name: string;
  readonly what: string;
  run(quick: boolean, options?: { readonly minutes?: number }): Promise<readonly Line[]>;
};

/** One preloaded pair. */
export type Pair = { readonly caseId: string; readonly issueId: string; readonly issueKey: string };

/** Crons that never come due while a bench runs: only the rounds that a worker makes at its start remain. */
export const noCrons: Env = { CASES_CRON: "0 0 1 1 *", ISSUES_CRON: "0 0 1 1 *", CHECK_CRON: "0 0 1 1 *" };

export type World = Awaited<ReturnType<typeof startWorld>>;

/** Simulators that answer after `latencyMs`, and so many links that agree already, stored as the product stores them. */
export async function startWorld(options: { readonly links: number; readonly env?: Env; readonly latencyMs?: number }) {
  const latencyMs = options.latencyMs ?? 50;
  const harness = await startHarness({
    env: {
      HUAWEI_REQUESTS_PER_SECOND: "1000",
      JIRA_REQUESTS_PER_SECOND: "1000",
      SETTLE_LIST_SECONDS: "30",
      SETTLE_MESSAGE_SECONDS: "120",
      SETTLE_SEARCH_SECONDS: "300",
      LOG_LEVEL: "info",
      ...options.env,
    },
  });
  const sql = new pg.Client({ connectionString: harness.database.connectionString });
  sql.on("error", () => {});
  await sql.connect();
  const pairs = options.links === 0 ? [] : await preload(harness, sql, options.links);
  harness.huawei.setSettings({ latencyMs });
  harness.jira.setSettings({ latencyMs });

  /** Waits for a worker's rounds over cases and issues that began after `since`. */
  async function waitForRounds(since: Date, timeoutMs = 300_000): Promise<void> {
    await harness.waitUntil(
      async () => {
        const found = await sql.query(
          `SELECT 1 FROM rounds WHERE "startedAt" > $1 AND "finishedAt" >= "startedAt" AND name IN ('cases', 'issues')`,
          [since],
        );
        return found.rowCount === 2;
      },
      "both rounds of a worker",
      timeoutMs,
    );
  }

  /** Starts a worker and waits until its first rounds are over. */
  async function startWorker(changes: Env = {}): Promise<WorkerProcess> {
    const since = new Date();
    const worker = harness.spawnWorker(changes);
    await waitForRounds(since);
    return worker;
  }

  /** Waits until no link has anything to do now. */
  async function waitForQuiet(timeoutMs = 120_000): Promise<void> {
    await harness.waitUntil(
      async () => {
        const busy = await sql.query(
          `SELECT 1 FROM links WHERE state = 'active' AND ("wantedRev" > "doneRev" OR "leaseUntil" > now()) LIMIT 1`,
        );
        return busy.rowCount === 0;
      },
      "no link has work",
      timeoutMs,
    );
  }

  return {
    ...harness,
    sql,
    pairs,
    startWorker,
    waitForRounds,
    waitForQuiet,
    resetRequests: () => {
      harness.huawei.resetRequests();
      harness.jira.resetRequests();
    },
    close: async () => {
      await sql.end();
      await harness.close();
    },
  };
}

/** Cases, issues and links of yesterday: inserted through the store, then told to agree. */
async function preload(
  harness: Awaited<ReturnType<typeof startHarness>>,
  sql: pg.Client,
  count: number,
): Promise<readonly Pair[]> {
  const parts = await compose(stageConfig(harness.baseEnv, harness.folder), silentLogger);
  try {
    const [connection] = parts.connections;
    const name = connection?.name ?? "";
    const inst = await parts.state.getInstallation();
    const yesterday = Date.now() - 24 * 3_600_000;
    const pairs: Pair[] = [];
    for (let index = 0; index < count; index += 1) {
      const createdAt = yesterday + index * 1_000;
      const { caseId } = harness.huawei.createCase({ description: `Case ${index}`, createdAt });
      const { issueId, issueKey } = harness.jira.createIssue({
        projectKey: "OPS",
        summary: `[${caseId}] Case ${index}`,
        labels: [`hwcase-${caseId}`, "huawei-cloud"],
        createdAt,
        author: "bot",
      });
      harness.jira.setIssueProperty({ issue: issueKey, key: "casebridge", value: { v: 1, inst, caseId, issueId } });
      pairs.push({ caseId, issueId, issueKey });
    }
    const now = new Date();
    const seen = pairs.map((pair, index) => ({
      caseId: toId<CaseId>(pair.caseId),
      status: 0,
      createdAt: new Date(yesterday + index * 1_000),
      labels: [],
      productName: null,
    }));
    await parts.state.insertCaseLinks(name, seen, { now, lane: "poll", labelChecked: new Set() });
    await parts.state.patchConnection(name, { firstRoundAt: now, importDoneAt: now });
    await parts.state.saveCursor(name, "cases_created", now.toISOString());
    await parts.state.saveCursor(name, "issues_updated", now.toISOString());
    // One round puts the links into cohorts and learns their cursors.
    if (connection !== undefined) await intakeCases(connection.intake);
    await sql.query(
      `UPDATE links SET "issueId" = r."issueId", "issueKey" = r."issueKey", "markStampedAt" = now(), "agreedCaseStatus" = 0,
         "agreedCategory" = 'new', "createCheckedAt" = now(), "checkedAt" = now(), "doneRev" = "wantedRev",
         "triedRev" = "wantedRev", "wantedAt" = NULL
       FROM jsonb_to_recordset($1::jsonb) AS r("caseId" text, "issueId" text, "issueKey" text) WHERE links."caseId" = r."caseId"`,
      [JSON.stringify(pairs)],
    );
    return pairs;
  } finally {
    await parts.close();
  }
}

/** Resident memory of a process in MB (2^20 bytes), from Linux's /proc. Throws where there is none, or no such process. */
export function readRssMb(pid: number | undefined): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (match?.[1] === undefined) throw new Error("the resident memory cannot be read");
  return Number(match[1]) / 1024;
}

/** Median resident memory over `seconds`, looked at five times a second. */
export async function measureRestMb(pid: number | undefined, seconds: number): Promise<number> {
  const samples: number[] = [];
  for (let look = 0; look < seconds * 5; look += 1) {
    samples.push(readRssMb(pid));
    await sleep(200);
  }
  return percentile(samples, 50);
}

/** Highest resident memory while `work` runs, looked at fifty times a second. */
export async function measurePeakMb(pid: number | undefined, work: () => Promise<void>): Promise<number> {
  let peak = readRssMb(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, readRssMb(pid));
  }, 20);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak;
}

/** The smallest value that so many percent do not exceed; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

/** Counts by operation, most frequent first, as one line. */
export function describeCounts(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).sort((left, right) => right[1] - left[1]);
  return entries.map(([name, count]) => `${name} ${count}`).join(", ");
}
