/** Why a round did not come to its end, as the page and the commands tell it. */
import type { Side } from "./service-error.ts";

/** `side` null: it was not a service. `as`: how its connection broke (`proxy`, `timeout`, …), or the kind of the error. */
export type RoundFailure = { readonly side: Side | null; readonly as: string };
