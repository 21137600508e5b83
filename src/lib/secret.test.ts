import { format, inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "./secret.ts";

const secret = new Secret("hunter2");

test.each<[string, () => string]>([
  ["a template literal", () => `${secret}`],
  ["String", () => String(secret)],
  ["concatenation", () => `x${secret}`],
  ["JSON", () => JSON.stringify({ secret, list: [secret] })],
  ["inspect", () => inspect({ deep: { secret } }, { showHidden: true, depth: 9 })],
  ["format", () => format("%s %o %j", secret, secret, secret)],
  ["keys and values", () => JSON.stringify([Object.entries(secret), { ...secret }])],
  ["an error's cause", () => inspect(new Error("failed", { cause: secret }))],
])("a secret is not shown by %s", (_way, print) => {
  expect(print()).not.toContain("hunter2");
});

test("a secret is given by reveal alone", () => {
  expect(secret.reveal()).toBe("hunter2");
});
