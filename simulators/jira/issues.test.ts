import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, doc, startBench, taskFields } from "./test-support.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await startBench();
});

afterEach(async () => {
  await bench.sim.close();
});

async function create(fields: Record<string, unknown> = {}, more: object = {}): Promise<string> {
  const answer = await bench.call("POST", "/rest/api/3/issue", { fields: taskFields("x", fields), ...more });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

describe("access", () => {
  it("demands the right credentials and names the acting account", async () => {
    const { botAccountId } = bench.sim.control.getState();

    const wrong = await bench.call("GET", "/rest/api/3/myself", undefined, { authorization: "Basic eDp5" });
    const right = await bench.call("GET", "/rest/api/3/myself");

    expect(wrong.status).toBe(401);
    expect(wrong.body.errorMessages).toHaveLength(1);
    expect(right.body).toMatchObject({ accountId: botAccountId, accountType: "atlassian", timeZone: "Asia/Shanghai" });
    expect(decodeURIComponent(right.headers.get("x-aaccountid") ?? "")).toBe(botAccountId);
  });

  it("stops accepting a token that was replaced", async () => {
    bench.sim.control.setApiToken({ apiToken: "NEW" });

    expect((await bench.call("GET", "/rest/api/3/myself")).status).toBe(401);
  });

  it("refuses and records what a correct client never sends", async () => {
    const statuses = [
      await bench.call("GET", "/rest/api/2/issue/1"),
      await bench.call("GET", "/rest/api/3/search?jql=x"),
      await bench.call("GET", "/rest/api/3/nothing"),
      await bench.call("GET", "/rest/api/3/myself?colour=red"),
      await bench.call("POST", "/rest/api/3/issue/bulkfetch", { issueIdsOrKeys: ["1"], colour: "red" }),
      await bench.call("PATCH", "/rest/api/3/issue/1"),
    ].map((answer) => answer.status);

    expect(statuses).toEqual([400, 410, 404, 400, 400, 405]);
    expect(bench.sim.control.getRefusals()).toHaveLength(6);
    expect((await bench.call("GET", "/rest/api/3/nothing")).headers.get("content-type")).toBe(
      "application/problem+json",
    );
  });

  it("hides e-mail addresses, or gives null, or shows them", async () => {
    const { issueId } = bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" });
    const email = async () =>
      (await bench.call("GET", `/rest/api/3/issue/${issueId}`)).body.fields.reporter.emailAddress;

    expect(await email()).toBeUndefined();
    bench.sim.control.setSettings({ emailAddress: "null" });
    expect(await email()).toBeNull();
    bench.sim.control.setSettings({ emailAddress: "shown" });
    expect(await email()).toBe("ada@example.com");
  });

  it("demands the list of permissions", async () => {
    bench.sim.control.setSettings({ revokedPermissions: ["TRANSITION_ISSUES"] });

    const bare = await bench.call("GET", "/rest/api/3/mypermissions");
    const asked = await bench.call("GET", "/rest/api/3/mypermissions?permissions=CREATE_ISSUES,TRANSITION_ISSUES");

    expect(bare.status).toBe(400);
    expect(asked.body.permissions.CREATE_ISSUES.havePermission).toBe(true);
    expect(asked.body.permissions.TRANSITION_ISSUES.havePermission).toBe(false);
  });
});

describe("issues", () => {
  it("keeps what a create sets, properties included", async () => {
    const id = await create(
      { description: doc("hello"), labels: ["a"], priority: { id: "2" }, customfield_10050: "cn-south-1" },
      { properties: [{ key: "casebridge", value: { caseId: "c1" } }] },
    );

    const { body } = await bench.call("GET", `/rest/api/3/issue/${id}?properties=casebridge`);

    expect(body.fields).toMatchObject({
      summary: "x",
      description: doc("hello"),
      labels: ["a"],
      priority: { id: "2" },
      status: { id: "10000", statusCategory: { key: "new" } },
      customfield_10050: "cn-south-1",
      created: "2026-11-24T20:30:00.123+0000",
    });
    expect(body.properties).toEqual({ casebridge: { caseId: "c1" } });
  });

  it.each([
    [{ summary: "" }, "summary"],
    [{ summary: "a\nb" }, "summary"],
    [{ summary: "x".repeat(256) }, "summary"],
    [{ summary: "a\u0000b" }, "summary"],
    [{ description: "plain text" }, "description"],
    [{ description: doc("") }, "description"],
    [{ description: doc("x".repeat(32_768)) }, "description"],
    [{ description: doc("a\u0000b") }, "description"],
    [{ labels: ["two words"] }, "labels"],
    [{ labels: ["x".repeat(256)] }, "labels"],
    [{ priority: { id: "99" } }, "priority"],
    [{ project: { key: "NOPE" } }, "project"],
    [{ issuetype: { id: "99" } }, "issuetype"],
    [{ colour: "red" }, "colour"],
    [{ reporter: { id: "x" } }, "reporter"],
  ])("refuses %j by the name of the field", async (fields, name) => {
    const answer = await bench.call("POST", "/rest/api/3/issue", { fields: taskFields("x", fields) });

    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body.errors)).toEqual([name]);
  });

  it("refuses priority where it is not on the screen", async () => {
    bench.sim.control.setSettings({ priorityOnScreen: { OPS: false } });

    const answer = await bench.call("POST", "/rest/api/3/issue", {
      fields: taskFields("x", { priority: { id: "2" } }),
    });
    const meta = await bench.call("GET", "/rest/api/3/issue/createmeta/OPS/issuetypes/10002");

    expect(answer.body.errors.priority).toContain("not on the appropriate screen");
    expect(meta.body.fields.map((field: { key: string }) => field.key)).not.toContain("priority");
  });

  describe("the fields that an administrator puts on the screen", () => {
    const options = [{ id: "1", value: "Low", children: [{ id: "2", value: "Very low" }] }];
    const kinds = [
      ["string", "text", 5],
      ["adf", doc("text"), "text"],
      ["number", 2.5, "2.5"],
      ["date", "2026-01-31", "31.1.2026"],
      ["datetime", "2026-01-31T10:00:00.000+0000", "2026-01-31"],
      ["option", { value: "Low" }, "Low"],
      ["options", [{ id: "1" }], { id: "1" }],
      ["cascade", { value: "Low", child: { id: "2" } }, { value: "Low", child: { id: "1" } }],
      ["user", { accountId: "BOT" }, { accountId: "nobody" }],
      ["users", [{ accountId: "BOT" }], { accountId: "BOT" }],
      ["labels", ["a", "b"], ["a b"]],
      ["named", [{ name: "Low" }], [{ name: "High" }]],
    ] as const;

    it.each(kinds)("of kind %s: takes its shape, refuses another one and none", async (kind, good, bad) => {
      const id = kind === "named" ? "components" : "customfield_10070";
      const screenFields = [
        { id, name: "Extra", kind, options: ["option", "options", "cascade", "named"].includes(kind) ? options : [] },
      ];
      bench.sim.control.setSettings({ screenFields, requiredFields: [id] });
      const bot = bench.sim.control.getState().botAccountId;
      const make = (fields: Record<string, unknown>) =>
        bench.call("POST", "/rest/api/3/issue", {
          fields: JSON.parse(JSON.stringify(taskFields("x", fields)).replaceAll("BOT", bot)),
        });

      expect((await make({ [id]: good })).status).toBe(201);
      const refused = await make({ [id]: bad });
      expect([refused.status, Object.keys(refused.body.errors)]).toEqual([400, [id]]);
      const missing = await make({});
      expect([missing.status, missing.body.errors]).toEqual([400, { [id]: "Extra is required." }]);
      const meta = await bench.call("GET", "/rest/api/3/issue/createmeta/OPS/issuetypes/10002");
      expect(meta.body.fields.find((field: { key: string }) => field.key === id)).toMatchObject({
        name: "Extra",
        required: true,
      });
    });
  });

  it("counts the text limit in JSON when the site does", async () => {
    bench.sim.control.setSettings({ textLimitCounts: "json", textLimit: 100 });

    const answer = await bench.call("POST", "/rest/api/3/issue", {
      fields: taskFields("x", { description: doc("short") }),
    });

    expect(answer.body.errors.description).toContain("too long");
  });

  it("adds and removes labels without touching others", async () => {
    const id = await create({ labels: ["people", "huawei-case"] });

    const edit = await bench.call("PUT", `/rest/api/3/issue/${id}`, {
      update: { labels: [{ add: "hwcase-1" }, { remove: "huawei-case" }] },
      properties: [{ key: "casebridge", value: 1 }],
    });

    expect(edit.status).toBe(204);
    expect(bench.sim.control.getIssue({ issue: id })).toMatchObject({
      labels: ["people", "hwcase-1"],
      properties: { casebridge: 1 },
    });
    const both = await bench.call("PUT", `/rest/api/3/issue/${id}`, {
      fields: { labels: [] },
      update: { labels: [{ add: "a" }] },
    });
    expect(both.status).toBe(400);
  });

  it("keeps `updated` when an edit changes nothing, moves it when it does", async () => {
    const id = await create();
    bench.clock.ms += 1_000;

    await bench.call("PUT", `/rest/api/3/issue/${id}`, { fields: { summary: "x" } });
    const same = bench.sim.control.getIssue({ issue: id });
    await bench.call("PUT", `/rest/api/3/issue/${id}`, { fields: { summary: "y" } });
    const moved = bench.sim.control.getIssue({ issue: id });

    expect(same.updatedAt).toBe("2026-11-24T20:30:00.123+0000");
    expect(moved.updatedAt).toBe("2026-11-24T20:30:01.123+0000");
  });

  it("needs administration to edit without notifying", async () => {
    const id = await create();
    const edit = () => bench.call("PUT", `/rest/api/3/issue/${id}?notifyUsers=false`, { fields: { summary: "y" } });

    expect((await edit()).status).toBe(403);
    bench.sim.control.setSettings({ botIsAdmin: true });
    expect((await edit()).status).toBe(204);
  });

  it("fetches many in ascending order, the missing ones absent", async () => {
    const first = await create();
    const second = await create();

    const answer = await bench.call("POST", "/rest/api/3/issue/bulkfetch", {
      issueIdsOrKeys: [second, "999", "OPS-1"],
    });

    expect(answer.body.issues.map((issue: { id: string }) => issue.id)).toEqual([first, second]);
    expect(Object.keys(answer.body.issues[0].fields)).not.toContain("comment");
  });

  it("keeps the id and the old key of a moved issue", async () => {
    const id = await create();

    const { issueKey } = bench.sim.control.moveIssue({ issue: id, projectKey: "DESK" });
    const byOldKey = await bench.call("GET", "/rest/api/3/issue/OPS-1");

    expect(issueKey).toBe("DESK-1");
    expect(byOldKey.body).toMatchObject({ id, key: "DESK-1", fields: { project: { key: "DESK" } } });
  });

  it("hides deleted and secret issues behind 404", async () => {
    const gone = await create();
    const secret = await create();
    bench.sim.control.deleteIssue({ issue: gone });
    bench.sim.control.setSecurityLevel({ issue: secret });

    const visible = await bench.call("GET", `/rest/api/3/issue/${secret}`);
    bench.sim.control.setSettings({ botSeesSecurityLevels: false });

    expect((await bench.call("GET", `/rest/api/3/issue/${gone}`)).status).toBe(404);
    expect(visible.body.fields.security.id).toBe("10100");
    expect((await bench.call("GET", `/rest/api/3/issue/${secret}`)).status).toBe(404);
    expect(bench.sim.control.getState().deletedIssues.map((issue) => issue.id)).toEqual([gone]);
  });

  it("sets properties of many issues through a task", async () => {
    const id = await create();

    const answer = await bench.call("POST", "/rest/api/3/issue/properties/multi", {
      issues: [{ issueID: Number(id), properties: { a: 1 } }],
    });
    // The address leads to the gateway, as Atlassian's do now: only its tail counts.
    const tail = /\/rest\/api\/3\/task\/.*$/.exec(answer.headers.get("location") ?? "")?.[0] ?? "";
    const task = await bench.call("GET", tail);
    const read = await bench.call("GET", `/rest/api/3/issue/${id}?properties=a`);

    expect(answer.status).toBe(303);
    expect(task.body.status).toBe("COMPLETE");
    expect(read.body.properties).toEqual({ a: 1 });
  });

  it("answers names in the account's language, ids unchanged", async () => {
    bench.sim.control.setSettings({ language: "zh" });
    const id = await create();

    const { body } = await bench.call("GET", `/rest/api/3/issue/${id}`);

    expect(body.fields.status).toMatchObject({ id: "10000", name: "待处理", statusCategory: { key: "new" } });
    expect(body.fields.priority.name).toBe("中");
  });
});

describe("transitions", () => {
  it("offers only steps of the workflow", async () => {
    const { issueId } = bench.sim.control.createIssue({ projectKey: "STEP", summary: "x" });
    const offered = async () =>
      (await bench.call("GET", `/rest/api/3/issue/${issueId}/transitions`)).body.transitions.map(
        (transition: { id: string; to: { id: string } }) => [transition.id, transition.to.id],
      );
    const go = async (id: string) =>
      (await bench.call("POST", `/rest/api/3/issue/${issueId}/transitions`, { transition: { id } })).status;

    expect(await offered()).toEqual([["4", "3"]]);
    expect(await go("731")).toBe(400);
    expect([await go("4"), await go("711"), await go("731")]).toEqual([204, 204, 204]);
    expect(bench.sim.control.getIssue({ issue: issueId })).toMatchObject({
      status: { id: "10001", category: "done" },
      resolutionId: "10000",
    });
    expect(await go("741")).toBe(204);
    expect(bench.sim.control.getIssue({ issue: issueId }).resolutionId).toBeNull();
  });

  it("demands a required field", async () => {
    bench.sim.control.setSettings({ doneRequiresResolution: true });
    const id = await create();
    const go = (fields?: object) =>
      bench.call("POST", `/rest/api/3/issue/${id}/transitions`, {
        transition: { id: "41" },
        ...(fields ? { fields } : {}),
      });

    const listed = await bench.call("GET", `/rest/api/3/issue/${id}/transitions?expand=transitions.fields`);
    const without = await go();
    const withField = await go({ resolution: { id: "10001" } });

    const done = listed.body.transitions.find((transition: { id: string }) => transition.id === "41");
    expect(done.fields.resolution.required).toBe(true);
    expect(without.body.errors).toHaveProperty("resolution");
    expect(withField.status).toBe(204);
  });

  it("offers none without permission", async () => {
    bench.sim.control.setSettings({ revokedPermissions: ["TRANSITION_ISSUES"] });
    const id = await create();

    expect((await bench.call("GET", `/rest/api/3/issue/${id}/transitions`)).body.transitions).toEqual([]);
  });

  it("logs people's moves, oldest first", async () => {
    const id = await create();
    bench.sim.control.transition({ issue: id, toCategory: "indeterminate", author: "李明" });
    bench.sim.control.transition({ issue: id, toStatus: "Done", author: "app" });

    const { body } = await bench.call("GET", `/rest/api/3/issue/${id}/changelog`);
    const bulk = await bench.call("POST", "/rest/api/3/changelog/bulkfetch", {
      issueIdsOrKeys: [id],
      fieldIds: ["status"],
      maxResults: 1,
    });

    expect(body.values.map((change: { author: { displayName: string } }) => change.author.displayName)).toEqual([
      "李明",
      "Automation for Jira",
    ]);
    expect(body.values[1].author.accountType).toBe("app");
    expect(bulk.body.issueChangeLogs[0].changeHistories).toHaveLength(1);
    expect(bulk.body.nextPageToken).toBeTypeOf("string");
  });
});
