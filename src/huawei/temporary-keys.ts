/** Temporary keys: what they are, when they are renewed, and how they are kept. */
import type { Pass, PassSource, SharedPass } from "./shared-pass.ts";

/** Keys that sign. `securityToken` goes along with temporary ones (huawei.md 3.2). */
export type SigningKeys = { readonly ak: string; readonly sk: string; readonly securityToken: string | null };

/** Of what is left of their life when they are got; of 15-minute keys 5 minutes stay for an IAM that is away. */
const usedShare = 2 / 3;
/** No keys live longer (huawei.md 3.4). */
const lifeMaxMs = 24 * 3_600_000;

/** How temporary keys are written down. */
export const keysAsText: Pick<PassSource<SigningKeys>, "read" | "write"> = {
  read: parseKeys,
  write: (keys) => JSON.stringify(keys),
};

/** Keys of a text that `keysAsText` wrote; `null` where it is another one. */
export function parseKeys(text: string): SigningKeys | null {
  try {
    return toKeys(JSON.parse(text), { ak: "ak", sk: "sk", securityToken: "securityToken" });
  } catch {
    return null;
  }
}

/** Keys from an answer whose members have these names; `null` where one is missing or empty. */
export function toKeys(
  value: unknown,
  names: { readonly ak: string; readonly sk: string; readonly securityToken: string },
): SigningKeys | null {
  const text = (name: string): string | null => {
    const found = memberOf(value, name);
    return typeof found === "string" && found !== "" ? found : null;
  };
  const [ak, sk, securityToken] = [text(names.ak), text(names.sk), text(names.securityToken)];
  return ak === null || sk === null || securityToken === null ? null : { ak, sk, securityToken };
}

/** A member of what may be an object. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/**
 * A pass of keys that end at `expiresAt` by the clock of whoever gave them, which is `aheadMs` ahead of ours; `null` when that is no
 * time, or over.
 */
export function toPass(
  keys: SigningKeys,
  expiresAt: unknown,
  { nowMs, aheadMs }: { readonly nowMs: number; readonly aheadMs: number },
): Omit<Pass<SigningKeys>, "passId"> | null {
  const lifeMs = typeof expiresAt === "string" ? Date.parse(expiresAt) - aheadMs - nowMs : Number.NaN;
  if (!(lifeMs > 0)) return null;
  const leftMs = Math.min(lifeMs, lifeMaxMs);
  return { content: keys, renewAtMs: nowMs + leftMs * usedShare, expiresAtMs: nowMs + leftMs };
}

/** Where a signed login has its keys from. A pass is the keys as text; `null` = keys that never change. */
export type KeySource = {
  ready: (lane: Parameters<SharedPass<SigningKeys>["ready"]>[0]) => Promise<string | null>;
  keysOf: (pass: string | null) => SigningKeys;
  /** See `Login`. */
  forget: (pass: string | null) => boolean;
  endsAt: () => Date | null;
};

/** A source whose keys are renewed. */
export function makeKeySource(shared: SharedPass<SigningKeys>): KeySource {
  const none: SigningKeys = { ak: "", sk: "", securityToken: null };
  return {
    ready: async (lane) => keysAsText.write((await shared.ready(lane)).content),
    keysOf: (pass) => (pass === null ? none : (parseKeys(pass) ?? none)),
    forget(pass) {
      const held = shared.held();
      // Another call may have renewed them already.
      if (held !== null && keysAsText.write(held.content) === pass) shared.discard();
      return true;
    },
    endsAt: () => {
      const held = shared.held();
      return held === null ? null : new Date(held.expiresAtMs);
    },
  };
}
