/** The page as it is before it is interactive: one honest picture, drawn on the server, in English or Simplified Chinese. */
import { type ConnectionReport, type StatusReport, type Trouble, troublesOf } from "../observability/status-report.ts";

/** Languages of the page. */
export type Language = "en" | "zh";

const texts = {
  en: {
    title: "casebridge",
    allWell: "All is well.",
    trouble_stopped: "stopped",
    trouble_refused: "a service refuses the credentials",
    trouble_held: "changes are held back",
    trouble_failures: "something failed and waits for a person",
    trouble_late: "changes are late",
    trouble_silent: "rounds do not come as planned",
    trouble_quiet: "cases are open, and there is no news for an unusual time",
    notifyFailing: "nobody can be notified (casebridge doctor says why)",
    at: "State at",
    none: "No connection is configured.",
    noStatus: "The state cannot be read at the moment. Look at /readyz and at the log.",
    active: "running",
    stopped: "stopped",
    pausedToJira: "paused towards Jira",
    pausedToHuawei: "paused towards Huawei",
    links: "Links by state",
    noLinks: "no links yet",
    failures: "Open failures",
    lag: "Oldest change not yet mirrored",
    held: "Held back for",
    nothingWaits: "nothing waits",
    interval: "Looks for news every",
    unknown: "not known yet",
    budgets: "Budgets (requests per second)",
    rounds: "Last rounds",
    round: "Round",
    outcome: "Outcome",
    ended: "Ended (UTC)",
    requests: "Requests",
    never: "not yet",
    queues: "Queues",
    queue: "Queue",
    state: "State",
    jobs: "Jobs",
    signIn: "Sign in",
    signOut: "Sign out",
    token: "Token",
    wrongToken: "That is not the token.",
    tooMany: "Too many sign-ins were refused. Wait a minute.",
    signInOidc: "Sign in with your organisation",
    noRole:
      "You are signed in with your organisation, but nothing there grants you a role here. Ask who runs casebridge.",
    back: "Back to the page",
    other: "中文",
    links_active: "active",
    links_blocked: "blocked",
    links_paused: "paused",
    links_moved: "moved",
    links_gone: "gone",
    links_unlinked: "unlinked",
  },
  zh: {
    title: "casebridge",
    allWell: "一切正常。",
    trouble_stopped: "已停止",
    trouble_refused: "服务拒绝了凭据",
    trouble_held: "有变更被暂缓同步",
    trouble_failures: "有失败等待人工处理",
    trouble_late: "变更同步延迟",
    trouble_silent: "轮询未按计划进行",
    trouble_quiet: "有未关闭的工单,但异常长时间没有新动态",
    notifyFailing: "通知无法送达(原因见 casebridge doctor)",
    at: "状态时间",
    none: "尚未配置任何连接。",
    noStatus: "暂时无法读取状态。请查看 /readyz 和日志。",
    active: "运行中",
    stopped: "已停止",
    pausedToJira: "已暂停同步到 Jira",
    pausedToHuawei: "已暂停同步到华为云",
    links: "各状态的关联数",
    noLinks: "尚无关联",
    failures: "未解决的失败",
    lag: "最早的未同步变更",
    held: "已暂缓",
    nothingWaits: "没有等待中的变更",
    interval: "轮询间隔",
    unknown: "未知",
    budgets: "请求预算(每秒)",
    rounds: "最近的轮询",
    round: "轮询",
    outcome: "结果",
    ended: "结束时间(UTC)",
    requests: "请求数",
    never: "尚未进行",
    queues: "队列",
    queue: "队列",
    state: "状态",
    jobs: "任务数",
    signIn: "登录",
    signOut: "退出登录",
    token: "令牌",
    wrongToken: "令牌不正确。",
    tooMany: "登录失败次数过多,请一分钟后再试。",
    signInOidc: "使用组织账号登录",
    noRole: "您已通过组织账号登录,但尚未获得此处的任何角色。请联系 casebridge 的管理员。",
    back: "返回页面",
    other: "English",
    links_active: "正常",
    links_blocked: "已阻塞",
    links_paused: "已暂停",
    links_moved: "已移动",
    links_gone: "已消失",
    links_unlinked: "已解除",
  },
} as const satisfies Record<Language, Record<string, string>>;

type Texts = Readonly<Record<keyof (typeof texts)["en"], string>>;

/** What a page is drawn from. The nonces stand in the policy header of the same answer. */
type PageInput = {
  readonly language: Language;
  readonly nonce: { readonly script: string; readonly style: string };
  readonly canSignOut: boolean;
};

/** The language asked for: `?lang=` first, then the browser's preferences in their order, else English. */
export function chooseLanguage(lang: string | undefined, acceptLanguage: string | undefined): Language {
  const asked = (lang ?? "").toLowerCase();
  if (asked.startsWith("zh")) return "zh";
  if (asked.startsWith("en")) return "en";
  const preferences = (acceptLanguage ?? "")
    .slice(0, 500)
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.trim().toLowerCase().split(";");
      const quality = /q=([\d.]+)/.exec(parameters.join(";"))?.[1];
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ tag, quality }) => quality > 0 && /^(zh|en)\b/.test(tag))
    .sort((a, b) => b.quality - a.quality);
  return preferences[0]?.tag.startsWith("zh") ? "zh" : "en";
}

/** The overview. `status` null = it could not be read, which the page says. All values are escaped. */
export function renderOverview(status: StatusReport | null, input: PageInput): string {
  const t = texts[input.language];
  const body =
    status === null
      ? `<p class="bad">${t.noStatus}</p>`
      : [
          `<p>${t.at} <time datetime="${status.at.toISOString()}">${formatTime(status.at)} UTC</time></p>`,
          ...(status.connections.length === 0 ? [`<p>${t.none}</p>`] : []),
          ...status.connections.map((connection) => renderConnection(connection, t)),
          ...(status.queues.length === 0
            ? []
            : [
                `<section><h2>${t.queues}</h2>`,
                table(
                  [t.queue, t.state, t.jobs],
                  status.queues.map((row) => [row.queue, row.state, String(row.count)]),
                ),
                "</section>",
              ]),
        ].join("\n");
  const verdict = status === null ? null : verdictOf(status, t);
  return layout(body, input, { refresh: true, verdict });
}

/** The one sentence that answers whether all is well; what is wrong is named with its connection. */
function verdictOf(status: StatusReport, t: Texts): { readonly text: string; readonly tone: "good" | "bad" } {
  const wrong = status.connections.flatMap((connection) => {
    const troubles = troublesOf(connection, status.at).map((trouble: Trouble) => t[`trouble_${trouble}`]);
    return troubles.length === 0 ? [] : [`${connection.name}: ${troubles.join(", ")}`];
  });
  if (status.notifications?.failingSince != null) wrong.push(t.notifyFailing);
  return wrong.length === 0 ? { text: t.allWell, tone: "good" } : { text: `${wrong.join("; ")}.`, tone: "bad" };
}

/** The sign-in, shown where one is needed; `ways`: how people can. */
export function renderSignIn(
  input: Omit<PageInput, "canSignOut"> & { readonly ways: { readonly tokens: boolean; readonly oidc: boolean } },
): string {
  const t = texts[input.language];
  const oidc = input.ways.oidc ? `<p><a href="api/v1/session/oidc">${t.signInOidc}</a></p>` : "";
  const form = `<form id="sign-in"><label>${t.token} <input name="token" type="password" autocomplete="current-password" required autofocus></label>
<button>${t.signIn}</button><p id="wrong" class="bad" role="alert" hidden></p></form>
<script nonce="${input.nonce.script}">
document.getElementById("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = new FormData(event.target).get("token");
  const answer = await fetch("/api/v1/session", { method: "POST", headers: { "content-type": "application/json", "x-casebridge": "1" }, body: JSON.stringify({ token }) });
  if (answer.ok) return location.reload();
  const wrong = document.getElementById("wrong");
  wrong.textContent = answer.status === 429 ? ${JSON.stringify(t.tooMany)} : ${JSON.stringify(t.wrongToken)};
  wrong.hidden = false;
});
</script>`;
  return layout(
    `${oidc}${input.ways.tokens ? form : ""}`,
    { ...input, canSignOut: false },
    { refresh: false, verdict: null },
  );
}

/** What somebody sees whom single sign-on knows and no claim grants a role. */
export function renderNoRole(input: Omit<PageInput, "canSignOut">): string {
  const t = texts[input.language];
  return layout(
    `<p class="bad">${t.noRole}</p><p><a href="/">${t.back}</a></p>`,
    { ...input, canSignOut: false },
    { refresh: false, verdict: null },
  );
}

/** A page that leads on to another one of ours, so that the next request begins here. */
export function renderLeadOn(address: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${escapeHtml(address)}"><title>casebridge</title></head><body><a href="${escapeHtml(address)}">casebridge</a></body></html>
`;
}

function renderConnection(connection: ConnectionReport, t: Texts): string {
  const stopped = connection.state === "stopped";
  const reason = stopped && connection.stateReason !== null ? ` (${escapeHtml(connection.stateReason)})` : "";
  const paused = [
    ...(connection.pausedToJira ? [t.pausedToJira] : []),
    ...(connection.pausedToHuawei ? [t.pausedToHuawei] : []),
  ];
  const links = Object.entries(connection.links)
    .map(([state, count]) => `${escapeHtml(linkStateName(state, t))}: ${count}`)
    .join(" · ");
  const oldest = connection.oldestUnmirroredSeconds;
  const facts: (readonly [string, string])[] = [
    [t.links, links === "" ? t.noLinks : links],
    [t.failures, connection.openFailures === 0 ? "0" : `<strong class="bad">${connection.openFailures}</strong>`],
    [t.lag, oldest === null ? t.nothingWaits : formatDuration(oldest)],
    ...(connection.oldestHeldSeconds === null
      ? []
      : [[t.held, `<strong class="bad">${formatDuration(connection.oldestHeldSeconds)}</strong>`] as const]),
    [
      t.interval,
      connection.effectivePollSeconds === null ? t.unknown : formatDuration(connection.effectivePollSeconds),
    ],
    [t.budgets, `Huawei ${connection.budgets.huawei} · Jira ${connection.budgets.jira}`],
  ];
  const rounds = connection.rounds.map((round) => [
    round.name,
    round.outcome ?? t.never,
    round.endedAt === null ? "" : formatTime(round.endedAt),
    round.requests === null ? "" : String(round.requests),
  ]);
  return `<section><h2>${escapeHtml(connection.name)}</h2>
<p class="${stopped ? "bad" : "good"}">${stopped ? t.stopped : t.active}${reason}${paused.map((text) => ` · <span class="warn">${text}</span>`).join("")}</p>
<dl>${facts.map(([label, value]) => `<dt>${label}</dt><dd>${value}</dd>`).join("")}</dl>
<h3>${t.rounds}</h3>
${rounds.length === 0 ? `<p>${t.never}</p>` : table([t.round, t.outcome, t.ended, t.requests], rounds)}</section>`;
}

function linkStateName(state: string, t: Texts): string {
  const key = `links_${state}`;
  return key in t ? t[key as keyof Texts] : state;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string) =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("");
  return `<table><thead><tr>${cells(head, "th")}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("")}</tbody></table>`;
}

function layout(
  body: string,
  { language, nonce, canSignOut }: PageInput,
  {
    refresh,
    verdict,
  }: {
    readonly refresh: boolean;
    readonly verdict: { readonly text: string; readonly tone: "good" | "bad" } | null;
  },
): string {
  const t = texts[language];
  const signOut = `<button id="sign-out">${t.signOut}</button><script nonce="${nonce.script}">
document.getElementById("sign-out").addEventListener("click", async () => {
  await fetch("/api/v1/session", { method: "DELETE", headers: { "x-casebridge": "1" } });
  location.reload();
});
</script>`;
  return `<!doctype html>
<html lang="${language === "zh" ? "zh-Hans" : "en"}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh ? '<meta http-equiv="refresh" content="30">' : ""}
<title>${verdict === null ? "" : `${escapeHtml(verdict.text)} · `}${t.title}</title><link rel="icon" href="data:,">
<style nonce="${nonce.style}">
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
header { display: flex; gap: 1rem; align-items: baseline; } header h1 { margin: 0; flex: 1; }
section { border: 1px solid #8886; border-radius: .5rem; padding: 0 1rem 1rem; margin: 1rem 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: start; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8883; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; } dt { opacity: .75; } dd { margin: 0; }
.good { color: #15803d; } .bad { color: #dc2626; } .warn { color: #b45309; }
</style>
</head>
<body>
<header><h1>${t.title}</h1><a href="?lang=${language === "zh" ? "en" : "zh"}">${t.other}</a>${canSignOut ? signOut : ""}</header>
<main>${verdict === null ? "" : `<p class="${verdict.tone}"><strong>${escapeHtml(verdict.text)}</strong></p>`}
${body}
</main>
</body>
</html>
`;
}

function formatTime(at: Date): string {
  return at.toISOString().slice(0, 19).replace("T", " ");
}

/** `90` → `1 min 30 s`; whole units, at most two of them. */
function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
