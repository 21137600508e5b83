/** The HTTP servers of a worker: the page with its API and metrics, and the webhook's own listener. */
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import type { Config, HttpConfig } from "../config/config.ts";
import { lanes } from "../domain/lane.ts";
import type { Progress } from "../observability/health.ts";
import { breakers } from "../observability/metrics.ts";
import type { QueueBackend } from "../queue/contract.ts";
import { pendingMigrations } from "../store/database/migrate.ts";
import { makeSessionStore, makeSignInBrake } from "../store/sessions.ts";
import type { Log } from "../sync/ports.ts";
import { type HttpServerInput, makeHttpServer } from "../web/http-server.ts";
import type { Oidc } from "../web/oidc.ts";
import type { HttpServer } from "../web/web-app.ts";
import { makeWebhookServer, type WebhookReceiver } from "../web/webhook-route.ts";
import type { Composition } from "./compose.ts";
import { makePagePort } from "./page-port.ts";

/** What the servers show and take. */
export type PageInput = {
  readonly config: Config;
  readonly composition: Composition;
  readonly queue: QueueBackend;
  readonly log: Log;
  readonly progress: Progress;
  readonly webhook: WebhookReceiver;
};

/**
 * Starts the servers that the configuration names; each is put into `servers` before it listens, so that a start that fails can end those
 * that run. Answers where the page is, `null` = nowhere. Throws where a port is taken.
 */
export async function startServers(input: PageInput, servers: HttpServer[]): Promise<string | null> {
  const { config, log, webhook } = input;
  let url: string | null = null;
  if (config.http.port !== 0) {
    const http = await makePage(input);
    servers.push(http);
    ({ url } = await http.listen());
    log.info({ url }, "Page, health and metrics are served");
  }
  if (config.http.webhook !== null) {
    const server = makeWebhookServer({ ...config.http.webhook, webhook, log });
    servers.push(server);
    log.info({ url: (await server.listen()).url }, "Webhooks are taken");
  }
  return url;
}

async function makePage(input: PageInput): Promise<HttpServer> {
  const { config, composition, queue, log, progress, webhook } = input;
  const { metrics } = composition;
  metrics.onCollect(makeCollector(composition, queue));
  return makeHttpServer({
    // Beside the page only where a sign-in guards it: whoever is led to one port is led to all of its routes.
    ...(config.http.signIn === null ? {} : { webhook }),
    host: config.http.host,
    port: config.http.port,
    signIn: findTokens(config.http),
    publicUrl: config.http.publicUrl,
    oidc: await findOidc(config.http),
    sessions: makeSessionStore({ prisma: composition.database.prisma }),
    brake: makeSignInBrake({ prisma: composition.database.prisma }),
    checks: {
      database: async () => !(await composition.status.isReadOnly()),
      queue: async () => {
        await queue.check();
        return true;
      },
      migrations: async () =>
        (await pendingMigrations({ connectionString: composition.database.connectionString })).length === 0,
    },
    stalledBy: () => progress.stalledBy(),
    metrics,
    bullBoard: queue.queues.map((entry) => new BullMQAdapter(entry, { readOnlyMode: true })),
    pages: makePagePort(composition, queue),
    log,
  });
}

function findTokens({ signIn }: HttpConfig): HttpServerInput["signIn"] {
  if (signIn === null || (signIn.operatorToken === null && signIn.viewerToken === null)) return null;
  return signIn;
}

/** Its library is loaded only where single sign-on is set. */
async function findOidc({ signIn, publicUrl }: HttpConfig): Promise<Oidc | null> {
  if (signIn?.oidc == null || publicUrl === null) return null;
  const { makeOidc } = await import("../web/oidc.ts");
  return makeOidc({ ...signIn.oidc, redirectUri: `${publicUrl}/api/v1/session/oidc/callback` });
}

/** Fills the gauges from the database and the queue, at each reading of the metrics. */
function makeCollector(composition: Composition, queue: QueueBackend): () => Promise<void> {
  const { admin, metrics } = composition;
  /** When each round that was counted ended: a page that is read twice must not count it twice. */
  const counted = new Map<string, number>();
  return async () => {
    const picture = await composition.makeReport(queue);
    const failures = await admin.listFailureGroups(1);
    metrics.setLinks(
      picture.connections.flatMap(({ name, links }) =>
        Object.entries(links).map(([state, count]) => ({ connection: name, state, count })),
      ),
    );
    metrics.setOpenFailures(
      failures.map(({ connectionName, reason, count }) => ({ connection: connectionName, reason, count })),
    );
    metrics.setBreakers(
      picture.connections.flatMap(({ name, state, stateReason }) =>
        breakers.map((breaker) => {
          const stopped = state === "stopped" && stateReason === breaker ? 1 : 0;
          const found = failures.find(({ connectionName, reason }) => connectionName === name && reason === breaker);
          return { connection: name, breaker, open: Math.max(stopped, found?.count ?? 0) };
        }),
      ),
    );
    const due = await admin.listDueLanes();
    metrics.setDue(
      picture.connections.flatMap(({ name }) =>
        lanes.map((lane) => {
          const found = due.find((entry) => entry.connectionName === name && entry.lane === lane);
          const ageMs = found === undefined ? 0 : picture.at.getTime() - found.since.getTime();
          return { connection: name, lane, links: found?.links ?? 0, ageSeconds: Math.max(0, ageMs / 1000) };
        }),
      ),
    );
    for (const { name, oldestUnmirroredSeconds, effectivePollSeconds } of picture.connections) {
      metrics.setOldestUnmirrored({ connection: name, ageSeconds: oldestUnmirroredSeconds ?? 0 });
      if (effectivePollSeconds !== null) metrics.setPollInterval({ connection: name, seconds: effectivePollSeconds });
    }
    for (const round of await admin.listRounds()) {
      const endedAt = round.finishedAt?.getTime() ?? null;
      const key = `${round.connectionName} ${round.name}`;
      if (endedAt === null || counted.get(key) === endedAt) continue;
      counted.set(key, endedAt);
      metrics.roundEnded({
        connection: round.connectionName,
        round: round.name,
        success: round.outcome === "done",
        durationMs: round.durationMs ?? 0,
        endedAt: new Date(endedAt),
      });
    }
    metrics.setQueueDepth(picture.queues);
    metrics.setNotifyFailing(picture.notifications?.failingSince != null);
  };
}
