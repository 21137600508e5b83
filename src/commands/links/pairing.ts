/** `casebridge links link | unlink | move`: pairings that people begin, end and re-home (rule 7). */

import type { Parts, WiredConnection } from "../../bin/compose.ts";
import { type CaseId, type IssueId, type IssueKey, type LinkId, toId } from "../../domain/ids.ts";
import type { Issue } from "../../domain/issue.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { AdminStore, LinkDetails } from "../../store/admin.ts";
import { rebuildPair } from "../../sync/repair/rebuild.ts";
import { handOver } from "../../sync/repair/resync.ts";
import type { CaseOption, CommandResult, LinkOptions } from "../actions.ts";
import { CommandFailure, ExitCode } from "../exit-code.ts";
import { rebuildDeps } from "../rebuild.ts";

/**
 * Pairs a case with an issue. What both sides show of our marks is stored before the link becomes active, so a pair that was
 * mirrored before is not mirrored again; nothing of the person's text is overwritten. `instead`: a pairing that ends for this one, once
 * nothing speaks against it. May be repeated.
 * Throws `CommandFailure`, `ServiceError`.
 */
export async function linkPair(
  parts: Parts,
  admin: AdminStore,
  options: LinkOptions & { readonly instead?: LinkId },
): Promise<CommandResult> {
  const { connection, issue } = await findIssue(parts, options.connection, options.issueKey);
  if (issue.projectKey !== connection.config.jira.projectKey) throw wrongProject(issue, connection);
  const detail = await connection.huawei.getCase(toId<CaseId>(options.caseId), "live").catch((error: unknown) => {
    if (!isServiceError(error, "not_found", "forbidden")) throw error;
    throw usage(
      `Service ticket ${options.caseId} cannot be read by the account of connection ${connection.name}.`,
      "Check the id, and name the connection with --connection.",
    );
  });
  const installation = await parts.state.getInstallation();
  checkMark(issue, { caseId: detail.caseId, installation, takeOver: options.takeOver });
  const { issueId, issueKey } = issue;
  const pair = { caseId: detail.caseId, issueId, issueKey };
  const result = await admin.linkByHand({
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
    rebuildDeps(parts, connection),
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

/** Ends a pairing; both sides stay as they are, and a tombstone keeps intake away. May be repeated. Throws `CommandFailure`. */
export async function unlinkPair(admin: AdminStore, link: LinkDetails): Promise<CommandResult> {
  const ended = await admin.unlink(link.summary.id);
  const name = link.summary.caseId ?? link.summary.issueKey ?? link.summary.id;
  return {
    exitCode: ExitCode.done,
    human: [
      {
        kind: "text",
        text: ended ? `Unlinked ${name}; both sides stay as they are.` : `${name} was unlinked before.`,
      },
    ],
    json: { unlinked: name, changed: ended },
  };
}

/**
 * Goes on with a pairing where its issue lives now: under the connection whose project that is, or, with `issueKey`, with that other
 * issue. Throws `CommandFailure`, `ServiceError`.
 */
export async function movePair(
  parts: Parts,
  admin: AdminStore,
  link: LinkDetails,
  options: CaseOption & { readonly issueKey: string | null },
): Promise<CommandResult> {
  const { id, caseId, state } = link.summary;
  const issueId = link.snapshot.link.issueId;
  if (caseId === null || issueId === null || state === "unlinked")
    throw usage(`${options.caseId} has no pairing that could move.`, "Use `casebridge links link CASE KEY`.");
  const home = await findIssue(parts, null, options.issueKey ?? issueId);
  const target = parts.connections.find(
    (connection) =>
      connection.config.jira.host === home.connection.config.jira.host &&
      connection.config.jira.projectKey === home.issue.projectKey,
  );
  if (target === undefined || (options.connection !== null && target.name !== options.connection))
    throw wrongProject(home.issue, home.connection);
  if (home.issue.issueId !== issueId) {
    // Another issue: the old pairing ends, and the new one begins as any other by hand.
    const { issueKey } = home.issue;
    return linkPair(parts, admin, { connection: target.name, caseId, issueKey, takeOver: false, instead: id });
  }
  await target.huawei.getCase(caseId, "live").catch((error: unknown) => {
    if (!isServiceError(error, "not_found", "forbidden")) throw error;
    throw usage(
      `Service ticket ${caseId} cannot be read by the account of connection ${target.name}, which owns ${home.issue.issueKey} now.`,
      "Move the issue back, or give that account access.",
    );
  });
  const moved = await admin.moveLink({ linkId: id, connectionName: target.name, issueKey: home.issue.issueKey });
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

/** The issue, read by the connection of its project where there is one, else by whichever can. */
async function findIssue(
  parts: Parts,
  name: string | null,
  keyOrId: string,
): Promise<{ readonly connection: WiredConnection; readonly issue: Issue }> {
  const named = parts.connections.filter((connection) => name === null || connection.name === name);
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
  const { mark } = issue;
  if (mark === null || wanted.takeOver || (mark.issueId !== undefined && mark.issueId !== issue.issueId)) return;
  if (mark.inst !== wanted.installation)
    throw usage(
      `${issue.issueKey} carries the mark of another installation of casebridge (${mark.inst}).`,
      "If that one is gone for good, or gives the issue up, add --take-over.",
    );
  if (mark.caseId !== wanted.caseId)
    throw usage(
      `${issue.issueKey} is marked as the issue of service ticket ${mark.caseId}.`,
      "If it is to be paired with another one all the same, add --take-over.",
    );
}

function wrongProject(issue: Issue, connection: WiredConnection): CommandFailure {
  return usage(
    `${issue.issueKey} is in project ${issue.projectKey}, which connection ${connection.name} does not mirror.`,
    "Move the issue into the project of a connection, or add a connection for its project.",
  );
}

function usage(message: string, remedy: string): CommandFailure {
  return new CommandFailure({ code: ExitCode.usage, message, remedy });
}
