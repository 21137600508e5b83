import { expect, test } from "vitest";
import { makeServiceZone } from "./service-zone.ts";

const now = new Date("2026-11-30T10:00:00Z");
const learned = (...texts: readonly string[]): number => {
  const zone = makeServiceZone(() => now);
  zone.learn({ list: texts.map((text) => ({ create_time: text })) });
  return zone.offsetMinutes();
};

test.each([
  ["a service that heeds the header", ["2026-11-30 09:59:00", "2026-11-29 10:00:00"], 0],
  ["a case of a moment ago, written in GMT+8", ["2026-11-30 17:59:59"], 480],
  ["a case of seven hours ago, written in GMT+8", ["2026-11-30 11:00:00"], 480],
  ["only cases of long ago, which tell nothing", ["2026-11-29 17:59:59"], 0],
  ["clocks that differ by some minutes", ["2026-11-30 10:14:00"], 0],
  ["a zone further east", ["2026-11-30 21:00:00"], 660],
  ["times with a zone of their own", ["2026-11-30T18:00:00+08:00", "2026-11-30T10:00:01Z"], 0],
  ["a time that can be none", ["2099-01-01 00:00:00"], 0],
  ["a time of another kind of field", [], 0],
])("%s", (_name, texts, minutes) => {
  expect(learned(...texts)).toBe(minutes);
});

test("what was learned stays, and other times than those of creation teach nothing", () => {
  const zone = makeServiceZone(() => now);

  zone.learn({ auth_expire_time: "2026-11-30 17:00:00", content: "2026-11-30 17:00:00" });
  const before = zone.offsetMinutes();
  zone.learn([{ messageList: [{ createTime: "2026-11-30 18:00:00" }] }]);
  zone.learn({ create_time: "2026-11-30 09:00:00" });

  expect([before, zone.offsetMinutes()]).toEqual([0, 480]);
});

test("what was learned outlives the client, and is stored once", async () => {
  const kept: number[] = [];
  const memory = { find: async () => kept.at(-1) ?? 0, save: async (minutes: number) => void kept.push(minutes) };
  const [first, second] = [makeServiceZone(() => now, memory), makeServiceZone(() => now, memory)];

  await first.recall();
  first.learn({ create_time: "2026-11-30 18:00:00" });
  await first.remember();
  await first.remember();
  await second.recall();
  await second.remember();

  expect([kept, second.offsetMinutes()]).toEqual([[480], 480]);
});

test("a memory that cannot be reached is asked again", async () => {
  let asked = 0;
  const find = async () => {
    asked += 1;
    if (asked === 1) throw new Error("away");
    return 480;
  };
  const zone = makeServiceZone(() => now, { find, save: async () => {} });

  await expect(zone.recall()).rejects.toThrow("away");
  await zone.recall();

  expect([asked, zone.offsetMinutes()]).toEqual([2, 480]);
});
