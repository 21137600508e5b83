/**
 * How far a service's clock is from ours. Times that a service writes into its items are its own; comparing them with our clock is
 * right only after the difference is taken out. Both clocks may be wrong by an hour, and nobody may have noticed.
 */

/** A clock that nobody sets, beside the one that tells the time of day. */
type OwnClock = { now(): Date; elapsedMs?(): number };

/** Of an answer's headers, what tells the time; `age` stands on what a cache has kept. */
type Headers = { readonly date?: string | undefined; readonly age?: string | undefined };

/** The clock by which a service dates its items. */
export type ServiceClock = {
  /** Milliseconds by which it is ahead of ours, negative when behind; 0 before the first answer, and for a few seconds of difference. */
  aheadMs(): number;
};

/** What answers of one service tell about its clock. */
export type ObservedServiceClock = ServiceClock & {
  /** Notes the `Date` header of an answer that has just come; what is no date, or stood in a cache, is passed over. */
  noteDate(headers: Headers): void;
  /** Notes a moment that the service wrote itself: its clock cannot be behind it. */
  noteMoment(at: Date): void;
};

/** A Date header is cut to the second and as old as the answer took; below this two clocks count as equal. */
const toleranceMs = 5_000;

/** The moment by our clock at which a service that is `aheadMs` ahead wrote `at`. */
export function toOurTime(at: Date, aheadMs: number): Date {
  return new Date(at.getTime() - aheadMs);
}

/** What the clock of a service that is `aheadMs` ahead shows at our moment `at`. */
export function toServiceTime(at: Date, aheadMs: number): Date {
  return new Date(at.getTime() + aheadMs);
}

/** Makes the observation of one service; it knows nothing at first. */
export function makeServiceClock(clock: OwnClock): ObservedServiceClock {
  const elapsedMs = (): number => clock.elapsedMs?.() ?? clock.now().getTime();
  type Noted = { readonly atMs: number; readonly elapsedMs: number };
  let newest: Noted | null = null;
  let seen: Noted | null = null;
  const today = (noted: Noted | null): number =>
    noted === null ? Number.NEGATIVE_INFINITY : noted.atMs + elapsedMs() - noted.elapsedMs;
  return {
    aheadMs() {
      const service = Math.max(today(newest), today(seen));
      const ahead = service - clock.now().getTime();
      return Number.isFinite(ahead) && Math.abs(ahead) > toleranceMs && !(newest === null && ahead < 0) ? ahead : 0;
    },
    noteDate(headers) {
      const atMs = Date.parse(headers.date ?? "");
      if (!Number.isNaN(atMs) && headers.age === undefined) newest = { atMs, elapsedMs: elapsedMs() };
    },
    noteMoment(at) {
      const atMs = at.getTime();
      if (atMs > Math.max(today(newest), today(seen)) + toleranceMs) seen = { atMs, elapsedMs: elapsedMs() };
    },
  };
}
