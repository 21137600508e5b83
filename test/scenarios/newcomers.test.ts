/**
 * Ten ways in which somebody comes to casebridge: an empty folder, a `.env` as far as they know, the commands of the README, and what these
 * say. Each goes wrong first, is told the remedy, and ends with a mirrored case after five commands at most. Real processes, real files.
 */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { expect, onTestFinished } from "vitest";
import { type HuaweiSimulatorOptions, startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { type JiraSimulatorOptions, startJiraSimulator } from "../../simulators/jira/index.ts";
import { livelyRhythm, simulatedEnvironment } from "../../src/commands/demo/environment.ts";
import type { DoctorCheck } from "../../src/commands/doctor/doctor.ts";
import { migrateDatabase } from "../../src/store/database/migrate.ts";
import { MIGRATIONS_DIR, readMigrations } from "../../src/store/database/migrations-folder.ts";
import { makeAuthority } from "../support/authority.ts";
import { startConnectProxy } from "../support/connect-proxy.ts";
import { createTestDatabase } from "../support/database.ts";
import { apiVersion, can, loginEnvs } from "../support/dialect.ts";
import { followDoctor, toFile } from "../support/doctor-words.ts";
import { makeSomeTests } from "../support/extent.ts";
import { type CliResult, runProgram, spawnProgram, type WorkerProcess } from "../support/harness.ts";
import { createTestRedis, hasRedisServer } from "../support/redis.ts";

const { test: path, register } = makeSomeTests("newcomers", 2);
/** Most commands of a path. */
const commandsMax = 5;

type Variables = Readonly<Record<string, string>>;

/** A machine with both services, a database, and an empty folder. */
async function arrive(
  options: {
    readonly huawei?: HuaweiSimulatorOptions;
    readonly jira?: JiraSimulatorOptions;
    readonly migrated?: boolean;
  } = {},
) {
  const huawei = await startHuaweiSimulator(options.huawei ?? {});
  const jira = await startJiraSimulator(options.jira ?? {});
  const database = await createTestDatabase({ migrated: options.migrated ?? false });
  const folder = await mkdtemp(join(tmpdir(), "casebridge-newcomer-"));
  const workers: WorkerProcess[] = [];
  let commands = 0;
  onTestFinished(async () => {
    for (const worker of workers) if (worker.child.exitCode === null) await worker.kill("SIGKILL");
    await huawei.close();
    await jira.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });
  const usual: Variables = {
    ...simulatedEnvironment({ huawei: huawei.url, jira: jira.url }),
    HUAWEI_API_VERSION: apiVersion,
    DATABASE_URL: database.connectionString,
    HTTP_PORT: "0",
    LOG_LEVEL: "warn",
    ...livelyRhythm,
  };
  const place = { cwd: folder, env: { PATH: process.env.PATH ?? "", HOME: folder } };
  const file = (name: string): string => join(folder, name);
  const commandsUsed = (): number => {
    commands += 1;
    return commands;
  };
  return {
    huawei,
    jira,
    database,
    folder,
    file,
    /** Writes `.env`: what everybody needs, and what this newcomer knows. A variable set to "" is left out. */
    writeEnv: (variables: Variables): Promise<void> =>
      writeFile(
        file(".env"),
        Object.entries({ ...usual, ...variables })
          .filter(([, value]) => value !== "")
          .map(([name, value]) => `${name}=${value}\n`)
          .join(""),
      ),
    writeYaml: (text: string): Promise<void> => writeFile(file("casebridge.yaml"), text),
    /** Runs a command as it is typed; it counts. */
    run: async (line: string): Promise<CliResult> => {
      expect(commandsUsed(), line).toBeLessThanOrEqual(commandsMax);
      return runProgram(line.split(" "), place);
    },
    /** Starts the worker, which counts too, waits until `done`, and stops it as an operator does. */
    work: async (done: () => boolean): Promise<void> => {
      expect(commandsUsed(), "worker").toBeLessThanOrEqual(commandsMax);
      const worker = spawnProgram(["worker"], place);
      workers.push(worker);
      const deadline = Date.now() + 60_000;
      while (!done()) {
        if (worker.child.exitCode !== null || Date.now() > deadline)
          throw new Error(`not mirrored: ${worker.output()}`);
        await new Promise((wait) => setTimeout(wait, 100));
      }
      expect(await worker.kill("SIGTERM")).toBe(0);
    },
  };
}

type World = Awaited<ReturnType<typeof arrive>>;

const issues = ({ jira }: World) => jira.control.getState().issues;
const isMirrored = (world: World) => (): boolean =>
  world.huawei.control
    .getState()
    .cases.every(({ caseId }) => issues(world).some(({ labels }) => labels.includes(`hwcase-${caseId}`)));

/** A case is mirrored, and `verify` agrees. */
async function mirrorOne(world: World): Promise<void> {
  world.huawei.control.createCase({ description: "The disk is full" });
  await world.work(isMirrored(world));
  const verified = await world.run("verify --all");
  expect({ code: verified.code, told: verified.code === 0 ? "" : verified.stdout }).toEqual({ code: 0, told: "" });
}

/** The command failed with this code, and what it printed names the trouble and what mends it. */
function expectTold({ code, stdout, stderr }: CliResult, wanted: number, ...said: readonly RegExp[]): void {
  const told = `${stdout}\n${stderr}`.replaceAll(/\s+/g, " ");
  expect({ code, told }).toMatchObject({ code: wanted });
  for (const pattern of said) expect(told).toMatch(pattern);
}

/** Nothing is left to mend. */
function expectFine({ code, stdout, stderr }: CliResult): void {
  expect({ code, told: code === 0 ? "" : `${stdout}\n${stderr}` }).toEqual({ code: 0, told: "" });
}

path("behind a proxy with a sign-in", { timeout: 120_000 }, async () => {
  const world = await arrive();
  const proxy = await startConnectProxy({ credentials: "ann:p@ss" });
  onTestFinished(() => proxy.close());

  await world.writeEnv({ HTTPS_PROXY: `http://ann:guess@127.0.0.1:${proxy.port}` });
  expectTold(await world.run("doctor"), 4, /refused its user or password \(407\)/, /HTTPS_PROXY/);
  await world.writeEnv({ HTTPS_PROXY: `http://ann:p%40ss@127.0.0.1:${proxy.port}` });
  expectFine(await world.run("doctor"));
  await mirrorOne(world);
});

/** The service behind TLS, with a certificate of the company's own authority. */
async function startTls(
  target: string,
  { cert, key }: { readonly cert: string; readonly key: string },
): Promise<string> {
  const server = createTlsServer({ cert, key }, (socket) => {
    const inner = connect(Number(new URL(target).port), "127.0.0.1");
    socket.pipe(inner).pipe(socket);
    for (const one of [socket, inner])
      one.on("error", () => {
        socket.destroy();
        inner.destroy();
      });
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `https://localhost:${typeof address === "object" && address !== null ? address.port : 0}`;
}

path("with a certificate authority of one's own", { timeout: 120_000 }, async () => {
  const world = await arrive();
  const authority = await makeAuthority(world.folder);
  const [huawei, jira] = [await startTls(world.huawei.url, authority), await startTls(world.jira.url, authority)];
  const addresses = { HUAWEI_OSM_ENDPOINT: huawei, HUAWEI_IAM_ENDPOINT: huawei, JIRA_HOST: jira };

  await world.writeEnv(addresses);
  expectTold(await world.run("doctor"), 4, /Company Root/, /CA_FILE/);
  await world.writeEnv({ ...addresses, CA_FILE: "ca.pem" });
  expectFine(await world.run("doctor"));
  await mirrorOne(world);
});

path("with a token that has too few scopes", { timeout: 120_000 }, async () => {
  const world = await arrive();
  world.jira.control.setSettings({ tokenScopes: ["write:jira-work", "read:jira-user"] });

  await world.writeEnv({});
  world.huawei.control.createCase({ description: "The disk is full" });
  expectTold(await world.run("doctor"), 3, /read:jira-work/, /API token with the scope/);
  world.jira.control.setSettings({ tokenScopes: ["read:jira-work", "read:jira-user", "write:jira-work"] });
  expectFine(await world.run("doctor"));
  await mirrorOne(world);
});

path("with an account of the international site", { timeout: 120_000 }, async () => {
  const world = await arrive({ huawei: { settings: { site: "international" } } });

  await world.writeEnv({});
  expectTold(await world.run("doctor"), 3, /HUAWEI_SITE=international/);
  await world.writeEnv({ HUAWEI_SITE: "international" });
  expectFine(await world.run("doctor"));
  await mirrorOne(world);
});

path("by an agency of another account", { timeout: 120_000 }, async () => {
  const domainId = loginEnvs.aksk.HUAWEICLOUD_SDK_DOMAIN_ID;
  const world = await arrive({
    huawei: { agencies: [{ name: "tickets", trustedDomainId: domainId, externalId: "ticket-4711" }] },
  });
  const agency = { HUAWEI_AGENCY_DOMAIN_NAME: "simdomain", HUAWEI_AGENCY_NAME: "tickets" };

  await world.writeEnv({ ...agency, HUAWEI_AGENCY_EXTERNAL_ID: "ticket-1174" });
  expectTold(await world.run("doctor"), 4, /agency/, /HUAWEI_AGENCY_/);
  await world.writeEnv({ ...agency, HUAWEI_AGENCY_EXTERNAL_ID: "ticket-4711" });
  expectFine(await world.run("doctor"));
  await mirrorOne(world);
});

/** Follows what `doctor --json` says in the file, which has one connection. */
async function follow(world: World, told: CliResult, connection: Record<string, unknown>): Promise<void> {
  const next = followDoctor(connection, (told.json as { checks: DoctorCheck[] }).checks);
  expect(next).not.toBeNull();
  await world.writeYaml(toFile(next ?? {}));
}

path("into a service project", { timeout: 120_000 }, async () => {
  const requestTypes = [{ id: "25", name: "报告故障", issueTypeId: "10002" }];
  const world = await arrive({ jira: { settings: { projectSettings: { DESK: { requestTypes } } } } });

  await world.writeEnv({ JIRA_PROJECT_KEY: "DESK" });
  const told = await world.run("doctor --json");
  expectTold(told, 0, /stand in no queue/, /Set issue\.requestType/);
  await follow(world, told, { name: "default" });
  expectFine(await world.run("doctor"));
  await mirrorOne(world);

  expect(issues(world)[0]?.customFields.customfield_10010).toMatchObject({ requestType: { id: "25" } });
});

path("into a project that demands fields", { timeout: 120_000 }, async () => {
  const world = await arrive();
  world.jira.control.setSettings({ requiredFields: ["customfield_10050", "customfield_10051", "customfield_10052"] });

  await world.writeEnv({});
  const told = await world.run("doctor --json");
  expectTold(told, 3, /required and not filled: Region/, /Write below issue\.fields/);
  await follow(world, told, { name: "default" });
  expectFine(await world.run("doctor"));
  await mirrorOne(world);

  expect(issues(world)[0]?.customFields.customfield_10051).toMatchObject({ id: "10200" });
});

path("with two connections in a file", { timeout: 120_000 }, async () => {
  // The cases of the two are told apart by their labels.
  if (!can("labels")) return;
  const world = await arrive();
  const yaml = (jql: string): string => `connections:
  - name: operations
    cases: { labels: [ops] }
    jira: { projectKey: OPS }
  - name: team
    cases: { labels: [team] }
    ${jql}: { projectKey: TEAM }
`;
  world.huawei.control.createCase({ description: "For the team", labels: ["team"] });
  world.huawei.control.createCase({ description: "For operations", labels: ["ops"] });
  await world.writeEnv({});
  await world.writeYaml(yaml("jria"));
  expectTold(await world.run("doctor"), 2, /casebridge\.yaml:7:5/, /Did you mean jira/);
  await world.writeYaml(yaml("jira"));
  expectFine(await world.run("doctor"));
  await world.work(isMirrored(world));
  expectFine(await world.run("verify --all"));

  expect(
    issues(world)
      .map(({ key }) => key.split("-")[0])
      .sort(),
  ).toEqual(["OPS", "TEAM"]);
});

path("with a Redis behind Sentinels", { timeout: 120_000 }, async () => {
  if (!hasRedisServer()) return console.info("there is no redis-server");
  const redis = await createTestRedis();
  const sentinel = await createTestRedis("--sentinel", "cases", new URL(redis?.url ?? "redis://none").port);
  onTestFinished(async () => {
    await sentinel?.stop();
    await redis?.stop();
  });
  const world = await arrive();
  const address = (name: string): string => `redis+sentinel://127.0.0.1:${new URL(sentinel?.url ?? "").port}${name}`;

  await world.writeEnv({ REDIS_URL: address("") });
  expectTold(await world.run("doctor"), 2, /REDIS_URL/, /master-name/);
  await world.writeEnv({ REDIS_URL: address("/case") });
  expectTold(await world.run("doctor"), 3, /queue/, /REDIS_URL/);
  await world.writeEnv({ REDIS_URL: address("/cases") });
  expectFine(await world.run("doctor"));
  await mirrorOne(world);
});

path("from the previous release", { timeout: 120_000 }, async () => {
  const world = await arrive({ migrated: false });
  const before = await mkdtemp(join(tmpdir(), "casebridge-previous-"));
  onTestFinished(() => rm(before, { recursive: true, force: true }));
  const { migrations } = await readMigrations(MIGRATIONS_DIR);
  const last = migrations.at(-1)?.name ?? "";
  await cp(MIGRATIONS_DIR, before, { recursive: true, filter: (source) => !source.includes(last) });
  await migrateDatabase({ connectionString: world.database.connectionString, migrationsDir: before });

  await world.writeEnv({});
  expectTold(await world.run("status"), 2, /migrate/);
  expectTold(await world.run("doctor"), 0, new RegExp(last), /casebridge migrate/);
  expectFine(await world.run("migrate"));
  await mirrorOne(world);
});

register();
