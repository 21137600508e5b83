/** Times as the service writes them: several sources, several forms (huawei.md 11), all of them read. */
import { toInstant } from "../lib/time-zone.ts";

const written =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/** Epoch numbers below this are seconds: as milliseconds they would lie before 1973. */
const secondsBelow = 1e11;

/**
 * Reads ISO 8601 with `Z` or an offset, `yyyy-MM-dd HH:mm:ss` in the zone of `X-Time-Zone`, and epoch milliseconds or
 * seconds as number or text. `null` for anything else, null and the empty text included.
 */
export function parseServiceTime(value: unknown, offsetMinutes: number): Date | null {
  if (typeof value === "number") return fromEpoch(value);
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (/^\d{9,16}(?:\.\d+)?$/.test(text)) return fromEpoch(Number(text));
  const match = written.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  return toInstant(
    {
      year: Number(year),
      month: Number(month),
      day: Number(day),
      hour: Number(hour ?? 0),
      minute: Number(minute ?? 0),
      second: Number(second ?? 0),
      milliseconds: Number((fraction ?? "").padEnd(3, "0").slice(0, 3)),
    },
    zone === undefined ? offsetMinutes : zoneMinutes(zone),
  );
}

function zoneMinutes(zone: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(":", "") || 0);
  return zone.startsWith("-") ? -minutes : minutes;
}

function fromEpoch(value: number): Date | null {
  if (!Number.isFinite(value) || value <= 0) return null;
  const date = new Date(Math.trunc(value < secondsBelow ? value * 1000 : value));
  return Number.isNaN(date.getTime()) ? null : date;
}
