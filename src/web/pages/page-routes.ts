/**
 * The pages, and what they send. Reading is for everybody who is signed in; each form is guarded (`form-guard.ts`) and for operators alone.
 * After an act the browser is led back to where it came from, which says what was done: a reload repeats nothing.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { directions } from "../../domain/direction.ts";
import type { Log } from "../../sync/ports.ts";
import { addForm, type Fields, ownPlace, readForms } from "../form-guard.ts";
import type { Gatekeeper } from "../gatekeeper.ts";
import { languageOf } from "../language.ts";
import { catalogues, entryOf } from "../texts/texts.ts";
import { factsOf, sendHtml } from "../web-app.ts";
import { renderActivity } from "./activity-page.ts";
import { renderConnections } from "./connections-page.ts";
import { type FailuresInput, renderAsIs, renderDiscard, renderFailures } from "./failures-page.ts";
import { html } from "./html.ts";
import { renderLink, renderUnlink } from "./link-page.ts";
import { renderLinks } from "./links-page.ts";
import { noExtras, renderOverview } from "./overview-page.ts";
import { type FailureChoice, mayRetry, type PageActs, type PagePort } from "./page-port.ts";
import { pageQueries } from "./page-queries.ts";
import { type ResyncInput, renderLostWork, renderResync, renderWork } from "./resync-page.ts";
import type { ReadTexts } from "./timeline.ts";
import { type PageContent, renderPage, type View, withParameter } from "./view.ts";
import type { ResyncAsk } from "./work.ts";

/** What the routes are made of. */
export type PageRoutesInput = {
  readonly port: PagePort;
  readonly gatekeeper: Gatekeeper;
  readonly log: Log;
};

const linesMax = 50;
const groupLinesMax = 5;

/** Adds all pages. */
export function addPages(app: FastifyInstance, input: PageRoutesInput): void {
  app.register(async (scope) => {
    readForms(scope);
    const site = makeSite(scope, input);
    addOverview(site, input);
    const { port } = input;
    addLinks(site, port);
    addFailures(site, port);
    addActivity(site, port);
    addConnections(site, input);
    addResync(site, port);
  });
}

type Site = ReturnType<typeof makeSite>;

/** Who looks, in which language, and what was just done. */
function viewOf(
  request: FastifyRequest,
  { reply, gatekeeper }: { readonly reply: FastifyReply; readonly gatekeeper: Gatekeeper },
): View {
  const language = languageOf(request, { reply, gatekeeper });
  return {
    language,
    t: catalogues[language],
    role: request.principal?.role ?? "viewer",
    canSignOut: gatekeeper.hasSignIn,
    formToken: gatekeeper.formToken(factsOf(request)),
    path: ["lang", "said"].reduce((place, name) => withParameter(place, name, ""), request.url),
    now: new Date(),
    said: saidOf(request, language),
  };
}

function send(reply: FastifyReply, view: View, content: PageContent): FastifyReply {
  return sendHtml(reply, content.status ?? 200, renderPage(view, content));
}

function sendMistake(
  reply: FastifyReply,
  view: View,
  { status, words }: { readonly status: number; readonly words: string },
): FastifyReply {
  const { title } = view.t.mistakes;
  const body = html`<h1>${title}</h1><p role="alert">${words}</p><p><a class="button" href="/">${view.t.views.overview}</a></p>`;
  return send(reply, view, { name: "overview", title, body, status });
}

/** How pages and forms are added: the frame, wrong filters, mistakes and the way back are alike for all. */
function makeSite(scope: FastifyInstance, { gatekeeper, log, port }: PageRoutesInput) {
  return {
    /** A page: `draw` answers what stands in the frame, `null` = there is nothing here. */
    page<Query extends z.ZodObject>(
      url: string,
      query: Query,
      draw: (view: View, query: z.output<Query>, request: FastifyRequest) => Promise<PageContent | null>,
    ): void {
      scope.get(url, { config: { page: true } }, async (request, reply) => {
        const view = viewOf(request, { reply, gatekeeper });
        const given = Object.entries((request.query ?? {}) as Record<string, unknown>).filter(
          ([name, value]) => value !== "" && name !== "lang" && name !== "said",
        );
        const parsed = query.safeParse(Object.fromEntries(given));
        if (!parsed.success) return sendMistake(reply, view, { status: 400, words: view.t.mistakes.badQuery });
        try {
          const content = await draw(view, parsed.data, request);
          return content === null
            ? sendMistake(reply, view, { status: 404, words: view.t.mistakes.notFound })
            : send(reply, view, content);
        } catch (error) {
          log.error({ error, route: url }, "Page cannot be drawn");
          return sendMistake(reply, view, { status: 503, words: view.t.mistakes.unreadable });
        }
      });
    },
    /** A form: `act` does it and answers what to say, or a page to show at once. */
    form(
      url: string,
      act: (given: {
        readonly acts: PageActs;
        readonly fields: Fields;
        readonly view: View;
        readonly request: FastifyRequest;
      }) => Promise<Said | { readonly page: PageContent } | { readonly goTo: string } | { readonly refused: string }>,
    ): void {
      addForm(scope, {
        url,
        gatekeeper,
        refuse: (request, reply) => {
          const view = viewOf(request, { reply, gatekeeper });
          return sendMistake(reply, view, { status: 403, words: view.t.mistakes.stale });
        },
        handle: async (request, reply, fields) => {
          const view = viewOf(request, { reply, gatekeeper });
          const back = ownPlace(fields.back, "/");
          const acts = port.actAs(request.principal?.actor ?? "unnamed");
          try {
            const answer = await act({ acts, fields, view, request });
            if ("page" in answer) return send(reply, view, answer.page);
            if ("refused" in answer) return sendMistake(reply, view, { status: 409, words: answer.refused });
            if ("goTo" in answer) return reply.redirect(answer.goTo, 303);
            return reply.redirect(withParameter(back, "said", `${answer.said}.${answer.count}`), 303);
          } catch (error) {
            log.error({ error, route: url }, "Act of the page failed");
            return sendMistake(reply, view, { status: 500, words: view.t.mistakes.failed });
          }
        },
      });
    },
  };
}

/** What an act tells when the browser is back. */
type Said = { readonly said: keyof (typeof catalogues)["en"]["said"]; readonly count: number };

function saidOf(request: FastifyRequest, language: View["language"]): string | null {
  const { said } = (request.query ?? {}) as { readonly said?: unknown };
  const [, word = "", count = ""] = /^([a-z]{1,20})\.(\d{1,9})$/i.exec(typeof said === "string" ? said : "") ?? [];
  return entryOf<(count: number) => string>(catalogues[language].said, word)?.(Number(count)) ?? null;
}

function addOverview(site: Site, { port, log }: PageRoutesInput): void {
  site.page("/", pageQueries.overview, async (view, { span = "hour", connection }) => {
    const failed = (error: unknown): null => {
      log.error({ error }, "Overview cannot be read");
      return null;
    };
    const [report, extras, points] = await Promise.all([
      port.status().catch(failed),
      port.overview().catch(failed),
      port.history({ span, connection }).catch(failed),
    ]);
    return renderOverview(view, report, { ...(extras ?? noExtras), history: { span, connection, points } });
  });
}

function addLinks(site: Site, port: PagePort): void {
  site.page("/links", pageQueries.links, async (view, { waiting, cursor, ...filter }) => {
    const asked = waiting === undefined ? {} : { waiting: waiting === "yes" };
    const { items, nextCursor } = await port.links({ ...filter, ...asked, cursor, limit: linesMax });
    return renderLinks(view, {
      filter: { ...filter, waiting },
      connections: port.connections,
      links: items,
      nextCursor,
    });
  });
  const drawLink = async (
    view: View,
    id: string,
    given: { readonly cursor: string | undefined; readonly texts: ReadTexts | null },
  ) => {
    const found = await port.link(id, given.cursor);
    if (found === null) return null;
    const { items } = await port.acts({ linkId: id, limit: linesMax });
    return renderLink(view, { found, acts: items, texts: given.texts });
  };
  site.page("/links/:id", pageQueries.cursor, (view, { cursor }, request) =>
    drawLink(view, idOf(request), { cursor, texts: null }),
  );
  site.page("/links/:id/unlink", pageQueries.none, async (view, _query, request) => {
    const found = await port.link(idOf(request), undefined);
    return found === null || view.role !== "operator" ? null : renderUnlink(view, found);
  });
  site.form("/links/:id/unlink", async ({ acts, request }) => ({
    said: (await acts.unlink(idOf(request))) ? "unlinked" : "before",
    count: 1,
  }));
  site.form("/links/:id/texts", async ({ acts, view, request }) => {
    const id = idOf(request);
    const shown = { ...view, path: `/links/${id}` };
    const page = await drawLink(shown, id, { cursor: undefined, texts: await acts.readTexts(id) });
    return page === null ? { goTo: "/links" } : { page };
  });
}

function addFailures(site: Site, port: PagePort): void {
  const { connections } = port;
  site.page("/failures", pageQueries.failures, async (view, { reason, connection, cursor }) => {
    const groups = await port.failureGroups(connection);
    const filter: FailuresInput["filter"] = { reason, connection };
    if (reason === undefined) {
      const shown = groups.map((group) => ({ ...group, newest: group.newest.slice(0, groupLinesMax) }));
      return renderFailures(view, { filter, connections, groups: shown, nextCursor: null });
    }
    const group = groups.find((entry) => entry.reason === reason);
    if (group === undefined) return renderFailures(view, { filter, connections, groups: [], nextCursor: null });
    const { items, nextCursor } = await port.failures({ reason, connection, cursor, limit: linesMax });
    return renderFailures(view, { filter, connections, groups: [{ ...group, newest: items }], nextCursor });
  });
  site.page("/failures/discard", pageQueries.discard, async (view, { id, reason, connection, back }) => {
    if (view.role !== "operator") return null;
    if (id !== undefined) {
      const failure = await port.failure(id);
      if (failure === null) return null;
      return renderDiscard(view, {
        count: 1,
        reason: failure.reason,
        fields: { id },
        back: ownPlace(back, "/failures"),
      });
    }
    const group = (await port.failureGroups(connection)).find((entry) => entry.reason === reason);
    if (group === undefined || reason === undefined) return null;
    const fields = { reason, ...(connection === undefined ? {} : { connection }) };
    return renderDiscard(view, { count: group.count, reason, fields, back: "/failures" });
  });
  site.page("/failures/as-is", pageQueries.id, async (view, { id }) => {
    const failure = view.role === "operator" && id !== undefined ? await port.failure(id) : null;
    return failure === null ? null : renderAsIs(view, { id: failure.id, item: failure.item });
  });
  site.form("/failures/retry", async ({ acts, fields }) => {
    const word = fields.word === "masked" || fields.word === "as_is" ? fields.word : null;
    const choice = choiceOf(fields);
    if (choice === null || !mayRetry(choice, word)) return { said: "before", count: 0 };
    return countOf("retried", (await acts.retry(choice, word)) ?? 0);
  });
  site.form("/failures/discard", async ({ acts, fields }) => {
    const choice = choiceOf(fields);
    return choice === null ? { said: "before", count: 0 } : countOf("discarded", await acts.discard(choice));
  });
}

function addActivity(site: Site, port: PagePort): void {
  site.page("/activity", pageQueries.activity, async (view, { since, cursor, ...filter }) => {
    const from = since === undefined ? {} : { since: new Date(`${since}T00:00:00Z`) };
    const { items, nextCursor } = await port.acts({ ...filter, ...from, cursor, limit: linesMax });
    return renderActivity(view, {
      filter: { ...filter, since },
      connections: port.connections,
      acts: items,
      nextCursor,
    });
  });
}

function addConnections(site: Site, { port, log }: PageRoutesInput): void {
  site.page("/connections", pageQueries.none, async (view) => {
    const report = await port.status().catch((error: unknown) => {
      log.error({ error }, "Connections cannot be read");
      return null;
    });
    const doctor = port.recentWork().find(({ kind }) => kind === "doctor") ?? null;
    const content = renderConnections(view, { status: report, settings: port.settings(), doctor });
    return doctor !== null && doctor.outcome === null ? { ...content, refreshSeconds: 2 } : content;
  });
  for (const act of ["pause", "resume"] as const)
    site.form(`/connections/${act}`, async ({ acts, fields: { connection = "", direction } }) => {
      const known = directions.find((entry) => entry === direction);
      if (known === undefined || !port.connections.includes(connection)) return { said: "before", count: 0 };
      await acts.setPaused({ connection, direction: known, paused: act === "pause" });
      return { said: act === "pause" ? "paused" : "resumed", count: 1 };
    });
  site.form("/connections/doctor", async ({ acts, view }) => {
    const id = acts.examine();
    return id === null ? { refused: view.t.mistakes.busy } : { goTo: "/connections" };
  });
}

function addResync(site: Site, port: PagePort): void {
  const recent = () => port.recentWork().filter(({ kind }) => kind !== "doctor");
  const draw = (view: View, mistake: ResyncInput["mistake"]): PageContent =>
    renderResync(view, { connections: port.connections, recent: recent(), mistake });
  site.page("/resync", pageQueries.none, async (view) => draw(view, null));
  site.page("/resync/:id", pageQueries.none, async (view, _query, request) => {
    const work = port.work(idOf(request));
    return work === null || work.kind === "doctor" ? renderLostWork(view) : renderWork(view, work);
  });
  for (const act of ["rehearse", "do"] as const)
    site.form(`/resync/${act}`, async ({ acts, fields, view }) => {
      const ask = askOf(fields, port.connections);
      const shown = { ...view, path: "/resync" };
      if (typeof ask === "string") return { page: draw(shown, ask) };
      const id = act === "do" ? acts.resync(ask) : acts.rehearse(ask);
      return id === null ? { page: draw(shown, "busy") } : { goTo: `/resync/${id}` };
    });
}

function askOf(fields: Fields, connections: readonly string[]): ResyncAsk | "nameMissing" | "sinceMissing" {
  const connection = connections.find((name) => name === fields.connection) ?? null;
  if (fields.scope === "all") return { scope: "all", connection };
  if (fields.scope === "since") {
    const since = new Date(`${fields.since ?? ""}T00:00:00Z`);
    return Number.isNaN(since.getTime()) ? "sinceMissing" : { scope: "since", since, connection };
  }
  const name = (fields.name ?? "").trim();
  return name === "" || name.length > 200 ? "nameMissing" : { scope: "one", name, connection };
}

function choiceOf({ id, reason, connection }: Fields): FailureChoice | null {
  if (id !== undefined && id !== "") return { kind: "ids", ids: [id] };
  return reason === undefined || reason === "" ? null : { kind: "reason", reason, connection: connection ?? null };
}

/** Nothing was changed where somebody else was faster. */
function countOf(said: "retried" | "discarded", count: number): Said {
  return count === 0 ? { said: "before", count } : { said, count };
}

function idOf(request: FastifyRequest): string {
  return (request.params as { readonly id: string }).id;
}
