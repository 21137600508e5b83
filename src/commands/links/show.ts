/** `casebridge links show`: one pairing, and its story in words and times. */
import { remedyFor } from "../../domain/failure.ts";
import type { LinkView, OpenWrite, TimelineAct, TimelineEntry, TimelineItem } from "../../domain/timeline.ts";
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
    app.withComposition("read", async (composition) => {
      const link = await findLink(composition, caseId, connection);
      const story = await composition.admin.readLinkView(link.summary.id);
      return { exitCode: ExitCode.done, json: { ...link, story }, human: describeLink(link, story) };
    }),
});

function describeLink({ summary, failures }: FoundLink, story: LinkView | null): Renderable {
  const waits = story?.link.pendingSince ?? null;
  return [
    {
      kind: "facts",
      rows: [
        ["Case", summary.caseId],
        ["Issue", summary.issueKey],
        ["State", summary.state],
        ["Reason", summary.reason],
        ["Connection", summary.connectionName],
        ["Paired since", story?.link.createdAt ?? null],
        ["Fully compared", story?.link.checkedAt ?? null],
        ["News waits since", waits],
      ],
    },
    ...(story === null ? [] : storyBlocks(story)),
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

function storyBlocks({ entries, earlier, openWrites }: LinkView): Renderable {
  return [
    {
      kind: "table",
      title: "What happened",
      head: ["When", "What", "What became of it", "After"],
      rows: entries.map(tellEntry),
      empty: "Nothing is mirrored yet.",
    },
    ...(earlier === null
      ? []
      : [{ kind: "text", text: "Only the latest 100 lines; the page shows the earlier ones." } as const]),
    ...(openWrites.length === 0
      ? []
      : [
          {
            kind: "table",
            title: "Not certain yet",
            head: ["Since", "Write", "State", "Next look"],
            rows: openWrites.map(tellWrite),
          } as const,
        ]),
  ];
}

/** One line of the story: when, what, what became of it, and how long that took. Pure. */
export function tellEntry(entry: TimelineEntry): Cell[] {
  return entry.what === "item" ? tellItem(entry) : tellAct(entry);
}

const sideNames = { huawei: "Huawei Cloud", jira: "Jira" } as const;

function tellItem(item: TimelineItem): Cell[] {
  const { kind, sourceId, origin, aroseAt, noticedAt, mirroredAt, version, copyId } = item;
  const other = origin === "huawei" ? "Jira" : "Huawei Cloud";
  const edited = version > 1 ? `, version ${version}` : "";
  const what =
    kind === "notice" || kind === "waits"
      ? `casebridge's notice ${sourceId}`
      : `${kind} ${sourceId} in ${sideNames[origin]}${edited}`;
  const took = aroseAt === null || mirroredAt === null ? null : spanText(mirroredAt.getTime() - aroseAt.getTime());
  const isThere = item.state === "live" || item.state === "withdrawn";
  const copy = copyId === null ? "" : ` ${copyId}`;
  return [aroseAt ?? noticedAt, what, stateWords(item, { other, copy }), isThere ? took : null];
}

function stateWords(
  { state, reason, copyId, kind }: TimelineItem,
  { other, copy }: { readonly other: string; readonly copy: string },
): Cell {
  const why = reason === null ? "" : `: ${reason}`;
  switch (state) {
    case "live":
      if (kind === "notice" || kind === "waits") return { text: `written${copy}`, tone: "good" };
      return copyId === null ? "noted" : { text: `mirrored to ${other} as${copy}`, tone: "good" };
    case "sending":
      return { text: `on its way to ${other}`, tone: "warn" };
    case "placeholder":
      return { text: `a placeholder stands in ${other}${why}`, tone: "warn" };
    case "withdrawn":
      return `withdrawn${copy === "" ? "" : `; its copy${copy} says so`}`;
    case "held":
      return { text: `not sent to ${other}${why}`, tone: "warn" };
    case "refused":
      return { text: `refused by ${other}${why}`, tone: "bad" };
  }
}

function tellAct({ at, side, action, item, result }: TimelineAct): Cell[] {
  return [
    at,
    `casebridge in ${sideNames[side]}: ${action.replaceAll("_", " ")} ${item}`,
    result === "" ? null : result,
    null,
  ];
}

function tellWrite({ begunAt, kind, side, state, attempts, nextLookAt }: OpenWrite): Cell[] {
  const words = { planned: "to be written", sent: "written, not seen yet", unknown: "perhaps written" } as const;
  return [begunAt, `${kind} to ${sideNames[side]}, attempt ${attempts}`, words[state], nextLookAt];
}

/** `3 s`, `4 min`, `2 h`, `5 d`: what takes longer is told coarser. */
function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
