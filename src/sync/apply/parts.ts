/**
 * Messages to Huawei, from their intents.
 */
import { type CaseFileId, toId } from "../../domain/ids.ts";
import type { Intent } from "../../domain/link.ts";
import type { LeasedLink } from "../state.ts";
import { type ApplyDeps, needCase, Unsettled, writeOnce } from "./write-once.ts";

/** Sends one frozen part; the service answers no id, so the intent stays until a reading shows the copy. */
export async function sendPart(
  deps: ApplyDeps,
  leased: LeasedLink,
  intent: Pick<Intent, "key" | "mark" | "payload">,
): Promise<void> {
  const caseId = needCase(leased);
  await writeOnce(deps, leased, {
    kind: "message",
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

/** Sends a message whose intent was stored a moment ago. */
export async function sendOwed(deps: ApplyDeps, leased: LeasedLink, key: string): Promise<number> {
  await leased.reload();
  const intent = leased.snapshot.intents.find((entry) => entry.key === key);
  if (intent === undefined) return 0;
  if (intent.state !== "planned") throw new Unsettled(key);
  await sendPart(deps, leased, intent);
  return 1;
}
