/** Which language a page is drawn in: `?lang=`, else what was chosen before, else the browser's preferences in their order, else English. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { Language } from "./texts/texts.ts";
import { factsOf, isRecord } from "./web-app.ts";

const cookieName = "casebridge_language";
const keptSeconds = 365 * 86_400;

/** The language asked for. `lang` is a wish that was told, `acceptLanguage` the header of that name. Pure. */
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

/** The language of a request; one that it asks for is kept in a cookie. */
export function languageOf(
  request: FastifyRequest,
  { reply, gatekeeper }: { readonly reply: FastifyReply; readonly gatekeeper: Pick<Gatekeeper, "cookie"> },
): Language {
  const asked = isRecord(request.query) && typeof request.query.lang === "string" ? request.query.lang : undefined;
  const { name, options } = gatekeeper.cookie(factsOf(request), cookieName);
  const language = chooseLanguage(asked ?? request.cookies[name], request.headers["accept-language"]);
  if (asked !== undefined) reply.setCookie(name, language, { ...options, maxAge: keptSeconds });
  return language;
}
