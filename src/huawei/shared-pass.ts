/**
 * What a login has got and uses for a while, a token or temporary keys, shared by all processes through the store. One of them renews
 * it at a time; the others use the old one on while it lives, and wait when there is none. A refused one is discarded everywhere, once.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleepFor } from "node:timers/promises";
import type { Lane } from "../domain/lane.ts";
import { isServiceError, type ServiceError } from "../domain/service-error.ts";
import type { TokenDeps } from "./iam.ts";
import type { TokenSeal } from "./token-seal.ts";

/** While somebody else renews it, the store is asked so often. */
const pollMs = 250;
/** A pass that is due, but lives, is used on for so long while another process renews it, or IAM is away. */
const useOnMs = 5_000;
/** IAM locks a user after some wrong passwords, so a refused login is not tried again at once. */
const refusedMs = 30_000;

/** A pass, and when it is renewed and ends by our clock. */
export type Pass<Content> = {
  readonly passId: string;
  readonly content: Content;
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
};

/** How a pass is got, and how it is written down. */
export type PassSource<Content> = {
  readonly seal: TokenSeal;
  /** Asks for a new one. Throws `ServiceError`. */
  readonly issue: (lane: Lane) => Promise<Omit<Pass<Content>, "passId">>;
  /** Requests that `issue` may need one after the other, each within its time-out. */
  readonly requestsMax: number;
  /** Content from the text that was sealed; `null` where it is none. */
  readonly read: (text: string) => Content | null;
  readonly write: (content: Content) => string;
  /** Told what was found in the store. */
  readonly onFound?: (content: Content) => void;
};

/** The pass of one process. */
export type SharedPass<Content> = {
  /** The one in use. */
  held(): Pass<Content> | null;
  /** Waits for one that is good. Throws `ServiceError`, and what the store throws. */
  ready(lane: Lane): Promise<Pass<Content>>;
  /** Asks for a new one now, and stores it; it is not in use yet. Throws as `ready`. */
  renew(lane: Lane): Promise<Pass<Content>>;
  /** Uses this one from now on. */
  hold(pass: Pass<Content>): void;
  /** Stores this one for all processes. */
  save(pass: Pass<Content>): Promise<void>;
  /** Stops using the one in use, and forgets it everywhere; whoever asks for the next one hears when that fails. */
  discard(): void;
};

/** Makes the pass of one login. Nothing is asked for before `ready`. */
export function makeSharedPass<Content>(deps: TokenDeps, source: PassSource<Content>): SharedPass<Content> {
  const { tokens, clock } = deps;
  let held: Pass<Content> | null = null;
  let refused: { readonly error: ServiceError; readonly untilMs: number } | null = null;
  // Callers that find no pass wait for one together.
  let pending: Promise<Pass<Content>> | null = null;
  const discarded = new Map<string, Promise<void>>();
  const nowMs = () => clock.now().getTime();

  async function load(): Promise<Pass<Content> | null> {
    const stored = await tokens.find();
    if (stored === null) return null;
    const text = await source.seal.open(stored.salt, stored.sealed);
    const content = text === null ? null : source.read(text);
    if (content === null || stored.expiresAt.getTime() <= nowMs()) return null;
    source.onFound?.(content);
    const [renewAtMs, expiresAtMs] = [stored.renewAt.getTime(), stored.expiresAt.getTime()];
    return { passId: stored.tokenId, content, renewAtMs, expiresAtMs };
  }

  async function acquire(lane: Lane): Promise<Pass<Content>> {
    await Promise.all(discarded.values());
    for (;;) {
      const stored = await load();
      if (stored !== null && nowMs() < stored.renewAtMs) return stored;
      if (await tokens.claimRenewal((source.requestsMax + 1) * deps.timeoutMs)) return renewClaimed(lane);
      if (stored !== null) return useOn(stored);
      await (deps.sleep ?? sleepFor)(pollMs);
    }
  }

  async function renewClaimed(lane: Lane): Promise<Pass<Content>> {
    try {
      const stored = await load();
      if (stored !== null && nowMs() < stored.renewAtMs) {
        await tokens.releaseRenewal();
        return stored;
      }
      try {
        return await renew(lane);
      } catch (error) {
        await tokens.releaseRenewal();
        if (stored !== null && isServiceError(error, "unavailable", "rate_limited")) return useOn(stored);
        throw error;
      }
    } catch (error) {
      if (!isServiceError(error)) await tokens.releaseRenewal();
      throw error;
    }
  }

  function useOn(stored: Pass<Content>): Pass<Content> {
    return { ...stored, renewAtMs: Math.min(stored.expiresAtMs, nowMs() + useOnMs) };
  }

  async function renew(lane: Lane): Promise<Pass<Content>> {
    if (refused !== null && nowMs() < refused.untilMs) throw refused.error;
    try {
      await deps.budget.take(lane);
      const next = { passId: randomUUID(), ...(await source.issue(lane)) };
      await save(next);
      refused = null;
      return next;
    } catch (error) {
      if (isServiceError(error, "unauthorized")) refused = { error, untilMs: nowMs() + refusedMs };
      throw error;
    }
  }

  async function save({ passId, content, renewAtMs, expiresAtMs }: Pass<Content>): Promise<void> {
    const { salt, sealed } = await source.seal.seal(source.write(content));
    await tokens.save({
      tokenId: passId,
      salt,
      sealed,
      renewAt: new Date(renewAtMs),
      expiresAt: new Date(expiresAtMs),
    });
  }

  return {
    held: () => held,
    renew,
    save,
    hold(pass) {
      held = pass;
    },
    async ready(lane) {
      if (held !== null && nowMs() < held.renewAtMs) return held;
      pending ??= acquire(lane)
        .then((next) => {
          held = next;
          return next;
        })
        .finally(() => {
          pending = null;
        });
      return pending;
    },
    discard() {
      if (held === null) return;
      const { passId } = held;
      held = null;
      const gone = tokens.discard(passId).finally(() => discarded.delete(passId));
      // Whoever asks for the next one waits for it and hears of its failure.
      gone.catch(() => {});
      discarded.set(passId, gone);
    },
  };
}
