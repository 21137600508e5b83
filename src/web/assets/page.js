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
    time.textContent = `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    time.setAttribute("title", `${zone ?? ""} · ${at.toISOString().slice(0, 19).replace("T", " ")} UTC`);
  }
}

/** Whether somebody is in the middle of something that a new picture would take from them. */
function isBusy() {
  const isTyping = document.activeElement?.matches("main input, main select, main textarea") === true;
  return isTyping || (getSelection()?.toString() ?? "") !== "";
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
  const focused = [...to.querySelectorAll("a, button, summary, [tabindex]")].indexOf(document.activeElement ?? to);
  to.replaceChildren(...from.childNodes);
  [...to.querySelectorAll("details")].forEach((entry, at) => {
    if (open[at]) entry.open = true;
  });
  if (focused >= 0) {
    const again = [...to.querySelectorAll("a, button, summary, [tabindex]")][focused];
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  }
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
