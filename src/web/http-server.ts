/**
 * Page, API, health, metrics, queues and webhook of one process (rule 13).
 *
 * Every route is closed unless it says `access: "open"`; see `access.ts` for the rules. An open route is reached by anybody who
 * can reach the port, so health answers are shared for a second; for the webhook see `webhook-route.ts`.
 */
import { createBullBoard } from "@bull-board/api";
import { FastifyAdapter } from "@bull-board/fastify";
import type { FastifyInstance } from "fastify";
import type { Principal, SessionStore, SignInBrake } from "../lib/session-store.ts";
import { makeReadiness, type ReadinessCheck } from "../observability/health.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Log } from "../sync/ports.ts";
import { isLoopbackHost } from "./access.ts";
import { collectApiRoutes } from "./api/route.ts";
import { addApiRoutes } from "./api/routes.ts";
import { makeGatekeeper, type SignIn } from "./gatekeeper.ts";
import { languageOf } from "./language.ts";
import type { Oidc } from "./oidc.ts";
import { addAssets } from "./pages/assets.ts";
import { addLive } from "./pages/live.ts";
import type { PagePort } from "./pages/page-port.ts";
import { addPages } from "./pages/page-routes.ts";
import { renderSignIn } from "./pages/sign-in-page.ts";
import { addSessionRoutes } from "./session-routes.ts";
import { factsOf, type HttpServer, makeListener, makeWebApp, sendHtml, sendRefusal } from "./web-app.ts";
import { addWebhookRoute, type WebhookReceiver } from "./webhook-route.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** `open`: anybody. Left out: viewers may read, operators may act. */
    readonly access?: "open";
    /** A page: who is not signed in is led to the sign-in. */
    readonly page?: true;
  }
  interface FastifyRequest {
    /** Who asks; `null` on routes that are open. */
    principal: Principal | null;
  }
}

/** The adapters of bull-board, such as `new BullMQAdapter(queue, { readOnlyMode: true })`. */
type BullBoardQueues = Parameters<typeof createBullBoard>[0]["queues"];

/** What the server is made of. What is left out answers 404. */
export type HttpServerInput = {
  readonly host: string;
  /** 0 = any free port (the setting "off" is the caller's business). */
  readonly port: number;
  /** `null` = this machine only. */
  readonly signIn: Pick<SignIn, "operatorToken" | "viewerToken"> | null;
  /** Single sign-on; `null` = there is none. */
  readonly oidc: Oidc | null;
  /** Where people reach the page, as the settings say; `null` = under whatever host they name. */
  readonly publicUrl: string | null;
  readonly sessions: SessionStore;
  readonly brake: SignInBrake;
  readonly checks: {
    readonly database: ReadinessCheck;
    readonly queue: ReadinessCheck;
    readonly migrations: ReadinessCheck;
  };
  /** Why the process makes no progress; `null` while it does. */
  readonly stalledBy: () => string | null;
  readonly metrics: Pick<Metrics, "render" | "contentType" | "signInRefused">;
  /** Should be read-only: bull-board cannot send the header that changes need, so its buttons would be refused. */
  readonly bullBoard?: BullBoardQueues;
  /** Only where a sign-in guards the rest: whoever is led to it reaches the other routes as well. */
  readonly webhook?: WebhookReceiver;
  /** What pages and API read and do. */
  readonly pages?: PagePort;
  /** Adds further routes under the same access rules and headers. */
  readonly routes?: (app: FastifyInstance) => void;
  readonly log: Log;
};

// bull-board has style attributes and a <base>; its own scripts are files.
const bullBoardPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

/** Makes the server; it listens after `listen`. Throws RangeError where no sign-in guards what others could reach. */
export function makeHttpServer(input: HttpServerInput): HttpServer {
  const { signIn, oidc, sessions, brake, log } = input;
  const isGuarded = signIn !== null || oidc !== null;
  if (!isLoopbackHost(input.host) && !isGuarded) throw new RangeError("a host that is not loopback needs a sign-in");
  if (input.webhook?.isOpen === true && !isGuarded) throw new RangeError("a webhook beside the page needs a sign-in");
  const tokens = signIn ?? { operatorToken: null, viewerToken: null };
  const gatekeeper = makeGatekeeper({
    signIn: isGuarded ? { ...tokens, oidcGrant: oidc?.grant ?? null } : null,
    publicUrl: input.publicUrl,
    sessions,
    brake,
    onRefused: (reason) => input.metrics.signInRefused(reason),
  });
  const app = makeWebApp(input);
  const known = collectApiRoutes(app);
  app.decorateRequest("principal", null);
  app.addHook("onRequest", async (request, reply) => {
    if (request.is404 || request.routeOptions.config.access === "open") return;
    const verdict = await gatekeeper.check(factsOf(request), request.routeOptions.config.form === true);
    if ("principal" in verdict) {
      request.principal = verdict.principal;
      return;
    }
    const { refusal } = verdict;
    if (refusal.status === 401 && request.method === "GET" && request.routeOptions.config.page === true) {
      const ways = { tokens: gatekeeper.hasTokens, oidc: oidc !== null };
      const language = languageOf(request, { reply, gatekeeper });
      return sendHtml(reply, 401, renderSignIn({ language, ways, path: request.url, mistake: null }));
    }
    return sendRefusal(reply, refusal);
  });

  addSessionRoutes(app, { gatekeeper, oidc, metrics: input.metrics, log });
  addHealthRoutes(app, input);
  if (input.webhook !== undefined) addWebhookRoute(app, { webhook: input.webhook, log: input.log });
  addAssets(app);
  const { pages } = input;
  if (pages !== undefined) {
    addPages(app, { port: pages, gatekeeper, log });
    addLive(app, { version: () => pages.version(), log });
    addApiRoutes(app, { port: pages, known, publicUrl: input.publicUrl });
  }
  if (input.bullBoard !== undefined) addBullBoard(app, input.bullBoard);
  if (input.routes !== undefined) input.routes(app);
  return makeListener(app, input);
}

function addHealthRoutes(app: FastifyInstance, { checks, stalledBy, metrics }: HttpServerInput): void {
  const readiness = makeReadiness({ checks });
  app.get("/healthz", { config: { access: "open" } }, async (_request, reply) => {
    const reason = stalledBy();
    return reply
      .code(reason === null ? 200 : 503)
      .send(reason === null ? { status: "ok" } : { status: "stalled", reason });
  });
  app.get("/readyz", { config: { access: "open" } }, async (_request, reply) => {
    const { ready, notReady } = await readiness();
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not_ready", notReady });
  });
  app.get("/metrics", async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()));
}

function addBullBoard(app: FastifyInstance, queues: BullBoardQueues): void {
  const adapter = new FastifyAdapter();
  adapter.setBasePath("/queues");
  createBullBoard({ queues, serverAdapter: adapter, options: { uiConfig: { boardTitle: "casebridge" } } });
  app.register(async (scope) => {
    scope.addHook("onSend", async (_request, reply, payload) => {
      reply.header("content-security-policy", bullBoardPolicy);
      // Its page asks a font service for fonts; the policy would block it, this keeps it from being tried.
      const isHtml = String(reply.getHeader("content-type") ?? "").startsWith("text/html");
      return isHtml && typeof payload === "string" ? payload.replace(/<link[^>]*\bhref="https?:[^>]*>/g, "") : payload;
    });
    await scope.register(adapter.registerPlugin(), { prefix: "/queues" });
  });
}
