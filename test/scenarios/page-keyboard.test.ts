/** The page by keyboard alone: whatever can be acted on is reached, is seen to be, and is left again; acts are made by Enter and Space. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Planted, plant } from "../support/page-seed.ts";
import { operatorToken, type PageWorld, startBrowser, startPageWorld } from "../support/page-world.ts";

let world: PageWorld;
let planted: Planted;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  world = await startPageWorld();
  planted = await plant(world);
  browser = await startBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: "en-US" });
  // A picture that is drawn anew would take the notes of this test with it.
  await page.route("**/live", (route) => route.abort());
});
afterAll(async () => {
  await browser.close();
  await world.close();
});

type Stop = {
  readonly name: string;
  readonly tag: string;
  /** Seen before. */
  readonly isKnown: boolean;
  readonly isSeen: boolean;
};

// The scripts run in the browser, whose types this project does not know.

/** Where the focus is now; `null` = nowhere on the page. Notes that it was there. */
const readStop = () =>
  page.evaluate<Stop | null>(`(() => {
    const stop = document.activeElement;
    if (stop === null || stop === document.body || stop.id === "main") return null;
    const { outlineStyle, outlineWidth } = getComputedStyle(stop);
    const { top, bottom, left, right, width } = stop.getBoundingClientRect();
    const isInside = width > 0 && bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
    const isKnown = stop.dataset.reached === "yes";
    stop.dataset.reached = "yes";
    return {
      name: stop.tagName + " " + (stop.getAttribute("href") ?? stop.getAttribute("name") ?? stop.textContent.trim()),
      tag: stop.tagName,
      isKnown,
      isSeen: isInside && outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2,
    };
  })()`);

/** What can be acted on and was not reached. Of radio buttons of one name one is a stop; arrows lead to the others. */
const listMissed = () =>
  page.evaluate<readonly string[]>(`(() => {
    const all = document.querySelectorAll(
      'a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex="0"]',
    );
    const isReached = (stop) =>
      stop.dataset.reached === "yes" ||
      (stop.type === "radio" && document.querySelector('input[name="' + stop.name + '"][data-reached]') !== null);
    return [...all].filter((stop) => stop.checkVisibility() && !isReached(stop)).map((stop) => stop.outerHTML);
  })()`);

/** What the control that has the focus is called. */
const readName = () =>
  page.evaluate<string>(
    '(document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent).trim()',
  );

const stopsMax = 400;

/** Tabs through the page to its end, opening what is folded; answers how many stops there were. */
async function walk(): Promise<number> {
  let last = "";
  for (let count = 0; count < stopsMax; count += 1) {
    await page.keyboard.press("Tab");
    const stop = await readStop();
    if (stop === null) return count;
    // Parts of a date are stops of one field.
    if (stop.isKnown && stop.name !== last) return count;
    expect(stop.isSeen, stop.name).toBe(true);
    if (stop.tag === "SUMMARY" && !stop.isKnown) await page.keyboard.press("Enter");
    last = stop.name;
  }
  throw new Error("the focus does not come to an end");
}

/** Tabs to the control of that name. */
async function tabTo(name: string): Promise<void> {
  for (let count = 0; count < stopsMax; count += 1) {
    await page.keyboard.press("Tab");
    if ((await readName()) === name) return;
  }
  throw new Error(`nothing is called ${name}`);
}

test("somebody signs in, looks, pauses, resumes and signs out by keyboard", async () => {
  await page.goto(`${world.url}/connections`);
  await page.keyboard.press("Tab");
  while ((await page.evaluate<string>("document.activeElement.tagName")) !== "INPUT") await page.keyboard.press("Tab");
  await page.keyboard.type(operatorToken);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Connections" }).waitFor();

  const paused = async () => (await world.parts.admin.listConnections())[0]?.pausedToHuawei;
  await tabTo("Pause default, Jira → Huawei Cloud");
  await page.keyboard.press("Enter");
  await page.getByRole("status").waitFor();
  expect(await paused()).toBe(true);
  await tabTo("Resume default, Jira → Huawei Cloud");
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Pause default, Jira → Huawei Cloud" }).waitFor();
  expect(await paused()).toBe(false);

  await tabTo("Failures");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Failures", exact: true }).waitFor();
  await tabTo("Discard … file:f2");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Discard for good" }).waitFor();
  await tabTo("Discard for good");
  await page.keyboard.press("Enter");
  await page.getByRole("status").waitFor();
  expect((await world.parts.admin.findFailure(planted.failures[1] ?? ""))?.state).toBe("discarded");
});

test("the first stop of every view leads past the menu to its content", async () => {
  for (const path of ["/", "/links", `/links/${planted.link}`, "/failures", "/activity", "/connections", "/resync"]) {
    await page.goto(`${world.url}${path}`);
    await page.keyboard.press("Tab");
    const first = await readStop();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");

    expect(first, path).toMatchObject({ name: "A #main", isSeen: true });
    expect(await page.evaluate<boolean>('document.activeElement.closest("main") !== null'), path).toBe(true);
  }
});

test("the focus comes by everything that can be acted on, is seen wherever it is, and leaves again", async () => {
  for (const path of [
    "/",
    "/links",
    `/links/${planted.link}`,
    `/links/${planted.link}/unlink`,
    "/failures",
    `/failures/discard?id=${planted.failures[0]}`,
    "/activity",
    "/connections",
    "/resync",
  ]) {
    await page.goto(`${world.url}${path}`);

    expect(await walk(), path).toBeGreaterThan(8);
    expect(await listMissed(), path).toEqual([]);
  }
});
