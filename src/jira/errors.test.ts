import { describe, expect, it } from "vitest";
import { isServiceError, type ServiceError } from "../domain/service-error.ts";
import { type CallFacts, readAnswer, refusedFields } from "./errors.ts";

const now = new Date("2026-11-24T20:30:00Z");
const write: CallFacts = { operation: "createIssue", effect: "write" };
const read: CallFacts = { operation: "findIssue", effect: "read" };
const json = { "content-type": "application/json;charset=UTF-8" };

function errorOf(call: CallFacts, status: number, headers: Record<string, string>, text: string): ServiceError {
  try {
    readAnswer(call, { status, headers, text }, now);
  } catch (error) {
    if (isServiceError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("what an answer of Jira means", () => {
  it.each([
    [400, "rejected", false],
    [401, "unauthorized", false],
    [403, "forbidden", false],
    [404, "not_found", false],
    [409, "rejected", false],
    [410, "rejected", false],
    [413, "rejected", false],
    [422, "rejected", false],
    [429, "rate_limited", false],
    [302, "contract", true],
    [408, "unavailable", true],
    [500, "unavailable", true],
    [503, "unavailable", true],
    [504, "unavailable", true],
  ] as const)("reads %i as %s, outcome of a write unknown: %s", (status, kind, outcomeUnknown) => {
    expect(errorOf(write, status, json, "{}").facts).toMatchObject({ side: "jira", kind, status, outcomeUnknown });
    expect(errorOf(read, status, json, "{}").facts.outcomeUnknown).toBe(false);
  });

  it.each([
    ["a login page", { "content-type": "text/html" }, "<html>secret</html>"],
    ["broken JSON", json, '{"id": "secr'],
  ])("takes %s with status 200 for no answer", (_name, headers, text) => {
    const error = errorOf(write, 200, headers, text);

    expect(error.facts).toMatchObject({ kind: "contract", status: 200, outcomeUnknown: true });
    expect(error.message).not.toContain("secr");
  });

  it("names refused fields and keeps Jira's words, without what they quote and without values", () => {
    const body = {
      errorMessages: ["The value 'my secret' does not\n exist for the field \"project\".", "x".repeat(500)],
      errors: { priority: "my secret", labels: "my secret", "<b>": "?" },
    };

    const error = errorOf(write, 400, json, JSON.stringify(body));

    expect(refusedFields(error)).toEqual(["priority", "labels"]);
    expect(error.facts.detail).toMatch(
      /^refused fields: priority, labels; The value '…' does not exist for the field "…"/,
    );
    expect(error.facts.detail.length).toBeLessThan(300);
    expect(JSON.stringify([error.message, error.facts])).not.toContain("my secret");
  });

  it("does not trust an empty result that was given to nobody", () => {
    const headers = { ...json, "x-seraph-loginreason": "AUTHENTICATED_FAILED" };

    expect(errorOf(read, 200, headers, '{"issues":[]}').kind).toBe("unauthorized");
    expect(errorOf(read, 404, headers, "{}").kind).toBe("unauthorized");
    expect(errorOf(write, 404, headers, "{}").facts).toMatchObject({ kind: "unauthorized", outcomeUnknown: false });
    expect(readAnswer(write, { status: 201, headers, text: '{"id":"1"}' }, now)).toEqual({ id: "1" });
  });

  it("gives the ids that support asks for, and nothing that is no id", () => {
    expect(errorOf(read, 500, { "atl-traceid": "abc123" }, "").facts.requestId).toBe("abc123");
    expect(errorOf(read, 500, { "x-arequestid": "a b\u0000" }, "").facts.requestId).toBeNull();
  });
});
