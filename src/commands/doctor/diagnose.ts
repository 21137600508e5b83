/**
 * `casebridge doctor`: opens what the configuration names, one thing after the other, so that one that is broken hides none of the
 * others. Writes nothing on either side, and migrates nothing.
 */
import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config, ConnectionConfig } from "../../config/config.ts";
import type { LoadConfigResult } from "../../config/load-config.ts";
import { eightDaysMs, longestGapMs } from "../../lib/ticks.ts";
import { errorMessage } from "../../observability/scrub.ts";
import { makeQueueBackend } from "../../queue/queue-backend.ts";

import type { Log } from "../../sync/ports.ts";
import type { App } from "../cli/app.ts";

import { checkNotifications } from "../notify.ts";
import {
  configurationReport,
  type DoctorConnection,
  type DoctorReport,
  type Finding,
  type Probe,
  runDoctor,
} from "./doctor.ts";

/** A database that the doctor found, in whatever state. */
type FoundDatabase = Awaited<ReturnType<App["openDatabase"]>>;

const freeBytesMin = 512 * 1024 ** 2;

/**
 * Looks at everything. `connection` limits it to one of the configured ones; an unknown name looks at none. Never rejects for what is
 * wrong with the installation; may be repeated, also while a worker runs.
 */
export async function diagnose(input: {
  readonly app: Pick<App, "openDatabase" | "makeHuawei" | "makeJira">;
  readonly loaded: LoadConfigResult;
  readonly connection?: string | null;
  readonly log: Log;
  readonly now?: () => Date;
}): Promise<DoctorReport> {
  if (!input.loaded.ok) return configurationReport(input.loaded.errors);
  const { config } = input.loaded;
  const { app, log, now = () => new Date() } = input;
  const folder = await checkFolder(config.dataDir);
  const opened = await openOrTell(app, config, log);
  const database = opened instanceof Error ? null : opened;
  try {
    // Without its tables the links cannot be counted.
    const ready = database === null || database.missing.length > 0 ? null : database;
    const connections = await Promise.all(
      config.connections
        .filter(({ name }) => input.connection == null || input.connection === name)
        .map((connection) => wireForDoctor(app, connection, { database: ready, log })),
    );
    return await runDoctor({
      connections,
      http: {
        host: config.http.host,
        port: config.http.port,
        hasSignIn: config.http.signIn !== null,
        webhookPort: config.http.webhook?.port ?? null,
      },
      probes: [
        { name: "data folder", remedy: "Correct DATA_DIR.", run: async () => folder },
        { name: "secret files", remedy: "Look at the files.", run: () => checkSecretFiles(config.secretFiles) },
        databaseProbe(config, opened),
        migrationsProbe(config, opened),
        queueProbe(config, opened, log),
        checksProbe(config, now()),
        {
          name: "notifications",
          remedy: "Correct the NOTIFY_… variables.",
          run: () => lookAtNotifications(config, opened),
        },
      ],
      now,
    });
  } finally {
    await database?.close();
  }
}

/** A database that answers, or why there is none. */
async function openOrTell(app: Pick<App, "openDatabase">, config: Config, log: Log): Promise<FoundDatabase | Error> {
  try {
    return await app.openDatabase(config, log, { access: "read", inAnyState: true, poolMax: 4 });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The folder itself, or the nearest one above it that exists and would hold it. */
async function checkFolder(dataDir: string): Promise<Finding> {
  const remedy = "Set DATA_DIR to a folder that this user may write to, on a disk with room for files on their way.";
  let place = dataDir;
  for (;;) {
    try {
      const facts = await stat(place);
      if (!facts.isDirectory()) return { ok: false, detail: `${place} is not a folder`, remedy };
      await access(place, constants.W_OK | constants.X_OK);
      const { bavail, bsize } = await statfs(place);
      if (bavail * bsize < freeBytesMin)
        return { ok: null, detail: `${dataDir}: less than ${freeBytesMin / 1024 ** 2} MiB are free`, remedy };
      return { ok: true, detail: place === dataDir ? dataDir : `${dataDir}, made at the first start`, remedy: null };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      if (code !== "ENOENT" || dirname(place) === place)
        return { ok: false, detail: `${dataDir} cannot be used (${code} at ${place})`, remedy };
      place = dirname(place);
    }
  }
}

/** Names the files with secrets that every user of this machine may read. */
export async function checkSecretFiles(paths: readonly string[]): Promise<Finding> {
  const open: string[] = [];
  for (const path of paths) {
    // Windows has no such bits; one that is gone by now was read before.
    const mode = process.platform === "win32" ? 0 : ((await stat(path).catch(() => null))?.mode ?? 0);
    if ((mode & 0o004) !== 0) open.push(path);
  }
  if (open.length === 0)
    return { ok: true, detail: paths.length === 0 ? "none" : "not open to everybody", remedy: null };
  return {
    ok: null,
    detail: `every user of this machine may read ${open.join(", ")}`,
    remedy: `Close ${open.length === 1 ? "it" : "them"}: chmod o-rwx ${open.join(" ")}`,
  };
}

function databaseProbe(config: Config, opened: FoundDatabase | Error): Probe {
  return {
    name: "database",
    remedy:
      config.databaseUrl === null
        ? "Read the message: the embedded PostgreSQL needs DATA_DIR, and a user who may reach it. Or set DATABASE_URL."
        : "Check DATABASE_URL: host, port, user, password and name, and that PostgreSQL runs.",
    run: async () => {
      if (isStillToMake(config, opened))
        return { ok: true, detail: `embedded: none in ${config.dataDir} yet, made at the first start` };
      if (opened instanceof Error) throw opened;
      return { ok: true, detail: opened.embedded === null ? "reachable" : "embedded, running" };
    },
  };
}

/** The embedded database comes with the first start, its tables and its queue with it: nothing lacks, and nothing can be looked at. */
function isStillToMake(config: Config, opened: FoundDatabase | Error): boolean {
  return config.databaseUrl === null && opened instanceof Error && opened.name === "DatabaseNotReady";
}

function migrationsProbe(config: Config, opened: FoundDatabase | Error): Probe {
  return {
    name: "migrations",
    remedy: "Run `casebridge migrate`; the worker's start does it too.",
    run: async () => {
      if (isStillToMake(config, opened)) return { ok: true, detail: "made with the database" };
      if (opened instanceof Error)
        return { ok: null, detail: "not checked, since there is no database", remedy: "Mend the database first." };
      const { missing } = opened;
      if (missing.length === 0) return { ok: true, detail: "up to date" };
      return { ok: null, detail: `${missing.length} wait: ${missing.join(", ")}` };
    },
  };
}

function queueProbe(config: Config, opened: FoundDatabase | Error, log: Log): Probe {
  const database = opened instanceof Error ? null : opened;
  return {
    name: "queue",
    remedy: "Check REDIS_URL, and that Redis runs.",
    run: async () => {
      if (config.redisUrl === null && isStillToMake(config, opened))
        return { ok: true, detail: "in the database, made with it" };
      if (config.redisUrl === null && database === null)
        return { ok: null, detail: "not checked: the queue lives in the database", remedy: "Mend the database first." };
      const queue = makeQueueBackend({
        redisUrl: config.redisUrl?.reveal() ?? null,
        databaseUrl: database?.connectionString ?? "",
        readOnly: true,
        log,
      });
      try {
        const misfit = await queue.findMisfit();
        if (misfit?.fatal === true) return { ok: false, detail: misfit.detail, remedy: misfit.remedy };
        await queue.check();
        await queue.checkWake();
        if (misfit !== null) return { ok: false, detail: misfit.detail, remedy: misfit.remedy };
        return { ok: true, detail: `${queue.kind}, can write and be woken` };
      } finally {
        await queue.close({ timeoutMs: 1_000 });
      }
    },
  };
}

async function lookAtNotifications(config: Config, opened: FoundDatabase | Error): Promise<Finding> {
  const state = opened instanceof Error ? null : await opened.admin.readNotifier().catch(() => null);
  return checkNotifications(config, state);
}

function checksProbe({ crons, checkMaxAgeHours }: Config, now: Date): Probe {
  return {
    name: "full checks",
    remedy: "Correct CHECK_CRON.",
    run: async () => {
      const gapHours = longestGapMs(crons.check, now, eightDaysMs) / 3_600_000;
      if (gapHours <= checkMaxAgeHours) return { ok: true, detail: `each link once in ${checkMaxAgeHours} h` };
      return {
        ok: null,
        detail: `CHECK_CRON (${crons.check}) may leave ${Math.round(gapHours * 10) / 10} h between two ticks, and CHECK_MAX_AGE_HOURS asks for a check in ${checkMaxAgeHours} h: links are also checked between its ticks`,
        remedy: "Let CHECK_CRON come more often, or raise CHECK_MAX_AGE_HOURS.",
      };
    },
  };
}

async function wireForDoctor(
  app: Pick<App, "makeHuawei" | "makeJira">,
  connection: ConnectionConfig,
  { database, log }: { readonly database: FoundDatabase | null; readonly log: Log },
): Promise<DoctorConnection> {
  return {
    settings: connection,
    huawei: attempt(
      () => app.makeHuawei(connection.huawei, log),
      "Correct the Huawei settings that the message names (HUAWEI_API_VERSION, HUAWEI_TIME_ZONE).",
    ),
    jira: attempt(() => app.makeJira(connection.jira, log), "Correct JIRA_HOST and JIRA_EMAIL."),
    watchedLinks: database === null ? null : await database.state.countWatchedLinks(connection.name).catch(() => null),
  };
}

function attempt<Client>(make: () => Client, remedy: string): Client | Finding {
  try {
    return make();
  } catch (error) {
    return { ok: false, detail: errorMessage(error), remedy };
  }
}
