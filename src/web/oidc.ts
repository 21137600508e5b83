/**
 * Single sign-on by OpenID Connect: code flow with PKCE, state and nonce.
 *
 * What a flow needs to be finished stands in a cookie of the browser that began it, so no replica has to remember it and nobody can be signed in by
 * somebody else's link. A cookie with SameSite=Strict does not come along when the provider sends the browser back, since that
 * navigation began at another site; so the address that it comes back to answers a page that leads on to ours (see `session-routes.ts`).
 */
import { createHash } from "node:crypto";
import * as client from "openid-client";
import { z } from "zod";
import { makeHttpSender } from "../lib/http.ts";
import type { Secret } from "../lib/secret.ts";
import type { Principal, Role } from "../lib/session-store.ts";
import type { HttpProxy } from "../lib/tunnel.ts";
import { makeOidcFetch } from "./oidc-fetch.ts";

/** A claim and the value that grants a role. */
export type ClaimValue = { readonly claim: string; readonly value: string };

/** The provider, and who may do what. */
export type OidcSettings = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly operators: readonly ClaimValue[];
  readonly viewers: readonly ClaimValue[];
  /** Where the provider sends people back to. */
  readonly redirectUri: string;
  /** `null` = the provider is reached directly. */
  readonly proxy: HttpProxy | null;
};

/** A flow that was begun: where to send the browser, and what its cookie must hold. */
export type BegunFlow = { readonly url: string; readonly cookie: string };

/** Single sign-on with one provider. Calls reject when the provider cannot be reached or its answers do not hold. */
export interface Oidc {
  /** Fingerprint of the settings: sessions that other ones granted are no good. */
  readonly grant: string;
  begin(): Promise<BegunFlow>;
  /** `query`: what stood behind the `?` when the browser came back. Answers `null` for somebody whom no claim grants a role. */
  finish(query: string, cookie: string): Promise<Principal | null>;
}

const answerMaxSeconds = 10;
const flowCookie = z.object({ verifier: z.string(), state: z.string(), nonce: z.string() });

/** Makes the flow. The provider is asked for its addresses at the first sign-in, and again after a failure. */
export function makeOidc(settings: OidcSettings): Oidc {
  const { issuer, clientId, clientSecret, operators, viewers, redirectUri } = settings;
  const fetch = makeOidcFetch(makeHttpSender(() => {}, settings.proxy));
  let found: Promise<client.Configuration> | null = null;
  function discover(): Promise<client.Configuration> {
    // The settings allow plain HTTP on this machine alone.
    const execute = new URL(issuer).protocol === "http:" ? [client.allowInsecureRequests] : [];
    found ??= client
      .discovery(new URL(issuer), clientId, clientSecret.reveal(), undefined, {
        execute,
        timeout: answerMaxSeconds,
        [client.customFetch]: fetch,
      })
      .catch((error: unknown) => {
        found = null;
        throw error;
      });
    return found;
  }

  return {
    grant: createHash("sha256")
      .update(JSON.stringify([issuer, clientId, operators, viewers]))
      .digest("base64url"),
    async begin() {
      const provider = await discover();
      const flow = {
        verifier: client.randomPKCECodeVerifier(),
        state: client.randomState(),
        nonce: client.randomNonce(),
      };
      const url = client.buildAuthorizationUrl(provider, {
        redirect_uri: redirectUri,
        scope: scopeFor(provider, [...operators, ...viewers]),
        code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: "S256",
        state: flow.state,
        nonce: flow.nonce,
      });
      return { url: url.href, cookie: Buffer.from(JSON.stringify(flow)).toString("base64url") };
    },
    async finish(query, cookie) {
      const flow = flowCookie.parse(JSON.parse(Buffer.from(cookie, "base64url").toString("utf8")));
      const provider = await discover();
      const tokens = await client.authorizationCodeGrant(provider, new URL(`${redirectUri}?${query}`), {
        pkceCodeVerifier: flow.verifier,
        expectedState: flow.state,
        expectedNonce: flow.nonce,
        idTokenExpected: true,
      });
      const idClaims = tokens.claims();
      if (idClaims === undefined) throw new Error("the provider sent no id token");
      // Many providers tell groups and addresses only there.
      const hasUserInfo = provider.serverMetadata().userinfo_endpoint !== undefined;
      const more = hasUserInfo ? await client.fetchUserInfo(provider, tokens.access_token, idClaims.sub) : {};
      const claims: Readonly<Record<string, unknown>> = { ...more, ...idClaims };
      const role = roleOf(claims, settings);
      return role === null ? null : { role, actor: nameOf(claims) };
    },
  };
}

/** Operator before viewer; `null` for neither. */
export function roleOf(
  claims: Readonly<Record<string, unknown>>,
  { operators, viewers }: Pick<OidcSettings, "operators" | "viewers">,
): Role | null {
  if (operators.some((wanted) => holds(claims, wanted))) return "operator";
  return viewers.some((wanted) => holds(claims, wanted)) ? "viewer" : null;
}

/** An address that the provider has not verified may be anybody's. */
function holds(claims: Readonly<Record<string, unknown>>, { claim, value }: ClaimValue): boolean {
  if (claim === "email" && claims.email_verified !== true) return false;
  const given = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return (Array.isArray(given) ? given : [given]).some((one: unknown) =>
    typeof one === "string" || typeof one === "number" || typeof one === "boolean" ? String(one) === value : false,
  );
}

function nameOf(claims: Readonly<Record<string, unknown>>): string {
  const verified = claims.email_verified === true ? claims.email : undefined;
  const name = [verified, claims.preferred_username, claims.sub].find((one) => typeof one === "string" && one !== "");
  return `${String(name).slice(0, 200)} (single sign-on)`;
}

/** A scope named like a claim is asked for where the provider knows it (`groups`, `email`); others would be refused. */
function scopeFor(provider: client.Configuration, wanted: readonly ClaimValue[]): string {
  const known = provider.serverMetadata().scopes_supported ?? ["profile", "email"];
  const useful = ["profile", "email", ...wanted.map(({ claim }) => claim)];
  return [...new Set(["openid", ...useful.filter((scope) => known.includes(scope))])].join(" ");
}
