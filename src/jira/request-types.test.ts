import { afterEach, expect, test } from "vitest";
import { type Bench, failureOf, type Reaction, type Seen, startBench } from "./test-support.ts";

let bench: Bench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});

const requestField = {
  fieldId: "customfield_10010",
  name: "Request Type",
  required: false,
  schema: { type: "sd-customerrequesttype", custom: "com.atlassian.servicedesk:vp-origin", customId: 10010 },
};
const types = [
  { id: "25", name: "Ask a question", issueTypeId: "10001" },
  { id: "26", name: "报告故障", issueTypeId: "10001" },
];

/** A service project whose screens show what a test says. */
function desk(given: { readonly onScreen?: boolean; readonly list?: Reaction } = {}) {
  return (seen: Seen): Reaction => {
    const path = new URL(seen.url, "http://jira").pathname;
    if (path === "/rest/api/3/project/OPS")
      return { status: 200, body: { id: "10000", key: "OPS", projectTypeKey: "service_desk", roles: {} } };
    if (path === "/rest/api/3/issue/createmeta/OPS/issuetypes")
      return { status: 200, body: { total: 1, issueTypes: [{ id: "10001", name: "Task", subtask: false }] } };
    if (path === "/rest/api/3/issue/createmeta/OPS/issuetypes/10001") {
      const fields = given.onScreen === true ? [requestField] : [];
      return { status: 200, body: { total: fields.length, fields } };
    }
    if (path === "/rest/api/3/field")
      return {
        status: 200,
        body: [
          { id: "summary", name: "Summary", schema: { type: "string", system: "summary" } },
          { id: requestField.fieldId, name: requestField.name, schema: requestField.schema },
        ],
      };
    if (path === "/rest/servicedeskapi/servicedesk/10000/requesttype") {
      const isFirst = new URL(seen.url, "http://jira").searchParams.get("start") === "0";
      return given.list ?? { status: 200, body: { isLastPage: true, values: isFirst ? types : [] } };
    }
    if (path === "/rest/api/3/issue") return { status: 201, body: { id: "10001", key: "OPS-1" } };
    return { status: 404 };
  };
}

async function create(requestType: string | null, given: Parameters<typeof desk>[0] = {}) {
  bench = await startBench(desk(given));
  const { client, requests } = bench;
  const input = {
    summary: "[TT1] Disk full",
    descriptionAdf: { type: "doc", version: 1, content: [] },
    labels: [],
    priority: null,
    requestType,
    stamp: { v: 1, inst: "i", caseId: "TT1" },
  } as const;
  const made = client.createIssue(input as never, "live");
  return {
    made,
    sent: async () => {
      await made;
      const post = requests.find(({ method, url }) => method === "POST" && url === "/rest/api/3/issue");
      return JSON.parse(post?.body ?? "{}").fields[requestField.fieldId];
    },
  };
}

test.each([
  ["by its id", "25", "25"],
  ["by its name", "ask a question", "25"],
  ["by a Chinese name", "报告故障", "26"],
])("a new issue of a service project gets its request type %s", async (_how, given, id) => {
  expect(await (await create(given)).sent()).toBe(id);
  await bench?.close();
  expect(await (await create(given, { onScreen: true })).sent()).toBe(id);
});

test("without one configured nothing is sent, and no request type is looked for", async () => {
  expect(await (await create(null)).sent()).toBeUndefined();
  expect(bench?.requests.some(({ url }) => url.includes("servicedeskapi"))).toBe(false);
});

test("an id is enough where the service desk may not be asked", async () => {
  expect(await (await create("25", { list: { status: 403 } })).sent()).toBe("25");
});

test("a name that cannot be looked up, or is none, is refused with what there is", async () => {
  const unasked = await failureOf((await create("Ask a question", { list: { status: 403 } })).made);
  expect(unasked.message).toMatch(/cannot be looked up.*give its id/);
  await bench?.close();

  const unknown = await failureOf((await create("Incident")).made);
  expect(unknown.message).toMatch(/no request type Incident; it has 25 Ask a question, 26 报告故障/);
});
