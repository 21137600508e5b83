/** What both sides show at the end, without ids and times: two runs of one story must come to the same. */
import type { World } from "./world.ts";

/** The state of both sides as lines that can be compared. Order matters where people see one. */
export function readEndState(world: World): readonly string[] {
  const lines: string[] = [];
  const site = world.jira.getState();
  for (const entry of world.huawei.getState().cases) {
    lines.push(`case: status ${entry.status}, labels ${[...entry.labels].sort().join(", ")}`);
    for (const message of entry.messages) {
      const files = message.accessories.map((file) => `${anonymous(file.name)} ${file.sha256.slice(0, 12)}`).sort();
      const state = message.withdrawn ? "withdrawn " : "";
      lines.push(
        `  message: ${state}${message.author} ${message.via} ${anonymous(message.content)} [${files.join("; ")}]`,
      );
    }
    for (const log of entry.operateLogs) lines.push(`  log: ${log.type}`);
  }
  for (const issue of site.issues) {
    const name = (accountId: string): string => (accountId === site.botAccountId ? "casebridge" : "person");
    const labels = issue.labels.map(anonymous).sort().join(", ");
    lines.push(`issue: ${issue.status.name}, ${issue.priority?.name}, ${labels}, ${anonymous(issue.summary)}`);
    lines.push(`  description: ${anonymous(issue.descriptionText)}`);
    lines.push(`  properties: ${Object.keys(issue.properties).sort().join(", ")}`);
    const comments = issue.comments.map((comment) => ({
      notice: /"notice:/.test(JSON.stringify(comment.properties.casebridge ?? {})),
      line: `  comment: ${name(comment.authorAccountId)} ${comment.visibility?.value ?? "all"} ${anonymous(comment.bodyText)}`,
    }));
    // The two directions are not ordered against each other, nor notices against the conversation.
    const ours = comments.filter(({ line }) => line.includes("comment: casebridge"));
    lines.push(...ours.filter(({ notice }) => !notice).map(({ line }) => line));
    lines.push(
      ...ours
        .filter(({ notice }) => notice)
        .map(({ line }) => line)
        .sort(),
    );
    lines.push(...comments.filter(({ line }) => line.includes("comment: person")).map(({ line }) => line));
    const files = issue.attachments.map(
      (file) => `  attachment: ${name(file.authorAccountId)} ${anonymous(file.name)} ${file.sha256.slice(0, 12)}`,
    );
    lines.push(...files.sort());
    lines.push(...issue.issueLinks.map((link) => `  link: ${link.type} ${link.otherKey}`).sort());
  }
  return lines;
}

/** Ids and times differ from run to run; both are digits. */
function anonymous(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?/g, "(time)").replace(/\d{4,}/g, "(number)");
}
