import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { makeSeal } from "./seal.ts";

test("a sealed text opens with its key in its place, and nowhere else", () => {
  const seal = makeSeal(randomBytes(32));

  const sealed = seal.seal("密码 and text", "link 1");

  expect(sealed).not.toContain("text");
  expect(seal.seal("密码 and text", "link 1")).not.toBe(sealed);
  expect(seal.open(sealed, "link 1")).toBe("密码 and text");
  expect(seal.open(sealed, "link 2")).toBeNull();
  expect(makeSeal(randomBytes(32)).open(sealed, "link 1")).toBeNull();
  expect(seal.open(`A${sealed.slice(1)}`, "link 1")).toBeNull();
  expect(seal.open("", "link 1")).toBeNull();
});

test("a key of another length is refused", () => {
  expect(() => makeSeal(randomBytes(16))).toThrow(RangeError);
});
