// Does the client library that the product may use accept the answers? jira.js 6 validates them with its own schemas,
// made from Atlassian's description by somebody else: an independent look at our shapes. Where version 6 is not
// installed, the test reports itself as skipped.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bench, doc, startBench, taskFields } from "./test-support.ts";

// biome-ignore lint/suspicious/noExplicitAny: the module is optional, so its types may be absent.
type Cloud = any;

/** The module's exports, or null where this entry does not exist. JIRA_JS_CLOUD may name another installation. */
async function load(name: string): Promise<Cloud | null> {
  try {
    return await import(name);
  } catch {
    return null;
  }
}

const cloud = await load(process.env.JIRA_JS_CLOUD ?? "jira.js/cloud");
const version3 = await load("jira.js/version3");

describe.skipIf(cloud === null)("jira.js 6 (skipped where it is not installed)", () => {
  let bench: Bench;
  let jira: Cloud;
  const mismatches: unknown[] = [];

  beforeAll(async () => {
    bench = await startBench({ settings: { emailAddress: "shown", perIssueLimits: false } });
    jira = cloud.createCloudClient({
      host: bench.sim.url,
      auth: { type: "basic", email: "bot@example.com", apiToken: "SIMTOKEN" },
      onSchemaMismatch: (report: unknown) => mismatches.push(report),
    });
  });

  afterAll(async () => {
    await bench.sim.close();
  });

  it("finds nothing wrong in the answers a mirror needs", async () => {
    const { key, id } = await jira.issues.createIssue({
      fields: taskFields("x", { description: doc("hello"), labels: ["a"] }),
      properties: [{ key: "casebridge", value: { v: 1 } }],
    });
    await jira.issues.createIssues({ issueUpdates: [{ fields: taskFields("second") }] });
    await jira.issues.editIssue({ issueIdOrKey: key, update: { labels: [{ add: "b" }] } });
    const comment = await jira.issueComments.addComment({
      issueIdOrKey: key,
      body: doc("mine"),
      properties: [{ key: "casebridge", value: 1 }],
    });
    bench.sim.control.addComment({ issue: key, text: "theirs", visibility: { value: "Administrators" } });
    await jira.issueComments.getComments({ issueIdOrKey: key });
    const listed = await jira.issueComments.getCommentsByIds({ ids: [Number(comment.id)], expand: "properties" });
    await jira.issueComments.updateComment({ issueIdOrKey: key, id: comment.id, body: { body: doc("mine 2") } });
    await jira.issueProperties.setIssueProperty({ issueIdOrKey: key, propertyKey: "other", body: { a: 1 } });
    await jira.issueProperties.getIssueProperty({ issueIdOrKey: key, propertyKey: "other" });
    const { transitions } = await jira.issues.getTransitions({ issueIdOrKey: key, expand: "transitions.fields" });
    await jira.issues.doTransition({ issueIdOrKey: key, transition: { id: transitions[0].id } });
    await jira.issues.getIssue({ issueIdOrKey: key, expand: "changelog,transitions,names,schema,editmeta" });
    const fetched = await jira.issues.bulkFetchIssues({ issueIdsOrKeys: [id], fields: ["*all"] });
    const found = await jira.issueSearch.searchAndReconsileIssuesUsingJqlPost({ jql: "labels = b", fields: ["*all"] });
    await jira.issues.getChangeLogs({ issueIdOrKey: key });
    await jira.issues.getBulkChangelogs({ issueIdsOrKeys: [id] });
    await jira.myself.getCurrentUser();
    await jira.issues.getCreateIssueMetaIssueTypes({ projectIdOrKey: "OPS" });
    await jira.issues.getCreateIssueMetaIssueTypeId({ projectIdOrKey: "OPS", issueTypeId: "10002" });
    const files = await jira.issueAttachments.addAttachment({
      issueIdOrKey: key,
      attachments: { filename: "a.txt", content: new TextEncoder().encode("hello") },
    });
    await jira.issueAttachments.getAttachmentMeta();
    await jira.issueAttachments.getAttachment({ id: files[0].id });

    expect(listed.values[0].properties).toEqual([{ key: "casebridge", value: 1 }]);
    expect(fetched.issues).toHaveLength(1);
    expect(found.issues).toHaveLength(1);
    expect(comment.created).toBeInstanceOf(Date);
    expect(mismatches).toEqual([]);
    expect(bench.sim.control.getRefusals()).toEqual([]);
  });
});

describe.skipIf(version3 === null)("jira.js 5 (skipped where it is not installed)", () => {
  it("gets what it asks for", async () => {
    const bench = await startBench();
    const jira = new version3.Version3Client({
      host: bench.sim.url,
      authentication: { basic: { email: "bot@example.com", apiToken: "SIMTOKEN" } },
    });

    const { key } = await jira.issues.createIssue({ fields: taskFields("x", { description: doc("hello") }) });
    await jira.issueComments.addComment({ issueIdOrKey: key, comment: doc("mine") });
    const files = await jira.issueAttachments.addAttachment({
      issueIdOrKey: key,
      attachment: { filename: "a.txt", file: Buffer.from("hello") },
    });
    const found = await jira.issueSearch.searchForIssuesUsingJqlEnhancedSearchPost({
      jql: "project = OPS",
      fields: ["summary", "attachment"],
    });
    const { comments } = await jira.issueComments.getComments({ issueIdOrKey: key });

    expect(files[0]).toMatchObject({ filename: "a.txt", size: 5 });
    expect(found.issues[0].fields.attachment).toHaveLength(1);
    expect(comments).toHaveLength(1);
    expect(bench.sim.control.getRefusals()).toEqual([]);
    await bench.sim.close();
  });
});
