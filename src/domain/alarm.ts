/**
 * What people are told of: a condition that keeps the mirror from being well, for as long as it lasts. Ids, codes and times; never texts.
 *
 * Glossary: an alarm *stands* from the message that told it until its end is told; it is *fresh* before the first, and *gone* once the
 * condition is over. An alarm that goes and comes back within the settling time never ended: a condition that flickers is told once.
 */

/** The causes that people may be told of; an operator chooses among them. */
export const alarmCauses = ["failure", "stopped", "silence"] as const;
export type AlarmCause = (typeof alarmCauses)[number];

/** Each kind of condition with its cause. */
export const alarmCodes = {
  /** Items wait for a person; `about` is the reason. */
  failure: "failure",
  /** The connection stopped itself; `about` is the reason. */
  stopped: "stopped",
  /** A service refuses the credentials; `about` is the side. */
  refused: "stopped",
  /** A change has waited for too long. */
  late: "stopped",
  /** Rounds do not come, or none ends well. */
  missed_rounds: "silence",
  /** Cases are open and there is no news for an unusual time; `about` is the direction that is silent. */
  no_news: "silence",
} as const satisfies Record<string, AlarmCause>;
export type AlarmCode = keyof typeof alarmCodes;

/** One failure behind an alarm. */
export type AlarmItem = {
  readonly failureId: string;
  readonly caseId: string | null;
  readonly issueKey: string | null;
};

/** What tells alarms apart. */
export type AlarmKey = {
  readonly connectionName: string;
  readonly code: AlarmCode;
  /** What the code is about, see `alarmCodes`; empty = nothing further. */
  readonly about: string;
};

/** A condition as it is now. */
export type Alarm = AlarmKey & {
  /** Since when, as far as is known. */
  readonly since: Date | null;
  /** How many items; 1 for conditions without. */
  readonly count: number;
  /** The newest ones; empty for conditions without. */
  readonly items: readonly AlarmItem[];
  /** When the newest item came; `null` for conditions without. */
  readonly newestAt: Date | null;
  /** True where something else explains it, such as a stop or a pause by hand: it is not told by itself, and does not end what stands. */
  readonly isExplained: boolean;
};

/** An alarm that stands: people were told of it. */
export type StandingAlarm = AlarmKey & {
  readonly since: Date | null;
  readonly toldAt: Date;
  /** Items that came later are not told yet. */
  readonly toldThrough: Date | null;
  /** Since when the condition is over; `null` = it lasts. */
  readonly goneAt: Date | null;
};

/** What the next message holds, and what becomes of the standing alarms whatever comes of the message. */
export type Telling = {
  readonly fresh: readonly Alarm[];
  /** Standing alarms with items that came since. */
  readonly grown: readonly Alarm[];
  readonly ended: readonly StandingAlarm[];
  /** Conditions that last, the fresh ones among them; 0 beside an end = all clear. */
  readonly lasting: number;
  /** Standing alarms whose condition is over since just now, and those whose condition is back. */
  readonly goneNow: readonly AlarmKey[];
  readonly back: readonly AlarmKey[];
  /** Standing alarms of causes that nobody is told of any more; they end without a word. */
  readonly dropped: readonly AlarmKey[];
};

/** One text per alarm. */
export function alarmKeyText({ connectionName, code, about }: AlarmKey): string {
  return `${connectionName} ${code} ${about}`;
}

/** Compares what stands with what is, and says what to tell. `goneMs`: how long a condition must be over before its end is told. Pure. */
export function planTelling(input: {
  readonly standing: readonly StandingAlarm[];
  readonly current: readonly Alarm[];
  readonly causes: readonly AlarmCause[];
  readonly now: Date;
  readonly goneMs: number;
}): Telling {
  const isWanted = ({ code }: AlarmKey): boolean => input.causes.includes(alarmCodes[code]);
  const current = input.current.filter(isWanted);
  const known = new Map(input.standing.filter(isWanted).map((alarm) => [alarmKeyText(alarm), alarm]));
  const present = new Set(current.map(alarmKeyText));
  const gone = [...known.values()].filter((alarm) => !present.has(alarmKeyText(alarm)));
  const standingOf = (alarm: Alarm): StandingAlarm | undefined => known.get(alarmKeyText(alarm));
  return {
    fresh: current.filter((alarm) => standingOf(alarm) === undefined && !alarm.isExplained),
    grown: current.filter((alarm) => {
      const standing = standingOf(alarm);
      return (
        standing !== undefined && alarm.newestAt !== null && alarm.newestAt > (standing.toldThrough ?? standing.toldAt)
      );
    }),
    ended: gone.filter(({ goneAt }) => goneAt !== null && input.now.getTime() - goneAt.getTime() >= input.goneMs),
    lasting: current.filter((alarm) => standingOf(alarm) !== undefined || !alarm.isExplained).length,
    goneNow: gone.filter(({ goneAt }) => goneAt === null),
    back: current.filter((alarm) => (standingOf(alarm)?.goneAt ?? null) !== null),
    dropped: input.standing.filter((alarm) => !isWanted(alarm)),
  };
}
