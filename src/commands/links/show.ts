/** `casebridge links show`: one pairing with its items. */
import { remedyFor } from "../../domain/failure.ts";
import { defineCommand } from "../cli/command.ts";
import { ExitCode } from "../cli/exit-code.ts";
import { connectionOption, readCase } from "../cli/options.ts";
import type { Cell, Renderable } from "../cli/output.ts";
import { type FoundLink, findLink } from "../targets.ts";
import { caseArgument } from "./pairing.ts";

/** `casebridge links show`. */
export const command = defineCommand({
  arguments: [caseArgument],
  options: () => [connectionOption()],
  read: readCase,
  run: ({ caseId, connection }, { app }) =>
    app.withParts("read", async (parts) => {
      const link = await findLink(parts, caseId, connection);
      return { exitCode: ExitCode.done, json: link, human: describeLink(link) };
    }),
});

function describeLink({ summary, snapshot, failures }: FoundLink): Renderable {
  return [
    {
      kind: "facts",
      rows: [
        ["Case", summary.caseId],
        ["Issue", summary.issueKey],
        ["State", summary.state],
        ["Reason", summary.reason],
        ["Connection", summary.connectionName],
      ],
    },
    {
      kind: "table",
      title: "Mirrored items",
      head: ["Kind", "Origin", "Item", "Copy", "State"],
      rows: snapshot.mirrors.map((mirror): Cell[] => [
        mirror.kind,
        mirror.origin,
        mirror.sourceId,
        mirror.copyId,
        mirror.state,
      ]),
      empty: "Nothing is mirrored yet.",
    },
    {
      kind: "table",
      title: "Failures",
      head: ["Id", "Item", "Reason", "Detail", "State", "Remedy"],
      rows: failures.map((failure): Cell[] => [
        failure.id,
        failure.item,
        failure.reason,
        failure.detail,
        failure.state,
        remedyFor(failure.reason),
      ]),
      empty: "None.",
    },
  ];
}
