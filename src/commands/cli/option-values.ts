/** Parsers of single option values. Each throws commander's `InvalidArgumentError` with a phrase that says what is expected. */
import { InvalidArgumentError } from "commander";

const dayMs = 86_400_000;
const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: dayMs, w: 7 * dayMs };
const yearsMax = 20;

/**
 * A moment in the past: `30m`, `12h`, `7d`, `2w` before `now`, a date (`2026-01-31`, midnight UTC), or a date with time and zone
 * (`2026-01-31T08:00:00+08:00`). A time without zone is refused, since it would mean another moment on each machine.
 */
export function parseSince(text: string, now: Date): Date {
  const span = /^(\d{1,6})([mhdw])$/i.exec(text);
  const date = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2}))?$/i.test(text);
  const at =
    span !== null
      ? now.getTime() - Number(span[1]) * (unitsMs[span[2]?.toLowerCase() ?? ""] ?? 0)
      : date
        ? toTime(text)
        : Number.NaN;
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(
      "Expected 30m, 12h, 7d, 2w, a date such as 2026-01-31, or a time with zone such as 2026-01-31T08:00:00Z.",
    );
  }
  if (at >= now.getTime()) throw new InvalidArgumentError("Expected a moment in the past.");
  if (now.getTime() - at > yearsMax * 366 * dayMs)
    throw new InvalidArgumentError(`Expected at most ${yearsMax} years.`);
  return new Date(at);
}

/** `NaN` for a day that does not exist, which `Date` would turn into one of the next month. */
function toTime(text: string): number {
  const day = text.slice(0, 10);
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return Number.NaN;
  return new Date(text.toUpperCase().replace(/([+-]\d{2})(\d{2})$/, "$1:$2")).getTime();
}

/**
 * An identifier of any kind. Refuses the empty text, spaces, and what begins with `-`: commander takes the next word as the value
 * whatever it is, so `--case --all` would otherwise be the case "--all".
 */
export function parseIdentifier(text: string): string {
  if (text === "" || text.startsWith("-")) throw new InvalidArgumentError("The value is missing.");
  if (text.length > 200 || /[\s\p{Cc}]/u.test(text)) throw new InvalidArgumentError("Expected one word.");
  return text;
}

/** An issue key such as `OPS-7`, in capitals; an issue id (digits only) is taken too. */
export function parseIssueKey(text: string): string {
  const key = parseIdentifier(text).toUpperCase();
  if (!/^([A-Z][A-Z0-9_]+-\d+|\d+)$/.test(key)) throw new InvalidArgumentError("Expected an issue key such as OPS-7.");
  return key;
}

/** A word to search for. */
export function parseText(text: string): string {
  if (text.trim() === "" || text.startsWith("-")) throw new InvalidArgumentError("The value is missing.");
  if (text.length > 200 || /\p{Cc}/u.test(text))
    throw new InvalidArgumentError("Expected one line of at most 200 characters.");
  return text.trim();
}

/** A path; `-` alone stands for the standard streams. */
export function parsePath(text: string): string {
  if (text === "" || (text.startsWith("-") && text !== "-")) throw new InvalidArgumentError("The value is missing.");
  if (text.includes("\0")) throw new InvalidArgumentError("Expected a path.");
  return text;
}

/** Makes a parser of a whole number within bounds. */
export function wholeNumberParser(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value) || value < min || value > max)
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    return value;
  };
}
