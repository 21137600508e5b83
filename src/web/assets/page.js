// What a page can do besides being read: tell moments in local time, and bring itself up to date.
// Everything works without it.

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/** @param {ParentNode} root */
function tellLocally(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.getAttribute("datetime") ?? "");
    if (Number.isNaN(at.getTime())) continue;
    const zone = new Intl.DateTimeFormat(document.documentElement.lang, { timeZoneName: "longOffset" })
      .formatToParts(at)
      .find(({ type }) => type === "timeZoneName")?.value;
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const seconds = time.getAttribute("data-to") === "minute" ? "" : `:${two(at.getSeconds())}`;
    time.textContent = `${day} ${two(at.getHours())}:${two(at.getMinutes())}${seconds}`;
    time.setAttribute("title", `${zone ?? ""} · ${at.toISOString().slice(0, 19).replace("T", " ")} UTC`);
  }
}

/** Reads the point under the pointer from the table that follows the plots. */
document.addEventListener("pointermove", ({ target, clientX }) => {
  const plot = target instanceof Element ? target.closest(".plot") : null;
  for (const reading of document.querySelectorAll(".reading")) reading.textContent = "";
  const drawing = plot?.querySelector("svg");
  const reading = plot?.querySelector(".reading");
  const ends = plot?.querySelectorAll(".ends time");
  if (!(plot instanceof HTMLElement) || drawing == null || reading == null || ends?.length !== 2) return;
  const [from = 0, to = 0] = [...ends].map((end) => Date.parse(end.getAttribute("datetime") ?? ""));
  const { left, width } = drawing.getBoundingClientRect();
  const step = (to - from) / drawing.viewBox.baseVal.width;
  const at = new Date(from + Math.floor(((clientX - left) / width) * drawing.viewBox.baseVal.width) * step);
  if (clientX < left || clientX >= left + width) return;
  const cells = [
    ...(document.querySelector(`#plots td time[datetime="${at.toISOString()}"]`)?.closest("tr")?.cells ?? []),
  ];
  const values = (plot.dataset.columns ?? "").split(" ").map((column) => cells[Number(column)]?.textContent ?? "–");
  reading.textContent = `${two(at.getHours())}:${two(at.getMinutes())} · ${values.join(" · ")}`;
});

/** Whether somebody is in the middle of something that a new picture would take from them. */
function isBusy() {
  const isTyping = document.activeElement?.matches("main input, main select, main textarea") === true;
  return isTyping || (getSelection()?.toString() ?? "") !== "";
}

/** @param {ParentNode} root @returns {HTMLElement[]} */
const stopsOf = (root) => [...root.querySelectorAll("a, button, summary, [tabindex]")];

/** What a stop of the keyboard is called, so that it is found again among new neighbours. @param {Element} stop */
const nameOf = (stop) =>
  [stop.tagName, stop.getAttribute("href"), stop.getAttribute("aria-label"), stop.textContent].join(" ");

/** Where the focus stands: the how manieth stop of that name. @param {ParentNode} root @param {Element | null} stop */
function placeOf(root, stop) {
  if (stop === null || !root.contains(stop)) return null;
  const name = nameOf(stop);
  return {
    name,
    at: stopsOf(root)
      .filter((other) => nameOf(other) === name)
      .indexOf(stop),
  };
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
  if (!answer.ok && answer.status !== 503) return;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [from, to] = [next.querySelector("main"), document.querySelector("main")];
  if (from === null || to === null || isBusy()) return;
  const open = [...to.querySelectorAll("details")].map(({ open }) => open);
  // The address of this page says what was done: true for a while, not for as long as the page is open.
  if (performance.now() > 60_000) from.querySelector(".said")?.remove();
  const focused = placeOf(to, document.activeElement);
  to.replaceChildren(...from.childNodes);
  [...to.querySelectorAll("details")].forEach((entry, at) => {
    if (open[at]) entry.open = true;
  });
  const again = focused === null ? undefined : stopsOf(to).filter((stop) => nameOf(stop) === focused.name)[focused.at];
  again?.focus({ preventScroll: true });
  document.title = next.title;
  tellLocally(to);
}

function live() {
  const address = document.querySelector("main")?.dataset.live;
  if (address === undefined) return;
  let isStale = false;
  const look = () => {
    if (!isStale || document.hidden || isBusy()) return;
    isStale = false;
    refresh().catch(() => {
      isStale = true;
    });
  };
  new EventSource(address).addEventListener("message", () => {
    isStale = true;
    look();
  });
  document.addEventListener("visibilitychange", look);
  setInterval(look, 2000);
}

tellLocally(document);
live();
