/**
 * `npm run docs:pages` makes docs/images/page-*.png: the page's views as the demo's people leave them, in both
 * languages. The real worker runs against both simulators, and a real browser looks at it. Only the hour that the plots show is made up, since
 * nobody waits for it. Needs Chromium (`CHROMIUM`, else
 * /usr/bin/chromium) and a font with Chinese characters. May be repeated.
 */
import { mkdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, chromium } from "playwright-core";
import { startHuaweiSimulator } from "../simulators/huawei/index.ts";
import { startJiraSimulator } from "../simulators/jira/index.ts";
import { type RunningWorker, startWorker } from "../src/bin/worker.ts";
import { demoPace, livelyRhythm, simulatedEnvironment } from "../src/commands/demo/environment.ts";
import { type People, playScene, sceneCount } from "../src/commands/demo/people.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { firstFreePort } from "../src/lib/free-port.ts";
import { silentLogger } from "../src/observability/logger.ts";

/** A README is read over slow lines, too. */
const sizeBytesMax = 200_000;
const waitMs = 120_000;

async function startDemoWorker(huaweiUrl: string, jiraUrl: string, dataDir: string): Promise<RunningWorker> {
  const loaded = loadConfig({
    purpose: "worker",
    isolated: true,
    env: {
      DATA_DIR: dataDir,
      ...simulatedEnvironment({ huawei: huaweiUrl, jira: jiraUrl }),
      ...livelyRhythm,
      ...demoPace,
      COMMENT_HOLD_SECONDS: "1",
      HTTP_PORT: String(await firstFreePort(18_100)),
    },
  });
  if (!loaded.ok) throw loaded.errors;
  return startWorker(loaded.config, silentLogger);
}

/** Plays the demo's script, and on one issue what a timeline should show; answers the link to look at. */
async function live(people: People, { composition: parts }: RunningWorker): Promise<string> {
  for (let scene = 0; scene < sceneCount; scene += 1) {
    playScene(people, scene);
    await sleep(200);
  }
  const until = async <Found>(look: () => Promise<Found | null>): Promise<Found> => {
    const deadline = Date.now() + waitMs;
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      if (Date.now() > deadline) throw new Error("the demo did not come that far in time");
      await sleep(200);
    }
  };
  const failure = await until(async () => {
    const { items } = await parts.admin.listFailures({ reason: "file_refused", limit: 1 });
    return items[0] ?? null;
  });
  const issue = failure.issueKey ?? "";
  people.jira.addComment({ issue, text: "For our own people only", visibility: { value: "Administrators" } });
  people.jira.addComment({ issue, text: "Thank you, it works again." });
  await until(async () => {
    const link = await parts.admin.findLink(issue);
    const comments = (link?.snapshot.mirrors ?? []).filter(({ kind }) => kind === "comment");
    const isDone = comments.some(({ state }) => state === "held") && link?.snapshot.intents.length === 0;
    return isDone && comments.filter(({ state }) => state === "live").length >= 2 ? true : null;
  });
  return failure.linkId ?? "";
}

/** An hour of traffic before the demo began, in waves. */
async function makeUpHour({ composition: parts }: RunningWorker): Promise<void> {
  const wave = (minute: number, length: number, height: number): number =>
    Math.max(0, Math.round(height * Math.sin((2 * Math.PI * minute) / length) + (height * ((minute * 7) % 5)) / 6));
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  const rows = Array.from({ length: 62 }, (_row, ago) => ({
    ...{ connectionName: "default", span: "minute", at: new Date(now - (ago + 2) * 60_000) },
    ...{ toJira: wave(ago, 23, 7), toHuawei: wave(ago, 17, 4), failures: ago < 12 ? 2 : 1 },
    ...{ requestsHuawei: 300 + 40 * wave(ago, 23, 7), requestsJira: 120 + 60 * wave(ago, 17, 4) },
    ...{ oldestP50: wave(ago, 29, 4), oldestP95: wave(ago, 29, 4), oldestMax: wave(ago, 29, 4) },
  }));
  await parts.database.prisma.history.createMany({ data: rows, skipDuplicates: true });
}

/** What an operator does before the pictures are drawn, by the API; answers the dry run. */
async function act(url: string): Promise<string> {
  const ask = async (path: string, body?: unknown): Promise<{ readonly id: string; readonly outcome: unknown }> => {
    const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const headers = { "x-casebridge": "1", "content-type": "application/json" };
    const answer = await fetch(`${url}/api/v1/${path}`, { headers, ...sent });
    return (await answer.json()) as { readonly id: string; readonly outcome: unknown };
  };
  const direction = { connection: "default", direction: "to-huawei" };
  await ask("connections/pause", direction);
  await ask("connections/resume", direction);
  const begun = [await ask("doctor", {}), await ask("resync", { scope: "all", dryRun: true })];
  const [, rehearsed] = begun;
  for (const { id } of begun) while ((await ask(`runs/${id}`)).outcome === null) await sleep(200);
  return rehearsed?.id ?? "";
}

async function draw(browser: Browser, url: string, linkId: string): Promise<void> {
  const rehearsed = await act(url);
  mkdirSync("docs/images", { recursive: true });
  for (const language of ["en", "zh"]) {
    const context = await browser.newContext({ viewport: { width: 1_200, height: 760 }, timezoneId: "Asia/Shanghai" });
    const page = await context.newPage();
    for (const [name, path] of [
      ["overview", "/"],
      ["timeline", `/links/${linkId}`],
      ["failures", "/failures"],
      ["links", "/links"],
      ["resync", `/resync/${rehearsed}`],
      ["connections", "/connections"],
      ["activity", "/activity"],
    ]) {
      const picture = `docs/images/page-${name}-${language}.png`;
      await page.goto(`${url}${path}?lang=${language}`);
      if (name === "timeline")
        await page.evaluate("scrollTo(0, document.querySelector('.sides').getBoundingClientRect().top + scrollY - 60)");
      await page.screenshot({ path: picture, fullPage: name === "failures" });
      const { size } = statSync(picture);
      if (size > sizeBytesMax) throw new Error(`${picture} has ${size} bytes, more than ${sizeBytesMax}`);
      process.stdout.write(`${picture}: ${size} bytes\n`);
    }
    await context.close();
  }
}

const huawei = await startHuaweiSimulator({});
const jira = await startJiraSimulator({});
const dataDir = await mkdtemp(join(tmpdir(), "casebridge-pages-"));
let worker: RunningWorker | null = null;
let browser: Browser | null = null;
try {
  worker = await startDemoWorker(huawei.url, jira.url, dataDir);
  const linkId = await live({ huawei: huawei.control, jira: jira.control }, worker);
  await makeUpHour(worker);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  await draw(browser, worker.url ?? "", linkId);
} finally {
  await browser?.close();
  await worker?.stop();
  await huawei.close();
  await jira.close();
  await rm(dataDir, { recursive: true, force: true });
}
