import { describe, expect, it } from "vitest";
import type { CaseSummary } from "../../domain/case.ts";
import { type CaseId, type IssueId, type IssueKey, type LinkId, toId } from "../../domain/ids.ts";
import { type ErrorKind, ServiceError } from "../../domain/service-error.ts";
import { makeSteps } from "../../domain/steps.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import type { UpdatedIssue } from "../ports.ts";
import { takeClones, withoutRequested } from "./intake-requests.ts";

function refusal(kind: ErrorKind): ServiceError {
  return new ServiceError({
    side: "jira",
    kind,
    operation: "read",
    status: null,
    code: null,
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
    detail: kind,
  });
}

/** Ports whose reading of what stands in `refused` fails; each has only what these tests ask of it. */
function stand(refused: Readonly<Record<string, ErrorKind>>) {
  const failures: string[] = [];
  const canceled: string[] = [];
  const read = async <Value>(id: string, value: Value): Promise<Value> => {
    const kind = refused[id];
    if (kind !== undefined) throw refusal(kind);
    return value;
  };
  const texts = new Map([["first", text("10001")]]);
  const deps = {
    settings: { name: "main", jira: { projectKey: "OPS" } },
    log: { info() {} },
    clock: { now: () => new Date(0) },
    huawei: {
      getCase: (caseId: string) =>
        read(caseId, { caseId, status: 0, createdAt: new Date(0), description: texts.get(caseId) ?? "", messages: [] }),
      performAction: async (caseId: string) => void canceled.push(caseId),
    },
    jira: {
      listIssues: ([issueId]: readonly string[]) => read(issueId ?? "", []),
      getOwnAccountId: async () => "bot",
      listChanges: (issueId: string) => read(issueId, []),
    },
    state: {
      findLinksByIssue: async (_name: string, ids: readonly string[]) =>
        ids.includes("10001") ? [{ id: toId<LinkId>("l"), caseId: toId<CaseId>("first"), issueId: "10001" }] : [],
      findCursor: async () => null,
      saveCursor: async () => {},
      recordConnectionFailure: async (_name: string, _reason: string, detail: string) => void failures.push(detail),
      insertIssueLinks: async (_name: string, issues: readonly UpdatedIssue[]) => issues.map((issue) => issue.issueId),
    },
  } as unknown as IntakeDeps;
  return { deps, failures, canceled };
}

const text = (issueId: string): string => `[OPS-1 @${issueId}] it broke`;

function makeCase(caseId: string, description: string): CaseSummary {
  return { caseId, createdAt: new Date(0), status: 0, labels: [], description } as unknown as CaseSummary;
}

describe("cases with the mark of an issue", () => {
  const copy = makeCase("copy", text("10001"));
  const plain = makeCase("plain", "somebody's own case");

  it.each<{ name: string; refused: Record<string, ErrorKind>; ordinary: string[]; failed: boolean }>([
    { name: "a second copy is none of the new cases", refused: {}, ordinary: ["plain"], failed: false },
    { name: "whose first was deleted", refused: { first: "not_found" }, ordinary: ["copy", "plain"], failed: false },
    { name: "whose first is hidden", refused: { first: "forbidden" }, ordinary: ["copy", "plain"], failed: false },
    {
      name: "whose first is not understood",
      refused: { first: "contract" },
      ordinary: ["copy", "plain"],
      failed: false,
    },
    { name: "whose first is away for now", refused: { first: "unavailable" }, ordinary: ["plain"], failed: true },
    { name: "a copy that cannot be read", refused: { copy: "forbidden" }, ordinary: ["plain"], failed: false },
  ])("hold back no other: $name", async ({ refused, ordinary, failed }) => {
    const { deps } = stand(refused);
    const steps = makeSteps();

    const left = await withoutRequested(deps, [copy, plain], steps);

    expect(left.map((entry) => entry.caseId)).toEqual(ordinary);
    if (failed) expect(() => steps.end()).toThrow();
    else steps.end();
  });

  it("never take the case that its issue got meanwhile for a copy of itself", async () => {
    const { deps, canceled, failures } = stand({});
    const steps = makeSteps();

    const left = await withoutRequested(deps, [makeCase("first", text("10001"))], steps);
    steps.end();

    expect([left, canceled, failures]).toEqual([[], [], []]);
  });

  it("cancels only a copy that it saw untouched", async () => {
    const seen = stand({});
    const hidden = stand({ copy: "forbidden" });

    for (const { deps } of [seen, hidden]) await withoutRequested(deps, [copy], makeSteps());

    expect([seen.canceled, hidden.canceled]).toEqual([["copy"], []]);
    expect(hidden.failures).toEqual([expect.stringContaining("look at both")]);
  });
});

it("a copy of an issue of which Jira does not tell is left out, and the others are taken", async () => {
  const issue = (issueId: string): UpdatedIssue =>
    ({
      issueId: toId<IssueId>(issueId),
      issueKey: toId<IssueKey>(`OPS-${issueId}`),
      labels: [],
      creatorId: "ann",
      stamp: { v: 1, inst: "other", caseId: "c", issueId },
    }) as unknown as UpdatedIssue;
  const { deps } = stand({ "7": "forbidden" });

  expect(await takeClones(deps, [issue("7"), issue("8")])).toBe(1);
});

it("an issue of our own account whose property is gone is no copy", async () => {
  const issue = (creatorId: string): UpdatedIssue =>
    ({
      issueId: toId<IssueId>("9"),
      issueKey: toId<IssueKey>("OPS-9"),
      labels: ["hwcase-c"],
      creatorId,
      stamp: null,
    }) as unknown as UpdatedIssue;

  expect(await takeClones(stand({}).deps, [issue("bot")])).toBe(0);
  expect(await takeClones(stand({}).deps, [issue("ann")])).toBe(1);
});
