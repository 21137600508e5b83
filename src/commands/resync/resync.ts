/** The re-sync itself. */
import { setTimeout as sleep } from "node:timers/promises";
import { cutChars, displayName, toPlainText } from "../../domain/text/sanitize.ts";
import type { HistoryComment } from "../../sync/repair/history.ts";
import { LinkBusy, type ResyncOutcome, resyncConnection } from "../../sync/repair/resync.ts";
import type { App, Composition } from "../cli/app.ts";
import type { CommandContext, CommandResult } from "../cli/command.ts";
import { CommandFailure, ExitCode } from "../cli/exit-code.ts";
import { usage } from "../cli/options.ts";
import { holders } from "../targets.ts";
import type { ResyncOptions } from "./options.ts";
import { recreateIssue, toOrder } from "./order.ts";
import { resyncResult, withExtras } from "./result.ts";

/** Who re-syncs, where it is told how far it is, and who is asked. */
export type ResyncContext = Pick<CommandContext, "progress" | "confirm"> & { readonly app: Pick<App, "actor"> };

/** Re-syncs for real: here with `wait`, else by the worker. Throws `CommandFailure`, `ServiceError`. */
export async function resync(
  composition: Composition,
  options: ResyncOptions,
  context: ResyncContext,
): Promise<CommandResult> {
  const outcomes = await resyncAll(composition, options, context);
  return withExtras(resyncResult(outcomes, options.wait), options, outcomes);
}

/** The same, with what came of each connection. */
export async function resyncAll(
  composition: Composition,
  options: ResyncOptions,
  context: ResyncContext,
): Promise<readonly ResyncOutcome[]> {
  const isUnchosen = composition.config.connections.some((connection) => !connection.comments.toHuaweiChosen);
  if ((options.wait || options.includeHistory) && isUnchosen) {
    throw usage(
      "COMMENTS_TO_HUAWEI is not set, so it is not known which comments may leave Jira.",
      "Set it to all, command or none.",
    );
  }
  const target = options.recreate
    ? await recreateIssue(composition, options.target, (linkId) => composition.admin.recreate(linkId))
    : options.target;
  const connections = await holders(composition, options.connection, target);
  if (options.wait) await composition.recordPolicies(connections);
  const outcomes: ResyncOutcome[] = [];
  for (const connection of connections) {
    const order = await toOrder(composition, connection, { ...options, target });
    const outcome = await resyncConnection(connection, order, {
      works: options.wait,
      sleep,
      concurrency: composition.config.workerConcurrency,
      actor: context.app.actor,
      release: (comments) => askToRelease(comments, context),
      onStart: (links) => context.progress.start(`Re-sync ${connection.name}`, links),
      onProgress: (done, total) => context.progress.update(done, total),
    }).catch((error: unknown) => {
      if (!(error instanceof LinkBusy)) throw error;
      const message = "The issue is being worked on at the moment.";
      throw new CommandFailure({ code: ExitCode.failed, message, remedy: "Run the command again." });
    });
    context.progress.stop();
    outcomes.push(outcome);
  }
  return outcomes;
}

function askToRelease(comments: readonly HistoryComment[], context: Pick<CommandContext, "confirm">): Promise<boolean> {
  const lines = comments.map(
    ({ commentId, authorName, createdAt, text }) =>
      `  ${commentId}  ${createdAt.toISOString().slice(0, 16).replace("T", " ")}  ${displayName(authorName)}: ${firstWords(text)}`,
  );
  return context.confirm(`${lines.join("\n")}\nSend exactly these ${comments.length} comment(s) to Huawei Cloud?`);
}

function firstWords(text: string): string {
  const line = toPlainText(text).replace(/\s+/g, " ").trim();
  return line.length <= 100 ? line : `${cutChars(line, 100)}…`;
}
