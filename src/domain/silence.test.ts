import fc from "fast-check";
import { expect, test } from "vitest";
import { hourOf, isUnusualSilence, silenceMinMs } from "./silence.ts";

const hourMs = 3_600_000;
/** A Monday, 00:00. */
const start = Date.parse("2026-10-05T00:00:00Z");
const at = (day: number, hour: number): Date => new Date(start + (day * 24 + hour) * hourMs);

/** Hours with news, in so many days from the start, up to a last moment. */
function history(hasNews: (day: number, hour: number) => boolean, lastAt: Date) {
  const hours = new Set<number>();
  for (let day = 0; day < 90; day += 1)
    for (let hour = 0; hour < 24; hour += 1)
      if (hasNews(day, hour) && at(day, hour) <= lastAt) hours.add(hourOf(at(day, hour)));
  return { hours, lastAt };
}

const office = (day: number, hour: number): boolean => day % 7 < 5 && hour >= 9 && hour < 18;
const friday = 4 + 28;

test("a night and a weekend are nothing unusual where nobody writes then", () => {
  const past = history(office, at(friday, 17));

  expect(isUnusualSilence(past, at(friday + 3, 9))).toBe(false);
  expect(isUnusualSilence(past, at(friday + 3, 11))).toBe(false);
});

test("a silent working morning is unusual where every working hour had news", () => {
  const past = history(office, at(friday, 17));

  expect(isUnusualSilence(past, at(friday + 3, 13))).toBe(true);
});

test("where news comes all day and night, the floor decides", () => {
  const past = history(() => true, at(30, 12));

  expect(isUnusualSilence(past, new Date(past.lastAt.getTime() + silenceMinMs - 1))).toBe(false);
  expect(isUnusualSilence(past, new Date(past.lastAt.getTime() + silenceMinMs + hourMs))).toBe(true);
});

test("one message a week is missed after some weeks, not after days", () => {
  const past = history((day, hour) => day % 7 === 2 && hour === 10 + (Math.floor(day / 7) % 4), at(30, 23));

  expect(isUnusualSilence(past, at(30 + 14, 0))).toBe(false);
  expect(isUnusualSilence(past, at(30 + 60, 0))).toBe(true);
});

test("with less than two weeks of past nothing is unusual, however long it lasts", () => {
  const past = history(() => true, at(13, 23));

  expect(isUnusualSilence(past, at(80, 0))).toBe(false);
});

test("what is unusual stays so until something comes", () => {
  const patterns = fc.array(fc.boolean(), { minLength: 168, maxLength: 168 });
  fc.assert(
    fc.property(patterns, fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), (week, first, more) => {
      const past = history((day, hour) => week[(day % 7) * 24 + hour] === true, at(35, 0));
      const lastAt = new Date(Math.max(...past.hours) * hourMs);
      if (!Number.isFinite(lastAt.getTime())) return;
      const judge = (hours: number) =>
        isUnusualSilence({ hours: past.hours, lastAt }, new Date(lastAt.getTime() + hours * hourMs));

      if (judge(first)) expect(judge(first + more)).toBe(true);
    }),
  );
});
