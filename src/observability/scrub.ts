/**
 * What may be written down about a value: ids, times, sizes and states, never contents or secrets (guarantee 7).
 *
 * The traps: a secret hides at any depth and under many spellings of its name (`apiToken`, `x_auth_token`); libraries quote
 * what they were given in their error messages (`JSON.parse`, SQL drivers); connection addresses carry passwords; a value can be
 * cyclic or huge. So names are compared word by word, quoted parts of foreign messages are masked, and everything is bounded.
 */

/** What stands in place of something that must not be written. */
export const redacted = "[redacted]";

const depthMax = 6;
const itemsMax = 50;
const valuesMax = 1_000;
const charsMax = 1_000;
const causesMax = 4;
const framesMax = 10;

/** Never shown, whatever the type. */
const secretWords: ReadonlySet<string> = new Set([
  "token",
  "tokens",
  "secret",
  "secrets",
  "password",
  "passwords",
  "passwd",
  "pwd",
  "passphrase",
  "authorization",
  "cookie",
  "cookies",
  "credential",
  "credentials",
  "ak",
  "sk",
  "signature",
]);
/** Never shown as text or structure; a number or a truth value under such a name is a count or a setting. */
const contentWords: ReadonlySet<string> = new Set([
  "content",
  "contents",
  "body",
  "bodies",
  "text",
  "texts",
  "description",
  "summary",
  "adf",
  "html",
  "payload",
]);

/**
 * A copy of `fields` that may be logged: redacted by name, errors described, cut to a bound. Never throws; the input is not
 * changed.
 */
export function scrubFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const scrubbed = scrubValue(fields, { depth: 0, left: { count: valuesMax } });
  return isRecord(scrubbed) ? scrubbed : {};
}

/** `text` in one bounded line without passwords in addresses, bearer tokens or token parameters. Never throws. */
export function scrubLine(text: string): string {
  const line = text
    .slice(0, charsMax * 4)
    .replace(/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@]{1,500}@/gi, `$1${redacted}@`)
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]{4,}/gi, `$1 ${redacted}`)
    .replace(
      /\b((?:\w{0,40}[_-])?(?:token|secret|password|passwd|pwd|[as]k|api_?key|access(?:_?key(?:_?id)?)?|signature))(["']?\s{0,3}[=:]\s{0,3})("[^"]*"|'[^']*'|[^\s&,;]+)/gi,
      `$1$2${redacted}`,
    )
    .replace(/\s+/g, " ");
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1).toWellFormed()}…`;
}

/** What is written about an error. */
export type ErrorDescription = {
  readonly class: string;
  readonly message: string;
  /** Facts of a service error: side, kind, operation, status, code, request id. */
  readonly [fact: string]: unknown;
};

/**
 * Class, message, facts, cause and (for errors that are not a service's answer) the frames of the stack. Never contents: quoted
 * parts of messages that do not come from casebridge's own errors are masked. Takes anything that can be thrown; never throws.
 */
export function describeError(error: unknown, causes = causesMax): ErrorDescription {
  if (!(error instanceof Error)) return { class: typeof error, message: "something that is no error was thrown" };
  try {
    const facts = findFacts(error);
    return {
      class: error.name === "Error" ? (error.constructor?.name ?? "Error") : error.name,
      message: errorMessage(error),
      ...facts,
      ...("code" in error && /^[\w.-]{1,40}$/.test(String(error.code)) ? { code: String(error.code) } : {}),
      ...(error instanceof AggregateError && causes > 1
        ? { errors: error.errors.slice(0, 3).map((inner) => describeError(inner, causes - 2)) }
        : {}),
      ...(error.cause === undefined || causes <= 1 ? {} : { cause: describeError(error.cause, causes - 1) }),
      ...(facts === null ? { frames: stackFrames(error) } : {}),
    };
  } catch {
    return { class: "Error", message: "an error that cannot be read" };
  }
}

/** The message of any thrown value as one safe line; see `describeError`. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return "something that is no error was thrown";
  if (findFacts(error) !== null) return scrubLine(error.message);
  // Prisma prints the whole call with its arguments, and what went wrong in the last line.
  const message = error.name.startsWith("PrismaClient")
    ? (error.message.trim().split("\n").at(-1) ?? "")
    : error.message;
  const shortest = error instanceof SyntaxError || quotesData(error) ? 0 : 40;
  const masked = message.replace(/"[^"\n]*"?|'[^'\n]*'|`[^`\n]*`/g, (quoted) =>
    quoted.length - 2 > shortest ? `"${redacted}"` : quoted,
  );
  // The parser of JSON puts an excerpt in front of "is not valid JSON" that may hold quotation marks of its own.
  return scrubLine(
    error instanceof SyntaxError ? masked.replace(/".*(?= is not valid JSON)/s, `"${redacted}"`) : masked,
  );
}

/** PostgreSQL quotes the value that it could not read (SQLSTATE class 22); of other errors short quotes are names. */
function quotesData(error: Error): boolean {
  return /\b22[0-9A-Z]{3}\b/.test(`${"code" in error ? String(error.code) : ""} ${error.message}`);
}

type Walk = { readonly depth: number; readonly left: { count: number } };

function scrubValue(value: unknown, walk: Walk): unknown {
  if (walk.left.count-- <= 0) return "[cut]";
  if (value instanceof Error) return describeError(value);
  switch (typeof value) {
    case "string":
      return scrubLine(value);
    case "bigint":
      return String(value);
    case "function":
    case "symbol":
      return `[${typeof value}]`;
    case "object":
      return value === null ? null : scrubObject(value, walk);
    default:
      return value;
  }
}

function scrubObject(value: object, walk: Walk): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (value instanceof URL) return scrubLine(value.origin + value.pathname);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (walk.depth >= depthMax) return "[deep]";
  const deeper = { depth: walk.depth + 1, left: walk.left };
  if (Array.isArray(value) || value instanceof Set) {
    const items = [...value];
    const shown = items.slice(0, itemsMax).map((item) => scrubValue(item, deeper));
    return items.length <= itemsMax ? shown : [...shown, `… ${items.length - itemsMax} more`];
  }
  try {
    // `Secret` and other classes say by themselves how they want to be written.
    if ("toJSON" in value && typeof value.toJSON === "function") return scrubValue(value.toJSON(), deeper);
    const entries =
      value instanceof Map ? [...value].map(([key, item]) => [String(key), item] as const) : Object.entries(value);
    const scrubbed: Record<string, unknown> = {};
    for (const [key, item] of entries.slice(0, itemsMax)) {
      scrubbed[key] = mustHide(key, item) ? redacted : scrubValue(item, deeper);
    }
    return scrubbed;
  } catch {
    return "[unreadable]";
  }
}

function mustHide(name: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === "boolean") return false;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const whole = words.join("");
  if (words.some((word) => secretWords.has(word)) || secretWords.has(whole) || /(?:api|access)key/.test(whole))
    return true;
  return typeof value !== "number" && typeof value !== "bigint" && words.some((word) => contentWords.has(word));
}

/** Facts that casebridge's own errors carry, recognised by their shape: this folder imports no other. */
function findFacts(error: Error): Record<string, unknown> | null {
  if (!("facts" in error) || !isRecord(error.facts) || typeof error.facts.kind !== "string") return null;
  const { side, kind, operation, status, code, requestId, retryAfterMs, outcomeUnknown } = error.facts;
  return { side, kind, operation, status, code, requestId, retryAfterMs, outcomeUnknown };
}

function stackFrames(error: Error): string[] {
  return (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, framesMax)
    .map((line) => scrubLine(line.trim()));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
