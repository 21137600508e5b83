/** Faults, hooks and the control over HTTP: what both simulators do alike. A write is a message or a comment. */
import { afterEach, describe, expect, it } from "vitest";
import { startHuaweiSimulator } from "../huawei/index.ts";
import { call } from "../huawei/test-client.ts";
import { doc, startBench } from "../jira/test-support.ts";

interface Event {
  readonly phase: "before" | "after";
  readonly write: boolean;
  readonly n: number;
}

interface Options {
  readonly seed?: number;
  readonly onEffect?: (event: Event) => void;
}

/** A simulator with one case or issue in it. */
async function startHuawei(options: Options) {
  const sim = await startHuaweiSimulator(options);
  const file = { name: "a.zip", sizeBytes: 200_000 };
  const { caseId } = sim.control.createCase({ description: "d", files: [file] });
  const [accessory] = sim.control.getState().cases[0]?.messages[0]?.accessories ?? [];
  const path = "/v2/servicerequest";
  return {
    ...sim,
    operations: { write: "CreateMessages", read: "ListCases", download: "DownloadAccessories" },
    write: () => call(sim.url, "POST", `${path}/cases/${caseId}/message`, { body: { message: { content: "hello" } } }),
    read: () => call(sim.url, "GET", `${path}/cases`),
    download: async () => (await call(sim.url, "GET", `${path}/accessorys/${accessory?.accessoryId}`)).bytes.length,
    written: () => (sim.control.getState().cases[0]?.messages.length ?? 0) - 1,
  };
}

async function startJira(options: Options) {
  const bench = await startBench(options);
  const { sim } = bench;
  const { issueId } = sim.control.createIssue({ projectKey: "OPS", summary: "x" });
  const file = sim.control.addAttachment({ issue: issueId, name: "a.zip", sizeBytes: 200_000 });
  const path = `/rest/api/3/attachment/content/${file.attachmentId}?redirect=false`;
  return {
    ...sim,
    operations: { write: "addComment", read: "getCurrentUser", download: "getAttachmentContent" },
    write: () => bench.call("POST", `/rest/api/3/issue/${issueId}/comment`, { body: doc("hello") }),
    read: () => bench.call("GET", "/rest/api/3/myself"),
    download: async () => Number((await bench.call("GET", path)).headers.get("content-length")),
    written: () => sim.control.getState().issues[0]?.comments.length ?? 0,
  };
}

type World = Awaited<ReturnType<typeof startHuawei>> | Awaited<ReturnType<typeof startJira>>;
const running: World[] = [];

afterEach(async () => {
  for (const world of running.splice(0)) await world.close();
});

describe.each([
  ["huawei", startHuawei],
  ["jira", startJira],
] as const)("the simulator of %s", (name, startWorld) => {
  const start = async (options: Options = {}): Promise<World> => {
    const world = await startWorld(options);
    running.push(world);
    return world;
  };

  it.each([
    ["500_before", 500, 0],
    ["503_before", 503, 0],
    ["429", 429, 0],
    ["401", 401, 0],
    ["500_after", 500, 1],
    ["504_after", 504, 1],
    ["garbage", 200, 1],
    [name === "jira" ? "login_page" : "garbage_json", 200, name === "jira" ? 0 : 1],
    ["reset_before", null, 0],
    ["reset_after", null, 1],
    ["truncate", null, 1],
  ] as const)("%s answers %s and lets %i effects happen, once", async (kind, status, effects) => {
    const world = await start();
    world.control.addFault({ operation: world.operations.write, kind, times: 1 });

    const struck = await world.write().catch(() => null);

    expect([struck?.status ?? null, world.written()]).toEqual([status, effects]);
    expect((await world.write()).status).toBeLessThan(300);
  });

  it.each([
    ["hang_before", 0],
    ["hang_after", 1],
  ])("%s never answers, and close ends it", async (kind, effects) => {
    const world = await start();
    world.control.addFault({ operation: world.operations.write, kind });
    const outcome = world.write().then(
      () => "answered",
      () => "cut",
    );
    await expect.poll(() => world.control.getStruckFaults()[kind]).toBe(1);
    await expect.poll(world.written).toBe(effects);

    await world.close();

    expect(await outcome).toBe("cut");
  });

  it("cuts a download in the middle", async () => {
    const world = await start();
    world.control.addFault({ operation: world.operations.download, kind: "truncate", times: 1 });

    await expect(world.download()).rejects.toThrow();

    expect(await world.download()).toBe(200_000);
  });

  it("skips, stops after some times, and follows the seed", async () => {
    const runs: number[][] = [];
    for (const seed of [7, 7]) {
      const world = await start({ seed });
      world.control.addFault({ kind: "500_before", skip: 1, times: 2, probability: 0.5 });
      const statuses: number[] = [];
      for (let index = 0; index < 12; index += 1) statuses.push((await world.read()).status);
      runs.push(statuses);
    }

    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]?.[0]).toBe(200);
    expect(runs[0]?.filter((status) => status === 500)).toHaveLength(2);
  });

  it("says Retry-After only when told, and knows no unknown kind", async () => {
    const { control, operations, write } = await start();
    control.addFault({ operation: operations.write, kind: "429", times: 1, retryAfterSeconds: 3 });
    control.addFault({ operation: operations.write, kind: "429", times: 1 });

    const headers = [(await write()).headers, (await write()).headers];

    expect(headers.map((one) => one.get("retry-after"))).toEqual(["3", null]);
    expect(() => control.addFault({ kind: "500_later" })).toThrow("unknown fault kind");
  });

  it("serves nothing during an outage", async () => {
    const { control, read } = await start();
    control.setOutage(true);

    expect((await read().catch(() => null))?.status ?? 503).toBe(503);
    control.setOutage(false);

    expect((await read()).status).toBe(200);
  });

  it("tells a hook before and after each effect of a write", async () => {
    const seen: unknown[] = [];
    const world: World = await start({
      onEffect: ({ write, phase }) => {
        if (write) seen.push([phase, world.written()]);
      },
    });

    await world.write();
    await world.write();

    expect(seen).toEqual([
      ["before", 0],
      ["after", 1],
      ["before", 1],
      ["after", 2],
    ]);
  });

  it("takes the control over HTTP, which is not counted", async () => {
    const { url, control, read, write, operations } = await start();
    const post = async (act: string, body?: unknown) => {
      const answer = await fetch(`${url}/_control/${act}`, { method: "POST", body: JSON.stringify(body) ?? null });
      return { status: answer.status, json: await answer.json() };
    };
    control.resetRequests();

    await read();
    await write();
    const requests = await post("getRequests");
    const refused = [await post("nothing"), await post("setSettings", { nonsense: 1 })];

    expect(requests.json).toMatchObject({
      total: 2,
      reads: 1,
      writes: 1,
      byOperation: { [operations.read]: 1, [operations.write]: 1 },
    });
    expect(refused.map(({ status }) => status)).toEqual([404, 400]);
    await post("reset");
    expect(JSON.stringify(await post("getState"))).not.toContain("hello");
  });
});
