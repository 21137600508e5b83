/** The embedded PostgreSQL of one folder: where it lies, whether its server runs, and how to reach it. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import pg from "pg";
import { findPlace, type Place, preparePlace } from "./place.ts";

/** The superuser of the cluster. */
export const SUPERUSER = "casebridge";
/** The database that casebridge lives in. */
export const DATABASE = "casebridge";

/** What the embedded server tells: constant messages with facts. A pino logger fits. */
export type EmbeddedLogger = {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
};

/** `fast` gives up durability for speed (tests): a killed server loses its last writes, a crash of the machine the cluster. */
export type EmbeddedOptions = {
  readonly dataDir: string;
  readonly fast?: boolean;
  readonly logger?: EmbeddedLogger;
};

/** What is known of one folder. */
export type Context = {
  readonly place: Place;
  readonly clusterDir: string;
  readonly dataDir: string;
  readonly requestedDir: string;
  readonly fast: boolean;
  password: string;
};

/** Prepares the folder of a cluster, which may still have to be made. Throws `EmbeddedPostgresError`. */
export async function prepare({ dataDir, fast = false, logger }: EmbeddedOptions): Promise<Context> {
  const requestedDir = resolve(dataDir);
  return toContext(await preparePlace({ dataDir: requestedDir, logger }), { requestedDir, fast });
}

/** The cluster of a folder; `null` = there is none. Makes nothing. Throws `EmbeddedPostgresError`. */
export async function findCluster(dataDir: string): Promise<Context | null> {
  const requestedDir = resolve(dataDir);
  const place = await findPlace(requestedDir);
  if (place === null) return null;
  const context = toContext(place, { requestedDir, fast: false });
  const password = await readIfThere(join(context.clusterDir, "password"));
  return password === null ? null : { ...context, password: password.trim() };
}

function toContext(place: Place, facts: Pick<Context, "requestedDir" | "fast">): Context {
  const clusterDir = join(place.dir, "cluster");
  return { ...facts, place, clusterDir, dataDir: join(clusterDir, "data"), password: "" };
}

/** A server as its pid file tells it. */
export type Postmaster = { readonly pid: number; readonly port: number; readonly ready: boolean };

/** postmaster.pid: process, data folder, start time, port, socket folder, address, shared memory, status. */
export async function readPostmaster(context: Context): Promise<Postmaster | null> {
  const text = await readIfThere(join(context.dataDir, "postmaster.pid"));
  if (text === null) return null;
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  return { pid, port, ready: lines[7]?.trim() === "ready" };
}

/** Whether that process is the server of this cluster: process numbers are used again. */
export function isOurServer(context: Context, pid: number): boolean {
  return context.place.commandOf(pid)?.includes(context.dataDir) === true;
}

/** A connection to the server of this very cluster, as its superuser. Throws where another server answers, or none. */
export async function connect(context: Context, port: number): Promise<pg.Client> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: SUPERUSER,
    password: context.password,
    database: "postgres",
    connectionTimeoutMillis: 5_000,
    query_timeout: 20_000,
    application_name: "casebridge embedded",
  });
  client.on("error", () => {});
  try {
    await client.connect();
    // A stale port may lead to somebody else's server.
    const result = await client.query<{ dir: string }>("SELECT current_setting('data_directory') AS dir");
    if (result.rows[0]?.dir !== context.dataDir) throw new Error("another server answers on this port");
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** Holds the password: never log it. */
export function connectionStringOf(context: Context, port: number): string {
  return `postgresql://${SUPERUSER}:${context.password}@127.0.0.1:${port}/${DATABASE}`;
}

/** The text of a file; `null` where there is none. */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  }
}
