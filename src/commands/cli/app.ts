/**
 * What `bin` hands to the commands. Commands know no adapter: whatever talks to the database or to a service comes from here.
 */

import type { Config, ConfigPurpose, ConnectionConfig } from "../../config/config.ts";
import type { LoadConfigInput, LoadConfigResult } from "../../config/load-config.ts";
import type { StatusReport } from "../../observability/status-report.ts";
import type { QueueBackend } from "../../queue/contract.ts";
import type { AdminStore } from "../../store/admin.ts";
import type { RemoteWrite } from "../../sync/apply/write-once.ts";
import type { IntakeDeps } from "../../sync/intake-deps.ts";
import type { LinkDeps } from "../../sync/link/run-link.ts";
import type { CaseLookupPort, Clock, HuaweiPort, JiraPort, Log } from "../../sync/ports.ts";
import type { RebuildDeps } from "../../sync/repair/survey.ts";
import type { StatePort } from "../../sync/state.ts";
import type { DoctorHuaweiPort } from "../doctor/huawei.ts";
import type { DoctorJiraPort } from "../doctor/jira.ts";
import type { ReportPorts } from "../doctor/report-ports.ts";

/**
 * What a command may do to the database. `write`: makes and migrates it first. `rehearse`: uses it as it is; what it writes it takes
 * back. `read`: uses it as it is, and the server refuses every write.
 */
export type DatabaseAccess = "write" | "rehearse" | "read";

/** A database that is reachable. `applied`: migrations that this opening brought; `missing`: those that it was left without. */
export type OpenDatabase = {
  readonly connectionString: string;
  /** The server that came along; `null` where `DATABASE_URL` names one. */
  readonly embedded: { readonly connectionString: string } | null;
  readonly applied: readonly string[];
  readonly missing: readonly string[];
  /** Within 3 s, also where queries hang. */
  close(): Promise<void>;
};

/** One configured connection with both services. */
export type WiredConnection = {
  readonly name: string;
  readonly config: ConnectionConfig;
  readonly huawei: HuaweiPort;
  readonly jira: JiraPort & Pick<DoctorJiraPort, "listStatuses">;
  readonly intake: IntakeDeps;
  readonly reconcile: LinkDeps;
};

/** Everything wired for a command. What it changes is audited as the act of whoever runs the command. */
export type Composition = {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly database: OpenDatabase;
  readonly state: StatePort;
  readonly admin: AdminStore;
  readonly rebuilding: RebuildDeps["store"];
  readonly connections: readonly WiredConnection[];
  /** One picture of everything, from the database and the queue. Makes no remote call. Throws when the database cannot be read. */
  makeReport(queue: QueueBackend | null): Promise<StatusReport>;
  /** Frees the closes and cancels that a pause to Huawei Cloud kept, of one connection or of all; answers how many. */
  releaseCloses(connection: string | null): Promise<number>;
  /** Whether more may leave Jira by the connection's settings than by those that the worker last ran with. */
  isPolicyWider(connection: WiredConnection): Promise<boolean>;
  /**
   * Remembers what may leave Jira, before anything does. Only for commands that send: a command that merely looks may run with other
   * settings, and must not make a later start seem wider. May be repeated.
   */
  recordPolicies(connections: readonly WiredConnection[]): Promise<void>;
  /** The same database, read, wired for another configuration. Its `close` leaves the database open. Throws as `App.withComposition`. */
  rewire(config: Config): Promise<Composition>;
  close(): Promise<void>;
};

/** A running service. */
export type RunningWorker = {
  readonly composition: Pick<Composition, "connections" | "state" | "admin">;
  /** Where the page answers; `null` when HTTP is off. */
  readonly url: string | null;
  /** Ends within 28 s. May be repeated. */
  stop(): Promise<void>;
};

/** What the worker tells while it runs. */
export type WorkerHooks = {
  readonly onWrite?: (connection: string, write: RemoteWrite) => void;
};

/** The composition root, as commands see it. */
export type App = {
  /** Whom the audit names: `name@host` of the operating system's user. */
  readonly actor: string;
  /** The configuration, or all its errors. Never throws. */
  loadConfig(input: LoadConfigInput): LoadConfigResult;
  /**
   * The configuration of this process, whose certificates hold from now on; `configFile` stands for the file that is configured.
   * Throws all its errors.
   */
  readConfig(purpose: ConfigPurpose, configFile?: string): Config;
  /**
   * Opens the configured database, the embedded one without `DATABASE_URL`. `inAnyState` also opens one that is not ready. Throws the
   * store's typed errors: `DatabaseNotReady` where there is nothing to read, `DatabaseNewerThanCode`; `CommandFailure` where the data
   * folder cannot be made.
   */
  openDatabase(
    config: Config,
    log: Log,
    options: { readonly access: DatabaseAccess; readonly inAnyState?: boolean; readonly poolMax?: number },
  ): Promise<OpenDatabase & { readonly admin: AdminStore; readonly state: Pick<StatePort, "countWatchedLinks"> }>;
  /** For commands that need the database alone: no service, no connection. Throws as `openDatabase`, and what the work throws. */
  withDatabase<T>(access: DatabaseAccess, work: (admin: AdminStore) => Promise<T>): Promise<T>;
  /**
   * Works with everything wired, and closes it. A command that only looks says `read`, and nothing that it does can change the database.
   * Throws as `openDatabase`, and what the work throws.
   */
  withComposition<T>(access: "write" | "read", work: (composition: Composition) => Promise<T>): Promise<T>;
  /** A client with a budget of its own, for what must work without a database. Throws for settings that make no client. */
  makeHuawei(settings: ConnectionConfig["huawei"], log: Log): DoctorHuaweiPort & CaseLookupPort & ReportPorts["huawei"];
  /** A client with a budget of its own. Throws for settings that make no client. */
  makeJira(settings: ConnectionConfig["jira"], log: Log): DoctorJiraPort & ReportPorts["jira"];
  /** Starts the service. Throws when database, configuration or port do not allow it; services that are away do not stop it. */
  startWorker(config: Config, log: Log, hooks?: WorkerHooks): Promise<RunningWorker>;
};
