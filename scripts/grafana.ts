/**
 * `npm run docs:grafana` writes docs/grafana.json: a dashboard of Grafana over casebridge's metrics. May be repeated; a test compares
 * the file and holds every expression against what `/metrics` has.
 */
import { writeFileSync } from "node:fs";

type Unit = "short" | "s" | "reqps" | "percentunit" | "bytes" | "none";
type Query = { readonly expr: string; readonly legend: string };
type Panel = {
  readonly title: string;
  /** What a reader learns from it, and where to look next. */
  readonly help: string;
  readonly kind: "stat" | "timeseries";
  readonly unit: Unit;
  /** Above this value the panel turns red. */
  readonly bad?: number;
  readonly queries: readonly Query[];
};
type Row = { readonly title: string; readonly panels: readonly Panel[] };

/** Of the connections that the reader has chosen at the top. */
const chosen = 'connection=~"$connection"';
const quantile = (share: number, metric: string, by: string): string =>
  `histogram_quantile(${share}, sum by (le, ${by}) (rate(casebridge_${metric}_bucket[$__rate_interval])))`;

const rows: readonly Row[] = [
  {
    title: "Is it well?",
    panels: [
      {
        title: "Oldest change that waits",
        help: "Above 15 minutes CasebridgeLagging fires. `casebridge status` says what it waits for.",
        kind: "stat",
        unit: "s",
        bad: 900,
        queries: [
          {
            expr: `max by (connection) (casebridge_oldest_unmirrored_change_age_seconds{${chosen}})`,
            legend: "{{connection}}",
          },
        ],
      },
      {
        title: "Failures that wait for a person",
        help: "`casebridge failures list` names each with its remedy.",
        kind: "stat",
        unit: "short",
        bad: 1,
        queries: [
          { expr: `sum by (connection) (casebridge_open_failures{${chosen}}) or vector(0)`, legend: "{{connection}}" },
        ],
      },
      {
        title: "Credentials refused",
        help: "1 while a service refuses what casebridge signs in with.",
        kind: "stat",
        unit: "none",
        bad: 1,
        queries: [
          {
            expr: `max by (connection, side) (casebridge_credential_refused{${chosen}})`,
            legend: "{{connection}} {{side}}",
          },
        ],
      },
      {
        title: "Workers that stand still",
        help: "1 while a process makes no progress; its /healthz answers 503.",
        kind: "stat",
        unit: "none",
        bad: 1,
        queries: [{ expr: "max by (instance) (casebridge_stalled)", legend: "{{instance}}" }],
      },
    ],
  },
  {
    title: "What is mirrored",
    panels: [
      {
        title: "Items by direction",
        help: "Copies that were confirmed, per second.",
        kind: "timeseries",
        unit: "short",
        queries: [
          {
            expr: `sum by (direction, kind) (rate(casebridge_mirrored_items_total{${chosen}}[$__rate_interval]))`,
            legend: "{{direction}} {{kind}}",
          },
        ],
      },
      {
        title: "Links by state",
        help: "Other states than active wait for somebody.",
        kind: "timeseries",
        unit: "short",
        queries: [{ expr: `sum by (state) (casebridge_links{${chosen}})`, legend: "{{state}}" }],
      },
      {
        title: "Failures by reason",
        help: "docs/operations.md has the remedy of each reason.",
        kind: "timeseries",
        unit: "short",
        queries: [{ expr: `sum by (reason) (casebridge_open_failures{${chosen}})`, legend: "{{reason}}" }],
      },
      {
        title: "Kept in Jira",
        help: "Comments that stay, by reason, and items in which something was masked.",
        kind: "timeseries",
        unit: "short",
        queries: [
          {
            expr: `sum by (reason) (increase(casebridge_held_comments_total{${chosen}}[$__rate_interval]))`,
            legend: "{{reason}}",
          },
          {
            expr: `sum(increase(casebridge_masked_items_total{${chosen}}[$__rate_interval]))`,
            legend: "masked",
          },
        ],
      },
    ],
  },
  {
    title: "What waits",
    panels: [
      {
        title: "Links that are due, by lane",
        help: "A worker more helps where these rise in `live` or `poll` while requests stay below the budget (docs/scaling.md).",
        kind: "timeseries",
        unit: "short",
        queries: [{ expr: `sum by (lane) (casebridge_due_links{${chosen}})`, legend: "{{lane}}" }],
      },
      {
        title: "Oldest due change, by lane",
        help: "How long the oldest change of a lane has waited.",
        kind: "timeseries",
        unit: "s",
        queries: [{ expr: `max by (lane) (casebridge_due_oldest_age_seconds{${chosen}})`, legend: "{{lane}}" }],
      },
      {
        title: "Interval of rounds that was reached",
        help: "Beside the cron: longer where the budget of requests is the limit.",
        kind: "timeseries",
        unit: "s",
        queries: [
          {
            expr: `max by (connection) (casebridge_effective_poll_interval_seconds{${chosen}})`,
            legend: "{{connection}}",
          },
        ],
      },
      {
        title: "Rounds that failed",
        help: "The page says why the last one did.",
        kind: "timeseries",
        unit: "short",
        queries: [
          {
            expr: `sum by (connection, round) (increase(casebridge_rounds_total{outcome="failure",${chosen}}[$__rate_interval]))`,
            legend: "{{connection}} {{round}}",
          },
        ],
      },
    ],
  },
  {
    title: "The two services",
    panels: [
      {
        title: "Requests by answer",
        help: "Per second, by class of answer.",
        kind: "timeseries",
        unit: "reqps",
        queries: [
          {
            expr: "sum by (side, status) (rate(casebridge_remote_requests_total[$__rate_interval]))",
            legend: "{{side}} {{status}}",
          },
        ],
      },
      {
        title: "Time to an answer, p95",
        help: "From sending a request to its answer.",
        kind: "timeseries",
        unit: "s",
        queries: [{ expr: quantile(0.95, "remote_request_duration_seconds", "side"), legend: "{{side}}" }],
      },
      {
        title: "Wait for the budget, p95",
        help: "Above some seconds in `live` the budget of requests is too small.",
        kind: "timeseries",
        unit: "s",
        queries: [{ expr: quantile(0.95, "remote_request_wait_seconds", "side, lane"), legend: "{{side}} {{lane}}" }],
      },
      {
        title: "Told to wait",
        help: "Answers 429 and the like.",
        kind: "timeseries",
        unit: "short",
        queries: [
          {
            expr: "sum by (side) (increase(casebridge_rate_limits_total[$__rate_interval]))",
            legend: "{{side}}",
          },
        ],
      },
    ],
  },
  {
    title: "The process",
    panels: [
      {
        title: "Memory",
        help: "Resident memory of each worker.",
        kind: "timeseries",
        unit: "bytes",
        queries: [{ expr: 'process_resident_memory_bytes{job="casebridge"}', legend: "{{instance}}" }],
      },
      {
        title: "Connections that hung",
        help: "Given up because they did not answer in time; the log names each.",
        kind: "timeseries",
        unit: "short",
        queries: [
          {
            expr: "sum by (what) (increase(casebridge_connection_hangs_total[$__rate_interval]))",
            legend: "{{what}}",
          },
        ],
      },
      {
        title: "Jobs in the queue",
        help: "By queue and state.",
        kind: "timeseries",
        unit: "short",
        queries: [{ expr: "sum by (queue, state) (casebridge_queue_jobs)", legend: "{{queue}} {{state}}" }],
      },
      {
        title: "Notifications",
        help: "Attempts to tell people, by outcome.",
        kind: "timeseries",
        unit: "short",
        queries: [
          {
            expr: "sum by (outcome) (increase(casebridge_notifications_total[$__rate_interval]))",
            legend: "{{outcome}}",
          },
        ],
      },
    ],
  },
];

const source = { type: "prometheus", uid: "$datasource" } as const;
const size = { width: 6, height: 7 } as const;

function drawPanel(panel: Panel, id: number, x: number, y: number): object {
  const steps =
    panel.bad === undefined
      ? [{ color: "green", value: null }]
      : [
          { color: "green", value: null },
          { color: "red", value: panel.bad },
        ];
  return {
    id,
    type: panel.kind,
    title: panel.title,
    description: panel.help,
    datasource: source,
    gridPos: { x, y, w: size.width, h: size.height },
    fieldConfig: {
      defaults: {
        unit: panel.unit,
        min: 0,
        color: { mode: panel.bad === undefined ? "palette-classic" : "thresholds" },
        thresholds: { mode: "absolute", steps },
      },
      overrides: [],
    },
    options:
      panel.kind === "stat" ? { colorMode: "value", graphMode: "area" } : { tooltip: { mode: "multi", sort: "desc" } },
    targets: panel.queries.map(({ expr, legend }, at) => ({
      refId: String.fromCharCode(65 + at),
      datasource: source,
      expr,
      legendFormat: legend,
    })),
  };
}

/** The whole file: a dashboard as Grafana 10 and later import it. Pure. */
export function grafanaDocument(): string {
  const panels: object[] = [];
  for (const [at, row] of rows.entries()) {
    const y = at * (size.height + 1);
    panels.push({
      id: 100 + at,
      type: "row",
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    });
    for (const [place, panel] of row.panels.entries())
      panels.push(drawPanel(panel, at * 10 + place + 1, place * size.width, y + 1));
  }
  const dashboard = {
    uid: "casebridge",
    title: "casebridge",
    tags: ["casebridge"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: {
      list: [
        { name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus" },
        {
          name: "connection",
          type: "query",
          label: "Connection",
          datasource: source,
          query: { query: "label_values(casebridge_links, connection)", refId: "connection" },
          refresh: 2,
          includeAll: true,
          multi: true,
          current: { text: "All", value: "$__all" },
        },
      ],
    },
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(new URL("../docs/grafana.json", import.meta.url), grafanaDocument());
