/** What somebody sees who is not signed in. */
import { catalogues, type Language } from "../texts/texts.ts";
import { html, type Part } from "./html.ts";
import { badge } from "./parts.ts";
import { renderBare } from "./view.ts";

/** The sign-in. `ways`: how people can; `path`: where they wanted to go; `mistake`: what came of the last attempt. Pure. */
export function renderSignIn(input: {
  readonly language: Language;
  readonly ways: { readonly tokens: boolean; readonly oidc: boolean };
  readonly path: string;
  readonly mistake: "wrong" | "tooMany" | "foreign" | null;
}): string {
  const { language, ways, path, mistake } = input;
  const t = catalogues[language];
  const oidc: Part =
    ways.oidc && html`<p><a class="button primary" href="/api/v1/session/oidc">${t.signIn.oidc}</a></p>`;
  const form: Part =
    ways.tokens &&
    html`<form method="post" action="/sign-in" class="stack"><input type="hidden" name="back" value="${path}">
<label>${t.signIn.token} <input name="token" type="password" autocomplete="current-password" required autofocus></label>
<button class="primary">${t.signIn.title}</button>${mistake === null ? null : html`<p role="alert">${badge("bad", t.signIn[mistake])}</p>`}</form>`;
  return renderBare({ language, title: t.signIn.title, path, body: html`${oidc}${form}` });
}

/** What somebody sees whom single sign-on knows and no claim grants a role. Pure. */
export function renderNoRole(language: Language): string {
  const t = catalogues[language];
  const body = html`<p>${badge("bad", t.signIn.noRole)}</p><p><a href="/">${t.signIn.back}</a></p>`;
  return renderBare({ language, title: t.signIn.title, path: "/", body });
}

/** A page that leads on to another one of ours, so that the next request begins here. Pure. */
export function renderLeadOn(address: string): string {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${address}"><title>casebridge</title></head><body><a href="${address}">casebridge</a></body></html>
`.toString();
}
