/** The request type of a new issue goes from the configuration through the frozen write to Jira (service projects). */
import { afterEach, expect, test } from "vitest";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

test("on a site without request types nothing is made, and the failure names what to mend", async () => {
  stage = await startStage({
    settings: (settings) => ({ ...settings, issue: { ...settings.issue, requestType: { value: "25" } } }),
  });
  stage.huawei.createCase({ description: "The server is down" });
  await stage.round();

  expect(stage.jira.getState().issues).toEqual([]);
  const { failures } = await stage.snapshot();
  expect(failures.map(({ reason, state }) => ({ reason, state }))).toEqual([
    { reason: "issue_refused", state: "open" },
  ]);
  const shown = await stage.runCli(["failures", "list", "--json"]);
  expect(JSON.stringify(shown.json)).toContain("issue.requestType: the site has no field for request types");
});
