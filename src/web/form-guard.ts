/**
 * Plain forms of the page (rule 13). A form sets no header of its own, so another site's page could send one in the name of whoever is signed
 * in. Three things keep that away: the session's cookie is SameSite=Strict; the browser must say that the form comes from our own origin; and
 * the form carries a token that only a page of the same session holds (a synchroniser token).
 */
import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Gatekeeper } from "./gatekeeper.ts";
import { factsOf } from "./web-app.ts";

/** The fields of a form by name; of a name that comes twice the first counts. */
export type Fields = Readonly<Record<string, string>>;

declare module "fastify" {
  interface FastifyContextConfig {
    /** A plain form: it sets no header, and carries the token of the page instead. */
    readonly form?: true;
  }
}

/** Name of the field that carries the token. */
export const tokenFieldName = "token_of_page";

const fieldsMax = 100;

/** Lets the routes of this scope read forms. */
export function readForms(scope: FastifyInstance): void {
  scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
    done(null, toFields(String(body))),
  );
}

/** Adds the route of a form: nothing of it is done unless the form comes from a page of this very session. */
export function addForm(
  scope: FastifyInstance,
  input: {
    readonly url: string;
    readonly gatekeeper: Pick<Gatekeeper, "formToken">;
    readonly refuse: (request: FastifyRequest, reply: FastifyReply) => FastifyReply;
    readonly handle: (request: FastifyRequest, reply: FastifyReply, fields: Fields) => Promise<FastifyReply>;
  },
): void {
  const { url, gatekeeper, refuse, handle } = input;
  scope.post(url, { config: { form: true } }, async (request, reply) => {
    const fields = fieldsOf(request);
    const isOurs = isSame(fields[tokenFieldName] ?? "", gatekeeper.formToken(factsOf(request)));
    return isOurs ? handle(request, reply, fields) : refuse(request, reply);
  });
}

/** The fields of a form that was sent, and no others; none where the body is something else. */
function fieldsOf({ body }: Pick<FastifyRequest, "body">): Fields {
  const entries = Object.entries(typeof body === "object" && body !== null ? body : {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function toFields(text: string): Fields {
  const fields = Object.create(null) as Record<string, string>;
  for (const [name, value] of [...new URLSearchParams(text)].slice(0, fieldsMax)) fields[name] ??= value;
  return fields;
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A place of our own page that a form names, or `otherwise`: never another site. Pure. */
export function ownPlace(given: string | undefined, otherwise: string): string {
  if (given === undefined || !given.startsWith("/") || !URL.canParse(given, "http://page.invalid")) return otherwise;
  const { origin, pathname, search, hash } = new URL(given, "http://page.invalid");
  return origin === "http://page.invalid" && !pathname.startsWith("//") ? `${pathname}${search}${hash}` : otherwise;
}
