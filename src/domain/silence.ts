/**
 * When silence is unusual: judged by the connection's own past, since one account has news every minute and another one a week.
 *
 * The trap is the calendar. The longest silence so far is a weekend, so a bound made of it would sleep through a working day; a bound made of
 * a working day would wake people every night. So each hour of the silence is compared with the same hour of the week in the four weeks before
 * it. The share of those that had news is taken for how likely this hour was to have some; the product of what is left is how likely the whole
 * silence is by chance. Under one in a thousand it is unusual. Nights and weekends that never had news add nothing, one silent working
 * morning is enough where every working hour used to have news, and an account with one message a week is told after some seven weeks.
 */

/** Shorter silences are never told. */
export const silenceMinMs = 4 * 3_600_000;

/** Writes that something new on the other side has caused: not notices, stamps, links between issues and repairs. */
export const newsActions = [
  "comment",
  "create_case",
  "create_issue",
  "mark_withdrawn",
  "message",
  "transition",
  "upload",
  "withdraw",
] as const;

const chanceMax = 0.001;
const weekHours = 168;
const historyWeeksMax = 4;
/** With less past than this nothing can be called unusual. */
const historyWeeksMin = 2;
/** Even an hour that always had news may miss once. */
const shareMax = 0.9;
const hourMs = 3_600_000;

/** The hour of a moment, counted from the epoch. */
export function hourOf(at: Date): number {
  return Math.floor(at.getTime() / hourMs);
}

/**
 * Whether it is unusual that nothing has come since `lastAt`. `hours`: the hours (see `hourOf`) in which something came, at least of the four
 * weeks up to `lastAt`. Pure.
 */
export function isUnusualSilence(
  { hours, lastAt }: { readonly hours: ReadonlySet<number>; readonly lastAt: Date },
  now: Date,
): boolean {
  if (now.getTime() - lastAt.getTime() < silenceMinMs) return false;
  const last = hourOf(lastAt);
  const pastHours = last - Math.min(last, ...hours);
  const weeks = Math.min(historyWeeksMax, Math.floor(pastHours / weekHours));
  if (weeks < historyWeeksMin) return false;
  let chance = 1;
  // The hour under way may still bring something.
  for (let hour = last + 1; hour < hourOf(now); hour += 1) {
    const latest = hour - weekHours * Math.ceil((hour - last) / weekHours);
    let busy = 0;
    for (let week = 0; week < weeks; week += 1) if (hours.has(latest - week * weekHours)) busy += 1;
    chance *= 1 - Math.min(shareMax, busy / weeks);
    if (chance < chanceMax) return true;
  }
  return false;
}
