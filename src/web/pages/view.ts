/** The frame of every page: head, views, who looks, and what was just done. */
import type { Role } from "../../lib/session-store.ts";
import { catalogues, type Language, type Texts } from "../texts/texts.ts";
import { type Html, html, type Part } from "./html.ts";

/** Whom a page is for and where it stands. */
export type View = {
  readonly language: Language;
  readonly t: Texts;
  readonly role: Role;
  /** Whether somebody can sign out at all. */
  readonly canSignOut: boolean;
  /** Proves that a form came from a page of this session (see `form-guard.ts`). */
  readonly formToken: string;
  /** Address of this very page, without the language. */
  readonly path: string;
  /** The moment that spans are told from. */
  readonly now: Date;
  /** What was just done; `null` = nothing. */
  readonly said: string | null;
};

/** Names of the views in the menu, with their addresses. */
const menu = [
  ["overview", "/"],
  ["links", "/links"],
  ["failures", "/failures"],
  ["resync", "/resync"],
  ["connections", "/connections"],
  ["activity", "/activity"],
] as const;

/** A view of the menu. */
export type ViewName = (typeof menu)[number][0];

/** What stands in the frame. `isLive`: the browser may bring it up to date by itself. */
export type PageContent = {
  readonly name: ViewName;
  readonly title: string;
  readonly body: Part;
  readonly isLive?: boolean;
  /** Left out: 200. */
  readonly status?: number;
  /** The browser asks again after so long, also without JavaScript; left out: not by itself. */
  readonly refreshSeconds?: number;
};

/** A whole page of somebody who is signed in. Pure. */
export function renderPage(view: View, { name, title, body, isLive = false, refreshSeconds }: PageContent): string {
  const { t } = view;
  const links = menu.map(
    ([entry, address]) =>
      html`<li><a href="${address}"${entry === name ? html` aria-current="page"` : null}>${t.views[entry]}</a></li>`,
  );
  const signOut = view.canSignOut
    ? html`<form method="post" action="/sign-out">${tokenField(view)}<button class="quiet">${t.frame.signOut}</button></form>`
    : null;
  const frame = html`<a class="skip" href="#main">${t.frame.skip}</a>
<header class="top"><a class="brand" href="/">${t.name}</a>
<nav aria-label="${t.frame.menu}"><ul>${links}</ul></nav>
<div class="tools">${languageLink(view)}${signOut}</div></header>
<main id="main" tabindex="-1"${isLive ? html` data-live="/live"` : null}>
${view.said === null ? null : html`<p class="said" role="status">${view.said}</p>`}
${body}
</main>
${view.role === "viewer" ? html`<footer><p>${t.frame.reads}</p></footer>` : null}`;
  return renderDocument({ language: view.language, title, body: frame, refreshSeconds });
}

/** A whole page without the frame: for who is not signed in. Pure. */
export function renderBare(given: {
  readonly language: Language;
  readonly title: string;
  readonly path: string;
  readonly body: Part;
}): string {
  const t = catalogues[given.language];
  const body = html`<header class="top"><span class="brand">${t.name}</span><div class="tools">${languageLink({ t, path: given.path })}</div></header>
<main id="main" class="narrow"><h1>${given.title}</h1>${given.body}</main>`;
  return renderDocument({ language: given.language, title: given.title, body });
}

/** The token that each form carries. */
export function tokenField({ formToken }: Pick<View, "formToken">): Html {
  return html`<input type="hidden" name="token_of_page" value="${formToken}">`;
}

/** The same address with another parameter; an empty value takes it away. Pure. */
export function withParameter(path: string, name: string, value: string): string {
  const end = path.indexOf("#");
  const [address, fragment] = end < 0 ? [path, ""] : [path.slice(0, end), path.slice(end)];
  const [place = "/", query = ""] = address.split("?");
  const parameters = new URLSearchParams(query);
  if (value === "") parameters.delete(name);
  else parameters.set(name, value);
  const text = parameters.toString();
  return `${place}${text === "" ? "" : `?${text}`}${fragment}`;
}

function languageLink({ t, path }: Pick<View, "t" | "path">): Html {
  const lang = t.otherLanguage === "zh" ? "zh-Hans" : "en";
  return html`<a href="${withParameter(path, "lang", t.otherLanguage)}" hreflang="${lang}" lang="${lang}">${t.other}</a>`;
}

function renderDocument({
  language,
  title,
  body,
  refreshSeconds,
}: {
  readonly language: Language;
  readonly title: string;
  readonly body: Html;
  readonly refreshSeconds?: number | undefined;
}): string {
  const { name } = catalogues[language];
  return html`<!doctype html>
<html lang="${language === "zh" ? "zh-Hans" : "en"}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">${refreshSeconds === undefined ? null : html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
<title>${title} · ${name}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/page.css"><script src="/assets/page.js" defer></script>
</head>
<body>
${body}
</body>
</html>
`.toString();
}
