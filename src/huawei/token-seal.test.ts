import { expect, test } from "vitest";
import { Secret } from "../lib/secret.ts";
import { makeTokenSeal } from "./token-seal.ts";

const text = JSON.stringify({ token: "T".repeat(5_000), projectId: "p" });

test("what one process seals, another with the same password opens", async () => {
  const { salt, sealed } = await makeTokenSeal(new Secret("right"), "owner").seal(text);

  expect(await makeTokenSeal(new Secret("right"), "owner").open(salt, sealed)).toBe(text);
  expect(Buffer.from(sealed).toString("latin1")).not.toContain("TTTT");
});

test("another password, another owner, changed or cut bytes open nothing", async () => {
  const { salt, sealed } = await makeTokenSeal(new Secret("right"), "owner").seal(text);
  const changed = Uint8Array.from(sealed, (byte, index) => (index === 40 ? byte ^ 1 : byte));

  expect(await makeTokenSeal(new Secret("wrong"), "owner").open(salt, sealed)).toBeNull();
  expect(await makeTokenSeal(new Secret("right"), "other").open(salt, sealed)).toBeNull();
  expect(await makeTokenSeal(new Secret("right"), "owner").open(salt, changed)).toBeNull();
  expect(await makeTokenSeal(new Secret("right"), "owner").open(salt, sealed.subarray(0, 20))).toBeNull();
});
