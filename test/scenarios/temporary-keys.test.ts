/** Keys that change while workers run: by an agency, for all replicas at once, and in files whose secret is replaced. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { expect, test } from "vitest";
import { loginEnvs } from "../support/dialect.ts";
import { startHarness } from "../support/harness.ts";

const domainId = loginEnvs.aksk.HUAWEICLOUD_SDK_DOMAIN_ID;

test("replicas and restarts share the keys of an agency, and none stands in the log or the database", {
  timeout: 240_000,
}, async ({ onTestFinished }) => {
  const harness = await startHarness({
    env: {
      ...loginEnvs.aksk,
      HUAWEI_AGENCY_DOMAIN_NAME: "simdomain",
      HUAWEI_AGENCY_NAME: "tickets",
      HUAWEI_AGENCY_EXTERNAL_ID: "ticket-4711",
      LOG_LEVEL: "trace",
    },
    huawei: { agencies: [{ name: "tickets", trustedDomainId: domainId, externalId: "ticket-4711" }] },
  });
  onTestFinished(() => harness.close());
  const { huawei, jira } = harness;
  const assumed = () => huawei.getRequests().byOperation.StsAssumeAgency;
  let log = "";
  const spawn = () => {
    const worker = harness.spawnWorker();
    for (const stream of [worker.child.stdout, worker.child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        log += chunk.toString();
      });
    return worker;
  };

  huawei.createCase({ description: "It is down" });
  const workers = [spawn(), spawn()];
  await harness.waitUntil(() => jira.getState().issues.length === 1, "the issue is there");
  for (const worker of workers) await worker.kill("SIGTERM");
  huawei.createCase({ description: "It is down again" });
  const restarted = spawn();
  await harness.waitUntil(() => jira.getState().issues.length === 2, "the second issue is there");

  expect(assumed()).toBe(1);
  huawei.killTokens();
  huawei.createCase({ description: "And again" });
  await harness.waitUntil(() => jira.getState().issues.length === 3, "the third issue is there");
  await restarted.kill("SIGTERM");

  expect(assumed()).toBe(2);
  const pool = new pg.Pool({ connectionString: harness.database.connectionString });
  const { rows } = await pool.query("SELECT * FROM login_tokens").finally(() => pool.end());
  expect(rows).toHaveLength(1);
  for (const secret of ["TEMPAK", "TEMPSK", "TEMPTOKEN", "SIMAK", "SIMSK", "ticket-4711"])
    expect({ secret, told: `${log}${JSON.stringify(rows)}`.includes(secret) }).toEqual({ secret, told: false });
});

test("a key pair in files is read again when the service refuses it, without a restart", {
  timeout: 240_000,
}, async ({ onTestFinished }) => {
  const second = { accessKey: "SECONDAK", secretKey: "SECONDSK", domainId, userId: "simuser000000000000000000000001" };
  const harness = await startHarness({
    env: {
      ...loginEnvs.aksk,
      HUAWEICLOUD_SDK_AK: "",
      HUAWEICLOUD_SDK_SK: "",
      HUAWEICLOUD_SDK_AK_FILE: "ak",
      HUAWEICLOUD_SDK_SK_FILE: "sk",
      LOG_LEVEL: "info",
    },
    huawei: { accounts: [second] },
  });
  onTestFinished(() => harness.close());
  const { huawei, jira } = harness;
  const write = (ak: string, sk: string) =>
    Promise.all([writeFile(join(harness.folder, "ak"), `${ak}\n`), writeFile(join(harness.folder, "sk"), `${sk}\n`)]);
  const refused = () => huawei.getRequests().log.filter(({ status }) => status === 401).length;
  await write("GONEAK", "GONESK");
  huawei.createCase({ description: "It is down" });
  const worker = harness.spawnWorker();
  await harness.waitUntil(() => refused() > 0, "the key is refused");
  expect(jira.getState().issues).toEqual([]);

  await write(second.accessKey, second.secretKey);
  await harness.waitUntil(() => jira.getState().issues.length === 1, "the new key is used", 120_000);

  expect(worker.child.exitCode).toBeNull();
});
