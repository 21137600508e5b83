/** Ten troubles, each planted alone: the first view names it with its remedy, one click leads to it, and once it is mended all is well. */
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeDatabaseClock } from "../../src/store/database-clock.ts";
import { makeLocalBudget } from "../../src/store/local-budget.ts";
import { intakeCases, intakeIssues } from "../../src/sync/intake/intake.ts";
import { type ConnectProxy, startConnectProxy } from "../support/connect-proxy.ts";
import { type PageWorld, startBrowser, startPageWorld } from "../support/page-world.ts";

let proxy: ConnectProxy;
let world: PageWorld;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  proxy = await startConnectProxy();
  world = await startPageWorld({
    open: true,
    env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` },
    machine: {
      clock: makeDatabaseClock({ now: () => new Date(), elapsedMs: () => performance.now() }),
      sleep: async () => {},
      random: () => 0.5,
      budgetOf: () => makeLocalBudget(1_000),
      // A busy machine must not look like a service that hangs.
      callTimeoutMs: 2_000,
    },
  });
  browser = await startBrowser();
  page = await browser.newPage();
});
// A test that fails must not plant its trouble in the others.
afterEach(() => {
  world.huawei.clearFaults();
  world.jira.clearFaults();
});
afterAll(async () => {
  await browser.close();
  await world.close();
  await proxy.close();
});

/** A round over each side, as the worker makes them; answers whether both came to their end. */
async function round(): Promise<boolean> {
  const [connection] = world.parts.connections;
  if (connection === undefined) throw new Error("there is no connection");
  const ended = [];
  for (const look of [intakeCases, intakeIssues])
    ended.push(
      await look(connection.intake).then(
        () => true,
        () => false,
      ),
    );
  return ended.every((one) => one);
}

const run = (sql: string, values: readonly unknown[] = []) => world.database.pool.query(sql, [...values]);

/** A link, and a failure of it. */
async function fail(reason: string, detail: string, state = "blocked"): Promise<void> {
  await run(
    `INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", "issueId", "issueKey", origin, state, reason, "reasonAt", "outgoingSince", "doneRev", "wantedRev", lane, "updatedAt")
     SELECT name, "huaweiSite", "jiraSite", 'TT7', '10007', 'OPS-7', 'huawei', $1, $2, now(), now(), 1, 1, 'poll', now() FROM connections`,
    [state, state === "active" ? null : reason],
  );
  await run(
    `INSERT INTO failures ("connectionName", "linkId", direction, item, reason, detail) SELECT 'default', id, 'both', 'link', $1, $2 FROM links`,
    [reason, detail],
  );
}

async function forget(): Promise<void> {
  await run("DELETE FROM failures");
  await run("DELETE FROM links");
}

/** Told to whoever connects from now on; those who are connected are cut off. */
async function setReadOnly(isReadOnly: boolean): Promise<void> {
  const { rows } = await run("SELECT current_database() AS name");
  const name = String(rows[0]?.name);
  const client = await world.database.pool.connect();
  await client.query("BEGIN READ WRITE");
  await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${isReadOnly ? "on" : "off"}`);
  await client.query("COMMIT");
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
  client.release(true);
}

type Trouble = {
  readonly plant: () => Promise<unknown>;
  /** On the first view, in the sentence at its top or beside it. */
  readonly says: RegExp;
  readonly remedy: RegExp;
  /** Where one click leads, and what stands there. */
  readonly at: RegExp;
  readonly shows: RegExp;
  readonly mend: () => Promise<unknown>;
};

const troubles: Readonly<Record<string, Trouble>> = {
  "a refused token of Jira": {
    plant: async () => {
      world.jira.setApiToken({ apiToken: "ANOTHER" });
      expect(await round()).toBe(false);
    },
    says: /Jira has refused the credentials since/,
    remedy: /Renew the credentials/,
    at: /\/connections#default$/,
    shows: /refuses|refused/,
    mend: async () => {
      world.jira.setApiToken({ apiToken: "SIMTOKEN" });
      expect(await round()).toBe(true);
    },
  },
  "refused keys of Huawei Cloud": {
    plant: async () => {
      world.huawei.addFault({ kind: "401" });
      expect(await round()).toBe(false);
    },
    says: /Huawei Cloud has refused the credentials since/,
    remedy: /Renew the credentials/,
    at: /\/connections#default$/,
    shows: /refuses|refused/,
    mend: async () => {
      world.huawei.clearFaults();
      expect(await round()).toBe(true);
    },
  },
  "a loop breaker": {
    plant: () => fail("loop_suspected", "31 writes in 10 min"),
    says: /1 failure: Two sides may be answering each other/,
    remedy: /Look at who answers whom/,
    at: /\/failures\?reason=loop_suspected$/,
    shows: /TT7[\s\S]*31 writes in 10 min[\s\S]*Retry/,
    mend: forget,
  },
  "a quota that is used up": {
    plant: () => fail("account_not_ready", "the quota of 5 service tickets is used up", "active"),
    says: /The account may not open cases/,
    remedy: /Do what the detail says[\s\S]*the quota of 5 service tickets is used up/,
    at: /\/failures\?reason=account_not_ready$/,
    shows: /TT7[\s\S]*Retry/,
    mend: forget,
  },
  "a moved issue": {
    plant: () => fail("moved", "project OTHER", "moved"),
    says: /The issue left the project/,
    remedy: /Move the issue back/,
    at: /\/failures\?reason=moved$/,
    shows: /TT7[\s\S]*project OTHER[\s\S]*Retry/,
    mend: forget,
  },
  "a restricted item": {
    plant: async () => {
      await fail("moved", "", "active");
      await run("DELETE FROM failures");
      await run(
        `INSERT INTO mirrors ("linkId", kind, origin, "sourceId", state, reason, "updatedAt") SELECT id, 'comment', 'jira', 'c2', 'held', 'restricted', now() FROM links`,
      );
    },
    says: /1 items stay on their side/,
    remedy: /restricted/,
    at: /\/links\/\d+$/,
    shows: /restricted in Jira: it stays there/,
    mend: async () => {
      await run("DELETE FROM mirrors");
      await forget();
    },
  },
  "an import that is half done": {
    plant: async () => {
      await fail("moved", "", "active");
      await run("DELETE FROM failures");
      await run(
        `INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", origin, state, "outgoingSince", "doneRev", "wantedRev", "wantedAt", lane, "updatedAt")
         SELECT "connectionName", "huaweiSite", "jiraSite", 'TT8', 'huawei', 'active', now(), 0, 1, now(), 'import', now() FROM links`,
      );
    },
    says: /Import: 1 of 2 links are done/,
    remedy: /goes on by itself/,
    at: /\/links\?connection=default&waiting=yes$/,
    shows: /TT8/,
    mend: forget,
  },
  "a paused direction": {
    plant: () => world.parts.admin.setPaused({ connection: "default", direction: "to-huawei", paused: true }),
    says: /paused towards Huawei Cloud/,
    remedy: /Resume it when its time has come/,
    at: /\/connections#default$/,
    shows: /Resume/,
    mend: () => world.parts.admin.setPaused({ connection: "default", direction: "to-huawei", paused: false }),
  },
  "a database that takes no writes": {
    plant: () => setReadOnly(true),
    says: /the database takes no writes: nothing is mirrored/,
    remedy: /Look at the PostgreSQL server/,
    at: /\/connections#doctor$/,
    shows: /Run the doctor/,
    mend: () => setReadOnly(false),
  },
  "a service that hangs": {
    plant: async () => {
      world.huawei.addFault({ kind: "hang_before" });
      expect(await round()).toBe(false);
    },
    says: /Huawei Cloud: it does not answer/,
    remedy: /status page/,
    at: /\/connections#default$/,
    shows: /it does not answer[\s\S]*Run the doctor/,
    mend: async () => {
      world.huawei.clearFaults();
      expect(await round()).toBe(true);
    },
  },
  "a service that breaks off": {
    plant: async () => {
      world.jira.addFault({ kind: "reset_before", probability: 1 });
      expect(await round()).toBe(false);
    },
    says: /Jira: it breaks connections off/,
    remedy: /firewall on the way/,
    at: /\/connections#default$/,
    shows: /it breaks connections off[\s\S]*Run the doctor/,
    mend: async () => {
      world.jira.clearFaults();
      expect(await round()).toBe(true);
    },
  },
  // The last one: nothing mends it.
  "a proxy that is down": {
    plant: async () => {
      await proxy.close();
      expect(await round()).toBe(false);
    },
    says: /Huawei Cloud: the proxy opens no way to it[\s\S]*Jira: the proxy opens no way to it/,
    remedy: /HTTPS_PROXY/,
    at: /\/connections#default$/,
    shows: /the proxy opens no way to it[\s\S]*Run the doctor/,
    mend: async () => {},
  },
};

/** What people read of a place. */
async function textOf(place: Locator): Promise<string> {
  return (await place.allInnerTexts()).join("\n");
}

/** Opens the overview. A connection of the pool may have been cut, which the first request finds out. */
async function look(): Promise<string> {
  const answer = async () => (await page.goto(`${world.url}/?lang=en`))?.status();
  await expect.poll(answer, { timeout: 20_000 }).toBe(200);
  return textOf(page.locator("main"));
}

/** Lets the last round that ended well lie so far back that the failed one is no hiccup any more. */
const letTimePass = () => run(`UPDATE rounds SET "doneAt" = "doneAt" - interval '1 hour'`);

test.each([
  ["hangs", "huawei", "hang_before", /Huawei Cloud: it does not answer/, /华为云：/],
  ["breaks off", "jira", "reset_before", /Jira: it breaks connections off/, /Jira：/],
] as const)(
  "a service that %s once is amber, with when it is tried again, and red when it stays so",
  { timeout: 60_000 },
  async (_what, side, kind, says, saysChinese) => {
    expect(await round()).toBe(true);
    world[side].addFault({ kind, probability: 1 });
    expect(await round()).toBe(false);
    const line = page.locator("main .problems li").first();

    expect(await look()).toMatch(says);
    expect(await page.locator("h1.verdict").getAttribute("class")).toBe("verdict warn");
    expect(await line.getAttribute("class")).toBe("warn");
    expect(await textOf(line)).toMatch(
      /The last round failed at .*\d\d:\d\d.* · the next one comes at about .*\d\d:\d\d/,
    );
    await page.goto(`${world.url}/?lang=zh`);
    expect(await textOf(line)).toMatch(saysChinese);
    expect(await textOf(line)).toMatch(/上一轮失败于 .*\d\d:\d\d.* · 预计下一轮开始于 .*\d\d:\d\d/);

    await letTimePass();
    expect(await look()).toMatch(says);
    expect(await page.locator("h1.verdict").getAttribute("class")).toBe("verdict bad");
    expect(await line.getAttribute("class")).toBe("bad");
    expect(await textOf(line)).not.toMatch(/The last round failed at/);

    world[side].clearFaults();
    expect(await round()).toBe(true);
    expect(await look()).toMatch(/^All is well\./);
  },
);

const isNoTrouble = /restricted|import/;

test.each(Object.entries(troubles))(
  "%s",
  { timeout: 60_000 },
  async (name, { plant, says, remedy, at, shows, mend }) => {
    expect(await round()).toBe(true);
    expect(await look()).toMatch(/^All is well\./);

    await plant();
    const seen = await look();
    const place = page.locator("main :is(.problems li, .note)").first();

    expect(seen).toMatch(says);
    expect(await textOf(place)).toMatch(name === "a restricted item" ? says : remedy);
    if (!isNoTrouble.test(name)) expect(await page.title()).not.toMatch(/^All is well/);
    if (name === "a restricted item") await place.locator("summary").click();
    await place.getByRole("link").first().click();
    expect(page.url()).toMatch(at);
    expect(await textOf(page.locator("main"))).toMatch(shows);

    await mend();
    if (name !== "a proxy that is down") expect(await look()).toMatch(/^All is well\./);
  },
);
