// Do the answers have the shapes of Atlassian's REST description? ajv judges every answer below by the schema of its
// operation and status.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPERATIONS } from "./operation-table.ts";
import { type Answer, type Bench, doc, startBench, taskFields } from "./test-support.ts";

const DESCRIPTION = new URL("../../test/fixtures/openapi-v3-subset.json", import.meta.url);

/**
 * Where the description and Jira's well-known answers disagree: changelog items hold null, the schema of a JQL clause
 * has lost its alternatives, and the description's own example of serverInfo has `defaultLocale`.
 */
const KNOWN = [
  /\/items\/\d+\/(from|to|fromString|toString) must be string/,
  /^\/queries\/0\/structure\/where/,
  /defaultLocale/,
];

// biome-ignore lint/suspicious/noExplicitAny: the description is JSON of any shape.
type Json = any;

/** Problems of an answer. */
function loadJudge(): (method: string, path: string, answer: Answer) => string[] {
  const { default: Ajv } = createRequire(import.meta.url)("ajv-draft-04");
  const description: Json = JSON.parse(readFileSync(DESCRIPTION, "utf8"));
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ id: "spec", components: description.components }, "spec");
  return (method, path, answer) => {
    const operation = OPERATIONS.find(
      (candidate) =>
        candidate.method === method && new RegExp(`^${candidate.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path),
    );
    const response: Json = description.paths[operation?.path ?? ""]?.[method.toLowerCase()]?.responses[answer.status];
    if (response === undefined) return [`${method} ${path} answered ${answer.status}`];
    const [content]: Json[] = Object.values(response.content ?? {});
    if (content?.schema === undefined) return [];
    const schema = JSON.stringify(content.schema).replaceAll('"#/components', '"spec#/components');
    const validate = ajv.compile(JSON.parse(schema));
    if (validate(answer.body)) return [];
    return validate.errors
      .map((error: Json) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)
      .filter((problem: string) => !KNOWN.some((known) => known.test(problem)))
      .map((problem: string) => `${operation?.id} ${problem}`);
  };
}

const judge = loadJudge();

describe("answers", () => {
  let b: Bench;
  const problems: string[] = [];

  beforeAll(async () => {
    b = await startBench({
      settings: {
        emailAddress: "shown",
        perIssueLimits: false,
        botIsAdmin: true,
        // Where later facts contradict the description (jira.md 6), the description's side is looked at here.
        bulkChangelogEpoch: false,
        prioritySearch: "works",
        urlsAt: "site",
      },
    });
  });

  afterAll(async () => {
    await b.sim.close();
  });

  async function call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    const answer = await b.call(method, path, body, headers);
    problems.push(...judge(method, path.split("?")[0] ?? path, answer));
    return answer;
  }

  it("have the shapes of the description", async () => {
    const {
      body: { key, id },
    } = await call("POST", "/rest/api/3/issue", {
      fields: taskFields("x", { description: doc("h"), labels: ["a"] }),
      properties: [{ key: "p", value: 1 }],
      transition: { id: "21" },
    });
    const issuePath = `/rest/api/3/issue/${key}`;
    await call("POST", "/rest/api/3/issue/bulk", {
      issueUpdates: [{ fields: taskFields("y") }, { fields: taskFields("") }],
    });
    await call(
      "GET",
      `${issuePath}?expand=changelog,transitions,names,schema,editmeta,operations,renderedFields&properties=p`,
    );
    await call("PUT", issuePath, { fields: { summary: "z" } });
    await call("GET", `${issuePath}/transitions?expand=transitions.fields`);
    await call("POST", `${issuePath}/transitions`, { transition: { id: "41" } });
    await call("GET", `${issuePath}/changelog`);
    await call("GET", `${issuePath}/editmeta`);
    const c = await call("POST", `${issuePath}/comment`, {
      body: doc("c"),
      properties: [{ key: "k", value: 1 }],
      visibility: { type: "role", value: "Administrators" },
    });
    await call("GET", `${issuePath}/comment?expand=renderedBody`);
    await call("GET", `${issuePath}/comment/${c.body.id}`);
    await call("POST", "/rest/api/3/comment/list?expand=properties", { ids: [Number(c.body.id)] });
    await call("PUT", `${issuePath}/comment/${c.body.id}`, { body: doc("d") });
    await call("GET", `/rest/api/3/comment/${c.body.id}/properties`);
    await call("GET", `/rest/api/3/comment/${c.body.id}/properties/k`);
    await call("GET", `${issuePath}/properties`);
    await call("GET", `${issuePath}/properties/p`);
    await call("PUT", `${issuePath}/properties/q`, { a: 1 });
    const { attachmentId } = b.sim.control.addAttachment({ issue: key, name: "a.png", text: "x" });
    await call("GET", `/rest/api/3/attachment/${attachmentId}`);
    await call("GET", "/rest/api/3/attachment/meta");
    const f = new FormData();
    f.append("file", new Blob(["x"]), "a.txt");
    await call("POST", `${issuePath}/attachments`, f, { "x-atlassian-token": "no-check" });
    await call("POST", `${issuePath}/remotelink`, { globalId: "g", object: { url: "https://e.com", title: "t" } });
    await call("GET", `${issuePath}/remotelink`);
    await call("POST", "/rest/api/3/issue/bulkfetch", { issueIdsOrKeys: [id], fields: ["*all"] });
    await call("POST", "/rest/api/3/changelog/bulkfetch", { issueIdsOrKeys: [id] });
    await call("POST", "/rest/api/3/search/jql", { jql: "project = OPS", fields: ["*all"], expand: "names,schema" });
    await call("GET", "/rest/api/3/search/jql?jql=project=OPS");
    await call("POST", "/rest/api/3/search/approximate-count", { jql: "project = OPS" });
    await call("POST", "/rest/api/3/jql/match", { jqls: ["project = OPS"], issueIds: [1] });
    await call("POST", "/rest/api/3/jql/parse?validation=strict", {
      queries: ["project = OPS and labels in (a) order by key", "x ="],
    });
    const t = await call("POST", "/rest/api/3/issue/properties/multi", {
      issues: [{ issueID: Number(id), properties: { a: 1 } }],
    });
    await call("GET", new URL(t.headers.get("location") ?? b.sim.url).pathname);
    for (const p of [
      "issue/createmeta/OPS/issuetypes",
      "issue/createmeta/OPS/issuetypes/10002",
      "issue/limit/report",
      "label",
      "priority/search",
      "priority/1",
      "status",
      "statuses/search",
      "statuscategory",
      "resolution/search",
      "project/search",
      "project/OPS",
      "project/OPS/statuses",
      "issuetype/project?projectId=10000",
      "field",
      "field/search",
      "myself?expand=groups",
      "mypermissions?permissions=BROWSE_PROJECTS",
      "serverInfo",
      "user/assignable/search?project=OPS",
    ])
      await call("GET", `/rest/api/3/${p}`);
    await call("GET", `/rest/api/3/user?accountId=${encodeURIComponent(b.sim.control.getState().botAccountId)}`);
    await call("PUT", `${issuePath}/assignee`, { accountId: b.sim.control.getState().botAccountId });
    await call("DELETE", issuePath);

    expect(problems).toEqual([]);
    expect(b.sim.control.getRefusals()).toEqual([]);
  });
});
