/** The connection's project is known by its id: its key can be changed, and is a name for people (jira.md 1). */
import { unlessRefused } from "../domain/steps.ts";
import type { IssueDeps } from "./issue-deps.ts";
import type { CallContext } from "./transport.ts";

/**
 * The key by which the configuration knows the project of an issue: the configured one where it is the connection's own project, whatever it
 * is called today; else the key that Jira gives. Asks Jira for the project only where the keys differ, and once; where Jira refuses that,
 * the issue stands elsewhere. Throws what is no `ServiceError`.
 */
export async function toProjectKey(
  { directory, log, options }: Pick<IssueDeps, "directory" | "log" | "options">,
  call: CallContext,
  { id, key }: { readonly id?: string | null | undefined; readonly key: string },
): Promise<string> {
  if (key === options.projectKey || id == null) return key;
  const own = await unlessRefused(log, "project", () => directory.project(call));
  return own?.id === id ? options.projectKey : key;
}
