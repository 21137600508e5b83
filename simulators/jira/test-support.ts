// Helpers of the tests in this folder: a started stand-in with a clock of its own, and a plain client.

import { type JiraSimulator, type JiraSimulatorOptions, startJiraSimulator } from "./index.ts";
import type { Adf } from "./types.ts";

/** What a call answered. `body` is parsed JSON, or the text when it is none. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any;
}

/** A stand-in under test. */
export interface Bench {
  readonly sim: JiraSimulator;
  readonly clock: { ms: number };
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** The header that the stand-in accepts. */
export const AUTHORIZATION = `Basic ${Buffer.from("bot@example.com:SIMTOKEN").toString("base64")}`;

/** Starts a stand-in whose clock stands still at 2026-11-24T20:30:00.123Z until a test moves it. */
export async function startBench(options: JiraSimulatorOptions = {}): Promise<Bench> {
  const clock = { ms: Date.UTC(2026, 10, 24, 20, 30, 0, 123) };
  const sim = await startJiraSimulator({ now: () => clock.ms, checkAnswers: true, ...options });
  return {
    sim,
    clock,
    call: async (method, path, body, headers = {}) => {
      const response = await fetch(path.startsWith("http") ? path : sim.url + path, {
        method,
        redirect: "manual",
        headers: {
          authorization: AUTHORIZATION,
          ...(body === undefined || body instanceof FormData ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
      });
      return { status: response.status, headers: response.headers, body: parse(await response.text()) };
    },
  };
}

function parse(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

/** A document with one paragraph. */
export function doc(text: string): Adf {
  return { type: "doc", version: 1, content: [{ type: "paragraph", content: [{ type: "text", text }] }] };
}

/** `fields` of a Task. */
export function taskFields(summary: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { project: { key: "OPS" }, issuetype: { id: "10002" }, summary, ...more };
}
