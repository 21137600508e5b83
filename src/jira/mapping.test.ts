import { describe, expect, it } from "vitest";
import {
  toCategory,
  toComment,
  toCommentStamp,
  toFieldText,
  toIssue,
  toIssueChanges,
  toIssueStamp,
  toTransitions,
} from "./mapping.ts";
import { changelogPageSchema, commentSchema, issueSchema, transitionsSchema } from "./wire.ts";

const status = { id: "3", name: "处理中", statusCategory: { key: "indeterminate" } };
const times = { created: "2026-11-24T20:30:00.123+0800", updated: "2026-11-24T20:31:00.123+0800" };

describe("what Jira answers", () => {
  it.each([
    ["a cascading select", { value: "Compute", id: "1", child: { value: "ECS", id: "2" } }, "Compute / ECS"],
    ["a cascading select with one level", { value: "Compute", id: "1" }, "Compute"],
    ["a multi select", [{ value: "ECS" }, { value: "OBS" }], "ECS, OBS"],
    ["checkboxes, one ticked", [{ value: "ECS" }], "ECS"],
    ["an empty multi select", [], null],
    [
      "components",
      [
        { id: "1", name: "Network" },
        { id: "2", name: "Disk" },
      ],
      "Network, Disk",
    ],
    ["a person", { accountId: "712020:1", displayName: "Ada Byron" }, "Ada Byron"],
    ["people", [{ displayName: "Ada Byron" }, { displayName: "李明" }], "Ada Byron, 李明"],
    ["labels", ["a", "b"], "a, b"],
    ["a number", 7, "7"],
    [
      "rich text",
      { type: "doc", version: 1, content: [{ type: "paragraph", content: [{ type: "text", text: "x" }] }] },
      "x",
    ],
    ["nothing", null, null],
    ["an odd object", { child: {} }, null],
  ])("tells %s whole", (_name, value, text) => {
    expect(toFieldText(value)).toBe(text);
  });

  it("makes an issue with as little as Jira may give", () => {
    const wire = issueSchema.parse({
      id: 10001,
      key: "OPS-1",
      fields: { project: { key: "OPS" }, status, ...times, description: null, priority: null, security: null },
    });

    expect(toIssue(wire)).toEqual({
      issueId: "10001",
      reporterName: "",
      issueKey: "OPS-1",
      linkedIssueIds: [],
      projectKey: "OPS",
      projectTypeKey: null,
      summary: "",
      description: null,
      statusId: "3",
      statusName: "处理中",
      category: "indeterminate",
      labels: [],
      priorityId: null,
      priorityName: null,
      createdAt: new Date("2026-11-24T12:30:00.123Z"),
      updatedRaw: "2026-11-24T20:31:00.123+0800",
      securityLevelId: null,
      restriction: "none",
      reporterId: null,
      creatorId: null,
      files: [],
      stamp: null,
    });
  });

  it("keeps a security level, and sees no category in what it does not know", () => {
    const fields = { project: { key: "OPS" }, status, ...times, security: { id: "10100" } };

    expect(toIssue(issueSchema.parse({ id: "1", key: "OPS-1", fields })).securityLevelId).toBe("10100");
    expect(["new", "indeterminate", "done", "undefined", "later"].map(toCategory)).toEqual([
      "new",
      "indeterminate",
      "done",
      "new",
      "new",
    ]);
  });

  const empty = { issuerestrictions: {}, shouldDisplay: true };
  const filled = { issuerestrictions: { projectrole: [{ id: "10002" }] }, shouldDisplay: true };
  it.each([
    { name: "a company-managed project shows no level", fields: { security: null }, is: "none" },
    { name: "and an empty restriction", fields: { security: null, issuerestriction: empty }, is: "none" },
    { name: "a restriction wherever it stands", fields: { security: null, issuerestriction: filled }, is: "set" },
    { name: "the level's field is missing", fields: {}, is: "unknown" },
    { name: "it is missing, and the project has no levels", fields: {}, hasNoLevels: true, is: "none" },
    { name: "a team-managed project, open", fields: { issuerestriction: empty }, simplified: true, is: "none" },
    { name: "a team-managed project, told as null", fields: { issuerestriction: null }, simplified: true, is: "none" },
    { name: "a team-managed project, restricted", fields: { issuerestriction: filled }, simplified: true, is: "set" },
    { name: "a team-managed project that does not tell", fields: {}, simplified: true, is: "unknown" },
    { name: "another shape", fields: { security: null, issuerestriction: { shouldDisplay: true } }, is: "unknown" },
    {
      name: "an empty list of roles is a shape as well",
      fields: { issuerestriction: { issuerestrictions: { r: [] } } },
      simplified: true,
      is: "set",
    },
  ])("reads who may see an issue: $name: $is", ({ fields, simplified = false, hasNoLevels = false, is }) => {
    const wire = issueSchema.parse({
      id: "1",
      key: "OPS-1",
      fields: { project: { key: "OPS", simplified }, status, ...times, ...fields },
    });

    expect(toIssue(wire, [], hasNoLevels).restriction).toBe(is);
  });

  it("takes only a whole stamp for a stamp", () => {
    const stamp = { v: 1, inst: "i", caseId: "TT1" };
    const commentStamp = { ...stamp, srcHash: "h", files: [["a", "1"]] };

    expect(toIssueStamp({ ...stamp, extra: 1 })).toEqual(stamp);
    expect(toIssueStamp({ ...stamp, issueId: "1" })).toEqual({ ...stamp, issueId: "1" });
    expect(toCommentStamp({ ...commentStamp, fingerprint: "f" })).toEqual({ ...commentStamp, fingerprint: "f" });
    for (const bad of [null, undefined, "x", 1, [], {}, { ...stamp, v: "1" }, { ...stamp, caseId: null }]) {
      expect(toIssueStamp(bad)).toBeNull();
      expect(toCommentStamp(bad)).toBeNull();
    }
    expect(toCommentStamp({ ...commentStamp, files: [["a"]] })).toBeNull();
  });

  it.each([
    [{ jsdPublic: true }, true],
    [{ jsdPublic: false }, false],
    [{}, null],
    [{ jsdPublic: true, properties: [{ key: "sd.public.comment", value: { internal: true } }] }, false],
    [{ properties: [{ key: "sd.public.comment", value: { internal: false } }] }, null],
  ])("reads from %o whether a comment is public: %s", (more, expected) => {
    const comment = toComment(commentSchema.parse({ id: "1", ...times, ...more }), null);

    expect(comment).toMatchObject({ jsdPublic: expected, authorId: null, authorName: "", restricted: false });
  });

  it("takes any visibility for a restriction", () => {
    for (const visibility of [{ type: "role", value: "Admins" }, { type: "group" }, {}]) {
      expect(toComment(commentSchema.parse({ id: "1", ...times, visibility }), null).restricted).toBe(true);
    }
    expect(toComment(commentSchema.parse({ id: "1", ...times, visibility: null }), null).restricted).toBe(false);
  });

  it("lists transitions that are open, with the fields that nobody fills", () => {
    const fields = {
      resolution: { required: true, name: "Resolution" },
      customfield_1: { required: true, hasDefaultValue: true, name: "Defaulted" },
      customfield_2: { required: false, name: "Optional" },
      customfield_3: { required: true, hasDefaultValue: false },
    };
    const wire = transitionsSchema.parse({
      transitions: [
        { id: "1", name: "Go", to: status, fields },
        { id: 2, name: "Closed door", to: status, isAvailable: false },
      ],
    });

    expect(toTransitions(wire)).toEqual([
      {
        transitionId: "1",
        name: "Go",
        toStatusId: "3",
        toStatusName: status.name,
        toCategory: "indeterminate",
        requiredFields: ["Resolution", "customfield_3"],
        screen: Object.entries(fields).map(([fieldId, field]) => ({
          fieldId,
          name: "name" in field ? field.name : fieldId,
          type: null,
          items: null,
          allowed: [],
        })),
      },
    ]);
  });

  it("names changed fields by their ids, whatever their names are in the account's language", () => {
    const { values } = changelogPageSchema.parse({
      total: 1,
      values: [
        {
          id: "1",
          author: { accountId: "a", accountType: "app" },
          created: times.created,
          items: [
            { field: "状态", fieldId: "status", from: "1", to: "3" },
            { field: "status", fieldId: "customfield_1", to: "9" },
            { field: "status", to: "5" },
            { field: "summary", fieldId: "summary", to: null, fromString: "old", toString: "new" },
          ],
        },
        { id: "2", created: times.created },
      ],
    });

    expect(toIssueChanges(values)).toMatchObject([
      { field: "status", toId: "3", authorId: "a", authorType: "app", fromText: null, toText: null },
      { field: "customfield_1", toId: "9" },
      { field: "status", toId: "5" },
      { field: "summary", toId: null, fromText: "old", toText: "new" },
    ]);
  });
});
