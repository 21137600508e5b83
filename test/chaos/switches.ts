/**
 * What nobody documents about the two services, as switches of the simulators, and settings of casebridge. Every pair of positions of
 * two different switches stands in at least one row of `switchRows`; a seed plays one row.
 */
import type { HuaweiSettings } from "../../simulators/huawei/index.ts";
import type { JiraSettings } from "../../simulators/jira/index.ts";
import type { ConnectionConfig } from "../../src/config/config.ts";
import { simulatorSwitches } from "../support/switch-table.ts";
import { makeRandom } from "./random.ts";
import type { ResetOptions } from "./world.ts";

type Switch = {
  readonly of: "huawei" | "jira" | "casebridge";
  readonly name: string;
  readonly positions: readonly unknown[];
};

const casebridge = (name: string, ...positions: unknown[]): Switch => ({ of: "casebridge", name, positions });

/** All switches that are played in pairs; the table says why another is not. */
export const switches: readonly Switch[] = [
  ...simulatorSwitches.filter(({ pairs }) => pairs === true),
  casebridge("project", "OPS", "TEAM"),
  casebridge("closeOnDone", "confirm", "always", "never"),
  casebridge("attachments", "referenced", "all"),
  casebridge("authorName", "name", "none"),
];

/** One row: a position for each switch. */
export type SwitchRow = readonly number[];

/** Rows that hold every pair of positions of two switches; the same rows every time. Greedy, so not the fewest. */
export function makeSwitchRows(): readonly SwitchRow[] {
  const random = makeRandom(7);
  const open = new Set<string>();
  const pair = (a: number, i: number, b: number, j: number): string =>
    a < b ? `${a}.${i}/${b}.${j}` : `${b}.${j}/${a}.${i}`;
  for (const [a, first] of switches.entries())
    for (let b = a + 1; b < switches.length; b += 1)
      for (const i of first.positions.keys())
        for (const j of switches[b]?.positions.keys() ?? []) open.add(pair(a, i, b, j));
  const rows: number[][] = [];
  while (open.size > 0) {
    const row: number[] = switches.map(() => -1);
    const [start = ""] = open;
    for (const half of start.split("/")) {
      const [at = 0, position = 0] = half.split(".").map(Number);
      row[at] = position;
    }
    const order = [...switches.keys()].filter((at) => row[at] === -1).sort(() => random.next() - 0.5);
    for (const at of order) {
      let best = { position: 0, gain: -1 };
      for (const position of switches[at]?.positions.keys() ?? []) {
        let gain = random.next() / 2;
        for (const [other, taken] of row.entries())
          if (taken >= 0 && open.has(pair(at, position, other, taken))) gain += 1;
        if (gain > best.gain) best = { position, gain };
      }
      row[at] = best.position;
    }
    for (const [a, i] of row.entries())
      for (let b = a + 1; b < row.length; b += 1) open.delete(pair(a, i, b, row[b] ?? 0));
    rows.push(row);
  }
  return rows;
}

/** What a row sets. `only` names the switches that may leave their first position, to find the one that matters. */
export function applyRow(
  row: SwitchRow,
  only: readonly string[] | null = null,
): Required<Pick<ResetOptions, "huawei" | "jira" | "settings">> {
  const values = {
    huawei: {} as Record<string, unknown>,
    jira: {} as Record<string, unknown>,
    casebridge: {} as Record<string, unknown>,
  };
  for (const [at, entry] of switches.entries()) {
    const position = only === null || only.includes(entry.name) ? (row[at] ?? 0) : 0;
    values[entry.of][entry.name] = entry.positions[position];
  }
  const own = values.casebridge;
  return {
    huawei: values.huawei as Partial<HuaweiSettings>,
    jira: values.jira as Partial<JiraSettings>,
    settings: (given) => ({
      ...given,
      jira: { ...given.jira, projectKey: own.project as string },
      status: { ...given.status, closeOnDone: own.closeOnDone as ConnectionConfig["status"]["closeOnDone"] },
      attachments: { toHuawei: own.attachments as ConnectionConfig["attachments"]["toHuawei"] },
      comments: { ...given.comments, authorName: own.authorName as ConnectionConfig["comments"]["authorName"] },
    }),
  };
}
