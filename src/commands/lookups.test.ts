import { afterEach, expect, test } from "vitest";
import { type HuaweiSimulator, startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { unlimitedBudget } from "../domain/budget.ts";
import { makeHuaweiClient } from "../huawei/huawei-client.ts";
import { Secret } from "../lib/secret.ts";
import { silentLogger } from "../observability/logger.ts";
import { type LookupOptions, readLookups } from "./lookups.ts";

let simulator: HuaweiSimulator;
afterEach(() => simulator.close());

async function read(apiVersion: "v2" | "v1.0", options: Partial<LookupOptions>) {
  simulator = await startHuaweiSimulator();
  const credentials = {
    kind: "aksk",
    ak: new Secret("SIMAK"),
    sk: new Secret("SIMSK"),
    securityToken: null,
    domainId: "simdomain0000000000000000000001",
  } as const;
  const client = makeHuaweiClient({
    options: {
      endpoint: simulator.url,
      iamEndpoint: simulator.url,
      apiVersion,
      language: "en-us",
      groupIds: [],
      credentials,
    },
    budget: unlimitedBudget,
    log: silentLogger,
  });
  const none = { connection: null, kind: null, subTypeId: null, productId: null, problemTypeId: null };
  return readLookups(client, { ...none, ...options });
}

test("all that the ids suffice for is read, as tables and as JSON", async () => {
  const few = await read("v2", {});
  await simulator.close();
  const all = await read("v2", { productId: "pc2002", problemTypeId: "bt3004" });

  expect(Object.keys(few.json as object)).toEqual([
    "regions",
    "categories",
    "problem-types",
    "labels",
    "projects",
    "account",
  ]);
  expect(Object.keys(all.json as object)).toHaveLength(10);
  expect(all.json).toMatchObject({
    "problem-types": [{ id: "bt3003" }, { id: "bt3004", caseType: "5" }],
    "extra-parameters": [{ id: "bucket_name", required: true }],
    account: { privileges: { createCase: true } },
  });
  expect(all.human).toContainEqual(
    expect.objectContaining({ title: "extra-parameters", rows: [["bucket_name", "Bucket name", "yes", "63", ""]] }),
  );
});

test("a kind without its id is wrong usage and names the option", async () => {
  await expect(read("v2", { kind: "severities", productId: "pc2001" })).rejects.toThrow(/needs --problem-type/);
});

test("what v1.0 lacks is said in its place", async () => {
  const result = await read("v1.0", {});

  expect(result.json).toMatchObject({ labels: null, account: null, regions: expect.any(Array) });
  expect(result.human).toContainEqual(expect.objectContaining({ text: expect.stringContaining("labels: ") }));
});
