/**
 * Where the replicas of one installation share who is signed in, and how often somebody failed to. The durable half lives in the store;
 * what serves people sees only these interfaces.
 */

/** What a signed-in person or program may do: read, or act as well. */
export type Role = "viewer" | "operator";

/** Who is behind a request. `actor` is the name that the audit shows. */
export type Principal = { readonly role: Role; readonly actor: string };

/** A session at rest. */
export type StoredSession = Principal & {
  /** Fingerprint of what granted the role (a token, the settings of single sign-on): another one ends the session. */
  readonly grant: string;
};

/** Sessions by the digest of their secret: who reads the place cannot use what stands there. Calls reject when it cannot be reached. */
export interface SessionStore {
  start(id: string, session: StoredSession, lifetimeMs: number): Promise<void>;
  /** `null` for one that is unknown, was ended, or is past its age. */
  find(id: string): Promise<StoredSession | null>;
  /** Ends it everywhere. May be repeated. */
  end(id: string): Promise<void>;
}

/** Counts refused sign-ins of the last minute by where they came from. Calls reject when the place cannot be reached. */
export interface SignInBrake {
  /** How long this peer has to wait before it may try again; 0 = not at all. */
  waitMs(peer: string): Promise<number>;
  /** Counts one more; answers how long the peer has to wait now. */
  refused(peer: string): Promise<number>;
}
