/** The dry run of a re-sync, which is the same work rehearsed. */
import { makeRehearsal, type Rehearsal, type RehearsedWrite } from "../../sync/rehearsal/rehearsal.ts";
import { type ResyncOutcome, type ResyncRunner, resyncConnection } from "../../sync/repair/resync.ts";
import type { App, Composition } from "../cli/app.ts";
import type { CommandContext, CommandResult } from "../cli/command.ts";
import { ExitCode } from "../cli/exit-code.ts";
import type { Cell, Renderable } from "../cli/output.ts";
import { holders, isNamed, noConnection } from "../targets.ts";
import type { ResyncOptions } from "./options.ts";
import { recreateIssue, toOrder } from "./order.ts";
import { stoppedTexts, withExtras } from "./result.ts";

/** What a rehearsal came to. */
export type Rehearsed = {
  readonly outcomes: readonly ResyncOutcome[];
  readonly writes: readonly RehearsedWrite[];
  readonly unfinished: readonly {
    readonly caseId: string | null;
    readonly issueKey: string | null;
    readonly reason: string;
  }[];
};

/** Who rehearses, and where it is told how far it is. */
export type RehearsalContext = { readonly app: Pick<App, "actor">; readonly progress: CommandContext["progress"] };

/** Rehearses the re-sync, with `config` also on a draft of the configuration. Writes nothing. Throws `CommandFailure`, `ServiceError`. */
export async function rehearse(
  composition: Composition,
  options: ResyncOptions,
  context: CommandContext,
): Promise<CommandResult> {
  const { connection, config } = options;
  const draft = config === null ? null : await composition.rewire(context.app.readConfig("command", config));
  try {
    const places = draft === null ? [composition] : [composition, draft];
    if (connection !== null && !places.some((place) => place.connections.some(isNamed(connection))))
      throw noConnection(connection);
    const now = await rehearseOn(composition, options, context);
    const result =
      draft === null
        ? dryRunResult(now, options)
        : differenceResult(now, await rehearseOn(draft, options, context), options);
    return withExtras(result, options, now.outcomes);
  } finally {
    await draft?.close();
  }
}

/** Rehearses the re-sync on one configuration. Writes nothing. Throws `CommandFailure`, `ServiceError`. */
export async function rehearseOn(
  composition: Composition,
  options: ResyncOptions,
  context: RehearsalContext,
): Promise<Rehearsed> {
  const sites = new Map(
    composition.config.connections.map(({ name, huawei, jira }) => [
      name,
      { huawei: huawei.endpoint, jira: jira.host },
    ]),
  );
  const rehearsal = makeRehearsal({ state: composition.state, clock: composition.clock, sites });
  const { connection: name } = options;
  const isHere = name === null || composition.connections.some(isNamed(name));
  if (!isHere) return { outcomes: [], writes: [], unfinished: [] };
  const target = options.recreate
    ? await recreateIssue(composition, options.target, rehearsal.state.recreate)
    : options.target;
  const outcomes: ResyncOutcome[] = [];
  for (const connection of await holders(composition, name, target)) {
    // A worker that starts with this configuration makes everything before it history (rule 5).
    if (await composition.isPolicyWider(connection))
      await rehearsal.state.patchConnection(connection.name, { outgoingSince: composition.clock.now() });
    const rehearsed = rehearsal.connect(connection, { listStatuses: () => connection.jira.listStatuses() });
    const order = await toOrder(composition, connection, { ...options, target });
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

function makeRunner(rehearsal: Rehearsal, context: RehearsalContext): ResyncRunner {
  return {
    works: true,
    sleep: rehearsal.sleep,
    // One after the other, so that each has a clock of its own.
    concurrency: 1,
    actor: context.app.actor,
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
