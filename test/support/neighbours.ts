/**
 * Many connections in one worker: each with a Huawei simulator and account of its own and a project of its own on one Jira site. Between
 * worker and each Huawei simulator stands a gate that can fall silent: it then accepts connections and never answers.
 */
import { writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type HuaweiSimulator, startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { type Env, type Harness, startHarness } from "./harness.ts";

/** A way to a server that can fall silent. Connections that were open when it did stay open and silent. */
export type Gate = { readonly url: string; silence(): void; release(): void; close(): Promise<void> };

/** One connection of the worker, with its Huawei simulator. */
export type Neighbour = {
  readonly name: string;
  readonly projectKey: string;
  readonly huawei: HuaweiSimulator["control"];
  readonly gate: Gate;
};

export type Neighbours = {
  readonly harness: Harness;
  readonly all: readonly Neighbour[];
  /** Texts of the comments on all issues of a neighbour. */
  commentsOf(neighbour: Neighbour): readonly string[];
  close(): Promise<void>;
};

/** Starts the services of `count` connections, and writes the configuration of a worker that serves them. */
export async function startNeighbours(count: number, env: Env = {}): Promise<Neighbours> {
  const keys = Array.from({ length: count }, (_, index) => `P${index}`);
  const secrets = Object.fromEntries(
    keys.flatMap((key) => [
      [`AK_${key}`, `AK${key}`],
      [`SK_${key}`, `SK${key}`],
    ]),
  );
  const harness = await startHarness({
    env: { ...secrets, ...env },
    jira: { projects: keys.map((key) => ({ key, workflow: "direct" })) },
  });
  const closers: (() => Promise<void>)[] = [];
  const all: Neighbour[] = [];
  for (const [index, key] of keys.entries()) {
    const simulator = await startHuaweiSimulator({
      accessKey: `AK${key}`,
      secretKey: `SK${key}`,
      domainId: `domain-${key}`,
      seed: index + 1,
    });
    const gate = await startGate(Number(new URL(simulator.url).port));
    closers.push(gate.close, simulator.close);
    all.push({ name: key.toLowerCase(), projectKey: key, huawei: simulator.control, gate });
  }
  const lines = all.map(
    ({ name, projectKey, gate }) =>
      `  - name: ${name}\n    huawei: { endpoint: "${gate.url}", iamEndpoint: "${gate.url}", ak: { env: AK_${projectKey} }, ` +
      `sk: { env: SK_${projectKey} }, domainId: "domain-${projectKey}" }\n    jira: { projectKey: ${projectKey} }\n`,
  );
  await writeFile(join(harness.folder, "casebridge.yaml"), `connections:\n${lines.join("")}`);
  return {
    harness,
    all,
    commentsOf: ({ projectKey }) =>
      harness.jira
        .getState()
        .issues.filter((issue) => issue.projectKey === projectKey)
        .flatMap((issue) => issue.comments.map((comment) => comment.bodyText)),
    close: async () => {
      await harness.close();
      for (const close of closers) await close();
    },
  };
}

async function startGate(upstreamPort: number): Promise<Gate> {
  let silent = false;
  const pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, "127.0.0.1");
    const pair = { client, upstream };
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    // What comes while the gate is silent is lost, also for a connection that outlives the silence.
    client.on("data", (chunk) => void (silent || upstream.write(chunk)));
    upstream.on("data", (chunk) => void (silent || client.write(chunk)));
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    silence: () => {
      silent = true;
    },
    release: () => {
      silent = false;
    },
    close: async () => {
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream.destroy();
      }
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
