/**
 * One connection in this process: both simulators, and casebridge as its own configuration and composition make it, on one clock that a
 * test moves. No schedule, no queue, no waiting: the test says when a round or a run happens, and where it dies.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HuaweiSimulatorOptions, startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { type JiraSimulatorOptions, startJiraSimulator } from "../../simulators/jira/index.ts";
import { type Composition, compose } from "../../src/bin/compose.ts";
import type { Machine, WiredConnection } from "../../src/bin/connection.ts";
import type { ConnectionConfig } from "../../src/config/config.ts";
import { unlimitedBudget } from "../../src/domain/budget.ts";
import type { LinkId } from "../../src/domain/ids.ts";
import type { ConnectionSettings } from "../../src/domain/settings.ts";
import { makeSpool } from "../../src/lib/spool.ts";
import { intakeCases, intakeIssues } from "../../src/sync/intake/intake.ts";
import type { IntakeDeps } from "../../src/sync/intake-deps.ts";
import { type LinkDeps, runLink } from "../../src/sync/link/run-link.ts";
import type { Log } from "../../src/sync/ports.ts";
import type { StatePort } from "../../src/sync/state.ts";
import { createTestDatabase } from "./database.ts";
import { type Env, stageConfig, stageEnvironment } from "./environment.ts";
import { type CliResult, runProgram } from "./harness.ts";

/** Thrown where a test lets the process die. */
export class Crash extends Error {
  override readonly name = "Crash";
}

export type Stage = Awaited<ReturnType<typeof startStage>>;
/** What may leave, and when; and what statuses mean. */
export type StagePolicy = Partial<{
  status: Partial<ConnectionSettings["status"]>;
  comments: Partial<ConnectionSettings["comments"]>;
  attachments: ConnectionSettings["attachments"];
  guard: Partial<ConnectionSettings["guard"]>;
}>;

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };
export const noInputs = {
  subTypeId: null,
  productId: null,
  problemTypeId: null,
  regionId: null,
  severityId: null,
  extends: {},
};

/** Everything that comes in is passed on byte for byte, and kept: what a client let out, however the server took it. */
async function startTap(portOf: number) {
  let wires: Buffer[][] = [];
  const server = createServer((client) => {
    const taken: Buffer[] = [];
    wires.push(taken);
    const upstream = connect(portOf, "127.0.0.1");
    client.on("data", (chunk: Buffer) => void taken.push(chunk));
    client.pipe(upstream).pipe(client);
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    read: (): string => wires.map((taken) => Buffer.concat(taken).toString("latin1")).join("\n"),
    forget: (): void => {
      for (const taken of wires) taken.length = 0;
      wires = wires.slice(-20);
    },
    close: (): void => void server.close(),
  };
}

/** Starts simulators and database. The clock starts at the real present, since leases are judged by the database's own. */
export async function startStage(
  options: {
    readonly huawei?: HuaweiSimulatorOptions;
    readonly jira?: JiraSimulatorOptions;
    readonly policy?: StagePolicy;
    readonly projectKey?: string;
    /** How long each request to Huawei waits for its turn, by the stage's clock. */
    readonly huaweiPaceMs?: number;
    /** Bytes of all files on their way together. */
    readonly spoolBytes?: number;
    /** How issues become cases; nothing is set by default. */
    readonly create?: Partial<ConnectionSettings["create"]>;
    /** The user group whose cases are mirrored; needs v2. */
    readonly groupIds?: readonly string[];
    /** Key that seals texts of unconfirmed writes. */
    readonly dataKey?: Uint8Array;
    /** Changes any other setting of the connection. */
    readonly settings?: (settings: ConnectionSettings) => ConnectionSettings;
  } = {},
) {
  let nowMs = Date.now();
  const paces = { huawei: options.huaweiPaceMs ?? 0, jira: 0 };
  const clock = { now: () => new Date(nowMs) };
  const huawei = await startHuaweiSimulator({ ...options.huawei, now: () => nowMs });
  const tap = await startTap(Number(new URL(huawei.url).port));
  const jira = await startJiraSimulator({ ...options.jira, now: () => nowMs });
  const made = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), "casebridge-stage-"));
  const env: Env = {
    ...stageEnvironment(
      { huawei: tap.url, jira: jira.url, connectionString: made.connectionString, folder },
      {
        JIRA_PROJECT_KEY: options.projectKey ?? "OPS",
        HUAWEI_GROUP_ID: options.groupIds?.join(",") ?? "",
        COMMENT_HOLD_SECONDS: "10",
        SETTLE_CASE_SECONDS: "20",
        SETTLE_MESSAGE_SECONDS: "20",
        SETTLE_SEARCH_SECONDS: "20",
        SETTLE_LIST_SECONDS: "20",
        CASES_CREATED_AFTER: "2000-01-01",
      },
    ),
  };
  const machine: Machine = {
    clock: { ...clock, elapsedMs: () => nowMs, note: () => {} },
    sleep: async (pauseMs) => {
      nowMs += pauseMs;
    },
    random: () => 0.5,
    budgetOf: (side) => ({
      ...unlimitedBudget,
      take: async () => {
        nowMs += paces[side];
      },
    }),
  };
  let dataKey = options.dataKey;
  let policy = options.policy ?? {};

  function settingsOf(connection: ConnectionConfig): ConnectionConfig {
    const settings: ConnectionConfig = {
      ...connection,
      status: { ...connection.status, ...policy.status },
      comments: { ...connection.comments, ...policy.comments },
      attachments: policy.attachments ?? connection.attachments,
      create: { ...connection.create, ...options.create },
      guard: { ...connection.guard, ...policy.guard },
    };
    // What a test changes is part of the settings alone; how the services are reached stays.
    return { ...settings, ...(options.settings?.(settings) as ConnectionConfig | undefined) };
  }

  /** Starts the process: the configuration of these variables, with what the test says besides. */
  async function start(): Promise<{
    readonly parts: Composition;
    readonly wired: WiredConnection;
    readonly file: ConnectionConfig;
  }> {
    const key = dataKey === undefined ? {} : { DATA_KEY: Buffer.from(dataKey).toString("base64") };
    const config = stageConfig({ ...env, ...key }, folder);
    const [file] = config.connections;
    if (file === undefined) throw new Error("the stage has a connection");
    const parts = await compose({ ...config, connections: [settingsOf(file)] }, quiet, { machine });
    const [wired] = parts.connections;
    if (wired === undefined) throw new Error("the stage has a connection");
    await parts.recordPolicies([wired]);
    return { parts, wired, file };
  }
  let running = await start();
  let settings = running.wired.config;
  const spool = options.spoolBytes === undefined ? null : await makeSpool(join(folder, "spool"), options.spoolBytes);

  /** Calls of the state that may still succeed; then the process is dead. */
  let callsLeft = Number.POSITIVE_INFINITY;
  function live<T extends object>(target: T): T {
    return new Proxy(target, {
      get(object, name, receiver) {
        const value: unknown = Reflect.get(object, name, receiver);
        if (typeof value !== "function" || name === "remainingMs") return value;
        return async (...args: unknown[]) => {
          if (callsLeft <= 0) throw new Crash();
          callsLeft -= 1;
          const answer: unknown = await (value as (...all: unknown[]) => unknown).apply(object, args);
          return name === "claimLink" && answer !== null ? live(answer as object) : answer;
        };
      },
    });
  }
  let state: StatePort = live(running.parts.state);
  const marksRead = new Set<string>();
  const newIssues = { pattern: null } as LinkDeps["newIssues"];
  const shared = () => ({ state, settings, owner: "stage" });
  const intakeDeps = (): IntakeDeps => ({ ...running.wired.intake, ...shared() });
  const reconcileDeps = (): LinkDeps => ({
    ...running.wired.reconcile,
    ...shared(),
    spool: spool ?? running.parts.spool,
    marksRead,
    newIssues,
  });

  /** The process is dead; a new one starts: its leases end, what it only remembered is gone. */
  async function revive(): Promise<void> {
    callsLeft = Number.POSITIVE_INFINITY;
    marksRead.clear();
    newIssues.pattern = null;
    await running.parts.database.pool.query(
      `UPDATE links SET "leaseUntil" = now() - interval '1 second' WHERE "leaseOwner" IS NOT NULL`,
    );
    await running.parts.database.pool.query(
      `UPDATE rounds SET "leaseUntil" = now() - interval '1 second' WHERE "leaseOwner" IS NOT NULL`,
    );
  }

  async function surviving(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Crash) && callsLeft > 0) throw error;
    }
    if (callsLeft <= 0) await revive();
  }

  /** As a webhook does it: Jira has news. */
  async function wakeJira(): Promise<void> {
    await running.parts.state.wake((await linkIds()).map((linkId) => ({ linkId, jira: true, lane: "live" }) as const));
  }

  /** Runs every link that is due, until none is at this moment. */
  async function runDue(): Promise<void> {
    for (let turn = 0; turn < 40; turn += 1) {
      const due = await running.parts.state.listDueLinks(["default"], clock.now(), 50);
      if (due.length === 0) return;
      for (const { id } of due) await surviving(() => runLink(reconcileDeps(), id));
    }
  }

  /** Rounds over cases and issues, then what is due. */
  async function round(): Promise<void> {
    await surviving(() => intakeCases(intakeDeps()));
    await surviving(() => intakeIssues(intakeDeps()));
    await runDue();
  }

  const linkIds = async (): Promise<LinkId[]> =>
    (await running.parts.state.listIntakeLinks("default"))
      .filter((link) => link.state === "active")
      .map((link) => link.id);

  return {
    huawei: huawei.control,
    jira: jira.control,
    /** Runs a command of the program on this connection and database, by the real clock. */
    runCli: (args: readonly string[]): Promise<CliResult> =>
      runProgram(args, { cwd: folder, env: { PATH: process.env.PATH ?? "", ...env } }),
    /** All bytes that were sent to Huawei since `forgetSent`. */
    readSent: tap.read,
    forgetSent: tap.forget,
    clock,
    get database() {
      return running.parts.database;
    },
    connectionString: made.connectionString,
    listStatuses: () => running.wired.jira.listStatuses(),
    connectionRow: {
      name: "default",
      huaweiSite: settings.huawei.endpoint,
      jiraSite: settings.jira.host,
      projectKey: settings.jira.projectKey,
    },
    spool: spool ?? running.parts.spool,
    get state() {
      return running.parts.state;
    },
    intakeDeps,
    reconcileDeps,
    advance: (ms: number): void => {
      nowMs += ms;
    },
    /** How long each request to that side waits for its turn from now on, by the stage's clock. */
    setPace: (side: keyof typeof paces, ms: number): void => {
      paces[side] = ms;
    },
    runDue,
    /** What is due, with some of Jira's answers replaced: for what the simulator cannot be told to do. */
    async runDueWithJira(replaced: Partial<LinkDeps["jira"]>): Promise<void> {
      const deps = { ...reconcileDeps(), jira: { ...running.wired.reconcile.jira, ...replaced } };
      for (const { id } of await running.parts.state.listDueLinks(["default"], clock.now(), 50))
        await runLink(deps, id);
    },
    round,
    linkIds,
    wakeJira,
    /** Time passes, Jira has news, and what is due is done, so many times. */
    async settle(times: number): Promise<void> {
      for (let turn = 0; turn < times; turn += 1) {
        nowMs += 11_000;
        await wakeJira();
        await runDue();
      }
    },
    /** Reads both sides of all links completely. */
    async check(): Promise<void> {
      await running.parts.state.wake(
        (await linkIds()).map((linkId) => ({ linkId, huawei: true, jira: true, lane: "check" }) as const),
      );
      await runDue();
    },
    /** From now on only so many calls of the store succeed; then the process is dead, and the next run is a new one's. */
    crashAfter: (calls: number): void => {
      callsLeft = calls;
    },
    revive,
    /** The operator changes the key and starts the process anew. */
    async changeDataKey(key: Uint8Array): Promise<void> {
      dataKey = key;
      await running.parts.close();
      running = await start();
      state = live(running.parts.state);
    },
    async setPolicy(changed: StagePolicy): Promise<void> {
      policy = changed;
      settings = settingsOf(running.file);
      await running.parts.recordPolicies([{ ...running.wired, config: settings }]);
    },
    /** What is noted of the only link. */
    async snapshot() {
      const [id] = await linkIds();
      const snapshot = id === undefined ? null : await running.parts.state.findSnapshot(id);
      if (snapshot === null) throw new Error("there is no link");
      return snapshot;
    },
    async close(): Promise<void> {
      await spool?.close();
      await running.parts.close();
      await made.drop();
      tap.close();
      await huawei.close();
      await jira.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
