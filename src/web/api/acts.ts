/** What operators do through the API: the acts of the page, by the same port and with the same audit. */
import type { FastifyInstance } from "fastify";
import type { FailureChoice, PageActs, PagePort } from "../pages/page-port.ts";
import type { ResyncAsk } from "../pages/work.ts";
import { type ActAnswer, addActing } from "./route.ts";
import type { ApiValue } from "./schemas.ts";

/** Adds the routes. */
export function addActs(app: FastifyInstance, port: PagePort): void {
  addFailureActs(app, port);
  addConnectionActs(app, port);
  addActing(
    app,
    {
      url: "/api/v1/links/:id/unlink",
      operationId: "unlink",
      summary: "Ends a pairing for good. Both sides stay as they are.",
      body: "Nothing",
      answer: { status: 200, schema: "Change", description: "It is ended." },
      refusals: ["not_found"],
      act: async (acts, _body, { id }) =>
        (await port.link(id, undefined)) === null ? "not_found" : { done: { changed: await acts.unlink(id) } },
    },
    port,
  );
  addActing(
    app,
    {
      url: "/api/v1/resync",
      operationId: "resync",
      summary: "Begins a re-sync, or with `dryRun` tells what it would write. `GET /api/v1/runs/{id}` follows it.",
      body: "Resync",
      answer: { status: 202, schema: "Run", description: "It has begun." },
      refusals: ["not_found", "busy"],
      act: async (acts, body) => {
        const ask = askOf(body);
        if (ask.connection !== null && !port.connections.includes(ask.connection)) return "not_found";
        return begun(port, body.dryRun ? acts.rehearse(ask) : acts.resync(ask));
      },
    },
    port,
  );
  addActing(
    app,
    {
      url: "/api/v1/doctor",
      operationId: "examine",
      summary: "Lets the doctor look at everything. `GET /api/v1/runs/{id}` follows it.",
      body: "Nothing",
      answer: { status: 202, schema: "Run", description: "It has begun." },
      refusals: ["busy"],
      act: async (acts) => begun(port, acts.examine()),
    },
    port,
  );
}

function addFailureActs(app: FastifyInstance, port: PagePort): void {
  const answer = { status: 200, schema: "Count", description: "How many were; others were done before." } as const;
  addActing(
    app,
    {
      url: "/api/v1/failures/retry",
      operationId: "retryFailures",
      summary: "Tries failures again, a thousand at most.",
      ...{ body: "Retry", answer, refusals: [] },
      act: async (acts, body) => {
        const count = await acts.retry(choiceOf(body), body.word ?? null);
        return count === null ? { mistake: "word is for what the text guard holds alone." } : { done: { count } };
      },
    },
    port,
  );
  addActing(
    app,
    {
      url: "/api/v1/failures/discard",
      operationId: "discardFailures",
      summary: "Gives failures up for good, a thousand at most: what they stand for is never mirrored.",
      ...{ body: "Discard", answer, refusals: [] },
      act: async (acts, body) => ({ done: { count: await acts.discard(choiceOf(body)) } }),
    },
    port,
  );
}

function addConnectionActs(app: FastifyInstance, port: PagePort): void {
  for (const act of ["pause", "resume"] as const)
    addActing(
      app,
      {
        url: `/api/v1/connections/${act}`,
        operationId: act,
        summary:
          act === "pause"
            ? "Stops one direction of a connection. Nothing is lost meanwhile."
            : "Lets one direction of a connection go on.",
        body: "Pause",
        answer: { status: 200, schema: "Released", description: "It is done." },
        refusals: ["not_found"],
        act: async (acts: PageActs, { connection, direction }) => {
          if (!port.connections.includes(connection)) return "not_found";
          return { done: { released: await acts.setPaused({ connection, direction, paused: act === "pause" }) } };
        },
      },
      port,
    );
}

function choiceOf({ ids, reason = "", connection }: ApiValue<"Discard">): FailureChoice {
  return ids === undefined ? { kind: "reason", reason, connection: connection ?? null } : { kind: "ids", ids };
}

function askOf({ scope, name = "", since, ...given }: ApiValue<"Resync">): ResyncAsk {
  const connection = given.connection ?? null;
  if (scope === "one") return { scope, name, connection };
  return scope === "all" ? { scope, connection } : { scope, since: new Date(since ?? 0), connection };
}

function begun(port: PagePort, id: string | null): ActAnswer<"Run"> {
  const work = id === null ? null : port.work(id);
  return work === null ? "busy" : { done: work };
}
