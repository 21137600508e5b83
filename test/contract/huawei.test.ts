/** The Huawei adapter against its simulator, over real HTTP. The simulator refuses whatever no document describes. */
import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type HuaweiSimulator,
  type HuaweiSimulatorOptions,
  startHuaweiSimulator,
} from "../../simulators/huawei/index.ts";
import type { HuaweiConfig } from "../../src/config/config.ts";
import { type CaseFileId, type CaseId, type MessageId, toId } from "../../src/domain/ids.ts";
import { isUnsupported } from "../../src/domain/service-error.ts";
import { type HuaweiClientDeps, makeHuaweiClient } from "../../src/huawei/huawei-client.ts";
import type { HuaweiClientOptions } from "../../src/huawei/options.ts";
import { Secret } from "../../src/lib/secret.ts";
import { whileStanding } from "../../src/lib/standing.ts";
import { makeMemoryTokenStore } from "../../src/lib/token-store.ts";
import { sealOwn } from "../../src/sync/apply/gate.ts";
import type { NewCase, Spool, SpooledFile } from "../../src/sync/ports.ts";
import { unguarded } from "../support/unguarded.ts";

// The configuration must fit the adapter's own type without either knowing the other: the compiler checks it here.
({}) as HuaweiConfig satisfies HuaweiClientOptions;

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const pauses: number[] = [];
const budget = {
  take: async () => {},
  pause: async (pauseMs: number) => {
    pauses.push(pauseMs);
  },
};

let simulator: HuaweiSimulator;
let folder: string;

beforeEach(async () => {
  pauses.length = 0;
  folder = await mkdtemp(join(tmpdir(), "casebridge-huawei-"));
});

afterEach(async () => {
  const refusals = simulator.control.getRefusals();
  await simulator.close();
  await rm(folder, { recursive: true });
  expect(refusals).toEqual([]);
});

async function start(changes: Partial<HuaweiClientOptions> = {}, simulated: HuaweiSimulatorOptions = {}) {
  simulator = await startHuaweiSimulator(simulated);
  return makeClient(simulator.url, changes);
}

function makeClient(url: string, changes: Partial<HuaweiClientOptions> = {}, deps: Partial<HuaweiClientDeps> = {}) {
  const options: HuaweiClientOptions = {
    endpoint: url,
    iamEndpoint: url,
    apiVersion: "v2",
    language: "en-us",
    groupIds: [],
    credentials: {
      kind: "aksk",
      ak: new Secret("SIMAK"),
      sk: new Secret("SIMSK"),
      securityToken: null,
      domainId: "simdomain0000000000000000000001",
    },
    timeoutMs: 5_000,
    ...changes,
  };
  return makeHuaweiClient({ options, budget, log: silent, sleep: () => new Promise(setImmediate), ...deps });
}

const passwordLogin: HuaweiClientOptions["credentials"] = {
  kind: "password",
  username: "simuser",
  password: new Secret("simpass"),
  domainName: "simdomain",
  projectId: "simproject",
};

const plainCase: NewCase = {
  subTypeId: null,
  productId: null,
  problemTypeId: unguarded("bt3001"),
  regionId: null,
  severityId: null,
  extras: [],
  description: unguarded("[OPS-7 @10007] Ann Lee:\nHow do I resize a disk?"),
  fileIds: [],
};

function newCase(input: Parameters<HuaweiSimulator["control"]["createCase"]>[0]): CaseId {
  return toId<CaseId>(simulator.control.createCase(input).caseId);
}

function makeSpool(): Spool {
  return {
    async store(source) {
      const path = join(folder, `spool-${randomBytes(8).toString("hex")}`);
      const hash = createHash("sha256");
      let sizeBytes = 0;
      async function* counted() {
        for await (const chunk of source) {
          hash.update(chunk);
          sizeBytes += chunk.byteLength;
          yield chunk;
        }
      }
      await pipeline(Readable.from(counted()), createWriteStream(path));
      return { path, sizeBytes, sha256: hash.digest("hex") };
    },
    storeText: () => Promise.reject(new Error("not used")),
    remove: (file) => rm(file.path),
  };
}

async function spoolBytes(bytes: Buffer): Promise<SpooledFile> {
  const path = join(folder, "source");
  await writeFile(path, bytes);
  return { path, sizeBytes: (await stat(path)).size, sha256: createHash("sha256").update(bytes).digest("hex") };
}

describe("cases", () => {
  test("a case and its conversation are read as they are", async () => {
    const client = await start();
    const caseId = newCase({
      description: "Disk lost\nsince noon",
      labels: ["prod", "eu west"],
      region: "cn-north-4",
      files: [{ name: "日志.txt", text: "x" }],
      createdAt: "2026-03-01T10:00:00Z",
    });
    simulator.control.addMessage({
      caseId,
      author: "engineer",
      name: "Li",
      content: "Looking",
      createdAt: "2026-03-01T11:00:00Z",
    });

    const detail = await client.getCase(caseId, "live");
    const [summary] = await client.listCases({}, "poll");

    expect(detail).toMatchObject({
      caseId,
      description: "Disk lost\nsince noon",
      createdAt: new Date("2026-03-01T10:00:00Z"),
    });
    expect(
      detail.messages.map((entry) => [entry.authorKind, entry.isFirst, entry.files.map((file) => file.name)]),
    ).toEqual([
      ["customer", true, ["日志.txt"]],
      ["engineer", false, []],
    ]);
    expect(detail.messages[1]).toMatchObject({
      authorName: "Li",
      content: "Looking",
      createdAt: new Date("2026-03-01T11:00:00Z"),
    });
    expect(detail.messages[1]?.messageId).not.toBeNull();
    expect(summary).toMatchObject({
      caseId,
      createdAt: detail.createdAt,
      labels: ["prod", "eu west"],
      status: detail.status,
    });
    expect([...(await client.listCaseLabels(caseId, "poll"))].sort()).toEqual(["eu west", "prod"]);
  });

  test.each(["iso", "iso_ms", "offset", "local", "epoch_ms", "epoch_ms_text"] as const)(
    "times in the form %s mean the same instant",
    async (timeFormat) => {
      const settings = { timeFormat, timeZoneHeader: "heeded", numbersAsText: true, statusAsText: "always" } as const;
      const client = await start({}, { settings });
      const caseId = newCase({ description: "a", createdAt: "2026-03-01T23:59:58Z", status: 17 });

      const [summary] = await client.listCases({}, "poll");
      const detail = await client.getCase(caseId, "poll");

      expect(summary).toMatchObject({ status: 17, createdAt: new Date("2026-03-01T23:59:58Z") });
      expect(detail).toMatchObject({ status: 17, createdAt: new Date("2026-03-01T23:59:58Z") });
    },
  );

  test.each([
    { listShift: 3 },
    { listOrder: "random" as const },
    { listTotalName: "count" as const },
    { numbersForText: true },
  ])("every case of several pages is listed once under %o", async (settings) => {
    const client = await start({}, { settings });
    const caseIds = Array.from({ length: 250 }, (_, index) => newCase({ description: `case ${index}` }));

    const listed = await client.listCases({ status: 0 }, "poll");

    const ids = listed.map((summary) => summary.caseId);
    expect(new Set(ids).size).toBe(ids.length);
    // A random order can hide some from every reading; a steady one must not.
    if (settings.listOrder === undefined && settings.listShift === undefined)
      expect(new Set(ids)).toEqual(new Set(caseIds));
    else expect(ids.length).toBeGreaterThan(230);
  });

  test("cases of the group are reached with the group's id", async () => {
    const client = await start({ groupIds: ["simgroup"] });
    const caseId = newCase({
      description: "of a colleague",
      groupId: "simgroup",
      files: [{ name: "a.txt", text: "abc" }],
    });

    const detail = await client.getCase(caseId, "live");
    await client.createMessage(caseId, sealOwn({ content: unguarded("hello"), fileIds: [] }), "live");
    await client.performAction(caseId, "press", sealOwn(unguarded("")), "live");

    expect((await client.listCases({}, "poll")).map((summary) => summary.caseId)).toContain(caseId);
    expect(await client.listMessages(caseId, "poll")).toHaveLength(2);
    const fileId = detail.messages[0]?.files[0]?.fileId ?? toId<CaseFileId>("none");
    expect((await client.downloadFile(fileId, makeSpool(), 100, "live")).sizeBytes).toBe(3);
  });

  test("a missing case is not_found in both error styles", async () => {
    const client = await start();

    const modern = client.getCase(toId<CaseId>("TT404"), "live");
    await expect(modern).rejects.toMatchObject({
      kind: "not_found",
      facts: { code: "OSM.01010015", outcomeUnknown: false },
    });
    simulator.control.setSettings({ errorStyle: "http4xx" });
    await expect(client.getCase(toId<CaseId>("TT404"), "live")).rejects.toMatchObject({ kind: "not_found" });
  });
});

describe("messages", () => {
  test.each([
    { emptyBodyOnWrite: true },
    { successErrorCode: "0" as const },
    { successErrorCode: "OSM.00000000" as const },
    { successErrorCode: "" as const },
  ])("a message is added when the success looks like %o", async (settings) => {
    const client = await start({}, { settings });
    const caseId = newCase({ description: "a", status: 1 });

    await client.createMessage(
      caseId,
      sealOwn({ content: unguarded("[OPS-1#5] Ann:\n你好 😀 \u2028"), fileIds: [] }),
      "live",
    );

    const messages = simulator.control.getState().cases[0]?.messages ?? [];
    expect(messages.at(-1)).toMatchObject({ content: "[OPS-1#5] Ann:\n你好 😀 \u2028", via: "api" });
  });

  test.each(["oldest", "newest", "random"] as const)(
    "a long conversation listed %s first comes in order of time",
    async (messageOrder) => {
      const client = await start({}, { settings: { messageOrder, detailMessageOrder: messageOrder } });
      const caseId = newCase({ description: "a", createdAt: "2026-03-01T10:00:00Z" });
      const start0 = Date.parse("2026-03-01T10:00:00Z");
      for (let index = 1; index <= 230; index += 1) {
        simulator.control.addMessage({
          caseId,
          author: "engineer",
          content: `m${index}`,
          createdAt: start0 + index * 1000,
        });
      }

      const listed = await client.listMessages(caseId, "check");
      const detail = await client.getCase(caseId, "check");

      if (messageOrder !== "random") {
        expect(listed.slice(1).map((entry) => entry.content)).toEqual(
          Array.from({ length: 230 }, (_, index) => `m${index + 1}`),
        );
      }
      expect(detail.messages.map((entry) => entry.createdAt.getTime())).toEqual(
        detail.messages.map((entry) => entry.createdAt.getTime()).sort((left, right) => left - right),
      );
      expect(listed.every((entry) => entry.messageId === null)).toBe(true);
    },
  );

  test("news of watched cases come with a cursor that goes on from there", async () => {
    const client = await start({}, { settings: { cursorInclusive: false } });
    const caseIds = [newCase({ description: "a" }), newCase({ description: "b" })];
    const first = await client.listInstantMessages(caseIds, null, "poll");
    simulator.control.advanceClock({ ms: 5_000 });
    simulator.control.addMessage({
      caseId: caseIds[1] ?? "",
      author: "partner",
      content: "<b>new</b>",
      replierType: 3,
    });

    const second = await client.listInstantMessages(caseIds, first.cursor, "poll");

    expect(first.cursor).not.toBeNull();
    expect(second.groups.filter((entry) => entry.messages.length > 0)).toMatchObject([
      { caseId: caseIds[1], messages: [{ content: "<b>new</b>", authorKind: "unknown" }] },
    ]);
    await expect(client.listInstantMessages(Array(101).fill(caseIds[0]), null, "poll")).rejects.toThrow(RangeError);
  });

  // No limit of an answer is documented; whatever it is, nothing may wait behind it.
  test.each([
    { instantMessagesMax: 10, cursorInclusive: false, expectedCalls: 4 },
    { instantMessagesMax: 10, cursorInclusive: true, expectedCalls: 4 },
    { instantMessagesMax: 50, cursorInclusive: true, expectedCalls: 2 },
    { instantMessagesMax: 0, cursorInclusive: false, expectedCalls: 2 },
  ])("news is told whole where an answer is cut: %j", async ({ expectedCalls, ...cut }) => {
    const client = await start({}, { settings: cut });
    const caseIds = [newCase({ description: "a" }), newCase({ description: "b" })];
    const first = await client.listInstantMessages(caseIds, null, "poll");
    const wanted = Array.from({ length: 31 }, (_, at) => `news ${at % 29}`);
    for (const [at, content] of wanted.entries()) {
      simulator.control.advanceClock({ ms: 1_000 });
      simulator.control.addMessage({ caseId: caseIds[at % 2] ?? "", author: "engineer", content });
    }
    const countCalls = () => simulator.control.getRequests().byOperation.ListNewInstantMessages ?? 0;
    const before = countCalls();

    const { groups } = await client.listInstantMessages(caseIds, first.cursor, "poll");

    const told = groups.flatMap(({ messages }) => messages.filter(({ isFirst }) => !isFirst));
    expect(told.map(({ content }) => content).sort()).toEqual([...wanted].sort());
    expect(countCalls() - before).toBe(expectedCalls);
  });

  test("an own message is withdrawn by its id", async () => {
    const client = await start();
    const caseId = newCase({ description: "a", status: 1 });
    await client.createMessage(caseId, sealOwn({ content: unguarded("oops"), fileIds: [] }), "live");
    const messageId = (await client.getCase(caseId, "live")).messages.at(-1)?.messageId ?? toId<MessageId>("none");

    await client.withdrawMessage(caseId, messageId, "live");

    expect(simulator.control.getState().cases[0]?.messages.at(-1)?.withdrawn).toBe(true);
  });
});

describe("actions", () => {
  test("urging twice is refused with the code that tells it from other refusals", async () => {
    const client = await start();
    const caseId = newCase({ description: "a" });
    const urge = () => client.performAction(caseId, "press", sealOwn(unguarded(`${"x".repeat(399)}😀`)), "live");
    await urge();

    await expect(urge()).rejects.toMatchObject({
      kind: "rejected",
      facts: { code: "OSM.01010004", outcomeUnknown: false },
    });
    await client.performAction(caseId, "cancel", sealOwn(unguarded("")), "live");
    expect(simulator.control.getState().cases[0]?.status).toBe(4);
  });
});

describe("files", () => {
  test.each([0, 1, 70_000, 3_000_000])("a file of %i bytes comes back with the same bytes", async (sizeBytes) => {
    const client = await start();
    const caseId = newCase({ description: "a", status: 1 });
    const file = await spoolBytes(randomBytes(sizeBytes));

    const name = unguarded('q"uote 截图\u202e.txt');
    const fileId = await client.uploadFile(sealOwn({ file, name, purpose: "message" }), "live");
    await client.createMessage(caseId, sealOwn({ content: unguarded("see file"), fileIds: [fileId] }), "live");
    const read = await client.downloadFile(fileId, makeSpool(), 12_000_000, "live");

    expect(read).toMatchObject({ sizeBytes, sha256: file.sha256 });
    expect((await readFile(read.path)).length).toBe(sizeBytes);
    expect((await client.getCase(caseId, "live")).messages.at(-1)?.files).toEqual([{ fileId, name }]);
  });

  test("limits are read whichever way their numbers are written", async () => {
    const client = await start({}, { settings: { numbersForText: true } });

    const limits = await client.getFileLimits("live");

    expect(limits).toMatchObject({ countMax: 5, sizeMaxBytes: 4 * 1024 * 1024 });
    expect(limits.extensions).toContain("txt");
  });

  test("limits are asked again when they are too old for the caller, or a file was refused", async () => {
    const client = await start();
    const asked = () => simulator.control.getRequests().byOperation.ShowAccessoryLimits ?? 0;
    const first = await client.getFileLimits("live");
    simulator.control.setSettings({ accessoryLimitSizeMb: 1 });
    const kept = await client.getFileLimits("live", 60_000);
    const fresh = await client.getFileLimits("live");
    simulator.control.setSettings({ accessoryLimitSizeMb: 2, accessoryFileTypes: "txt" });
    const file = await spoolBytes(randomBytes(10));
    const upload = client.uploadFile(sealOwn({ file, name: unguarded("tool.exe"), purpose: "message" }), "live");
    await expect(upload).rejects.toMatchObject({ kind: "rejected" });
    const after = await client.getFileLimits("live", 60_000);

    expect(kept).toEqual(first);
    expect([fresh.sizeMaxBytes, after.sizeMaxBytes]).toEqual([1024 * 1024, 2 * 1024 * 1024]);
    expect(asked()).toBe(3);
  });

  test("a download that breaks in its middle is read again", async () => {
    const client = await start();
    const caseId = newCase({ description: "a", files: [{ name: "a.log", sizeBytes: 50_000 }] });
    const fileId = (await client.getCase(caseId, "live")).messages[0]?.files[0]?.fileId ?? toId<CaseFileId>("none");
    simulator.control.addFault({ operation: "DownloadAccessories", kind: "truncate", times: 1 });

    const read = await client.downloadFile(fileId, makeSpool(), 100_000, "live");

    expect(read.sizeBytes).toBe(50_000);
  });

  test("an error inside HTTP 200 is not stored as a file", async () => {
    const client = await start();

    const download = client.downloadFile(toId<CaseFileId>("nosuchfile"), makeSpool(), 100, "live");

    await expect(download).rejects.toMatchObject({ name: "ServiceError" });
  });
});

describe("failures", () => {
  test.each([
    ["500_before", "unavailable"],
    ["500_after", "unavailable"],
    ["502_before", "unavailable"],
    ["504_after", "unavailable"],
    ["reset_before", "unavailable"],
    ["reset_after", "unavailable"],
    ["hang_after", "unavailable"],
    ["garbage", "contract"],
    ["garbage_json", "contract"],
  ] as const)("a write answered by %s is sent once and its outcome unknown", async (kind, expected) => {
    const client = await start({ timeoutMs: 400 });
    const caseId = newCase({ description: "a", status: 1 });
    simulator.control.setSettings({ successErrorCode: "0" });
    simulator.control.addFault({ operation: "CreateMessages", kind, times: 1 });

    const write = client.createMessage(caseId, sealOwn({ content: unguarded("once"), fileIds: [] }), "live");

    await expect(write).rejects.toMatchObject({ kind: expected, facts: { outcomeUnknown: true, side: "huawei" } });
    expect(simulator.control.getRequests().byOperation.CreateMessages).toBe(1);
  });

  test.each(["reset_before", "502_before", "503_before", "504_after", "truncate"] as const)(
    "a read answered by %s twice succeeds the third time",
    async (kind) => {
      const client = await start();
      const caseId = newCase({ description: "a" });
      simulator.control.addFault({ operation: "ShowCaseDetail", kind, times: 2 });

      expect((await client.getCase(caseId, "live")).caseId).toBe(caseId);
    },
  );

  test("throttling pauses the budget and repeats even a write", async () => {
    const client = await start();
    const caseId = newCase({ description: "a", status: 1 });
    simulator.control.addFault({ operation: "CreateMessages", kind: "429", times: 2, retryAfterSeconds: 3 });

    await client.createMessage(caseId, sealOwn({ content: unguarded("once"), fileIds: [] }), "live");

    expect(pauses).toEqual([3_000, 3_000]);
  });

  test("lasting throttling is given up as rate_limited with growing pauses", async () => {
    const client = await start();
    simulator.control.addFault({ kind: "429" });

    await expect(client.listCases({}, "poll")).rejects.toMatchObject({ kind: "rate_limited" });

    expect(pauses).toHaveLength(5);
    expect(pauses[4]).toBeGreaterThan(pauses[0] ?? 0);
  });

  test("a wrong secret key is unauthorized, and the service's clock can be read all the same", async () => {
    const credentials = {
      kind: "aksk" as const,
      ak: new Secret("SIMAK"),
      sk: new Secret("wrong"),
      securityToken: null,
      domainId: null,
    };
    const client = await start({ credentials });

    await expect(client.checkCredentials("live")).rejects.toMatchObject({
      kind: "unauthorized",
      facts: { code: "APIGW.0301" },
    });
    expect(Math.abs((await client.serverTime("live")).getTime() - Date.now())).toBeLessThan(5_000);
  });
});

describe("login", () => {
  test("temporary keys send their security token", async () => {
    const credentials = {
      kind: "aksk" as const,
      ak: new Secret("SIMAK"),
      sk: new Secret("SIMSK"),
      securityToken: new Secret("SIMTOKEN"),
      domainId: null,
    };
    const client = await start({ credentials }, { securityToken: "SIMTOKEN" });

    await client.checkCredentials("live");
  });

  test("one token serves many calls at once", async () => {
    const client = await start({ credentials: passwordLogin });

    await Promise.all([client.listCases({}, "poll"), client.getFileLimits("live"), client.listRegions("live")]);

    expect(simulator.control.getRequests().byOperation.IamCreateToken).toBe(1);
  });

  test.each(["gateway", "osm401", "osm200"] as const)(
    "a token that died early (%s) is renewed once, even for a write",
    async (deadTokenStyle) => {
      const client = await start({ credentials: passwordLogin }, { settings: { deadTokenStyle } });
      const caseId = newCase({ description: "a", status: 1 });
      await client.getCase(caseId, "live");
      simulator.control.killTokens();

      await client.createMessage(caseId, sealOwn({ content: unguarded("hello"), fileIds: [] }), "live");

      expect(simulator.control.getRequests().byOperation.IamCreateToken).toBe(2);
      expect(simulator.control.getState().cases[0]?.messages).toHaveLength(2);
    },
  );

  test("a lasting 401 is unauthorized after one new token", async () => {
    const client = await start({ credentials: passwordLogin });
    simulator.control.addFault({ operation: "ListCases", kind: "401" });

    await expect(client.listCases({}, "poll")).rejects.toMatchObject({ kind: "unauthorized" });

    expect(simulator.control.getRequests().byOperation.IamCreateToken).toBe(2);
  });

  test("a wrong password is unauthorized", async () => {
    const client = await start({ credentials: { ...passwordLogin, password: new Secret("wrong") } });

    await expect(client.checkCredentials("live")).rejects.toMatchObject({
      kind: "unauthorized",
      facts: { operation: "login" },
    });
  });
});

describe("look-ups", () => {
  test("every look-up answers with ids and names", async () => {
    const client = await start();
    newCase({ description: "a", labels: ["prod"] });

    const categories = await client.listCategories("check");
    const productId = unguarded(categories[0]?.products[0]?.id ?? "");
    const types = await client.listProblemTypes({ productId, subTypeId: unguarded(categories[0]?.id ?? "") }, "check");
    const problemTypeId = unguarded(types.find((type) => type.canUseSupportPlan)?.id ?? "");

    expect(productId).not.toBe("");
    expect(types[0]).toMatchObject({ caseType: expect.stringMatching(/^[05]$/) });
    expect((await client.listRegions("check")).map((region) => region.id)).toContain("cn-north-4");
    expect(await client.listSeverities({ productId, problemTypeId }, "check")).toMatchObject({ shown: true });
    expect(await client.listTemplates(problemTypeId, "check")).toBeInstanceOf(Array);
    expect(await client.listLabels("check")).toMatchObject([{ name: "prod" }]);
    expect(await client.listQuotas({ problemTypeId, productId: null }, "check")).toMatchObject({
      total: expect.any(Number),
    });
    expect(await client.getAgreementSigned("check")).toBe(true);
    expect(await client.listPrivileges("check")).toMatchObject({ createCase: expect.any(Boolean) });
    expect(await client.getProjectIds("check")).toMatchObject([{ id: "simproject" }]);
  });

  test("access requests are read with their end", async () => {
    const client = await start();
    const caseId = newCase({ description: "a" });
    const { authorizationId } = simulator.control.createAuthorization({
      caseId,
      describe: "log in to vm1",
      expireAt: "2026-03-02T00:00:00Z",
    });

    const requests = await client.listAccessRequests("poll");

    expect(requests).toMatchObject([
      { authorizationId, caseId, summary: "log in to vm1", expiresAt: new Date("2026-03-02T00:00:00Z") },
    ]);
  });
});

describe("new cases", () => {
  const input: NewCase = {
    subTypeId: unguarded("st1001"),
    productId: unguarded("pc2002"),
    problemTypeId: unguarded("bt3004"),
    regionId: unguarded("cn-north-4"),
    severityId: null,
    extras: [{ id: unguarded("bucket_name"), value: unguarded("logs") }],
    description: unguarded("[OPS-7 @10007] Ann Lee:\nUploads fail"),
    fileIds: [],
  };

  test("a case is made with all its fields and answers its id", async () => {
    const client = await start();
    const file = await spoolBytes(Buffer.from("trace"));
    const fileId = await client.uploadFile(
      sealOwn({ file, name: unguarded("trace.txt"), purpose: "incident" }),
      "live",
    );

    const caseId = await client.createCase(sealOwn({ ...input, fileIds: [fileId] }), "live");

    const entry = simulator.control.getState().cases.find((candidate) => candidate.caseId === caseId);
    expect(entry).toMatchObject({ description: input.description, productId: "pc2002", regionId: "cn-north-4" });
    expect(entry?.messages[0]?.accessories).toMatchObject([{ name: "trace.txt" }]);
    const found = await client.listCases({ createdFrom: new Date(Date.now() - 60_000) }, "live");
    expect(found.map((one) => [one.caseId, one.description])).toEqual([[caseId, input.description]]);
  });

  test("a lost answer leaves the outcome unknown, and the mark finds the case", async () => {
    const client = await start();
    simulator.control.addFault({ operation: "CreateCases", kind: "reset_after", times: 1 });

    const error = await client.createCase(sealOwn(input), "live").catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ facts: { kind: "unavailable", outcomeUnknown: true } });
    const found = await client.listCases({ createdFrom: new Date(Date.now() - 60_000) }, "live");
    expect(found.map((one) => one.description)).toEqual([input.description]);
  });

  test("a refusal names the code, and a text that is too long is not sent", async () => {
    const client = await start();

    const refusal = await client
      .createCase(sealOwn({ ...input, problemTypeId: unguarded("bt9999") }), "live")
      .catch((thrown) => thrown);
    const long = await client
      .createCase(sealOwn({ ...input, description: unguarded("x".repeat(1201)) }), "live")
      .catch((thrown) => thrown);

    expect(refusal).toMatchObject({ facts: { kind: "rejected", code: "OSM.01010001", outcomeUnknown: false } });
    expect(long).toMatchObject({ facts: { kind: "rejected", status: null, outcomeUnknown: false } });
    expect(simulator.control.getState().cases).toEqual([]);
  });

  test("extra parameters of a problem type are told", async () => {
    const client = await start();

    const filter = { problemTypeId: unguarded("bt3004"), productId: null, subTypeId: null };
    const parameters = await client.listExtraParameters(filter, "live");

    expect(parameters).toMatchObject([{ id: "bucket_name", required: true, lengthMax: 63 }]);
  });

  test("a write whose turn came too late sends nothing and costs nothing", async () => {
    const client = await start();

    const error = await whileStanding({ mayStart: () => false, mayGoOn: () => false }, () =>
      client.createCase(sealOwn(input), "live"),
    ).catch((thrown) => thrown);

    expect(error).toMatchObject({ facts: { kind: "rate_limited", code: "NOT_STARTED", outcomeUnknown: false } });
    expect(simulator.control.getRequests().writes).toBe(0);
    expect(pauses).toEqual([]);
  });
});

describe("after a case", () => {
  test("a completed case is rated, an unused upload removed", async () => {
    const client = await start();
    const caseId = newCase({ description: "Slow disk", status: 3 });
    const file = await spoolBytes(Buffer.from("x"));
    const fileId = await client.uploadFile(sealOwn({ file, name: unguarded("x.txt"), purpose: "message" }), "live");

    await client.rateCase(caseId, sealOwn({ stars: 4, text: unguarded("Good help") }), "live");
    await client.deleteUpload(fileId, "live");

    const [entry] = simulator.control.getState().cases;
    expect(entry?.judgement).toBe("Good help");
    await expect(client.downloadFile(fileId, makeSpool(), 10, "live")).rejects.toMatchObject({ kind: "rejected" });
  });

  test("related cases are listed; with a user group they and withdrawing are not offered", async () => {
    const client = await start();
    const caseId = newCase({ description: "One" });
    expect(await client.listRelatedCases(caseId, "check")).toEqual([]);
    expect(client.capabilities.has("withdraw")).toBe(true);
    const { url } = simulator;

    const grouped = makeClient(url, { groupIds: ["simgroup"] });

    expect(grouped.capabilities.has("withdraw")).toBe(false);
    await expect(grouped.listRelatedCases(caseId, "check")).rejects.toSatisfy(isUnsupported);
    await expect(grouped.withdrawMessage(caseId, toId<MessageId>("m1"), "live")).rejects.toSatisfy(isUnsupported);
  });
});

describe.each(["v2", "v1.0"] as const)("API %s", (apiVersion) => {
  describe.each(["key pair", "login"] as const)("with a %s", (way) => {
    const changes: Partial<HuaweiClientOptions> = {
      apiVersion,
      ...(way === "login" ? { credentials: passwordLogin } : {}),
    };

    test("cases and conversations are read as they are", async () => {
      const client = await start(changes);
      const caseId = newCase({ description: "Disk lost", region: "cn-north-4", files: [{ name: "a.txt", text: "x" }] });
      newCase({ description: "Other", status: 3 });
      simulator.control.addMessage({
        caseId,
        author: "engineer",
        name: "Wang Wei",
        content: "Which disk?",
        files: [{ name: "steps.txt", text: "one" }],
      });
      simulator.control.addMessage({ caseId, author: "customer", content: "The second" });

      const open = await client.listCases({ status: 0 }, "poll");
      const detail = await client.getCase(caseId, "poll");

      expect(open.map((entry) => entry.caseId)).toEqual([caseId]);
      expect(detail).toMatchObject({ caseId, status: 0, description: "Disk lost", regionName: "CN North-Beijing4" });
      expect(detail.messages.map(({ authorKind, content, isFirst }) => [authorKind, content, isFirst])).toEqual([
        ["customer", "Disk lost", true],
        ["engineer", "Which disk?", false],
        ["customer", "The second", false],
      ]);
      expect(detail.messages.map(({ files }) => files.map((file) => file.name))).toEqual([
        ["a.txt"],
        ["steps.txt"],
        [],
      ]);
      const fileId = detail.messages[1]?.files[0]?.fileId ?? toId<CaseFileId>("");
      const file = await client.downloadFile(fileId, makeSpool(), 100, "poll");
      expect(await readFile(file.path, "utf8")).toBe("one");
    });

    test("messages, files, actions and ratings arrive", async () => {
      const client = await start(changes);
      const caseId = newCase({ description: "Disk lost", status: 2 });
      const file = await spoolBytes(Buffer.from("trace"));

      const fileId = await client.uploadFile(
        sealOwn({ file, name: unguarded("日志.txt"), purpose: "message" }),
        "live",
      );
      await client.createMessage(caseId, sealOwn({ content: unguarded("See the log"), fileIds: [fileId] }), "live");
      await client.performAction(caseId, "close", sealOwn(unguarded("[OPS-1#7] done")), "live");
      await client.rateCase(caseId, sealOwn({ stars: 5, text: unguarded("Quick") }), "live");

      const [entry] = simulator.control.getState().cases;
      expect(entry).toMatchObject({ status: 3, judgement: "Quick" });
      const sent = entry?.messages.at(-1);
      expect(sent).toMatchObject({ content: "See the log", via: "api", accessories: [{ name: "日志.txt" }] });
      expect(sent?.accessories[0]?.sha256).toBe(file.sha256);
    });

    test("a case is made, answers its id, and is found by its mark", async () => {
      const client = await start(changes);
      const description = unguarded("[PLATFORM-1234 @10007] Ann Lee:\nUploads fail");

      const caseId = await client.createCase(sealOwn({ ...plainCase, description }), "live");

      expect(simulator.control.getState().cases).toMatchObject([{ caseId, description, problemTypeId: "bt3001" }]);
      const query = { text: "[PLATFORM-1234 @10007]", createdFrom: new Date(Date.now() - 60_000) };
      expect((await client.listCases(query, "live")).map((entry) => entry.caseId)).toEqual([caseId]);
    });

    test("news of watched cases is told once it is there", async () => {
      const client = await start(changes);
      const quiet = newCase({ description: "Quiet", createdAt: "2026-01-01T00:00:00Z" });
      const busy = newCase({ description: "Busy", createdAt: "2026-01-01T00:00:00Z" });
      const before = await client.listInstantMessages([quiet, busy], null, "poll");
      simulator.control.addMessage({ caseId: busy, author: "engineer", content: "Hello" });

      const after = await client.listInstantMessages([quiet, busy], before.cursor, "poll");

      // Older ones may be told again; the flows know them.
      const news = after.groups.filter((group) => group.messages.some((message) => message.content === "Hello"));
      expect(news.map((group) => group.caseId)).toEqual([busy]);
      expect(news[0]?.messages.at(-1)).toMatchObject({ content: "Hello", authorKind: "engineer" });
    });

    test("the ids that a new case is made of are listed", async () => {
      const client = await start(changes);

      const categories = await client.listCategories("check");
      const types = await client.listProblemTypes({ productId: unguarded("pc2001"), subTypeId: null }, "check");

      expect(categories[0]?.products[0]).toEqual({ id: "pc2001", name: "Elastic Cloud Server" });
      expect(types.map((type) => type.id)).toEqual(["bt3001", "bt3002"]);
      expect(await client.listTemplates(unguarded("bt3001"), "check")).toMatchObject([
        { content: "Description:\nExpected result:" },
      ]);
      expect((await client.listRegions("check")).map((region) => region.id)).toContain("cn-north-4");
      await expect(client.checkCredentials("check")).resolves.toBeUndefined();
      expect(Math.abs((await client.serverTime("check")).getTime() - Date.now())).toBeLessThan(5_000);
    });
  });
});

describe("the historical API v1.0", () => {
  test("what it lacks is told beforehand and refused without a request", async () => {
    const client = await start({ apiVersion: "v1.0" });
    const caseId = toId<CaseId>("TT1");

    expect([...client.capabilities]).toEqual([]);
    for (const call of [
      () => client.withdrawMessage(caseId, toId<MessageId>("m"), "live"),
      () => client.listRelatedCases(caseId, "check"),
      () => client.listLabels("check"),
      () => client.getAgreementSigned("check"),
      () => client.createCase(sealOwn({ ...plainCase, severityId: unguarded("sv4001") }), "live"),
    ])
      await expect(call()).rejects.toSatisfy(isUnsupported);
    expect(await client.listCaseLabels(caseId, "check")).toEqual([]);
    expect(await client.listAccessRequests("check")).toEqual([]);
    expect(await client.getFileLimits("check")).toMatchObject({ newCaseCountMax: 1, sizeMaxBytes: 2_097_152 });
    expect(simulator.control.getRequests().total).toBe(0);
  });

  test("a made case that no list shows yet has an unknown outcome", async () => {
    const client = await start({ apiVersion: "v1.0" });
    simulator.control.addFault({ operation: "V1ListCases", kind: "502_before" });

    const error = await client.createCase(sealOwn(plainCase), "live").catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ facts: { operation: "createCase", outcomeUnknown: true } });
    expect(simulator.control.getState().cases).toHaveLength(1);
  });

  test("all pages of a long list are read", async () => {
    const client = await start({ apiVersion: "v1.0" });
    const made = Array.from({ length: 203 }, (_, index) => newCase({ description: `Case ${index}` }));

    const listed = await client.listCases({}, "import");

    expect(new Set(listed.map((entry) => entry.caseId))).toEqual(new Set(made));
  });
});

describe("a shared login token", () => {
  const counted = (operation: string) =>
    simulator.control.getRequests().log.filter((entry) => entry.operation === operation).length;

  test("is asked for once by many clients, and renewed once when it died", async () => {
    simulator = await startHuaweiSimulator();
    const tokens = makeMemoryTokenStore();
    const clients = Array.from({ length: 4 }, () =>
      makeClient(simulator.url, { credentials: passwordLogin }, { tokens }),
    );

    await Promise.all(clients.map((client) => client.checkCredentials("live")));
    expect(counted("IamCreateToken")).toBe(1);
    simulator.control.killTokens();
    await Promise.all(clients.map((client) => client.checkCredentials("live")));

    expect(counted("IamCreateToken")).toBe(2);
    const stored = await tokens.find();
    expect(Buffer.from(stored?.sealed ?? []).toString("latin1")).not.toContain("SIMTOKEN");
  });

  test("is renewed early, and used on while IAM is away", async () => {
    let now = Date.now();
    const clock = { now: () => new Date(now) };
    simulator = await startHuaweiSimulator();
    const client = makeClient(simulator.url, { credentials: passwordLogin }, { clock });
    await client.checkCredentials("live");
    simulator.control.addFault({ operation: "IamCreateToken", kind: "503_before", times: 1 });

    now += 23.2 * 3_600_000;
    await client.checkCredentials("live");
    now += 10_000;
    await client.checkCredentials("live");

    expect(counted("IamCreateToken")).toBe(3);
  });

  test("finds its project where a token needs one and none is named", async () => {
    const settings = { tokenRights: "project" } as const;
    const client = await start({ credentials: { ...passwordLogin, projectId: null } }, { settings });

    await client.checkCredentials("live");

    expect(counted("IamListAuthProjects")).toBe(1);
    expect(counted("IamCreateToken")).toBe(3);
  });

  test("is not asked for again at once after a refusal", async () => {
    const client = await start({ credentials: { ...passwordLogin, password: new Secret("wrong") } });

    for (let tries = 0; tries < 3; tries += 1)
      await expect(client.checkCredentials("live")).rejects.toMatchObject({ kind: "unauthorized" });

    expect(counted("IamCreateToken")).toBe(1);
  });
});

test("temporary keys sign with their security token", async () => {
  simulator = await startHuaweiSimulator({
    accounts: [{ accessKey: "TEMPAK", secretKey: "TEMPSK", domainId: "tempdomain", securityToken: "TEMPTOKEN" }],
  });
  const keys = { kind: "aksk", ak: new Secret("TEMPAK"), sk: new Secret("TEMPSK"), domainId: "tempdomain" } as const;

  const right = makeClient(simulator.url, { credentials: { ...keys, securityToken: new Secret("TEMPTOKEN") } });
  const wrong = makeClient(simulator.url, { credentials: { ...keys, securityToken: null } });

  await expect(right.checkCredentials("live")).resolves.toBeUndefined();
  await expect(wrong.checkCredentials("live")).rejects.toMatchObject({ kind: "unauthorized" });
});
