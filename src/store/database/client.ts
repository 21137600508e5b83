import { PrismaPg } from "@prisma/adapter-pg";
import type pg from "pg";
import { type PostgresAddress, parsePostgresAddress } from "../../lib/postgres/address.ts";
import { makePostgresPool, type PostgresHang } from "../../lib/postgres/pool.ts";
import { PrismaClient } from "../generated/client.ts";

/** The generated client together with the way to end it. */
export type Database = {
  readonly prisma: PrismaClient;
  /** The pool below Prisma, for SQL that Prisma cannot say. */
  readonly pool: pg.Pool;
  /** Waits for running queries and closes all connections. May be repeated. */
  close(): Promise<void>;
};

/** The schema that holds our tables: the address's, else PostgreSQL's usual one. */
export function schemaOf(address: PostgresAddress): string {
  return address.schema ?? "public";
}

/**
 * Makes a Prisma client on a pool of at most `poolMax` connections (default 10). Connects at the first query: nothing is
 * thrown here for an unreachable server; queries then fail with errors that `isConnectionError` knows, after 20 s at most.
 * `readOnly` makes the server refuse every write, whoever asks for it (save behind a pooler, whose sessions are shared). `onError` hears of
 * idle connections that broke, `onHang` of those that fell silent. Throws `PostgresAddressError`.
 */
export function makePrisma(options: {
  readonly connectionString: string;
  readonly poolMax?: number;
  readonly readOnly?: boolean;
  readonly onError?: (error: Error) => void;
  readonly onHang?: (hang: PostgresHang) => void;
}): Database {
  const report = options.onError ?? (() => {});
  const address = parsePostgresAddress(options.connectionString);
  const schema = schemaOf(address);
  const pool = makePostgresPool({
    address,
    connectionsMax: options.poolMax ?? 10,
    applicationName: "casebridge",
    searchPath: schema,
    readOnly: options.readOnly === true,
    onError: report,
    onHang: options.onHang ?? (() => {}),
  });
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { schema, onConnectionError: report }),
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
