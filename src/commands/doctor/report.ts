/**
 * `doctor --report FILE`: what the real services answered, so that the lines of docs/vendors can be confirmed or refuted: calls, statuses,
 * codes, limits, shapes. Texts, ids, names and secrets are not in it: paths keep the words of the interface alone, answers their shape.
 */
import { chmod, writeFile } from "node:fs/promises";
import { type CaseId, toId } from "../../domain/ids.ts";
import type { Answer } from "../../lib/answer-recorder.ts";
import { CommandFailure, ExitCode } from "../cli/exit-code.ts";
import type { DoctorReport } from "./doctor.ts";
import type { ReportPorts } from "./report-ports.ts";
import { mergeShapes, type Shape, shapeOf } from "./shape.ts";
import { makeFactBook } from "./vendor-facts.ts";

/** All answers to one kind of call. */
type Call = {
  readonly call: string;
  readonly parameters: Set<string>;
  readonly statuses: Map<string, number>;
  readonly headers: Set<string>;
  readonly took: number[];
  readonly shapes: Map<string, Shape[]>;
};

/** Headers that say something of limits and traces; their values do not matter, save for those of limits. */
const notedHeaders =
  /^(?:retry-after|x-ratelimit-[\w-]+|ratelimit[\w-]*|x-request-id|x-arequestid|atl-traceid|deprecation|sunset)$/;

/** Gathers answers for a report. */
export function makeAnswerBook() {
  const calls = new Map<string, Call>();
  const facts = makeFactBook();
  return {
    /** What the answers say of what docs/vendors leaves open, by switch of the simulators. */
    facts: facts.list,
    note(answer: Answer): void {
      facts.note(answer);
      const url = new URL(answer.url);
      const name = `${answer.method} ${nameOf(url)}`;
      const call: Call = calls.get(name) ?? {
        call: name,
        parameters: new Set(),
        statuses: new Map(),
        headers: new Set(),
        took: [],
        shapes: new Map(),
      };
      calls.set(name, call);
      for (const parameter of url.searchParams.keys()) call.parameters.add(parameter);
      const status = String(answer.status);
      call.statuses.set(status, (call.statuses.get(status) ?? 0) + 1);
      call.took.push(answer.tookMs);
      for (const header of Object.keys(answer.headers)) if (notedHeaders.test(header)) call.headers.add(header);
      call.shapes.set(status, [...(call.shapes.get(status) ?? []), shapeOfBody(answer.body)]);
    },
    /** The calls in the order of their names, as JSON. */
    list() {
      return [...calls.values()]
        .sort((a, b) => a.call.localeCompare(b.call))
        .map(({ call, parameters, statuses, headers, took, shapes }) => ({
          call,
          parameters: [...parameters].sort(),
          statuses: Object.fromEntries(statuses),
          headers: [...headers].sort(),
          medianMs: Math.round([...took].sort((a, b) => a - b)[Math.floor(took.length / 2)] ?? 0),
          answers: Object.fromEntries([...shapes].map(([status, seen]) => [status, mergeShapes(seen)])),
        }));
    },
  };
}

/** A path without hosts, ids, keys and names: only words in small letters, and versions, stay. Pure. */
export function nameOf(url: URL): string {
  const words = url.pathname
    .split("/")
    .map((part) => (/^(?:[a-z][A-Za-z-]{1,40}|v\d(?:\.\d)?|\d)?$/.test(part) ? part : "{}"));
  // A role or group is known by a number, a project by its key or a word of its own.
  return words
    .map((word, at) =>
      /^(?:project|role|group|user|ex)$/.test(words[at - 1] ?? "") && word !== "search" && word !== "member"
        ? "{}"
        : word,
    )
    .join("/");
}

function shapeOfBody(body: Buffer | null): Shape {
  if (body === null) return "not read";
  if (body.byteLength === 0) return "empty";
  try {
    return shapeOf(JSON.parse(body.toString("utf8")));
  } catch {
    return "no JSON";
  }
}

/** Reads one case and one issue with what belongs to them, for their shapes alone. What fails is an answer, too. Never rejects. */
export async function readForReport({ huawei, jira }: ReportPorts): Promise<void> {
  const trying = async <Result>(read: () => Promise<Result>): Promise<Result | null> => read().catch(() => null);
  const monthAgo = new Date(Date.now() - 30 * 24 * 3_600_000);
  const cases = await trying(() => huawei.listCases({ createdFrom: monthAgo }, "live"));
  const caseId: CaseId | undefined = cases?.at(0)?.caseId;
  if (caseId !== undefined) {
    await trying(() => huawei.getCase(caseId, "live"));
    await trying(() => huawei.listMessages(caseId, "live"));
    await trying(() => huawei.listInstantMessages([caseId], null, "live"));
    await trying(() => huawei.listOperations(caseId, "live"));
  }
  const issues = await trying(() => jira.listUpdatedIssues(30 * 24 * 60, "live"));
  const issueId = issues?.at(0)?.issueId;
  if (issueId === undefined) return;
  await trying(() => jira.findIssue(issueId, "live"));
  await trying(() => jira.listComments(issueId, "live"));
  await trying(() => jira.listChanges(issueId, "live"));
  await trying(() => jira.findLastMoves([issueId], "live"));
  // How a call that nothing answers to is refused.
  await trying(() => jira.findIssue(toId("1"), "live"));
}

/** Writes the report, readable by its owner alone. Throws `CommandFailure` where the file cannot be written. */
export async function writeReport(
  file: string,
  report: {
    readonly version: string;
    readonly at: Date;
    readonly doctor: DoctorReport;
    readonly connections: readonly { readonly apiVersion: string; readonly site: string | null }[];
    readonly facts: ReturnType<ReturnType<typeof makeAnswerBook>["facts"]>;
    readonly calls: ReturnType<ReturnType<typeof makeAnswerBook>["list"]>;
  },
): Promise<void> {
  const { doctor, version, at, connections, facts, calls } = report;
  const text = {
    about: "What the services answered, for docs/vendors of casebridge. No texts, ids, names or secrets.",
    casebridge: version,
    at: at.toISOString(),
    connections,
    // Details may name projects and people.
    checks: doctor.checks.map(({ name, ok }) => ({ name, ok: ok === null ? "warning" : ok })),
    facts,
    calls,
  };
  try {
    await writeFile(file, `${JSON.stringify(text, null, 2)}\n`, { mode: 0o600 });
    // One that was there before keeps its mode otherwise.
    await chmod(file, 0o600);
  } catch (error) {
    throw new CommandFailure({
      code: ExitCode.usage,
      message: `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      remedy: "Name a file in a folder that exists.",
    });
  }
}
