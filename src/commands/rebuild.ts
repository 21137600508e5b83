/** `casebridge rebuild`: survey, question, work, report. */
import { Option } from "commander";
import { itemKey } from "../domain/rows/item-key.ts";
import type { PairResult } from "../sync/repair/pair-result.ts";
import { previewRebuild, rebuildConnection } from "../sync/repair/rebuild.ts";
import { type Survey, survey } from "../sync/repair/survey.ts";
import type { Composition, WiredConnection } from "./cli/app.ts";
import { type CommandContext, type CommandResult, defineCommand } from "./cli/command.ts";
import { CommandFailure, ExitCode } from "./cli/exit-code.ts";
import {
  type ConnectionOption,
  connectionOption,
  isSet,
  readConnection,
  textOf,
  usage,
  yesOption,
} from "./cli/options.ts";
import type { Cell, Renderable } from "./cli/output.ts";
import { noted } from "./cli/work.ts";
import { rebuildDeps } from "./rebuilding.ts";
import { chosen } from "./targets.ts";

/** `takeOver`: false = ask; true = the marks of whatever installation; a text = of that one only. */
type RebuildOptions = ConnectionOption & { readonly dryRun: boolean; readonly takeOver: boolean | string };

/** `casebridge rebuild`. */
export const command = defineCommand<RebuildOptions>({
  help: "\nExamples:\n  casebridge rebuild --dry-run\n  casebridge rebuild --take-over",
  options: () => [
    connectionOption(),
    new Option("--dry-run", "print what it would adopt, write nothing"),
    new Option("--take-over [installation]", "take over the marks of another installation (default: of any)"),
    yesOption(),
  ],
  read: (parsed) => ({
    ...readConnection(parsed),
    dryRun: isSet(parsed, "dryRun"),
    takeOver: textOf(parsed, "takeOver") ?? isSet(parsed, "takeOver"),
  }),
  question: ({ dryRun, takeOver }) =>
    dryRun || takeOver === false
      ? null
      : `Take over the marks of ${takeOver === true ? "other installations" : `installation ${takeOver}`} of casebridge? ` +
        "If it still runs, stop it first: two installations on one project write everything twice.",
  run: (options, context) => {
    const { dryRun, connection } = options;
    const act = dryRun ? null : { action: "rebuild", target: connection ?? "every connection" };
    return context.app.withComposition(dryRun ? "read" : "write", (composition) =>
      noted(composition, act, () => rebuild(composition, chosen(composition, connection), options, context)),
    );
  },
});

type ConnectionReport = { readonly connection: string; readonly survey: Survey; readonly pairs: readonly PairResult[] };

/**
 * Rebuilds the mapping of the connections. Marks of other installations are taken over only when `takeOver` says so or a person
 * agrees. Exit 3 when something is there twice or cannot be told. Throws `CommandFailure`, `ServiceError`.
 */
async function rebuild(
  composition: Composition,
  connections: readonly WiredConnection[],
  options: RebuildOptions,
  context: CommandContext,
): Promise<CommandResult> {
  const installation = await composition.state.getInstallation();
  const surveys: { connection: WiredConnection; seen: Survey }[] = [];
  for (const connection of connections) {
    context.progress.start(`Survey ${connection.name}`, null);
    surveys.push({ connection, seen: await survey(rebuildDeps(composition, connection)) });
    context.progress.stop();
  }
  const foreign = countForeign(
    surveys.map(({ seen }) => seen),
    installation,
  );
  if (!options.dryRun) await agreeToTakeOver(foreign, options, context);
  const accepts = (inst: string): boolean =>
    inst === installation || typeof options.takeOver !== "string" || inst === options.takeOver;
  const reports: ConnectionReport[] = [];
  for (const { connection, seen } of surveys) {
    const deps = rebuildDeps(composition, connection, (done, total) => context.progress.update(done, total));
    context.progress.start(`Rebuild ${connection.name}`, seen.found.length);
    const pairs = options.dryRun
      ? await previewRebuild(deps, seen, accepts)
      : await rebuildConnection(deps, seen, accepts);
    context.progress.stop();
    reports.push({ connection: connection.name, survey: seen, pairs });
  }
  return rebuildResult(reports, { dryRun: options.dryRun, installation, foreign });
}

function countForeign(surveys: readonly Survey[], installation: string): readonly { inst: string; issues: number }[] {
  const counts = new Map<string, number>();
  for (const { inst, issues } of surveys.flatMap((seen) => seen.installations))
    if (inst !== installation) counts.set(inst, (counts.get(inst) ?? 0) + issues);
  return [...counts].map(([inst, issues]) => ({ inst, issues }));
}

async function agreeToTakeOver(
  foreign: readonly { inst: string; issues: number }[],
  options: RebuildOptions,
  context: CommandContext,
): Promise<void> {
  if (
    typeof options.takeOver === "string" &&
    !foreign.some(({ inst }) => inst === options.takeOver) &&
    foreign.length > 0
  ) {
    throw usage(
      `No issue carries marks of installation ${options.takeOver}.`,
      `There are: ${foreign.map(({ inst }) => inst).join(", ")}.`,
    );
  }
  if (foreign.length === 0 || options.takeOver !== false) return;
  const whose = foreign.map(({ inst, issues }) => `${inst} (${issues} issues)`).join(", ");
  const question =
    `These issues carry the marks of another installation of casebridge: ${whose}. ` +
    "If it still runs, stop it first: two installations on one project write everything twice. Take its marks over?";
  const agreed = await context.confirm(question).catch((error: unknown) => {
    if (!(error instanceof CommandFailure)) throw error;
    throw new CommandFailure({
      code: error.code,
      message: error.message,
      remedy: "Add --take-over --yes if that is what you want, or --dry-run to see what would be done.",
    });
  });
  if (!agreed)
    throw usage(
      "Nothing was taken over, and nothing was written.",
      "Run it again with --dry-run to see what it would do.",
    );
}

type Facts = {
  readonly dryRun: boolean;
  readonly installation: string;
  readonly foreign: readonly { inst: string; issues: number }[];
};

function rebuildResult(reports: readonly ConnectionReport[], facts: Facts): CommandResult {
  const { dryRun, installation, foreign } = facts;
  const connections = reports.map((report) => summarize(report, dryRun));
  const isOpen = connections.some(
    (entry) => entry.duplicates.length > 0 || entry.unmarked.length > 0 || entry.unknownMarks > 0,
  );
  const rows = troubleRows(connections);
  const hasHistory = connections.some((entry) => entry.history > 0);
  return {
    exitCode: dryRun || !isOpen ? ExitCode.done : ExitCode.outOfSync,
    json: { dryRun, installation, takenOver: foreign, connections },
    human: [
      summaryTable(connections, dryRun),
      ...(rows.length === 0
        ? []
        : [{ kind: "table" as const, title: "To be mended", head: ["Connection", "Case", "Item", "What"], rows }]),
      {
        kind: "text",
        text: dryRun
          ? "Nothing was written."
          : "The worker goes on from here; `casebridge verify --all` compares both sides.",
      },
      ...(hasHistory
        ? [
            {
              kind: "text" as const,
              text: "History: comments of people without a copy. They are not sent by themselves.",
            },
          ]
        : []),
    ],
  };
}

/** What one connection came to, in numbers, and what somebody has to mend there. */
function summarize({ connection, survey: seen, pairs }: ConnectionReport, dryRun: boolean) {
  const links: Partial<Record<PairResult["outcome"], number>> = {};
  for (const pair of pairs) links[pair.outcome] = (links[pair.outcome] ?? 0) + 1;
  const sum = (pick: (pair: PairResult) => number): number => pairs.reduce((total, pair) => total + pick(pair), 0);
  return {
    connection,
    links,
    items: {
      messages: sum((pair) => pair.items.messages),
      comments: sum((pair) => pair.items.comments),
      files: sum((pair) => pair.items.files),
      notices: sum((pair) => pair.items.notices),
    },
    history: sum((pair) => pair.history),
    unknownMarks: sum((pair) => pair.unknownMarks),
    duplicates: [
      ...(dryRun
        ? seen.duplicates.map((entry) => ({ caseId: entry.caseId, item: itemKey("issue", entry.other) }))
        : []),
      ...pairs.flatMap((pair) => pair.duplicates.map((item) => ({ caseId: pair.caseId, item }))),
      ...pairs
        .filter((pair) => pair.outcome === "taken")
        .map((pair) => ({ caseId: pair.caseId, item: itemKey("issue", pair.issueKey ?? "?") })),
    ],
    unmarked: seen.unmarked,
    clones: seen.clones,
  };
}

type Summary = ReturnType<typeof summarize>;

function summaryTable(connections: readonly Summary[], dryRun: boolean): Renderable[number] {
  return {
    kind: "table",
    title: dryRun ? "What would be rebuilt" : "Rebuilt",
    head: ["Connection", "Links", "Messages", "Comments", "Files", "Notices", "History", "Unknown marks", "Clones"],
    rows: connections.map((entry): Cell[] => [
      entry.connection,
      Object.entries(entry.links)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(", ") || "none",
      entry.items.messages,
      entry.items.comments,
      entry.items.files,
      entry.items.notices,
      entry.history,
      entry.unknownMarks,
      entry.clones.length,
    ]),
  };
}

function troubleRows(connections: readonly Summary[]): Cell[][] {
  return connections.flatMap((entry) => [
    ...entry.duplicates.map(({ caseId, item }): Cell[] => [entry.connection, caseId, item, "there twice"]),
    ...entry.unmarked.map(({ caseId, issueKey }): Cell[] => [
      entry.connection,
      caseId,
      itemKey("issue", issueKey),
      "has the label of the case, but no mark",
    ]),
  ]);
}
