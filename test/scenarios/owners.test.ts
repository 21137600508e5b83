/** The first connection in file order owns a case, whatever state it is in (rule 7). */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ConnectionSettings } from "../../src/domain/settings.ts";
import { recordPolicy, syncConnections } from "../../src/store/connections.ts";
import { intakeCases } from "../../src/sync/intake/intake.ts";
import type { IntakeDeps } from "../../src/sync/intake-deps.ts";
import { policyOf } from "../../src/sync/plan/disclosure.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
let first: ConnectionSettings;

beforeEach(async () => {
  stage = await startStage({
    settings: (settings) => ({ ...settings, cases: { ...settings.cases, labels: ["prod"] } }),
  });
  first = stage.intakeDeps().settings;
  await syncConnections(stage.database.prisma, [stage.connectionRow, { ...stage.connectionRow, name: "wide" }]);
  await stage.round();
  stage.advance(61_000);
});

afterEach(async () => {
  await stage.close();
});

/** A round of a second connection on the same account, further down in the file, that wants every case. */
async function roundOfWide(change: Partial<ConnectionSettings> = {}): Promise<void> {
  const settings = { ...first, name: "wide", cases: { ...first.cases, labels: [] }, ...change };
  await recordPolicy(stage.database.prisma, { name: "wide", policy: policyOf(settings), at: stage.clock.now() });
  const deps: IntakeDeps = { ...stage.intakeDeps(), settings, earlier: [first] };
  await intakeCases(deps);
}

async function casesOfWide(): Promise<(string | null)[]> {
  return (await stage.state.listIntakeLinks("wide")).map((link) => link.caseId);
}

test.for([
  ["stopped", (name: string) => stage.state.stopConnection(name, "access_changed", "25 of 25")],
  ["paused", (name: string) => stage.state.patchConnection(name, { pausedToJira: true, pausedToHuawei: true })],
  ["held by a breaker", (name: string) => stage.state.recordConnectionFailure(name, "many_new_cases", "51 new cases")],
  ["busy elsewhere", async () => {}],
] as const)("a connection that is %s keeps the cases that it wants, and only those", async ([, become]) => {
  await become(first.name);
  stage.huawei.createCase({ description: "wanted by both", labels: ["prod"] });
  const other = stage.huawei.createCase({ description: "wanted by the second alone" });

  await roundOfWide();
  stage.advance(61_000);
  await roundOfWide();

  expect(await casesOfWide()).toEqual([other.caseId]);
});

test("a case that the first sees through another user group waits for its turn, which a stopped one never has", async () => {
  const { caseId } = stage.huawei.createCase({ description: "wanted by both", labels: ["prod"] });
  const ofGroup = { huawei: { ...first.huawei, groupIds: ["group-of-second"] } };
  await stage.state.stopConnection(first.name, "access_changed", "25 of 25");
  stage.advance(61_000);
  await intakeCases(stage.intakeDeps());
  await roundOfWide(ofGroup);
  expect(await casesOfWide()).toEqual([]);

  await stage.state.patchConnection(first.name, { state: "active", stateReason: null });
  await stage.state.resolveConnectionFailure(first.name, "access_changed");
  // It does not see the case: its filter is that of a group which this test leaves out.
  await stage.database.pool.query(
    `UPDATE rounds SET "startedAt" = now() + interval '1 hour', "finishedAt" = now() + interval '2 hours'`,
  );
  await roundOfWide(ofGroup);
  expect(await casesOfWide()).toEqual([caseId]);
});
