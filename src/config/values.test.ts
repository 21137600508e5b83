import { expect, test } from "vitest";
import { listTicks } from "../lib/ticks.ts";
import { cronProblem } from "./cron-expression.ts";
import { editDistance, findNearest } from "./nearest.ts";
import * as values from "./values.ts";

test.each([
  "* * * * *",
  "*/5 * * * *",
  "0 0 1,15 * 1-5",
  "*/10 * * * * *",
  "0 8-18/2 * jan-mar MON,wed",
  "0 0 ? * 7",
  "0 0 29 2 *",
  " 1  2 3 4 5 ",
])("the cron expression %j is accepted", (text) => {
  expect(cronProblem(text)).toBeNull();
});

test.each([
  "",
  "* * * *",
  "* * * * * * *",
  "60 * * * *",
  "* 24 * * *",
  "* * 0 * *",
  "* * * 13 *",
  "* * * * 8",
  "*/0 * * * *",
  "5-1 * * * *",
  "1,,2 * * * *",
  "a * * * *",
  "? * * * *",
  "5/10 * * * *",
  "0 0 30 2 *",
  "@hourly",
  "* * L * *",
])("the cron expression %j is refused", (text) => {
  expect(cronProblem(text)).not.toBeNull();
});

test.each([
  ["second", (step: number) => `*/${step} * * * * *`, 60],
  ["minute", (step: number) => `*/${step} * * * *`, 60],
  ["hour", (step: number) => `* 0-23/${step} * * *`, 24],
  ["day of month", (step: number) => `* * */${step} * *`, 31],
  ["month", (step: number) => `* * * */${step} *`, 12],
  ["day of week", (step: number) => `* * * * 0-7/${step}`, 7],
] as const)("a step in the field %s is accepted as long as the scheduler takes it", (_field, write, max) => {
  expect([cronProblem(write(max)), cronProblem(write(max + 1))]).toEqual([null, expect.any(String)]);
  expect(listTicks(write(max), new Date(0), 1)).toHaveLength(1);
  expect(() => listTicks(write(max + 1), new Date(0), 1)).toThrow();
});

const https = values.serviceUrl("https://example.com");
const database = values.postgresUrl();
const link = values.caseUrlTemplate(false);

test.each([
  [https, "https://osm.cn-south-1.myhuaweicloud.com", true],
  [https, "https://api.atlassian.com/ex/jira/1234/", true],
  [https, "http://127.0.0.1:9000", true],
  [https, "http://localhost:9000", true],
  [https, "http://[::1]:9000", true],
  [https, "http://example.com", false],
  [https, "http://127.0.0.1.example.com", false],
  [https, "https://user:pass@example.com", false],
  [https, "https://example.com/?a=b", false],
  [https, "https://example.com/#", false],
  [https, "example.com", false],
  [https, "ftp://example.com", false],
  [https, "https://exa mple.com", false],
  [database, "postgresql://u:p@h:5432/db?sslmode=require", true],
  [database, "postgres://h/db", true],
  [database, "postgresql://u@a:1,b:2/db", false],
  [database, "postgresql://", false],
  [database, "mysql://h/db", false],
  [values.redisUrl(), "rediss://:p@h:6379/0", true],
  [values.redisUrl(), "redis+sentinel://a:26379,b:26379/mymaster", true],
  [values.redisUrl(), "redis+sentinel://a", false],
  [values.redisUrl(), "http://h", false],
  [link, "https://console.example.com/#/case/{caseId}?x=1", true],
  [link, "https://console.example.com/case", false],
  [link, "javascript:alert('{caseId}')", false],
  [link, "", false],
  [values.caseUrlTemplate(true), "", true],
  [values.timeZone(), "GMT+8", true],
  [values.timeZone(), "GMT-3:30", true],
  [values.timeZone(), "GMT+08:00", true],
  [values.timeZone(), "UTC", true],
  [values.timeZone(), "GMT+15", false],
  [values.timeZone(), "GMT-13", false],
  [values.timeZone(), "GMT+8:75", false],
  [values.timeZone(), "CET", false],
  [values.listenHost(), "0.0.0.0", true],
  [values.listenHost(), "::", true],
  [values.listenHost(), "my-host.local", true],
  [values.listenHost(), "http://x", false],
  [values.date(), "2026-01-31", true],
  [values.date(), "2024-02-29T12:00:00+08:00", true],
  [values.date(), "2026-02-30", false],
  [values.date(), "2026-01-31T12:00:00", false],
  [values.date(), "31.01.2026", false],
  [values.fromText(values.decimal(0, 10)), "0.5", true],
  [values.fromText(values.decimal(0, 10)), "1e1", false],
  [values.fromText(values.decimal(0, 10)), "10.1", false],
  [values.fromText(values.whole(0, 10)), "0.5", false],
  [values.fromText(values.whole(0, 10)), "0x5", false],
  [values.line("a text"), "one", true],
  [values.line("a text"), "two\nlines", false],
] as const)("value %# is accepted or refused as listed", (schema, text, isValid) => {
  expect(schema.safeParse(text).success).toBe(isValid);
});

test("a date means the start of that day in UTC", () => {
  expect(values.toDate("2026-01-31")?.toISOString()).toBe("2026-01-31T00:00:00.000Z");
  expect(values.toDate("2026-01-31T08:00:00+08:00")?.toISOString()).toBe("2026-01-31T00:00:00.000Z");
});

test.each([
  ["projektKey", "projectKey"],
  ["jria", "jira"],
  ["APITOKEN", "apiToken"],
  ["colour", null],
])("%s is taken for %s", (word, expected) => {
  expect(findNearest(word, ["jira", "projectKey", "apiToken"])).toBe(expected);
});

test("swapped neighbours count as one edit", () => {
  expect(editDistance("jria", "jira")).toBe(1);
});
