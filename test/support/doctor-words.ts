/**
 * A newcomer who does what `doctor` says and knows nothing else: reads what it found and its remedies, and changes the one connection of
 * `casebridge.yaml` by them. What cannot be read off the words is not known here.
 */
import { parse, stringify } from "yaml";
import type { DoctorCheck } from "../../src/commands/doctor/doctor.ts";

type Section = Record<string, unknown>;

/** The connection after the words, `null` where they changed nothing. */
export function followDoctor(connection: Section, checks: readonly DoctorCheck[]): Section | null {
  const next = structuredClone(connection);
  for (const { ok, detail, remedy } of checks) if (ok !== true && remedy !== null) follow(next, detail, remedy);
  return JSON.stringify(next) === JSON.stringify(connection) ? null : next;
}

/** The file with the one connection. */
export function toFile(connection: Section): string {
  return stringify({ connections: [connection] });
}

function follow(connection: Section, detail: string, remedy: string): void {
  // Write below issue.fields of the connection in casebridge.yaml: NAME: { value: … } (takes …); …. Or give …
  const fields = /below issue\.fields of the connection in casebridge\.yaml: (.+)\. Or give/s.exec(remedy)?.[1];
  if (fields !== undefined) for (const line of splitLines(fields)) put(connection, ["issue", "fields"], readLine(line));

  // Write below the connection in casebridge.yaml: status.via: { … } | status.fields: { … }. Or: …
  const below = /below the connection in casebridge\.yaml: (.+?)\. Or: /s.exec(remedy)?.[1];
  for (const line of below?.split(" | ") ?? []) {
    const [, path = "", value = ""] = /^([\w.]+): (.*)$/s.exec(line) ?? [];
    put(connection, path.split("."), parse(withoutNotes(value).replaceAll("; ", ", ")));
  }

  // Set issue.requestType in casebridge.yaml to one of: 25 Ask a question, 26 …
  const requestType = /issue\.requestType in casebridge\.yaml to one of: (\S+) /.exec(remedy)?.[1];
  if (requestType !== undefined) put(connection, ["issue"], { requestType });

  // Correct JIRA_ISSUE_TYPE (jira.issueType, issue.type), … It has: Bug (10004), …
  const issueType = /JIRA_ISSUE_TYPE.* It has: .+? \((\d+)\)/.exec(remedy)?.[1];
  if (issueType !== undefined) put(connection, ["jira"], { issueType });

  // Set JIRA_PROJECT_KEY (jira.projectKey) to KEY. / … to another one. It may create issues in: KEY (Name), …
  const renamed = /\(jira\.projectKey\) to ([A-Z][A-Z0-9]+)\./.exec(remedy)?.[1];
  const others = /is archived/.test(detail) ? /create issues in: (.+)\.$/.exec(remedy)?.[1] : undefined;
  // Of the projects that it may use a person takes the one that is not spoken for.
  const projectKey =
    renamed ??
    others
      ?.split(", ")
      .find((name) => !/^P\d\d/.test(name))
      ?.split(" ")[0];
  if (projectKey !== undefined) put(connection, ["jira"], { projectKey });
}

/** `NAME: { … } (takes 1 One, 2 Two)` → the pair; the notes are for people. */
function readLine(line: string): Section {
  return parse(withoutNotes(line)) as Section;
}

/** Without `(takes …)`, which stands behind a value: names of values may hold brackets and semicolons. */
function withoutNotes(text: string): string {
  return text.replace(/ \(takes [^}]*?\)(?=; |$| \})/gs, "");
}

/** The lines of a list with semicolons; a name of a value that has one stands in a note. */
function splitLines(text: string): string[] {
  return withoutNotes(text).split("; ");
}

function put(target: Section, path: readonly string[], value: Section): void {
  let holder = target;
  for (const name of path) {
    const inner = (holder[name] ?? {}) as Section;
    holder[name] = inner;
    holder = inner;
  }
  for (const [name, given] of Object.entries(value)) {
    const before = holder[name];
    // Lines for one status are added to those that stand there.
    holder[name] = isSection(before) && isSection(given) && path[0] === "status" ? { ...before, ...given } : given;
  }
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
