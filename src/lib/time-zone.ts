/**
 * Fixed offsets from UTC, and local times written without a zone.
 *
 * Glossary: an *offset* is minutes east of UTC; a *local text* is `yyyy-MM-dd HH:mm:ss` and means nothing without one.
 */

/**
 * Offset of `UTC`, `GMT`, `GMT+8`, `GMT-3:30`, `GMT+08:00` in minutes east of UTC.
 * Throws RangeError for anything else: a zone name with daylight saving cannot be a fixed offset.
 */
export function parseOffsetMinutes(zone: string): number {
  const match = /^(?:UTC|GMT)(?:([+-])(\d{1,2})(?::?([0-5]\d))?)?$/i.exec(zone.trim());
  if (match === null) throw new RangeError(`not a fixed offset from GMT: ${JSON.stringify(zone.slice(0, 40))}`);
  const minutes = Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
  if (minutes > 14 * 60) throw new RangeError("an offset from GMT must not exceed 14 hours");
  return match[1] === "-" ? -minutes : minutes;
}

/** `instant` as `yyyy-MM-dd HH:mm:ss` at `offsetMinutes`; fractions of a second are cut off. */
export function formatLocalTime(instant: Date, offsetMinutes: number): string {
  const shifted = new Date(instant.getTime() + offsetMinutes * 60_000);
  return shifted.toISOString().slice(0, 19).replace("T", " ");
}

/** The parts of a written time, as they stand in the text. */
export type WrittenTime = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly milliseconds: number;
};

/** The instant of a written time at `offsetMinutes`; `null` when there is no such day or hour (month 13, 25 o'clock). */
export function toInstant(written: WrittenTime, offsetMinutes: number): Date | null {
  const { year, month, day, hour, minute, second, milliseconds } = written;
  const local = new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds));
  if (local.getUTCFullYear() !== year || local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  return new Date(local.getTime() - offsetMinutes * 60_000);
}
