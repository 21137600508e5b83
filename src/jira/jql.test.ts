import { describe, expect, it } from "vitest";
import { isServiceError } from "../domain/service-error.ts";
import { labelsJql, updatedWithinJql, withinProjectJql } from "./jql.ts";

const call = { operation: "listIssuesByJql", effect: "read" } as const;

describe("JQL", () => {
  it("asks for what changed by the server's clock, in whole minutes and never in none", () => {
    expect(updatedWithinJql("OPS", 10.2)).toBe('project = "OPS" AND updated >= -11m ORDER BY updated ASC');
    expect(updatedWithinJql("OPS", 0)).toBe('project = "OPS" AND updated >= -1m ORDER BY updated ASC');
  });

  it("quotes labels so that none can leave its quotes", () => {
    expect(labelsJql(["a", 'x") OR ("', "b\\"])).toBe('labels in ("a", "x\\") OR (\\"", "b\\\\") ORDER BY created ASC');
  });

  it.each([
    ["labels = a", "(labels = a)"],
    ["labels = a ORDER BY created", "(labels = a)"],
    ["labels in (a, b) order  by created desc", "(labels in (a, b))"],
    ["summary ~ \"order by (\" OR x = 'it\\'s'", "(summary ~ \"order by (\" OR x = 'it\\'s')"],
  ])("holds %s inside the project", (jql, condition) => {
    expect(withinProjectJql(call, "OPS", jql)).toBe(`project = "OPS" AND ${condition} ORDER BY created ASC`);
  });

  it("asks for the whole project when the condition is empty", () => {
    expect(withinProjectJql(call, "OPS", " ORDER BY key")).toBe('project = "OPS" ORDER BY created ASC');
  });

  it.each(["a = b) OR (c = d", "(a = b", "a = b)", 'a = "b', "a = 'b", ")("])("refuses %s", (jql) => {
    let error: unknown = null;
    try {
      withinProjectJql(call, "OPS", jql);
    } catch (reason) {
      error = reason;
    }
    expect(isServiceError(error, "rejected")).toBe(true);
  });
});
