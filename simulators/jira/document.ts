/** Atlassian's document as this simulator uses it: `openapi.json` holds the operations that are served (scripts/simulator-documents.ts). */
import { type Api, loadApi, type Operation } from "../base/openapi.ts";

/** The document, read once per process. */
export function jiraDocument(): Api {
  return loadApi(new URL("./openapi.json", import.meta.url));
}

/** The classic scope of an operation (jira.md 6). */
export function scopeOf({ id, scopes }: Operation): string {
  // The members of a role need the right to administer, whatever the document says.
  if (id === "getProjectRole") return "manage:jira-configuration";
  return scopes[0] ?? "read:jira-work";
}

/** Whether an operation changes anything: many that only read are a POST. */
export function isWrite({ scopes }: Operation): boolean {
  return scopes.some((scope) => scope.startsWith("write:"));
}
