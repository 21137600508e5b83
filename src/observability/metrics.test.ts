import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { grafanaDocument } from "../../scripts/grafana.ts";
import { makeReadiness } from "./health.ts";
import { makeMetrics } from "./metrics.ts";

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { severity: string };
  readonly annotations: Record<string, string>;
};

function readRules(): Rule[] {
  const file = parse(readFileSync(new URL("../../docs/alerts.yml", import.meta.url), "utf8"));
  return file.groups.flatMap((group: { rules: Rule[] }) => group.rules);
}

/** The labels of every metric on the page once something of each kind has happened. */
async function readLabels(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const metrics = makeMetrics();
  fill(metrics);
  const samples = new Map<string, Set<string>>();
  for (const [, name = "", labels = ""] of (await metrics.render()).matchAll(/^([a-z]\w+)(?:\{(.*)\})? /gm)) {
    const known = samples.get(name) ?? new Set();
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) known.add(label);
    samples.set(name, known);
  }
  return samples;
}

test("every metric and label that the dashboard names exists", async () => {
  const samples = await readLabels();
  const { panels } = JSON.parse(grafanaDocument()) as {
    panels: { title: string; targets?: { expr: string; legendFormat: string }[] }[];
  };
  const targets = panels.flatMap((panel) => panel.targets ?? []);

  expect(readFileSync(new URL("../../docs/grafana.json", import.meta.url), "utf8"), "npm run docs:grafana").toBe(
    grafanaDocument(),
  );
  expect(targets.length).toBeGreaterThanOrEqual(20);
  for (const { expr, legendFormat } of targets) {
    const names = [...expr.matchAll(/\b((?:casebridge|process)_\w+)(?:\{([^}]*)\})?/g)];
    expect(names, expr).toHaveLength(1);
    const [[, name = "", matchers = ""] = []] = names;
    const by = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(/,\s*/) ?? [];
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
    // Prometheus adds these two itself.
    const labels = new Set([...(samples.get(name) ?? []), "instance", "job"]);
    expect([...samples.keys()], expr).toContain(name);
    for (const label of [...by, ...shown]) expect(labels, `${expr} by ${label}`).toContain(label);
    for (const [, label = ""] of matchers.matchAll(/(\w+)\s*[=!]/g))
      expect(labels, `${expr} by ${label}`).toContain(label);
    if (by.length > 0) for (const label of shown) expect(by, `${expr} shows ${label}`).toContain(label);
  }
});

test("every metric and label that the alert rules name exists", async () => {
  const samples = await readLabels();
  const names = new Set(makeMetrics().names());

  const rules = readRules();
  const named = rules.flatMap((rule) => [...rule.expr.matchAll(/(casebridge_\w+)(?:\{([^}]*)\})?/g)]);

  expect(rules.length).toBeGreaterThanOrEqual(10);
  expect(named.length).toBeGreaterThanOrEqual(rules.length - 1);
  for (const [, name = "", matchers = ""] of named) {
    expect(names, name).toContain(name.replace(/_(bucket|sum|count)$/, ""));
    for (const [, label = ""] of matchers.matchAll(/(\w+)\s*[=!]/g))
      expect(samples.get(name), `${name} by ${label}`).toContain(label);
  }
});

test("what an alert counts or measures the age of is there before anything has happened", async () => {
  const metrics = makeMetrics({ processMetrics: false });
  metrics.begin({ connections: ["a"], holds: ["restricted", "internal_unknown"], at: new Date(60_000) });
  const page = await metrics.render();
  const samples = [...page.matchAll(/^(casebridge_\w+)(?:\{(.*)\})? /gm)].map(([, name = "", labels = ""]) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value])),
  }));

  const counted = readRules().flatMap((rule) => [
    ...rule.expr.matchAll(/(?:rate|increase)\((casebridge_\w+)(?:\{([^}]*)\})?\[/g),
    ...(rule.expr.includes("time()") ? rule.expr.matchAll(/(casebridge_\w+)(?:\{([^}]*)\})?/g) : []),
  ]);

  expect(counted.length).toBeGreaterThanOrEqual(9);
  for (const [, name = "", matchers = ""] of counted) {
    const wanted = [...matchers.matchAll(/(\w+)(=~?)"([^"]*)"/g)];
    const matching = samples.filter(
      (sample) =>
        sample.name === name &&
        wanted.every(([, label = "", sign, value = ""]) =>
          sign === "=" ? sample.labels[label] === value : new RegExp(`^(?:${value})$`).test(sample.labels[label] ?? ""),
        ),
    );
    expect(matching, `${name}{${matchers}}`).not.toEqual([]);
  }
});

test("every alert has a severity, a summary and what to do, and names only labels that its expression keeps", () => {
  for (const rule of readRules()) {
    expect(["warning", "critical"], rule.alert).toContain(rule.labels.severity);
    expect(rule.annotations.summary, rule.alert).toMatch(/\S/);
    expect(rule.annotations.description, rule.alert).toMatch(/casebridge /);
    const by = /\b(?:by|without) \(([^)]*)\)/.exec(rule.expr)?.[1]?.split(/,\s*/);
    const used = [
      ...Object.values(rule.annotations)
        .join(" ")
        .matchAll(/\$labels\.(\w+)/g),
    ].map(([, label = ""]) => label);
    if (by !== undefined) for (const label of used) expect(by, `${rule.alert}: ${label}`).toContain(label);
  }
});

test("meters count what they are told, and whole pictures forget what is gone", async () => {
  const metrics = makeMetrics({ processMetrics: false });
  fill(metrics);
  metrics.setLinks([{ connection: "a", state: "active", count: 3 }]);
  metrics.requestEnded({ side: "jira", operation: "getIssue", status: null });

  const page = await metrics.render();

  expect(page).toContain('casebridge_links{connection="a",state="active"} 3');
  expect(page).not.toContain('state="blocked"');
  expect(page).toContain('casebridge_remote_requests_total{side="jira",operation="getIssue",status="4xx"} 1');
  expect(page).toContain('casebridge_remote_requests_total{side="jira",operation="getIssue",status="none"} 1');
  expect(page).toContain('casebridge_credential_refused{connection="a",side="jira"} 1');
  expect(page).toContain('casebridge_last_successful_round_timestamp_seconds{connection="a",round="cases"} 60');
  expect(page).toContain('casebridge_rounds_total{connection="a",round="cases",outcome="failure"} 1');
});

test("two sets of meters do not know each other", async () => {
  const [one, other] = [makeMetrics({ processMetrics: false }), makeMetrics({ processMetrics: false })];

  one.rateLimited("jira");

  expect(await one.render()).toContain('casebridge_rate_limits_total{side="jira"} 1');
  expect(await other.render()).not.toContain('side="jira"');
});

test("a reading that fails is counted and does not take the page along", async () => {
  const metrics = makeMetrics({ processMetrics: false });
  metrics.onCollect(async () => metrics.setOldestUnmirrored({ connection: "a", ageSeconds: 7 }));
  metrics.onCollect(() => Promise.reject(new Error("database down")));
  metrics.onCollect(() => {
    throw new Error("at once");
  });

  const page = await metrics.render();

  expect(page).toContain('casebridge_oldest_unmirrored_change_age_seconds{connection="a"} 7');
  expect(page).toContain("casebridge_collect_failures_total 2");
});

test("readiness names what fails, throws or does not answer, and asks once for many", async () => {
  let asked = 0;
  const readiness = makeReadiness({
    timeoutMs: 20,
    maxAgeMs: 60_000,
    checks: {
      database: async () => ++asked > 0,
      queue: () => Promise.reject(new Error("no")),
      migrations: () => new Promise(() => {}),
      other: () => {
        throw new Error("at once");
      },
    },
  });

  const answers = await Promise.all([readiness(), readiness(), readiness()]);

  expect(answers[0]).toEqual({ ready: false, notReady: ["queue", "migrations", "other"] });
  expect(asked).toBe(1);
});

function fill(metrics: ReturnType<typeof makeMetrics>): void {
  const connection = "a";
  const round = { connection, round: "cases", durationMs: 5 };
  metrics.itemMirrored({ connection, direction: "to-jira", kind: "comment" });
  metrics.requestEnded({ side: "jira", operation: "getIssue", status: 404, durationMs: 3 });
  metrics.requestWaited({ side: "huawei", lane: "live", waitMs: 4 });
  metrics.rateLimited("huawei");
  metrics.itemMasked({ connection, kind: "comment" });
  metrics.commentHeld({ connection, reason: "internal_unknown" });
  metrics.signInRefused("wrong_token");
  metrics.webhookRefused("signature");
  metrics.setCredentialRefused({ connection, side: "jira", refused: true });
  metrics.setServiceReachable({ connection, side: "huawei", reachable: false });
  metrics.setLinks([{ connection, state: "blocked", count: 1 }]);
  metrics.setOpenFailures([{ connection, reason: "unknown_mark", count: 1 }]);
  metrics.setOldestUnmirrored({ connection, ageSeconds: 1 });
  metrics.setDue([{ connection, lane: "live", links: 2, ageSeconds: 3 }]);
  metrics.connectionHung("postgresql");
  metrics.setStalled(false);
  metrics.notified(true);
  metrics.setQueueDepth([{ queue: "links", state: "waiting", count: 1 }]);
  metrics.roundEnded({ ...round, success: true, endedAt: new Date(60_000) });
  metrics.roundEnded({ ...round, success: false, endedAt: new Date(90_000) });
  metrics.setPollInterval({ connection, seconds: 60 });
  metrics.runEnded({ connection, outcome: "done" });
  metrics.setBreakers([{ connection, breaker: "loop_suspected", open: 1 }]);
  metrics.setNotifyFailing(true);
}
