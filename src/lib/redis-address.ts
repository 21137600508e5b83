/** What an address of Redis says, in the form that ioredis takes. Every part is honoured or refused by name. */

/** One server, or a group whose primary Sentinels know. */
export type RedisAddress = {
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly family?: number;
  readonly tls?: Record<string, never>;
  readonly host?: string;
  readonly port?: number;
  /** Sentinels to ask, and the name under which they know the group. */
  readonly sentinels?: { host: string; port: number }[];
  readonly name?: string;
};

/** An address that cannot be honoured. The message follows a name such as `REDIS_URL` and never holds the address. */
export class RedisAddressError extends Error {
  override readonly name = "RedisAddressError";
}

const form = /^(redis|rediss|redis\+sentinel):\/\/(?:([^@/]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const redisPort = 6379;
const sentinelPort = 26_379;

/**
 * Reads `redis://[user:password@]host[:port][/db]`, `rediss://…` (TLS) and `redis+sentinel://[user:password@]host[:port],…/name[/db]`,
 * where user and password are those of Redis. Throws `RedisAddressError`.
 */
export function parseRedisAddress(text: string): RedisAddress {
  const [, scheme, login, hosts = "", path = "", query = ""] = form.exec(text) ?? [];
  if (scheme === undefined)
    throw new RedisAddressError(
      "cannot be read: it needs the form redis://user:password@host:6379/0, and %-escapes for odd characters of the password",
    );
  const common = { ...readLogin(login), ...readFamily(new URLSearchParams(query)) };
  const segments = path.split("/").filter((segment) => segment !== "");
  if (scheme === "redis+sentinel") {
    const [name, db, ...more] = segments;
    if (name === undefined || more.length > 0)
      throw new RedisAddressError("names no group: redis+sentinel://host:26379,host:26379/master-name");
    return {
      ...common,
      ...readDb(db),
      sentinels: hosts.split(",").map((host) => readHost(host, sentinelPort)),
      name: decode(name),
    };
  }
  const [db, ...more] = segments;
  if (more.length > 0 || hosts.includes(","))
    throw new RedisAddressError("names several hosts or paths; for Sentinels it starts with redis+sentinel://");
  return { ...common, ...readDb(db), ...readHost(hosts, redisPort), ...(scheme === "rediss" ? { tls: {} } : {}) };
}

function readLogin(login: string | undefined): Pick<RedisAddress, "username" | "password"> {
  if (login === undefined) return {};
  const at = login.indexOf(":");
  const username = decode(at === -1 ? login : login.slice(0, at));
  const password = at === -1 ? "" : decode(login.slice(at + 1));
  return { ...(username === "" ? {} : { username }), ...(password === "" ? {} : { password }) };
}

function readDb(text: string | undefined): Pick<RedisAddress, "db"> {
  if (text === undefined) return {};
  if (!/^\d{1,5}$/.test(text)) throw new RedisAddressError("names a database that is no number");
  return { db: Number(text) };
}

/** 0 lets the resolver choose, for networks that know IPv6 only. */
function readFamily(params: URLSearchParams): Pick<RedisAddress, "family"> {
  for (const name of params.keys())
    if (name !== "family")
      throw new RedisAddressError(`has the parameter ${name}, which casebridge does not know; take it out`);
  const family = params.get("family");
  if (family === null) return {};
  if (!["0", "4", "6"].includes(family)) throw new RedisAddressError("has family with a value that is not 0, 4 or 6");
  return { family: Number(family) };
}

function readHost(text: string, portElse: number): { host: string; port: number } {
  const [, v6, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = v6 ?? plain;
  if (host === undefined) throw new RedisAddressError("names a host or port that cannot be read");
  return { host, port: port === undefined ? portElse : Number(port) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisAddressError("has a % that escapes nothing; write it as %25");
  }
}
