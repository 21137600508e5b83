/**
 * What may leave Jira (RULES 5). Every rule fails closed.
 */
import type { Issue, IssueComment, IssueFile } from "../../domain/issue.ts";
import { toPlainText } from "../../domain/text/sanitize.ts";
import type { ConnectionSettings } from "../ports.ts";
import type { PlanInput } from "./action.ts";
import { parseCommand } from "./command-text.ts";

/** Why a comment must not leave Jira, or `null` when it may (RULES 5). Fails closed. */
export function heldReason(input: {
  readonly comment: IssueComment;
  readonly issue: Issue;
  readonly settings: ConnectionSettings;
}): string | null {
  const { comment, issue, settings } = input;
  if (comment.restricted) return "restricted";
  if (comment.jsdPublic === false) return "internal";
  if (comment.jsdPublic === null && issue.projectTypeKey === "service_desk") return "internal_unknown";
  if (hasHeldLevel(issue, settings)) return "security_level";
  if (comment.authorType === "app" && !settings.comments.allowAppAccounts.includes(comment.authorId ?? ""))
    return "app_author";
  return null;
}

/** Whether the issue has a security level that lets nothing leave. */
export function hasHeldLevel(issue: Issue, settings: ConnectionSettings): boolean {
  return issue.securityLevelId !== null && !settings.comments.allowSecurityLevels.includes(issue.securityLevelId);
}

/** Whether the policy wants a comment at all. */
export function isWanted(settings: ConnectionSettings, text: string): boolean {
  // Comment commands are not text; they are carried out instead.
  if (parseCommand(text) !== null) return false;
  if (settings.comments.toHuawei === "all") return true;
  return settings.comments.toHuawei === "command" && /^\/case\s/.test(text.trimStart());
}

/** Texts and media of comments that must not leave: a file that they name never leaves either (RULES 5). */
export function namesInRestricted(input: PlanInput, comments: readonly IssueComment[]): string[] {
  const isDesk = input.observed.issue?.projectTypeKey === "service_desk";
  return comments
    .filter((comment) => comment.restricted || comment.jsdPublic === false || (isDesk && comment.jsdPublic === null))
    .flatMap((comment) => [input.adfToText(comment.body), ...input.mediaReferences(comment.body)]);
}

/** Whether one of these texts and media references names the file. */
export function isNamedIn(names: readonly string[], file: IssueFile): boolean {
  return names.some((name) => name === file.attachmentId || name.includes(file.name) || showsName(name, file));
}

/** Whether a text shows the file's name. Names may hold what texts lose on their way here:
 * control characters, bidi overrides, blanks in a row or at the ends. */
export function showsName(text: string, file: IssueFile): boolean {
  const name = inOneLine(file.name);
  return name !== "" && (text.includes(name) || inOneLine(text).includes(name));
}

function inOneLine(text: string): string {
  return toPlainText(text).replace(/\s+/g, " ").trim();
}
