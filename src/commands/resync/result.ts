/** What `resync` shows of what it did. */
import { notRerendered, type ResyncOutcome } from "../../sync/repair/resync.ts";
import type { CommandResult } from "../cli/command.ts";
import { ExitCode } from "../cli/exit-code.ts";
import type { Cell, Renderable } from "../cli/output.ts";
import type { ResyncOptions } from "./options.ts";

/** What a re-sync came to. Exit 3 where something is unfinished. */
export function resyncResult(outcomes: readonly ResyncOutcome[], waited: boolean): CommandResult {
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

/** One line per connection that is stopped; `words` say what that means here. */
export function stoppedTexts(outcomes: readonly ResyncOutcome[], words: string): Renderable {
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

/** Adds what the rarer options did to the result; a link that was left out counts as not finished. */
export function withExtras(
  result: CommandResult,
  options: ResyncOptions,
  outcomes: readonly ResyncOutcome[],
): CommandResult {
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
