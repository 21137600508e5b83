/**
 * Connections to PostgreSQL on which every wait ends.
 *
 * A connection may fall silent without being closed: a failover behind a proxy, a firewall that forgot it, a frozen machine. Then no
 * error comes, ever, and `query_timeout` of node-postgres is not enough: it lets the caller go and gives the silent connection to the
 * next one. Here a query that gets no answer in time closes its connection, and with it all others that gave no sign of life since the
 * query was sent, so that a pool of twelve dead connections costs one wait and not twelve. A server that has become read-only is left
 * in the same way: behind the same name another one may be the primary now.
 *
 * What a session needs is set by statements after connecting, never by start-up parameters, which PgBouncer refuses. Behind a pooler in
 * transaction mode a session is not ours: there only the time zone is set, which PgBouncer keeps for each client.
 */
import pg from "pg";
import type { PostgresAddress } from "./address.ts";

/** A connection did not answer within `afterMs`; `closed` connections were given up for it. */
export type PostgresHang = { readonly afterMs: number; readonly closed: number };

/** `searchPath`: schema of unqualified names, set where the session is ours. */
export type PostgresPoolOptions = {
  readonly address: PostgresAddress;
  readonly connectionsMax: number;
  readonly applicationName: string;
  readonly searchPath: string;
  /** The server refuses every write, save behind a pooler. */
  readonly readOnly?: boolean;
  /** Hears of idle connections that broke; the pool replaces them by itself. */
  readonly onError: (error: Error) => void;
  readonly onHang: (hang: PostgresHang) => void;
};

/** The wait for a connection, where the address names none. */
const connectTimeoutMs = 10_000;
/** The client gives up a connection after this long; the server ends a statement a little earlier, with an error that says so. */
const answerTimeoutMs = 20_000;
const statementShare = 0.8;
/**
 * A process that stands still inside a transaction (a blocked event loop, a suspended machine) keeps its locks, and others would wait
 * for it, even to start. The server ends such a session; well before a lease ends, so that taking over is not delayed.
 */
const idleInTransactionMs = 15_000;

/** SQLSTATE of a write to a standby, or to a primary that was fenced. */
const readOnly = "25006";
const readOnlyReason = "the server is read-only";

/** When a connection last gave an answer, and how many it owes. */
type Life = { heardAt: number; pending: number };

/** Connections that lead through a pooler, where sessions are shared. */
const pooled = new WeakSet<pg.ClientBase>();

/** Whether this connection leads through a pooler, so that neither settings nor LISTEN outlast a transaction. */
export function isPooled(client: pg.ClientBase): boolean {
  return pooled.has(client);
}

/** Makes a pool; connects at the first query. Queries reject after 15 s at most, getting a connection after 10 s. */
export function makePostgresPool(options: PostgresPoolOptions): pg.Pool {
  const { address, onHang } = options;
  const limitMs = address.answerTimeoutMs ?? answerTimeoutMs;
  const live = new Map<pg.ClientBase, Life>();

  function giveUp(isLost: (client: pg.ClientBase, life: Life) => boolean, reason: string): number {
    const lost = [...live].filter(([client, life]) => isLost(client, life));
    for (const [client] of lost) {
      live.delete(client);
      socketOf(client)?.destroy(new Error(`Connection terminated: ${reason}`));
    }
    return lost.length;
  }

  /** Bounds each query of a connection. Its two forms, with a callback and with a promise, are those of node-postgres. */
  function watch(client: pg.ClientBase): void {
    const life: Life = { heardAt: performance.now(), pending: 0 };
    live.set(client, life);
    // The pool listens only while a connection is idle; one that breaks in use would end the process. Its next query fails instead.
    client.on("error", () => {});
    client.once("end", () => live.delete(client));
    const query = client.query;
    const watched = (...args: unknown[]): unknown => {
      const sentAt = performance.now();
      life.pending += 1;
      const timer = setTimeout(() => {
        const closed = giveUp(
          (other, { heardAt }) => other === client || heardAt <= sentAt,
          `no answer in ${limitMs} ms`,
        );
        onHang({ afterMs: limitMs, closed });
      }, limitMs);
      const answered = (error: unknown): void => {
        clearTimeout(timer);
        life.pending -= 1;
        life.heardAt = performance.now();
        if (!(error instanceof pg.DatabaseError) || error.code !== readOnly) return;
        // After whoever asked has its answer.
        setImmediate(
          giveUp,
          (other: pg.ClientBase, { pending }: Life) => other === client || pending === 0,
          readOnlyReason,
        );
      };
      const last = args.at(-1);
      if (typeof last === "function") {
        args[args.length - 1] = (...answer: unknown[]): void => {
          answered(answer[0]);
          Reflect.apply(last, undefined, answer);
        };
        return Reflect.apply(query, client, args);
      }
      const result: unknown = Reflect.apply(query, client, args);
      if (result instanceof Promise) result.then(() => answered(null), answered);
      return result;
    };
    Object.assign(client, { query: watched });
  }

  const pool = new pg.Pool({
    ...address.client,
    max: Math.min(options.connectionsMax, address.connectionsMax ?? Number.POSITIVE_INFINITY),
    connectionTimeoutMillis: address.connectTimeoutMs ?? connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    ...keptAlive,
    application_name: address.client.application_name ?? options.applicationName,
    onConnect: async (client) => {
      watch(client);
      await prepareSession(client, {
        search_path: client.escapeIdentifier(options.searchPath),
        statement_timeout: String(Math.round(limitMs * statementShare)),
        idle_in_transaction_session_timeout: String(idleInTransactionMs),
        ...(options.readOnly === true ? { default_transaction_read_only: "on" } : {}),
      });
    },
  });
  // Without a listener an idle connection that breaks would end the process.
  pool.on("error", options.onError);
  return pool;
}

/** TCP's own probes find a peer that is gone within 20 s; one that answers them and nothing else is found by the limits above. */
const keptAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const;

/** One round trip. Behind a pooler the process that answers is not the one that the connection was told of. */
async function prepareSession(client: pg.ClientBase, settings: Readonly<Record<string, string>>): Promise<void> {
  const calls = Object.entries(settings).map(
    ([name, value]) => `set_config('${name}', ${client.escapeLiteral(value)}, false)`,
  );
  const { processID }: { processID?: unknown } = client as object;
  const results: unknown = await client.query(
    // The adapter of Prisma drops the offset of a time that it reads, so every session must speak UTC.
    `SET TIME ZONE 'UTC'; SELECT ${calls.join(", ")} WHERE pg_backend_pid() = ${Number(processID)}`,
  );
  const last: unknown = Array.isArray(results) ? results.at(-1) : null;
  if (isEmpty(last)) pooled.add(client);
}

/** The connection's socket, which node-postgres has and does not declare; null before it connects. */
export function socketOf(client: pg.ClientBase): Socket | null {
  const { connection }: { connection?: { stream?: Socket } } = client as object;
  return connection?.stream ?? null;
}

type Socket = { ref(): void; unref(): void; destroy(error?: Error): void };

function isEmpty(result: unknown): boolean {
  return typeof result === "object" && result !== null && "rowCount" in result && result.rowCount === 0;
}
