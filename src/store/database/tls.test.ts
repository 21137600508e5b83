import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { pendingMigrations } from "./migrate.ts";

const hasOpenssl = spawnSync("openssl", ["version"], { stdio: "ignore" }).status === 0;
const missing = hasOpenssl ? "" : "skipped, since no openssl is installed: ";
const it = test.skipIf(missing !== "");

let database: TestDatabase;
let folder: string;
let base: string;
const server = createServer(offerTls);
const sockets = new Set<Socket>();

beforeAll(async () => {
  if (!hasOpenssl) return;
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), "casebridge-tls-"));
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  execFileSync("openssl", [...request, ...files, "-subj", "/CN=db.example.com"], { stdio: "ignore" });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = new URL(database.connectionString);
  const address = server.address();
  url.hostname = "127.0.0.1";
  url.port = String(typeof address === "object" && address !== null ? address.port : 0);
  base = url.href;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  if (!hasOpenssl) return;
  rmSync(folder, { recursive: true });
  await database.drop();
});

/** PostgreSQL with TLS: the request for it, its answer, and from then on what the real one says. */
function offerTls(plain: Socket): void {
  sockets.add(plain);
  plain.on("error", () => {});
  plain.once("data", () => {
    plain.write("S");
    const secure = new TLSSocket(plain, {
      isServer: true,
      key: readFileSync(join(folder, "key.pem")),
      cert: readFileSync(join(folder, "cert.pem")),
    });
    const url = new URL(database.connectionString);
    const behind = connect(Number(url.port || 5432), url.hostname);
    for (const [from, to] of [
      [secure, behind],
      [behind, secure],
    ] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  });
}

const use = (query: string): Promise<string[]> => pendingMigrations({ connectionString: `${base}?${query}` });

describe(`${missing}a server with a certificate that nobody vouches for`, () => {
  it("is used with sslmode=require, as libpq has it", async () => {
    expect(await use("sslmode=require")).toEqual([]);
  });

  it("is refused with sslmode=verify-full, and the error names the ways out", async () => {
    await expect(use("sslmode=verify-full")).rejects.toThrow(/not trusted.*sslrootcert=<file>.*sslmode=require/);
  });

  it("is used with sslmode=verify-ca and its authority, whatever its name", async () => {
    expect(await use(`sslmode=verify-ca&sslrootcert=${join(folder, "cert.pem")}`)).toEqual([]);
  });

  it("is refused with sslmode=verify-full and its authority, since it is another host's", async () => {
    await expect(use(`sslmode=verify-full&sslrootcert=${join(folder, "cert.pem")}`)).rejects.toThrow(/not trusted/);
  });
});

test("a server without TLS is told as such", async () => {
  const plain = await createTestDatabase({ migrated: false });
  onTestFinished(() => plain.drop());

  const asked = pendingMigrations({ connectionString: `${plain.connectionString}?sslmode=require` });

  await expect(asked).rejects.toThrow(/offers no TLS.*sslmode=disable/);
});
