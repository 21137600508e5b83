import { expect, test } from "vitest";
import { formatLocalTime, parseOffsetMinutes } from "../lib/time-zone.ts";
import { parseServiceTime } from "./service-time.ts";

const instant = "2026-03-01T02:03:04.000Z";

test.each([
  ["2026-03-01T02:03:04Z", instant],
  ["2026-03-01T02:03:04.5Z", "2026-03-01T02:03:04.500Z"],
  ["2026-03-01T02:03:04.123456789z", "2026-03-01T02:03:04.123Z"],
  ["2026-03-01T10:03:04+08:00", instant],
  ["2026-03-01T10:03:04.000+0800", instant],
  ["2026-03-01T10:03:04+08", instant],
  ["2026-02-28 22:33:04 -03:30", instant],
  ["2026-03-01 10:03:04", instant],
  ["2026-03-01T10:03:04", instant],
  ["2026-03-01 10:03", "2026-03-01T02:03:00.000Z"],
  ["2026-03-01", "2026-02-28T16:00:00.000Z"],
  [1772330584000, instant],
  ["1772330584000", instant],
  [" 1772330584 ", instant],
  [1772330584, instant],
])("the service's time %s is read at GMT+8 as %s", (written, expected) => {
  expect(parseServiceTime(written, 480)?.toISOString()).toBe(expected);
});

test.each([
  null,
  undefined,
  "",
  "soon",
  "2026-13-01 00:00:00",
  "2026-02-30",
  "2026-03-01 25:00:00",
  "5",
  0,
  -1,
  Number.NaN,
  {},
  "2026-03-01T10:03:04+8x",
])("%s is no time", (written) => {
  expect(parseServiceTime(written, 480)).toBeNull();
});

test.each([
  ["UTC", 0],
  ["GMT", 0],
  ["GMT+8", 480],
  ["GMT-3:30", -210],
  ["gmt+05:45", 345],
])("the zone %s lies %i minutes east", (zone, minutes) => {
  expect(parseOffsetMinutes(zone)).toBe(minutes);
});

test.each(["", "Europe/Berlin", "GMT+", "GMT+15", "GMT+8:60", "+8"])("the zone %j is refused", (zone) => {
  expect(() => parseOffsetMinutes(zone)).toThrow(RangeError);
});

test("a local text written in a zone is read back in it", () => {
  const written = formatLocalTime(new Date(instant), -210);

  expect(written).toBe("2026-02-28 22:33:04");
  expect(parseServiceTime(written, -210)?.toISOString()).toBe(instant);
});
