/** Whatever comes and goes, and whatever becomes of messages: what lasts is told, once, and so is its end. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Alarm, type AlarmKey, alarmCauses, alarmKeyText, planTelling, type StandingAlarm } from "./alarm.ts";

const stepMs = 30_000;
const goneMs = 120_000;
const names = ["a", "b", "c"] as const;

function alarmOf(connectionName: string, isExplained: boolean): Alarm {
  const none = { since: null, count: 1, items: [], newestAt: null };
  return { connectionName, code: "late", about: "", ...none, isExplained };
}

/** One look: what is there, what of it something else explains, and whether the message is taken. */
const step = fc.record({
  present: fc.subarray([...names]),
  explained: fc.subarray([...names]),
  taken: fc.boolean(),
});

/** What the store does with a telling (`store/alarms.ts`), in memory. */
function makeBook() {
  const standing = new Map<string, StandingAlarm>();
  let nowMs = Date.parse("2026-11-30T08:00:00Z");
  return {
    standing,
    look(present: readonly Alarm[], taken: boolean) {
      nowMs += stepMs;
      const now = new Date(nowMs);
      const telling = planTelling({
        standing: [...standing.values()],
        current: present,
        causes: alarmCauses,
        now,
        goneMs,
      });
      const mark = (keys: readonly AlarmKey[], goneAt: Date | null): void => {
        for (const key of keys) {
          const alarm = standing.get(alarmKeyText(key));
          if (alarm !== undefined) standing.set(alarmKeyText(key), { ...alarm, goneAt });
        }
      };
      mark(telling.goneNow, now);
      mark(telling.back, null);
      const says = telling.fresh.length + telling.grown.length + telling.ended.length > 0;
      if (says && taken) {
        for (const alarm of telling.fresh)
          standing.set(alarmKeyText(alarm), { ...alarm, toldAt: now, toldThrough: alarm.newestAt, goneAt: null });
        for (const alarm of telling.ended) standing.delete(alarmKeyText(alarm));
      }
      return { telling, told: says && taken, nowMs };
    },
  };
}

test("what lasts is told once, its end once that lasts, and in the end nothing stands", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const book = makeBook();
      const lastSeenMs = new Map<string, number>();
      for (const { present, explained, taken } of steps) {
        const before = new Set(book.standing.keys());
        const alarms = present.map((name) => alarmOf(name, explained.includes(name)));
        const { telling, told, nowMs } = book.look(alarms, taken);
        const keyOf = (name: string) => alarmKeyText(alarmOf(name, false));

        for (const alarm of telling.fresh) expect(before).not.toContain(alarmKeyText(alarm));
        for (const alarm of telling.fresh) expect(explained).not.toContain(alarm.connectionName);
        for (const alarm of telling.ended)
          expect(nowMs - (lastSeenMs.get(alarm.connectionName) ?? 0)).toBeGreaterThan(goneMs);
        if (told || taken)
          for (const name of present.filter((other) => !explained.includes(other)))
            expect([...book.standing.keys()]).toContain(keyOf(name));
        expect(telling.lasting).toBe(
          present.filter((name) => before.has(keyOf(name)) || !explained.includes(name)).length,
        );
        for (const name of present) lastSeenMs.set(name, nowMs);
      }
      for (let turn = 0; turn < 8; turn += 1) book.look([], true);

      expect(book.standing.size).toBe(0);
    }),
  );
});

test("while no message is taken nothing is taken for told", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const book = makeBook();
      for (const { present } of steps)
        book.look(
          present.map((name) => alarmOf(name, false)),
          false,
        );

      expect(book.standing.size).toBe(0);
    }),
  );
});
