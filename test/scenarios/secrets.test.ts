/** Credentials and texts stand nowhere but where they are needed (guarantee 7): not in the database, a log, an answer or a reason. */
import pg from "pg";
import { expect, test } from "vitest";
import { makeAdminStore } from "../../src/store/admin.ts";
import { startHarness } from "../support/harness.ts";
import { startStage } from "../support/stage.ts";

/** Every row of every table, the queue's too. */
async function dump(client: Pick<pg.Pool, "query">): Promise<string> {
  const { rows: tables } = await client.query<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
  );
  const found: string[] = [];
  for (const { name } of tables) found.push(JSON.stringify((await client.query(`SELECT * FROM ${name}`)).rows));
  return found.join();
}

test("no credential, access key ids among them, stands in a table, a line of the log, or an answer of a command", {
  timeout: 240_000,
}, async ({ onTestFinished }) => {
  const admin = "an-operator-of-the-page-1234";
  const secrets = { AK: "SIMAK", SK: "SIMSK", TOKEN: "SIMTOKEN", ADMIN: admin, PASSWORD: "simpass", DATA: "c2VhbGVk" };
  const dataKey = Buffer.from("sealed".repeat(6)).subarray(0, 32).toString("base64");
  const harness = await startHarness({ env: { LOG_LEVEL: "trace", ADMIN_TOKEN: admin, DATA_KEY: dataKey } });
  onTestFinished(() => harness.close());
  const { huawei, jira, waitUntil } = harness;
  let log = "";
  const spawn = (changes = {}): ReturnType<typeof harness.spawnWorker> => {
    const worker = harness.spawnWorker(changes);
    for (const stream of [worker.child.stdout, worker.child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        log += chunk.toString();
      });
    return worker;
  };
  const { caseId } = huawei.createCase({ description: "It is down" });
  const worker = spawn();
  await waitUntil(() => jira.getState().issues.length === 1, "the issue is there");
  huawei.addMessage({ caseId, author: "engineer", content: "We look into it." });
  await harness.converge();
  // Answers that say what is wrong with a credential quote it at times.
  huawei.addFault({ kind: "401", times: 20 });
  jira.addFault({ kind: "401", times: 20 });
  await waitUntil(() => log.includes("unauthorized"), "a credential is refused");
  await worker.kill("SIGTERM");

  const said: string[] = [];
  for (const command of ["status", "failures list", "doctor", "audit"]) {
    const { stdout, stderr } = await harness.runCli([...command.split(" "), "--json"]);
    said.push(stdout, stderr);
  }
  const pool = new pg.Pool({ connectionString: harness.database.connectionString });
  const tables = await dump(pool).finally(() => pool.end());
  const places = { log, tables, said: said.join() };

  expect(places.tables).toContain(caseId);
  for (const [place, text] of Object.entries(places))
    for (const [name, secret] of Object.entries(secrets))
      expect({ place, name, is: text.includes(secret) }).toEqual({ place, name, is: false });
});

test("an error of a library that quotes texts and keys leaves its class behind, nothing else", async ({
  onTestFinished,
}) => {
  const stage = await startStage();
  onTestFinished(() => stage.close());
  stage.huawei.createCase({ description: "It is down" });
  await stage.round();
  class DatabaseError extends Error {}
  for (let attempt = 0; attempt < 12; attempt += 1) {
    stage.advance(120_000);
    await stage.wakeJira();
    const hostile = async (): Promise<never> => {
      throw Object.assign(new DatabaseError('invalid input: hunter2, "hunter2", AKhunter2'), { detail: "hunter2" });
    };
    await stage.runDueWithJira({ getOwnAccountId: hostile }).catch((error: unknown) => {
      if (!(error instanceof DatabaseError)) throw error;
    });
  }

  const { items } = await makeAdminStore({ prisma: stage.database.prisma, clock: stage.clock }).listFailures({
    limit: 9,
  });
  expect(items).toMatchObject([{ reason: "internal_error", detail: "Error" }]);
  expect(await dump(stage.database.pool)).not.toContain("hunter2");
});
