/**
 * The queue's connections to PostgreSQL: one pool for all queues and workers of the process, on which every wait ends.
 *
 * BullMQ's commands name no schema and rely on `search_path`. Where the session is ours the pool sets it; behind a pooler in
 * transaction mode each command gets a transaction of its own that sets it. There nobody is woken by NOTIFY either, so the workers look
 * every second.
 */
import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import {
  isPgPool,
  type PgPool,
  PostgresConnection,
  PostgresQueueBackend,
  Queue,
  type QueueBaseOptions,
  runMigrations,
  type Worker,
} from "bullmq";
import type pg from "pg";
import { parsePostgresAddress } from "../lib/postgres/address.ts";
import { isPooled, makePostgresPool } from "../lib/postgres/pool.ts";
import { errorMessage } from "../observability/scrub.ts";
import type { OpenedBackend, QueueEvents } from "./opened.ts";
import { PatientWorker } from "./patient-worker.ts";

const connectionsMax = 10;
const wakeMs = 3_000;
const pooledPollSeconds = 1;

/** Opens it in the background: nothing is thrown here for a database that is away. Throws `PostgresAddressError`. */
export function openOnPostgres(input: {
  readonly databaseUrl: string;
  readonly readOnly: boolean;
  readonly events: QueueEvents;
}): OpenedBackend {
  const { events, readOnly } = input;
  const address = parsePostgresAddress(input.databaseUrl);
  const schema = address.schema === null ? "bullmq" : `${address.schema}_bullmq`;
  const pool = makePostgresPool({
    address: { ...address, connectionsMax: null },
    connectionsMax,
    applicationName: "casebridge queue",
    searchPath: schema,
    readOnly,
    onError: (error) => events.warn({ error: errorMessage(error) }, "A connection of the queue broke"),
    onHang: events.hang,
  });
  const shared: Shared = { pool, schemaPool: inSchema(pool, schema), schema, readOnly, ready: null, isPooled: false };
  // BullMQ types queues and workers by their backend; what is used here is common to both.
  const factory = (name: string, opts: QueueBaseOptions<PgPool>): PostgresQueueBackend =>
    new SteadyBackend(new SteadyConnection(shared), name, opts);

  return {
    makeQueue: (name, defaultJobOptions) =>
      new Queue(
        name,
        { connection: shared.schemaPool, defaultJobOptions, skipMetasUpdate: readOnly },
        factory,
      ) as unknown as Queue,
    makeWorker: (name, run, settings) =>
      new PatientWorker(name, run, { connection: shared.schemaPool, ...settings }, factory) as unknown as Worker,
    migrate: () => {
      shared.ready = null;
      return migrate(shared);
    },
    checkWrite: () => checkWrite(pool),
    checkWake: () => checkWake(pool),
    findMisfit: async () => null,
    close: () => pool.end(),
  };
}

type PgListenClient = Awaited<ReturnType<PostgresConnection["getListenClient"]>>;

/** What all connections of one process have in common. `ready`: the schema is there, and `isPooled` is known. */
type Shared = {
  readonly pool: pg.Pool;
  readonly schemaPool: PgPool;
  readonly schema: string;
  readonly readOnly: boolean;
  ready: Promise<void> | null;
  isPooled: boolean;
};

/** Brings the schema up to date, once for all connections. A failure is not remembered: the next caller tries anew. */
function migrate(shared: Shared): Promise<void> {
  shared.ready ??= withClient(shared.pool, async (client) => {
    shared.isPooled = isPooled(client);
    if (!shared.readOnly) await runMigrations(client, shared.schema);
  }).catch((error: unknown) => {
    shared.ready = null;
    throw error;
  });
  return shared.ready;
}

class SteadyConnection extends PostgresConnection {
  readonly #shared: Shared;

  constructor(shared: Shared) {
    super(shared.schemaPool);
    this.#shared = shared;
  }

  /** BullMQ's own remembers a failed first attempt for ever. */
  override waitUntilReady(): Promise<void> {
    return migrate(this.#shared);
  }

  override async getListenClient(): Promise<PgListenClient> {
    await migrate(this.#shared);
    return this.#shared.isPooled ? new DeafClient() : super.getListenClient();
  }

  /** A connection that TCP keeps alive may still fall silent, so nobody waits for it for an hour. */
  override get hasListenClientKeepAlive(): boolean {
    return false;
  }

  /** How long to wait for a notification at most. */
  patience(seconds: number): number {
    return this.#shared.isPooled ? Math.min(seconds, pooledPollSeconds) : seconds;
  }
}

class SteadyBackend extends PostgresQueueBackend {
  readonly #own: SteadyConnection;

  constructor(connection: SteadyConnection, name: string, opts: QueueBaseOptions<PgPool>) {
    super(connection, name, opts);
    this.#own = connection;
  }

  override waitForJob(seconds: number): ReturnType<PostgresQueueBackend["waitForJob"]> {
    return super.waitForJob(this.#own.patience(seconds));
  }
}

/** Stands for a connection that listens, where none can. */
class DeafClient extends EventEmitter implements PgListenClient {
  async query<Row>(): Promise<{ rows: Row[] }> {
    return { rows: [] };
  }
}

/** The pool, with each command in the schema. */
function inSchema(pool: pg.Pool, schema: string): PgPool {
  const query = (text: string, values: unknown[] = []): Promise<pg.QueryResult> =>
    withClient(pool, async (client) => {
      if (!isPooled(client)) return client.query(text, values);
      await client.query(`BEGIN; SET LOCAL search_path TO ${client.escapeIdentifier(schema)}`);
      const result = await client.query(text, values);
      await client.query("COMMIT");
      return result;
    });
  const proxied: unknown = new Proxy(pool, {
    get(target, key) {
      if (key === "query") return query;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  if (!isPgPool(proxied)) throw new TypeError("BullMQ does not take this pool");
  return proxied;
}

/** A connection on which something failed is closed, and a transaction with it. */
async function withClient<T>(pool: pg.Pool, use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failed = true;
  try {
    const result = await use(client);
    failed = false;
    return result;
  } finally {
    client.release(failed);
  }
}

async function checkWrite(pool: pg.Pool): Promise<void> {
  // What the server would have, whatever this session has chosen for itself.
  const { rows } = await pool.query<{ refused: boolean }>(
    "SELECT pg_is_in_recovery() OR reset_val = 'on' AS refused FROM pg_settings WHERE name = 'default_transaction_read_only'",
  );
  if (rows[0]?.refused === true) throw new Error("the database is read-only");
}

/** Behind a pooler there is nobody to wake: the workers look by themselves. */
function checkWake(pool: pg.Pool): Promise<void> {
  return withClient(pool, async (client) => {
    if (isPooled(client)) return;
    const word = randomUUID();
    await client.query("LISTEN casebridge_wake");
    const woken = new Promise<void>((done, fail) => {
      const timer = setTimeout(fail, wakeMs, new Error("a write does not wake who waits for it"));
      client.on("notification", ({ payload }) => {
        if (payload !== word) return;
        clearTimeout(timer);
        done();
      });
    });
    await Promise.all([woken, pool.query("SELECT pg_notify('casebridge_wake', $1)", [word])]);
    await client.query("UNLISTEN casebridge_wake");
    client.removeAllListeners("notification");
  });
}
