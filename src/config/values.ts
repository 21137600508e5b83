/**
 * Schemas of single values, shared by the environment and the configuration file so that both accept the same. Each
 * says what it expects in its error text, a phrase that follows "must be" in messages such as
 * `HTTP_PORT must be a whole number from 0 to 65535`. They check and never change: what is read is what was written.
 */
import { z } from "zod";
import { isLoopback } from "../lib/loopback.ts";
import { PostgresAddressError, parsePostgresAddress } from "../lib/postgres/address.ts";
import { parseRedisAddress, RedisAddressError } from "../lib/redis-address.ts";
import { parseProxy } from "../lib/tunnel.ts";
import { cronProblem } from "./cron-expression.ts";

const plainText = /^[^\p{Cc}]+$/u;

/** A key of so many random bytes in base64. */
export function key(sizeBytes: number): z.ZodString {
  const chars = Math.ceil(sizeBytes / 3) * 4;
  const error = `${sizeBytes} random bytes in base64 (${chars} characters, for example from: openssl rand -base64 ${sizeBytes})`;
  return z
    .string({ error })
    .refine((text) => /^[A-Za-z0-9+/]+={0,2}$/.test(text) && Buffer.from(text, "base64").length === sizeBytes, {
      error,
    });
}

/** A number within bounds, both included; fractions are allowed. */
export function decimal(min: number, max: number): z.ZodNumber {
  const error = `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** A whole number within bounds, both included. */
export function whole(min: number, max: number): z.ZodNumber {
  const error = `a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** Reads a number from the text of a variable, then checks it with `schema`, whose error text also stands for "not a number". */
export function fromText(schema: z.ZodNumber): z.ZodType<number, string> {
  const error = schema.safeParse(undefined).error?.issues[0]?.message ?? "a number";
  return z
    .string()
    .regex(/^-?\d{1,15}(\.\d{1,15})?$/, { error })
    .transform(Number)
    .pipe(schema);
}

/** One of a few words. */
export function oneOf<const T extends readonly [string, ...string[]]>(...words: T): z.ZodEnum<{ [W in T[number]]: W }> {
  return z.enum(words, { error: words.length === 1 ? `${words[0]}` : `one of ${words.join(", ")}` });
}

/** One line of text without control characters. */
export function line(what: string, charsMax = 1000, charsMin = 1): z.ZodString {
  const error = `${what}: one line of ${charsMin} to ${charsMax} characters`;
  return z.string({ error }).min(charsMin, { error }).max(charsMax, { error }).regex(plainText, { error });
}

/** As `line`, or empty where the file says "none" on purpose. */
export function lineOrEmpty(what: string, charsMax = 1000): z.ZodString {
  const error = `${what}: one line of at most ${charsMax} characters, or "" for none`;
  return z
    .string({ error })
    .max(charsMax, { error })
    .regex(/^[^\p{Cc}]*$/u, { error });
}

/** Any value that JSON can carry, `null` aside. */
export function json(): z.ZodUnknown {
  return z.unknown().refine(isJson, { error: "a text, a number, true, false, a list or a mapping" });
}

function isJson(value: unknown): boolean {
  if (typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every(isJson);
}

/** Text of the given shape; `what` says it in words. */
export function shaped(pattern: RegExp, what: string): z.ZodString {
  return z.string({ error: what }).regex(pattern, { error: what });
}

/** An address with https, or with http where the host is this machine; no user, query or fragment. */
export function serviceUrl(example: string): z.ZodString {
  const error = `an https address such as ${example} (http only for this machine; no user name, query or #)`;
  return z.string({ error }).refine((text) => isServiceUrl(text), { error });
}

function isServiceUrl(text: string): boolean {
  const url = toSafeUrl(text);
  return url !== null && url.search === "" && url.hash === "" && !/[?#]/.test(text);
}

function toSafeUrl(text: string): URL | null {
  if (text.length > 2000 || /[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "" || url.hostname === "") return null;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)) ? url : null;
}

/** An https address with path and query, or an http one of this machine; no user and no fragment. */
export function hookUrl(): z.ZodString {
  const error = "an https address (http only for this machine), without user name and #";
  return z.string({ error }).refine((text) => toSafeUrl(text) !== null && !text.includes("#"), { error });
}

/** Some of a few words, with commas between, each once. */
export function someOf(...words: readonly string[]): z.ZodString {
  const error = `one or more of ${words.join(", ")}, with commas between`;
  return z.string({ error }).refine(
    (text) => {
      const asked = toWords(text);
      return asked.length > 0 && new Set(asked).size === asked.length && asked.every((word) => words.includes(word));
    },
    { error },
  );
}

/** Ids with commas between, each once and of at most `charsMax` characters; "" = none where `emptyAllowed`. */
export function idList(what: string, charsMax: number, emptyAllowed: boolean): z.ZodString {
  const error = `${what}, or several with commas between${emptyAllowed ? ', or "" for none' : ""}: each once, at most ${charsMax} characters`;
  return z
    .string({ error })
    .refine((text) => (emptyAllowed && text === "") || areIds(toWords(text), charsMax), { error });
}

/** Whether each is an id of at most `charsMax` characters, and stands there once. */
export function areIds(ids: readonly string[], charsMax: number): boolean {
  const fits = (id: string): boolean => id.length <= charsMax && /^[^\s,\p{Cc}]+$/u.test(id);
  return ids.length > 0 && new Set(ids).size === ids.length && ids.every(fits);
}

/** Splits what `someOf` or `idList` took. */
export function toWords(text: string): readonly string[] {
  return text.split(",").map((word) => word.trim());
}

/** An https address that holds `{caseId}`; empty is allowed only where `emptyAllowed`. */
export function caseUrlTemplate(emptyAllowed: boolean): z.ZodString {
  const error = "an https address that holds {caseId}, such as https://console.example.com/case/{caseId}";
  const holds = (text: string) => text.includes("{caseId}") && toSafeUrl(text.replaceAll("{caseId}", "TT1")) !== null;
  return z.string({ error }).refine((text) => (emptyAllowed && text === "") || holds(text), { error });
}

/** The address of a proxy, with user and password where it asks for them. */
export function proxyUrl(): z.ZodString {
  const error =
    "the address of an HTTP proxy such as http://proxy.example.com:3128, with user:password@ before the host where it asks for them";
  return z.string({ error }).refine(
    (text) => {
      if (text.length > 2000 || /[\s\p{Cc}]/u.test(text)) return false;
      const url = parseProxy(text);
      if (url === null) return false;
      const isBare = (url.pathname === "/" || url.pathname === "") && url.search === "" && url.hash === "";
      return isBare && url.hostname !== "" && (url.protocol === "http:" || url.protocol === "https:");
    },
    { error },
  );
}

/** Hosts as of `NO_PROXY`, with commas or blanks between them. */
export function hostList(): z.ZodString {
  const error = "hosts with commas between them: names, .suffixes, addresses, ranges such as 10.0.0.0/8, or *";
  return z.string({ error }).regex(/^[A-Za-z0-9._:*/,\s[\]-]{1,5000}$/, { error });
}

/** Splits what `hostList` took. */
export function toHosts(text: string): readonly string[] {
  return text.split(/[,\s]+/).filter((entry) => entry !== "");
}

/** The address of a PostgreSQL database, all of whose parameters can be honoured. */
export function postgresUrl(): z.ZodType<string, string> {
  const what = "an address that starts with postgresql:// or postgres:// and names a host";
  return address(/^postgres(?:ql)?:\/\/./, what, parsePostgresAddress);
}

/** The address of a Redis, or of Sentinels that know one. */
export function redisUrl(): z.ZodType<string, string> {
  const what = "an address that starts with redis://, rediss:// or redis+sentinel:// and names a host";
  return address(/^redis(?:s|\+sentinel)?:\/\/./, what, parseRedisAddress);
}

/** `parse` throws an error whose message follows "it". */
function address(start: RegExp, what: string, parse: (text: string) => unknown): z.ZodType<string, string> {
  return z.string({ error: what }).superRefine((text, context) => {
    if (/[\s\p{Cc}]/u.test(text) || !start.test(text)) {
      context.addIssue(what);
      return;
    }
    try {
      parse(text);
    } catch (error) {
      if (!(error instanceof PostgresAddressError || error instanceof RedisAddressError)) throw error;
      context.addIssue(`an address that can be honoured; it ${error.message}`);
    }
  });
}

/** A cron expression of 5 or 6 fields. */
export function cron(): z.ZodType<string, string> {
  return z.string().superRefine((text, context) => {
    const problem = cronProblem(text);
    if (problem !== null) context.addIssue(`a cron expression such as "*/5 * * * *"; it ${problem}`);
  });
}

/** `UTC`, `GMT`, or `GMT` with an offset of hours, and minutes if need be, from -12 to +14. */
export function timeZone(): z.ZodString {
  return shaped(
    /^(?:UTC|GMT|GMT(?:-(?:0?\d|1[01])(?::[0-5]\d)?|-12(?::00)?|\+(?:0?\d|1[0-3])(?::[0-5]\d)?|\+14(?::00)?))$/,
    "UTC, or GMT with an offset from -12 to +14, such as GMT+8 or GMT-3:30",
  );
}

/** A host name or IP address to listen on. */
export function listenHost(): z.ZodString {
  return shaped(
    /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$|^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/,
    "a host name or an IP address",
  );
}

const isoDate = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** An ISO date (start of that day in UTC), or a time with its zone; see `toDate`. */
export function date(): z.ZodString {
  const error =
    "a date such as 2026-01-31 (start of the day in UTC), or a time with zone such as 2026-01-31T08:00:00+08:00";
  return z.string({ error }).refine((text) => toDate(text) !== null, { error });
}

/** The instant that an ISO date or zoned time names, or `null` where it names none (30 February, a time without zone). */
export function toDate(text: string): Date | null {
  const match = isoDate.exec(text);
  if (match === null) return null;
  const [, year, month, day] = match;
  // Date.parse accepts 30 February and means 2 March, so the calendar day is checked by itself.
  const calendarDay = new Date(`${year}-${month}-${day}T00:00:00Z`);
  if (Number.isNaN(calendarDay.getTime()) || !calendarDay.toISOString().startsWith(`${year}-${month}-${day}`))
    return null;
  const instant = new Date(text);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

/** A language tag such as `en-us`; either case. */
export function language(): z.ZodString {
  return shaped(/^[A-Za-z]{2}-[A-Za-z]{2}$/, "a language such as en-us or zh-cn");
}

/** Something with one `@`; whether the account exists is for `doctor`. */
export function email(): z.ZodString {
  return shaped(/^[^\s@\p{Cc}]{1,200}@[^\s@\p{Cc}]{1,200}$/u, "an e-mail address");
}

/** The key of a Jira project; Jira shows it in capitals and accepts it in either case. */
export function projectKey(): z.ZodString {
  return shaped(/^[A-Za-z][A-Za-z0-9_]{0,254}$/, "a project key such as OPS");
}

/** Pairs of claim and value with commas between; see `toClaimValues`. */
export function claimValues(): z.ZodString {
  const error = "claim=value pairs with commas between, such as groups=casebridge-operators";
  return z.string({ error }).refine((text) => toClaimValues(text) !== null, { error });
}

/** The pairs of such a text, or `null` where a part is none. A backslash makes a comma part of a value. */
export function toClaimValues(text: string): readonly { readonly claim: string; readonly value: string }[] | null {
  const pairs = text.split(/(?<!\\),/).map((entry) => /^\s*([^\s=,\p{Cc}]+)=([^\p{Cc}]*[^\s\p{Cc}])\s*$/u.exec(entry));
  if (pairs.some((pair) => pair === null)) return null;
  return pairs.map((pair) => ({ claim: pair?.[1] ?? "", value: (pair?.[2] ?? "").replaceAll("\\,", ",") }));
}
