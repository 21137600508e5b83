/** Rows for unit tests: a test names what it is about, and the rest is made up. */
import { type Intent, sideOf } from "../../src/domain/rows/intent.ts";
import { parseIntentKey } from "../../src/domain/rows/intent-key.ts";

/** An intent under that key, planned a moment ago; of the payload only what a test tells. Throws for a key of no known kind. */
export function anIntent(
  key: string,
  { payload = {}, ...more }: Partial<Omit<Intent, "kind" | "key">> & { readonly payload?: object } = {},
): Intent {
  const id = parseIntentKey(key);
  if (id === null) throw new Error(`no intent is called ${key}`);
  return {
    ...id,
    key,
    side: sideOf(id.kind),
    state: "planned",
    payload,
    mark: null,
    unreadable: false,
    createdAt: new Date(0),
    attemptedAt: null,
    looks: 0,
    nextLookAt: null,
    attempts: 0,
    repeated: false,
    ...more,
  } as Intent;
}
