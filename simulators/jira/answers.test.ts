// Every answer of a stand-in that is started for a test is held against Atlassian's description (`checkAnswers`). Here are the operations that
// no other test calls.

import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bench, startBench, taskFields } from "./test-support.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await startBench({ settings: { emailAddress: "shown", botReadsRoleMembers: true, prioritySearch: "works" } });
});

afterAll(async () => {
  await bench.sim.close();
});

it.each([
  "issue/createmeta/OPS/issuetypes",
  "issue/createmeta/OPS/issuetypes/10002",
  "priority/search",
  "project/OPS",
  "project/OPS/statuses",
  "project/OPS/role/10002",
  "project/OPS/securitylevel",
  "group/member?groupId=276f955c-63d7-42c8-9520-92d01dca0625",
  "field",
  "issueLinkType",
  "attachment/meta",
  "myself?expand=groups",
  "mypermissions?permissions=BROWSE_PROJECTS",
  "serverInfo",
  "user/assignable/search?project=OPS",
])("GET %s answers as described", async (path) => {
  const answer = await bench.call("GET", `/rest/api/3/${path}`);

  expect(answer.status).toBe(200);
  expect(bench.sim.control.getRefusals()).toEqual([]);
});

it("expands and links issues as described", async () => {
  const [one, two] = [
    await bench.call("POST", "/rest/api/3/issue", { fields: taskFields("one"), properties: [{ key: "p", value: 1 }] }),
    await bench.call("POST", "/rest/api/3/issue", { fields: taskFields("two") }),
  ];
  const link = { type: { name: "Relates" }, inwardIssue: { key: one.body.key }, outwardIssue: { key: two.body.key } };
  const expand = "changelog,editmeta";

  const answers = [
    await bench.call("POST", "/rest/api/3/issueLink", link),
    await bench.call("GET", `/rest/api/3/issue/${two.body.key}?expand=${expand}&properties=p`),
    await bench.call("GET", `/rest/api/3/issue/${two.body.key}/transitions?expand=transitions.fields`),
    await bench.call("POST", "/rest/api/3/search/jql", {
      jql: "project = OPS",
      fields: ["*all"],
    }),
    await bench.call("DELETE", `/rest/api/3/issue/${two.body.key}`),
  ];

  expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 200, 204]);
});

it("takes any JSON as a property's value, in the bulk form too", async () => {
  const { body } = await bench.call("POST", "/rest/api/3/issue", { fields: taskFields("x") });
  const values = [{ v: 1, deep: { list: [null] } }, "text", 7, [1]];
  const properties = Object.fromEntries(values.map((value, index) => [`p${index}`, value]));

  const many = await bench.call("POST", "/rest/api/3/issue/properties/multi", {
    issues: [{ issueID: Number(body.id), properties }],
  });
  const read = await bench.call("GET", `/rest/api/3/issue/${body.id}?properties=*all`);

  expect(many.status).toBe(303);
  expect(read.body.properties).toEqual(properties);
});
