/**
 * One connection in this process: both simulators, the real adapters, flows and store, on one clock that a test moves. No schedule, no
 * queue, no waiting: the test says when a round or a run happens, and where it dies.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HuaweiSimulatorOptions, startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { type JiraSimulatorOptions, startJiraSimulator } from "../../simulators/jira/index.ts";
import { unlimitedBudget } from "../../src/domain/budget.ts";
import type { LinkId } from "../../src/domain/ids.ts";
import type { ConnectionSettings } from "../../src/domain/settings.ts";
import { makeHuaweiClient } from "../../src/huawei/huawei-client.ts";
import { makeJiraClient } from "../../src/jira/jira-client.ts";
import { makeTextPort } from "../../src/jira/text-port.ts";
import { makeSeal, type Seal } from "../../src/lib/seal.ts";
import { Secret } from "../../src/lib/secret.ts";
import { makeSpool } from "../../src/lib/spool.ts";
import { recordPolicy, syncConnections } from "../../src/store/connections.ts";
import { makePrisma } from "../../src/store/database/client.ts";
import { makeLookupCache } from "../../src/store/lookups.ts";
import { makeState } from "../../src/store/state.ts";
import { intakeCases, intakeIssues } from "../../src/sync/intake/intake.ts";
import type { IntakeDeps } from "../../src/sync/intake-deps.ts";
import { type LinkDeps, runLink } from "../../src/sync/link/run-link.ts";
import { policyOf } from "../../src/sync/plan/disclosure.ts";
import type { Log } from "../../src/sync/ports.ts";
import { makeLookups } from "../../src/sync/request/lookups.ts";
import type { StatePort } from "../../src/sync/state.ts";
import { createTestDatabase } from "./database.ts";
import { apiVersion, credentials, dialectEnv } from "./dialect.ts";
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
  const clock = { now: () => new Date(nowMs) };
  const huawei = await startHuaweiSimulator({ ...options.huawei, now: () => nowMs });
  const tap = await startTap(Number(new URL(huawei.url).port));
  const jira = await startJiraSimulator({ ...options.jira, now: () => nowMs });
  const made = await createTestDatabase();
  const database = makePrisma({ connectionString: made.connectionString });
  const folder = await mkdtemp(join(tmpdir(), "casebridge-stage-"));
  const spool = await makeSpool(folder, options.spoolBytes);
  const projectKey = options.projectKey ?? "OPS";
  const row = { name: "default", huaweiSite: huawei.url, jiraSite: jira.url, projectKey };
  await syncConnections(database.prisma, [row]);

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
  let seal = options.dataKey === undefined ? null : makeSeal(options.dataKey);
  /** Delegates, so that a test can change the key as an operator does. */
  const changing: Seal = {
    seal: (text, place) => seal?.seal(text, place) ?? text,
    open: (sealed, place) => seal?.open(sealed, place) ?? null,
  };
  const plainState = makeState({ prisma: database.prisma, clock, seal: seal === null ? null : changing });
  const state: StatePort = live(plainState);
  const sleep = async (pauseMs: number): Promise<void> => {
    nowMs += pauseMs;
  };
  const huaweiPort = makeHuaweiClient({
    options: {
      endpoint: tap.url,
      iamEndpoint: tap.url,
      apiVersion,
      language: "en-us",
      groupIds: options.groupIds ?? [],
      credentials,
    },
    budget: {
      ...unlimitedBudget,
      take: async () => {
        nowMs += options.huaweiPaceMs ?? 0;
      },
    },
    log: quiet,
    clock,
    sleep,
    random: () => 0.5,
  });
  const jiraPort = makeJiraClient({
    options: {
      host: jira.url,
      email: "bot@example.com",
      apiToken: new Secret("SIMTOKEN"),
      projectKey,
      issueType: "Task",
    },
    budget: unlimitedBudget,
    log: quiet,
    clock,
    sleep,
    random: () => 0.5,
  });

  function settingsOf(policy: StagePolicy): ConnectionSettings {
    const settings: ConnectionSettings = {
      name: "default",
      huawei: {
        endpoint: huawei.url,
        consoleCaseUrl: null,
        timeZone: "GMT+8",
        messageCharsMax: 1200,
        groupIds: options.groupIds ?? [],
      },
      jira: { host: jira.url, projectKey },
      issue: { type: { value: "Task" }, assignee: null, fields: {} },
      cases: { createdAfter: new Date(0), statuses: null, labels: [], excludeLabels: [], submitters: [] },
      status: {
        toJira: {
          0: { category: "new" },
          1: { category: "indeterminate" },
          2: { category: "indeterminate" },
          3: { category: "done" },
          4: { category: "done" },
          5: { category: "indeterminate" },
          12: { category: "done" },
          13: { category: "done" },
          17: { category: "indeterminate" },
        },
        via: {},
        closeOnDone: "confirm",
        ...policy.status,
      },
      priority: {},
      comments: {
        toHuawei: "all",
        holdSeconds: 10,
        authorName: "name",
        allowSecurityLevels: [],
        allowAppAccounts: [],
        ...policy.comments,
      },
      attachments: policy.attachments ?? { toHuawei: "referenced" },
      create: {
        jql: 'labels = "huawei-case"',
        defaults: noInputs,
        fields: noInputs,
        template: null,
        templateField: null,
        ...options.create,
      },
      commands: { role: null },
      guard: { mode: "mask", patterns: [], kinds: [], ...policy.guard },
      settle: { caseSeconds: 20, messageSeconds: 20, searchSeconds: 20, listSeconds: 20 },
    };
    return options.settings?.(settings) ?? settings;
  }
  let settings = settingsOf(options.policy ?? {});
  await recordPolicy(database.prisma, { name: "default", policy: policyOf(settings), at: clock.now() });

  const lookups = makeLookups({
    port: huaweiPort,
    cache: makeLookupCache(database.prisma),
    clock,
    log: quiet,
    connectionName: "default",
  });
  const marksRead = new Set<string>();
  const newIssues = { pattern: null } as LinkDeps["newIssues"];
  const intakeDeps = (): IntakeDeps => ({
    huawei: huaweiPort,
    jira: jiraPort,
    state,
    clock,
    log: quiet,
    settings,
    owner: "stage",
  });
  const reconcileDeps = (): LinkDeps => ({
    huawei: huaweiPort,
    jira: jiraPort,
    state,
    clock,
    log: quiet,
    settings,
    text: makeTextPort(),
    account: huaweiPort,
    lookups,
    spool,
    owner: "stage",
    random: () => 0.5,
    marksRead,
    newIssues,
  });

  /** The process is dead; a new one starts: its leases end, what it only remembered is gone. */
  async function revive(): Promise<void> {
    callsLeft = Number.POSITIVE_INFINITY;
    marksRead.clear();
    newIssues.pattern = null;
    await database.pool.query(
      `UPDATE links SET "leaseUntil" = now() - interval '1 second' WHERE "leaseOwner" IS NOT NULL`,
    );
    await database.pool.query(
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
    await plainState.wake((await linkIds()).map((linkId) => ({ linkId, jira: true, lane: "live" }) as const));
  }

  /** Runs every link that is due, until none is at this moment. */
  async function runDue(): Promise<void> {
    for (let turn = 0; turn < 40; turn += 1) {
      const due = await plainState.listDueLinks(["default"], clock.now(), 50);
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
    (await plainState.listIntakeLinks("default")).filter((link) => link.state === "active").map((link) => link.id);

  return {
    huawei: huawei.control,
    jira: jira.control,
    /** Runs a command of the program on this connection and database, by the real clock. */
    runCli: (args: readonly string[]): Promise<CliResult> =>
      runProgram(args, {
        cwd: folder,
        env: {
          PATH: process.env.PATH ?? "",
          DATABASE_URL: made.connectionString,
          DATA_DIR: join(folder, "data"),
          HUAWEI_OSM_ENDPOINT: huawei.url,
          HUAWEI_IAM_ENDPOINT: huawei.url,
          ...Object.fromEntries(Object.entries(dialectEnv()).filter(([, value]) => value !== "")),
          JIRA_HOST: jira.url,
          JIRA_EMAIL: "bot@example.com",
          JIRA_API_TOKEN: "SIMTOKEN",
          JIRA_PROJECT_KEY: projectKey,
          COMMENTS_TO_HUAWEI: "all",
          HTTP_PORT: "0",
          LOG_LEVEL: "warn",
        },
      }),
    /** All bytes that were sent to Huawei since `forgetSent`. */
    readSent: tap.read,
    forgetSent: tap.forget,
    clock,
    database,
    connectionString: made.connectionString,
    listStatuses: () => jiraPort.listStatuses(),
    connectionRow: row,
    spool,
    state: plainState,
    intakeDeps,
    reconcileDeps,
    advance: (ms: number): void => {
      nowMs += ms;
    },
    runDue,
    /** What is due, with some of Jira's answers replaced: for what the simulator cannot be told to do. */
    async runDueWithJira(replaced: Partial<LinkDeps["jira"]>): Promise<void> {
      const deps = { ...reconcileDeps(), jira: { ...jiraPort, ...replaced } };
      for (const { id } of await plainState.listDueLinks(["default"], clock.now(), 50)) await runLink(deps, id);
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
      await plainState.wake(
        (await linkIds()).map((linkId) => ({ linkId, huawei: true, jira: true, lane: "check" }) as const),
      );
      await runDue();
    },
    /** From now on only so many calls of the store succeed; then the process is dead, and the next run is a new one's. */
    crashAfter: (calls: number): void => {
      callsLeft = calls;
    },
    revive,
    changeDataKey: (key: Uint8Array): void => {
      seal = makeSeal(key);
    },
    async setPolicy(policy: StagePolicy): Promise<void> {
      settings = settingsOf(policy);
      await recordPolicy(database.prisma, { name: "default", policy: policyOf(settings), at: clock.now() });
    },
    /** What is noted of the only link. */
    async snapshot() {
      const [id] = await linkIds();
      const snapshot = id === undefined ? null : await plainState.findSnapshot(id);
      if (snapshot === null) throw new Error("there is no link");
      return snapshot;
    },
    async close(): Promise<void> {
      await spool.close();
      await database.close();
      await made.drop();
      tap.close();
      await huawei.close();
      await jira.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
