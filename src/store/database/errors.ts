/**
 * Errors of the database's infrastructure. Each says what happened and what to do; none carries a password: messages are
 * built from host, port and names, never from the connection string.
 */

/** The database cannot be reached, refuses the log-in, or went away. May be repeated later. */
export class DatabaseUnavailable extends Error {
  override readonly name = "DatabaseUnavailable";
  readonly kind = "unavailable";
}

/** A migration failed, now or earlier; an operator has to look. `migration` is its folder's name when known. */
export class MigrationFailed extends Error {
  override readonly name = "MigrationFailed";
  readonly migration: string | null;
  constructor(message: string, options: { migration: string | null; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.migration = options.migration;
  }
}

/** The database holds migrations that this release does not know: it was used by a newer casebridge. */
export class DatabaseNewerThanCode extends Error {
  override readonly name = "DatabaseNewerThanCode";
  readonly unknownMigrations: readonly string[];
  constructor(message: string, unknownMigrations: readonly string[]) {
    super(message);
    this.unknownMigrations = unknownMigrations;
  }
}

/** A command that only reads found no database of casebridge, or one whose schema it cannot read. `remedy` says what to do. */
export class DatabaseNotReady extends Error {
  override readonly name = "DatabaseNotReady";
  readonly remedy: string;
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** Codes by which pg, Prisma, Node and PostgreSQL say "no connection" (PostgreSQL's class 08 and its shutdown codes). */
const CONNECTION_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EPIPE",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "57P01",
  "57P02",
  "57P03",
  "53300",
  "25P03",
  "P1000",
  "P1001",
  "P1002",
  "P1003",
  "P1008",
  "P1010",
  "P1011",
  "P1017",
  "P2024",
]);

/** Kinds of Prisma's driver adapters for the same. */
const CONNECTION_KINDS = new Set([
  "DatabaseNotReachable",
  "DatabaseAccessDenied",
  "DatabaseDoesNotExist",
  "AuthenticationFailed",
  "ConnectionClosed",
  "SocketTimeout",
  "TlsConnectionError",
  "TooManyConnections",
]);

/** pg throws these without any code. */
const CONNECTION_MESSAGES = [
  "Connection terminated",
  "timeout exceeded when trying to connect",
  "Client has encountered a connection error and is not queryable",
  "Client was closed and is not queryable",
  "Cannot use a pool after calling end",
];

/**
 * True when a unique key refused a row, whether the error comes from Prisma's models (P2002), from raw SQL through Prisma, or
 * from pg (23505). Never throws.
 */
export function isUniqueViolation(error: unknown): boolean {
  return someCause(error, (e) => e.code === "P2002" || e.code === "23505" || e.originalCode === "23505");
}

/** Codes by which PostgreSQL and Prisma say that a table, column or function is not there. */
const SCHEMA_CODES: ReadonlySet<unknown> = new Set(["42P01", "42703", "42883", "P2021", "P2022"]);

/** True when a statement named something that the database's schema does not have. Never throws. */
export function isSchemaError(error: unknown): boolean {
  return someCause(error, (e) => [e.code, e.originalCode].some((code) => SCHEMA_CODES.has(code)));
}

/**
 * True when the error means that the database could not be reached or closed the connection, so that the same call may
 * succeed later. A statement that was under way may have been committed. Never throws.
 */
export function isConnectionError(error: unknown): boolean {
  return someCause(error, (e) => {
    if (e instanceof DatabaseUnavailable) return true;
    const codes = [e.code, e.originalCode, e.errorCode];
    if (codes.some((code) => typeof code === "string" && (CONNECTION_CODES.has(code) || /^08\d\d\d$/.test(code)))) {
      return true;
    }
    if (typeof e.kind === "string" && CONNECTION_KINDS.has(e.kind)) return true;
    const message = e.message;
    return typeof message === "string" && CONNECTION_MESSAGES.some((start) => message.startsWith(start));
  });
}

type ErrorLike = {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly errorCode?: unknown;
  readonly kind?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
  readonly meta?: unknown;
  readonly driverAdapterError?: unknown;
};

/** Walks causes, aggregated errors and Prisma's `meta.driverAdapterError`, at most 32 objects. */
function someCause(error: unknown, test: (error: ErrorLike) => boolean): boolean {
  const queue: unknown[] = [error];
  for (let i = 0; i < queue.length && i < 32; i++) {
    const e = queue[i];
    if (typeof e !== "object" || e === null) continue;
    const like: ErrorLike = e;
    if (test(like)) return true;
    queue.push(like.cause, like.meta, like.driverAdapterError);
    if (Array.isArray(like.errors)) queue.push(...like.errors);
  }
  return false;
}
