/** The past that casebridge keeps for its plots. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What happened in one span of time; ages in seconds. */
export type HistoryPoint = {
  /** When the span begins. */
  readonly at: Date;
  readonly toJira: number;
  readonly toHuawei: number;
  readonly requestsHuawei: number;
  readonly requestsJira: number;
  readonly failures: number;
  readonly oldestP50: number;
  readonly oldestP95: number;
  readonly oldestMax: number;
};

/** The spans that plots show, with the length of one point. */
export const historySpans = {
  hour: { lengthMs: hourMs, stepMs: minuteMs, of: "minute" },
  day: { lengthMs: 24 * hourMs, stepMs: 10 * minuteMs, of: "minute" },
  week: { lengthMs: 7 * 24 * hourMs, stepMs: hourMs, of: "hour" },
} as const;
/** Name of a span. */
export type HistorySpan = keyof typeof historySpans;
/** Names of the spans, the shortest first. */
export const historySpanNames = ["hour", "day", "week"] as const satisfies readonly HistorySpan[];
