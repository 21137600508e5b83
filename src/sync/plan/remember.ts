/** Actions that change only what we remember. */
import { isMessageIntent } from "../../domain/rows/intent.ts";
import { mirrorId } from "../../domain/rows/mirror.ts";
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
