/** Everything through PgBouncer in transaction mode: state, queue, migrations and commands. */
import { expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { startHarness } from "../support/harness.ts";
import { hasPgBouncer, startPgBouncer } from "../support/pgbouncer.ts";

const missing = hasPgBouncer() ? "" : "skipped, since no pgbouncer is installed: ";

test.skipIf(missing !== "")(
  `${missing}both sides agree through a pooler in transaction mode`,
  async ({ onTestFinished }) => {
    const database = await createTestDatabase({ migrated: false });
    const pooler = await startPgBouncer(database.connectionString);
    const harness = await startHarness({
      queue: "postgres",
      database: {
        connectionString: pooler.connectionString,
        drop: async () => {
          await pooler.stop();
          await database.drop();
        },
      },
    });
    onTestFinished(() => harness.close());
    const worker = harness.spawnWorker();
    const { caseId } = harness.huawei.createCase({ description: "Disk is full" });
    harness.huawei.addMessage({ caseId, author: "engineer", content: "Which disk?" });
    await harness.waitUntil(() => harness.jira.getState().issues.length === 1, "the case has its issue");
    const [issue] = harness.jira.getState().issues;
    harness.jira.addComment({ issue: issue?.key ?? "", text: "The second one" });

    await harness.converge(60_000);

    const doctor = await harness.runCli(["doctor", "--json"]);
    expect(doctor.stdout).toContain("can write and be woken");
    expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
    expect(worker.child.exitCode).toBeNull();
  },
);
