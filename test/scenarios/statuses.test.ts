/** Each rule of rule 6 on the whole product; several issues share one worker. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "vitest";
import { type Harness, startHarness } from "../support/harness.ts";

/** Looks into both services by the case's id. */
function makeView(world: Harness) {
  const issueOf = (caseId: string) =>
    world.jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`));
  const caseOf = (caseId: string) => world.huawei.getState().cases.find((entry) => entry.caseId === caseId);
  const keyOf = (caseId: string) => issueOf(caseId)?.key ?? "";
  const comments = (caseId: string, text: string) =>
    (issueOf(caseId)?.comments ?? []).filter((comment) => comment.bodyText.includes(text)).length;
  const categoryOf = (caseId: string) => issueOf(caseId)?.status.category;
  const statusOf = (caseId: string) => caseOf(caseId)?.status;
  return { issueOf, caseOf, keyOf, comments, categoryOf, statusOf };
}

/** Cases in the given statuses whose issues agree. */
async function startCases(world: Harness, statuses: Readonly<Record<string, number>>): Promise<Record<string, string>> {
  const ids = Object.fromEntries(
    Object.entries(statuses).map(([name, status]) => [
      name,
      world.huawei.createCase({ description: `status ${name}`, status }).caseId,
    ]),
  );
  const { issueOf } = makeView(world);
  const wanted = (status: number) =>
    status === 0 ? "new" : [3, 4, 12, 13].includes(status) ? "done" : "indeterminate";
  await world.waitUntil(
    () =>
      Object.entries(statuses).every(([name, status]) => issueOf(ids[name] ?? "")?.status.category === wanted(status)),
    "the issues agree with their cases",
  );
  await world.converge();
  return ids;
}

describe.concurrent("statuses with CLOSE_ON_DONE=confirm", () => {
  test.concurrent("each rule, once", { timeout: 400_000 }, async ({ expect, onTestFinished }) => {
    const harness = await startHarness({ env: { CASES_CREATED_AFTER: "2020-01-01" } });
    onTestFinished(() => harness.close());
    const { huawei, jira, waitUntil } = harness;
    const view = makeView(harness);
    huawei.setSettings({ messageOnClosed: "accepted" });
    const first = harness.spawnWorker();
    const ids = await startCases(harness, {
      follows: 0,
      waits: 1,
      both: 0,
      confirm: 2,
      open0: 0,
      open1: 1,
      open17: 17,
      app: 2,
      between: 1,
      refused: 2,
      reopen: 3,
      shut: 3,
      deleted: 1,
    });
    const id = (name: string) => ids[name] ?? "";
    const move = (name: string, toCategory: "new" | "indeterminate" | "done", author?: string) =>
      jira.transition({ issue: view.keyOf(id(name)), toCategory, ...(author === undefined ? {} : { author }) });

    // No look is on its way while people act: one that has read one side only would find each change alone.
    await first.kill("SIGTERM");
    // Only the case changes; a waiting status is told once per entering.
    huawei.setStatus({ caseId: id("follows"), status: 1 });
    huawei.setStatus({ caseId: id("waits"), status: 2 });
    huawei.deleteCase({ caseId: id("deleted") });
    // Both change between two looks: the case wins, with one note.
    move("both", "done");
    huawei.setStatus({ caseId: id("both"), status: 1 });
    // Only Jira changes.
    move("confirm", "done");
    for (const name of ["open0", "open1", "open17"]) move(name, "done");
    move("app", "done", "app");
    move("between", "new");
    move("reopen", "indeterminate");
    harness.spawnWorker();
    const effects = (): Readonly<Record<string, boolean>> => ({
      follows: view.categoryOf(id("follows")) === "indeterminate",
      waits: view.comments(id("waits"), "Huawei Cloud waits for us") === 1,
      deleted: view.categoryOf(id("deleted")) === "done" && view.comments(id("deleted"), "was deleted") === 1,
      both: view.categoryOf(id("both")) === "indeterminate",
      confirm: view.statusOf(id("confirm")) === 3,
      open0: view.comments(id("open0"), "is still") === 1,
      open1: view.comments(id("open1"), "is still") === 1,
      open17: view.comments(id("open17"), "is still") === 1,
      reopen: view.caseOf(id("reopen"))?.messages.some((message) => message.content.includes("!reopen-1]")) === true,
    });
    await waitUntil(
      () => Object.values(effects()).every(Boolean),
      () => `every rule has had its effect: ${JSON.stringify(effects())}`,
    );
    huawei.setStatus({ caseId: id("waits"), status: 1 });
    await harness.waitForRounds(2);
    huawei.setStatus({ caseId: id("waits"), status: 17 });
    await waitUntil(() => view.comments(id("waits"), "Huawei Cloud waits for us") === 2, "the second entering is told");
    await harness.converge();

    expect(view.comments(id("both"), "Both sides changed")).toBe(1);
    expect([0, 1, 17].map((status) => view.statusOf(id(`open${status}`)))).toEqual([0, 1, 17]);
    expect(["open0", "open1", "open17"].map((name) => view.categoryOf(id(name)))).toEqual(["done", "done", "done"]);
    expect(view.comments(id("open0"), "/cancel")).toBe(1);
    expect(view.comments(id("open1"), "/close")).toBe(1);
    expect([view.statusOf(id("app")), view.categoryOf(id("app"))]).toEqual([2, "done"]);
    expect([view.statusOf(id("between")), view.categoryOf(id("between"))]).toEqual([1, "new"]);
    expect(view.categoryOf(id("reopen"))).toBe("indeterminate");

    // A refused action: one comment, moved back once per transition, and no false note of both sides.
    huawei.setSettings({ closeFrom: [], messageOnClosed: "refused" });
    move("shut", "new");
    const waitsBefore = view.comments(id("refused"), "Huawei Cloud waits for us");
    move("refused", "done");
    await waitUntil(() => view.comments(id("refused"), "refused what moving this issue") === 1, "the refusal is told");
    await waitUntil(() => view.categoryOf(id("refused")) === "indeterminate", "the issue is moved back");
    move("refused", "done");
    await waitUntil(
      () =>
        view.comments(id("refused"), "refused what moving this issue") === 2 &&
        view.categoryOf(id("refused")) === "indeterminate",
      "a second transition is moved back once as well",
    );
    await waitUntil(
      () => view.comments(id("shut"), "refused what moving this issue") === 1 && view.categoryOf(id("shut")) === "done",
      "a case that takes no message any more sends its issue back",
    );
    await harness.converge();
    expect(view.comments(id("refused"), "Both sides changed")).toBe(0);
    expect(view.comments(id("refused"), "Huawei Cloud waits for us")).toBe(waitsBefore);
    expect(view.statusOf(id("refused"))).toBe(2);

    huawei.resetRequests();
    jira.resetRequests();
    await harness.waitForRounds(2);
    expect([huawei.getRequests().writes, jira.getRequests().writes]).toEqual([0, 0]);
    expect(huawei.getRefusals()).toEqual([]);
    expect(jira.getRefusals()).toEqual([]);
  });
});

describe.concurrent("statuses with CLOSE_ON_DONE=always", () => {
  test.concurrent("closes or cancels by status; many at once wait for release", { timeout: 400_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const harness = await startHarness({ env: { CLOSE_ON_DONE: "always" } });
    onTestFinished(() => harness.close());
    const { huawei, jira, waitUntil } = harness;
    const view = makeView(harness);
    harness.spawnWorker();
    const ids = await startCases(harness, { s0: 0, s1: 1, s2: 2, s17: 17, s5: 5 });
    for (const caseId of Object.values(ids)) jira.transition({ issue: view.keyOf(caseId), toCategory: "done" });
    await waitUntil(
      () => ["s0", "s1", "s2", "s17"].every((name) => [3, 4].includes(view.statusOf(ids[name] ?? "") ?? -1)),
      "open cases end",
    );
    await harness.converge();
    expect(["s0", "s1", "s2", "s17", "s5"].map((name) => view.statusOf(ids[name] ?? ""))).toEqual([4, 3, 3, 3, 5]);

    // Two hundred of them: many-closes.test.ts.
    const many = Array.from({ length: 12 }, (_unused, n) => huawei.createCase({ description: `bulk ${n}` }).caseId);
    await waitUntil(() => many.every((caseId) => view.issueOf(caseId) !== undefined), "twelve issues", 180_000);
    await harness.converge(120_000);
    for (const caseId of many) jira.transition({ issue: view.keyOf(caseId), toCategory: "done" });
    await waitUntil(
      () => many.every((caseId) => view.comments(caseId, "waits. An administrator releases") === 1),
      "each issue says that it waits",
      180_000,
    );
    expect(many.filter((caseId) => view.statusOf(caseId) !== 0)).toEqual([]);
    const failures = await harness.runCli(["failures", "list", "--json"]);
    expect(failures.stdout).toContain("many_closes");

    expect((await harness.runCli(["resume"])).code).toBe(0);
    await waitUntil(
      () => many.every((caseId) => view.statusOf(caseId) === 4),
      "all are withdrawn once released",
      180_000,
    );
    await harness.converge(120_000);
    expect((await harness.runCli(["failures", "list", "--json"])).stdout).not.toContain("many_closes");
  });
});

describe.concurrent("statuses with CLOSE_ON_DONE=never and a workflow without short cuts", () => {
  test.concurrent("passes through the via steps, and never acts on the case", { timeout: 300_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const harness = await startHarness({
      env: { JIRA_PROJECT_KEY: "STEP", CLOSE_ON_DONE: "never", CONFIG_FILE: "casebridge.yaml" },
    });
    onTestFinished(() => harness.close());
    const { huawei, jira, waitUntil } = harness;
    const file = "connections:\n  - status: { via: { done: ['3', '10012'] } }\n";
    await writeFile(join(harness.folder, "casebridge.yaml"), file);
    const view = makeView(harness);
    harness.spawnWorker();
    const ids = await startCases(harness, { a: 0, b: 2 });
    jira.transition({ issue: view.keyOf(ids.b ?? ""), toCategory: "done" });
    huawei.setStatus({ caseId: ids.a ?? "", status: 3 });
    await waitUntil(() => view.categoryOf(ids.a ?? "") === "done", "the issue takes the steps to done");
    await harness.converge();

    const steps = view
      .issueOf(ids.a ?? "")
      ?.changelog.flatMap((change) => change.items.filter((item) => item.field === "status").map((item) => item.to));
    expect(steps).toEqual(["3", "10012", "10001"]);
    expect(view.statusOf(ids.b ?? "")).toBe(2);
    expect(view.comments(ids.b ?? "", "is still")).toBe(0);
  });
});
