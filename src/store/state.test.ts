import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import { toId } from "../domain/ids.ts";
import { type Mirror, mirrorId } from "../domain/rows/mirror.ts";
import { type CohortState, type LeasedLink, LeaseLost, type LinkSnapshot, type StatePort } from "../sync/state.ts";
import { ConnectionSiteChanged, syncConnections } from "./connections.ts";
import { isUniqueViolation } from "./database/errors.ts";
import { makeState } from "./state.ts";
import {
  addConnections,
  addLink,
  addLinks,
  aNotice,
  emptyDatabase,
  makeTestClock,
  makeTestDatabase,
  seenCase,
  type TestDatabase,
} from "./testing.ts";

const DAY_MS = 24 * 60 * 60_000;
let database: TestDatabase;
let clock: ReturnType<typeof makeTestClock>;
let state: StatePort;

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
  await addConnections(database, "main", "second");
});

async function claim(linkId: LinkId, owner = "run-1", leaseMs = 60_000): Promise<LeasedLink> {
  const leased = await state.claimLink(linkId, owner, leaseMs);
  if (leased === null) throw new Error("the lease was not free");
  return leased;
}

async function expireLease(linkId: LinkId): Promise<void> {
  await database.pool.query(`UPDATE links SET "leaseUntil" = now() - interval '1 second' WHERE id = $1`, [linkId]);
}

async function linkOf(linkId: LinkId) {
  const snapshot = await state.findSnapshot(linkId);
  if (snapshot === null) throw new Error("no such link");
  return snapshot.link;
}

/** What the database holds of the link by now. */
async function stored(leased: LeasedLink): Promise<LinkSnapshot> {
  const snapshot = await state.findSnapshot(leased.snapshot.link.id);
  if (snapshot === null) throw new Error("no such link");
  return snapshot;
}

async function finishAll(linkIds: readonly LinkId[]): Promise<void> {
  await database.pool.query(
    `UPDATE links SET "doneRev" = "wantedRev", "triedRev" = "wantedRev", "wantedAt" = NULL, lane = 'poll' WHERE id = ANY($1)`,
    [linkIds],
  );
}

async function dueIds(limit = 100): Promise<string[]> {
  return (await state.listDueLinks(["main", "second"], clock.now(), limit)).map((link) => link.id);
}

describe("lease", () => {
  it("goes to exactly one of many claimers", async () => {
    const id = await addLink(state, "main", "C1");

    const claims = await Promise.all(["a", "b", "c", "d", "e"].map((owner) => state.claimLink(id, owner, 60_000)));

    expect(claims.filter((leased) => leased !== null)).toHaveLength(1);
  });

  it("is free again after it expired, and the epoch rises", async () => {
    const id = await addLink(state, "main", "C1");
    const first = await claim(id, "old");
    await expireLease(id);

    const second = await claim(id, "new");

    expect(second.snapshot.link.leaseEpoch).toBe(first.snapshot.link.leaseEpoch + 1);
  });

  it("of a link that does not exist is null", async () => {
    expect(await state.claimLink("999" as LinkId, "a", 1000)).toBeNull();
    expect(await state.findSnapshot("999" as LinkId)).toBeNull();
  });

  it("is counted down by our clock and extended by renew", async () => {
    const leased = await claim(await addLink(state, "main", "C1"));
    clock.advance(50_000);
    expect(leased.remainingMs()).toBe(10_000);

    await leased.renew();

    expect(leased.remainingMs()).toBe(60_000);
  });

  const steps: [string, (leased: LeasedLink) => Promise<unknown>][] = [
    ["renew", (leased) => leased.renew()],
    ["an empty step", (leased) => leased.apply({})],
    ["a link patch", (leased) => leased.apply({ link: { state: "blocked", reason: "x" } })],
    [
      "a mirror",
      (leased) => leased.apply({ mirrors: [{ kind: "message", origin: "huawei", sourceId: "m1", state: "live" }] }),
    ],
    [
      "a rename",
      (leased) => leased.apply({ renames: [{ kind: "message", origin: "huawei", from: "fp:1", to: "m1" }] }),
    ],
    [
      "an intent",
      (leased) =>
        leased.apply({
          intents: [aNotice("k")],
        }),
    ],
    ["an intent's patch", (leased) => leased.apply({ intentPatches: [{ key: "old", state: "unknown" }] })],
    ["a confirmation", (leased) => leased.apply({ confirmedIntents: ["old"] })],
    [
      "a failure",
      (leased) => leased.apply({ failures: [{ direction: "both", item: "link", reason: "rejected", detail: "d" }] }),
    ],
    ["a resolution", (leased) => leased.apply({ resolvedFailures: [{ item: "old" }] })],
    ["an audit line", (leased) => leased.apply({ audit: [{ side: "jira", action: "a", item: "i", result: "r" }] })],
    ["what was learned", (leased) => leased.apply({ huaweiUserId: "u" })],
  ];

  it.each(steps)("that was lost refuses %s and leaves everything as it was", async (_name, perform) => {
    for (const loss of ["taken", "expired"]) {
      await emptyDatabase(database);
      await addConnections(database, "main");
      const id = await addLink(state, "main", "C1");
      const old = await claim(id, "old");
      await old.apply({
        mirrors: [{ kind: "message", origin: "huawei", sourceId: "fp:1", state: "live" }],
        intents: [aNotice("old")],
        failures: [{ direction: "both", item: "old", reason: "rejected", detail: "d" }],
      });
      await expireLease(id);
      if (loss === "taken") await claim(id, "old");
      const before = await dump();

      await expect(perform(old)).rejects.toBeInstanceOf(LeaseLost);

      expect(await dump()).toEqual(before);
    }
  });

  it("that was lost makes finish do nothing", async () => {
    const id = await addLink(state, "main", "C1");
    const old = await claim(id, "old");
    await expireLease(id);
    const fresh = await claim(id, "new");

    await old.finish({ doneRev: 1, recheckAt: null, attempts: 7 });

    expect(await linkOf(id)).toMatchObject({ doneRev: 0, attempts: 0 });
    await fresh.renew();
  });

  it("reads what the last holder wrote while the claim waited for it", async () => {
    const id = await addLink(state, "main", "C1");
    const old = await claim(id, "old");
    const blocker = await database.pool.connect();
    await blocker.query("BEGIN");
    await blocker.query("SELECT 1 FROM links WHERE id = $1 FOR UPDATE", [id]);
    await blocker.query(
      `INSERT INTO mirrors ("linkId", kind, origin, "sourceId", state, "updatedAt") VALUES ($1, 'message', 'huawei', 'late', 'live', now())`,
      [id],
    );
    await blocker.query(`UPDATE links SET "leaseUntil" = now() - interval '1 second' WHERE id = $1`, [id]);
    const claiming = state.claimLink(id, "new", 60_000);
    // The claim either waits for the lock or has not been sent yet; both must end the same way.
    await blocker.query("COMMIT");
    blocker.release();

    const fresh = await claiming;

    // A claim that came before the expiry was visible is refused; then the next one sees the row.
    const leased = fresh ?? (await claim(id, "new"));
    expect(leased.snapshot.mirrors.map((mirror) => mirror.sourceId)).toEqual(["late"]);
    await expect(old.apply({})).rejects.toBeInstanceOf(LeaseLost);
  });
});

async function dump(): Promise<unknown> {
  const tables = ["connections", "links", "mirrors", "intents", "failures", "audit"];
  const contents: unknown[] = [];
  for (const table of tables) contents.push((await database.pool.query(`SELECT * FROM ${table} ORDER BY 1`)).rows);
  return contents;
}

describe("step", () => {
  it("stores all its parts at once and shows them", async () => {
    const leased = await claim(await addLink(state, "main", "C1"));

    await leased.apply({
      link: {
        issueId: "100" as IssueId,
        issueKey: "OPS-1" as IssueKey,
        agreedCategory: "new",
        agreedCaseStatus: 1,
        checkedAt: clock.now(),
      },
      mirrors: [
        {
          kind: "message",
          origin: "huawei",
          sourceId: "m1",
          state: "live",
          copyId: "c1",
          sizeBytes: 5_000_000_000,
          sourceAt: clock.now(),
        },
      ],
      intents: [aNotice("k1", "hello", "comment:1")],
      intentPatches: [{ key: "notice:k1", state: "unknown", attemptedAt: clock.now(), attempts: 1 }],
      failures: [{ direction: "to-jira", item: "file:f1", reason: "file_refused", detail: "413" }],
      audit: [{ side: "jira", action: "create", item: "issue", result: "created" }],
      huaweiUserId: "me",
    });

    const snapshot = await stored(leased);
    expect(leased.snapshot).toEqual(snapshot);
    expect(snapshot.link).toMatchObject({
      issueId: "100",
      issueKey: "OPS-1",
      agreedCategory: "new",
      agreedCaseStatus: 1,
      checkedAt: clock.now(),
    });
    expect(snapshot.mirrors).toMatchObject([
      {
        sourceId: "m1",
        state: "live",
        copyId: "c1",
        version: 1,
        sizeBytes: 5_000_000_000,
        copyFingerprints: [],
        updatedAt: clock.now(),
      },
    ]);
    expect(snapshot.intents).toMatchObject([
      {
        key: "notice:k1",
        state: "unknown",
        payload: { bodyAdf: "hello" },
        mark: "comment:1",
        attempts: 1,
        attemptedAt: clock.now(),
        createdAt: clock.now(),
      },
    ]);
    expect(snapshot.failures).toMatchObject([{ item: "file:f1", reason: "file_refused", state: "open", attempts: 1 }]);
    expect((await state.getConnection("main")).huaweiUserIds).toEqual(["me"]);
    expect((await state.getConnection("second")).huaweiUserIds).toEqual([]);
  });

  it("that fails in one part stores none", async () => {
    const leased = await claim(await addLink(state, "main", "C1"));
    const intent = aNotice("k1");
    await leased.apply({ intents: [intent] });

    const failing = leased.apply({ link: { issueId: "1" as IssueId }, intents: [intent] });

    await expect(failing).rejects.toSatisfy(isUniqueViolation);
    expect((await stored(leased)).link.issueId).toBeNull();
  });

  it("keeps the fields of a mirror that a patch leaves out and clears those that it sets to null", async () => {
    const leased = await claim(await addLink(state, "main", "C1"));
    const key = { kind: "comment", origin: "jira", sourceId: "7" } as const;
    await leased.apply({
      mirrors: [{ ...key, state: "live", copyId: "m9", copyFingerprints: ["a", "b"], version: 3, reason: "old" }],
    });

    await leased.apply({
      mirrors: [
        { ...key, reason: null },
        { ...key, sourceHash: "h", sourceDigest: "h:d" },
        { ...key, version: 3 },
      ],
    });

    const { mirrors } = await stored(leased);
    expect(mirrors).toHaveLength(1);
    expect(mirrors[0]).toMatchObject({
      state: "live",
      copyId: "m9",
      copyFingerprints: ["a", "b"],
      version: 3,
      reason: null,
      sourceHash: "h",
      sourceDigest: "h:d",
    });
  });

  it("confirms intents and may reuse their keys in the same step", async () => {
    const leased = await claim(await addLink(state, "main", "C1"));
    await leased.apply({ intents: [aNotice("k1", "first"), aNotice("k2")] });

    await leased.apply({ confirmedIntents: ["notice:k1", "notice:k2"], intents: [aNotice("k1", "second")] });

    expect((await stored(leased)).intents).toMatchObject([{ key: "notice:k1", payload: { bodyAdf: "second" } }]);
  });

  it("renames a message with its continuations and files, and the same step may patch it under its new name", async () => {
    const leased = await claim(await addLink(state, "main", "C1"));
    const message = { kind: "message", origin: "huawei", state: "live" } as const;
    await leased.apply({
      mirrors: [
        { ...message, sourceId: "fp:x:1", copyId: "c1" },
        { ...message, sourceId: "fp:x:1#2" },
        { ...message, sourceId: "fp:x:12" },
        { kind: "file", origin: "huawei", sourceId: "f1", state: "live", parentId: "fp:x:1" },
      ],
    });

    const step = {
      renames: [{ kind: "message", origin: "huawei", from: "fp:x:1", to: "m1" }],
      mirrors: [{ ...message, sourceId: "m1", sourceHash: "h" }],
    } as const;
    await leased.apply(step);
    await leased.apply(step);

    const { mirrors } = await stored(leased);
    expect(mirrors.map((mirror: Mirror) => mirror.sourceId)).toEqual(["m1", "m1#2", "fp:x:12", "f1"]);
    expect(mirrors[0]).toMatchObject({ copyId: "c1", sourceHash: "h" });
    expect(mirrors[3]).toMatchObject({ parentId: "m1" });
  });

  it("leaves a mirror under its old name when the new one is taken", async () => {
    const leased = await claim(await addLink(state, "main", "C1"));
    const message = { kind: "message", origin: "huawei", state: "live" } as const;
    await leased.apply({
      mirrors: [
        { ...message, sourceId: "fp:1" },
        { ...message, sourceId: "m1" },
      ],
    });

    await leased.apply({ renames: [{ kind: "message", origin: "huawei", from: "fp:1", to: "m1" }] });

    expect((await stored(leased)).mirrors.map((mirror) => mirror.sourceId)).toEqual(["fp:1", "m1"]);
  });

  it("counts repeated failures, reopens resolved ones, and lets discarded ones lie", async () => {
    const leased = await claim(await addLink(state, "main", "C1"));
    const failure = { direction: "to-jira", item: "file:1", reason: "rejected", detail: "d" } as const;
    await leased.apply({ failures: [failure] });
    await leased.apply({ failures: [failure], resolvedFailures: [{ item: "file:1" }] });
    expect((await stored(leased)).failures).toMatchObject([{ state: "open", attempts: 2 }]);

    await leased.apply({ resolvedFailures: [{ item: "file:1" }] });
    expect((await stored(leased)).failures).toEqual([]);

    await leased.apply({ failures: [failure] });
    await database.pool.query("UPDATE failures SET state = 'discarded'");
    await leased.apply({ failures: [failure] });
    expect((await stored(leased)).failures).toMatchObject([{ state: "discarded", attempts: 2 }]);
  });

  it("stores texts that PostgreSQL would refuse", async () => {
    const leased = await claim(await addLink(state, "main", "C1"));

    await leased.apply({ intents: [aNotice("k", "a\0b\ud800c")] });

    expect((await stored(leased)).intents).toMatchObject([{ payload: { bodyAdf: "ab\ufffdc" } }]);
  });

  it("keeps messages that were named after the run had read the list", async () => {
    const id = await addLink(state, "main", "C1");
    await state.wake([{ linkId: id, huawei: true, lane: "poll", namedMessages: ["a", "b"] }]);
    const leased = await claim(id);
    await state.wake([{ linkId: id, huawei: true, lane: "poll", namedMessages: ["b", "c"] }]);

    await leased.apply({ link: { namedMessages: [] } });

    expect((await stored(leased)).link.namedMessages).toEqual(["c"]);
  });

  it("runs while a wake-up changes the same row", async () => {
    const id = await addLink(state, "main", "C1");
    const leased = await claim(id);

    await Promise.all(
      Array.from({ length: 20 }, (_, n) => [
        leased.apply({
          link: { factsHash: String(n) },
          mirrors: [{ kind: "message", origin: "huawei", sourceId: String(n), state: "live" }],
        }),
        state.wake([{ linkId: id, jira: true, lane: "live" }]),
      ]).flat(),
    );

    const snapshot = await stored(leased);
    expect(snapshot.mirrors).toHaveLength(20);
    expect(snapshot.link).toMatchObject({ wantedRev: 21, jiraRev: 21, huaweiRev: 1 });
  });
});

describe("wake-ups and due links", () => {
  it("a wake-up during a run leaves the link due after finish", async () => {
    const id = await addLink(state, "main", "C1");
    const leased = await claim(id);
    await state.wake([{ linkId: id, jira: true, lane: "live" }]);
    expect(await dueIds()).toEqual([]);

    await leased.finish({ doneRev: leased.snapshot.link.wantedRev, recheckAt: null, attempts: 0 });

    expect(await linkOf(id)).toMatchObject({ wantedRev: 2, doneRev: 1, jiraRev: 2, huaweiRev: 1, lane: "live" });
    expect(await dueIds()).toEqual([id]);
  });

  it("finish without news returns the link to rest", async () => {
    const id = await addLink(state, "main", "C1");
    await state.wake([{ linkId: id, lane: "live" }]);
    const leased = await claim(id);

    await leased.finish({ doneRev: 2, recheckAt: null, attempts: 0 });

    expect(await linkOf(id)).toMatchObject({ lane: "poll", doneRev: 2, wantedRev: 2 });
    expect(await dueIds()).toEqual([]);
    expect(await state.claimLink(id, "next", 1000)).not.toBeNull();
  });

  it("finish never takes a revision back", async () => {
    const id = await addLink(state, "main", "C1");
    await (await claim(id)).finish({ doneRev: 1, recheckAt: null, attempts: 0 });

    await (await claim(id)).finish({ doneRev: null, recheckAt: null, attempts: 0 });

    expect((await linkOf(id)).doneRev).toBe(1);
  });

  it("polls and checks leave a link to its import until that has come to it; a person's word does not wait", async () => {
    const [id = "" as LinkId] = await state.insertCaseLinks("main", [seenCase("C1")], {
      now: clock.now(),
      lane: "import",
      labelChecked: new Set(),
    });

    for (const lane of ["check", "poll"] as const) await state.wake([{ linkId: id, huawei: true, lane }]);
    // Its run will read what these have seen, once; one that goes on may have read it already.
    expect(await linkOf(id)).toMatchObject({ lane: "import", wantedRev: 1, huaweiRev: 1 });
    await database.pool.query(`UPDATE links SET "leaseUntil" = now() + interval '1 minute'`);
    await state.wake([{ linkId: id, huawei: true, lane: "poll" }]);
    expect(await linkOf(id)).toMatchObject({ lane: "import", wantedRev: 2, huaweiRev: 2 });
    await state.wake([{ linkId: id, jira: true, lane: "live" }]);
    expect((await linkOf(id)).lane).toBe("live");
    await database.pool.query(`UPDATE links SET lane = 'import', "doneRev" = 1`);
    await state.wake([{ linkId: id, huawei: true, lane: "poll" }]);
    expect((await linkOf(id)).lane).toBe("poll");
  });

  it("lanes rise to the more urgent one while a wake-up waits, and start anew at rest", async () => {
    const id = await addLink(state, "main", "C1");
    await finishAll([id]);
    const lanes: string[] = [];
    for (const lane of ["import", "check", "poll", "live", "import"] as const) {
      await state.wake([{ linkId: id, lane }]);
      lanes.push((await linkOf(id)).lane);
    }
    expect(lanes).toEqual(["import", "check", "poll", "live", "live"]);
  });

  it("named messages are distinct and at most 200, the newest", async () => {
    const id = await addLink(state, "main", "C1");
    const names = Array.from({ length: 250 }, (_, n) => `m${n}`);

    await state.wake([{ linkId: id, lane: "poll", namedMessages: ["m0", "m1", "m1"] }]);
    await state.wake([
      { linkId: id, lane: "poll", namedMessages: names.slice(0, 150) },
      { linkId: id, lane: "poll", namedMessages: names.slice(100) },
    ]);

    expect((await linkOf(id)).namedMessages).toEqual(names.slice(50));
  });

  it("`seen` stores what lists told without waking", async () => {
    const id = await addLink(state, "main", "C1");
    await finishAll([id]);

    await state.wake([], [{ linkId: id, case: seenCase("C1", { status: 3, labels: ["b", "a"], productName: "ECS" }) }]);

    expect(await linkOf(id)).toMatchObject({ wantedRev: 1, caseStatus: 3, caseLabels: ["a", "b"], productName: "ECS" });
  });

  it("wakes of many links in opposite orders do not deadlock", async () => {
    const ids = await addLinks(state, "main", ...Array.from({ length: 30 }, (_, n) => `C${n}`));
    const wakeUps = ids.map((linkId) => ({ linkId, lane: "poll" }) as const);

    await Promise.all(Array.from({ length: 12 }, (_, n) => state.wake(n % 2 === 0 ? wakeUps : wakeUps.toReversed())));

    expect((await linkOf(ids[0] ?? ("" as LinkId))).wantedRev).toBe(13);
  });

  it("back-off holds a link whatever wakes it, until its moment comes", async () => {
    const id = await addLink(state, "main", "C1");
    await (await claim(id)).finish({ doneRev: null, recheckAt: new Date(clock.now().getTime() + 60_000), attempts: 1 });
    await state.wake([{ linkId: id, jira: true, lane: "live" }]);
    expect(await dueIds()).toEqual([]);

    clock.advance(60_000);

    expect(await dueIds()).toEqual([id]);
  });

  it("a moment to look again holds back what the run had seen, not later news", async () => {
    const id = await addLink(state, "main", "C1");
    await (await claim(id)).finish({ doneRev: null, recheckAt: new Date(clock.now().getTime() + 60_000), attempts: 0 });
    expect(await dueIds()).toEqual([]);

    await state.wake([{ linkId: id, jira: true, lane: "live" }]);

    expect(await dueIds()).toEqual([id]);
  });

  it("a moment to look again makes a link due without any wake-up", async () => {
    const id = await addLink(state, "main", "C1");
    await (await claim(id)).finish({ doneRev: 1, recheckAt: new Date(clock.now().getTime() + 1000), attempts: 0 });
    expect(await dueIds()).toEqual([]);

    clock.advance(1000);

    expect(await dueIds()).toEqual([id]);
  });

  it("leaves out links that are not active, leased, of stopped or of unasked connections", async () => {
    const [blocked, leased, free] = await addLinks(state, "main", "C1", "C2", "C3");
    await addLink(state, "second", "C4");
    await state.patchConnection("second", { state: "stopped", stateReason: "access_changed" });
    await database.pool.query(`UPDATE links SET state = 'blocked' WHERE id = $1`, [blocked]);
    await claim(leased ?? ("" as LinkId));

    expect(await dueIds()).toEqual([free]);
    expect(await state.listDueLinks(["second"], clock.now(), 10)).toEqual([]);
    expect(await state.listDueLinks([], clock.now(), 10)).toEqual([]);
    await expireLease(leased ?? ("" as LinkId));
    expect(await dueIds()).toEqual([leased, free]);
  });

  it("gives connections fair turns within a lane, the most urgent lane first", async () => {
    const main = await addLinks(state, "main", "A1", "A2", "A3", "A4");
    const second = await addLinks(state, "second", "B1", "B2");
    await state.wake([{ linkId: main[3] ?? ("" as LinkId), lane: "live" }]);

    const due = await state.listDueLinks(["main", "second"], clock.now(), 5);

    expect(due.map((link) => link.id)).toEqual([main[3], main[0], second[0], main[1], second[1]]);
    expect(due[0]).toMatchObject({ id: main[3], lane: "live", connectionName: "main", turn: 0 });
    expect(due.map((link) => link.turn)).toEqual([0, 0, 0, 1, 1]);
  });
});

describe("intake", () => {
  const facts = () => ({ now: clock.now(), lane: "import", labelChecked: new Set(["C1"]) }) as const;

  it("inserts each case once, whoever tries at the same time", async () => {
    const cases = Array.from({ length: 50 }, (_, n) => seenCase(`C${n}`));

    const answers = await Promise.all(
      ["main", "second", "main"].map((name) => state.insertCaseLinks(name, cases, facts())),
    );

    expect(new Set(answers.flat()).size).toBe(50);
    expect(answers.flat()).toHaveLength(50);
  });

  it("stores what is known of a new case", async () => {
    const [id] = await state.insertCaseLinks("main", [seenCase("C1", { labels: ["z", "a"] }), seenCase("C2")], facts());

    expect(await linkOf(id ?? ("" as LinkId))).toMatchObject({
      caseId: "C1",
      origin: "huawei",
      lane: "import",
      caseLabels: ["a", "z"],
      createCheckedAt: clock.now(),
      outgoingSince: clock.now(),
      createdAt: clock.now(),
    });
    expect((await state.listIntakeLinks("main")).map((link) => link.caseId)).toEqual(["C1", "C2"]);
  });

  it("tells which connection owns a case that another one sees, and when that one last looked", async () => {
    await state.insertCaseLinks("main", [seenCase("C1")], facts());
    const before = await state.findRoundStart("main", "cases");
    await state.beginRound("main", "cases", "a", 60_000);
    const meanwhile = await state.findRoundStart("main", "cases");
    await state.endRound("main", "cases", "a", { outcome: "failed", requests: 0, failure: null });

    const owners = await state.listCaseOwners("second", [toId("C1"), toId("C2")]);

    expect([...owners]).toEqual([["C1", "main"]]);
    expect(await state.listCaseOwners("main", [toId("C1")])).toEqual(new Map());
    expect([before, meanwhile]).toEqual([null, null]);
    expect(await state.findRoundStart("main", "cases")).toBeInstanceOf(Date);
  });

  it("refuses an unknown connection", async () => {
    await expect(state.insertCaseLinks("none", [seenCase("C1")], facts())).rejects.toThrow("none");
  });

  it("lists issues without their own id until they are marked as stamped", async () => {
    const [first, second, bare] = await addLinks(state, "main", "S1", "S2", "S3");
    if (first === undefined || second === undefined || bare === undefined) throw new Error("no links");
    await state.adoptIssue(first, toId("901"), toId("OPS-901"));
    await state.adoptIssue(second, toId("902"), toId("OPS-902"));

    const before = await state.listUnstampedLinks("main");
    await state.markStamped([first], new Date());
    await state.markStamped([first], new Date());
    const after = await state.listUnstampedLinks("main");

    expect(before).toEqual([
      { id: first, caseId: "S1", issueId: "901" },
      { id: second, caseId: "S2", issueId: "902" },
    ]);
    expect(after.map((link) => link.id)).toEqual([second]);
  });

  it("adopts an issue once", async () => {
    const [first, second] = await addLinks(state, "main", "C1", "C2");
    if (first === undefined || second === undefined) throw new Error("no links");

    expect(await state.adoptIssue(first, "100" as IssueId, "OPS-1" as IssueKey)).toBe(true);
    expect(await state.adoptIssue(first, "100" as IssueId, "OPS-1" as IssueKey)).toBe(true);
    expect(await state.adoptIssue(first, "101" as IssueId, "OPS-2" as IssueKey)).toBe(false);
    expect(await state.adoptIssue(second, "100" as IssueId, "OPS-1" as IssueKey)).toBe(false);

    expect((await state.findLinksByIssue("main", ["100" as IssueId])).map((link) => link.id)).toEqual([first]);
    expect(await state.findLinksByIssue("second", ["100" as IssueId])).toEqual([]);
  });

  it("tells which issues are paired on the site, and refuses an issue that another link has by name", async () => {
    const [first, second] = await addLinks(state, "main", "C1", "C2");
    if (first === undefined || second === undefined) throw new Error("no links");
    await state.adoptIssue(first, "100" as IssueId, "OPS-1" as IssueKey);
    const leased = await claim(second);

    const paired = await state.listPairedIssues("main", ["100", "101"] as IssueId[]);
    const taking = leased?.apply({ link: { issueId: "100" as IssueId, issueKey: "OPS-1" as IssueKey } });

    expect([...paired]).toEqual(["100"]);
    await expect(taking).rejects.toMatchObject({ name: "IssueAlreadyLinked", issueId: "100", caseId: "C1" });
  });

  it("finds the issues of related cases, and whether their pairs have linked them", async () => {
    const [first, second, third] = await addLinks(state, "main", "C1", "C2", "C3");
    if (first === undefined || second === undefined || third === undefined) throw new Error("no links");
    await state.adoptIssue(first, "100" as IssueId, "OPS-1" as IssueKey);
    await state.adoptIssue(second, "101" as IssueId, "OPS-2" as IssueKey);
    const leased = await claim(second);
    await leased?.apply({ mirrors: [{ ...mirrorId.relation("C1"), state: "live" }] });

    const found = await state.findIssuesOfCases("main", "C1" as CaseId, ["C2", "C3", "C9"] as CaseId[]);
    const others = await state.findIssuesOfCases("main", "C2" as CaseId, ["C1"] as CaseId[]);

    expect(found).toEqual([{ caseId: "C2", issueId: "101", made: true }]);
    expect(others).toEqual([{ caseId: "C1", issueId: "100", made: false }]);
  });

  it("the third adoption within an hour stops the connection in the same step, counted over all links", async () => {
    const [first, second, third] = await addLinks(state, "main", "C1", "C2", "C3");
    if (first === undefined || second === undefined || third === undefined) throw new Error("no links");
    const leased = await Promise.all([first, second, third].map((id) => claim(id)));
    const [one, two, three] = leased;
    await one?.apply({ adoptions: 1 });
    await two?.apply({ adoptions: 1 });
    clock.advance(61 * 60_000);
    await Promise.all([two?.apply({ adoptions: 1 }), three?.apply({ adoptions: 1 })]);
    expect(await state.getConnection("main")).toMatchObject({ state: "active" });

    expect(await state.adoptIssue(first, "100" as IssueId, "OPS-1" as IssueKey)).toBe(true);

    expect(await state.getConnection("main")).toMatchObject({ state: "stopped", stateReason: "memory_lost" });
    expect(await state.getConnection("second")).toMatchObject({ state: "active" });
  });

  it("counts fingerprints of people's messages and of our own copies", async () => {
    const id = await addLink(state, "main", "C1");
    await (await claim(id)).apply({
      mirrors: [
        { kind: "message", origin: "huawei", sourceId: "1", fingerprint: "a", state: "live" },
        { kind: "message", origin: "huawei", sourceId: "2", fingerprint: "a", state: "live" },
        { kind: "comment", origin: "jira", sourceId: "3", copyFingerprints: ["a", "b"], state: "live" },
      ],
    });

    expect(await state.countFingerprints([id])).toEqual(
      new Map([
        [`${id}|a`, 3],
        [`${id}|b`, 1],
      ]),
    );
  });

  it("lists unchecked watched links, never checked ones first", async () => {
    const ids = await addLinks(state, "main", "C1", "C2", "C3", "C4");
    await database.pool.query(`UPDATE links SET "issueId" = id::text WHERE "caseId" <> 'C4'`);
    const before = clock.now();
    await database.pool.query(`UPDATE links SET "checkedAt" = $1 WHERE "caseId" = 'C1'`, [
      new Date(before.getTime() - 1),
    ]);
    await database.pool.query(`UPDATE links SET "checkedAt" = $1 WHERE "caseId" = 'C2'`, [before]);

    expect(await state.listUncheckedLinks("main", before, 1)).toEqual([ids[2], ids[3], ids[0]]);
    // A case whose issue is still to be made is watched already: it joins its cohort before it is read.
    expect(await state.countWatchedLinks("main")).toBe(4);
    await state.markAbsentChecked(ids, before);
    expect((await state.listIntakeLinks("main")).map((link) => link.absentCheckedAt)).toEqual([
      before,
      before,
      before,
      before,
    ]);
  });
});

describe("full checks", () => {
  const ageMs = 24 * 3_600_000;

  /** Days of sweeps over links that were all checked at once; what each did to each link. */
  async function sweepDays(tickMs: number, days: number) {
    const start = Date.UTC(2026, 10, 1);
    await database.pool.query(
      `INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", "issueId", origin, "wantedRev", "doneRev", "triedRev", "outgoingSince", "updatedAt", "checkedAt")
       SELECT 'main', 'intl', 'acme.atlassian.net', 'S' || n, n::text, 'huawei', 1, 1, 1, now(), now(), $1 FROM generate_series(1, 200) n`,
      [new Date(start)],
    );
    const perTick: number[] = [];
    const checked = new Map<string, number[]>();
    for (let at = start + tickMs; at <= start + days * ageMs; at += tickMs) {
      const period =
        tickMs * 2 < ageMs ? { before: at, periodMs: ageMs - tickMs } : { before: at - ageMs + tickMs, periodMs: 1 };
      const due = await state.listUncheckedLinks("main", new Date(period.before), period.periodMs);
      perTick.push(due.length);
      for (const id of due) checked.set(id, [...(checked.get(id) ?? [start]), at]);
      await database.pool.query(`UPDATE links SET "checkedAt" = $1 WHERE id = ANY($2::bigint[])`, [new Date(at), due]);
    }
    const ages = [...checked.values()].flatMap((times) =>
      times.slice(1).map((time, index) => time - (times[index] ?? 0)),
    );
    return { perTick, checked, oldest: Math.max(...ages), newest: Math.min(...ages) };
  }

  it.each([0.25, 1, 5, 8, 14, 24])("come for each link once in its time, with a sweep every %f h", async (hours) => {
    const { perTick, checked, oldest } = await sweepDays(hours * 3_600_000, 4);

    expect(checked.size).toBe(200);
    expect(oldest).toBeLessThanOrEqual(ageMs);
    // Neither more than need be, nor all at once where several sweeps fit in.
    const total = perTick.reduce((sum, count) => sum + count, 0);
    const period = hours * 2 < 24 ? ageMs - hours * 3_600_000 : hours * 3_600_000;
    expect(total).toBeLessThanOrEqual(200 * Math.ceil((4 * ageMs) / period));
    const later = perTick.slice(Math.ceil(24 / hours));
    if (hours <= 1) expect(Math.max(...later)).toBeLessThanOrEqual(3 * ((200 * hours) / 24) + 3);
  });
});

describe("cohorts", () => {
  /** `closedDaysAgo`: null is open. */
  async function addWatched(count: number, from = 0): Promise<void> {
    await database.pool.query(
      `INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", "issueId", origin, "wantedRev", "doneRev", "triedRev", "outgoingSince", "updatedAt")
       SELECT 'main', 'intl', 'acme.atlassian.net', 'W' || n, n::text, 'huawei', 1, 1, 1, now(), now() FROM generate_series($1::int, $2::int) n`,
      [from + 1, from + count],
    );
  }
  async function arrange(): Promise<readonly CohortState[]> {
    await state.arrangeCohorts("main", new Date(clock.now().getTime() - 14 * DAY_MS));
    const cohorts: CohortState[] = [];
    for (let page = await state.listCohorts("main", null); page.length > 0; ) {
      cohorts.push(...page);
      page = await state.listCohorts("main", page.at(-1)?.id ?? null);
    }
    return cohorts;
  }
  const sizes = (cohorts: readonly { caseIds: readonly CaseId[] }[]) => cohorts.map((cohort) => cohort.caseIds.length);
  const woken = async () => (await database.pool.query(`SELECT 1 FROM links WHERE "wantedRev" > 1`)).rowCount;

  it.each([
    [0, []],
    [1, [1]],
    [100, [100]],
    [101, [100, 1]],
    [250, [100, 100, 50]],
    // More than a page of cohorts.
    [1_150, [100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 50]],
  ])(
    "of %i links are as few as can be, everybody is woken once, and nothing moves the second time",
    async (count, expected) => {
      await addWatched(count);

      const first = await arrange();
      const second = await arrange();

      expect(sizes(first)).toEqual(expected);
      expect(second).toEqual(first);
      expect(await woken()).toBe(count);
      expect(await state.listDueLinks(["main"], clock.now(), 2000)).toHaveLength(count);
    },
  );

  it("lose cases closed more than 14 days ago and links that are not active", async () => {
    await addWatched(4);
    await arrange();
    await database.pool.query(`UPDATE links SET "closedSeenAt" = $1 WHERE "caseId" = 'W1'`, [
      new Date(clock.now().getTime() - 15 * DAY_MS),
    ]);
    await database.pool.query(`UPDATE links SET "closedSeenAt" = $1 WHERE "caseId" = 'W2'`, [
      new Date(clock.now().getTime() - 13 * DAY_MS),
    ]);
    await database.pool.query(`UPDATE links SET state = 'unlinked' WHERE "caseId" = 'W3'`);

    expect((await arrange()).map((cohort) => cohort.caseIds)).toEqual([["W2", "W4"]]);
  });

  it("fill free places before new cohorts, and newcomers alone are woken", async () => {
    await addWatched(150);
    const [first] = await arrange();
    await state.commitCohort(
      first?.id ?? "",
      { cursor: "cursor-1", nextCursor: null, nextCursorAt: null },
      [],
      clock.now(),
    );
    await addWatched(60, 150);

    const cohorts = await arrange();

    expect(sizes(cohorts)).toEqual([100, 100, 10]);
    expect(cohorts[0]?.cursor).toBe("cursor-1");
    expect((await database.pool.query(`SELECT 1 FROM links WHERE "wantedRev" = 2`)).rowCount).toBe(210);
  });

  it("merge only when one can be spared, moving the smallest", async () => {
    await addWatched(201);
    await arrange();
    await database.pool.query(`UPDATE links SET "doneRev" = "wantedRev"`);
    await database.pool.query(`UPDATE links SET state = 'unlinked' WHERE "caseId" = 'W5'`);

    const cohorts = await arrange();

    expect(sizes(cohorts)).toEqual([100, 100]);
    expect((await database.pool.query(`SELECT "caseId", lane FROM links WHERE "wantedRev" = 3`)).rows).toEqual([
      { caseId: "W201", lane: "poll" },
    ]);
  });

  it("do not wake a link whose next run reads the case anyway", async () => {
    await addWatched(1);
    await database.pool.query(`UPDATE links SET "wantedRev" = 2, "huaweiRev" = 2, lane = 'import'`);

    await arrange();

    expect((await database.pool.query(`SELECT "wantedRev", lane FROM links`)).rows).toEqual([
      { wantedRev: 2, lane: "import" },
    ]);
  });

  it("store a cursor only together with the wake-ups that it stands for", async () => {
    const id = await addLink(state, "main", "C1");
    await addWatched(1);
    const [cohort] = await arrange();
    const commit = () =>
      state.commitCohort(
        cohort?.id ?? "",
        { cursor: "next", nextCursor: null, nextCursorAt: null },
        [{ linkId: id, huawei: true, lane: "poll", namedMessages: ["n"] }],
        clock.now(),
      );
    await database.pool.query(`ALTER TABLE links ADD CONSTRAINT no_news CHECK (cardinality("namedMessages") = 0)`);

    await expect(commit()).rejects.toThrow();
    expect((await arrange())[0]?.cursor).toBeNull();

    await database.pool.query("ALTER TABLE links DROP CONSTRAINT no_news");
    await commit();
    expect((await arrange())[0]?.cursor).toBe("next");
    expect((await linkOf(id)).namedMessages).toEqual(["n"]);
  });
});

describe("connections, rounds and runs", () => {
  it("the installation is made once, whoever asks first", async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => state.getInstallation()));

    expect(new Set(ids).size).toBe(1);
  });

  it("keeps what was learned when the configuration is read again", async () => {
    await state.patchConnection("main", { pausedToJira: true, firstRoundAt: clock.now() });

    await addConnections(database, "second", "main");

    expect(await state.getConnection("main")).toMatchObject({
      pausedToJira: true,
      firstRoundAt: clock.now(),
      state: "active",
    });
    await expect(state.getConnection("none")).rejects.toThrow("none");
  });

  it("refuses another site for a connection that has links", async () => {
    const moved = { name: "main", huaweiSite: "eu", jiraSite: "acme.atlassian.net", projectKey: "OPS" };
    await syncConnections(database.prisma, [moved]);
    await addLink(state, "main", "C1");

    const back = syncConnections(database.prisma, [{ ...moved, huaweiSite: "intl" }]);

    await expect(back).rejects.toBeInstanceOf(ConnectionSiteChanged);
    await syncConnections(database.prisma, [{ ...moved, projectKey: "NEW" }]);
  });

  it("a round is run by one owner at a time", async () => {
    expect(await state.beginRound("main", "cases", "a", 60_000)).toBe(true);
    expect(await state.beginRound("main", "cases", "b", 60_000)).toBe(false);
    expect(await state.beginRound("main", "issues", "b", 60_000)).toBe(true);

    await state.endRound("main", "cases", "b", { outcome: "done", requests: 3, failure: null });
    expect(await state.beginRound("main", "cases", "b", 60_000)).toBe(false);
    await state.endRound("main", "cases", "a", { outcome: "done", requests: 3, failure: null });

    expect(await state.beginRound("main", "cases", "b", 60_000)).toBe(true);
  });

  it("a round whose owner died is free after its lease", async () => {
    await state.beginRound("main", "cases", "a", 60_000);
    await database.pool.query(`UPDATE rounds SET "leaseUntil" = now() - interval '1 second'`);

    expect(await state.beginRound("main", "cases", "b", 60_000)).toBe(true);
  });

  it("stores cursors, runs and failures of a connection", async () => {
    expect(await state.findCursor("main", "jira")).toBeNull();
    await state.saveCursor("main", "jira", "1");
    await state.saveCursor("main", "jira", "2");
    const startedAt = clock.now();
    clock.advance(5);
    await state.recordRun({
      connectionName: "main",
      linkId: null,
      job: "cases",
      startedAt,
      outcome: "done",
      reason: null,
      reads: 1,
      writes: 2,
    });
    await state.recordConnectionFailure("main", "unauthorized", "401");
    await state.recordConnectionFailure("main", "unauthorized", "401");

    expect(await state.findCursor("main", "jira")).toBe("2");
    expect(await database.prisma.run.findMany()).toMatchObject([
      { job: "cases", startedAt, finishedAt: clock.now(), reads: 1, writes: 2 },
    ]);
    expect(await database.prisma.failure.findMany()).toMatchObject([
      { item: "connection", reason: "unauthorized", attempts: 2, linkId: null },
    ]);
  });
});
