/**
 * `casebridge doctor`: opens what the configuration names, one thing after the other, so that one that is broken hides none of the
 * others. Writes nothing on either side, and migrates nothing.
 */
import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config, ConnectionConfig } from "../../config/config.ts";
import type { LoadConfigResult } from "../../config/load-config.ts";
import { eightDaysMs, longestGapMs } from "../../lib/ticks.ts";
import type { QueueMisfit } from "../../queue/opened.ts";
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
import { right, warn, wrong } from "./sheet.ts";
import { verbatim, type Words } from "./texts/texts.ts";

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
        { name: "data folder", remedy: (t) => t.installation.correctDataDir, run: async () => folder },
        {
          name: "secret files",
          remedy: (t) => t.installation.lookAtFiles,
          run: () => checkSecretFiles(config.secretFiles),
        },
        databaseProbe(config, opened),
        migrationsProbe(config, opened),
        queueProbe(config, opened, log),
        checksProbe(config, now()),
        {
          name: "notifications",
          remedy: (t) => t.installation.correctNotify,
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
  const remedy: Words = (t) => t.installation.setDataDir;
  let place = dataDir;
  for (;;) {
    try {
      const facts = await stat(place);
      if (!facts.isDirectory()) {
        const at = place;
        return wrong((t) => t.installation.noFolder(at), remedy);
      }
      await access(place, constants.W_OK | constants.X_OK);
      const { bavail, bsize } = await statfs(place);
      if (bavail * bsize < freeBytesMin)
        return warn((t) => t.installation.littleRoom(dataDir, freeBytesMin / 1024 ** 2), remedy);
      return right(place === dataDir ? verbatim(dataDir) : (t) => t.installation.folderToMake(dataDir));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      if (code !== "ENOENT" || dirname(place) === place) return wrong(unusable(dataDir, code, place), remedy);
      place = dirname(place);
    }
  }
}

function unusable(dataDir: string, code: string, place: string): Words {
  return (t) => t.installation.folderUnusable(dataDir, code, place);
}

/** Names the files with secrets that every user of this machine may read. */
export async function checkSecretFiles(paths: readonly string[]): Promise<Finding> {
  const open: string[] = [];
  for (const path of paths) {
    // Windows has no such bits; one that is gone by now was read before.
    const mode = process.platform === "win32" ? 0 : ((await stat(path).catch(() => null))?.mode ?? 0);
    if ((mode & 0o004) !== 0) open.push(path);
  }
  if (open.length === 0) return right((t) => (paths.length === 0 ? t.report.none : t.installation.filesClosed));
  return warn(
    (t) => t.installation.filesOpen(open),
    (t) => t.installation.closeFiles(open),
  );
}

function databaseProbe(config: Config, opened: FoundDatabase | Error): Probe {
  return {
    name: "database",
    remedy: ({ installation: t }) => (config.databaseUrl === null ? t.embeddedRemedy : t.databaseRemedy),
    run: async () => {
      if (isStillToMake(config, opened)) return right((t) => t.installation.embeddedToMake(config.dataDir));
      if (opened instanceof Error) throw opened;
      const isEmbedded = opened.embedded !== null;
      return right(({ installation: t }) => (isEmbedded ? t.embedded : t.reachable));
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
    remedy: (t) => t.installation.migrate,
    run: async () => {
      if (isStillToMake(config, opened)) return right((t) => t.installation.madeWithDatabase);
      if (opened instanceof Error)
        return warn(
          (t) => t.installation.noDatabase,
          (t) => t.installation.mendDatabase,
        );
      const { missing } = opened;
      if (missing.length === 0) return right((t) => t.installation.upToDate);
      return { ok: null, detail: (t) => t.installation.migrationsWait(missing) };
    },
  };
}

function queueProbe(config: Config, opened: FoundDatabase | Error, log: Log): Probe {
  const database = opened instanceof Error ? null : opened;
  return {
    name: "queue",
    remedy: (t) => t.installation.queueRemedy,
    run: async () => {
      if (config.redisUrl === null && isStillToMake(config, opened)) return right((t) => t.installation.queueToMake);
      if (config.redisUrl === null && database === null)
        return warn(
          (t) => t.installation.queueNotChecked,
          (t) => t.installation.mendDatabase,
        );
      const queue = makeQueueBackend({
        redisUrl: config.redisUrl?.reveal() ?? null,
        databaseUrl: database?.connectionString ?? "",
        readOnly: true,
        log,
      });
      try {
        const misfit = await queue.findMisfit();
        if (misfit?.fatal === true) return tellMisfit(misfit);
        await queue.check();
        await queue.checkWake();
        if (misfit !== null) return tellMisfit(misfit);
        return right((t) => t.installation.queueWorks(queue.kind));
      } finally {
        await queue.close({ timeoutMs: 1_000 });
      }
    },
  };
}

function tellMisfit(misfit: QueueMisfit): Finding {
  return wrong(
    (t) => t.installation.misfit(misfit),
    (t) => t.installation.misfitRemedy(misfit),
  );
}

async function lookAtNotifications(config: Config, opened: FoundDatabase | Error): Promise<Finding> {
  const state = opened instanceof Error ? null : await opened.admin.readNotifier().catch(() => null);
  return checkNotifications(config, state);
}

function checksProbe({ crons, checkMaxAgeHours }: Config, now: Date): Probe {
  return {
    name: "full checks",
    remedy: (t) => t.installation.correctCheckCron,
    run: async () => {
      const gapHours = longestGapMs(crons.check, now, eightDaysMs) / 3_600_000;
      if (gapHours <= checkMaxAgeHours) return right((t) => t.installation.checksFit(checkMaxAgeHours));
      const rounded = Math.round(gapHours * 10) / 10;
      return warn(
        (t) => t.installation.checksRare(crons.check, rounded, checkMaxAgeHours),
        (t) => t.installation.checkOften,
      );
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
      (t) => t.installation.huaweiClient,
    ),
    jira: attempt(
      () => app.makeJira(connection.jira, log),
      (t) => t.installation.jiraClient,
    ),
    watchedLinks: database === null ? null : await database.state.countWatchedLinks(connection.name).catch(() => null),
  };
}

function attempt<Client>(make: () => Client, remedy: Words): Client | Finding {
  try {
    return make();
  } catch (error) {
    return wrong((t) => t.sheet.error(error), remedy);
  }
}
