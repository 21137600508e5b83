/**
 * In which zone the service writes times that carry none.
 *
 * `X-Time-Zone: GMT` goes with every call, so a service that heeds it writes UTC. One that ignores it writes GMT+8, its documented
 * default, or UTC; nothing says which (huawei.md 14). Asked for GMT, only one mistake is possible, and it shows by itself: what was created a
 * moment ago then lies hours ahead of the service's own clock. So the zone is learned from the first such time. Read eight hours late
 * until then, nothing looks older than it is: no new case is passed over and none of our messages is taken for one of before its write.
 */
import { parseServiceTime } from "./service-time.ts";

/** What `X-Time-Zone` says. */
export const askedZone = "GMT";
/** The zone of a service that ignores the header, in minutes east of UTC (huawei.md 4). */
const defaultMinutes = 8 * 60;
const zoneMaxMinutes = 14 * 60;
/** No clock is that wrong, since the service's own is what we compare with. */
const toleranceMinutes = 15;
/** How far apart two readings of one bound can lie: sent as UTC, it may be read in the default zone. */
export const zoneSpreadMs = defaultMinutes * 60_000;

/** Where the zone of one service is remembered. Identities of messages hang on it, so a restart must not forget it. */
export type ZoneMemory = {
  /** Minutes east of UTC; 0 where nothing was learned. */
  find(): Promise<number>;
  save(offsetMinutes: number): Promise<void>;
};

/** The zone of one client. */
export type ServiceZone = {
  /** Minutes east of UTC of a time without zone. */
  offsetMinutes(): number;
  /** Looks through an answer for times that have not come yet, before it is read. */
  learn(answer: unknown): void;
  /** Before the first reading: what was learned earlier. Looks once; rejects as the memory does, and then looks again. */
  recall(): Promise<void>;
  /** After `learn`: stores what is new. Rejects as the memory does; until it is stored, no answer may be read by it. */
  remember(): Promise<void>;
};

/** Makes the zone of one client; `serviceNow` is the service's present. */
export function makeServiceZone(serviceNow: () => Date, memory?: ZoneMemory): ServiceZone {
  let offsetMinutes = 0;
  let stored = 0;
  let recalled: Promise<void> | null = null;
  const readMemory = async (): Promise<void> => {
    stored = (await memory?.find()) ?? 0;
    offsetMinutes ||= stored;
  };
  return {
    offsetMinutes: () => offsetMinutes,
    async recall() {
      recalled ??= readMemory();
      try {
        await recalled;
      } catch (error) {
        recalled = null;
        throw error;
      }
    },
    async remember() {
      if (offsetMinutes === stored) return;
      await memory?.save(offsetMinutes);
      stored = offsetMinutes;
    },
    learn(answer) {
      if (offsetMinutes !== 0) return;
      const nowMs = serviceNow().getTime();
      let ahead = 0;
      for (const text of createdTexts(answer)) {
        const asUtc = parseServiceTime(text, 0);
        const asOther = parseServiceTime(text, 1);
        // A time with a zone of its own is the same either way.
        if (asUtc === null || asOther === null || asUtc.getTime() === asOther.getTime()) continue;
        const minutes = (asUtc.getTime() - nowMs) / 60_000;
        if (minutes <= zoneMaxMinutes + toleranceMinutes) ahead = Math.max(ahead, minutes);
      }
      if (ahead <= toleranceMinutes) return;
      const isDefault = ahead <= defaultMinutes + toleranceMinutes;
      offsetMinutes = isDefault
        ? defaultMinutes
        : Math.min(zoneMaxMinutes, Math.ceil((ahead - toleranceMinutes) / 30) * 30);
    },
  };
}

/** Times of creation anywhere in an answer. */
function* createdTexts(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === "string") {
      if (name === "create_time" || name === "createTime") yield member;
    } else yield* createdTexts(member);
  }
}
