import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "../generated/client.ts";

/** The generated client together with the way to end it. */
export type Database = {
  readonly prisma: PrismaClient;
  /** The pool below Prisma, for SQL that Prisma cannot say (advisory locks, LISTEN). */
  readonly pool: pg.Pool;
  /** Waits for running queries and closes all connections. May be repeated. */
  close(): Promise<void>;
};

/**
 * A process that stands still inside a transaction (a blocked event loop, a suspended machine) keeps its locks, and others would wait
 * for it, even to start. The server ends such a session; well before a lease ends, so that taking over is not delayed.
 */
const idleInTransactionMs = 15_000;

/**
 * Makes a Prisma client on a pool of at most `poolMax` connections (default 10). Connects at the first query: nothing is
 * thrown here for an unreachable server; queries then fail with errors that `isConnectionError` knows, after 10 s at most.
 * `readOnly` makes the server refuse every write, whoever asks for it. `onError` hears of idle connections that broke; the pool replaces them by itself.
 */
export function makePrisma(options: {
  readonly connectionString: string;
  readonly poolMax?: number;
  readonly readOnly?: boolean;
  readonly onError?: (error: Error) => void;
}): Database {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.poolMax ?? 10,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: "casebridge",
    // The adapter drops the offset of a time it reads, so every session must speak UTC.
    options: `-c TimeZone=UTC -c idle_in_transaction_session_timeout=${idleInTransactionMs}${options.readOnly === true ? " -c default_transaction_read_only=on" : ""}`,
  });
  const report = options.onError ?? (() => {});
  // Without a listener an idle connection that breaks would end the process.
  pool.on("error", report);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { onConnectionError: report }),
    transactionOptions: { maxWait: 10_000, timeout: 30_000 },
  });
  let closing: Promise<void> | null = null;
  return {
    prisma,
    pool,
    close: () => {
      closing ??= prisma.$disconnect().then(() => pool.end());
      return closing;
    },
  };
}
