import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeTokenStore } from "./login-tokens.ts";
import { emptyDatabase, makeTestDatabase, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await makeTestDatabase();
});
afterAll(async () => {
  await database.drop();
});
beforeEach(async () => {
  await emptyDatabase(database);
});

function token(tokenId: string) {
  return {
    tokenId,
    salt: Uint8Array.of(1, 2),
    sealed: Uint8Array.of(0, 255),
    renewAt: new Date("2026-11-24T00:00:00Z"),
    expiresAt: new Date("2026-11-25T00:00:00Z"),
  };
}

test("one replica renews at a time, and all read what it saved", async () => {
  const [first, second] = [1, 2].map(() => makeTokenStore({ prisma: database.prisma, key: "a" }));
  if (first === undefined || second === undefined) throw new Error("no stores");

  const claims = await Promise.all([first.claimRenewal(60_000), second.claimRenewal(60_000)]);
  const [holder, other] = claims[0] ? [first, second] : [second, first];
  await other.releaseRenewal();

  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await other.claimRenewal(60_000)).toBe(false);
  await holder.save(token("t1"));
  const read = await other.find();
  expect({ ...read, salt: [...(read?.salt ?? [])], sealed: [...(read?.sealed ?? [])] }).toEqual({
    ...token("t1"),
    salt: [1, 2],
    sealed: [0, 255],
  });
  expect(await other.claimRenewal(60_000)).toBe(true);
});

test("a claim whose holder is gone ends by itself", async () => {
  const store = makeTokenStore({ prisma: database.prisma, key: "a" });
  expect(await store.claimRenewal(-1)).toBe(true);

  expect(await makeTokenStore({ prisma: database.prisma, key: "a" }).claimRenewal(60_000)).toBe(true);
});

test("only the token that was refused is discarded", async () => {
  const store = makeTokenStore({ prisma: database.prisma, key: "a" });
  await store.save(token("t2"));

  await store.discard("t1");
  expect((await store.find())?.tokenId).toBe("t2");
  await store.discard("t2");

  expect(await store.find()).toBeNull();
});
