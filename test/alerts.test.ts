/** Each rule of docs/alerts.yml fires and ends, judged by Prometheus' own tool. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { grafanaDocument } from "../scripts/grafana.ts";

const rules = resolve("docs/alerts.yml");
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

/** Minutes at which an alert fires and at which it has ended, and what is measured each minute, in promtool's words. */
type Story = { readonly fires: number; readonly ended: number; readonly series: Readonly<Record<string, string>> };

const stories: Readonly<Record<string, Story>> = {
  CasebridgeDown: { fires: 8, ended: 20, series: { 'up{job="casebridge",instance="a"}': "0x10 1x40" } },
  CasebridgeStalled: { fires: 3, ended: 12, series: { 'casebridge_stalled{instance="a"}': "1x5 0x40" } },
  CasebridgeCredentialRefused: {
    fires: 5,
    ended: 20,
    series: { 'casebridge_credential_refused{connection="c",side="jira"}': "1x10 0x40" },
  },
  CasebridgeServiceUnreachable: {
    fires: 20,
    ended: 40,
    series: { 'casebridge_service_reachable{connection="c",side="jira"}': "0x30 1x40" },
  },
  CasebridgeRoundsStalled: {
    fires: 25,
    ended: 45,
    series: { 'casebridge_last_successful_round_timestamp_seconds{connection="c",round="cases"}': "0x40 2400x40" },
  },
  CasebridgeLagging: {
    fires: 15,
    ended: 30,
    series: { 'casebridge_oldest_unmirrored_change_age_seconds{connection="c"}': "1000x20 0x40" },
  },
  CasebridgeFailuresOpen: {
    fires: 35,
    ended: 50,
    series: { 'casebridge_open_failures{connection="c",reason="forbidden"}': "1x40 0x40" },
  },
  CasebridgeLinksBlocked: {
    fires: 35,
    ended: 50,
    series: { 'casebridge_links{connection="c",state="blocked"}': "1x40 0x40" },
  },
  CasebridgeBreakerTripped: {
    fires: 6,
    ended: 25,
    series: { 'casebridge_breakers_open{connection="c",breaker="many_closes"}': "0x3 1x10 0x40" },
  },
  CasebridgeRunsFailing: {
    fires: 35,
    ended: 75,
    series: {
      'casebridge_runs_total{connection="c",outcome="failed"}': "0+10x40 400x60",
      'casebridge_runs_total{connection="c",outcome="done"}': "0+1x100",
    },
  },
  CasebridgeRateLimited: {
    fires: 50,
    ended: 90,
    series: { 'casebridge_rate_limits_total{side="jira"}': "0+60x60 3600x60" },
  },
  CasebridgeBudgetTooSmall: {
    fires: 35,
    ended: 50,
    series: { 'casebridge_effective_poll_interval_seconds{connection="c"}': "900x40 30x40" },
  },
  CasebridgeRequestsWaiting: {
    fires: 40,
    ended: 90,
    series: {
      'casebridge_remote_request_wait_seconds_bucket{side="jira",lane="live",le="30"}': "0x120",
      'casebridge_remote_request_wait_seconds_bucket{side="jira",lane="live",le="60"}': "0+10x60 600x60",
      'casebridge_remote_request_wait_seconds_bucket{side="jira",lane="live",le="+Inf"}': "0+10x60 600x60",
    },
  },
  CasebridgeQueueGrowing: {
    fires: 35,
    ended: 50,
    series: { 'casebridge_queue_jobs{queue="links",state="waiting"}': "600x40 0x40" },
  },
  CasebridgeMetricsIncomplete: {
    fires: 16,
    ended: 50,
    series: { 'casebridge_collect_failures_total{instance="a"}': "0+1x20 20x60" },
  },
  CasebridgeSignInsRefused: {
    fires: 12,
    ended: 40,
    series: { 'casebridge_sign_ins_refused_total{instance="a",reason="wrong_token"}': "0x2 0+5x10 50x60" },
  },
  CasebridgeWebhooksRefused: {
    fires: 12,
    ended: 40,
    series: {
      'casebridge_webhooks_refused_total{instance="a",reason="signature"}': "0x2 0+2x10 20x60",
      'casebridge_webhooks_refused_total{instance="a",reason="stranger"}': "0+100x80",
    },
  },
  CasebridgeTextsMasked: {
    fires: 12,
    ended: 80,
    series: { 'casebridge_masked_items_total{connection="c",kind="comment"}': "0x2 0+1x10 10x90" },
  },
  CasebridgeCommentsHeld: {
    fires: 6,
    ended: 80,
    series: {
      'casebridge_held_comments_total{connection="c",reason="internal_unknown"}': "0x3 1x100",
      'casebridge_held_comments_total{connection="c",reason="restricted"}': "0+9x100",
    },
  },
  CasebridgeNotificationsFailing: { fires: 15, ended: 30, series: { casebridge_notify_failing: "1x20 0x40" } },
};

test("each alert has its story", () => {
  const file = parse(readFileSync(rules, "utf8"));
  const alerts = file.groups.flatMap((group: { rules: { alert: string }[] }) => group.rules.map(({ alert }) => alert));

  expect(Object.keys(stories).sort()).toEqual(alerts.sort());
});

const title = hasPromtool ? "" : "skipped, since no promtool is installed: ";
test.skipIf(!hasPromtool)(`${title}each alert fires and ends`, () => {
  const folder = mkdtempSync(join(tmpdir(), "casebridge-alerts-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const tests = Object.entries(stories).map(([name, { fires, ended, series }]) => {
    const expr = `count(ALERTS{alertname="${name}",alertstate="firing"})`;
    return {
      name,
      interval: "1m",
      input_series: Object.entries(series).map(([of, values]) => ({ series: of, values })),
      promql_expr_test: [
        { expr, eval_time: "0m", exp_samples: [] },
        { expr, eval_time: `${fires}m`, exp_samples: [{ labels: "{}", value: 1 }] },
        { expr, eval_time: `${ended}m`, exp_samples: [] },
      ],
    };
  });
  const file = join(folder, "alerts.test.yml");
  writeFileSync(file, stringify({ rule_files: [rules], evaluation_interval: "1m", tests }));

  const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });

  expect({ status, said: `${stdout}${stderr}` }).toMatchObject({ status: 0 });
});

test.skipIf(!hasPromtool)(`${title}every expression of the dashboard is one that Prometheus reads`, () => {
  const folder = mkdtempSync(join(tmpdir(), "casebridge-grafana-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { panels } = JSON.parse(grafanaDocument()) as { panels: { targets?: { expr: string }[] }[] };
  const recorded = panels
    .flatMap(({ targets = [] }) => targets)
    .map(({ expr }, at) => ({
      record: `panel:query${at}`,
      expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$connection", ".*"),
    }));
  const file = join(folder, "rules.yml");
  writeFileSync(file, stringify({ groups: [{ name: "dashboard", rules: recorded }] }));

  const { status, stdout, stderr } = spawnSync("promtool", ["check", "rules", file], { encoding: "utf8" });

  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain(`${recorded.length} rules found`);
});
