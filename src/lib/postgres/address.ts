/**
 * What an address of PostgreSQL says, in the form that node-postgres takes.
 *
 * Every parameter is honoured or refused by name: one that is ignored without a word looks as if it held. `sslmode` means what it means
 * to libpq (https://www.postgresql.org/docs/current/libpq-ssl.html): `require` encrypts and verifies nothing, `verify-ca` verifies the
 * chain, `verify-full` the name as well. node-postgres 8 by itself takes all three for `verify-full`, and warns on standard error.
 */
import type { ClientConfig } from "pg";
import { parse } from "pg-connection-string";

/** Where a database is and how to talk to it. Times in milliseconds; `null` = the address says nothing. */
export type PostgresAddress = {
  /** Host, port, log-in, TLS: for `pg.Client` and `pg.Pool`. */
  readonly client: ClientConfig;
  /** The schema of our tables (`?schema=`). */
  readonly schema: string | null;
  /** Most connections of one pool (`?connection_limit=`). */
  readonly connectionsMax: number | null;
  /** How long a connection may take to come about, or to become free (`?connect_timeout=`, `?pool_timeout=`). */
  readonly connectTimeoutMs: number | null;
  /** How long an answer may take (`?socket_timeout=`). */
  readonly answerTimeoutMs: number | null;
};

/** An address that cannot be honoured. The message follows a name such as `DATABASE_URL` and never holds the address. */
export class PostgresAddressError extends Error {
  override readonly name = "PostgresAddressError";
}

/** Parameters that are handed on to node-postgres as they are. */
const handedOn = ["host", "port", "user", "password", "application_name", "sslcert", "sslkey", "sslnegotiation"];
/** Parameters that say what casebridge does anyway, each with the values of which that is true. */
const heldAnyway: Readonly<Record<string, readonly string[]>> = {
  pgbouncer: ["true", "false"],
  statement_cache_size: ["0"],
  keepalives: ["1"],
  client_encoding: ["utf8", "utf-8"],
  target_session_attrs: ["any", "read-write", "primary"],
  channel_binding: ["disable", "prefer"],
  gssencmode: ["disable", "prefer"],
  uselibpqcompat: ["true"],
};
const ours = [
  "schema",
  "connection_limit",
  "connect_timeout",
  "pool_timeout",
  "socket_timeout",
  "sslmode",
  "sslrootcert",
  "ssl",
];
const sslModes = ["disable", "require", "verify-ca", "verify-full", "no-verify"];

/** Reads an address. Throws `PostgresAddressError`; reads the certificate files that the address names. */
export function parsePostgresAddress(text: string): PostgresAddress {
  const [base = "", query = ""] = splitOnce(text, "?");
  const params = new URLSearchParams(query);
  for (const name of params.keys()) refuseUnknown(name, params.get(name) ?? "");
  const kept = new URLSearchParams([...params].filter(([name]) => handedOn.includes(name)));
  const ssl = readSsl(params);
  for (const [name, value] of Object.entries(ssl.params)) kept.set(name, value);
  const seconds = (name: string): number | null => {
    const value = readWhole(params, name);
    return value === null ? null : value * 1000;
  };
  const waits = [seconds("connect_timeout"), seconds("pool_timeout")].filter((ms) => ms !== null && ms > 0);
  return {
    client: { ...parseBase(`${base}?${kept}`), ...ssl.config },
    schema: readSchema(params),
    connectionsMax: readWhole(params, "connection_limit", 2),
    connectTimeoutMs: waits.length === 0 ? null : Math.max(...waits.map(Number)),
    answerTimeoutMs: seconds("socket_timeout") || null,
  };
}

function refuseUnknown(name: string, value: string): void {
  if (handedOn.includes(name) || ours.includes(name)) return;
  const held = heldAnyway[name];
  if (held?.includes(value.toLowerCase())) return;
  if (held !== undefined)
    throw new PostgresAddressError(`has ${name} with a value that casebridge cannot honour; use ${held.join(" or ")}`);
  if (name === "options")
    throw new PostgresAddressError(
      "has the parameter options, which poolers refuse; use ?schema= for the schema, and ALTER ROLE … SET for the rest",
    );
  throw new PostgresAddressError(`has the parameter ${name}, which casebridge does not know; take it out`);
}

/** Leaves to the library what it reads well: user, password, host, socket folder, database. */
function parseBase(text: string): ClientConfig {
  try {
    const { host, port, user, password, database, ssl, sslnegotiation, application_name } = parse(text, {
      useLibpqCompat: true,
    });
    if (port != null && port !== "" && !/^\d{1,5}$/.test(String(port)))
      throw new PostgresAddressError("names a port that is no number");
    return {
      ...(host == null || host === "" ? {} : { host }),
      ...(port == null || port === "" ? {} : { port: Number(port) }),
      ...(user == null || user === "" ? {} : { user }),
      ...(password == null || password === "" ? {} : { password }),
      ...(database == null ? {} : { database }),
      ...(typeof ssl === "object" ? { ssl: { ...ssl, cert: ssl.cert ?? undefined } } : {}),
      ...(typeof ssl === "boolean" ? { ssl } : {}),
      ...(sslnegotiation === undefined ? {} : { sslnegotiation }),
      ...(application_name === undefined ? {} : { application_name }),
    };
  } catch (cause) {
    if (cause instanceof PostgresAddressError) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (code !== "" && code !== "ERR_INVALID_URL")
      throw new PostgresAddressError(`names a certificate or key file that cannot be read (${code})`);
    // The library's message may hold the address.
    throw new PostgresAddressError(
      "cannot be read: it needs the form postgresql://user:password@host:5432/database, one host, and %-escapes for odd characters of the password",
    );
  }
}

/** `params` are for the library, `config` for what it cannot say. */
function readSsl(params: URLSearchParams): { params: Record<string, string>; config: ClientConfig } {
  const mode = params.get("sslmode");
  const root = params.get("sslrootcert");
  const flag = params.get("ssl");
  if (flag !== null && !["true", "1", "false", "0"].includes(flag))
    throw new PostgresAddressError("has ssl with a value that is not true or false; use sslmode=");
  if (flag !== null && mode !== null) throw new PostgresAddressError("has both ssl and sslmode; leave only sslmode");
  if (mode !== null && !sslModes.includes(mode))
    throw new PostgresAddressError(
      `has sslmode=${mode === "prefer" || mode === "allow" ? `${mode}, which leaves open whether the connection is encrypted` : "with a word that is none of libpq's"}; use disable, require, verify-ca or verify-full`,
    );
  if (mode === "verify-ca" && (root === null || root === "system"))
    throw new PostgresAddressError(
      "has sslmode=verify-ca without sslrootcert=<file of the authority>; name the file, or use verify-full",
    );
  if (mode === "disable") return { params: {}, config: { ssl: false } };
  // The authorities of the system verify nothing but the whole: libpq has it so too.
  if (root === "system") return { params: {}, config: { ssl: true } };
  const named = root === null ? {} : { sslrootcert: root };
  if (flag === "true" || flag === "1") return { params: { ...named, sslmode: "verify-full" }, config: {} };
  if (mode === null) return { params: named, config: {} };
  return { params: { ...named, sslmode: mode === "no-verify" ? "require" : mode }, config: {} };
}

function readSchema(params: URLSearchParams): string | null {
  const schema = params.get("schema");
  if (schema === null || schema === "") return null;
  // The queue's schema has this name with "_bullmq" behind it, and PostgreSQL cuts names at 63 bytes.
  if (!/^[a-z_][a-z0-9_]{0,54}$/.test(schema) || schema.startsWith("pg_"))
    throw new PostgresAddressError(
      "has schema with a name that is not 1 to 55 small letters, digits and underscores, beginning with no digit and not with pg_",
    );
  return schema;
}

function readWhole(params: URLSearchParams, name: string, min = 0): number | null {
  const value = params.get(name);
  if (value === null) return null;
  if (!/^\d{1,6}$/.test(value) || Number(value) < min)
    throw new PostgresAddressError(`has ${name} with a value that is not a whole number from ${min}`);
  return Number(value);
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
