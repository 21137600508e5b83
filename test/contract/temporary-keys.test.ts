/** Temporary keys, by agency and from the server, against the simulator, with PostgreSQL where replicas share them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type HuaweiSimulator,
  type HuaweiSimulatorOptions,
  startHuaweiSimulator,
} from "../../simulators/huawei/index.ts";
import { type HuaweiClientDeps, makeHuaweiClient } from "../../src/huawei/huawei-client.ts";
import type { HuaweiClientOptions } from "../../src/huawei/options.ts";
import { Secret } from "../../src/lib/secret.ts";
import { makeTokenStore } from "../../src/store/login-tokens.ts";
import { emptyDatabase, makeTestDatabase, type TestDatabase } from "../../src/store/testing.ts";

const minuteMs = 60_000;
const partner = { accessKey: "PARTNERAK", secretKey: "PARTNERSK", domainId: "partner1" };
const agencies = [
  { name: "tickets", trustedDomainId: "partner1" },
  { name: "guarded", trustedDomainId: "partner1", externalId: "ticket-4711" },
  { name: "foreign", trustedDomainId: "somebody" },
];

let database: TestDatabase;
let simulator: HuaweiSimulator;
let nowMs: number;
let logged: string[];

beforeAll(async () => {
  database = await makeTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyDatabase(database);
  nowMs = Date.parse("2026-11-30T00:00:00Z");
  logged = [];
});
afterEach(async () => {
  const refusals = simulator.control.getRefusals();
  await simulator.close();
  expect(refusals).toEqual([]);
});

async function start(options: HuaweiSimulatorOptions = {}): Promise<void> {
  simulator = await startHuaweiSimulator({ accounts: [partner], agencies, now: () => nowMs, ...options });
}

type AgencyChanges = { sk?: string; name?: string; externalId?: string | null; domainId?: string | null };

function byAgency(changes: AgencyChanges = {}): HuaweiClientOptions["credentials"] {
  const { sk = partner.secretKey, name = "tickets", externalId = null, domainId = null } = changes;
  const agency = { domainName: "simdomain", name, externalId };
  return { kind: "agency", ak: new Secret(partner.accessKey), sk: new Secret(sk), domainId, agency };
}

const accountId = "simdomain0000000000000000000001";
const guarded = { name: "guarded", externalId: "ticket-4711", domainId: accountId };

/** A replica: its own client, on the shared place. */
function makeReplica(credentials: HuaweiClientOptions["credentials"], deps: Partial<HuaweiClientDeps> = {}) {
  const log = (...words: unknown[]) => logged.push(JSON.stringify(words, (_key, value) => value?.stack ?? value));
  return makeHuaweiClient({
    options: {
      endpoint: simulator.url,
      iamEndpoint: simulator.url,
      apiVersion: "v2",
      language: "en-us",
      groupIds: [],
      credentials,
      timeoutMs: 5_000,
    },
    budget: { take: async () => {}, pause: async () => {} },
    log: { debug: log, info: log, warn: log, error: log },
    tokens: makeTokenStore({ prisma: database.prisma, key: "agency" }),
    clock: { now: () => new Date(nowMs) },
    sleep: () => new Promise(setImmediate),
    metadataOrigin: simulator.url,
    ...deps,
  });
}

const count = (operation: string) => simulator.control.getRequests().byOperation[operation] ?? 0;
const refusedRequests = () =>
  simulator.control.getRequests().log.filter(({ status }) => status === 401 || status === 403);

/** Moves the clock on by steps of chance, with a request of a replica at each; the seed is printed. */
async function live24Hours(replicas: readonly ReturnType<typeof makeReplica>[]): Promise<void> {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  console.info(`seed ${seed}`);
  let state = seed;
  const draw = () => {
    state = (state * 48_271 + 11) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const endMs = nowMs + 24 * 60 * minuteMs;
  while (nowMs < endMs) {
    // Mostly a look every few seconds or minutes, now and then a pause beyond the life of a key.
    nowMs += Math.ceil(draw() < 0.05 ? draw() * 40 * minuteMs : draw() * 4 * minuteMs);
    const asking = replicas.filter(() => draw() < 0.7);
    await Promise.all(asking.map((client) => client.checkCredentials("poll")));
  }
}

describe("by agency", () => {
  test("15-minute keys of two replicas: no request of 24 hours is refused, and both share each key", async () => {
    await start({ settings: { temporaryKeyLifetimeMaxMs: 15 * minuteMs } });
    const replicas = [makeReplica(byAgency()), makeReplica(byAgency())];

    await live24Hours(replicas);

    expect(refusedRequests()).toEqual([]);
    // One renewal in ten minutes at most, whichever replica asks.
    expect(count("IamAssumeAgency")).toBeGreaterThan(80);
    expect(count("IamAssumeAgency")).toBeLessThanOrEqual(144);
  }, 120_000);

  test("an agency with an external id is assumed at STS by the account's id", async () => {
    await start();
    const client = makeReplica(byAgency(guarded));

    await client.checkCredentials("live");

    expect(count("StsAssumeAgency")).toBe(1);
    expect(count("IamAssumeAgency")).toBe(0);
    expect(await client.credentialsEnd()).toEqual(new Date(nowMs + 60 * minuteMs));
  });

  test("callers at once, in two replicas, get one key; a restart uses the stored one", async () => {
    await start();
    const [one, two] = [makeReplica(byAgency()), makeReplica(byAgency())];

    await Promise.all([one, one, two, two].map((client) => client.checkCredentials("live")));
    await makeReplica(byAgency()).checkCredentials("live");

    expect(count("IamAssumeAgency")).toBe(1);
  });

  test("a service clock an hour ahead of ours: keys are renewed by their life, not by our clock", async () => {
    await start({ now: () => nowMs + 60 * minuteMs, settings: { temporaryKeyLifetimeMaxMs: 15 * minuteMs } });
    const client = makeReplica(byAgency());
    await client.checkCredentials("live");
    const end = await client.credentialsEnd();

    expect(Math.abs((end?.getTime() ?? 0) - (nowMs + 15 * minuteMs))).toBeLessThan(2_000);
  });

  test("keys that a service refuses are renewed at once, once for both replicas, even for a write", async () => {
    await start();
    const [one, two] = [makeReplica(byAgency()), makeReplica(byAgency())];
    await Promise.all([one.checkCredentials("live"), two.checkCredentials("live")]);
    simulator.control.killTokens();

    await one.checkCredentials("live");
    await two.checkCredentials("live");

    expect(count("IamAssumeAgency")).toBe(2);
  });

  test("keys are used on while IAM is away, until they end", async () => {
    await start({ settings: { temporaryKeyLifetimeMaxMs: 15 * minuteMs } });
    const client = makeReplica(byAgency());
    await client.checkCredentials("live");
    simulator.control.addFault({ operation: "IamAssumeAgency", kind: "503_before" });

    nowMs += 14 * minuteMs;
    await client.checkCredentials("live");
    nowMs += 2 * minuteMs;

    await expect(client.checkCredentials("live")).rejects.toMatchObject({ kind: "unavailable" });
    expect(refusedRequests()).toEqual([]);
  });

  test.each<[string, AgencyChanges, RegExp]>([
    [
      "an agency that does not exist",
      { name: "nowhere" },
      /agency nowhere of simdomain is refused, not the access key/,
    ],
    ["an agency of somebody else's", { name: "foreign" }, /agency foreign of simdomain is refused/],
    ["a wrong external id", { ...guarded, externalId: "guessed" }, /agency guarded of simdomain is refused/],
    ["an agency that wants an external id", { name: "guarded" }, /agency guarded of simdomain is refused/],
  ])("%s is told from a refused key", async (_what, changes, detail) => {
    await start();

    const refused = makeReplica(byAgency(changes)).checkCredentials("live");

    await expect(refused).rejects.toMatchObject({
      kind: "unauthorized",
      facts: {
        status: 403,
        detail: expect.stringMatching(detail),
        remedy: expect.stringContaining("HUAWEI_AGENCY_NAME"),
      },
    });
  });

  test("a refused key is told as that, and is not tried again at once", async () => {
    await start();
    const client = makeReplica(byAgency({ sk: "wrong" }));

    for (let tries = 0; tries < 3; tries += 1)
      await expect(client.checkCredentials("live")).rejects.toMatchObject({
        kind: "unauthorized",
        facts: { status: 401, detail: expect.not.stringMatching(/agency/) },
      });

    expect(count("IamAssumeAgency")).toBe(1);
  });

  test("no key stands unsealed in the database, in logs or in errors", async () => {
    await start({ settings: { temporaryKeyLifetimeMaxMs: 15 * minuteMs } });
    const client = makeReplica(byAgency(guarded));
    await client.checkCredentials("live");
    simulator.control.addFault({ operation: "ListCases", kind: "401" });
    const error: unknown = await client.listCases({}, "poll").catch((thrown: unknown) => thrown);

    const rows = await database.prisma.loginToken.findMany();
    const stored = rows.map(({ salt, sealed }) => `${Buffer.from(salt ?? [])}${Buffer.from(sealed ?? [])}`).join();
    const told = [stored, JSON.stringify(rows), ...logged, String(error), JSON.stringify(error)].join("\n");

    expect(rows).toHaveLength(1);
    expect(stored.length).toBeGreaterThan(100);
    for (const secret of ["TEMPAK", "TEMPSK", "TEMPTOKEN", partner.accessKey, partner.secretKey, "ticket-4711"])
      expect(told).not.toContain(secret);
  });

  test("who has another secret key cannot open the stored keys, and gets its own", async () => {
    await start({ accounts: [partner, { ...partner, accessKey: "OTHERAK", secretKey: "OTHERSK" }] });
    await makeReplica(byAgency()).checkCredentials("live");
    const agency = { domainName: "simdomain", name: "tickets", externalId: null };
    const other = {
      kind: "agency" as const,
      ak: new Secret("OTHERAK"),
      sk: new Secret("OTHERSK"),
      domainId: null,
      agency,
    };

    await makeReplica(other).checkCredentials("live");

    expect(count("IamAssumeAgency")).toBe(2);
  });
});

describe("from the server (ECS)", () => {
  const ecs = { kind: "ecs", domainId: null } as const;

  test.each([60, 15])(
    "keys of %i minutes: no request of 24 hours is refused, and nothing is stored",
    async (minutes) => {
      await start({ settings: { temporaryKeyLifetimeMaxMs: minutes * minuteMs } });

      await live24Hours([makeReplica(ecs), makeReplica(ecs)]);

      expect(refusedRequests()).toEqual([]);
      expect(await database.prisma.loginToken.count()).toBe(0);
    },
    120_000,
  );

  test("metadata that wants a token of its own gets one", async () => {
    await start({ settings: { metadataTokenNeeded: true } });

    await makeReplica(ecs).checkCredentials("live");

    expect(count("ServerToken")).toBe(1);
  });

  test("keys that a service refuses are asked for again", async () => {
    await start();
    const client = makeReplica(ecs);
    await client.checkCredentials("live");
    simulator.control.killTokens();

    await client.checkCredentials("live");

    expect(count("ServerKeys")).toBe(2);
  });

  test("a server without an agency is told as that", async () => {
    await start({ serverHasAgency: false });

    await expect(makeReplica(ecs).checkCredentials("live")).rejects.toMatchObject({
      kind: "unauthorized",
      facts: { detail: expect.stringContaining("metadata gives no keys"), remedy: expect.stringContaining("ECS") },
    });
  });

  test("the connection's proxy is not used for it", async () => {
    await start();
    const client = makeHuaweiClient({
      options: {
        endpoint: "https://osm.example.com",
        iamEndpoint: "https://iam.example.com",
        apiVersion: "v2",
        language: "en-us",
        groupIds: [],
        credentials: { kind: "ecs", domainId: "d" },
        proxy: { url: new Secret("http://127.0.0.1:9"), except: [] },
        timeoutMs: 2_000,
      },
      budget: { take: async () => {}, pause: async () => {} },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      clock: { now: () => new Date(nowMs) },
      sleep: () => new Promise(setImmediate),
      metadataOrigin: simulator.url,
    });

    await expect(client.checkCredentials("live")).rejects.toMatchObject({ kind: "unavailable" });

    expect(count("ServerKeys")).toBe(1);
  });
});
