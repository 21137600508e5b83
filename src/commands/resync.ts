/** `resync`: the re-sync itself, and its dry run, which is the same work rehearsed. */

import { commandActor } from "../bin/actor.ts";
import { adminOf, noted, readConfig, withParts } from "../bin/command.ts";
import { type Parts, recordPolicies, rewire, sleep } from "../bin/compose.ts";
import { type CaseId, type LinkId, toId } from "../domain/ids.ts";
import { cutChars, displayName, toPlainText } from "../domain/text/sanitize.ts";
import { isPolicyWider } from "../store/connections.ts";
import { policyOf } from "../sync/plan/disclosure.ts";
import { makeRehearsal, type Rehearsal, type RehearsedWrite } from "../sync/rehearsal/rehearsal.ts";
import type { HistoryComment } from "../sync/repair/history.ts";
import {
  LinkBusy,
  notRerendered,
  type ResyncOrder,
  type ResyncOutcome,
  type ResyncRunner,
  resyncConnection,
  type Selection,
} from "../sync/repair/resync.ts";
import type { CommandContext, CommandResult, ResyncOptions } from "./actions.ts";
import { CommandFailure, ExitCode } from "./exit-code.ts";
import type { Cell, Renderable } from "./output.ts";
import { existingLinks, holders, isNamed, noConnection, type Target } from "./targets.ts";

/** Carries out `resync`. Throws `CommandFailure`, `ServiceError`, and what the configuration lacks. */
export function runResync(options: ResyncOptions, context: CommandContext): Promise<CommandResult> {
  if (options.dryRun) return withParts("read", (parts) => rehearse(parts, options, context));
  const act = { action: "resync", target: targetWords(options) };
  return withParts("write", (parts) => noted(parts, act, () => resync(parts, options, context)));
}

function targetWords({ target, connection, ...options }: ResyncOptions): string {
  const words = {
    case: () => `case ${target.kind === "case" ? target.caseId : ""}`,
    issue: () => `issue ${target.kind === "issue" ? target.issueKey : ""}`,
    since: () => `since ${target.kind === "since" ? target.since.toISOString() : ""}`,
    all: () => "all links",
  }[target.kind]();
  const flags = [
    ...(connection === null ? [] : [`of connection ${connection}`]),
    ...(options.includeHistory ? ["with history"] : []),
    ...(options.recreate ? ["recreating"] : []),
    ...(options.rerender ? ["rendering anew"] : []),
  ];
  return [words, ...flags].join(", ");
}

async function resync(parts: Parts, options: ResyncOptions, context: CommandContext): Promise<CommandResult> {
  const isUnchosen = parts.config.connections.some((connection) => !connection.comments.toHuaweiChosen);
  if ((options.wait || options.includeHistory) && isUnchosen) {
    throw new CommandFailure({
      code: ExitCode.usage,
      message: "COMMENTS_TO_HUAWEI is not set, so it is not known which comments may leave Jira.",
      remedy: "Set it to all, command or none.",
    });
  }
  const admin = adminOf(parts);
  const target = options.recreate
    ? await recreateIssue(parts, options.target, (linkId) => admin.recreate(linkId))
    : options.target;
  const connections = await holders(parts, options.connection, target);
  if (options.wait) await recordPolicies(parts, connections);
  const outcomes: ResyncOutcome[] = [];
  for (const connection of connections) {
    const order = await toOrder(parts, connection, { ...options, target });
    const outcome = await resyncConnection(connection, order, {
      works: options.wait,
      sleep,
      concurrency: parts.config.workerConcurrency,
      actor: commandActor(),
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
  return withExtras(resyncResult(outcomes, options.wait), options, outcomes);
}

async function toOrder(
  parts: Parts,
  connection: { readonly name: string },
  {
    target,
    includeHistory,
    rerender,
  }: Pick<ResyncOptions, "includeHistory" | "rerender"> & { readonly target: Target },
): Promise<ResyncOrder> {
  const existing = includeHistory || rerender ? await existingLinks(parts, connection, target) : [];
  return {
    selection: await toSelection(parts, connection, target),
    withHistory: includeHistory ? existing : [],
    rerender: rerender ? existing : [],
  };
}

async function toSelection(parts: Parts, connection: { readonly name: string }, target: Target): Promise<Selection> {
  switch (target.kind) {
    case "case":
      return { kind: "case", caseId: toId<CaseId>(target.caseId) };
    case "issue":
      return { kind: "links", linkIds: await existingLinks(parts, connection, target) };
    case "since":
      return { kind: "since", since: target.since };
    case "all":
      return { kind: "all" };
  }
}

function askToRelease(comments: readonly HistoryComment[], context: CommandContext): Promise<boolean> {
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

/**
 * Frees a link whose issue was deleted, so that the re-sync makes a new one. Answers the case, since its link is not found under the old
 * issue any more. Throws `CommandFailure`.
 */
async function recreateIssue(
  parts: Parts,
  target: Target,
  recreate: (linkId: LinkId) => Promise<boolean>,
): Promise<Target> {
  const name = target.kind === "case" ? target.caseId : target.kind === "issue" ? target.issueKey : "";
  const link = await adminOf(parts).findLink(name);
  const { id, caseId, state, reason } = link?.summary ?? { id: null, caseId: null, state: null, reason: null };
  const isGone = state === "gone" && reason === "issue_gone";
  if (id !== null && caseId !== null && isGone && (await recreate(id))) return { kind: "case", caseId };
  throw new CommandFailure({
    code: ExitCode.usage,
    message: link === null ? `There is no link of ${name}.` : `The issue of ${name} is not known to be deleted.`,
    remedy: "--recreate is for a link in state gone with reason issue_gone; see `casebridge links show`.",
  });
}

function stoppedTexts(outcomes: readonly ResyncOutcome[], words: string): Renderable {
  return outcomes.flatMap(({ connection, stopped }) =>
    stopped === null
      ? []
      : [
          {
            kind: "text" as const,
            text: `The connection ${connection} is stopped (${stopped}): ${words}. \`casebridge failures list\` says what ends that.`,
            tone: "bad" as const,
          },
        ],
  );
}

function resyncResult(outcomes: readonly ResyncOutcome[], waited: boolean): CommandResult {
  const unfinished = outcomes.flatMap((outcome) => outcome.unfinished);
  const isUndone = unfinished.length > 0 || (waited && outcomes.some(({ stopped }) => stopped !== null));
  return {
    exitCode: isUndone ? ExitCode.outOfSync : ExitCode.done,
    json: {
      waited,
      results: outcomes.map(({ connection, links, writes, unfinished: left, stopped }) => ({
        connection,
        links,
        writes,
        unfinished: left,
        stopped,
      })),
    },
    human: [
      {
        kind: "table",
        head: ["Connection", "Links", waited ? "Writes" : "Handed to the worker"],
        rows: outcomes.map((outcome): Cell[] => [
          outcome.connection,
          outcome.links,
          waited ? outcome.writes : outcome.links,
        ]),
      },
      ...stoppedTexts(outcomes, waited ? "nothing was done" : "the worker does it once the connection runs again"),
      ...(unfinished.length === 0
        ? []
        : [
            {
              kind: "table" as const,
              title: "Not finished",
              head: ["Link", "Reason"],
              rows: unfinished.map((entry): Cell[] => [entry.linkId, entry.reason]),
            },
          ]),
    ],
  };
}

/** Adds what the rarer options did to the result; a link that was left out counts as not finished. */
function withExtras(result: CommandResult, options: ResyncOptions, outcomes: readonly ResyncOutcome[]): CommandResult {
  const history = outcomes.flatMap((outcome) => outcome.history);
  const rerendered = outcomes.reduce(
    (sum, { rerendered: { changed, uneven, busy, paused } }) => ({
      changed: sum.changed + changed,
      uneven: sum.uneven + uneven,
      busy: sum.busy + busy,
      paused: sum.paused + paused,
    }),
    notRerendered,
  );
  const isLeft = !options.dryRun && rerendered.busy + rerendered.paused > 0;
  const lines = [
    ...(options.includeHistory ? [`Older comments: ${history.length}`] : []),
    ...(options.rerender
      ? [
          `Comments with another rendering: ${rerendered.changed}; left alone, since they take more or fewer comments now: ${rerendered.uneven}; busy links: ${rerendered.busy}; paused links: ${rerendered.paused}`,
        ]
      : []),
  ];
  return {
    exitCode: isLeft && result.exitCode === ExitCode.done ? ExitCode.outOfSync : result.exitCode,
    json: {
      ...(result.json as Record<string, unknown>),
      ...(options.includeHistory ? { history: history.map((comment) => comment.commentId) } : {}),
      ...(options.rerender ? { rerendered } : {}),
    },
    human: [...result.human, ...lines.map((text) => ({ kind: "text" as const, text }))],
  };
}

/** What a rehearsal came to. */
type Rehearsed = {
  readonly outcomes: readonly ResyncOutcome[];
  readonly writes: readonly RehearsedWrite[];
  readonly unfinished: readonly {
    readonly caseId: string | null;
    readonly issueKey: string | null;
    readonly reason: string;
  }[];
};

async function rehearse(parts: Parts, options: ResyncOptions, context: CommandContext): Promise<CommandResult> {
  const { connection, config } = options;
  const draft = config === null ? null : await rewire(parts, readConfig("command", config));
  try {
    const places = draft === null ? [parts] : [parts, draft];
    if (connection !== null && !places.some((place) => place.connections.some(isNamed(connection))))
      throw noConnection(connection);
    const now = await rehearseOn(parts, options, context);
    const result =
      draft === null
        ? dryRunResult(now, options)
        : differenceResult(now, await rehearseOn(draft, options, context), options);
    return withExtras(result, options, now.outcomes);
  } finally {
    await draft?.close();
  }
}

async function rehearseOn(parts: Parts, options: ResyncOptions, context: CommandContext): Promise<Rehearsed> {
  const sites = new Map(
    parts.config.connections.map(({ name, huawei, jira }) => [name, { huawei: huawei.endpoint, jira: jira.host }]),
  );
  const rehearsal = makeRehearsal({ state: parts.state, clock: parts.clock, sites });
  const { connection: name } = options;
  const isHere = name === null || parts.connections.some(isNamed(name));
  if (!isHere) return { outcomes: [], writes: [], unfinished: [] };
  const target = options.recreate
    ? await recreateIssue(parts, options.target, rehearsal.state.recreate)
    : options.target;
  const outcomes: ResyncOutcome[] = [];
  for (const connection of await holders(parts, name, target)) {
    // A worker that starts with this configuration makes everything before it history (rule 5).
    const policy = { name: connection.name, policy: policyOf(connection.config) };
    if (await isPolicyWider(parts.database.prisma, policy))
      await rehearsal.state.patchConnection(connection.name, { outgoingSince: parts.clock.now() });
    const rehearsed = rehearsal.connect(connection, { listStatuses: () => connection.jira.listStatuses() });
    const order = await toOrder(parts, connection, { ...options, target });
    outcomes.push(await resyncConnection(rehearsed, order, makeRunner(rehearsal, context)));
    context.progress.stop();
  }
  const unfinished = await Promise.all(
    outcomes
      .flatMap((outcome) => outcome.unfinished)
      .map(async ({ linkId, reason }) => {
        const link = (await rehearsal.state.findSnapshot(linkId))?.link;
        return { caseId: link?.caseId ?? null, issueKey: link?.issueKey ?? null, reason };
      }),
  );
  return { outcomes, writes: await rehearsal.listWrites(), unfinished };
}

function makeRunner(rehearsal: Rehearsal, context: CommandContext): ResyncRunner {
  return {
    works: true,
    sleep: rehearsal.sleep,
    // One after the other, so that each has a clock of its own.
    concurrency: 1,
    actor: commandActor(),
    release: async () => true,
    onStart: (links) => context.progress.start("Dry run", links),
    onProgress: (done, total) => {
      if (done < total) rehearsal.rewind();
      else rehearsal.catchUp();
      context.progress.update(done, total);
    },
  };
}

/** A write as it is shown; its text only where texts are asked for. */
function toShown({ text, ...write }: RehearsedWrite, { texts }: Pick<ResyncOptions, "texts">): Record<string, unknown> {
  return texts ? { ...write, text } : write;
}

function countLinks({ outcomes }: Rehearsed): number {
  return outcomes.reduce((sum, { links }) => sum + links, 0);
}

function writesTable(title: string, writes: readonly RehearsedWrite[], empty: string): Renderable[number] {
  return {
    kind: "table",
    title,
    head: ["Case", "Issue", "Item", "Write", "Direction"],
    rows: writes.map((write): Cell[] => [write.caseId, write.issueKey, write.item, write.what, write.direction]),
    empty,
  };
}

function writesTexts(writes: readonly RehearsedWrite[], { texts }: Pick<ResyncOptions, "texts">): Renderable {
  return writes.flatMap(({ caseId, issueKey, item, what, text }) =>
    text === null || !texts
      ? []
      : [{ kind: "text" as const, text: `${caseId ?? "-"} / ${issueKey ?? "-"}, ${item}, ${what}:\n${text}` }],
  );
}

function unfinishedTable({ unfinished }: Pick<Rehearsed, "unfinished">): Renderable {
  if (unfinished.length === 0) return [];
  const rows = unfinished.map(({ caseId, issueKey, reason }): Cell[] => [caseId, issueKey, reason]);
  return [{ kind: "table", title: "Would not be finished", head: ["Case", "Issue", "Reason"], rows }];
}

function dryRunResult(rehearsed: Rehearsed, options: ResyncOptions): CommandResult {
  const { writes, unfinished, outcomes } = rehearsed;
  return {
    exitCode: ExitCode.done,
    json: {
      dryRun: true,
      links: countLinks(rehearsed),
      writes: writes.map((write) => toShown(write, options)),
      unfinished,
      stopped: outcomes.flatMap(({ connection, stopped }) =>
        stopped === null ? [] : [{ connection, reason: stopped }],
      ),
    },
    human: [
      writesTable("Writes that would be made", writes, "None."),
      ...unfinishedTable(rehearsed),
      ...stoppedTexts(outcomes, "nothing would be done"),
      ...writesTexts(writes, options),
    ],
  };
}

/** What stands in one list more often than in the other. */
function without(writes: readonly RehearsedWrite[], others: readonly RehearsedWrite[]): readonly RehearsedWrite[] {
  const left = others.map((write) => JSON.stringify(write));
  return writes.filter((write) => {
    const at = left.indexOf(JSON.stringify(write));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function differenceResult(now: Rehearsed, draft: Rehearsed, options: ResyncOptions): CommandResult {
  const added = without(draft.writes, now.writes);
  const removed = without(now.writes, draft.writes);
  const shown = (writes: readonly RehearsedWrite[]) => writes.map((write) => toShown(write, options));
  return {
    exitCode: ExitCode.done,
    json: {
      dryRun: true,
      config: options.config,
      links: countLinks(draft),
      writes: shown(draft.writes),
      unfinished: draft.unfinished,
      difference: { added: shown(added), removed: shown(removed) },
    },
    human: [
      writesTable(`Only with ${options.config}`, added, "Nothing more would be written."),
      writesTable("Only with the configuration of today", removed, "Nothing less would be written."),
      ...unfinishedTable(draft),
      ...writesTexts(added, options),
    ],
  };
}
