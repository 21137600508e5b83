/**
 * `npm run docs:picture` makes docs/images/case-from-jira.png, the picture of the README: a person opens a service ticket from an issue
 * as the README says, and the issue's comments are shown as Jira holds them. The real worker runs against both simulators; what
 * casebridge wrote is read through Jira's REST interface. Needs Chromium (`CHROMIUM`, else /usr/bin/chromium). May be repeated.
 */
import { mkdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import { startHuaweiSimulator } from "../simulators/huawei/index.ts";
import { startJiraSimulator } from "../simulators/jira/index.ts";
import { startWorker } from "../src/bin/worker.ts";
import { livelyRhythm, simulatedEnvironment } from "../src/commands/demo/environment.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { silentLogger } from "../src/observability/logger.ts";

const picture = "docs/images/case-from-jira.png";
/** A README is read over slow lines, too. */
const sizeBytesMax = 200_000;
const waitMs = 60_000;

type Node = {
  readonly type: string;
  readonly text?: string;
  readonly attrs?: Readonly<Record<string, unknown>>;
  readonly marks?: readonly { readonly type: string; readonly attrs?: Readonly<Record<string, unknown>> }[];
  readonly content?: readonly Node[];
};
type Comment = {
  readonly author: { readonly displayName: string };
  readonly created: string;
  readonly body: Node;
};

/** What a person does who knows only the README; each step waits for what casebridge answers to the one before. */
async function tellStory(huaweiUrl: string, jiraUrl: string, world: World): Promise<string> {
  const { huawei, jira } = world;
  const dataDir = await mkdtemp(join(tmpdir(), "casebridge-picture-"));
  const loaded = loadConfig({
    purpose: "worker",
    isolated: true,
    env: {
      DATA_DIR: dataDir,
      ...simulatedEnvironment({ huawei: huaweiUrl, jira: jiraUrl }),
      ...livelyRhythm,
      COMMENT_HOLD_SECONDS: "0",
      SETTLE_LIST_SECONDS: "1",
      HTTP_PORT: "0",
    },
  });
  if (!loaded.ok) throw loaded.errors;
  const worker = await startWorker(loaded.config, silentLogger);
  try {
    const { issueKey } = jira.createIssue({
      projectKey: "OPS",
      summary: "Web server cannot be reached since this morning",
      description: "ecs-web-01 answers neither ping nor SSH since 09:40. The console shows it as running.",
      labels: ["huawei-case"],
    });
    const says = (text: string): boolean =>
      jira.getIssue({ issue: issueKey }).comments.some((comment) => comment.bodyText.includes(text));
    const until = async (text: string): Promise<void> => {
      const deadline = Date.now() + waitMs;
      while (!says(text)) {
        if (Date.now() > deadline) throw new Error(`no comment says "${text}"`);
        await sleep(200);
      }
    };
    const write = (text: string): void => void jira.addComment({ issue: issueKey, text });
    await until("No problem type is given");
    for (const label of ["hw-product:Elastic-Cloud-Server", "hw-problem:Instance-fault", "hw-region:cn-north-4"])
      jira.addLabel({ issue: issueKey, label });
    await until("was opened in Huawei Cloud");
    const caseId = huawei.getState().cases[0]?.caseId ?? "";
    const answer = (content: string): void =>
      void huawei.addMessage({ caseId, author: "engineer", name: "Wang Wei", content });
    answer("We see the instance, but its network card does not answer. Did you change the security group today?");
    await until("Did you change the security group");
    write("No, nothing was changed on our side.");
    write("/urge");
    await until("was urged to go on");
    answer("The host was faulty, and the instance was moved to another one. Please check whether you can reach it.");
    huawei.setStatus({ caseId, status: 2 });
    await until("Huawei Cloud waits for us");
    write("It answers again, thank you.");
    write("/close");
    await until("was closed in Huawei Cloud");
    write("/rate 5 quick help");
    await until("the rating was handed");
    return issueKey;
  } finally {
    await worker.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

type World = {
  readonly huawei: Awaited<ReturnType<typeof startHuaweiSimulator>>["control"];
  readonly jira: Awaited<ReturnType<typeof startJiraSimulator>>["control"];
};

async function readJira(jiraUrl: string, path: string): Promise<unknown> {
  const answer = await fetch(`${jiraUrl}/rest/api/3/${path}`, {
    headers: { authorization: `Basic ${Buffer.from("bot@example.com:SIMTOKEN").toString("base64")}` },
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** ADF as plain HTML: the nodes that casebridge and a person's simple comments are made of; anything else is an error. */
function toHtml(node: Node): string {
  const inner = (node.content ?? []).map(toHtml).join("");
  switch (node.type) {
    case "doc":
      return inner;
    case "paragraph":
      return `<p>${inner}</p>`;
    case "hardBreak":
      return "<br>";
    case "codeBlock":
      return `<pre>${inner}</pre>`;
    case "bulletList":
      return `<ul>${inner}</ul>`;
    case "listItem":
      return `<li>${inner}</li>`;
    case "text":
      return (node.marks ?? []).reduce(
        (html, mark) => {
          if (mark.type === "strong") return `<b>${html}</b>`;
          if (mark.type === "em") return `<i>${html}</i>`;
          if (mark.type === "code") return `<code>${html}</code>`;
          if (mark.type === "link") return `<a>${html}</a>`;
          throw new Error(`the picture knows no mark ${mark.type}`);
        },
        escapeHtml(node.text ?? ""),
      );
    default:
      throw new Error(`the picture knows no node ${node.type}`);
  }
}

function toPage(
  issue: {
    readonly key: string;
    readonly fields: {
      readonly summary: string;
      readonly labels: readonly string[];
      readonly status: { readonly name: string };
    };
  },
  comments: readonly Comment[],
): string {
  const shown = comments.map(({ author, created, body }) => {
    const initials = author.displayName
      .split(" ")
      .map((word) => word[0])
      .join("");
    const isOwn = author.displayName === "Casebridge Bot";
    return `<article><span class="avatar ${isOwn ? "own" : ""}">${escapeHtml(initials)}</span><div>
      <header><b>${escapeHtml(author.displayName)}</b> ${created.slice(11, 16)}</header>${toHtml(body)}</div></article>`;
  });
  return `<!doctype html><meta charset="utf-8"><style>
    body { font: 14px/1.45 "DejaVu Sans", sans-serif; color: #172b4d; width: 820px; margin: 0; padding: 20px 24px; box-sizing: border-box }
    h1 { font-size: 19px; margin: 2px 0 8px } small { color: #6b778c } .status { background: #dfebd9; color: #216e4e; padding: 2px 6px; border-radius: 3px; font-size: 11px; font-weight: bold; text-transform: uppercase }
    .label { background: #f1f2f4; border-radius: 3px; padding: 1px 6px; font-size: 12px; margin-right: 4px; display: inline-block; margin-bottom: 3px }
    article { display: flex; gap: 12px; margin-top: 14px } article > div { flex: 1; min-width: 0 } header { color: #6b778c; font-size: 12px } header b { color: #172b4d; font-size: 13px; margin-right: 6px }
    p { margin: 3px 0 } pre { background: #f1f2f4; padding: 6px } .avatar { flex: none; width: 30px; height: 30px; border-radius: 50%; background: #8590a2; color: #fff; font-size: 12px; line-height: 30px; text-align: center } .own { background: #c7000b }
  </style><small>${escapeHtml(issue.key)}</small><h1>${escapeHtml(issue.fields.summary)}</h1>
  <span class="status">${escapeHtml(issue.fields.status.name)}</span>
  ${[...issue.fields.labels]
    .sort()
    .map((label) => `<span class="label">${escapeHtml(label)}</span>`)
    .join("")}
  ${shown.join("\n")}`;
}

async function draw(html: string): Promise<void> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 820, height: 600 }, deviceScaleFactor: 1 });
    await page.setContent(html);
    mkdirSync("docs/images", { recursive: true });
    await page.screenshot({ path: picture, fullPage: true });
  } finally {
    await browser.close();
  }
  const { size } = statSync(picture);
  if (size > sizeBytesMax) throw new Error(`${picture} has ${size} bytes, more than ${sizeBytesMax}`);
  process.stdout.write(`${picture}: ${size} bytes\n`);
}

const huawei = await startHuaweiSimulator({});
const jira = await startJiraSimulator({});
try {
  const key = await tellStory(huawei.url, jira.url, { huawei: huawei.control, jira: jira.control });
  const issue = await readJira(jira.url, `issue/${key}?fields=summary,labels,status`);
  const { comments } = (await readJira(jira.url, `issue/${key}/comment`)) as { readonly comments: readonly Comment[] };
  await draw(toPage(issue as Parameters<typeof toPage>[0], comments));
} finally {
  await huawei.close();
  await jira.close();
}
