/**
 * A world: both simulators, a database, a clock that only jumps, and workers that are real casebridge (flows, adapters, store) without
 * queue and cron. A driver gives the turns (`turns.ts`), so one process plays any number of replicas, repeatably and without waiting.
 *
 * How a worker dies: its call at the effect in question never comes back, nothing of it runs on, and its leases end at once. A fresh
 * worker knows only what the database knows.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HuaweiSettings, type HuaweiSimulator, startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { type JiraSettings, type JiraSimulator, startJiraSimulator } from "../../simulators/jira/index.ts";
import { type Composition, compose } from "../../src/bin/compose.ts";
import { wireConnection } from "../../src/bin/connection.ts";
import type { ConnectionConfig } from "../../src/config/config.ts";
import { makeBudget } from "../../src/store/budget.ts";
import { makeDatabaseClock } from "../../src/store/database-clock.ts";
import { makeState } from "../../src/store/state.ts";
import type { IntakeDeps } from "../../src/sync/intake-deps.ts";
import type { LinkDeps } from "../../src/sync/link/run-link.ts";
import type { HuaweiPort, JiraPort, Log } from "../../src/sync/ports.ts";
import type { LeasedLink, StatePort } from "../../src/sync/state.ts";
import { createTestDatabase } from "../support/database.ts";
import { stageConfig, stageEnvironment } from "../support/environment.ts";
import { makeTurns, type Turns } from "./turns.ts";

/** One effect: a remote write or a commit of the database, right before or right after it happened. */
export type Effect = {
  /** Counted from 1 since the last `reset`. */
  readonly n: number;
  readonly place: "huawei" | "jira" | "database";
  readonly phase: "before" | "after";
  readonly operation: string;
  readonly worker: Worker;
  /** Name of the intake round it belongs to, with its number in this world; `null` in a run of a link. */
  readonly round: string | null;
};

/** Ways to break one rule for a worker: wrappers around what the product is given. Each may be left out. */
export type Tweaks = {
  readonly state?: (state: StatePort) => StatePort;
  readonly leased?: (leased: LeasedLink) => LeasedLink;
  readonly huawei?: (port: HuaweiPort) => HuaweiPort;
  readonly jira?: (port: JiraPort) => JiraPort;
  readonly settings?: (settings: ConnectionConfig) => ConnectionConfig;
};

/** One replica. */
export type Worker = {
  readonly name: string;
  readonly intake: IntakeDeps;
  readonly reconcile: LinkDeps;
  dead: boolean;
  /** Rejects when the worker dies. */
  readonly death: PromiseWithResolvers<never>;
  /** Added to the world's clock: this machine's error. */
  skewMs: number;
};

/** A running world. */
export type World = {
  readonly huawei: HuaweiSimulator["control"];
  readonly jira: JiraSimulator["control"];
  readonly parts: Composition;
  readonly turns: Turns<Worker>;
  readonly workers: Worker[];
  /** Moves the clock of everybody on. */
  advance(ms: number): void;
  now(): number;
  /** The settings of the connection, as the last `reset` set them. */
  settings(): ConnectionConfig;
  /** How far the clocks of the services are ahead of everybody else's. */
  aheadMs(): { readonly huawei: number; readonly jira: number };
  /** Told of every effect; answers true to let the worker die there. */
  onEffect: (effect: Effect) => boolean;
  effects(): number;
  /** Remote writes that happened since the last `reset` or `resetWrites`. */
  writes(): number;
  resetWrites(): void;
  /** A fresh worker beside the others. */
  startWorker(tweaks?: Tweaks): Worker;
  /** The worker does nothing any more; `leaseEnds` false leaves its leases to `endLeases`. */
  kill(worker: Worker, leaseEnds?: boolean): Promise<void>;
  /** Ends the leases of a worker as time would. */
  endLeases(worker: Worker): Promise<void>;
  /** Empties both services and the database, sets the switches and the settings of the connection. */
  reset(options?: ResetOptions): Promise<void>;
  close(): Promise<void>;
};

/** What a reset sets. `seed` decides every chance inside workers. */
export type ResetOptions = {
  readonly seed?: number;
  /** How far the clocks of the services are ahead of everybody else's. */
  readonly aheadMs?: { readonly huawei: number; readonly jira: number };
  readonly huawei?: Partial<HuaweiSettings>;
  readonly jira?: Partial<JiraSettings>;
  readonly settings?: (settings: ConnectionConfig) => ConnectionConfig;
};

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** With `CHAOS_LOG=1` the workers' warnings are shown, with 2 what they say besides, with 3 each effect as well. */
const log: Log =
  process.env.CHAOS_LOG === undefined
    ? quiet
    : {
        ...quiet,
        debug: (fields: object, message: string) => console.error("debug", message, JSON.stringify(fields)),
        warn: (fields, message) => console.error("warn", message, JSON.stringify(fields)),
        error: (fields, message) => console.error("error", message, JSON.stringify(fields)),
        ...(process.env.CHAOS_LOG >= "2"
          ? { info: (fields: object, message: string) => console.error("info", message, JSON.stringify(fields)) }
          : {}),
      };

const startMs = Date.UTC(2026, 10, 24, 8, 0, 0);
/** A hanging request costs this much real time. */
const callTimeoutMs = 1_500;

/** Starts simulators, database and the parts that all workers share. Takes about half a second. */
export async function startWorld(): Promise<World> {
  let nowMs = startMs;
  let effects = 0;
  let writes = 0;
  let acting: Worker | null = null;
  const now = (): number => nowMs;
  const turns = makeTurns<Worker>((worker) => worker.dead);

  function die(worker: Worker): void {
    worker.dead = true;
    worker.death.reject(new Error("the worker is dead"));
  }

  /** Counts an effect; answers true when the worker dies here. */
  function count(place: Effect["place"], phase: Effect["phase"], operation: string): boolean {
    const worker = acting;
    if (worker === null || worker.dead) return false;
    effects += 1;
    const task = turns.current() ?? "";
    const round = task.startsWith("reconcile") ? null : task;
    if (process.env.CHAOS_LOG === "3")
      console.error(`${new Date(nowMs).toISOString()} ${worker.name} ${task}: ${place} ${phase} ${operation}`);
    const dies = world.onEffect({ n: effects, place, phase, operation, worker, round });
    if (dies) die(worker);
    return dies;
  }
  const strike =
    (place: "huawei" | "jira") =>
    (event: {
      readonly operation: string;
      readonly write: boolean;
      readonly phase: "before" | "after";
    }): void | Promise<void> => {
      if (!event.write) return;
      if (event.phase === "after") writes += 1;
      // Dead before the commit: the request is lost on its way. Dead after it: the answer reaches nobody.
      if (count(place, event.phase, event.operation) && event.phase === "before") return new Promise<never>(() => {});
    };

  const ahead = { huawei: 0, jira: 0 };
  const huawei = await startHuaweiSimulator({ now: () => nowMs + ahead.huawei, onEffect: strike("huawei") });
  const jira = await startJiraSimulator({ now: () => nowMs + ahead.jira, onEffect: strike("jira") });
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), "casebridge-chaos-"));
  const places = { huawei: huawei.url, jira: jira.url, connectionString: database.connectionString, folder };
  // The type of new issues goes by id: names differ with the account's language.
  const parts = await compose(stageConfig(stageEnvironment(places, { JIRA_ISSUE_TYPE: "10002" }), folder), log);
  const [template] = parts.connections;
  if (template === undefined) throw new Error("the world has a connection");
  const { prisma } = parts.database;
  // What the database holds at its start is what it holds after a reset.
  const [books] = await prisma.$queryRaw<{ tables: string; connections: string }[]>`
    SELECT (SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables
        WHERE schemaname = current_schema() AND tablename NOT IN ('_prisma_migrations', 'installation')) AS tables,
      (SELECT jsonb_agg(connections)::text FROM connections) AS connections`;
  const emptied = books?.tables ?? "";
  const untouched = books?.connections ?? "[]";
  let seed = 1;
  let workersMade = 0;
  let settings: ConnectionConfig = template.config;

  function startWorker(tweaks: Tweaks = {}): Worker {
    workersMade += 1;
    const name = `worker-${workersMade}`;
    const death = Promise.withResolvers<never>();
    death.promise.catch(() => {});
    const own = tweaks.settings?.(settings) ?? settings;
    // What this machine's clock is set to must not matter: the database's time is told with each lease.
    const clock = makeDatabaseClock({ now: () => new Date(nowMs + worker.skewMs), elapsedMs: () => nowMs });
    clock.note(new Date(nowMs));
    let draws = seed * 1_000 + workersMade;
    const random = (): number => {
      draws = (draws * 1_103_515_245 + 12_345) % 2_147_483_648;
      return draws / 2_147_483_648;
    };
    /** Whoever waits lets time pass; the dead wait for ever. */
    const sleep = async (ms: number): Promise<void> => {
      if (worker.dead) await new Promise<never>(() => {});
      nowMs += ms;
    };
    const budgetOf = (key: string) => {
      // A second of the world is a second of the budget; only the database's row is shared, as between replicas.
      const shared = makeBudget({ prisma, key, ratePerSecond: 50, clock: { now: () => new Date(nowMs) }, sleep });
      return {
        take: async (lane: Parameters<typeof shared.take>[0]) => {
          if (worker.dead) await new Promise<never>(() => {});
          await shared.take(lane);
        },
        pause: (ms: number) => shared.pause(ms),
      };
    };
    // The database's own clock shows real time, this world's shows another: the world tells it.
    const state = makeState({ prisma, clock: { ...clock, note: () => clock.note(new Date(nowMs)) } });
    const wired = wireConnection({
      connection: own,
      earlier: [],
      database: parts.database,
      state,
      spool: parts.spool,
      clock,
      log,
      owner: name,
      metrics: parts.metrics,
      options: { machine: { clock, sleep, random, budgetOf, callTimeoutMs } },
      reread: () => null,
    });
    const gatedHuawei = gate("huawei", tweaks.huawei?.(wired.intake.huawei) ?? wired.intake.huawei);
    const gatedJira = gate("jira", tweaks.jira?.(wired.intake.jira) ?? wired.intake.jira);
    const gatedState = gate("state", tweaks.state?.(state) ?? state);

    /** Every method waits for its turn. Reads by name are no commits. */
    function gate<Port extends object>(kind: "huawei" | "jira" | "state", port: Port): Port {
      return new Proxy(port, {
        get(target, member) {
          const value: unknown = Reflect.get(target, member);
          if (typeof value !== "function" || typeof member !== "string") return value;
          return (...args: unknown[]) =>
            turns.take(worker, `${kind}.${member}`, () => {
              const make = (): Promise<unknown> => Reflect.apply(value, target, args) as Promise<unknown>;
              if (kind !== "state") return act(make);
              if (/^(?:get|find|list|count)/.test(member)) return act(make);
              return commit(member, async () => {
                const result = await make();
                return member === "claimLink" && result !== null ? lease(result as LeasedLink) : result;
              });
            });
        },
      });
    }

    /** Makes a call in this worker's name. When the worker dies in it, the call is given up. */
    async function act<Result>(make: () => Promise<Result>): Promise<Result> {
      nowMs += 7;
      const before = acting;
      acting = worker;
      const result = make();
      result.catch(() => {});
      try {
        return await Promise.race([result, worker.death.promise]);
      } finally {
        acting = before;
      }
    }

    function commit<Result>(member: string, make: () => Promise<Result>): Promise<Result> {
      return act(async () => {
        if (count("database", "before", member)) return await new Promise<never>(() => {});
        const result = await make();
        count("database", "after", member);
        return result;
      });
    }

    function lease(leased: LeasedLink): LeasedLink {
      const inner = tweaks.leased?.(leased) ?? leased;
      const turn = <Result>(name: string, make: () => Promise<Result>): Promise<Result> =>
        turns.take(worker, `lease.${name}`, make);
      return {
        get snapshot() {
          return inner.snapshot;
        },
        installation: inner.installation,
        remainingMs: () => inner.remainingMs(),
        // A heartbeat comes by real time, so it is no effect that could be counted.
        renew: () => turn("renew", () => act(() => inner.renew())),
        apply: (step) => turn("apply", () => commit("apply", () => inner.apply(step))),
        finish: (end) => turn("finish", () => commit("finish", () => inner.finish(end))),
      };
    }

    const shared = { huawei: gatedHuawei, jira: gatedJira, state: gatedState };
    const worker: Worker = {
      name,
      dead: false,
      death,
      skewMs: 0,
      intake: { ...wired.intake, ...shared },
      reconcile: { ...wired.reconcile, ...shared },
    };
    world.workers.push(worker);
    return worker;
  }

  async function endLeases(worker: Worker): Promise<void> {
    await prisma.$executeRaw`UPDATE links SET "leaseUntil" = now() - interval '1 second' WHERE "leaseOwner" = ${worker.name}`;
    await prisma.$executeRaw`UPDATE rounds SET "leaseUntil" = now() - interval '1 second' WHERE "leaseOwner" = ${worker.name}`;
  }

  const world: World = {
    huawei: huawei.control,
    jira: jira.control,
    parts,
    turns,
    workers: [],
    now,
    settings: () => settings,
    aheadMs: () => ({ ...ahead }),
    advance: (ms) => {
      nowMs += ms;
    },
    onEffect: () => false,
    effects: () => effects,
    writes: () => writes,
    resetWrites: () => {
      writes = 0;
    },
    startWorker,
    endLeases,
    async kill(worker, leaseEnds = true) {
      die(worker);
      turns.forget(worker);
      world.workers.splice(world.workers.indexOf(worker), 1);
      if (leaseEnds) await endLeases(worker);
    },
    async reset(options = {}) {
      for (const worker of [...world.workers]) {
        die(worker);
        turns.forget(worker);
      }
      world.workers.length = 0;
      world.onEffect = () => false;
      nowMs = startMs;
      seed = options.seed ?? 1;
      ahead.huawei = options.aheadMs?.huawei ?? 0;
      ahead.jira = options.aheadMs?.jira ?? 0;
      workersMade = 0;
      effects = 0;
      writes = 0;
      settings = options.settings?.(template.config) ?? template.config;
      huawei.control.reset();
      jira.control.reset();
      huawei.control.setSettings({ clockSkewMs: 400 * 86_400_000, ...options.huawei });
      jira.control.setSettings({ ...options.jira });
      await prisma.$executeRawUnsafe(`TRUNCATE ${emptied} RESTART IDENTITY CASCADE`);
      await prisma.$executeRaw`
        INSERT INTO connections SELECT row.* FROM jsonb_array_elements(${untouched}::jsonb) AS e, jsonb_populate_record(NULL::connections, e) AS row`;
    },
    async close() {
      for (const worker of world.workers) die(worker);
      await parts.close();
      await huawei.close();
      await jira.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}
