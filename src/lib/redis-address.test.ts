import { expect, test } from "vitest";
import { parseRedisAddress, RedisAddressError } from "./redis-address.ts";

test.each([
  ["redis://h", { host: "h", port: 6379 }],
  ["rediss://:p%40ss@h:7000/2", { host: "h", port: 7000, password: "p@ss", db: 2, tls: {} }],
  [
    "redis://user:p@[::1]:6380/0?family=6",
    { host: "::1", port: 6380, username: "user", password: "p", db: 0, family: 6 },
  ],
  [
    "redis+sentinel://:p@one:26379,two,[::1]:26380/mymaster/3",
    {
      password: "p",
      db: 3,
      name: "mymaster",
      sentinels: [
        { host: "one", port: 26379 },
        { host: "two", port: 26379 },
        { host: "::1", port: 26380 },
      ],
    },
  ],
])("reads %s", (text, address) => {
  expect(parseRedisAddress(text)).toEqual(address);
});

test.each([
  ["http://h", "cannot be read"],
  ["redis://", "cannot be read"],
  ["redis://h/zero", "names a database"],
  ["redis://a,b", "redis+sentinel://"],
  ["redis+sentinel://h:26379", "names no group"],
  ["redis+sentinel://h:26379/a/0/x", "names no group"],
  ["redis://h:port", "cannot be read"],
  ["redis://h?tls=true", "has the parameter tls"],
  ["redis://h?family=5", "has family"],
  ["redis://:secret%@h", "escapes nothing"],
])("refuses %s by name", (text, message) => {
  expect(() => parseRedisAddress(text)).toThrow(RedisAddressError);
  expect(() => parseRedisAddress(text)).toThrow(message);
  expect(() => parseRedisAddress(text)).not.toThrow(/secret/);
});
