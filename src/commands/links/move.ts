/** `casebridge links move`: goes on with a pairing whose issue was moved to another project. */
import { Option } from "commander";
import { isServiceError } from "../../domain/service-error.ts";
import { handOver } from "../../sync/repair/resync.ts";
import type { Composition } from "../cli/app.ts";
import { type CommandResult, defineCommand } from "../cli/command.ts";
import { CommandFailure, ExitCode } from "../cli/exit-code.ts";
import { parseIssueKey } from "../cli/option-values.ts";
import { type CaseOption, connectionOption, once, readCase, textOf, usage } from "../cli/options.ts";
import { chosen, type FoundLink, findLink } from "../targets.ts";
import { caseArgument, findIssue, linkPair, wrongProject } from "./pairing.ts";

/** `issueKey` null = where the issue lives now; `connection` names where the pairing is to go on, not where it is. */
type MoveOptions = CaseOption & { readonly issueKey: string | null };

/** `casebridge links move`. */
export const command = defineCommand<MoveOptions>({
  arguments: [caseArgument],
  options: () => [
    connectionOption(),
    new Option("--issue <key>", "go on with this issue (default: where it lives now)").argParser(once(parseIssueKey)),
  ],
  read: (parsed) => ({ ...readCase(parsed), issueKey: textOf(parsed, "issue") }),
  run: (options, { app }) =>
    app.withComposition("write", async (composition) => {
      chosen(composition, options.connection);
      return movePair(composition, await findLink(composition, options.caseId, null), options);
    }),
});

/**
 * Goes on with a pairing where its issue lives now: under the connection whose project that is, or, with `issueKey`, with that other
 * issue. Throws `CommandFailure`, `ServiceError`.
 */
async function movePair(composition: Composition, link: FoundLink, options: MoveOptions): Promise<CommandResult> {
  const { id, caseId, state } = link.summary;
  const issueId = link.snapshot.link.issueId;
  if (caseId === null || issueId === null || state === "unlinked")
    throw usage(`${options.caseId} has no pairing that could move.`, "Use `casebridge links link CASE KEY`.");
  const home = await findIssue(composition, null, options.issueKey ?? issueId);
  const target = composition.connections.find(
    (connection) =>
      connection.config.jira.host === home.connection.config.jira.host &&
      connection.config.jira.projectKey === home.issue.projectKey,
  );
  if (target === undefined || (options.connection !== null && target.name !== options.connection))
    throw wrongProject(home.issue, home.connection);
  if (home.issue.issueId !== issueId) {
    // Another issue: the old pairing ends, and the new one begins as any other by hand.
    const { issueKey } = home.issue;
    return linkPair(composition, { connection: target.name, caseId, issueKey, takeOver: false, instead: id });
  }
  await target.huawei.getCase(caseId, "live").catch((error: unknown) => {
    if (!isServiceError(error, "not_found", "forbidden")) throw error;
    throw usage(
      `Service ticket ${caseId} cannot be read by the account of connection ${target.name}, which owns ${home.issue.issueKey} now.`,
      "Move the issue back, or give that account access.",
    );
  });
  const moved = await composition.admin.moveLink({
    linkId: id,
    connectionName: target.name,
    issueKey: home.issue.issueKey,
  });
  if (!moved)
    throw new CommandFailure({
      code: ExitCode.outOfSync,
      message: "The connection that owns the issue now already has this case or issue.",
      remedy: "See `casebridge links list`.",
    });
  await handOver(target.intake, [id]);
  return {
    exitCode: ExitCode.done,
    human: [{ kind: "text", text: `${caseId} goes on with ${home.issue.issueKey} under connection ${target.name}.` }],
    json: { linkId: id, connection: target.name, issueKey: home.issue.issueKey },
  };
}
