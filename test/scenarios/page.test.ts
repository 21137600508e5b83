/** The pages in a real browser, and what they send, on a database with something of every kind in it. */
import { globSync, readFileSync } from "node:fs";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { resyncAll } from "../../src/commands/resync/resync.ts";
import { hostile, type Planted, plant } from "../support/page-seed.ts";
import {
  operatorToken,
  type PageWorld,
  seriousFindings,
  startBrowser,
  startPageWorld,
  viewerToken,
} from "../support/page-world.ts";

let world: PageWorld;
let planted: Planted;
let browser: Browser;
beforeAll(async () => {
  world = await startPageWorld();
  planted = await plant(world);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await world.close();
});

const contexts: BrowserContext[] = [];
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});

type Look = {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  readonly language?: string;
  readonly scripts?: boolean;
};

/** A browser of somebody who is not signed in; its mistakes are collected. */
async function openBrowser({ width = 1280, scheme = "light", language = "en", scripts = true }: Look = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    locale: language === "zh" ? "zh-CN" : "en-US",
    javaScriptEnabled: scripts,
    timezoneId: "Asia/Shanghai",
  });
  contexts.push(context);
  const page = await context.newPage();
  const mistakes: string[] = [];
  page.on("pageerror", (error) => mistakes.push(String(error)));
  page.on("console", (message) => message.type() === "error" && mistakes.push(message.text()));
  page.on("dialog", (dialog) => mistakes.push(`dialog ${dialog.message()}`));
  return { page, mistakes };
}

/** What people read of a place. */
async function textOf(place: Locator): Promise<string> {
  return (await place.allInnerTexts()).join("\n");
}

/** Clicks on what leads to another page, and waits for that page. A click alone ends before the answer is there. */
async function follow(place: Locator): Promise<void> {
  await Promise.all([place.page().waitForEvent("load"), place.click()]);
}

async function signIn(page: Page, token: string, path = "/"): Promise<void> {
  await page.goto(`${world.url}${path}`);
  await page.fill('input[name="token"]', token);
  await follow(page.locator("main button"));
}

const paths = () => [
  "/",
  "/links",
  "/links?waiting=yes&state=moved",
  `/links/${planted.link}`,
  `/links/${planted.moved}`,
  `/links/${planted.link}/unlink`,
  "/failures",
  "/failures?reason=file_refused",
  `/failures/discard?id=${planted.failures[0]}`,
  "/failures/discard?reason=file_refused",
  "/activity",
  "/connections",
  "/resync",
];

/** Axe takes a second and more for each page, and what it looks at differs by scheme and width alone. */
const isExamined = ({ width, scheme }: Look): boolean =>
  width === 1920 || (width === 1280 && scheme === "light") || (width === 390 && scheme === "dark");

test.each<[Required<Omit<Look, "scripts">>]>([
  [{ width: 1280, scheme: "light", language: "en" }],
  [{ width: 390, scheme: "dark", language: "zh" }],
  [{ width: 390, scheme: "light", language: "en" }],
  [{ width: 1920, scheme: "dark", language: "zh" }],
])("every view fits and axe finds nothing serious: %j", async (look) => {
  const { page, mistakes } = await openBrowser(look);
  await signIn(page, operatorToken);
  mistakes.length = 0;

  for (const path of paths()) {
    const answer = await page.goto(`${world.url}${path}`);
    const language = await page.getAttribute("html", "lang");
    const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");

    expect(answer?.status(), path).toBe(200);
    expect(language, path).toBe(look.language === "zh" ? "zh-Hans" : "en");
    expect(overflow, path).toBeLessThanOrEqual(0);
    if (isExamined(look)) expect(await seriousFindings(page), path).toEqual([]);
  }
  expect(mistakes).toEqual([]);
});

test("what people call themselves is shown as it is written, and nothing of it runs", async () => {
  const { page, mistakes } = await openBrowser();
  await signIn(page, operatorToken);
  mistakes.length = 0;

  let shown = 0;
  for (const path of paths()) {
    await page.goto(`${world.url}${path}`);
    expect(await page.locator("img").count(), path).toBe(0);
    expect(await page.locator("main script").count(), path).toBe(0);
    if ((await textOf(page.locator("main"))).includes(hostile)) shown += 1;
  }
  await page.goto(`${world.url}/links?search=${encodeURIComponent(hostile)}&reason=${encodeURIComponent(hostile)}`);

  expect(await page.inputValue('input[name="search"]')).toBe(hostile);
  expect(await page.locator("img").count()).toBe(0);
  expect(shown).toBeGreaterThanOrEqual(3);
  expect(mistakes).toEqual([]);
});

test("a link shows both sides on one line of time, what waits and until when, and never a text", async () => {
  const { page } = await openBrowser();
  await signIn(page, operatorToken, `/links/${planted.link}`);

  const lines = await page.locator(".timeline li").allInnerTexts();
  const whole = await textOf(page.locator("main"));

  const order = ["m1", "Status", "c1", "c2", "f1", "m2", "c3", "c9"];
  expect(lines.map((line) => order.find((name) => line.includes(name)))).toEqual(order);
  expect(lines[0]).toMatch(/Message.*m1[\s\S]*1 min 0 s[\s\S]*mirrored[\s\S]*20001/);
  expect(lines[3]).toContain("restricted in Jira: it stays there");
  expect(lines[4]).toContain("named only");
  expect(whole).toMatch(/message:c3:v1:1\/1.*may have happened.*2 times/s);
  expect(whole).toContain("Next look");
  expect(whole).toMatch(/A pause, a hold or a breaker has kept something back since \d[^\n]* min/);
  expect(whole).not.toContain("a secret text");
  const sides = await page.locator(".timeline li").evaluateAll((entries) => entries.map((entry) => entry.className));
  expect(sides.slice(0, 4)).toEqual(["huawei", "jira does", "jira", "jira"]);
});

test("each trouble is named on the first view with its remedy, one click away from where it is", async () => {
  const { page } = await openBrowser();
  await world.parts.admin.setPaused({ connection: "default", direction: "to-jira", paused: true });
  await world.database.pool.query(
    `INSERT INTO budgets (key, "refusedAt", "updatedAt") SELECT $1, now(), now() ON CONFLICT (key) DO UPDATE SET "refusedAt" = now()`,
    [`jira ${world.parts.config.connections[0]?.jira.host}`],
  );
  const budgets = await world.parts.admin.listBudgets();
  await signIn(page, operatorToken);

  const problems = await page.locator(".problems li").allInnerTexts();
  const title = await page.title();

  expect(budgets.length).toBeGreaterThan(0);
  expect(title).toMatch(/default: .*changes are held back.*something failed.*paused towards Jira/);
  expect(problems.join("\n")).toMatch(/The issue left the project[\s\S]*Move the issue back/);
  expect(problems.join("\n")).toMatch(/2 failures: A file was refused[\s\S]*Send the file another way/);
  expect(problems.join("\n")).toMatch(/paused towards Jira[\s\S]*Resume it/);
  expect(await textOf(page.locator("details.note summary"))).toContain("1 items stay on their side");
  const moved = page.locator(".problems li", { hasText: "The issue left the project" });
  await follow(moved.getByRole("link"));
  expect(await textOf(page.locator("main"))).toMatch(/Remedy: Move the issue back.*TT2/s);
  await world.parts.admin.setPaused({ connection: "default", direction: "to-jira", paused: false });
});

test("without JavaScript somebody signs in, retries, discards after a question, and signs out", async () => {
  const { page } = await openBrowser({ scripts: false });
  const [first = "", second = ""] = planted.failures;
  await signIn(page, "wrong", "/failures");
  expect(await textOf(page.locator('[role="alert"]'))).toContain("That is not the token.");
  await page.fill('input[name="token"]', operatorToken);
  await follow(page.locator("main button"));
  expect(new URL(page.url()).pathname).toBe("/failures");

  await follow(page.locator("tr", { hasText: "file:f1" }).getByRole("button", { name: /Retry/ }));
  expect(await textOf(page.locator('[role="status"]'))).toBe("Retried: 1.");
  await follow(page.locator("tr", { hasText: "file:f2" }).getByRole("link", { name: /Discard/ }));
  expect((await world.parts.admin.findFailure(second))?.state).toBe("open");
  await follow(page.getByRole("button", { name: "Discard for good" }));

  expect(await textOf(page.locator('[role="status"]'))).toBe("Discarded: 1.");
  expect((await world.parts.admin.findFailure(first))?.state).toBe("retrying");
  expect((await world.parts.admin.findFailure(second))?.state).toBe("discarded");
  const { items } = await world.parts.admin.listActPage({ limit: 2 });
  expect(items.map(({ action, actor }) => `${action} ${actor}`)).toEqual([
    "discard token (operator)",
    "retry token (operator)",
  ]);
  await follow(page.getByRole("button", { name: "Sign out" }));
  expect(await page.locator('input[name="token"]').count()).toBe(1);
});

test("two people who give up the same failure do not hurt each other", async () => {
  const [one, other] = [await openBrowser(), await openBrowser()];
  const id = planted.failures[2] ?? "";
  await world.database.pool.query("UPDATE failures SET state = 'open' WHERE id = $1", [id]);
  for (const { page } of [one, other]) await signIn(page, operatorToken, `/failures/discard?id=${id}`);

  await Promise.all([one, other].map(({ page }) => follow(page.getByRole("button", { name: "Discard for good" }))));

  for (const { page } of [one, other])
    expect(await textOf(page.locator('[role="status"]'))).toMatch(/Discarded: 1|Somebody had done that before/);
  expect((await world.parts.admin.findFailure(id))?.state).toBe("discarded");
});

test("a viewer sees everything and no button, and cannot act", async () => {
  const { page } = await openBrowser();
  await signIn(page, viewerToken);

  for (const path of paths().filter((path) => !/unlink|discard/.test(path))) {
    expect((await page.goto(`${world.url}${path}`))?.status(), path).toBe(200);
    expect(await page.locator('main form[method="post"]').count(), path).toBe(0);
  }
  const answer = await page.evaluate(async (id) => {
    const { status } = await fetch("/failures/retry", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ id }),
    });
    return status;
  }, planted.failures[0] ?? "");
  expect(answer).toBe(403);
});

const forms = [
  "/failures/retry",
  "/failures/discard",
  "/links/999/unlink",
  "/links/999/texts",
  "/connections/pause",
  "/connections/resume",
  "/connections/doctor",
  "/resync/rehearse",
  "/resync/do",
];

test("a stranger sees nothing of any page, and the sign-in leads back to it", async () => {
  for (const path of [...paths(), "/live"]) {
    const answer = await world.get(path, null);
    const text = await answer.text();

    expect(answer.status, path).toBe(401);
    expect(text, path).not.toMatch(/TT\d|OPS-\d|discard all|Send the file/i);
  }
  for (const path of forms) expect((await fetch(`${world.url}${path}`, { method: "POST" })).status, path).toBe(401);
});

/** Sends a form as a browser would that is signed in. */
async function sendForm(
  path: string,
  given: { readonly cookie: string; readonly token?: string; readonly headers?: Record<string, string> },
) {
  return fetch(`${world.url}${path}`, {
    method: "POST",
    redirect: "manual",
    headers: {
      cookie: given.cookie,
      "content-type": "application/x-www-form-urlencoded",
      ...(given.headers ?? { origin: world.url, "sec-fetch-site": "same-origin" }),
    },
    body: new URLSearchParams({ id: "0", ...(given.token === undefined ? {} : { token_of_page: given.token }) }),
  });
}

async function startSession() {
  const answer = await sendForm("/sign-in", { cookie: "" });
  expect(answer.status).toBe(401);
  const signedIn = await fetch(`${world.url}/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: world.url, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ token: operatorToken }),
  });
  const cookie = String(signedIn.headers.get("set-cookie")).split(";")[0] ?? "";
  const page = await (await fetch(`${world.url}/failures`, { headers: { cookie } })).text();
  const token = /name="token_of_page" value="([^"]+)"/.exec(page)?.[1] ?? "none";
  return { cookie, token };
}

test("a form counts only from a page of the same session and of our own origin", async () => {
  const [mine, other] = [await startSession(), await startSession()];
  expect(mine.token).not.toBe(other.token);

  for (const path of forms) {
    const status = async (given: Parameters<typeof sendForm>[1]) => (await sendForm(path, given)).status;
    expect(await status({ cookie: mine.cookie }), path).toBe(403);
    expect(await status({ cookie: mine.cookie, token: other.token }), path).toBe(403);
    for (const headers of [
      {},
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: world.url, "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ] as Record<string, string>[])
      expect(await status({ ...mine, headers }), `${path} ${JSON.stringify(headers)}`).toBe(403);
    expect([200, 303, 409], path).toContain(await status(mine));
  }
});

test("the plots are read without JavaScript, and by the pointer with it", async () => {
  const plain = await openBrowser({ scripts: false });
  await signIn(plain.page, viewerToken);
  const drawings = await plain.page.locator("#plots svg").evaluateAll((all) => all.map((svg) => svg.ariaLabel));
  await plain.page.locator("#plots summary").click();
  const first = await plain.page.locator("#plots tbody tr").first().locator("td").allInnerTexts();
  await plain.page.getByRole("link", { name: "Last day" }).click();

  expect(drawings).toEqual([
    expect.stringMatching(/^Mirrored: to Jira: \d+; to Huawei Cloud: \d+$/),
    expect.stringMatching(/^Oldest waiting change: half of the time: up to 6 s; /),
    "Requests, share of the budget: Huawei Cloud: up to 10 %; Jira: up to 1 %",
    "Failures that wait for a person: 3 at the end, 3 at most",
  ]);
  expect(first.slice(1)).toEqual(["2", "2", "2 s", "2 s", "600", "60", "3"]);
  expect(new URL(plain.page.url()).search).toBe("?span=day");
  expect(await plain.page.locator("#plots nav [aria-current]").textContent()).toBe("Last day");

  const { page } = await openBrowser();
  // A picture that is drawn anew would move away under the pointer.
  await page.route("**/live", (route) => route.abort());
  await signIn(page, viewerToken, "/?span=hour&connection=default");
  const drawing = await page.locator("#plots svg").first().boundingBox();
  if (drawing === null) throw new Error("there is no plot");
  const places = page.locator("#plots .plot:first-of-type .ends time, #plots tbody tr:first-child time");
  const moments = await places.evaluateAll((times) => times.map((time) => Date.parse(time.dateTime)));
  const [from = 0, to = 0, newest = 0] = moments;
  const across = (newest + 30_000 - from) / (to - from);
  await page.mouse.move(drawing.x + drawing.width * across, drawing.y + drawing.height / 2);
  expect(await page.locator("#plots .reading").first().textContent()).toMatch(/^\d\d:\d\d · 2 · 2$/);
});

test("a wrong filter is told, and an unknown link is not there", async () => {
  for (const path of [
    "/?span=year",
    "/?spam=hour",
    "/links?state=nonsense",
    "/links?stat=open",
    "/links?cursor=x",
    "/activity?since=yesterday",
    "/failures?limit=1",
  ])
    expect((await world.get(path)).status, path).toBe(400);
  for (const path of ["/links/999999", "/links/x", "/links/1;DROP", "/failures/discard?id=999999"])
    expect([404, 400], path).toContain((await world.get(path)).status);
});

test("an open page brings itself up to date", async () => {
  const { page } = await openBrowser();
  await signIn(page, operatorToken, "/links?waiting=yes");
  expect(await textOf(page.locator("main"))).not.toContain("TT3");
  const focused = "document.activeElement.getAttribute('href')";
  await page.locator("main td a").last().focus();
  const before = await page.evaluate<string>(focused);

  await world.database.pool.query(
    `UPDATE links SET state = 'blocked', reason = 'contract', "reasonAt" = now() WHERE "caseId" = 'TT3'`,
  );
  await world.parts.admin.setPaused({ connection: "default", direction: "to-huawei", paused: false });

  await page.locator("tr", { hasText: "TT3" }).waitFor();
  expect(await page.evaluate<string>(focused)).toBe(before);
});

test("the guard of forms knows every form that there is", async () => {
  const sources = globSync("src/web/pages/*.ts")
    .map((name) => readFileSync(name, "utf8"))
    .join("\n");
  const made = [...sources.matchAll(/\.form\(\s*[`"]([^`"]+)[`"]/g)].map(([, path = ""]) => path);

  const shapes = forms.map((path) => path.replace("999", ":id").replace(/\b(pause|resume|rehearse|do)$/, "*"));
  expect(new Set(made.map((path) => path.replace(/\$\{\w+\}/, "*")))).toEqual(new Set(shapes));
});

test("a dry run shows each write word for word, the re-sync makes them, and the page follows both to their end", async () => {
  const { page } = await openBrowser();
  const { caseId } = world.huawei.createCase({ description: "The disk is full <b>again</b>" });
  world.huawei.addMessage({ caseId, author: "engineer", name: "Wang Wei", content: "Please run step 5." });
  await signIn(page, operatorToken, "/resync");

  await page.fill('input[name="name"]', caseId);
  await follow(page.getByRole("button", { name: "Dry run" }));
  await page.getByRole("button", { name: "Do this" }).waitFor();
  const writes = await textOf(page.locator(".writes"));
  expect(writes).toContain("The disk is full <b>again</b>");
  expect(writes).toContain("Please run step 5.");
  expect(world.jira.getState().issues).toHaveLength(0);
  const viewer = await world.get(new URL(page.url()).pathname, viewerToken);
  expect(await viewer.text()).not.toContain("Please run step 5.");

  await follow(page.getByRole("button", { name: "Do this" }));
  await page.getByRole("heading", { name: "Outcome" }).waitFor();
  expect(await textOf(page.locator("main"))).toMatch(/1 links were compared; [1-9]\d* writes were made/);
  expect(world.jira.getState().issues).toHaveLength(1);
  const { items } = await world.parts.admin.listActPage({ limit: 2 });
  expect(items.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(["resync done", "resync started"]);
});

test("texts are read live for operators; restricted ones are not shown", async () => {
  const { page } = await openBrowser();
  const { caseId } = world.huawei.createCase({ description: "A question" });
  world.huawei.addMessage({
    caseId,
    author: "engineer",
    name: "Wang Wei",
    content: "<p>Please run <b>step 6</b>.</p>",
  });
  const resync = async () => {
    await resyncAll(
      world.parts,
      {
        connection: null,
        target: { kind: "case", caseId },
        dryRun: false,
        texts: false,
        config: null,
        wait: true,
        includeHistory: false,
        recreate: false,
        rerender: false,
      },
      { app: { actor: "test" }, progress: { start() {}, update() {}, stop() {} }, confirm: async () => false },
    );
  };
  await resync();
  const link = await world.parts.admin.findLink(caseId);
  const issue = link?.summary.issueKey ?? "";
  world.jira.addComment({ issue, text: "The public answer" });
  world.jira.addComment({ issue, text: "The private answer", visibility: { value: "Administrators" } });
  await resync();

  await signIn(page, operatorToken, `/links/${link?.summary.id}`);
  expect(await textOf(page.locator("main"))).not.toContain("The public answer");
  await follow(page.getByRole("button", { name: "Read the texts" }));

  const shown = await textOf(page.locator(".timeline"));
  expect(shown).toContain("Please run step 6.");
  expect(shown).toContain("The public answer");
  expect(shown).toContain("restricted: its text is not shown");
  expect(await page.content()).not.toContain("The private answer");
});

test("a connection is paused and resumed per direction, and shows its settings with where they come from", async () => {
  const { page } = await openBrowser({ scripts: false });
  await signIn(page, operatorToken, "/connections");

  await follow(page.getByRole("button", { name: "Pause default, Jira → Huawei Cloud" }));
  expect(await textOf(page.locator('[role="status"]'))).toContain("Paused.");
  expect((await world.parts.admin.listConnections())[0]).toMatchObject({ pausedToHuawei: true, pausedToJira: false });
  await follow(page.getByRole("button", { name: "Resume default, Jira → Huawei Cloud" }));
  expect((await world.parts.admin.listConnections())[0]).toMatchObject({ pausedToHuawei: false });

  const rowOf = async (name: string) =>
    (
      await page
        .locator("tr", { has: page.locator(`code:text-is("${name}")`) })
        .first()
        .locator("td")
        .allTextContents()
    ).slice(1);
  expect(await rowOf("HUAWEICLOUD_SDK_SK")).toEqual(["set", "environment"]);
  expect(await rowOf("JIRA_WEBHOOK_SECRET")).toEqual(["not set", "default"]);
  expect(await rowOf("TEXT_GUARD")).toEqual(["mask", "default"]);
  expect(await rowOf("JIRA_PROJECT_KEY")).toEqual(["OPS", "environment"]);
  expect(await page.content()).not.toContain("SIMSK");
});

test("the doctor runs from the page and shows its sheet in the language of the page", async () => {
  const { page } = await openBrowser();
  await signIn(page, operatorToken, "/connections");

  await follow(page.getByRole("button", { name: "Run the doctor" }));
  await page.locator("#doctor td", { hasText: "database" }).first().waitFor();

  await page.locator("#doctor", { hasText: /fine[\s\S]*up to date/ }).waitFor();

  // The page that waited for the outcome may still load itself anew.
  const other = await page.context().newPage();
  await other.goto(`${world.url}/connections?lang=zh`);
  const found = await other.locator("#doctor tbody tr").allInnerTexts();
  expect(found.length).toBeGreaterThan(30);
  expect(found.join("\n")).toMatch(/数据库迁移[\s\S]*已是最新/);
  expect(found.filter((row) => /\b(?:the|is|of|are|not|none)\b/.test(row))).toEqual([]);
});
