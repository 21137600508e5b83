/** What a service does that the simulator does not: every error code, broken shapes, cut connections, moving lists. */

import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import { unguarded } from "../../test/support/unguarded.ts";
import { type CaseFileId, type CaseId, toId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { ServiceError } from "../domain/service-error.ts";
import { type GuardedText, ownWords } from "../domain/text/guarded.ts";
import { Sealed } from "../lib/sealed.ts";
import { Secret } from "../lib/secret.ts";
import { sealOwn } from "../sync/apply/gate.ts";
import type { CaseLookupPort, HuaweiPort, Spool, SpooledFile } from "../sync/ports.ts";
import { errorCodes } from "./error-codes.ts";
import { makeHuaweiClient } from "./huawei-client.ts";
import type { HuaweiClientOptions } from "./options.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

const servers: Server[] = [];
const pauses: number[] = [];
const warnings: Record<string, unknown>[] = [];
let taken = 0;

afterEach(async () => {
  pauses.length = 0;
  warnings.length = 0;
  taken = 0;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function start(answer: Answer, changes: Partial<HuaweiClientOptions> = {}, now = () => new Date()) {
  const server = createServer((request, response) => answer(request, response, new URL(request.url ?? "", "http://x")));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return makeClient({ endpoint, iamEndpoint: endpoint, ...changes }, now);
}

function makeClient(changes: Partial<HuaweiClientOptions>, now = () => new Date()) {
  const options: HuaweiClientOptions = {
    endpoint: "",
    iamEndpoint: "",
    apiVersion: "v2",
    language: "en-us",
    groupIds: [],
    credentials: { kind: "aksk", ak: new Secret("AK"), sk: new Secret("SK"), securityToken: null, domainId: "domain1" },
    timeoutMs: 3_000,
    ...changes,
  };
  const budget = {
    take: async () => {
      taken += 1;
    },
    pause: async (pauseMs: number) => {
      pauses.push(pauseMs);
    },
  };
  const log = { debug() {}, info() {}, warn: (fields: Record<string, unknown>) => warnings.push(fields), error() {} };
  return makeHuaweiClient({ options, budget, log, clock: { now }, sleep: async () => {}, random: () => 0.5 });
}

function reply(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

async function errorOf(promise: Promise<unknown>): Promise<ServiceError> {
  const error = await promise.then(
    () => new Error("resolved"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ServiceError)) throw error;
  return error;
}

const caseId = toId<CaseId>("TT1");
const message = sealOwn({ content: unguarded("SECRET-CONTENT"), fileIds: [] });

describe("errors", () => {
  test.each(errorCodes.filter((row) => !row.code.endsWith("xx")))("$code with status $status is $kind", async (row) => {
    const client = await start(
      reply(row.status, { error_code: row.code, error_msg: "about SECRET-CONTENT", request_id: "r1" }),
    );

    const error = await errorOf(client.createMessage(caseId, message, "live"));

    expect(error.facts).toMatchObject({
      kind: row.kind,
      code: row.code,
      status: row.status,
      requestId: "r1",
      side: "huawei",
    });
    expect(error.facts.outcomeUnknown).toBe(row.kind === "unavailable");
    expect(JSON.stringify(error.facts) + error.message).not.toContain("SECRET");
  });

  test.each([
    [200, { error_code: "OSM.01010033" }, "rejected", false],
    [200, { error_code: "XYZ.7" }, "contract", true],
    [200, "<html>login</html>", "contract", true],
    [200, '{"error_code":', "contract", true],
    [302, "", "contract", false],
    [400, "", "rejected", false],
    [401, "<html>", "unauthorized", false],
    [403, { error: { code: "IAM.0011", message: "x" } }, "forbidden", false],
    [404, "", "not_found", false],
    [404, {}, "not_found", false],
    [404, "<html>nginx</html>", "contract", false],
    [408, "", "unavailable", true],
    [413, "", "rejected", false],
    [502, "<html>", "unavailable", true],
  ] as const)("a write answered %i %j is %s, outcome unknown: %s", async (status, body, kind, outcomeUnknown) => {
    const client = await start(reply(status, body));

    const error = await errorOf(client.createMessage(caseId, message, "live"));

    expect(error.facts).toMatchObject({ kind, status, outcomeUnknown });
  });

  test.each([
    "",
    "{}",
    '{"error_code":null}',
    '{"error_code":""}',
    '{"error_code":0}',
    '{"error_code":"OSM.0"}',
    '{"error_code":"OSM.00000000","error_msg":"ok"}',
  ])("a write answered 200 %j has succeeded", async (body) => {
    const client = await start(reply(200, body));

    await client.createMessage(caseId, message, "live");

    expect(taken).toBe(1);
  });

  test("a refused connection leaves no doubt about a write", async () => {
    const client = await start(reply(200, {}));
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));

    const error = await errorOf(client.createMessage(caseId, message, "live"));

    expect(error.facts).toMatchObject({ kind: "unavailable", status: null, outcomeUnknown: false });
    expect(error.facts.detail).toContain("ECONNREFUSED");
  });

  test("a write whose answer is cut off has an unknown outcome", async () => {
    const client = await start((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"error_code":', () => response.destroy());
    });

    const error = await errorOf(client.createMessage(caseId, message, "live"));

    expect(error.facts).toMatchObject({ kind: "unavailable", outcomeUnknown: true });
  });

  test("an answer that never ends is given up in time", async () => {
    const client = await start(
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write("{");
      },
      { timeoutMs: 100 },
    );

    const error = await errorOf(client.createMessage(caseId, message, "live"));

    expect(error.facts).toMatchObject({ kind: "unavailable", outcomeUnknown: true });
    expect(error.facts.detail).toContain("100 ms");
  });

  test("a Retry-After date is honoured, and a long one is not waited for", async () => {
    const at = new Date(Date.now() + 3_600_000).toUTCString();
    const client = await start(reply(429, { error_code: "APIGW.0308" }, { "retry-after": at }));

    const error = await errorOf(client.listCases({}, "poll"));

    expect(error.kind).toBe("rate_limited");
    expect(error.facts.retryAfterMs).toBeGreaterThan(3_500_000);
    expect(pauses).toHaveLength(1);
    expect(taken).toBe(1);
  });

  test.each(["0", "Thu, 01 Jan 2025 00:00:00 GMT", "86400", "99999999999"])(
    "a Retry-After of %s is no hint: the own pauses grow",
    async (hint) => {
      const client = await start(reply(429, "", { "retry-after": hint }));

      await errorOf(client.createMessage(caseId, message, "live"));

      expect(taken).toBe(5);
      expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
      expect(pauses[0]).toBeGreaterThanOrEqual(500);
      expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(10_000);
    },
  );

  test("without Retry-After the pauses grow, and each attempt asks the budget", async () => {
    const client = await start(reply(429, ""));

    await errorOf(client.createMessage(caseId, message, "live"));

    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
    expect(taken).toBe(5);
  });

  test("a 503 that names a time pauses the budget, and a read goes on after it", async () => {
    let requests = 0;
    const client = await start((request, response, url) => {
      requests += 1;
      if (requests === 1) return reply(503, "", { "retry-after": "7" })(request, response, url);
      reply(200, { case_label_list: [{ name: "a" }] })(request, response, url);
    });

    expect(await client.listCaseLabels(caseId, "poll")).toEqual(["a"]);

    expect(pauses).toEqual([7_000]);
  });

  test("an id that would change the address is refused before anything is sent", async () => {
    const client = await start(reply(200, {}));

    for (const id of ["../x", "a/b", "a?b", "a b", "..", "\ud800"]) {
      const error = await errorOf(client.createMessage(toId<CaseId>(id), message, "live"));
      expect(error.facts).toMatchObject({ kind: "rejected", outcomeUnknown: false, status: null });
    }
  });
});

describe("requests", () => {
  test("carry their headers, and arrays as one encoded value", async () => {
    const seen: IncomingMessage[] = [];
    const client = await start(
      (request, response, url) => {
        seen.push(request);
        reply(200, { immsg: null })(request, response, url);
      },
      { groupIds: ["g1"] },
    );

    const answer = await client.listInstantMessages([caseId, toId<CaseId>("TT2")], "c/1 +", "poll");

    expect(answer).toEqual({ groups: [], cursor: "c/1 +" });
    expect(seen[0]?.url).toBe(
      "/v2/servicerequest/cases/instant-messages?case_ids=TT1%2CTT2&group_id=g1&last_message_time_id=c%2F1%20%2B&trim_osm_rich_text_label=false",
    );
    expect(seen[0]?.headers).toMatchObject({
      "content-type": "application/json",
      "x-language": "en-us",
      "x-time-zone": "GMT",
      "x-domain-id": "domain1",
    });
  });

  test("an early refusal of a large upload is read, and the upload ends", async () => {
    const folder = await mkdtemp(join(tmpdir(), "casebridge-upload-"));
    const path = join(folder, "large");
    await writeFile(path, "");
    await truncate(path, 64 * 1024 * 1024);
    const client = await start(reply(413, { error_code: "APIGW.0201" }, { connection: "close" }));

    const file = { path, sizeBytes: 64 * 1024 * 1024, sha256: "" };
    const error = await errorOf(
      client.uploadFile(sealOwn({ file, name: unguarded("large"), purpose: "message" }), "live"),
    );
    const changed = client.uploadFile(
      sealOwn({ file: { ...file, sizeBytes: 5 }, name: unguarded("large"), purpose: "message" }),
      "live",
    );

    // The refusal may be lost to the reset that follows it; then it is unknown, never a success.
    expect(["rejected", "unavailable"]).toContain(error.kind);
    await expect(changed).rejects.toThrow("spooled file has changed");
    await rm(folder, { recursive: true });
  });

  test("a token is renewed at 23 hours", async () => {
    let nowMs = Date.parse("2026-03-01T00:00:00Z");
    let logins = 0;
    const tokens: unknown[] = [];
    const client = await start(
      (request, response, url) => {
        if (url.pathname !== "/v3/auth/tokens") {
          tokens.push(request.headers["x-auth-token"]);
          return reply(200, { case_label_list: [] })(request, response, url);
        }
        logins += 1;
        reply(201, { token: { issued_at: "x" } }, { "x-subject-token": `t${logins}` })(request, response, url);
      },
      { credentials: { kind: "password", username: "u", password: new Secret("p"), domainName: "d", projectId: "p" } },
      () => new Date(nowMs),
    );

    await client.listCaseLabels(caseId, "poll");
    nowMs += 23 * 3_600_000 - 1;
    await client.listCaseLabels(caseId, "poll");
    nowMs += 1;
    await client.listCaseLabels(caseId, "poll");

    expect(tokens).toEqual(["t1", "t1", "t2"]);
  });

  test("an unreachable IAM leaves no doubt about a write", async () => {
    const credentials = {
      kind: "password",
      username: "u",
      password: new Secret("p"),
      domainName: "d",
      projectId: "p",
    } as const;
    const client = await start(reply(503, ""), { credentials });

    const error = await errorOf(client.createMessage(caseId, message, "live"));

    expect(error.facts).toMatchObject({ kind: "unavailable", operation: "login", outcomeUnknown: false });
  });
});

describe("broken shapes", () => {
  test("an entry with its id is kept however odd the rest is", async () => {
    const entry = {
      incident_id: 17,
      status: "new",
      create_time: {},
      simple_description: null,
      label_list: [{ name: 5 }, null],
      dc_name: [],
    };
    const client = await start(reply(200, { count: "1", incident_info_list: [entry] }));

    const createdFrom = new Date("2026-03-01T00:00:00Z");
    const listed = await client.listCases({ status: 2, createdFrom }, "poll");

    expect(listed).toMatchObject([
      { caseId: "17", status: 2, createdAt: createdFrom, description: "", labels: ["5"], regionName: null },
    ]);
    expect(warnings.map((fields) => fields.path)).toEqual([
      "incident_info_list[0].create_time",
      "incident_info_list[0].status",
    ]);
  });

  test.each([
    [
      { total_count: 2, incident_info_list: [{ incident_id: "TT1" }, { status: 1 }] },
      "incident_info_list[1].incident_id",
    ],
    [{ total_count: 1, incident_info_list: {} }, "incident_info_list"],
    [[], "the top"],
    ["", "the top"],
  ])("the list %j is a broken contract at %s", async (body, path) => {
    const client = await start(reply(200, body));

    const error = await errorOf(client.listCases({}, "poll"));

    expect(error.facts).toMatchObject({ kind: "contract", outcomeUnknown: false });
    expect(error.facts.detail).toBe(`unreadable answer at ${path}`);
  });

  test("ids beyond the numbers of JavaScript keep their digits", async () => {
    const body =
      '{"immsg":[{"incident_id":9007199254740993123,"message_list":[]}],"last_message_time_id":17673228000001234567}';
    const client = await start(reply(200, body));

    const answer = await client.listInstantMessages([caseId], null, "poll");

    expect(answer).toEqual({
      groups: [{ caseId: "9007199254740993123", messages: [] }],
      cursor: "17673228000001234567",
    });
  });

  test("the detail of another case is not taken for the asked one", async () => {
    const detail = { incident_id: "TT12", status: 1, create_time: "2026-03-01 00:00:00" };
    const client = await start(reply(200, { incident_detail_info: detail }));

    expect((await errorOf(client.getCase(caseId, "live"))).facts.detail).toContain("another case");
  });

  test("a message is dated by the case when its own time is odd, and refused without id", async () => {
    const entries = [{ message_id: 5, create_time: "?", type: "1", accessory_list: [{ accessory_id: 9 }] }];
    const detail = { incident_id: "TT1", status: "1", create_time: "2026-03-01 08:00:00", message_list: entries };
    const client = await start((request, response, url) =>
      reply(
        200,
        url.pathname.endsWith("/messages")
          ? { count: 1, message_list: [{ content: "x" }] }
          : { incident_detail_info: detail },
      )(request, response, url),
    );

    const read = await client.getCase(caseId, "live");

    expect(read.messages).toMatchObject([
      {
        messageId: "5",
        authorKind: "engineer",
        createdAt: new Date("2026-03-01T08:00:00Z"),
        files: [{ fileId: "9", name: "9" }],
      },
    ]);
    expect((await errorOf(client.listMessages(caseId, "live"))).facts.detail).toContain("message_list[0].create_time");
  });

  test.each([
    [{ replier_type: 2, type: 1 }, "partner"],
    [{ replier_type: "0" }, "customer"],
    [{ replier_type: 3, type: 0 }, "unknown"],
    [{ type: 2 }, "unknown"],
    [{}, "unknown"],
  ])("the author of %j is %s", async (fields, kind) => {
    const client = await start(reply(200, { count: 1, message_list: [{ ...fields, create_time: 1772330584000 }] }));

    expect((await client.listMessages(caseId, "live"))[0]?.authorKind).toBe(kind);
  });

  test("an upload without an id in its answer has an unknown outcome", async () => {
    const folder = await mkdtemp(join(tmpdir(), "casebridge-upload-"));
    const file = { path: join(folder, "a"), sizeBytes: 1, sha256: "" };
    await writeFile(file.path, "a");
    const client = await start((request, response, url) => {
      request.resume().on("end", () => reply(200, { accessory_id: null })(request, response, url));
    });

    const error = await errorOf(
      client.uploadFile(sealOwn({ file, name: unguarded("a"), purpose: "incident" }), "live"),
    );

    expect(error.facts).toMatchObject({ kind: "contract", outcomeUnknown: true });
    await rm(folder, { recursive: true });
  });
});

describe("downloads", () => {
  const chunks: Spool = {
    async store(source) {
      let sizeBytes = 0;
      for await (const chunk of source) sizeBytes += chunk.byteLength;
      return { path: "", sizeBytes, sha256: "" };
    },
    storeText: () => Promise.reject(new Error("not used")),
    remove: async () => {},
  };
  const fileId = toId<CaseFileId>("f1");

  test("an error as JSON inside 200 is an error, a file that holds JSON is a file", async () => {
    const body = '{"error_code":"OSM.01010002"}';
    const attachment = { "content-disposition": "attachment" };
    const refused = await start(reply(200, body));
    const attached = await start(reply(200, body, attachment));
    const harmless = await start(reply(200, '{"a":1}'));

    expect((await errorOf(refused.downloadFile(fileId, chunks, 100, "live"))).kind).toBe("forbidden");
    expect((await attached.downloadFile(fileId, chunks, 100, "live")).sizeBytes).toBe(body.length);
    expect((await harmless.downloadFile(fileId, chunks, 100, "live")).sizeBytes).toBe(7);
  });

  test("a download that falls silent is given up, however large it may be", async () => {
    const client = await start(
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/octet-stream", "content-length": "100" });
        response.write("abc");
      },
      { timeoutMs: 50 },
    );

    const error = await errorOf(client.downloadFile(fileId, chunks, 1e12, "live"));

    expect(error.facts).toMatchObject({ kind: "unavailable", outcomeUnknown: false });
    expect(taken).toBe(3);
  });

  test("what the spool itself throws passes through, once", async () => {
    const client = await start(reply(200, "abc", { "content-type": "application/octet-stream" }));
    const full: Spool = { ...chunks, store: () => Promise.reject(new RangeError("too large")) };

    await expect(client.downloadFile(fileId, full, 1, "live")).rejects.toThrow("too large");
    expect(taken).toBe(1);
  });
});

describe("paging", () => {
  function makeEntry(index: number) {
    return { incident_id: `TT${index}`, status: 1, create_time: "2026-03-01 00:00:00" };
  }

  test("a list that grew while it was read is read again", async () => {
    let size = 150;
    let requests = 0;
    const client = await start((request, response, url) => {
      requests += 1;
      if (requests === 2) size = 151;
      const offset = Number(url.searchParams.get("offset"));
      const entries = Array.from({ length: size }, (_, index) => makeEntry(size - index)).slice(offset, offset + 100);
      reply(200, { total_count: size, incident_info_list: entries })(request, response, url);
    });

    const listed = await client.listCases({}, "poll");

    expect(listed).toHaveLength(151);
    expect(requests).toBe(4);
    expect(warnings).toEqual([]);
  });

  test("a list that never holds still gives what all readings saw, and says so", async () => {
    let size = 150;
    const client = await start((request, response, url) => {
      size += 1;
      const offset = Number(url.searchParams.get("offset"));
      const entries = Array.from({ length: size }, (_, index) => makeEntry(index)).slice(offset, offset + 100);
      reply(200, { total_count: size, incident_info_list: entries })(request, response, url);
    });

    const listed = await client.listCases({}, "poll");

    expect(listed.length).toBeGreaterThanOrEqual(154);
    expect(warnings).toHaveLength(1);
  });

  test("a service that answers short pages or no total is read to the end", async () => {
    const client = await start((request, response, url) => {
      const offset = Number(url.searchParams.get("offset"));
      const entries = Array.from({ length: 130 }, (_, index) => makeEntry(index)).slice(offset, offset + 40);
      reply(200, { total_count: 130, incident_info_list: entries })(request, response, url);
    });
    const untold = await start((request, response, url) => {
      const offset = Number(url.searchParams.get("offset"));
      const entries = Array.from({ length: 130 }, (_, index) => makeEntry(index)).slice(offset, offset + 100);
      reply(200, { incident_info_list: entries })(request, response, url);
    });

    expect(await client.listCases({}, "poll")).toHaveLength(130);
    expect(await untold.listCases({}, "poll")).toHaveLength(130);
  });

  test("more results than offsets reach are read in windows of creation time", async () => {
    const hourMs = 3_600_000;
    const firstAt = Date.parse("2026-03-01T00:00:00Z");
    const offsets: number[] = [];
    // Ninety cases, one an hour; the service claims 70,000 as soon as a window holds more than thirty.
    const client = await start((request, response, url) => {
      const bound = (name: string, open: number) => {
        const text = url.searchParams.get(name);
        return text === null ? open : Date.parse(`${text.replace(" ", "T")}+08:00`);
      };
      const from = bound("query_start_time", 0);
      const to = bound("query_end_time", Number.MAX_SAFE_INTEGER);
      const found = Array.from({ length: 90 }, (_, index) => index).filter((index) => {
        const at = firstAt + index * hourMs;
        return at >= from && at < to;
      });
      const offset = Number(url.searchParams.get("offset"));
      offsets.push(offset);
      const entries = found.slice(offset, offset + 100).map(makeEntry);
      const total = found.length > 30 ? 70_000 : found.length;
      reply(200, { total_count: total, incident_info_list: entries })(request, response, url);
    });

    const listed = await client.listCases({ status: 1 }, "import");

    expect(new Set(listed.map((summary) => summary.caseId)).size).toBe(90);
    expect(listed).toHaveLength(90);
    expect(Math.max(...offsets)).toBe(0);
  });
});

describe("what comes from Jira", () => {
  /** Every call of the port by what it may carry; one that is missing here does not compile. */
  const carries = {
    createCase: "sealed",
    createMessage: "sealed",
    performAction: "sealed",
    rateCase: "sealed",
    uploadFile: "sealed",
    // Ids of Huawei's own alone.
    withdrawMessage: "ids",
    deleteUpload: "ids",
    serviceClock: "read",
    capabilities: "read",
    listCases: "read",
    walkCases: "read",
    getCase: "read",
    listMessages: "read",
    listInstantMessages: "read",
    listOperations: "read",
    getFileLimits: "read",
    downloadFile: "read",
    listCaseLabels: "read",
    listRelatedCases: "read",
    listAccessRequests: "read",
  } as const satisfies Record<keyof HuaweiPort, "sealed" | "ids" | "read">;
  type SealedCalls = {
    [Name in keyof HuaweiPort]: (typeof carries)[Name] extends "sealed" ? Name : never;
  }[keyof HuaweiPort];
  /** The content of a call's seal; `never` where it takes none. */
  type SealOf<Call> = Call extends (...args: infer Args) => unknown
    ? Extract<Args[number], Sealed<never> | Sealed<unknown>>
    : never;
  const writes: {
    readonly [Name in SealedCalls]: (client: HuaweiPort, sealed: SealOf<HuaweiPort[Name]>) => Promise<unknown>;
  } = {
    createCase: (client, sealed) => client.createCase(sealed, "live"),
    createMessage: (client, sealed) => client.createMessage(caseId, sealed, "live"),
    performAction: (client, sealed) => client.performAction(caseId, "press", sealed, "live"),
    rateCase: (client, sealed) => client.rateCase(caseId, sealed, "live"),
    uploadFile: (client, sealed) => client.uploadFile(sealed, "live"),
  };
  const kept = new Error("kept inside");

  test("is guarded text alone, by type: a plain string is refused wherever it stands", () => {
    /** The plain strings in a value; ids of their own brands and unions of words are none. A spooled file's are of this machine. */
    type PlainIn<Value> = Value extends SpooledFile
      ? never
      : Value extends string
        ? string extends Value
          ? Value
          : never
        : Value extends readonly (infer Item)[]
          ? PlainIn<Item>
          : Value extends object
            ? { [Key in keyof Value]: PlainIn<Value[Key]> }[keyof Value]
            : never;
    type ContentOf<Seal> = Seal extends Sealed<infer Content> ? Content : never;
    type Contents = { [Name in SealedCalls]: ContentOf<SealOf<HuaweiPort[Name]>> };
    type Filters = {
      [Name in keyof CaseLookupPort]: CaseLookupPort[Name] extends (filter: infer Filter, lane: Lane) => unknown
        ? Filter
        : never;
    };

    // That the net catches something, and then that there is nothing in it.
    expectTypeOf<PlainIn<{ readonly a: readonly { readonly b: string | null }[] }>>().toEqualTypeOf<string>();
    expectTypeOf<Contents["createMessage"]["content"]>().toEqualTypeOf<GuardedText>();
    expectTypeOf<PlainIn<Contents[SealedCalls]>>().toBeNever();
    expectTypeOf<Filters["listTemplates"]>().toEqualTypeOf<GuardedText>();
    expectTypeOf<PlainIn<Exclude<Filters[keyof Filters], Lane>>>().toBeNever();
    // @ts-expect-error a plain string is no guarded text
    const content: GuardedText = "what somebody wrote";
    // @ts-expect-error nor is one between words of our own
    const words = ownWords`The issue says ${"what somebody wrote"}`;
    expect([content, words]).toHaveLength(2);
  });

  test.each(
    (["v2", "v1.0"] as const).flatMap((apiVersion) =>
      Object.entries(writes).map(([name, write]) => ({ apiVersion, name, write })),
    ),
  )("$name of $apiVersion sends nothing that the gate keeps, and asks it once its turn has come", async (row) => {
    let requests = 0;
    const client = await start(
      (...args) => {
        requests += 1;
        reply(200, { satisfaction_dimension_list: [] })(...args);
      },
      { apiVersion: row.apiVersion },
    );
    let turnsBefore = 0;
    const sealed = new Sealed<never>(undefined as never, {
      judge: async () => {
        turnsBefore = taken;
        throw kept;
      },
      holds: () => true,
    });

    const error = await row.write(client, sealed).catch((thrown: unknown) => thrown);

    expect(error).toBe(kept);
    // Ratings ask for their dimensions first; that carries nothing.
    const asked = row.name === "rateCase" && row.apiVersion === "v2" ? 1 : 0;
    expect({ requests, turnsBefore }).toEqual({ requests: asked, turnsBefore: asked + 1 });
  });

  test("is judged again for each attempt, and does not leave on a connection that came about too late", async () => {
    let requests = 0;
    const client = await start((...args) => {
      requests += 1;
      (requests === 1 ? reply(429, {}, { "retry-after": "1" }) : reply(200, {}))(...args);
    });
    let judged = 0;
    let late = 1;
    const sealed = new Sealed(
      { content: unguarded("x"), fileIds: [] },
      {
        judge: async () => {
          judged += 1;
        },
        holds: () => late-- <= 0,
      },
    );

    await client.createMessage(caseId, sealed, "live");

    expect({ judged, turns: taken, requests }).toEqual({ judged: 3, turns: 3, requests: 2 });
  });
});
