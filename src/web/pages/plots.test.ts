/** What the plots draw: scales, gaps, budgets that are shared. */
import { expect, test } from "vitest";
import type { HistoryPoint } from "../../domain/history.ts";
import { catalogues } from "../texts/texts.ts";
import { budgetsOf, niceSeconds, niceTop, renderPlots } from "./plots.ts";
import type { View } from "./view.ts";

const now = new Date("2026-11-30T12:00:30Z");
const view: View = {
  ...{ language: "en", t: catalogues.en, role: "viewer", canSignOut: false, formToken: "", path: "/", said: null, now },
};
const point = (minutesAgo: number, more: Partial<HistoryPoint> = {}): HistoryPoint => ({
  at: new Date(Date.parse("2026-11-30T12:00:00Z") - minutesAgo * 60_000),
  ...{
    toJira: 0,
    toHuawei: 0,
    requestsHuawei: 0,
    requestsJira: 0,
    failures: 0,
    oldestP50: 0,
    oldestP95: 0,
    oldestMax: 0,
  },
  ...more,
});
const draw = (points: readonly HistoryPoint[] | null): string =>
  renderPlots(view, {
    ...{ span: "hour", connection: undefined, connections: ["default"], budgets: { huawei: 2, jira: 20 } },
    points,
  }).toString();

test.each([
  [0, 4, 4],
  [4, 4, 4],
  [5, 4, 5],
  [11, 4, 20],
  [21, 4, 50],
  [99, 4, 100],
  [100, 4, 100],
  [1_001, 10, 2_000],
])("a scale for %d, at least %d, ends at %d", (value, least, top) => {
  expect(niceTop(value, least)).toBe(top);
});

test.each([
  [0, 10],
  [11, 30],
  [61, 300],
  [3_601, 21_600],
  [86_401, 2 * 86_400],
])("a scale for %d seconds ends at %d", (value, top) => {
  expect(niceSeconds(value)).toBe(top);
});

test("a budget that several connections share counts once", () => {
  const state = (...sharedBy: string[]) => ({ pausedUntil: null, refusedSince: null, sharedBy });
  const connections = [
    { name: "a", budgets: { huawei: 2, jira: 20 }, budgetStates: { huawei: state("a", "b"), jira: state("a") } },
    { name: "b", budgets: { huawei: 2, jira: 10 }, budgetStates: { huawei: state("a", "b"), jira: state("b") } },
  ];

  expect(budgetsOf(connections, undefined)).toEqual({ huawei: 2, jira: 30 });
  expect(budgetsOf(connections, "b")).toEqual({ huawei: 2, jira: 10 });
  expect(budgetsOf(connections, "gone")).toEqual({ huawei: 0, jira: 0 });
});

test("each figure is told in words, and stands in the table", () => {
  const page = draw([
    point(3, { toJira: 5, requestsHuawei: 60, oldestP50: 7, oldestP95: 90 }),
    point(1, { toHuawei: 2, requestsJira: 1, failures: 3 }),
  ]);

  expect(page).toContain('aria-label="Mirrored: to Jira: 5; to Huawei Cloud: 2"');
  expect(page).toContain('aria-label="Requests, share of the budget: Huawei Cloud: up to 50 %; Jira: up to &lt; 1 %"');
  expect(page).toContain(
    'aria-label="Oldest waiting change: half of the time: up to 7 s; 95 % of the time: up to 1 min 30 s"',
  );
  expect(page).toContain('aria-label="Failures that wait for a person: 3 at the end, 3 at most"');
  expect([...page.matchAll(/<tr><td/g)]).toHaveLength(2);
});

test("a time without a record is no time in which nothing happened", () => {
  const page = draw([point(60), point(59), point(1)]);
  const [, gap = ""] = /class="gap" d="([^"]+)"/.exec(page) ?? [];
  const [, line = ""] = /class="line a" d="([^"]+)"/.exec(page) ?? [];

  expect([...gap.matchAll(/M(\d+) 0/g)].map(([, at]) => Number(at))).toEqual(
    Array.from({ length: 57 }, (_x, at) => at + 2),
  );
  expect(line).toBe("M0 98H1V98H2M59 98H60");
  expect(page).toContain("Nothing was recorded then");
});

test("the last span is no gap: it is recorded a moment after its end", () => {
  expect(draw(Array.from({ length: 59 }, (_point, at) => point(60 - at)))).not.toContain("Nothing was recorded then");
});

test("bars of both directions lead away from one line, by one scale", () => {
  const page = draw([point(60, { toJira: 4, toHuawei: 2 })]);

  expect(page).toContain('class="bars a" d="M0.1 50V2H0.9V50Z"');
  expect(page).toContain('class="bars b" d="M0.1 50V74H0.9V50Z"');
});

test("without any record the page says so, and where the database is away as well", () => {
  expect(draw([])).toContain("Nothing is recorded of this time");
  expect(draw([])).not.toContain("<svg");
  expect(draw(null)).toContain("cannot be read");
});
