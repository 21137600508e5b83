/** What `links link` and `links move` have in common: pairings that people begin and re-home (rule 7). */
import { type CaseId, type IssueId, type IssueKey, type LinkId, toId } from "../../domain/ids.ts";
import type { Issue } from "../../domain/issue.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { rebuildPair } from "../../sync/repair/rebuild-pair.ts";
import { handOver } from "../../sync/repair/resync.ts";
import type { Composition, WiredConnection } from "../cli/app.ts";
import type { ArgumentSpec, CommandResult } from "../cli/command.ts";
import { CommandFailure, ExitCode } from "../cli/exit-code.ts";
import { parseIdentifier } from "../cli/option-values.ts";
import { type CaseOption, usage } from "../cli/options.ts";
import { rebuildDeps } from "../rebuilding.ts";

/** The case that a command is about. */
export const caseArgument: ArgumentSpec = { description: "id of the case", parse: parseIdentifier };

/**
 * Pairs a case with an issue. What both sides show of our marks is stored before the link becomes active, so a pair that was
 * mirrored before is not mirrored again; nothing of the person's text is overwritten. `instead`: a pairing that ends for this one, once
 * nothing speaks against it. May be repeated.
 * Throws `CommandFailure`, `ServiceError`.
 */
export async function linkPair(
  composition: Composition,
  options: CaseOption & { readonly issueKey: string; readonly takeOver: boolean; readonly instead?: LinkId },
): Promise<CommandResult> {
  const { connection, issue } = await findIssue(composition, options.connection, options.issueKey);
  if (issue.projectKey !== connection.config.jira.projectKey) throw wrongProject(issue, connection);
  const detail = await connection.huawei.getCase(toId<CaseId>(options.caseId), "live").catch((error: unknown) => {
    if (!isServiceError(error, "not_found", "forbidden")) throw error;
    throw usage(
      `Service ticket ${options.caseId} cannot be read by the account of connection ${connection.name}.`,
      "Check the id, and name the connection with --connection.",
    );
  });
  const installation = await composition.state.getInstallation();
  checkMark(issue, { caseId: detail.caseId, installation, takeOver: options.takeOver });
  const { issueId, issueKey } = issue;
  const pair = { caseId: detail.caseId, issueId, issueKey };
  const result = await composition.admin.linkByHand({
    ...pair,
    connectionName: connection.name,
    ...(options.instead === undefined ? {} : { instead: options.instead }),
  });
  if (result.linkId === null) {
    throw new CommandFailure({
      code: ExitCode.outOfSync,
      message: `The ${result.takenBy.what} is already linked (link ${result.takenBy.linkId}).`,
      remedy: "See `casebridge links list`; `casebridge links unlink CASE` ends a pairing.",
    });
  }
  const rebuilt = await rebuildPair(
    rebuildDeps(composition, connection),
    { ...pair, inst: null, stamped: false, moved: false },
    {
      seen: { found: [], duplicates: [], unmarked: [], clones: [], installations: [], cases: new Map() },
      accepts: () => true,
      installation,
    },
  );
  await handOver(connection.intake, [result.linkId]);
  const adopted = Object.values(rebuilt.items).reduce((sum, count) => sum + count, 0);
  return {
    exitCode: ExitCode.done,
    human: [
      {
        kind: "text",
        text:
          `Linked ${detail.caseId} with ${issueKey}.` +
          (adopted === 0 ? "" : ` ${adopted} items that were mirrored before were recognised.`) +
          (rebuilt.history === 0 ? "" : ` ${rebuilt.history} older comments are history and are not sent.`),
      },
    ],
    json: { linkId: result.linkId, ...pair, recognised: rebuilt.items, history: rebuilt.history },
  };
}

/** The issue, read by the connection of its project where there is one, else by whichever can. Throws `CommandFailure`, `ServiceError`. */
export async function findIssue(
  composition: Composition,
  name: string | null,
  keyOrId: string,
): Promise<{ readonly connection: WiredConnection; readonly issue: Issue }> {
  const named = composition.connections.filter((connection) => name === null || connection.name === name);
  if (named.length === 0) throw usage(`There is no connection ${name ?? ""}.`, "See `casebridge status`.");
  const project = keyOrId.slice(0, Math.max(0, keyOrId.lastIndexOf("-")));
  const byProject = named.filter((connection) => connection.config.jira.projectKey === project);
  for (const connection of byProject.length > 0 ? byProject : named) {
    const issue = await connection.jira.findIssue(toId<IssueKey | IssueId>(keyOrId), "live");
    if (issue !== null) return { connection, issue };
  }
  throw usage(`Issue ${keyOrId} cannot be read.`, "Check the key and the permissions of casebridge's account.");
}

/** An issue that another installation, or another case, has marked is left alone unless somebody says so. */
function checkMark(
  issue: Issue,
  wanted: { readonly caseId: CaseId; readonly installation: string; readonly takeOver: boolean },
): void {
  const { stamp } = issue;
  if (stamp === null || wanted.takeOver || (stamp.issueId !== undefined && stamp.issueId !== issue.issueId)) return;
  if (stamp.inst !== wanted.installation)
    throw usage(
      `${issue.issueKey} carries the mark of another installation of casebridge (${stamp.inst}).`,
      "If that one is gone for good, or gives the issue up, add --take-over.",
    );
  if (stamp.caseId !== wanted.caseId)
    throw usage(
      `${issue.issueKey} is marked as the issue of service ticket ${stamp.caseId}.`,
      "If it is to be paired with another one all the same, add --take-over.",
    );
}

/** The failure of a pairing whose issue no connection mirrors. */
export function wrongProject(issue: Issue, connection: WiredConnection): CommandFailure {
  return usage(
    `${issue.issueKey} is in project ${issue.projectKey}, which connection ${connection.name} does not mirror.`,
    "Move the issue into the project of a connection, or add a connection for its project.",
  );
}
