import { expect, test } from "vitest";
import { ServiceError } from "../domain/service-error.ts";
import { makeMetrics } from "../observability/metrics.ts";
import { observeBudget, observePort } from "./observed-port.ts";

type Port = { ask(question: string): Promise<string> };

const refused = new ServiceError({
  side: "jira",
  kind: "unauthorized",
  operation: "ask",
  status: 401,
  code: null,
  requestId: null,
  retryAfterMs: null,
  outcomeUnknown: false,
  detail: "no",
});

function portOf(token: string, valid: () => string): Port {
  return {
    ask: async (question) => {
      if (token !== valid()) throw refused;
      return `${question} by ${token}`;
    },
  };
}

test("a refused credential is renewed once its file holds another one, and the calls that met it are made again", async () => {
  let valid = "old";
  let inFile = "old";
  let known = "old";
  const changes: boolean[] = [];
  const port = observePort<Port>(
    portOf("old", () => valid),
    {
      side: "jira",
      connection: "default",
      metrics: makeMetrics({ processMetrics: false }),
      onRefused: (isRefused) => changes.push(isRefused),
      renew: () => {
        if (inFile === known) return null;
        known = inFile;
        return portOf(inFile, () => valid);
      },
    },
  );

  expect(await port.ask("first")).toBe("first by old");
  valid = "new";
  await expect(port.ask("second")).rejects.toBe(refused);
  inFile = "new";
  expect(await Promise.all([port.ask("third"), port.ask("fourth")])).toEqual(["third by new", "fourth by new"]);
  expect(changes).toEqual([false, true, false]);
});

test("a budget tells each request that it let go, and none that it refused", async () => {
  let taken = 0;
  const onRequest = (): void => {
    taken += 1;
  };
  const refusing = new Error("paused");
  const budget = observeBudget(
    { take: async (lane) => (lane === "check" ? Promise.reject(refusing) : undefined), pause: async () => {} },
    { side: "jira", metrics: makeMetrics({ processMetrics: false }), onRequest },
  );

  await budget.take("live");
  await expect(budget.take("check")).rejects.toBe(refusing);

  expect(taken).toBe(1);
});
