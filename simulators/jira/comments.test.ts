import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, doc, startBench } from "./test-support.ts";

let bench: Bench;
let issueId: string;

beforeEach(async () => {
  bench = await startBench();
  issueId = bench.sim.control.createIssue({ projectKey: "DESK", summary: "x" }).issueId;
});

afterEach(async () => {
  await bench.sim.close();
});

const comments = () => `/rest/api/3/issue/${issueId}/comment`;

describe("comments", () => {
  it("keep the properties they were created with, read back by id", async () => {
    const properties = [{ key: "casebridge", value: { caseId: "c" } }];

    const created = await bench.call("POST", comments(), { body: doc("hello"), properties });
    const listed = await bench.call("GET", `${comments()}?expand=properties`);
    const byId = await bench.call("POST", "/rest/api/3/comment/list?expand=properties", {
      ids: [Number(created.body.id)],
    });

    expect(created.status).toBe(201);
    expect(listed.body).toMatchObject({ total: 1, startAt: 0, maxResults: 100 });
    expect(listed.body.comments[0].properties).toEqual(properties);
    expect(byId.body.values[0].properties).toEqual(properties);
    bench.sim.control.setSettings({ commentListReturnsProperties: false });
    const without = await bench.call("GET", `${comments()}?expand=properties`);
    expect(without.body.comments[0].properties).toBeUndefined();
  });

  it("show in their issue as the newest of all, without properties", async () => {
    bench.sim.control.setSettings({ issueCommentCount: 2 });
    for (const text of ["a", "b", "c"]) bench.sim.control.addComment({ issue: issueId, text });

    const { body } = await bench.call("GET", `/rest/api/3/issue/${issueId}?fields=comment`);

    expect(body.fields.comment).toMatchObject({ total: 3, maxResults: 2, startAt: 1 });
    expect(body.fields.comment.comments.map((comment: { properties?: unknown }) => comment.properties)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it("are paged and ordered", async () => {
    for (const text of ["a", "b", "c"]) bench.sim.control.addComment({ issue: issueId, text });
    const texts = async (query: string) =>
      (await bench.call("GET", `${comments()}?${query}`)).body.comments.map(
        (comment: { body: ReturnType<typeof doc> }) => comment.body.content[0]?.content?.[0]?.text,
      );

    expect(await texts("startAt=1&maxResults=1")).toEqual(["b"]);
    expect(await texts("orderBy=-created")).toEqual(["c", "b", "a"]);
    expect((await bench.call("GET", `${comments()}?orderBy=updated`)).status).toBe(400);
  });

  it.each([
    ["a plain string", "hello"],
    ["an empty document", { type: "doc", version: 1, content: [] }],
    ["broken ADF", { type: "doc", version: 1, content: [{ type: "text", text: "x" }] }],
    ["a text that is too long", doc("x".repeat(32_768))],
  ])("refuse %s", async (_name, body) => {
    const answer = await bench.call("POST", comments(), { body });

    expect(answer.status).toBe(400);
    expect(answer.body.errors).toHaveProperty("comment");
  });

  it("refuse unknown members", async () => {
    expect((await bench.call("POST", comments(), { body: doc("x"), author: {} })).status).toBe(400);
  });

  it("tell internal and restricted ones apart", async () => {
    bench.sim.control.addComment({ issue: issueId, text: "public" });
    bench.sim.control.addComment({ issue: issueId, text: "internal", internal: true });
    const { commentId } = bench.sim.control.addComment({ issue: issueId, text: "later restricted" });
    bench.sim.control.restrictComment({ commentId });

    const { body } = await bench.call("GET", comments());
    bench.sim.control.setSettings({ botSeesRestrictedComments: false, jsdPublic: "never" });
    const blind = await bench.call("GET", comments());

    expect(body.comments.map((comment: { jsdPublic: boolean }) => comment.jsdPublic)).toEqual([true, false, true]);
    expect(body.comments[2].visibility).toMatchObject({ type: "role", value: "Administrators" });
    expect(blind.body.total).toBe(2);
    expect(blind.body.comments[0]).not.toHaveProperty("jsdPublic");
  });

  it("can be edited and deleted by their author only", async () => {
    const own = (await bench.call("POST", comments(), { body: doc("mine") })).body.id;
    const { commentId: foreign } = bench.sim.control.addComment({ issue: issueId, text: "theirs" });

    const edited = await bench.call("PUT", `${comments()}/${own}`, { body: doc("mine 2") });
    const refused = await bench.call("PUT", `${comments()}/${foreign}`, { body: doc("stolen") });
    const deleted = await bench.call("DELETE", `${comments()}/${own}`);

    expect([edited.status, refused.status, deleted.status]).toEqual([200, 400, 204]);
    expect((await bench.call("GET", `${comments()}/${own}`)).status).toBe(404);
  });

  it("move `updated` as the settings say", async () => {
    const { commentId } = bench.sim.control.addComment({ issue: issueId, text: "a" });
    const updated = () => bench.sim.control.getIssue({ issue: issueId }).updatedAt;
    bench.sim.control.setSettings({ commentEditMovesUpdated: false, commentDeleteMovesUpdated: false });
    const before = updated();
    bench.clock.ms += 1_000;

    bench.sim.control.editComment({ commentId, text: "b" });
    const afterEdit = updated();
    bench.sim.control.deleteComment({ commentId });

    expect([afterEdit, updated()]).toEqual([before, before]);
  });
});
