import { hostname, userInfo } from "node:os";
import { expect, test } from "vitest";
import { commandActor } from "./actor.ts";

test("a command is the act of the operating system's user on this host, behind sudo of who called it", () => {
  const own = `${userInfo().username}@${hostname()}`;

  expect(commandActor({})).toBe(own);
  expect(commandActor({ SUDO_USER: "alice" })).toBe(`alice as ${own}`);
  expect(commandActor({ SUDO_USER: "a\nb" })).toBe(`ab as ${own}`);
});
