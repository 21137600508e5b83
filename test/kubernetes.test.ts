/** The manifests are what Kubernetes takes, agree with each other, and give casebridge a configuration that it starts with. */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as apps from "kubernetes-models/apps/v1";
import * as autoscaling from "kubernetes-models/autoscaling/v2";
import * as batch from "kubernetes-models/batch/v1";
import * as networking from "kubernetes-models/networking.k8s.io/v1";
import * as policy from "kubernetes-models/policy/v1";
import * as core from "kubernetes-models/v1";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { loadConfig } from "../src/config/load-config.ts";
import { makeMetrics } from "../src/observability/metrics.ts";

type Made = { validate(): void };
type Manifest = { readonly apiVersion: string; readonly kind: string; readonly metadata?: { readonly name: string } };
type Probe = { readonly httpGet: { readonly path: string; readonly port: string } };
type Container = {
  readonly image: string;
  readonly args: readonly string[];
  readonly ports?: readonly { readonly name: string }[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
};
type Workload = {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
  };
};

const folder = resolve("deploy/kubernetes");
const read = (file: string): string => readFileSync(resolve(folder, file), "utf8");
const files = readdirSync(folder).filter((file) => file !== "kustomization.yaml");
const manifests = files.flatMap((file) =>
  parseAllDocuments(read(file)).map((document) => ({ file, manifest: document.toJS() as Manifest })),
);
const schemas: Readonly<Record<string, object>> = {
  v1: core,
  "apps/v1": apps,
  "autoscaling/v2": autoscaling,
  "batch/v1": batch,
  "networking.k8s.io/v1": networking,
  "policy/v1": policy,
};
const find = <Shape>(kind: string, name = "casebridge"): Shape =>
  manifests.find(({ manifest }) => manifest.kind === kind && manifest.metadata?.name === name)
    ?.manifest as unknown as Shape;

test.each(manifests)("$manifest.kind of $file is as Kubernetes' schema has it", ({ manifest }) => {
  const Model = (schemas[manifest.apiVersion] as Record<string, new (data: object) => Made> | undefined)?.[
    manifest.kind
  ];

  expect(Model, `${manifest.apiVersion} ${manifest.kind}`).toBeDefined();
  if (Model !== undefined) new Model(manifest).validate();
});

test("what is applied together is listed, and what holds secrets or needs another part is not", () => {
  const { resources } = parse(read("kustomization.yaml")) as { resources: readonly string[] };

  expect([...resources, "autoscaler.yaml", "secret.example.yaml"].sort()).toEqual([...files].sort());
});

test.each([
  ["Deployment", "casebridge", "worker"],
  ["Job", "casebridge-migrate", "command"],
] as const)("the variables of the %s are a configuration", (kind, name, purpose) => {
  const { spec } = find<Workload>(kind, name).spec.template;
  const [container] = spec.containers;
  const secrets = find<{ stringData: Readonly<Record<string, string>> }>("Secret").stringData;
  const env = {
    ...find<{ data: Readonly<Record<string, string>> }>("ConfigMap").data,
    ...Object.fromEntries(container.env.map((variable) => [variable.name, variable.value])),
  };
  const filled: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.keys(secrets).map((key) => [key, "x".repeat(32)])),
    database_url: secrets.database_url ?? "",
    data_key: Buffer.alloc(32, 7).toString("base64"),
  };

  const loaded = loadConfig({
    env,
    cwd: folder,
    purpose,
    isolated: true,
    readFile: (path) => {
      const key = path.replace("/run/secrets/casebridge/", "");
      if (filled[key] === undefined) throw new Error(`no such secret: ${path}`);
      return filled[key];
    },
  });

  expect(loaded.ok ? [] : loaded.errors).toEqual([]);
  const mounted = container.volumeMounts.map((mount) => mount.name).sort();
  expect(spec.volumes.map((volume) => volume.name).sort()).toEqual(mounted);
  expect(container.volumeMounts.map((mount) => mount.mountPath)).toContain(env.DATA_DIR);
});

test("what selects the workers finds them, and probes ask ports and paths that there are", () => {
  const { spec } = find<Workload>("Deployment");
  const { labels } = spec.template.metadata;
  const [container] = spec.template.spec.containers;
  const selectors = [
    spec.selector.matchLabels,
    find<Workload>("PodDisruptionBudget").spec.selector.matchLabels,
    find<{ spec: { podSelector: { matchLabels: Record<string, string> } } }>("NetworkPolicy").spec.podSelector
      .matchLabels,
    ...["casebridge", "casebridge-webhooks"].map(
      (name) => find<{ spec: { selector: Record<string, string> } }>("Service", name).spec.selector,
    ),
  ];

  for (const selector of selectors) expect(labels).toMatchObject(selector);
  expect(find<Workload>("Job", "casebridge-migrate").spec.template.metadata.labels).not.toMatchObject(
    spec.selector.matchLabels,
  );
  expect(container.ports?.map(({ name }) => name)).toEqual(["http", "webhooks"]);
  const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
  expect(probes.map(({ httpGet }) => `${httpGet.port} ${httpGet.path}`)).toEqual([
    "http /healthz",
    "http /healthz",
    "http /readyz",
  ]);
  expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(30);
});

test("the autoscaler goes by metrics that there are", () => {
  const names = [...read("autoscaler.yaml").matchAll(/\bcasebridge_\w+/g)].map(([name]) => name);

  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(makeMetrics().names()).toContain(name);
});
