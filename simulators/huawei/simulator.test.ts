import { createHash, randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { computeSignature } from "./auth.ts";
import { type HuaweiSimulator, type HuaweiSimulatorOptions, startHuaweiSimulator } from "./index.ts";
import { call, type TestRequest } from "./test-client.ts";

const V2 = "/v2/servicerequest";
const V1 = "/v1.0/servicerequest/case";
const SOURCE = "83aeb0f2834c4df49826c781d32a963e";
const running: HuaweiSimulator[] = [];

/** The plain reading of the documents; what the other positions do is shown with the adapter (test/contract/vendor-facts.test.ts). */
const plain = {
  requireDomainId: false,
  successErrorCode: "absent",
  tokenRights: "both",
  timeZoneHeader: "heeded",
  v1Download: "query",
} as const;

async function start(options: HuaweiSimulatorOptions = {}): Promise<HuaweiSimulator> {
  const simulator = await startHuaweiSimulator({
    checkAnswers: true,
    ...options,
    settings: { ...plain, ...options.settings },
  });
  running.push(simulator);
  return simulator;
}

afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.close();
});

function get(simulator: HuaweiSimulator, path: string, query: Record<string, string> = {}, more: TestRequest = {}) {
  return call(simulator.url, "GET", path, { query, ...more });
}

function post(simulator: HuaweiSimulator, path: string, body?: unknown, more: TestRequest = {}) {
  return call(simulator.url, "POST", path, { ...(body === undefined ? {} : { body }), ...more });
}

function say(simulator: HuaweiSimulator, caseId: string, content: string, accessoryIds: string[] = []) {
  return post(simulator, `${V2}/cases/${caseId}/message`, {
    message: { content, ...(accessoryIds.length === 0 ? {} : { accessory_ids: accessoryIds }) },
  });
}

function upload(simulator: HuaweiSimulator, name: string, bytes: Buffer, from = "message", nowMs = Date.now()) {
  const form = new FormData();
  form.set("form_data", JSON.stringify({ fileName: name, accessoryFrom: from, uploadType: 0 }));
  form.set("file", new Blob([new Uint8Array(bytes)]), name);
  return post(simulator, `${V2}/accessorys`, undefined, { form, nowMs });
}

async function contents(simulator: HuaweiSimulator, caseId: string): Promise<string[]> {
  const answer = await get(simulator, `${V2}/cases/${caseId}/messages`, { limit: "100" });
  return answer.json.message_list.map((message: { content: string }) => message.content);
}

describe("signature", () => {
  const headers = {
    "content-type": "application/json",
    host: "osm.cn-south-1.myhuaweicloud.com",
    "x-domain-id": "0123456789abcdef0123456789abcdef",
    "x-sdk-date": "20260102T030405Z",
  };
  const names = Object.keys(headers).sort();

  it("equals the published vector of a read", () => {
    const rawUrl = `${V2}/cases/instant-messages?case_ids=TT1%2CTT2&last_message_time_id=1767322800000`;

    const signature = computeSignature({ method: "GET", rawUrl, headers, body: Buffer.alloc(0) }, "SKEXAMPLE", names);

    expect(signature).toBe("f5df733b6432d32d994df9d254bb62e6e793685bb3b42c8bcc1105189014c394");
  });

  it("equals the published vector of a write", () => {
    const body = Buffer.from('{"message":{"content":"hello"}}');

    const signature = computeSignature(
      { method: "POST", rawUrl: `${V2}/cases/TT1/message`, headers, body },
      "SKEXAMPLE",
      names,
    );

    expect(signature).toBe("31c5e2bc934d5293995a89ddf62b26bc1032e5cf70691cce304ee4d972e8e525");
  });

  it("refuses a wrong key, a wrong secret and a skewed clock with 401 APIGW.0301", async () => {
    const simulator = await start();
    const requests: TestRequest[] = [
      { keys: { accessKey: "OTHER", secretKey: "SIMSK" } },
      { keys: { accessKey: "SIMAK", secretKey: "OTHER" } },
      { nowMs: Date.now() - 16 * 60_000 },
      { headers: { "x-domain-id": "somebody-else" } },
    ];

    const answers = await Promise.all(requests.map((request) => get(simulator, `${V2}/cases`, {}, request)));

    expect(answers.map((answer) => [answer.status, answer.json.error_code])).toEqual(
      requests.map(() => [401, "APIGW.0301"]),
    );
    expect((await get(simulator, `${V2}/cases`, {}, { nowMs: Date.now() - 14 * 60_000 })).status).toBe(200);
  });

  it("asks for the security token of temporary keys", async () => {
    const simulator = await start({ securityToken: "TEMPORARY" });

    const without = await get(simulator, `${V2}/cases`);
    const withToken = await get(simulator, `${V2}/cases`, {}, { headers: { "x-security-token": "TEMPORARY" } });

    expect([without.status, withToken.status]).toEqual([401, 200]);
  });
});

describe("token", () => {
  const login = {
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { name: "simuser", password: "simpass", domain: { name: "simdomain" } } },
      },
      scope: { project: { id: "simproject" } },
    },
  };

  async function logIn(simulator: HuaweiSimulator): Promise<string> {
    const answer = await fetch(`${simulator.url}/v3/auth/tokens`, { method: "POST", body: JSON.stringify(login) });
    expect(answer.status).toBe(201);
    return answer.headers.get("x-subject-token") ?? "";
  }

  it("opens the service until it is killed or 24 hours old", async () => {
    let now = Date.parse("2026-01-02T03:04:05Z");
    const simulator = await start({ now: () => now });
    const withToken = async (token: string) => {
      const answer = await fetch(`${simulator.url}${V2}/cases`, { headers: { "x-auth-token": token } });
      return [answer.status, ((await answer.json()) as { error_code?: string }).error_code];
    };
    const first = await logIn(simulator);

    expect(await withToken(first)).toEqual([200, undefined]);
    now += 24 * 3_600_000;
    expect(await withToken(first)).toEqual([401, "APIGW.0307"]);
    const second = await logIn(simulator);
    simulator.control.killTokens();
    expect(await withToken(second)).toEqual([401, "APIGW.0307"]);
    simulator.control.setSettings({ deadTokenStyle: "osm200" });
    expect(await withToken(second)).toEqual([200, "OSM.01010011"]);
    expect(await withToken("invented")).toEqual([401, "APIGW.0301"]);
  });

  it("is refused for a wrong password, and lists the project by signature", async () => {
    const simulator = await start();
    const wrong = structuredClone(login);
    wrong.auth.identity.password.user.password = "no";

    const refused = await fetch(`${simulator.url}/v3/auth/tokens`, { method: "POST", body: JSON.stringify(wrong) });
    const projects = await get(simulator, "/v3/projects", { name: "cn-north-4" });

    expect(refused.status).toBe(401);
    expect(projects.json.projects[0].id).toBe("simproject");
  });
});

describe("strictness", () => {
  it("refuses and remembers whatever is not documented", async () => {
    const simulator = await start();
    const { caseId } = simulator.control.createCase({ description: "d" });

    const answers = [
      await get(simulator, `${V2}/nothing`),
      await call(simulator.url, "PATCH", `${V2}/cases/${caseId}`),
      await get(simulator, `${V2}/cases`, { updated_since: "1" }),
      await get(simulator, `${V2}/cases`, { limit: "101" }),
      await get(simulator, `${V2}/cases`, { offset: "65536" }),
      await post(simulator, `${V2}/cases/${caseId}/message`, { message: { content: "x" }, title: "t" }),
      await post(simulator, `${V2}/cases/${caseId}/message`, { message: {} }),
      await say(simulator, caseId, "x".repeat(10_001)),
    ];

    expect(answers.map((answer) => `${answer.status} ${answer.json.error_code}`)).toEqual([
      "404 APIGW.0101",
      "404 APIGW.0101",
      ...Array.from({ length: 6 }, () => "200 OSM.01010001"),
    ]);
    expect(simulator.control.getRefusals()).toHaveLength(answers.length);
    expect(simulator.control.getRefusals()[2]?.reason).toContain("updated_since");
  });

  it("answers business errors with 200, or in the historical style", async () => {
    const simulator = await start();

    const modern = await get(simulator, `${V2}/cases/TT999`);
    simulator.control.setSettings({ errorStyle: "http4xx" });
    const historical = await get(simulator, `${V2}/cases`, { nonsense: "1" });

    expect([modern.status, modern.json.error_code]).toEqual([200, "OSM.01010015"]);
    expect([historical.status, historical.json.error_code]).toEqual([400, "OSM.0001"]);
    expect(simulator.control.getRefusals()).toHaveLength(1);
  });

  it("limits bodies to 12 MB with 413 and requests per second with 429", async () => {
    const simulator = await start({ now: () => Date.now() });
    const { caseId } = simulator.control.createCase({ description: "d" });

    const large = await say(simulator, caseId, "x".repeat(12 * 1024 * 1024));
    simulator.control.setSettings({ requestsPerSecond: 2, retryAfterSeconds: 3 });
    const answers = await Promise.all([1, 2, 3].map(() => get(simulator, `${V2}/cases`)));

    expect([large.status, large.json.error_code]).toEqual([413, "APIGW.0201"]);
    const throttled = answers.filter((answer) => answer.status === 429);
    expect(throttled).toHaveLength(1);
    expect(throttled[0]?.json.error_code).toBe("APIGW.0308");
    expect(throttled[0]?.headers.get("retry-after")).toBe("3");
  });
});

describe("cases", () => {
  it("are created, listed and shown", async () => {
    const simulator = await start({ now: () => Date.parse("2026-01-02T03:04:05Z") });
    const nowMs = Date.parse("2026-01-02T03:04:05Z");
    const file = await upload(simulator, "a.txt", Buffer.from("hi"), "incident", nowMs);

    const created = await call(simulator.url, "POST", `${V2}/cases`, {
      body: {
        business_type_id: "bt3002",
        simple_description: "[OPS-1] broken",
        source_id: SOURCE,
        region_id: "cn-north-4",
        severity_id: "sv4003",
        accessory_ids: [file.json.accessory_id],
      },
      nowMs,
    });
    const caseId: string = created.json.incident_id;
    const list = await get(
      simulator,
      `${V2}/cases`,
      { app_key: "ops-1" },
      { nowMs, headers: { "x-language": "en-us" } },
    );
    const detail = await get(simulator, `${V2}/cases/${caseId}`, {}, { nowMs });

    expect(caseId).toMatch(/^TT\d+$/);
    expect(list.json).toMatchObject({
      total_count: 1,
      incident_info_list: [
        { incident_id: caseId, status: 0, create_time: "2026-01-02T03:04:05Z", dc_name: "CN North-Beijing4" },
      ],
    });
    expect(detail.json.incident_detail_info.message_list).toMatchObject([
      { is_first_message: 1, content: "[OPS-1] broken", accessory_list: [{ file_actual_name: "a.txt" }] },
    ]);
    expect(detail.json.incident_detail_info.message_list[0].message_id).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    [{ business_type_id: "bt3002" }, "OSM.01010001"],
    [{ business_type_id: "bt3002", region_id: "cn-north-4", severity_id: "none" }, "OSM.01010006"],
    [{ business_type_id: "bt3001", severity_id: "sv4001" }, "OSM.01010009"],
    [{ business_type_id: "bt3004", region_id: "cn-north-4" }, "OSM.01010001"],
    [{ business_type_id: "bt3001", source_id: "mine" }, "OSM.01010001"],
    [{ business_type_id: "bt3001", remind_mail: "a@example.com" }, "OSM.01010010"],
    [{ business_type_id: "bt3001", simple_description: "x".repeat(1201) }, "OSM.01010001"],
  ])("refuse the creation %j with %s", async (fields, code) => {
    const simulator = await start();

    const answer = await post(simulator, `${V2}/cases`, { simple_description: "d", source_id: SOURCE, ...fields });

    expect(answer.json.error_code).toBe(code);
    expect(simulator.control.getState().cases).toEqual([]);
  });

  it("page newest first, filter by several statuses, label, time and group", async () => {
    const simulator = await start();
    const { control } = simulator;
    for (let day = 1; day <= 5; day += 1) {
      control.createCase({
        description: `case ${day}`,
        status: day === 5 ? 3 : day % 2,
        createdAt: `2026-01-0${day}T00:00:00Z`,
      });
    }
    const labelled = control.createCase({ description: "l", labels: ["mirror"], createdAt: "2026-01-06T00:00:00Z" });
    const foreign = control.createCase({ description: "g", groupId: "simgroup", createdAt: "2026-01-07T00:00:00Z" });
    const describeAll = async (query: Record<string, string>) => {
      const answer = await get(simulator, `${V2}/cases`, query);
      return answer.json.incident_info_list.map((item: { simple_description: string }) => item.simple_description);
    };
    const labelId = control.getState().labels[0]?.labelId;

    expect(await describeAll({ offset: "1", limit: "2" })).toEqual(["case 5", "case 4"]);
    expect(await describeAll({ incident_status: "1,3" })).toEqual(["case 5", "case 3", "case 1"]);
    expect(await describeAll({ label_id_list: String(labelId) })).toEqual(["l"]);
    expect(await describeAll({ incident_id: labelled.caseId })).toEqual(["l"]);
    expect(await describeAll({ incident_id: labelled.caseId.slice(0, -1) })).toContain("l");
    control.setSettings({ incidentIdFuzzy: false });
    expect(await describeAll({ incident_id: labelled.caseId.slice(0, -1) })).toEqual([]);
    expect(
      await describeAll({ query_start_time: "2026-01-02 08:00:00", query_end_time: "2026-01-03 08:00:00" }),
    ).toEqual(["case 3", "case 2"]);
    expect(await describeAll({ group_id: "simgroup", limit: "1" })).toEqual(["g"]);
    expect((await get(simulator, `${V2}/cases/${foreign.caseId}`)).json.error_code).toBe("OSM.01010015");
    expect(
      (await get(simulator, `${V2}/cases/${foreign.caseId}`, { group_id: "simgroup" })).json.error_code,
    ).toBeUndefined();
    expect((await get(simulator, `${V2}/cases`, { group_id: "others" })).json.error_code).toBe("OSM.01010002");
  });

  it("belong to one account only", async () => {
    const simulator = await start({ accounts: [{ accessKey: "AK2", secretKey: "SK2", domainId: "domain2" }] });
    const { caseId } = simulator.control.createCase({ description: "d" });

    const answer = await get(simulator, `${V2}/cases/${caseId}`, {}, { keys: { accessKey: "AK2", secretKey: "SK2" } });

    expect(answer.json.error_code).toBe("OSM.01010015");
  });

  it.each([
    ["cancel", 0, 4],
    ["cancel", 1, null],
    ["close", 1, 3],
    ["close", 2, 3],
    ["close", 17, 3],
    ["close", 0, null],
    ["press", 0, 0],
    ["press", 2, null],
    ["delete", 3, 13],
    ["delete", 1, null],
  ])("let %s on status %i lead to %s", async (action, before, after) => {
    const simulator = await start();
    const { caseId } = simulator.control.createCase({ description: "d", status: before });

    const answer = await post(simulator, `${V2}/cases/${caseId}/action`, {}, { query: { action_id: action } });

    expect(answer.json.error_code).toBe(after === null ? "OSM.01010017" : undefined);
    expect(simulator.control.getState().cases[0]?.status).toBe(after ?? before);
  });

  it("refuse a second urge, and an unknown action with its own code", async () => {
    const simulator = await start();
    const { caseId } = simulator.control.createCase({ description: "d" });
    const act = (action: string) =>
      post(simulator, `${V2}/cases/${caseId}/action`, {}, { query: { action_id: action } });

    expect((await act("press")).json).toEqual({});
    expect((await act("press")).json.error_code).toBe("OSM.01010004");
    expect((await act("reopen")).json.error_code).toBe("OSM.01010013");
  });

  it("hide when deleted, as the setting says", async () => {
    const simulator = await start();
    const { caseId } = simulator.control.createCase({ description: "d" });
    simulator.control.deleteCase({ caseId });
    const total = async (query = {}) => (await get(simulator, `${V2}/cases`, query)).json.total_count;

    expect([await total(), await total({ status: "13" })]).toEqual([0, 1]);
    simulator.control.setSettings({ deletedCases: "listed" });
    expect(await total()).toBe(1);
    simulator.control.setSettings({ deletedCases: "missing" });
    expect((await get(simulator, `${V2}/cases/${caseId}`)).json.error_code).toBe("OSM.01010015");
  });

  it("become visible after the read lag", async () => {
    let now = Date.now();
    const simulator = await start({ now: () => now, settings: { readLagMs: 5000 } });
    const { caseId } = simulator.control.createCase({ description: "d" });

    expect((await get(simulator, `${V2}/cases`)).json.total_count).toBe(0);
    now += 5000;
    expect((await get(simulator, `${V2}/cases`)).json.total_count).toBe(1);
    expect((await say(simulator, caseId, "hello")).json).toEqual({});
    expect(await contents(simulator, caseId)).toEqual(["d"]);
    now += 5000;
    expect(await contents(simulator, caseId)).toEqual(["d", "hello"]);
  });
});

describe("messages", () => {
  it("end pending feedback, carry no id in lists, and show their author kind", async () => {
    const simulator = await start();
    const { caseId } = simulator.control.createCase({ description: "d", status: 17 });
    simulator.control.addMessage({ caseId, author: "partner", content: "from a partner" });

    const answer = await say(simulator, caseId, "here you are");
    const list = await get(simulator, `${V2}/cases/${caseId}/messages`);

    expect(answer.json).toEqual({});
    expect(simulator.control.getState().cases[0]?.status).toBe(1);
    expect(
      list.json.message_list.map((message: Record<string, unknown>) => [message.replier_type, message.type]),
    ).toEqual([
      [0, 0],
      [2, 1],
      [0, 0],
    ]);
    expect(list.json.message_list[0]).not.toHaveProperty("message_id");
    const logs = await get(simulator, `${V2}/cases/${caseId}/operate-logs`);
    expect(logs.json.incident_operate_log_list.map((log: { operate_type: number }) => log.operate_type)).toEqual([
      85, 0,
    ]);
  });

  it("come once by cursor, again when it is inclusive, and never before their visibility", async () => {
    let now = Date.parse("2026-01-02T00:00:00Z");
    const simulator = await start({ now: () => now, settings: { cursorInclusive: false } });
    const { control } = simulator;
    const one = control.createCase({ description: "one" }).caseId;
    const two = control.createCase({ description: "two" }).caseId;
    const poll = async (cursor?: string) => {
      const query = { case_ids: `${one},${two}`, ...(cursor === undefined ? {} : { last_message_time_id: cursor }) };
      const answer = await get(simulator, `${V2}/cases/instant-messages`, query, { nowMs: now });
      const texts = answer.json.immsg.flatMap((entry: { message_list: { content: string }[] }) =>
        entry.message_list.map((message) => message.content),
      );
      return { texts, cursor: answer.json.last_message_time_id as string, status: answer.json.imstatus };
    };

    const first = await poll();
    const quiet = await poll(first.cursor);
    control.setSettings({ readLagMs: 1000 });
    control.addMessage({ caseId: one, author: "engineer", content: "slow" });
    control.setSettings({ readLagMs: 0 });
    control.addMessage({ caseId: two, author: "engineer", content: "fast" });
    const second = await poll(first.cursor);
    now += 1000;
    const third = await poll(second.cursor);
    control.setSettings({ cursorInclusive: true });
    const again = await poll(third.cursor);

    expect(first.texts).toEqual(["one", "two"]);
    expect(quiet).toMatchObject({ texts: [], cursor: first.cursor });
    expect(second).toMatchObject({ texts: ["fast"], status: [{ status: 1 }, { status: 0 }] });
    expect(third.texts).toEqual(["slow"]);
    expect(again.texts).toEqual(["slow"]);
    control.setSettings({ cursorFirstCall: "nothing" });
    expect((await poll()).texts).toEqual([]);
  });

  it("refuse a poll of more than 100 cases", async () => {
    const simulator = await start();
    const ids = Array.from({ length: 101 }, (_, index) => `TT${index}`).join(",");

    const answer = await get(simulator, `${V2}/cases/instant-messages`, { case_ids: ids });

    expect(answer.json.error_code).toBe("OSM.01010001");
  });

  it("page back from a time", async () => {
    const simulator = await start();
    const { caseId } = simulator.control.createCase({ description: "d", createdAt: 1_000 });
    for (const at of [2_000, 3_000, 4_000]) {
      simulator.control.addMessage({ caseId, author: "engineer", content: String(at), createdAt: at });
    }

    const answer = await get(simulator, `${V2}/cases/${caseId}/instant-messages/more`, {
      create_time: "4000",
      type: "1",
      limit: "2",
    });

    expect(answer.json.count).toBe(3);
    expect(answer.json.message_list.map((message: { content: string }) => message.content)).toEqual(["2000", "3000"]);
  });

  it.each([
    ["vanish", ["d"]],
    ["stay", ["d", "oops"]],
    ["blank", ["d", ""]],
  ] as const)("that are withdrawn %s in lists", async (withdrawnMessages, expected) => {
    const simulator = await start({ settings: { withdrawnMessages } });
    const { caseId } = simulator.control.createCase({ description: "d" });
    await say(simulator, caseId, "oops");
    const messageId = simulator.control.getState().cases[0]?.messages[1]?.messageId ?? "";

    const answer = await post(simulator, `${V2}/cases/${caseId}/instant-messages/${messageId}/withdraw`);

    expect(answer.json).toEqual({});
    expect(await contents(simulator, caseId)).toEqual(expected);
    expect(simulator.control.getState().cases[0]?.messages[1]?.withdrawn).toBe(true);
  });

  it("cannot be withdrawn late, twice, or when others wrote them", async () => {
    const simulator = await start({ settings: { withdrawWindowMs: 1000 } });
    const { caseId } = simulator.control.createCase({ description: "d" });
    await say(simulator, caseId, "mine");
    simulator.control.addMessage({ caseId, author: "engineer", content: "theirs" });
    const [first, mine, theirs] = simulator.control.getState().cases[0]?.messages ?? [];
    const withdraw = async (message: { messageId: string } | undefined) =>
      (await post(simulator, `${V2}/cases/${caseId}/instant-messages/${message?.messageId}/withdraw`)).json.error_code;

    expect([await withdraw(first), await withdraw(theirs)]).toEqual(["OSM.01010017", "OSM.01010002"]);
    simulator.control.advanceClock({ ms: 1001 });
    expect(await withdraw(mine)).toBe("OSM.01010017");
  });

  it("are refused on closed cases and when empty, unless the settings allow", async () => {
    const simulator = await start();
    const { caseId } = simulator.control.createCase({ description: "d", status: 3 });

    expect((await say(simulator, caseId, "again")).json.error_code).toBe("OSM.01010017");
    simulator.control.setSettings({ messageOnClosed: "accepted" });
    expect((await say(simulator, caseId, "again")).json).toEqual({});
    expect((await say(simulator, caseId, "")).json.error_code).toBe("OSM.01010001");
    simulator.control.setSettings({ emptyContent: "allowed" });
    expect((await say(simulator, caseId, "")).json).toEqual({});
  });

  it("show rich text raw or stripped, and the wire quirks of the settings", async () => {
    const simulator = await start({ now: () => Date.parse("2026-01-02T03:04:05.678Z") });
    const nowMs = Date.parse("2026-01-02T03:04:05.678Z");
    const { caseId } = simulator.control.createCase({ description: "d" });
    simulator.control.setSettings({
      richText: "engineer",
      detailMessagesMax: 1,
      detailMessageIds: false,
      timeFormat: "local",
    });
    simulator.control.addMessage({ caseId, author: "engineer", content: "<p>a &lt; <b>b</b></p>" });
    const read = async (query: Record<string, string>) =>
      (await get(simulator, `${V2}/cases/${caseId}`, query, { nowMs, headers: { "x-time-zone": "GMT+02:00" } })).json
        .incident_detail_info;

    const trimmed = await read({});
    const raw = await read({ trim_osm_rich_text_label: "false" });

    expect(trimmed.message_list).toEqual([
      expect.objectContaining({ content: "a < b", create_time: "2026-01-02 05:04:05" }),
    ]);
    expect(trimmed.message_list[0]).not.toHaveProperty("message_id");
    expect(raw.message_list[0].content).toBe("<p>a &lt; <b>b</b></p>");
    simulator.control.setSettings({ numbersAsText: true, listTotalName: "count", successErrorCode: "OSM.00000000" });
    expect((await get(simulator, `${V2}/cases`, {}, { nowMs })).json).toMatchObject({ count: "1" });
    const act = (action: string) =>
      post(simulator, `${V2}/cases/${caseId}/action`, {}, { query: { action_id: action }, nowMs });
    const answer = await act("press");
    expect(answer.json.error_code).toBe("OSM.00000000");
    simulator.control.setSettings({ emptyBodyOnWrite: true });
    const empty = await act("cancel");
    expect([empty.status, empty.bytes.length]).toEqual([200, 0]);
  });
});

describe("accessories", () => {
  it("come back byte by byte from a multipart upload, also through links", async () => {
    const simulator = await start({ settings: { linkNeedsAuth: false } });
    const { caseId } = simulator.control.createCase({ description: "d" });
    // Holds the look of a delimiter, so that the boundary search is put to the test.
    const bytes = Buffer.concat([Buffer.from("\r\n--\r\n------"), randomBytes(3_000_000), Buffer.from("\r\n--")]);

    const { accessory_id: id } = (await upload(simulator, "Bericht ü.zip", bytes)).json;
    const sent = await say(simulator, caseId, "see file", [id]);
    const direct = await get(simulator, `${V2}/accessorys/${id}`);
    const link = await get(simulator, `${V2}/accessorys/${id}/access-url`, { relation_type: "MESSAGE" });
    const linked = Buffer.from(await (await fetch(link.json.accessory_url)).arrayBuffer());

    expect(sent.json).toEqual({});
    expect(direct.bytes.equals(bytes)).toBe(true);
    expect(linked.equals(bytes)).toBe(true);
    expect(simulator.control.getState().cases[0]?.messages[1]?.accessories).toEqual([
      {
        createdAt: expect.any(Number),
        accessoryId: id,
        name: "Bericht ü.zip",
        sizeBytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      },
    ]);
    expect(simulator.control.getState().unattachedAccessories).toEqual([]);
    expect((await say(simulator, caseId, "again", [id])).json.error_code).toBe("OSM.01010001");
    simulator.control.advanceClock({ ms: 16 * 60_000 });
    expect((await fetch(link.json.accessory_url)).status).toBe(403);
  });

  it("keep their limits: type, size, count, purpose, daily total, life when unused", async () => {
    const simulator = await start({ settings: { accessoryLimitSizeMb: 1, accessoryLimitCount: 1 } });
    const { caseId } = simulator.control.createCase({ description: "d" });
    const code = async (name: string, size: number) =>
      (await upload(simulator, name, Buffer.alloc(size))).json.error_code;

    expect(await code("a.exe", 1)).toBe("OSM.01010001");
    expect(await code("a.txt", 1024 * 1024 + 1)).toBe("OSM.01010001");
    const ids = [];
    for (const name of ["1.txt", "2.txt"])
      ids.push((await upload(simulator, name, Buffer.from(name))).json.accessory_id);
    expect((await say(simulator, caseId, "x", ids)).json.error_code).toBe("OSM.01010001");
    const incident = (await upload(simulator, "a.txt", Buffer.from("a"), "incident")).json.accessory_id;
    expect((await say(simulator, caseId, "x", [incident])).json.error_code).toBe("OSM.01010001");
    simulator.control.setSettings({ dailyUploadBytesMax: 20 });
    expect(await code("a.txt", 20)).toBe("OSM.01010005");
    expect((await call(simulator.url, "DELETE", `${V2}/accessorys/${ids[0]}`)).json).toEqual({});
    simulator.control.setSettings({ unusedAccessoryLifetimeMs: 0 });
    simulator.control.advanceClock({ ms: 1 });
    expect((await say(simulator, caseId, "x", [ids[1]])).json.error_code).toBe("OSM.01010001");
    expect((await get(simulator, `${V2}/accessorys/limits`)).json.accessory_limit.limit_size).toBe("1");
  });

  it("are refused, not cut off, when the multipart body is malformed or has other parts", async () => {
    const simulator = await start();
    const wrongKeys = new FormData();
    wrongKeys.set("form_data", JSON.stringify({ fileName: "a.txt", accessoryFrom: "message", size: 1 }));
    wrongKeys.set("file", new Blob(["x".repeat(300_000)]), "a.txt");
    const twice = new FormData();
    twice.append("file", new Blob(["x".repeat(300_000)]), "a.txt");
    twice.append("file", new Blob(["x".repeat(300_000)]), "b.txt");

    const answers = [];
    for (const form of [wrongKeys, twice]) {
      answers.push(await post(simulator, `${V2}/accessorys`, undefined, { form }));
    }

    expect(answers.map((answer) => answer.json.error_code)).toEqual(["OSM.01010001", "OSM.01010001"]);
    expect(simulator.control.getRefusals().map((refusal) => refusal.reason)).toEqual([
      'form_data: Unrecognized key: "size"',
      "multipart part file came twice",
    ]);
    expect((await upload(simulator, "a.txt", Buffer.alloc(0))).json.accessory_id).toMatch(/^[0-9a-f]{32}$/);
  });

  it("may be large and made up, with the same bytes each time", async () => {
    const simulator = await start();
    const { caseId } = simulator.control.createCase({
      description: "d",
      files: [{ name: "big.zip", sizeBytes: 5_000_001 }],
    });
    const detail = await get(simulator, `${V2}/cases/${caseId}`);
    const { accessory_id: id } = detail.json.incident_detail_info.message_list[0].accessory_list[0];

    const { bytes } = await get(simulator, `${V2}/accessorys/${id}`);

    const known = simulator.control.getState().cases[0]?.messages[0]?.accessories[0];
    expect(bytes.length).toBe(5_000_001);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(known?.sha256);
  });
});

describe("labels, relations, look-ups, authorizations", () => {
  it("show what people in the console did", async () => {
    const simulator = await start();
    const { control } = simulator;
    const { caseId } = control.createCase({ description: "d" });
    const other = control.createCase({ description: "other" }).caseId;
    const { labelId } = control.addLabel({ caseId, name: "casebridge", color: "#112233" });
    control.relateCases({ caseId, otherId: other });
    const { authorizationId } = control.createAuthorization({ caseId, describe: "log in to look at logs" });

    const labels = await get(simulator, `${V2}/labels`, { name: "casebridge" });
    const shown = await get(simulator, `${V2}/cases/${caseId}/labels`);
    const relations = await get(simulator, `${V2}/cases/${other}/relations`);
    const requests = await get(simulator, `${V2}/authorizations`, { incident_id: caseId });

    expect(labels.json.label_list[0].label_id).toBe(labelId);
    expect(shown.json.case_label_list).toEqual([{ label_id: labelId, name: "casebridge", color: "#112233" }]);
    expect(relations.json.case_relation_list[0].case_id).toBe(caseId);
    expect(requests.json).toMatchObject({ count: 1, incident_auth_list: [{ id: authorizationId, status: 0 }] });
  });

  it("name things in the language asked for", async () => {
    const simulator = await start();
    const paths: [string, Record<string, string>][] = [
      ["config/categories", {}],
      ["config/problems", { product_category_id: "pc2001" }],
      ["config/templates", { business_type_id: "bt3001" }],
      ["config/extends-map", { business_type_id: "bt3004" }],
      ["config/regions", {}],
      ["config/severities", { product_category_id: "pc2001", business_type_id: "bt3002" }],
      ["quotas", { business_type_id: "bt3001" }],
      ["agreements/signed-latest", {}],
      ["privileges", { privilege: "createCase" }],
    ];

    const answers = [];
    for (const [path, query] of paths) {
      answers.push(await get(simulator, `${V2}/${path}`, query, { headers: { "x-language": "en-us" } }));
    }

    expect(answers.map((answer) => answer.json.error_code)).toEqual(paths.map(() => undefined));
    expect(answers[4]?.json.data_center_list[0].region_name).toBe("CN North-Beijing4");
    expect((await get(simulator, `${V2}/config/regions`)).json.data_center_list[0].region_name).toBe("华北-北京四");
    expect(simulator.control.getRefusals()).toEqual([]);
  });
});

describe("a hook that throws", () => {
  it("breaks the connection before or after the effect", async () => {
    let breakAt: "before" | "after" = "before";
    const simulator = await start({
      onEffect: ({ phase }) => {
        if (phase === breakAt) throw new Error("stop here");
      },
    });
    const { caseId } = simulator.control.createCase({ description: "d" });
    const written = () => (simulator.control.getState().cases[0]?.messages.length ?? 0) - 1;

    await expect(say(simulator, caseId, "x")).rejects.toThrow();
    expect(written()).toBe(0);
    breakAt = "after";
    await expect(say(simulator, caseId, "x")).rejects.toThrow();
    expect(written()).toBe(1);
  });
});

describe("the historical API", () => {
  it("creates without an id, lists fuzzily with text statuses, and takes messages and files", async () => {
    const simulator = await start();
    const form = new FormData();
    form.set("accessoryName", "a.txt");
    form.set("accessoryFrom", "incident");
    form.set("accessoryData", new Blob(["hi"]), "a.txt");

    const file = await post(simulator, `${V1}/accessory`, undefined, { form });
    const created = await post(simulator, V1, {
      businessTypeId: "bt3001",
      simpleDescribe: "d",
      sourceId: SOURCE,
      accessoryIds: [file.json.accessoryId],
    });
    const list = await get(simulator, V1, { caseId: "TT2" });
    const { caseId } = list.json.caseList[0];
    const message = await post(simulator, `${V1}/message`, { caseId, message: { content: "hello" } });
    const detail = await get(simulator, `${V1}/detail`, { caseId });
    const bytes = await get(simulator, `${V1}/accessory`, { id: file.json.accessoryId });
    const action = await post(simulator, `${V1}/action`, { caseId, action: "cancel" });

    expect([created.status, created.bytes.length, message.bytes.length, action.bytes.length]).toEqual([200, 0, 0, 0]);
    expect(list.json.caseList[0]).toMatchObject({ status: "0", simpleDescribe: "d" });
    expect(detail.json.caseDetail.messageList).toMatchObject([
      { content: "d", accessoryDetailList: [{ accessoryName: "a.txt" }] },
      { content: "hello" },
    ]);
    expect(bytes.bytes.toString()).toBe("hi");
    expect(simulator.control.getState().cases[0]?.status).toBe(4);
    for (const [path, query] of [
      ["region", {}],
      ["subtype", {}],
      ["businesstype", { productCategoryId: "pc2001" }],
      ["template", { businessTypeId: "bt3001" }],
    ] as const) {
      expect((await get(simulator, `${V1}/${path}`, query)).json.totalCount).toBeGreaterThan(0);
    }
    expect(simulator.control.getRefusals()).toEqual([]);
  });
});
