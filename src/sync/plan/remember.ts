/** Actions that change only what we remember. */
import { isMessageIntent } from "../../domain/rows/intent.ts";
import { type MirrorPatch, mirrorId } from "../../domain/rows/mirror.ts";
import type { LinkSnapshot, StateStep } from "../state.ts";
import type { Action } from "./action.ts";

/** An action that stores a step and writes nothing elsewhere. */
export type Remember = Extract<Action, { readonly kind: "remember" }>;

/** Plans a step of our memory; `what` names it in logs and tests. Pure. */
export function remember(
  what: string,
  step: StateStep,
  more: Partial<Pick<Remember, "direction" | "wakes">> = {},
): Remember {
  return { kind: "remember", direction: "state", what, step, ...more };
}

/** Parts that have not left are forgotten. Their files were not carried then: they go along with whatever is sent next. Pure. */
export function droppedParts(
  { mirrors, intents }: Pick<LinkSnapshot, "mirrors" | "intents">,
  keys: readonly string[],
): StateStep {
  const dropped = intents.filter((intent) => keys.includes(intent.key));
  const fileIds = new Set(dropped.flatMap((intent) => (isMessageIntent(intent) ? (intent.payload.fileIds ?? []) : [])));
  return {
    confirmedIntents: keys,
    mirrors: mirrors.flatMap(({ kind, origin, sourceId, copyId }) =>
      kind === "file" && origin === "jira" && fileIds.has(copyId ?? "")
        ? [{ ...mirrorId.issueFile(sourceId), state: "held", reason: "dropped_before_sending", copyId: null } as const]
        : [],
    ),
  };
}

/** Parts that were not sent yet must not be sent any more; `row`: what becomes of a comment of which nothing has left. */
export function canceled(
  input: Pick<LinkSnapshot, "mirrors" | "intents">,
  keys: readonly string[],
  row: MirrorPatch | null,
): Action {
  const dropped = droppedParts(input, keys);
  return remember("cancel_parts", {
    ...dropped,
    mirrors: [...(dropped.mirrors ?? []), ...(row === null ? [] : [row])],
  });
}
