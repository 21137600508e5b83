/**
 * Where the processes of one installation share a login token. The token itself is unreadable to the store: its owner seals it first.
 * The durable half lives in the store; the adapter sees only this interface.
 */

/** A token at rest. */
export type StoredToken = {
  /** Changes with every login; tells whether a token that was refused is still the stored one. */
  readonly tokenId: string;
  /** Salt of the key that sealed it. */
  readonly salt: Uint8Array;
  readonly sealed: Uint8Array;
  /** From then on somebody should renew it. */
  readonly renewAt: Date;
  /** From then on it is of no use. */
  readonly expiresAt: Date;
};

/** The place of one login's token. Every call may be repeated; calls reject when the place cannot be reached. */
export interface TokenStore {
  find(): Promise<StoredToken | null>;
  /** True for one caller at a time, until it saves, releases, or `leaseMs` have passed. */
  claimRenewal(leaseMs: number): Promise<boolean>;
  /** Replaces the token and ends the caller's claim. */
  save(token: StoredToken): Promise<void>;
  /** Ends the caller's claim without a new token. */
  releaseRenewal(): Promise<void>;
  /** Forgets the token, if it is still the stored one. */
  discard(tokenId: string): Promise<void>;
}

/** A place in this process's memory, for one process alone. */
export function makeMemoryTokenStore(): TokenStore {
  let token: StoredToken | null = null;
  let claimed = false;
  return {
    find: async () => token,
    async claimRenewal() {
      const free = !claimed;
      claimed = true;
      return free;
    },
    async save(next) {
      token = next;
      claimed = false;
    },
    async releaseRenewal() {
      claimed = false;
    },
    async discard(tokenId) {
      if (token?.tokenId === tokenId) token = null;
    },
  };
}

/**
 * A place for a process that may read the shared one and must not change it: a token that lies there is used, one that this process
 * asks for or finds refused is remembered here alone.
 */
export function makeReadingTokenStore(shared: Pick<TokenStore, "find">): TokenStore {
  const own = makeMemoryTokenStore();
  const refused = new Set<string>();
  return {
    ...own,
    async find() {
      const mine = await own.find();
      if (mine !== null) return mine;
      const stored = await shared.find();
      return stored === null || refused.has(stored.tokenId) ? null : stored;
    },
    async discard(tokenId) {
      refused.add(tokenId);
      await own.discard(tokenId);
    },
  };
}
