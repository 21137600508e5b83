/** What is held back counts as waiting, and `verify` finds what has no partner (rule 8, rule 13 and 7). */
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeAdminStore } from "../../src/store/admin.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = await startStage();
});

afterEach(async () => {
  await stage.close();
});

type Status = { connections: { oldestUnmirroredSeconds: number | null; oldestHeldSeconds: number | null }[] };
type Verified = { drift: number; inspections: { differences: { item: string; what: string }[] }[] };

const admin = () => makeAdminStore({ prisma: stage.database.prisma, clock: stage.clock });

async function waiting(): Promise<{ oldest: number | null; held: number | null }> {
  const result = await stage.runCli(["status", "--json"]);
  const [entry] = (JSON.parse(result.stdout) as Status).connections;
  return { oldest: entry?.oldestUnmirroredSeconds ?? null, held: entry?.oldestHeldSeconds ?? null };
}

async function verify(): Promise<{ code: number | null; drift: number; whats: string[] }> {
  const result = await stage.runCli(["verify", "--all", "--json"]);
  const { drift, inspections } = JSON.parse(result.stdout) as Verified;
  return {
    code: result.code,
    drift,
    whats: inspections.flatMap(({ differences }) => differences.map(({ what }) => what)),
  };
}

test("more new cases than a breaker lets through are drift, and waiting since they were seen", async () => {
  await stage.round();
  stage.advance(5 * 60_000);
  for (let index = 0; index < 51; index += 1)
    stage.huawei.createCase({ description: `case ${index}`, createdAt: new Date(Date.now() - 240_000).toISOString() });
  await stage.round();

  const found = await verify();
  const seen = await waiting();

  expect(stage.jira.getState().issues).toHaveLength(0);
  expect(found).toMatchObject({ code: 3, drift: 51 });
  expect(found.whats[0]).toContain("many_new_cases");
  expect(seen.held).not.toBeNull();
  expect(seen.oldest).toBe(seen.held);
});

test("a comment that a paused direction keeps back waits, and no longer once it has left", async () => {
  stage.huawei.createCase({ description: "The server is down", labels: ["network"] });
  await stage.round();
  await stage.settle(2);
  expect(await verify()).toMatchObject({ code: 0, drift: 0 });
  await stage.state.patchConnection("default", { pausedToHuawei: true });
  const [issue] = stage.jira.getState().issues;
  stage.jira.addComment({ issue: issue?.key ?? "", text: "hello" });
  await stage.settle(2);
  expect((await waiting()).held).not.toBeNull();

  await stage.runCli(["resume"]);
  await stage.settle(2);

  expect(await waiting()).toEqual({ oldest: null, held: null });
});

test("a request that was refused is drift for as long as it asks", async () => {
  stage.jira.createIssue({
    projectKey: "OPS",
    summary: "Please",
    labels: ["huawei-case"],
    createdAt: Date.now() - 3_600_000,
  });
  await stage.round();
  stage.advance(30_000);
  await stage.round();

  const found = await verify();

  expect(found).toMatchObject({ whats: ["the issue asks for a service ticket and has none yet"] });
});

test("the requests of a round are those that the services saw", async () => {
  for (let index = 0; index < 3; index += 1) stage.huawei.createCase({ description: `case ${index}` });
  await stage.round();
  await stage.settle(2);
  stage.huawei.resetRequests();
  stage.jira.resetRequests();
  stage.advance(61_000);

  await stage.round();

  const rounds = await admin().listRounds();
  const total = rounds.reduce((sum, round) => sum + (round.requests ?? 0), 0);
  expect(total).toBeGreaterThan(5);
  expect(total).toBe(stage.huawei.getRequests().total + stage.jira.getRequests().total);
});
