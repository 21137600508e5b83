// Helpers of the tests in this folder: a server that answers as told, and a client whose time only moves when it sleeps.

import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Lane } from "../domain/lane.ts";
import { isServiceError, type ServiceError } from "../domain/service-error.ts";
import { makeHttpSender } from "../lib/http.ts";
import { Secret } from "../lib/secret.ts";
import { makeServiceClock } from "../lib/service-clock.ts";
import type { Log } from "../sync/ports.ts";
import { makeJiraClient } from "./jira-client.ts";
import { makeTransport } from "./transport.ts";

/** A request as the server saw it. */
export type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** What to do with a request: answer, or cut or keep the connection. */
export type Reaction =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | "reset"
  | "hang";

/** A server with its requests, and a client at it. */
export type Bench = Awaited<ReturnType<typeof startBench>>;

/** Starts a server that answers with `react`; JSON unless the headers say otherwise. */
export async function startServer(react: (seen: Seen, nth: number) => Reaction | Promise<Reaction>) {
  const requests: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "", url = "", headers } = request;
    const seen = { method, url, headers, body: Buffer.concat(chunks).toString("utf8") };
    requests.push(seen);
    perform(await react(seen, requests.length), response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function perform(reaction: Reaction, response: ServerResponse): void {
  if (reaction === "hang") return;
  if (reaction === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  const body = reaction.body === undefined ? "" : reaction.body;
  response.writeHead(reaction.status, { "content-type": "application/json", ...reaction.headers });
  response.end(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

/**
 * Starts a server and makes a client and a transport whose sleeping takes no time; everything they do is written down. A test in which
 * many requests share this machine's processors gives a call more time to be answered than the quarter of a second that ends a hung one.
 */
export async function startBench(
  react: (seen: Seen, nth: number) => Reaction | Promise<Reaction>,
  { callMs = 250 }: { readonly callMs?: number } = {},
) {
  const server = await startServer(react);
  const slept: number[] = [];
  const lanes: Lane[] = [];
  const pauses: number[] = [];
  const logged: unknown[] = [];
  let nowMs = Date.UTC(2026, 10, 24, 20, 30);
  const write = (fields: unknown, message: string) => logged.push([fields, message]);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const deps = {
    options: {
      host: server.url,
      email: "bot@example.com",
      apiToken: new Secret("TOKEN-1"),
      projectKey: "OPS",
      issueType: "Task",
    },
    budget: {
      take: async (lane: Lane) => void lanes.push(lane),
      pause: async (pauseMs: number) => void pauses.push(pauseMs),
    },
    log,
    clock: { now: () => new Date(nowMs) },
    timeouts: { connectMs: 1_000, callMs, fileMs: 1_000 },
    sleep: async (pauseMs: number) => {
      slept.push(pauseMs);
      nowMs += pauseMs;
    },
    random: () => 0.5,
    inServiceProject: "public" as const,
  };
  return {
    ...server,
    client: makeJiraClient(deps),
    transport: makeTransport({ ...deps, serviceClock: makeServiceClock(deps.clock), send: makeHttpSender() }),
    slept,
    lanes,
    pauses,
    logged,
    nowMs: () => nowMs,
  };
}

/** The `ServiceError` that a call ends with; anything else fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await work.then(
    () => new Error("nothing was thrown"),
    (reason: unknown) => reason,
  );
  if (!isServiceError(error)) throw error;
  return error;
}
