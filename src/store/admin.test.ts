import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import { LeaseLost, type StatePort } from "../sync/state.ts";
import { type AdminStore, makeAdminStore } from "./admin.ts";
import { setBudgetRefused } from "./budget.ts";
import { recordPolicy } from "./connections.ts";
import { freshWebhooks, listLinksOfIssues, purgeOld, recordWebhooks } from "./keeping.ts";
import { makeState } from "./state.ts";
import {
  addConnections,
  addLink,
  addLinks,
  aNotice,
  emptyDatabase,
  makeTestClock,
  makeTestDatabase,
  type TestDatabase,
} from "./testing.ts";
import { DatabaseNotEmpty } from "./transfer.ts";

const DAY_MS = 24 * 60 * 60_000;
let database: TestDatabase;
let clock: ReturnType<typeof makeTestClock>;
let state: StatePort;
let admin: AdminStore;

beforeAll(async () => {
  database = await makeTestDatabase();
});
afterAll(async () => {
  await database.drop();
});
beforeEach(async () => {
  await emptyDatabase(database);
  clock = makeTestClock();
  state = makeState({ prisma: database.prisma, clock });
  admin = makeAdminStore({ prisma: database.prisma, clock });
  await addConnections(database, "main", "second");
});

async function claim(linkId: LinkId) {
  const leased = await state.claimLink(linkId, "run", 60_000);
  if (leased === null) throw new Error("the lease was not free");
  return leased;
}

/** A blocked link in back-off with one failure. */
async function addFailedLink(caseId: string): Promise<LinkId> {
  const id = await addLink(state, "main", caseId);
  const leased = await claim(id);
  await leased.apply({
    link: { state: "blocked", reason: "rejected" },
    failures: [{ direction: "to-jira", item: "message:1", reason: "rejected", detail: "400" }],
  });
  await leased.finish({ doneRev: null, recheckAt: new Date(clock.now().getTime() + DAY_MS), attempts: 5 });
  return id;
}

describe("lists", () => {
  it("pages through links, newest first, and filters them", async () => {
    const ids = await addLinks(state, "main", "TT_1", "TT_2", "TTx3");
    const other = await addLink(state, "second", "TT_4");
    await state.adoptIssue(ids[1] ?? ("" as LinkId), "100" as IssueId, "OPS-7" as IssueKey);

    const first = await admin.listLinks({ limit: 3 });
    const second = await admin.listLinks({ limit: 3, cursor: first.nextCursor });

    expect(first.items.map((link) => link.id)).toEqual([other, ids[2], ids[1]]);
    expect(second).toMatchObject({ items: [{ id: ids[0] }], nextCursor: null });
    const found = async (filter: Partial<Parameters<AdminStore["listLinks"]>[0]>) =>
      (await admin.listLinks({ limit: 10, ...filter })).items.map((link) => link.caseId);
    expect(await found({ connection: "second" })).toEqual(["TT_4"]);
    expect(await found({ query: "tt_" })).toEqual(["TT_4", "TT_2", "TT_1"]);
    expect(await found({ query: "ops-7" })).toEqual(["TT_2"]);
    expect(await found({ query: "100" })).toEqual(["TT_2"]);
    expect(await found({ state: "blocked" })).toEqual([]);
    expect(await admin.countLinks()).toEqual([
      { connectionName: "main", state: "active", count: 3 },
      { connectionName: "second", state: "active", count: 1 },
    ]);
  });

  it("shows one link by any of its names", async () => {
    const id = await addFailedLink("C1");
    await state.adoptIssue(id, "100" as IssueId, "OPS-7" as IssueKey);

    for (const name of ["C1", "100", "ops-7", `link:${id}`]) {
      expect(await admin.findLink(name)).toMatchObject({
        summary: { id, state: "blocked", reason: "rejected", openFailures: 1 },
        failures: [{ item: "message:1", state: "open", caseId: "C1" }],
      });
    }
    expect(await admin.findLink("nothing")).toBeNull();
    expect(await admin.findLink("link:x")).toBeNull();
  });

  it("says of each connection what is watched, and since when something is due or held", async () => {
    const [first = "" as LinkId, second = "" as LinkId] = await addLinks(state, "main", "C1", "C2");
    const backlogs = async () => new Map((await admin.listBacklogs()).map((entry) => [entry.connectionName, entry]));
    expect((await backlogs()).get("second")).toEqual({
      ...{ connectionName: "second", watched: 0, dueSince: null, heldSince: null },
    });
    for (const id of [first, second]) await (await claim(id)).finish({ doneRev: 1, recheckAt: null, attempts: 0 });
    expect((await backlogs()).get("main")).toMatchObject({ watched: 2, dueSince: null, heldSince: null });

    clock.advance(1000);
    await state.wake([{ linkId: first, jira: true, lane: "live" }]);
    const since = clock.now();
    clock.advance(1000);
    expect(await admin.listDueLanes()).toEqual([{ connectionName: "main", lane: "live", links: 1, since }]);
    for (const linkId of [first, second]) await state.wake([{ linkId, jira: true, lane: "live" }]);
    expect(await admin.listDueLanes()).toEqual([{ connectionName: "main", lane: "live", links: 2, since }]);
    await database.pool.query(`UPDATE links SET "heldSince" = now() - interval '1 hour' WHERE id = $1`, [second]);
    await state.recordConnectionFailure("second", "many_new_cases", "51 cases");
    await state.recordConnectionFailure("second", "job_failed", "boom");
    const found = await backlogs();

    expect(found.get("main")).toMatchObject({ watched: 2, dueSince: since });
    expect(found.get("main")?.heldSince?.getTime()).toBeLessThan(since.getTime());
    expect(found.get("second")?.heldSince).toEqual(clock.now());
    await database.pool.query(
      `UPDATE links SET "closedSeenAt" = now() - interval '15 days', state = 'paused' WHERE id = $1`,
      [second],
    );
    expect((await backlogs()).get("main")).toMatchObject({ watched: 1, heldSince: null });
  });

  it("shows rounds, runs, budgets and connections", async () => {
    await state.beginRound("main", "cases", "a", 60_000);
    await state.recordRun({
      connectionName: "main",
      linkId: null,
      job: "cases",
      startedAt: clock.now(),
      outcome: "done",
      reason: null,
      reads: 3,
      writes: 0,
    });
    await setBudgetRefused(database, "k", true);

    expect(await admin.listRounds()).toMatchObject([{ connectionName: "main", name: "cases", running: true }]);
    const failure = { side: "huawei", as: "proxy" } as const;
    await state.endRound("main", "cases", "a", { outcome: "failed", requests: 1, failure });
    expect(await admin.listRounds()).toMatchObject([{ outcome: "failed", failedSide: "huawei", failedAs: "proxy" }]);
    await state.beginRound("main", "cases", "a", 60_000);
    await state.endRound("main", "cases", "a", { outcome: "done", requests: 5, failure: null });
    expect(await admin.listRounds()).toMatchObject([
      { running: false, outcome: "done", requests: 5, failedSide: null, failedAs: null },
    ]);
    expect(await database.prisma.run.findMany()).toMatchObject([{ job: "cases", reads: 3, linkId: null }]);
    expect((await admin.listBudgets())[0]?.refusedAt).toBeInstanceOf(Date);
    expect((await admin.listConnections()).map((connection) => connection.name)).toEqual(["main", "second"]);
  });
});

describe("failures", () => {
  it("a word is stored for what the text guard keeps, and for nothing else, in the transaction of its act", async () => {
    const linkId = await addLink(state, "main", "C1");
    const leased = await claim(linkId);
    await leased.apply({
      mirrors: [
        { kind: "notice", origin: "jira", sourceId: "guard-comment:7", state: "held", sourceHash: "h" },
        { kind: "notice", origin: "jira", sourceId: "guard-comment:8", state: "held", sourceHash: "h" },
      ],
      failures: [
        { direction: "to-huawei", item: "comment:7", reason: "guard_held", detail: "password (1)" },
        { direction: "to-huawei", item: "comment:8", reason: "message_refused", detail: "closed" },
      ],
    });
    await leased.finish({ doneRev: 1, recheckAt: null, attempts: 0 });
    expect(
      (await admin.listBacklogs()).find(({ connectionName }) => connectionName === "main")?.heldSince,
    ).toBeInstanceOf(Date);
    for (const { id } of (await admin.listFailures({ limit: 10 })).items) await admin.retryFailure(id, "as_is");

    const rows = (await state.findSnapshot(linkId))?.mirrors.map(({ state: is, reason, sourceHash }) => [
      is,
      reason,
      sourceHash,
    ]);
    expect(rows?.sort()).toEqual([
      ["held", null, "h"],
      ["live", "as_is", "h"],
    ]);
    expect((await admin.listActs({ since: null, linkId, limit: 1 }))[0]).toMatchObject({
      outcome: "released as it stands",
    });
    expect(await state.listFailedLinks("main", "guard_held")).toEqual([linkId]);
    expect(await state.listFailedLinks("main", "forbidden")).toEqual([]);
  });

  it("retry lets the link go and wakes it at once", async () => {
    const id = await addFailedLink("C1");
    const [failure] = (await admin.listFailures({ limit: 10 })).items;

    expect(await admin.retryFailure(failure?.id ?? "")).toBe(true);

    expect(await admin.findFailure(failure?.id ?? "")).toMatchObject({ state: "retrying" });
    expect((await state.findSnapshot(id))?.link).toMatchObject({
      state: "active",
      reason: null,
      attempts: 0,
      wantedRev: 2,
      jiraRev: 2,
      huaweiRev: 2,
    });
    expect(await state.listDueLinks(["main"], clock.now(), 10)).toMatchObject([{ id, lane: "live" }]);
  });

  it("retry of a connection's failure starts a connection that it stopped", async () => {
    await state.patchConnection("main", { state: "stopped", stateReason: "access_changed" });
    await state.recordConnectionFailure("main", "access_changed", "21 cases");
    const [failure] = (await admin.listFailures({ limit: 10, connection: "main" })).items;

    await admin.retryFailure(failure?.id ?? "");

    expect(await state.getConnection("main")).toMatchObject({ state: "active", stateReason: null });
  });

  it("discarded ones leave the list; resolved and unknown ones cannot be touched", async () => {
    await addFailedLink("C1");
    const [failure] = (await admin.listFailures({ limit: 10 })).items;

    expect(await admin.discardFailure(failure?.id ?? "")).toBe(true);

    expect((await admin.listFailures({ limit: 10 })).items).toEqual([]);
    expect((await admin.listFailures({ limit: 10, state: "discarded" })).items).toHaveLength(1);
    await database.pool.query("UPDATE failures SET state = 'resolved'");
    expect(await admin.retryFailure(failure?.id ?? "")).toBe(false);
    expect(await admin.discardFailure(failure?.id ?? "")).toBe(false);
    expect(await admin.retryFailure("999")).toBe(false);
    expect(await admin.retryFailure("x")).toBe(false);
  });
});

describe("decisions", () => {
  it("pause and resume directions of one connection or of all", async () => {
    expect(await admin.setPaused({ connection: "main", direction: "to-huawei", paused: true })).toBe(1);
    expect(await state.getConnection("main")).toMatchObject({ pausedToHuawei: true, pausedToJira: false });
    expect(await admin.setPaused({ paused: true })).toBe(2);
    expect(await state.getConnection("second")).toMatchObject({ pausedToHuawei: true, pausedToJira: true });
    expect(await admin.setPaused({ connection: "none", paused: true })).toBe(0);
  });

  it("unlink leaves a tombstone, stops the run, and deletes frozen texts", async () => {
    const id = await addLink(state, "main", "C1");
    const leased = await claim(id);
    await leased.apply({
      intents: [aNotice("k", "secret")],
    });

    expect(await admin.unlink(id)).toBe(true);
    expect(await admin.unlink(id)).toBe(false);

    await expect(leased.apply({ link: { state: "active" } })).rejects.toBeInstanceOf(LeaseLost);
    expect(await state.findSnapshot(id)).toMatchObject({ link: { state: "unlinked" }, intents: [] });
    await expect(addLink(state, "main", "C1")).rejects.toThrow("has a link already");
  });

  it("a pairing ends for another one only where that one can be made", async () => {
    const pair = (caseId: string, issueId: string) => ({
      connectionName: "main",
      caseId: caseId as CaseId,
      issueId: issueId as IssueId,
      issueKey: `OPS-${issueId}` as IssueKey,
    });
    const { linkId } = await admin.linkByHand(pair("C1", "100"));
    await admin.linkByHand(pair("C2", "200"));
    const instead = linkId ?? ("" as LinkId);

    expect(await admin.linkByHand({ ...pair("C1", "200"), instead })).toMatchObject({ takenBy: { what: "issue" } });
    expect((await state.findSnapshot(instead))?.link).toMatchObject({ state: "paused", issueId: "100" });
    expect(await admin.linkByHand({ ...pair("C1", "300"), instead })).toEqual({ linkId, takenBy: null });
    expect((await state.findSnapshot(instead))?.link).toMatchObject({ state: "paused", issueId: "300" });
  });

  it("link by hand refuses what is paired, renews tombstones, and may be repeated", async () => {
    const pair = {
      connectionName: "main",
      caseId: "C1" as CaseId,
      issueId: "100" as IssueId,
      issueKey: "OPS-1" as IssueKey,
    };
    const made = await admin.linkByHand(pair);
    const id = made.linkId ?? ("" as LinkId);
    // No run touches it before what both sides show of it is stored.
    expect((await state.findSnapshot(id))?.link).toMatchObject({
      state: "paused",
      reason: "rebuilding",
      origin: "jira",
      outgoingSince: clock.now(),
      lane: "live",
    });

    expect(await admin.linkByHand(pair)).toEqual({ linkId: id, takenBy: null });
    expect(await admin.linkByHand({ ...pair, caseId: "C2" as CaseId })).toEqual({
      linkId: null,
      takenBy: { linkId: id, what: "issue" },
    });
    expect(await admin.linkByHand({ ...pair, issueId: "101" as IssueId })).toEqual({
      linkId: null,
      takenBy: { linkId: id, what: "case" },
    });

    await (await claim(id)).apply({ mirrors: [{ kind: "message", origin: "huawei", sourceId: "m", state: "live" }] });
    await admin.unlink(id);
    clock.advance(1000);
    expect(await admin.linkByHand({ ...pair, caseId: "C2" as CaseId })).toMatchObject({ takenBy: null });
    expect((await state.findSnapshot(id))?.link).toMatchObject({ state: "unlinked", issueId: null });
    expect(await admin.linkByHand({ ...pair, issueId: "101" as IssueId, issueKey: "OPS-2" as IssueKey })).toEqual({
      linkId: id,
      takenBy: null,
    });
    expect((await state.findSnapshot(id))?.link).toMatchObject({
      state: "paused",
      issueId: "101",
      outgoingSince: clock.now(),
    });
    await expect(admin.linkByHand({ ...pair, connectionName: "none" })).rejects.toThrow("none");
  });

  it("moves a pairing to the connection that owns its issue now, unless that has the case already", async () => {
    const id = await addLink(state, "main", "C1");
    const leased = await claim(id);
    await leased.apply({
      link: { state: "moved", reason: "moved" },
      failures: [{ direction: "both", item: "link", reason: "moved", detail: "SUP" }],
    });
    const issueKey = "SUP-1" as IssueKey;

    expect(await admin.moveLink({ linkId: id, connectionName: "second", issueKey })).toBe(true);

    expect((await admin.findLink("C1"))?.summary).toMatchObject({
      connectionName: "second",
      state: "active",
      reason: null,
      issueKey,
      openFailures: 0,
    });
    await expect(leased.apply({ link: { state: "blocked" } })).rejects.toBeInstanceOf(LeaseLost);
    // What the other connection lets leave is not known yet, so what was written before stays where it is.
    const since = async () => (await admin.findLink("C1"))?.snapshot.link.outgoingSince;
    const before = clock.now();
    expect(await since()).toEqual(before);
    const policy = { comments: "command", attachments: "none", securityLevels: [], appAccounts: [] } as const;
    for (const name of ["main", "second"]) await recordPolicy(database.prisma, { name, policy, at: clock.now() });
    clock.advance(60_000);
    expect(await admin.moveLink({ linkId: id, connectionName: "main", issueKey })).toBe(true);
    expect(await since()).toEqual(before);
    await recordPolicy(database.prisma, { name: "second", policy: { ...policy, comments: "none" }, at: clock.now() });
    expect(await admin.moveLink({ linkId: id, connectionName: "second", issueKey })).toBe(true);
    expect(await since()).toEqual(before);
    expect(await admin.moveLink({ linkId: id, connectionName: "main", issueKey })).toBe(true);
    expect(await since()).toEqual(clock.now());
    await admin.unlink(id);
    expect(await admin.moveLink({ linkId: id, connectionName: "main", issueKey })).toBe(false);
  });

  it("discarding what stopped a connection lets it go for good; retrying lets it look again", async () => {
    const stop = () => state.stopConnection("main", "memory_lost", "3 cases");
    expect(await stop()).toBe(true);
    expect(await state.getConnection("main")).toMatchObject({ state: "stopped", stateReason: "memory_lost" });
    const [failure] = (await admin.listFailures({ limit: 10 })).items;
    await admin.retryFailure(failure?.id ?? "");
    expect(await state.getConnection("main")).toMatchObject({ state: "active" });
    expect(await stop()).toBe(true);

    await admin.discardFailure(failure?.id ?? "");

    expect(await state.getConnection("main")).toMatchObject({ state: "active", stateReason: null });
    expect(await stop()).toBe(false);
    expect(await state.getConnection("main")).toMatchObject({ state: "active" });
  });
});

describe("export and import", () => {
  async function exported(): Promise<string[]> {
    const lines: string[] = [];
    await admin.exportMapping((line) => void lines.push(line));
    return lines;
  }

  async function fill(): Promise<void> {
    await state.getInstallation();
    await state.saveCursor("main", "jira", "7");
    const id = await addFailedLink("C1");
    await state.adoptIssue(id, "100" as IssueId, "OPS-1" as IssueKey);
    await database.pool.query("UPDATE links SET state = 'active'");
    await state.arrangeCohorts("main", new Date(0));
    await (await claim(id)).apply({
      mirrors: [
        {
          kind: "file",
          origin: "jira",
          sourceId: 'ü\n"{}',
          state: "live",
          sizeBytes: 12,
          copyFingerprints: ["a,b", "{c}"],
          sourceAt: clock.now(),
        },
      ],
      intents: [{ ...aNotice("k", { text: "π", deep: [1, { x: null }] }, "m"), state: "unknown" }],
    });
    await state.recordConnectionFailure("main", "unauthorized", "401");
    await addLinks(state, "main", ...Array.from({ length: 20 }, (_, n) => `D${n}`));
  }

  it("brings back everything exactly, into a database that was only started", async () => {
    await fill();
    const before = await exported();
    await emptyDatabase(database);
    await state.getInstallation();
    await addConnections(database, "main");

    const counts = await admin.importMapping(before);

    expect(withoutImports(await exported())).toEqual(withoutImports(before));
    expect(counts).toMatchObject({
      installation: 1,
      connections: 2,
      links: 21,
      mirrors: 1,
      intents: 1,
      failures: 2,
      cohorts: 1,
      cursors: 2,
    });
    const next = await addLink(state, "main", "E1");
    expect(Number(next)).toBeGreaterThan(21);
  });

  it("refuses a database with links unless told, and then replaces them", async () => {
    await fill();
    const before = await exported();
    await addLink(state, "main", "E1");
    await expect(admin.importMapping(before)).rejects.toBeInstanceOf(DatabaseNotEmpty);

    await admin.importMapping(before, { replace: true });

    expect(withoutImports(await exported())).toEqual(withoutImports(before));
  });

  it("takes all or nothing, and says which line is wrong", async () => {
    await fill();
    const lines = await exported();
    const [heading = "", ...rest] = lines;
    const body = rest.slice(0, -1);
    const rows = (entries: readonly string[]) => [heading, ...entries, `{"end":true,"rows":${entries.length}}`];
    const firstFailure = lines.findIndex((line) => line.includes('"table" : "failures"')) + 1;
    const cases: [string[], number][] = [
      [[], 1],
      [["{}"], 1],
      [['{"format":"casebridge-mapping","version":99}'], 1],
      [[...lines, "nonsense"], lines.length + 1],
      [[...lines, '{"table":"pg_authid","row":{}}'], lines.length + 1],
      [rows([...body, '{"table":"failures","row":{"id":99,"evil\\" int":1}}']), firstFailure],
      // Cut off, a row missing, a row twice, something after the end.
      [lines.slice(0, -1), lines.length],
      [lines.slice(0, 5), 6],
      [[...lines.slice(0, 4), ...lines.slice(5)], lines.length - 1],
      [rows([...body, body.at(-1) ?? ""]), firstFailure],
      [[...lines, body.at(-1) ?? ""], lines.length + 1],
    ];
    for (const [wrong, line] of cases) {
      const failure = await admin.importMapping(wrong, { replace: true }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "InvalidExport", line });
    }
    expect(await exported()).toEqual(lines);
  });

  it("rehearses an import and keeps nothing, and reads an export of version 1", async () => {
    await fill();
    const lines = await exported();
    await emptyDatabase(database);

    const behindNpm = ["", "> casebridge@0.1.0 casebridge", "> node src/bin/casebridge.mjs export", "", ...lines];
    expect(await admin.importMapping(behindNpm, { dryRun: true })).toMatchObject({ links: 21 });
    expect(await admin.importMapping(lines, { dryRun: true })).toMatchObject({ links: 21 });
    expect((await admin.listLinks({ limit: 10 })).items).toEqual([]);

    const first = lines.slice(0, -1).map((line) => line.replace('"version":3', '"version":1'));
    expect(await admin.importMapping(first)).toMatchObject({ links: 21 });
    expect(withoutImports(await exported())).toEqual(withoutImports(lines));
  });
});

describe("keeping", () => {
  it("deletes what is old, in batches, and keeps the rest", async () => {
    const old = new Date(clock.now().getTime() - 91 * DAY_MS);
    for (const at of [old, old, old, clock.now()]) {
      await database.pool.query(
        `INSERT INTO runs (job, "startedAt", "finishedAt", outcome) VALUES ('j', $1, $1, 'done')`,
        [at],
      );
      await database.pool.query(
        `INSERT INTO audit (at, "connectionName", side, action, item, result) VALUES ($1, 'main', 'jira', 'a', 'i', 'r')`,
        [at],
      );
    }
    await recordWebhooks(database, [{ connectionName: "main", id: "w1", issue: null }]);
    await database.pool.query(`UPDATE webhooks SET "receivedAt" = now() - interval '8 days'`);
    await recordWebhooks(database, [{ connectionName: "main", id: "w2", issue: null }]);
    const deps = { prisma: database.prisma, clock };

    expect(await purgeOld(deps, { batchSize: 1, batchesMax: 2 })).toEqual({
      runs: 2,
      audit: 2,
      webhooks: 1,
      sessions: 0,
      complete: false,
    });
    expect(await purgeOld(deps)).toEqual({ runs: 1, audit: 1, webhooks: 0, sessions: 0, complete: true });
    expect(await database.prisma.run.count()).toBe(1);
  });

  it("finds the links that deliveries are about, by id and by key, each in its connection", async () => {
    const issue = { issueId: "100" as IssueId, issueKey: "OPS-1" as IssueKey };
    const { linkId } = await admin.linkByHand({ connectionName: "main", caseId: "C1" as CaseId, ...issue });
    const named = (connectionName: string, name: string | null) => ({
      connectionName,
      id: null,
      issue: name as IssueId | IssueKey | null,
    });
    const [byId, byKey] = [named("main", "100"), named("main", "OPS-1")];

    const found = await listLinksOfIssues(database, [
      named("second", "100"),
      byId,
      named("main", null),
      byKey,
      named("main", "OPS-2"),
    ]);

    expect([...found]).toEqual(
      expect.arrayContaining([
        [byId, [linkId]],
        [byKey, [linkId]],
      ]),
    );
    expect(found.size).toBe(2);
  });

  it("knows a webhook delivery again, per connection", async () => {
    const deliveries = ["w", "v"].map((id) => ({ connectionName: "main", id, issue: null }));
    const counts = await Promise.all([1, 2, 3].map(() => recordWebhooks(database, [...deliveries].reverse())));
    const unnamed = { connectionName: "main", id: null, issue: null };
    const other = { ...unnamed, connectionName: "second", id: "w" };

    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(await freshWebhooks(database, [...deliveries, unnamed, other, other])).toEqual([unnamed, other]);
  });
});

/** The rows of an export, save the line of the import itself and the last one, which counts. */
function withoutImports(lines: readonly string[]): readonly string[] {
  return lines.slice(0, -1).filter((line) => !line.includes('"action": "import"'));
}
