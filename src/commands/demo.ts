/**
 * `casebridge demo`: embedded PostgreSQL, both simulators, the worker, and people who write on both sides. `--once` plays a fixed script
 * to its end, prints what was mirrored, and verifies that both sides agree. Nothing outside this machine is contacted.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Option } from "commander";
import { startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { startJiraSimulator } from "../../simulators/jira/index.ts";
import type { Config } from "../config/config.ts";
import { firstFreePort } from "../lib/free-port.ts";
import { silentLogger } from "../observability/logger.ts";
import { type Inspection, inspectLink } from "../sync/repair/inspect.ts";
import type { App, RunningWorker } from "./cli/app.ts";
import { type CommandContext, type CommandResult, defineCommand } from "./cli/command.ts";
import { CommandFailure, ExitCode } from "./cli/exit-code.ts";
import { isSet, numberOf, portOption } from "./cli/options.ts";
import type { Cell } from "./cli/output.ts";
import { commandLog } from "./cli/work.ts";
import { demoPace, livelyRhythm, simulatedEnvironment } from "./demo/environment.ts";
import { type People, playScene, sceneCount } from "./demo/people.ts";
import { verifyResult } from "./drift.ts";
import { waitForSignal } from "./wait-for-signal.ts";

const convergeTimeoutMs = 180_000;

type DemoOptions = { readonly once: boolean; readonly port: number | null };

/** `casebridge demo`. Exit 0 when both sides agree at the end. */
export const command = defineCommand<DemoOptions>({
  options: () => [
    new Option("--once", "run a fixed script of traffic to its end, verify it and exit"),
    portOption("port of the page"),
  ],
  read: (parsed) => ({ once: isSet(parsed, "once"), port: numberOf(parsed, "port") }),
  run: playDemo,
});

async function playDemo(options: DemoOptions, context: CommandContext): Promise<CommandResult> {
  const huawei = await startHuaweiSimulator({});
  const jira = await startJiraSimulator({});
  const people: People = { huawei: huawei.control, jira: jira.control };
  const dataDir = await mkdtemp(join(tmpdir(), "casebridge-demo-"));
  const say = (line: string): void => {
    if (!context.json) process.stderr.write(`${line}\n`);
  };
  const wanted = options.port ?? (options.once ? 0 : 8080);
  const port = wanted === 0 ? 0 : await firstFreePort(wanted);
  if (port !== wanted) say(`Port ${wanted} is taken; the page is on port ${port}.`);
  const config = demoConfig(context.app, { huawei: huawei.url, jira: jira.url }, { ...options, port, dataDir });
  const log = commandLog(config);
  let worker: RunningWorker | null = null;
  try {
    worker = await context.app.startWorker(config, options.once ? { ...silentLogger, error: log.error } : log, {
      onWrite: (_connection, write) =>
        say(
          write.side === "jira"
            ? `  Huawei Cloud → Jira  ${write.caseId ?? ""} → ${write.issueKey ?? ""}  ${write.action}`
            : `  Jira → Huawei Cloud  ${write.issueKey ?? ""} → ${write.caseId ?? ""}  ${write.action}`,
        ),
    });
    say(`Huawei Cloud simulator ${huawei.url}`);
    say(`Jira simulator         ${jira.url}`);
    if (worker.url !== null) say(`Page                   ${worker.url}`);
    const onceMore = options.once ? null : waitForSignal(silentLogger);
    for (let scene = 0; scene < sceneCount; scene += 1) {
      say(playScene(people, scene));
      await sleep(options.once ? 250 : 3_000);
    }
    if (onceMore !== null) {
      say(
        "The script is over; the service goes on until Ctrl-C. People can act through the simulators' /_control routes.",
      );
      await onceMore;
    }
    const inspections = await converge(worker, people);
    return result(worker, people, inspections);
  } finally {
    await worker?.stop();
    await huawei.close();
    await jira.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Each demo starts from nothing, and leaves nothing: the simulators forget everything when they end. */
function demoConfig(
  app: Pick<App, "loadConfig">,
  urls: { readonly huawei: string; readonly jira: string },
  options: { readonly once: boolean; readonly port: number; readonly dataDir: string },
): Config {
  const base = app.loadConfig({ purpose: "demo" });
  if (!base.ok) throw base.errors;
  const loaded = app.loadConfig({
    purpose: "worker",
    isolated: true,
    env: {
      DATA_DIR: options.dataDir,
      ...simulatedEnvironment(urls),
      ...livelyRhythm,
      ...demoPace,
      COMMENT_HOLD_SECONDS: options.once ? "1" : "5",
      HTTP_PORT: String(options.port),
      LOG_LEVEL: base.config.logLevel,
    },
  });
  if (!loaded.ok) throw loaded.errors;
  return loaded.config;
}

/** Waits until everything the people wrote is mirrored and nothing is open. Throws when that takes too long. */
async function converge(worker: RunningWorker, people: People): Promise<readonly Inspection[]> {
  const deadline = Date.now() + convergeTimeoutMs;
  for (;;) {
    const [connection] = worker.composition.connections;
    if (connection === undefined) throw new Error("the demo has no connection");
    const links = await worker.composition.state.listIntakeLinks(connection.name);
    const inspections: Inspection[] = [];
    for (const link of links) {
      const inspection = await inspectLink({ ...connection.reconcile, lane: "check", pendingMs: 0 }, link.id);
      if (inspection !== null) inspections.push(inspection);
    }
    const isQuiet = inspections.every(
      (inspection) => inspection.unreadable === null && inspection.differences.length === 0,
    );
    if (isQuiet && links.length === people.huawei.getState().cases.length) return inspections;
    if (Date.now() > deadline) {
      throw new CommandFailure({
        code: ExitCode.outOfSync,
        message: "The demo did not settle in time.",
        remedy: "Run it again with LOG_LEVEL=debug and report what it prints.",
      });
    }
    await sleep(500);
  }
}

async function result(
  worker: RunningWorker,
  people: People,
  inspections: readonly Inspection[],
): Promise<CommandResult> {
  const cases = new Map(people.huawei.getState().cases.map((entry) => [entry.caseId, entry]));
  const issues = new Map(people.jira.getState().issues.map((issue) => [issue.key, issue]));
  const rows = inspections.map((inspection): Cell[] => {
    const entry = cases.get(inspection.caseId ?? "");
    const issue = issues.get(inspection.issueKey ?? "");
    return [
      inspection.caseId,
      inspection.issueKey,
      entry?.status ?? null,
      issue?.status.name ?? null,
      inspection.counts.messages,
      inspection.counts.comments,
      inspection.counts.files,
    ];
  });
  const verified = verifyResult(inspections);
  const failures = (await worker.composition.admin.listFailures({ limit: 100 })).items;
  return {
    exitCode: verified.exitCode,
    json: { links: rows.length, verify: verified.json, failures },
    human: [
      {
        kind: "table",
        title: "Mirrored",
        head: ["Case", "Issue", "Case status", "Issue status", "Messages → comments", "Comments → messages", "Files"],
        rows,
      },
      ...(failures.length === 0
        ? []
        : [
            {
              kind: "table" as const,
              title: "Refused on purpose",
              head: ["Issue", "Item", "Reason", "Detail"],
              rows: failures.map((failure): Cell[] => [failure.issueKey, failure.item, failure.reason, failure.detail]),
            },
          ]),
      ...verified.human,
    ],
  };
}
