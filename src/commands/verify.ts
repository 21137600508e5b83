/** `casebridge verify`: compares both sides item by item, and writes nothing. */

import { Option } from "commander";
import { inLanes } from "../lib/in-lanes.ts";
import { longestGapMs } from "../lib/ticks.ts";
import { type Inspection, inspectLink } from "../sync/repair/inspect.ts";
import { inspectFiles } from "../sync/repair/inspect-files.ts";
import { inspectUnpaired } from "../sync/repair/unpaired.ts";
import type { Composition, WiredConnection } from "./cli/app.ts";
import { type CommandContext, type CommandResult, defineCommand } from "./cli/command.ts";
import {
  type ConnectionOption,
  connectionOption,
  findTarget,
  isSet,
  type LinkTarget,
  readConnection,
  targetOptions,
} from "./cli/options.ts";
import { verifyResult } from "./drift.ts";
import { existingLinks, holders } from "./targets.ts";

type VerifyOptions = ConnectionOption & {
  readonly target: LinkTarget | { readonly kind: "all" };
  readonly deep: boolean;
};

/** `casebridge verify`. */
export const command = defineCommand<VerifyOptions>({
  options: () => [
    ...targetOptions(["all"]),
    new Option("--all", "every link (default)"),
    new Option("--deep", "read the bytes of files back, too"),
    connectionOption(),
  ],
  read: (parsed) => ({
    ...readConnection(parsed),
    target: findTarget(parsed) ?? { kind: "all" },
    deep: isSet(parsed, "deep"),
  }),
  run: (options, context) =>
    context.app.withComposition("read", (composition) => verify(composition, options, context)),
});

async function verify(
  composition: Composition,
  options: VerifyOptions,
  context: CommandContext,
): Promise<CommandResult> {
  const inspections: Inspection[] = [];
  for (const connection of await holders(composition, options.connection, options.target)) {
    inspections.push(...(await inspectLinks(composition, connection, options, context)));
    if (options.target.kind === "all")
      inspections.push(...(await inspectUnpaired(connection.intake, { pendingMs: twoRoundsMs(composition) })));
    context.progress.stop();
  }
  return verifyResult(inspections);
}

async function inspectLinks(
  composition: Composition,
  connection: WiredConnection,
  options: VerifyOptions,
  { progress }: Pick<CommandContext, "progress">,
): Promise<readonly Inspection[]> {
  const inspections: Inspection[] = [];
  const deps = { ...connection.reconcile, lane: "check", pendingMs: twoRoundsMs(composition) } as const;
  const linkIds = await existingLinks(composition, connection, options.target);
  progress.start(`Verify ${connection.name}`, linkIds.length);
  await inLanes(
    linkIds,
    composition.config.workerConcurrency,
    async (linkId) => {
      const inspection = await inspectLink(deps, linkId);
      if (inspection === null) return;
      const files = options.deep ? await inspectFiles(deps, linkId) : [];
      inspections.push({ ...inspection, differences: [...inspection.differences, ...files] });
    },
    (done) => progress.update(done, linkIds.length),
  );
  return inspections;
}

/** What is younger than two rounds may simply not have been seen yet (rule 8). */
function twoRoundsMs({ config: { crons } }: Pick<Composition, "config">): number {
  const now = new Date();
  return 2 * Math.max(longestGapMs(crons.cases, now), longestGapMs(crons.issues, now));
}
