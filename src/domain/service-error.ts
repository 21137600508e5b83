/**
 * One error class for everything that a remote service can answer. Adapters translate into it at once; no HTTP or library
 * error crosses into `sync/`. The message never holds response bodies, contents or secrets.
 */
export type Side = "huawei" | "jira";

/**
 * What an error means for the caller:
 * `rate_limited` told to wait; `unavailable` 5xx, reset or timeout; `rejected` can never succeed; `not_found`; `forbidden`;
 * `unauthorized` credentials bad; `contract` the reply does not match its schema.
 */
export type ErrorKind =
  | "rate_limited"
  | "unavailable"
  | "rejected"
  | "not_found"
  | "forbidden"
  | "unauthorized"
  | "contract";

/** Everything an operator needs to know about a failed call; `outcomeUnknown` when a write may have landed all the same. */
export type ServiceErrorFacts = {
  readonly side: Side;
  readonly kind: ErrorKind;
  /** The adapter's name of the call, such as `createMessage`. */
  readonly operation: string;
  readonly status: number | null;
  /** The vendor's error code, such as `OSM.01010004`. */
  readonly code: string | null;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly outcomeUnknown: boolean;
  /** One line for people, without contents. */
  readonly detail: string;
  /** What a person can do about it, where the adapter knows. */
  readonly remedy?: string;
  /** Both in Chinese, where the adapter knows them. */
  readonly zh?: { readonly detail: string; readonly remedy: string };
};

/** A failed call to one of the two services. Safe to log: holds ids and codes, never contents. */
export class ServiceError extends Error {
  readonly facts: ServiceErrorFacts;

  constructor(facts: ServiceErrorFacts, options?: { cause?: unknown }) {
    super(
      `${facts.side} ${facts.operation}: ${facts.kind}` +
        `${facts.status === null ? "" : ` (${facts.status})`}${facts.code === null ? "" : ` ${facts.code}`}: ${facts.detail}`,
      options,
    );
    this.name = "ServiceError";
    this.facts = facts;
  }

  get kind(): ErrorKind {
    return this.facts.kind;
  }
}

/** Whether `error` is a `ServiceError`, optionally of one of the given kinds. */
export function isServiceError(error: unknown, ...kinds: readonly ErrorKind[]): error is ServiceError {
  return error instanceof ServiceError && (kinds.length === 0 || kinds.includes(error.kind));
}

/** Code of a refusal that says: this API version, or the mode it is used in, has no such call. */
export const unsupportedCode = "UNSUPPORTED";

/** Whether an error says that the API version, or the group mode, lacks the call; nothing was sent then. */
export function isUnsupported(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.facts.code === unsupportedCode;
}
