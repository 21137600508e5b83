/**
 * Messages to Huawei, from their intents.
 */
import { type CaseFileId, toId } from "../../domain/ids.ts";
import type { Intent, Mirror } from "../../domain/link.ts";
import { formatMark, type Mark, markIdentity } from "../../domain/text/marks.ts";
import type { LeasedLink, NewIntent, StateStep } from "../state.ts";
import { type ApplyDeps, needCase, Unsettled, writeOnce } from "./write-once.ts";

/**
 * Sends one frozen part; the service answers no id, so the intent stays until a reading shows the copy. With `keepsRefused` a refused
 * one stays planned, so that a worker that dies before it recorded the refusal is refused once more.
 */
export async function sendPart(
  deps: ApplyDeps,
  leased: LeasedLink,
  intent: Pick<Intent, "key" | "mark" | "payload">,
  options: { readonly keepsRefused?: boolean } = {},
): Promise<void> {
  const caseId = needCase(leased);
  await writeOnce(deps, leased, {
    kind: "message",
    ...options,
    key: intent.key,
    side: "huawei",
    mark: intent.mark,
    payload: intent.payload,
    call: (frozen) =>
      deps.huawei.createMessage(
        {
          caseId,
          content: String(frozen.content),
          fileIds: ((frozen.fileIds as string[] | undefined) ?? []).map((id) => toId<CaseFileId>(id)),
        },
        deps.lane,
      ),
    confirm: () => ({ keep: true, audit: [{ side: "huawei", action: "message", item: intent.key, result: "sent" }] }),
  });
}

/** A message of casebridge's own that is owed to the case: its mark, then `text`. `owner` is the item whose mirror learns the copy. */
export function owedMessage(input: {
  readonly key: string;
  readonly mark: Mark;
  readonly text: string;
  readonly owner: Pick<Mirror, "kind" | "sourceId">;
}): NewIntent {
  return {
    kind: "message",
    key: input.key,
    side: "huawei",
    state: "planned",
    mark: markIdentity(input.mark),
    payload: {
      content: `${formatMark(input.mark)} ${input.text}`,
      owner: { kind: input.owner.kind, sourceId: input.owner.sourceId },
      index: 1,
    },
  };
}

/** Sends a message whose intent was stored a moment ago; `keepsRefused` as in `sendPart`. */
export async function sendOwed(
  deps: ApplyDeps,
  leased: LeasedLink,
  key: string,
  options: { readonly keepsRefused?: boolean } = {},
): Promise<number> {
  await leased.reload();
  const intent = leased.snapshot.intents.find((entry) => entry.key === key);
  if (intent === undefined) return 0;
  if (intent.state !== "planned") throw new Unsettled(key);
  await sendPart(deps, leased, intent, options);
  return 1;
}

/** The messages of a comment that are not confirmed, in their order. */
export function partsOf(leased: LeasedLink, commentId: string): Intent[] {
  return leased.snapshot.intents
    .filter((intent) => intent.side === "huawei" && ownerIdOf(intent) === commentId)
    .sort((a, b) => Number(a.payload.index) - Number(b.payload.index));
}

function ownerIdOf(intent: Intent): string | undefined {
  return (intent.payload.owner as { readonly sourceId?: string } | undefined)?.sourceId;
}

/** Forgets parts that have not left. Their files were not carried then: they go along with whatever is sent next. */
export function dropParts(leased: LeasedLink, keys: readonly string[]): StateStep {
  const dropped = leased.snapshot.intents.filter((intent) => keys.includes(intent.key));
  const fileIds = new Set(dropped.flatMap((intent) => (intent.payload.fileIds as string[] | undefined) ?? []));
  return {
    confirmedIntents: keys,
    mirrors: leased.snapshot.mirrors
      .filter((mirror) => mirror.kind === "file" && mirror.origin === "jira" && fileIds.has(mirror.copyId ?? ""))
      .map((mirror) => ({
        kind: "file",
        origin: "jira",
        sourceId: mirror.sourceId,
        state: "held",
        reason: "dropped_before_sending",
        copyId: null,
      })),
  };
}
