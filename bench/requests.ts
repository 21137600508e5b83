/** How many requests: an idle round, a first import, one change. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startProcessorMeter } from "./processor.ts";
import { type Bench, describeCounts, type Line, noCrons, startWorld, type World } from "./world.ts";

/** Requests of one idle round over 1,000 and 10,000 links. */
export const idleRound: Bench = {
  name: "idle-round",
  what: "requests of an idle round over 1,000 and 10,000 links",
  async run(quick) {
    const lines: Line[] = [];
    for (const links of quick ? [200] : [1_000, 10_000]) {
      const world = await startWorld({ links, env: noCrons });
      try {
        // The first worker learns the cohorts' cursors.
        await (await world.startWorker()).kill("SIGTERM");
        world.resetRequests();
        await world.startWorker();
        const [huawei, jira] = [world.huawei.getRequests(), world.jira.getRequests()];
        const [huaweiMax, jiraMax] = [2 * Math.ceil(links / 100) + 6, 1];
        lines.push({
          promise: `Idle round over ${links.toLocaleString("en")} links: requests to Huawei and to Jira`,
          bound: `${huaweiMax} and ${jiraMax}`,
          measured: `${huawei.total} and ${jira.total}`,
          ok: huawei.total <= huaweiMax && jira.total <= jiraMax && huawei.writes + jira.writes === 0,
          note: `${describeCounts(huawei.byOperation)}; ${describeCounts(jira.byOperation)}. No issue was updated (U = 0).`,
        });
      } finally {
        await world.close();
      }
    }
    return lines;
  },
};

const copyOperations = ["createIssue", "addComment", "addAttachment"];
const stampOperations = ["bulkSetIssuePropertiesByIssue", "getTask", "setIssueProperty"];

/** Requests and time of a first import, against the bare loop. */
export const firstImport: Bench = {
  name: "import",
  what: "requests and time of a first import, against a bare loop",
  async run(quick) {
    const cases = quick ? 40 : 200;
    const sizes = { cases, messages: cases * 2, files: cases / 2 };
    const least =
      Math.ceil(cases / 100) + cases + sizes.files + cases + sizes.messages + sizes.files + Math.ceil(cases / 50);
    const bare = await inFilledWorld(sizes, async (world) => {
      await runBareLoop(world);
      return readRun(world);
    });
    let processor = "";
    const product = await inFilledWorld(sizes, async (world) => {
      const readProcessor = startProcessorMeter([world.spawnWorker({ WORKER_CONCURRENCY: "8" })]);
      await world.waitUntil(() => countCopies(world) >= cases + sizes.messages + sizes.files, "the import", 180_000);
      processor = readProcessor();
      await world.waitUntil(
        async () => (await world.sql.query('SELECT 1 FROM links WHERE "markStampedAt" IS NULL')).rowCount === 0,
        "all stamps",
        90_000,
      );
      return readRun(world);
    });
    const ratio = product.wallMs / bare.wallMs;
    return [
      {
        promise: `First import of C = ${cases}, M = ${sizes.messages}, F = ${sizes.files}: requests`,
        bound: `${Math.floor(1.03 * least)} (1.03 × B = ${least})`,
        measured: `${product.requests} (${(product.requests / least).toFixed(3)} × B; bare loop ${bare.requests})`,
        ok: product.requests <= 1.03 * least,
        note: `Until the last copy stands there, and the stamps of the issues: ${describeCounts(product.byOperation)}.`,
      },
      {
        promise: "First import: time, 8 in flight",
        bound: "1.15 × bare loop",
        measured: `${(product.wallMs / 1000).toFixed(1)} s, ${ratio.toFixed(2)} × bare loop (${(bare.wallMs / 1000).toFixed(1)} s)`,
        ok: ratio <= 1.15,
        note: `From the first request to the last copy. Its start included: ${processor} A worker uses one core for itself: what it does between two answers, some 30 statements for each case, is waited for by the other runs.`,
      },
    ];
  },
};

type Sizes = { readonly cases: number; readonly messages: number; readonly files: number };

async function inFilledWorld<Result>(sizes: Sizes, use: (world: World) => Promise<Result>): Promise<Result> {
  const crons = { ...noCrons, ISSUES_CRON: "* * * * *" };
  const world = await startWorld({ links: 0, env: crons });
  try {
    for (let index = 0; index < sizes.cases; index += 1) {
      const { caseId } = world.huawei.createCase({ description: `Case ${index}\nmore of it` });
      for (let n = 0; n < sizes.messages / sizes.cases; n += 1) {
        const withFile = n === 0 && index < sizes.files;
        world.huawei.addMessage({
          caseId,
          author: n % 2 === 0 ? "engineer" : "customer",
          content: `Message ${n} of case ${index}`,
          files: withFile ? [{ name: `log-${index}.txt`, sizeBytes: 10_000 }] : [],
        });
      }
    }
    return await use(world);
  } finally {
    await world.close();
  }
}

function countCopies(world: World): number {
  const counts = world.jira.getRequests().byOperation;
  return copyOperations.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
}

/** What was sent until the last copy, and the stamps after it. */
function readRun(world: World): { requests: number; wallMs: number; byOperation: Record<string, number> } {
  const log = [...world.huawei.getRequests().log, ...world.jira.getRequests().log].filter(
    (entry) => entry.operation !== "IamCreateToken",
  );
  const lastAt = Math.max(
    ...log.filter((entry) => copyOperations.includes(entry.operation)).map((entry) => entry.atMs),
  );
  const firstAt = Math.min(...log.map((entry) => entry.atMs));
  const counted = log.filter((entry) => entry.atMs <= lastAt || stampOperations.includes(entry.operation));
  const byOperation: Record<string, number> = {};
  for (const entry of counted) byOperation[entry.operation] = (byOperation[entry.operation] ?? 0) + 1;
  return { requests: counted.length, wallMs: lastAt - firstAt, byOperation };
}

async function runBareLoop(world: World): Promise<void> {
  const { HUAWEI_OSM_ENDPOINT: huawei, JIRA_HOST: jira } = world.baseEnv;
  const options = JSON.stringify({ huawei, jira, inFlight: 8 });
  const child = spawn(resolve("node_modules/.bin/node"), [resolve("bench/bare-loop.ts"), options], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise<number | null>((done) => child.once("exit", done));
  if (code !== 0) throw new Error(`the bare loop ended with ${code}`);
}

/** Operations of the rounds, which are made whether there is news or not. */
const roundOperations = [
  "ListCases",
  "ListNewInstantMessages",
  "ListAuthorizations",
  "searchAndReconsileIssuesUsingJql",
  "searchAndReconsileIssuesUsingJqlPost",
];

/** Reads and writes that one change causes, until nothing moves any more. */
export const oneChange: Bench = {
  name: "one-change",
  what: "reads and writes that one change causes, of each kind",
  async run() {
    const crons = { CASES_CRON: "*/5 * * * * *", ISSUES_CRON: "*/5 * * * * *", CHECK_CRON: "0 0 1 1 *" };
    const world = await startWorld({ links: 0, env: { ...crons, SETTLE_LIST_SECONDS: "10" } });
    const quietMs = 22_000;
    try {
      const { caseId } = world.huawei.createCase({ description: "One case" });
      world.spawnWorker();
      await world.waitUntil(() => world.jira.getState().issues.length === 1, "the issue");
      const issue = world.jira.getState().issues[0]?.key ?? "";
      await sleep(25_000);
      const changes = [
        {
          what: "a Huawei message",
          readsMax: 3 + 1,
          act: () => world.huawei.addMessage({ caseId, author: "engineer", content: "News" }),
        },
        {
          what: "a Huawei message with a file",
          readsMax: 3 + 1 + 2,
          act: () => {
            const files = [{ name: "a.txt", text: "file" }];
            return world.huawei.addMessage({ caseId, author: "engineer", content: "See the file", files });
          },
        },
        {
          what: "a Jira comment",
          readsMax: 3 + 1,
          act: () => world.jira.addComment({ issue, text: "Thanks" }),
        },
        {
          what: "an edited Jira comment",
          readsMax: 3 + 1,
          act: () => {
            const [comment] = world.jira.getIssue({ issue }).comments.filter(({ bodyText }) => bodyText === "Thanks");
            if (comment === undefined) throw new Error("the comment is missing");
            world.jira.editComment({ commentId: comment.id, text: "Thanks a lot" });
          },
        },
        {
          what: "a Jira comment with a file",
          readsMax: 3 + 1 + 2,
          act: () => {
            world.jira.addAttachment({ issue, name: "b.txt", text: "file" });
            world.jira.addComment({ issue, text: "See b.txt" });
          },
        },
        { what: "a case status", readsMax: 3 + 1, act: () => world.huawei.setStatus({ caseId, status: 1 }) },
        {
          what: "a case status that waits for us",
          readsMax: 3 + 1,
          act: () => world.huawei.setStatus({ caseId, status: 2 }),
        },
        {
          what: "a person's move of the issue to done",
          readsMax: 3 + 1,
          act: () => world.jira.transition({ issue, toCategory: "done" }),
        },
      ];
      const lines: Line[] = [];
      for (const change of changes) {
        world.resetRequests();
        change.act();
        await sleep(quietMs);
        await world.waitForQuiet();
        const log = [...world.huawei.getRequests().log, ...world.jira.getRequests().log].filter(
          (entry) => !roundOperations.includes(entry.operation),
        );
        const counts: Record<string, number> = {};
        for (const entry of log) counts[entry.operation] = (counts[entry.operation] ?? 0) + 1;
        const reads = log.filter((entry) => !entry.write).length;
        lines.push({
          promise: `Mirroring ${change.what}: reads beside the rounds`,
          bound: `${change.readsMax} (3, one per file and per own write)`,
          measured: `${reads} (and ${log.length - reads} writes)`,
          ok: reads <= change.readsMax && log.length > reads,
          note: `${describeCounts(counts)}. Over ${quietMs / 1000} s, later looks at own writes included.`,
        });
      }
      return lines;
    } finally {
      await world.close();
    }
  },
};
