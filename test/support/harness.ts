/**
 * Whole-product scenarios: both simulators in this process, the worker as a child process, a database of its own. A scenario acts
 * as people do and waits for states, never for time; `close` ends whatever it started.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type HuaweiSimulator,
  type HuaweiSimulatorOptions,
  startHuaweiSimulator,
} from "../../simulators/huawei/index.ts";
import { type JiraSimulator, type JiraSimulatorOptions, startJiraSimulator } from "../../simulators/jira/index.ts";
import { livelyRhythm } from "../../src/commands/demo/environment.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { type Env, stageEnvironment } from "./environment.ts";
import { createTestRedis, type TestRedis } from "./redis.ts";

const node = resolve("node_modules/.bin/node");
const program = resolve("src/bin/casebridge.mjs");

export type { Env } from "./environment.ts";
/** What a command came to. `json` is the parsed standard output, `null` where it is none. */
export type CliResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly json: unknown;
};
/** A running worker process. `kill` sends the signal and answers the exit code once it is gone (`null` after a signal). */
export type WorkerProcess = {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
  output(): string;
};
/** What is there twice and what is missing, one line each; both empty when each item has exactly one copy. */
export type Copies = { readonly duplicates: readonly string[]; readonly losses: readonly string[] };
export type Harness = Awaited<ReturnType<typeof startHarness>>;

/**
 * Starts simulators and database. `env` adds to or replaces the worker's variables. `database` and `queue` stand in for the
 * usual ones; `close` ends them as well.
 */
export async function startHarness(
  options: {
    readonly env?: Env;
    readonly huawei?: HuaweiSimulatorOptions;
    readonly jira?: JiraSimulatorOptions;
    readonly database?: TestDatabase;
    readonly queue?: "postgres" | "redis";
  } = {},
) {
  const huawei = await startHuaweiSimulator(options.huawei ?? {});
  const jira = await startJiraSimulator(options.jira ?? {});
  const database = options.database ?? (await createTestDatabase());
  // The whole suite runs on Redis with CASEBRIDGE_TEST_QUEUE=redis (`npm run test:redis`), else on PostgreSQL's backend.
  const queue = options.queue ?? process.env.CASEBRIDGE_TEST_QUEUE;
  const redis: TestRedis | null = queue === "redis" ? await createTestRedis() : null;
  if (queue === "redis" && redis === null) throw new Error("there is no redis-server");
  const folder = await mkdtemp(join(tmpdir(), "casebridge-scenario-"));
  const baseEnv: Env = {
    ...stageEnvironment({ huawei: huawei.url, jira: jira.url, connectionString: database.connectionString, folder }),
    ...livelyRhythm,
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
    HUAWEI_REQUESTS_PER_SECOND: "200",
    JIRA_REQUESTS_PER_SECOND: "200",
    COMMENT_HOLD_SECONDS: "0",
    SETTLE_CASE_SECONDS: "3",
    SETTLE_MESSAGE_SECONDS: "3",
    SETTLE_LIST_SECONDS: "3",
    SETTLE_SEARCH_SECONDS: "3",
    CASES_CREATED_AFTER: "2020-01-01",
    ...options.env,
  };
  const workers = new Set<WorkerProcess>();

  function childEnv(changes: Env): NodeJS.ProcessEnv {
    // A variable set to "" is taken away.
    const env = Object.entries({ PATH: process.env.PATH ?? "", ...baseEnv, ...changes });
    return Object.fromEntries(env.filter(([, value]) => value !== "")) as NodeJS.ProcessEnv;
  }

  /** Starts the worker, or another command that is to be killed; `of` = the program of another release. */
  function spawnWorker(changes: Env = {}, args: readonly string[] = ["worker"], of = program): WorkerProcess {
    const worker = spawnProgram(args, { cwd: folder, env: childEnv(changes) }, of);
    workers.add(worker);
    return worker;
  }

  const runCli = (args: readonly string[], changes: Env = {}): Promise<CliResult> =>
    runProgram(args, { cwd: folder, env: childEnv(changes) });

  /** Waits for a state, looking every 100 ms. Throws with what was waited for and what the workers said. */
  async function waitUntil(
    predicate: () => boolean | Promise<boolean>,
    what: string | (() => string),
    timeoutMs = 60_000,
  ): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await predicate())) {
      if (Date.now() > deadline) {
        const said = [...workers].map((worker) => worker.output().slice(-3_000)).join("\n---\n");
        throw new Error(`Not within ${timeoutMs} ms: ${typeof what === "string" ? what : what()}\n${said}`);
      }
      await sleep(100);
    }
  }

  /** Whether `verify --all` finds no drift and nothing pending. */
  async function settled(): Promise<boolean> {
    const { code, json } = await runCli(["verify", "--all", "--json"]);
    const result = json as { drift?: number; pending?: number } | null;
    return code === 0 && result?.drift === 0 && result.pending === 0;
  }

  const copies = (): Copies => countCopies(huawei, jira);

  /** Waits until each item has its one copy and `verify` agrees. */
  async function converge(timeoutMs = 60_000): Promise<void> {
    const problems = (): readonly string[] => [...copies().duplicates, ...copies().losses];
    await waitUntil(
      () => problems().length === 0,
      () => `each item has one copy; ${problems().slice(0, 20).join("; ")}`,
      timeoutMs,
    );
    let last: CliResult | null = null;
    await waitUntil(
      async () => {
        last = await runCli(["verify", "--all", "--json"]);
        const result = last.json as { drift?: number; pending?: number } | null;
        return last.code === 0 && result?.drift === 0 && result.pending === 0;
      },
      () => `verify finds 0 drift; ${last?.stdout.slice(0, 3_000)} ${last?.stderr.slice(0, 1_000)}`,
      timeoutMs,
    );
  }

  /** Waits until so many more rounds over cases and issues have begun. */
  async function waitForRounds(count: number): Promise<void> {
    const lists = (): number =>
      huawei.control.getRequests().log.filter((entry) => /^(V1)?ListCases$/.test(entry.operation)).length;
    const searches = (): number =>
      jira.control.getRequests().log.filter((entry) => entry.path.includes("search")).length;
    const [listsBefore, searchesBefore] = [lists(), searches()];
    // A round lists five open statuses and what was created lately.
    await waitUntil(
      () => lists() >= listsBefore + 6 * (count + 1) && searches() >= searchesBefore + count,
      `${count} more rounds`,
    );
  }

  async function close(): Promise<void> {
    for (const worker of workers) if (worker.child.exitCode === null) await worker.kill("SIGKILL");
    await huawei.close();
    await jira.close();
    await database.drop();
    await redis?.stop();
    await rm(folder, { recursive: true, force: true });
  }

  return {
    huawei: huawei.control,
    jira: jira.control,
    huaweiUrl: huawei.url,
    jiraUrl: jira.url,
    baseEnv,
    folder,
    database,
    /** The queue's server, where the queue is on Redis. */
    redis,
    spawnWorker,
    runCli,
    waitUntil,
    waitForRounds,
    settled,
    copies,
    converge,
    close,
  };
}

/** Starts a command of the program that runs until it is killed. */
export function spawnProgram(
  args: readonly string[],
  place: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  of = program,
): WorkerProcess {
  const child = spawn(node, [of, ...args], { ...place, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const take = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const exited = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
  return {
    child,
    exited,
    output: () => output,
    kill: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}

/** Runs a command of the program to its end. */
export async function runProgram(
  args: readonly string[],
  place: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<CliResult> {
  const child = spawn(node, [program, ...args], { ...place, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise<number>((done) => child.once("close", (value) => done(value ?? -1)));
  return { code, stdout, stderr, json: parseJson(stdout) };
}

/** The same numbers for the same seed (mulberry32), 0 ≤ x < 1. */
export function makeSeeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The key's own spelling of rule 1, read without the product's parser. */
const markPattern = /^\[[A-Z][A-Z0-9_]*-\d+(#|\^)(\d+)(?: v(\d+))?(?: (\d+)\/(\d+)| (withdrawn))?\]/;

type CaseState = ReturnType<HuaweiSimulator["control"]["getState"]>["cases"][number];
type IssueState = ReturnType<JiraSimulator["control"]["getState"]>["issues"][number];

/** Compares the true states of both simulators item by item, without the product's help. */
export function countCopies(huawei: Pick<HuaweiSimulator, "control">, jira: Pick<JiraSimulator, "control">): Copies {
  const site = jira.control.getState();
  const book = { duplicates: [] as string[], losses: [] as string[] };
  for (const entry of huawei.control.getState().cases) {
    const issues = site.issues.filter((issue) => issue.labels.includes(`hwcase-${entry.caseId}`));
    expectOne(book, issues.length, `issue of case ${entry.caseId}`);
    const [issue] = issues;
    if (issue === undefined) continue;
    const people = new Set(
      site.accounts.filter((account) => account.accountType === "atlassian").map((account) => account.accountId),
    );
    people.delete(site.botAccountId);
    countToJira(book, entry, issue, site.botAccountId);
    countToHuawei(book, entry, issue, people);
  }
  return book;
}

type Book = { readonly duplicates: string[]; readonly losses: string[] };

function expectOne(book: Book, count: number, what: string, wanted = 1): void {
  if (count > wanted) book.duplicates.push(`${what}: ${count} instead of ${wanted}`);
  if (count < wanted) book.losses.push(`${what}: ${count} instead of ${wanted}`);
}

function countToJira(book: Book, entry: CaseState, issue: IssueState, bot: string): void {
  const own = issue.comments.filter((comment) => comment.authorAccountId === bot);
  const marks = own.map((comment) => comment.properties.casebridge as { messageId?: string; fingerprint?: string });
  const identities = marks.map((mark) => mark?.messageId ?? mark?.fingerprint ?? "no mark");
  for (const identity of new Set(identities))
    expectOne(book, identities.filter((other) => other === identity).length, `${issue.key} comment of ${identity}`);
  const people = entry.messages.filter(
    (message) => message.via === "control" && !message.isFirst && !message.withdrawn,
  );
  const firstParts = identities.filter((identity) => !identity.startsWith("notice:") && !identity.includes("#"));
  for (const message of people) {
    const named = marks.filter((mark) => mark?.messageId === message.messageId).length;
    // A reading without id is named by its fingerprint; then the counts must agree.
    if (named > 0 || !firstParts.some((identity) => identity.startsWith("fp:")))
      expectOne(book, named, `${issue.key} comment of message ${message.messageId}`);
  }
  expectOne(book, firstParts.length, `${issue.key} mirrored comments`, people.length);
  const sources = entry.messages
    .filter((message) => message.via === "control")
    .flatMap((message) => message.accessories);
  const attached = issue.attachments.filter((file) => file.authorAccountId === bot);
  for (const sha256 of new Set([...sources, ...attached].map((file) => file.sha256))) {
    const wanted = sources.filter((file) => file.sha256 === sha256).length;
    const found = attached.filter((file) => file.sha256 === sha256).length;
    expectOne(book, found, `${issue.key} attachment ${sha256.slice(0, 8)}`, wanted);
  }
}

function countToHuawei(book: Book, entry: CaseState, issue: IssueState, people: ReadonlySet<string>): void {
  const sent = entry.messages.filter((message) => message.via === "api" && !message.isFirst && !message.withdrawn);
  const seen = new Map<string, number>();
  for (const message of sent) {
    const mark = markPattern.exec(message.content)?.[0] ?? message.content.slice(0, 40);
    seen.set(mark, (seen.get(mark) ?? 0) + 1);
  }
  for (const [mark, count] of seen) expectOne(book, count, `${entry.caseId} message ${mark}`);
  const open = issue.comments.filter(
    (comment) =>
      people.has(comment.authorAccountId) &&
      comment.visibility === null &&
      !comment.bodyText.startsWith("/") &&
      // Comments from before a case that was made for the issue are history.
      (entry.via === "control" || new Date(comment.createdAt).getTime() >= entry.createdAt),
  );
  for (const comment of open) {
    const parts = [...seen.keys()].flatMap((mark) => {
      const match = markPattern.exec(mark);
      return match !== null && match[1] === "#" && match[2] === comment.id ? [match] : [];
    });
    const newest = Math.max(...parts.map((part) => Number(part[3] ?? 1)));
    const current = parts.filter((part) => Number(part[3] ?? 1) === newest);
    expectOne(book, current.length, `${entry.caseId} parts of comment ${comment.id}`, Number(current[0]?.[5] ?? 1));
  }
  const files = issue.attachments.filter(
    (file) => people.has(file.authorAccountId) && open.some((comment) => comment.bodyText.includes(file.name)),
  );
  const accessories = sent.flatMap((message) => message.accessories);
  for (const sha256 of new Set(files.map((file) => file.sha256))) {
    const wanted = files.filter((file) => file.sha256 === sha256).length;
    const found = accessories.filter((file) => file.sha256 === sha256).length;
    expectOne(book, found, `${entry.caseId} accessory ${sha256.slice(0, 8)}`, wanted);
  }
  for (const comment of issue.comments) {
    if (comment.visibility === null) continue;
    if ([...seen.keys()].some((mark) => mark.includes(`#${comment.id}`)))
      book.duplicates.push(`${entry.caseId} shows the restricted comment ${comment.id}`);
  }
}
