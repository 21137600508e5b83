import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { PostgresAddressError, parsePostgresAddress } from "./address.ts";

const base = "postgresql://us%40er:p%3Aw%2Fd@db.example.com:6543/case%20bridge";

test("reads host, port, log-in and database", () => {
  const { client, schema, connectionsMax } = parsePostgresAddress(base);

  expect(client).toEqual({
    host: "db.example.com",
    port: 6543,
    user: "us@er",
    password: "p:w/d",
    database: "case bridge",
  });
  expect({ schema, connectionsMax }).toEqual({ schema: null, connectionsMax: null });
});

test("takes a folder of sockets as host", () => {
  expect(parsePostgresAddress("postgresql:///db?host=/var/run/postgresql").client).toMatchObject({
    host: "/var/run/postgresql",
    database: "db",
  });
});

test.each([
  ["sslmode=disable", false],
  ["sslmode=require", { rejectUnauthorized: false }],
  ["sslmode=no-verify", { rejectUnauthorized: false }],
  ["sslmode=verify-full", {}],
  ["sslmode=verify-full&sslrootcert=system", true],
  ["ssl=true", {}],
])("%s means what it means to libpq", (query, ssl) => {
  expect(parsePostgresAddress(`${base}?${query}`).client.ssl).toEqual(ssl);
});

test("a named authority is verified: with verify-ca and require whatever the host's name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "casebridge-address-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "root.pem");
  await writeFile(file, "PEM");
  const sslOf = (mode: string) => parsePostgresAddress(`${base}?sslmode=${mode}&sslrootcert=${file}`).client.ssl;

  expect(sslOf("verify-full")).toEqual({ ca: "PEM" });
  expect(sslOf("verify-ca")).toEqual({ ca: "PEM", checkServerIdentity: expect.any(Function) });
  expect(sslOf("require")).toEqual({ ca: "PEM", checkServerIdentity: expect.any(Function) });
});

test("reads what Prisma's and libpq's parameters say of pools and waits", () => {
  const query =
    "schema=case_bridge&connection_limit=7&connect_timeout=3&pool_timeout=5&socket_timeout=9&pgbouncer=true";

  expect(parsePostgresAddress(`${base}?${query}`)).toMatchObject({
    schema: "case_bridge",
    connectionsMax: 7,
    connectTimeoutMs: 5_000,
    answerTimeoutMs: 9_000,
  });
});

test.each([
  ["?sslmode=prefer", "leaves open whether the connection is encrypted"],
  ["?sslmode=allow", "leaves open whether the connection is encrypted"],
  ["?sslmode=verify-ca", "sslrootcert=<file of the authority>"],
  ["?sslmode=verify-ca&sslrootcert=system", "sslrootcert=<file of the authority>"],
  ["?sslmode=verify_full", "none of libpq's"],
  ["?ssl=true&sslmode=require", "leave only sslmode"],
  ["?ssl=yes", "not true or false"],
  ["?sslmode=verify-full&sslrootcert=/nowhere/root.pem", "cannot be read (ENOENT)"],
  ["?schema=Case-Bridge", "has schema with a name"],
  ["?schema=pg_catalog", "has schema with a name"],
  ["?connection_limit=1", "whole number from 2"],
  ["?connect_timeout=soon", "has connect_timeout"],
  ["?options=-c%20search_path%3Dx", "use ?schema="],
  ["?channel_binding=require", "cannot honour"],
  ["?target_session_attrs=standby", "cannot honour"],
  ["?sslpassword=x", "has the parameter sslpassword"],
])("refuses %s by name", (query, message) => {
  expect(() => parsePostgresAddress(base + query)).toThrow(message);
});

test.each(["postgresql://user:secret@one:5432,two:5432/db", "postgresql://user:secret@host:port/db"])(
  "refuses what it cannot read without repeating it",
  (address) => {
    expect(() => parsePostgresAddress(address)).toThrow(PostgresAddressError);
    expect(() => parsePostgresAddress(address)).not.toThrow(/secret/);
  },
);
