/**
 * A check of cron expressions that needs no scheduler, so that a bad one stops the start with the other configuration
 * errors instead of later, when the schedule is made. It accepts a subset of what croner accepts: everything
 * people write every day, not the rare extensions (`L`, `W`, `#`, `@hourly`, ranges that wrap around).
 */

type Field = { readonly label: string; readonly min: number; readonly max: number; readonly names: readonly string[] };

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const dayOfMonth: Field = { label: "day of month", min: 1, max: 31, names: [] };
const month: Field = { label: "month", min: 1, max: 12, names: months };

const fields: readonly Field[] = [
  { label: "second", min: 0, max: 59, names: [] },
  { label: "minute", min: 0, max: 59, names: [] },
  { label: "hour", min: 0, max: 23, names: [] },
  dayOfMonth,
  month,
  { label: "day of week", min: 0, max: 7, names: weekdays },
];

const longestMonthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Says what is wrong with a cron expression of 5 fields (minute first) or 6 (second first), or `null` when nothing is.
 * Fields hold `*`, numbers, names of months and weekdays (three letters), ranges, steps and lists of these.
 */
export function cronProblem(expression: string): string | null {
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== 5 && texts.length !== 6) return "must have 5 or 6 fields separated by spaces";

  const used = texts.length === 5 ? fields.slice(1) : fields;
  const days: number[] = [];
  const monthsUsed: number[] = [];
  for (const [index, field] of used.entries()) {
    const values = expand(texts[index] ?? "", field);
    if (values === null) return `has an invalid ${field.label} (field ${index + 1})`;
    if (field === dayOfMonth) days.push(...values);
    if (field === month) monthsUsed.push(...values);
  }

  // 30 February never comes, and a schedule that never fires would be a silent failure.
  const comes = monthsUsed.some((number) => days.some((day) => day <= (longestMonthDays[number - 1] ?? 0)));
  return comes ? null : "names a day that its months do not have";
}

function expand(text: string, field: Field): number[] | null {
  if (text === "?" && field.label.startsWith("day")) return expand("*", field);
  const values: number[] = [];
  for (const item of text.split(",")) {
    const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,4}))?$/.exec(item);
    if (match === null) return null;
    const [, star, first, last, stepText] = match;
    const from = star === undefined ? toNumber(first ?? "", field) : field.min;
    const to = star === undefined ? toNumber(last ?? first ?? "", field) : field.max;
    const step = stepText === undefined ? 1 : Number(stepText);
    // A step past the field's own count is a slip, and the scheduler refuses it.
    if (from === null || to === null || from > to || step < 1 || step > countOf(field)) return null;
    // "5/10" means different things to different schedulers, so it is refused rather than guessed at.
    if (stepText !== undefined && star === undefined && last === undefined) return null;
    for (let value = from; value <= to; value += step) values.push(value);
  }
  return values;
}

/** How many values the field has; Sunday is 0 and 7. */
function countOf(field: Field): number {
  return field.names === weekdays ? weekdays.length : field.max - field.min + 1;
}

function toNumber(text: string, field: Field): number | null {
  const position = field.names.indexOf(text.toLowerCase());
  if (position >= 0) return position + field.min;
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value >= field.min && value <= field.max ? value : null;
}
