/** What `verify` shows of the differences between both sides. */

import type { Inspection } from "../sync/repair/inspect.ts";
import type { CommandResult } from "./cli/command.ts";
import { ExitCode } from "./cli/exit-code.ts";
import type { Cell } from "./cli/output.ts";

/** One row per difference, and one per link that cannot be read. */
function differenceRows(inspections: readonly Inspection[]): Cell[][] {
  return inspections.flatMap((inspection) =>
    inspection.unreadable !== null
      ? [[inspection.caseId, inspection.issueKey, "link", `cannot be read: ${inspection.unreadable}`, "both"] as Cell[]]
      : inspection.differences.map((difference): Cell[] => [
          inspection.caseId,
          inspection.issueKey,
          difference.item,
          difference.pending ? `${difference.what} (pending)` : difference.what,
          difference.direction,
        ]),
  );
}

/** The drift of all links, for people and machines. Exit 3 when there is any that is not merely pending. */
export function verifyResult(inspections: readonly Inspection[]): CommandResult {
  const drift = inspections.reduce(
    (sum, inspection) =>
      sum +
      (inspection.unreadable === null ? 0 : 1) +
      inspection.differences.filter((difference) => !difference.pending).length,
    0,
  );
  const pending = inspections.reduce(
    (sum, inspection) => sum + inspection.differences.filter((difference) => difference.pending).length,
    0,
  );
  const rows = differenceRows(inspections);
  return {
    exitCode: drift === 0 ? ExitCode.done : ExitCode.outOfSync,
    json: { links: inspections.length, drift, pending, inspections },
    human: [
      ...(rows.length === 0
        ? []
        : [{ kind: "table" as const, head: ["Case", "Issue", "Item", "Difference", "Direction"], rows }]),
      {
        kind: "text",
        text: `${inspections.length} links compared: ${drift} drift, ${pending} pending.`,
        tone: drift === 0 ? "good" : "bad",
      },
    ],
  };
}
