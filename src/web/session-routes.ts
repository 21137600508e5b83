/** Signing in and out: the page's form, and single sign-on. Nobody is signed in yet, so these routes check origin and header themselves. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Metrics } from "../observability/metrics.ts";
import type { Log } from "../sync/ports.ts";
import type { Refusal } from "./access.ts";
import type { ApiDescription } from "./api/route.ts";
import { ownPlace, readForms } from "./form-guard.ts";
import type { CookieToSet, Gatekeeper } from "./gatekeeper.ts";
import { chooseLanguage, languageOf } from "./language.ts";
import type { Oidc } from "./oidc.ts";
import { renderLeadOn, renderNoRole, renderSignIn } from "./pages/sign-in-page.ts";
import { factsOf, isRecord, sendHtml, sendProblem, sendRefusal } from "./web-app.ts";

type SessionDeps = {
  readonly gatekeeper: Gatekeeper;
  readonly oidc: Oidc | null;
  readonly metrics: Pick<Metrics, "signInRefused">;
  readonly log: Log;
};

const html = "text/html; charset=utf-8";
const signIn: ApiDescription = {
  operationId: "signIn",
  summary:
    "Begins a session of the page: for a browser, which sends `X-Casebridge`. Programs send the token as a bearer token instead.",
  body: "SignIn",
  answers: { 204: { description: "Signed in: the session is a cookie." } },
};
const signOut: ApiDescription = {
  operationId: "signOut",
  summary: "Ends the session of this browser, on every replica. It sends `X-Casebridge`.",
  answers: { 204: { description: "Signed out." } },
};
const oidcBegin: ApiDescription = {
  operationId: "beginSingleSignOn",
  summary: "Leads a browser to the provider of single sign-on.",
  answers: {
    303: { description: "To the provider." },
    503: { description: "The provider does not answer.", schema: "Problem", contentType: "application/problem+json" },
  },
};
const oidcCallback: ApiDescription = {
  operationId: "returnFromSingleSignOn",
  summary: "Where the provider leads a browser back to; any query of its own.",
  answers: { 200: { description: "A page that leads on.", contentType: html } },
};
const oidcFinish: ApiDescription = {
  operationId: "finishSingleSignOn",
  summary: "Ends the sign-in of a browser; any query of the provider's.",
  answers: {
    303: { description: "Signed in: to the page." },
    403: { description: "Nothing grants this person a role.", contentType: html },
  },
};

const flowName = "casebridge_sign_in";
const flowMaxSeconds = 600;

/** Adds `POST` and `DELETE /api/v1/session`, and the three addresses of a single sign-on where there is one. */
export function addSessionRoutes(app: FastifyInstance, { gatekeeper, oidc, metrics, log }: SessionDeps): void {
  const ownPage = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const refusal = gatekeeper.checkChange(request);
    return refusal === null ? undefined : sendRefusal(reply, refusal);
  };
  app.post(
    "/api/v1/session",
    { config: { access: "open", api: signIn }, onRequest: ownPage },
    async (request, reply) => {
      const given = isRecord(request.body) && typeof request.body.token === "string" ? request.body.token : "";
      const answer = await gatekeeper.signIn(given, factsOf(request));
      if ("cookie" in answer) return setCookie(reply.code(204), answer.cookie).send();
      log.warn({ peer: request.socket.remoteAddress, code: answer.refusal.code }, "Sign-in refused");
      return sendRefusal(reply, answer.refusal);
    },
  );
  app.delete(
    "/api/v1/session",
    { config: { access: "open", api: signOut }, onRequest: ownPage },
    async (request, reply) => setCookie(reply.code(204), await gatekeeper.signOut(factsOf(request))).send(),
  );
  addForms(app, { gatekeeper, oidc, log });
  if (oidc !== null) addOidcRoutes(app, { gatekeeper, oidc, metrics, log });
}

/**
 * The same by plain forms, for browsers without JavaScript. Who signs in has no page of a session yet, and who signs out harms nobody: the
 * origin that the browser tells is what guards them.
 */
function addForms(
  app: FastifyInstance,
  { gatekeeper, oidc, log }: Pick<SessionDeps, "gatekeeper" | "oidc" | "log">,
): void {
  app.register(async (scope) => {
    readForms(scope);
    scope.post("/sign-in", { config: { access: "open" } }, async (request, reply) => {
      const fields = isRecord(request.body) ? request.body : {};
      const path = ownPlace(typeof fields.back === "string" ? fields.back : undefined, "/");
      const language = languageOf(request, { reply, gatekeeper });
      const ways = { tokens: gatekeeper.hasTokens, oidc: oidc !== null };
      if (gatekeeper.checkForm(request) !== null)
        return sendHtml(reply, 403, renderSignIn({ language, ways, path, mistake: "foreign" }));
      const answer = await gatekeeper.signIn(typeof fields.token === "string" ? fields.token : "", factsOf(request));
      if ("cookie" in answer) return setCookie(reply, answer.cookie).redirect(path, 303);
      const { status, code, retryAfterSeconds } = answer.refusal;
      log.warn({ peer: request.socket.remoteAddress, code }, "Sign-in refused");
      if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
      return sendHtml(
        reply,
        status,
        renderSignIn({ language, ways, path, mistake: status === 429 ? "tooMany" : "wrong" }),
      );
    });
    scope.post("/sign-out", { config: { access: "open" } }, async (request, reply) => {
      const refusal = gatekeeper.checkForm(request);
      if (refusal !== null) return sendRefusal(reply, refusal);
      return setCookie(reply, await gatekeeper.signOut(factsOf(request))).redirect("/", 303);
    });
  });
}

function addOidcRoutes(
  app: FastifyInstance,
  { gatekeeper, oidc, metrics, log }: SessionDeps & { readonly oidc: Oidc },
): void {
  app.get("/api/v1/session/oidc", { config: { access: "open", api: oidcBegin } }, async (request, reply) => {
    const begun = await oidc.begin().catch((error: unknown) => {
      log.warn({ error }, "The provider of single sign-on cannot be asked");
      return null;
    });
    if (begun === null) {
      const detail = "Single sign-on does not answer; try again later.";
      return sendProblem(reply, { status: 503, code: "sign_in_unavailable", detail });
    }
    const { url, cookie } = begun;
    const { name, options } = gatekeeper.cookie(request, flowName);
    return reply.setCookie(name, cookie, { ...options, maxAge: flowMaxSeconds }).redirect(url, 303);
  });
  // The browser comes from the provider's site, so it brings no cookie; the next request begins at our own page and does.
  app.get("/api/v1/session/oidc/callback", { config: { access: "open", api: oidcCallback } }, async (request, reply) =>
    sendHtml(reply, 200, renderLeadOn(`finish?${queryOf(request)}`)),
  );
  app.get("/api/v1/session/oidc/finish", { config: { access: "open", api: oidcFinish } }, async (request, reply) => {
    const { name, options } = gatekeeper.cookie(request, flowName);
    const cookie = request.cookies[name];
    reply.setCookie(name, "", { ...options, maxAge: 0 });
    if (cookie === undefined) {
      metrics.signInRefused("flow_lost");
      return sendRefusal(reply, flowLost);
    }
    const principal = await oidc.finish(queryOf(request), cookie).catch((error: unknown) => {
      log.warn({ error }, "Single sign-on failed");
      return undefined;
    });
    if (principal === undefined) {
      metrics.signInRefused("flow_lost");
      return sendRefusal(reply, flowLost);
    }
    if (principal === null) {
      metrics.signInRefused("no_role");
      log.warn({}, "Single sign-on of somebody without a role");
      const lang = chooseLanguage(undefined, request.headers["accept-language"]);
      return sendHtml(reply, 403, renderNoRole(lang));
    }
    setCookie(reply, await gatekeeper.startSession(principal, factsOf(request)));
    return sendHtml(reply, 200, renderLeadOn("../../../../"));
  });
}

const flowLost: Refusal = {
  status: 401,
  code: "sign_in_failed",
  message: "The sign-in did not come to its end. Begin again at the page.",
};

function setCookie(reply: FastifyReply, { name, value, options }: CookieToSet): FastifyReply {
  return reply.setCookie(name, value, options);
}

function queryOf({ url }: FastifyRequest): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at + 1);
}
