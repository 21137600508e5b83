import { describe, expect, it } from "vitest";
import { type ErrorKind, ServiceError, type Side } from "../../domain/service-error.ts";
import { SpoolFull } from "../../lib/spool.ts";
import { Unjudged, Withheld } from "../apply/gate.ts";
import { Unsettled } from "../apply/write-once.ts";
import { LeaseLost } from "../state.ts";
import { judgeFailure, type Phase, type Verdict } from "./failure-policy.ts";
import { IssueMissing } from "./observe.ts";

function makeError(kind: ErrorKind, side: Side = "jira"): ServiceError {
  return new ServiceError({
    side,
    operation: "anything",
    kind,
    status: null,
    code: null,
    detail: "",
    requestId: null,
    outcomeUnknown: false,
    retryAfterMs: null,
  });
}

const reading: Phase = { kind: "reading" };
const requesting: Phase = { kind: "requesting" };
const write: Phase = { kind: "acting", stops: "direction" };
const addition: Phase = { kind: "acting", stops: "nothing" };
const newIssue: Phase = { kind: "acting", stops: "until_form_fits" };

/** A verdict in short. */
function judge(error: unknown, phase: Phase, attempts = 0): string {
  const verdict: Verdict = judgeFailure(error, phase, attempts);
  switch (verdict.kind) {
    case "later":
      return [verdict.reason, verdict.when, verdict.attempt, ...(verdict.isRecorded ? ["told"] : [])].join(" ");
    case "left_out":
      return verdict.isRecorded ? "left_out told" : "left_out";
    case "held":
    case "missing":
      return `${verdict.kind} ${verdict.reason}`;
    default:
      return verdict.kind;
  }
}

describe("the failure of a reading", () => {
  it.each<[ErrorKind, Side, number, string]>([
    ["rate_limited", "jira", 99, "rate_limited after_back_off none"],
    ["unauthorized", "huawei", 99, "unauthorized after_back_off none"],
    ["unavailable", "huawei", 99, "unavailable after_back_off costs"],
    ["contract", "jira", 5, "contract after_back_off costs"],
    ["contract", "jira", 6, "held contract"],
    ["rejected", "huawei", 0, "held rejected"],
    ["not_found", "huawei", 0, "missing case_gone"],
    ["forbidden", "huawei", 0, "missing forbidden"],
    ["not_found", "jira", 0, "held not_found"],
    ["forbidden", "jira", 0, "held forbidden"],
  ])("%s of %s after %i attempts: %4$s", (kind, side, attempts, expected) => {
    expect(judge(makeError(kind, side), reading, attempts)).toBe(expected);
    expect(judge(makeError(kind, side), requesting, attempts)).toBe(expected);
  });

  it("of the issue itself tells that it is missing", () => {
    expect(judge(new IssueMissing("10"), reading)).toBe("missing issue_gone");
  });
});

describe("the failure of a write", () => {
  it.each<[ErrorKind, Phase, number, string]>([
    ["rate_limited", write, 99, "rate_limited after_back_off none"],
    ["unavailable", write, 99, "unavailable after_back_off costs"],
    ["contract", write, 6, "held contract"],
    ["rejected", write, 0, "given_up"],
    ["not_found", write, 0, "not_found after_back_off costs told"],
    ["forbidden", write, 0, "held forbidden"],
    ["rejected", newIssue, 0, "form_refused"],
    ["forbidden", newIssue, 0, "held forbidden"],
    ["unavailable", newIssue, 0, "unavailable after_back_off costs"],
    ["rejected", addition, 0, "given_up"],
    ["forbidden", addition, 0, "left_out told"],
    ["not_found", addition, 0, "left_out told"],
    ["unavailable", addition, 99, "left_out"],
    ["rate_limited", addition, 0, "left_out"],
    ["contract", addition, 99, "left_out"],
  ])("%s, %o, after %i attempts: %4$s", (kind, phase, attempts, expected) => {
    expect(judge(makeError(kind), phase, attempts)).toBe(expected);
  });
});

describe("what stops a write from within", () => {
  it.each<[string, unknown, Phase, string]>([
    ["the gate kept it", new Withheld("restricted"), write, "withheld soon none_alone"],
    ["the gate kept a request", new Withheld("security_level"), requesting, "withheld soon none_alone"],
    ["the gate could not read", new Unjudged(makeError("forbidden")), write, "gate_unread after_back_off costs"],
    ["the gate could not read for a request", new Unjudged(makeError("forbidden")), requesting, "held forbidden"],
    ["the gate was too slow", new Unjudged(null), requesting, "gate_unread after_back_off costs"],
    ["the spool is full", new SpoolFull(), write, "spool_full after_back_off costs"],
    ["an earlier attempt is unknown", new Unsettled("k"), write, "unsettled at_its_look none_alone"],
    ["the case's own attempt is unknown", new Unsettled("k"), requesting, "case_unknown soon none"],
    ["the lease was lost", new LeaseLost("1"), write, "unforeseen"],
    ["nobody foresaw it", new TypeError("x"), addition, "unforeseen"],
  ])("%s", (_, error, phase, expected) => {
    expect(judge(error, phase)).toBe(expected);
  });
});
