/**
 * Who is behind a request, and what the role allows (rule 13).
 *
 * Without a sign-in whoever sits at this machine is an operator; see `access.ts` for how that is told. With one: a token as bearer, or
 * the cookie of a session, which a token or single sign-on began. A session stands in the database, so that every replica knows it and
 * nobody knows it any more once it was ended. It also ends by age, and when what granted it (the token, the settings of single sign-on) changes.
 */
import { createHash, createHmac, randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { CookieSerializeOptions } from "@fastify/cookie";
import type { Secret } from "../lib/secret.ts";
import type { Principal, Role, SessionStore, SignInBrake, StoredSession } from "../lib/session-store.ts";
import type { SignInRefusal } from "../observability/metrics.ts";
import {
  type AccessRequestFacts,
  checkChange,
  checkForm,
  isSafe,
  namesThisMachine,
  type Refusal,
  whyNotLocal,
} from "./access.ts";

/** The ways to sign in; at least one is set. */
export type SignIn = {
  readonly operatorToken: Secret | null;
  readonly viewerToken: Secret | null;
  /** Fingerprint of the settings of single sign-on; `null` = there is none. */
  readonly oidcGrant: string | null;
};

/** A cookie to set; `maxAge` 0 takes it away. */
export type CookieToSet = { readonly name: string; readonly value: string; readonly options: CookieSerializeOptions };

/** How a cookie of ours is called and kept. */
type CookieShape = { readonly name: string; readonly options: CookieSerializeOptions };

/** Who a request comes from, or the answer that it gets. */
export type Verdict = { readonly principal: Principal } | { readonly refusal: Refusal };

/** Decides about requests. Calls reject when the sessions cannot be read. */
export interface Gatekeeper {
  /** Whether somebody can sign in at all; otherwise only this machine is answered. */
  readonly hasSignIn: boolean;
  readonly hasTokens: boolean;
  /** What a change must look like, whoever asks; `null` = fine. For routes that nobody needs to be signed in for. */
  checkChange(request: Pick<AccessRequestFacts, "method" | "headers">): Refusal | null;
  /** The same for a plain form. */
  checkForm(request: Pick<AccessRequestFacts, "headers">): Refusal | null;
  /** The name and options of a cookie of ours. */
  cookie(request: Pick<AccessRequestFacts, "headers">, name: string): CookieShape;
  /** Who asks, and whether that role may. A change must come from the page itself as well; `isForm`: a plain form, which sets no header. */
  check(request: AccessRequestFacts, isForm?: boolean): Promise<Verdict>;
  /** What the forms of this session carry (`form-guard.ts`): nobody else can make it, and another session has another one. */
  formToken(request: AccessRequestFacts): string;
  /** Begins a session for whoever shows a token. */
  signIn(
    token: string,
    request: AccessRequestFacts,
  ): Promise<{ readonly cookie: CookieToSet } | { readonly refusal: Refusal }>;
  /** Begins a session for somebody whom single sign-on has named. */
  startSession(principal: Principal, request: AccessRequestFacts): Promise<CookieToSet>;
  /** Ends the session of this browser, here and on every replica. */
  signOut(request: AccessRequestFacts): Promise<CookieToSet>;
}

const sessionMs = 12 * 3_600_000;
const cookieName = "casebridge_session";

/** Makes the decisions. `signIn` null: this machine only. `publicUrl`: where people reach the page, where that is known. */
export function makeGatekeeper(input: {
  readonly signIn: SignIn | null;
  readonly publicUrl: string | null;
  readonly sessions: SessionStore;
  readonly brake: SignInBrake;
  readonly onRefused: (reason: SignInRefusal) => void;
}): Gatekeeper {
  const { signIn, publicUrl, sessions, brake, onRefused } = input;
  const tokens = listTokens(signIn);
  const ownKey = randomBytes(32);
  const grants = new Set([
    ...tokens.map((token) => token.grant),
    ...(signIn?.oidcGrant == null ? [] : [signIn.oidcGrant]),
  ]);

  async function find(request: AccessRequestFacts): Promise<Verdict> {
    if (signIn === null) {
      const problem = whyNotLocal(request);
      if (problem === null) return { principal: { role: "operator", actor: "this machine" } };
      const message = `${problem} Without a sign-in (ADMIN_TOKEN) this answers only requests made on this machine.`;
      return { refusal: { status: 403, code: "local_only", message } };
    }
    const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
    if (bearer !== undefined) return tryToken(bearer, request);
    const session = await findSession(request);
    return session === null ? { refusal: unauthorized } : { principal: { role: session.role, actor: session.actor } };
  }

  async function findSession(request: AccessRequestFacts): Promise<StoredSession | null> {
    const value = request.cookies[sessionCookie(request, publicUrl).name];
    if (value === undefined || value.length > 100) return null;
    const session = await sessions.find(digestOf(value));
    return session !== null && grants.has(session.grant) ? session : null;
  }

  /** The brake is asked first, so that a right token cannot be told from a wrong one while it holds. */
  async function tryToken(given: string, request: AccessRequestFacts): Promise<Verdict & { readonly grant?: string }> {
    const peer = peerOf(request.peerAddress);
    const waitMs = await brake.waitMs(peer);
    if (waitMs > 0) {
      onRefused("too_many");
      return { refusal: mustWait(waitMs) };
    }
    // All are compared, so that the time tells nothing of which one was near.
    const [token] = tokens.filter((entry) => entry.isSame(given));
    if (token !== undefined) return { principal: token.principal, grant: token.grant };
    onRefused("wrong_token");
    const nextMs = await brake.refused(peer);
    return { refusal: nextMs > 0 ? mustWait(nextMs) : unauthorized };
  }

  async function startSession(session: StoredSession, request: AccessRequestFacts): Promise<CookieToSet> {
    const value = randomBytes(32).toString("base64url");
    await sessions.start(digestOf(value), session, sessionMs);
    const { name, options } = sessionCookie(request, publicUrl);
    return { name, value, options: { ...options, maxAge: sessionMs / 1000 } };
  }

  return {
    hasSignIn: signIn !== null,
    hasTokens: tokens.length > 0,
    checkChange: (request) => checkChange(request, publicUrl),
    checkForm: (request) => checkForm(request, publicUrl),
    cookie: (request, name) => sessionCookie(request, publicUrl, name),
    formToken(request) {
      const session = request.cookies[sessionCookie(request, publicUrl).name];
      // Of the secret that the cookie holds, so that every replica makes the same one; without a session this process serves alone.
      const key = signIn === null || session === undefined ? ownKey : session;
      return createHmac("sha256", key).update("form of the page").digest("base64url");
    },
    async check(request, isForm = false) {
      const verdict = await find(request);
      if ("refusal" in verdict) return verdict;
      const refusal = isForm ? checkForm(request, publicUrl) : checkChange(request, publicUrl);
      if (refusal !== null) return { refusal };
      return isSafe(request.method) || verdict.principal.role === "operator" ? verdict : { refusal: onlyReads };
    },
    async signIn(given, request) {
      if (tokens.length === 0) return { refusal: unauthorized };
      const verdict = await tryToken(given, request);
      if ("refusal" in verdict) return verdict;
      return { cookie: await startSession({ ...verdict.principal, grant: verdict.grant ?? "" }, request) };
    },
    async startSession(principal, request) {
      return startSession({ ...principal, grant: signIn?.oidcGrant ?? "" }, request);
    },
    async signOut(request) {
      const { name, options } = sessionCookie(request, publicUrl);
      const value = request.cookies[name];
      if (value !== undefined) await sessions.end(digestOf(value));
      return { name, value: "", options: { ...options, maxAge: 0 } };
    },
  };
}

const unauthorized: Refusal = {
  status: 401,
  code: "unauthorized",
  message: "Sign in on the page, or send a token (ADMIN_TOKEN, VIEWER_TOKEN) as a bearer token.",
};
const onlyReads: Refusal = { status: 403, code: "role_missing", message: "Viewers read; only operators act." };

function mustWait(waitMs: number): Refusal {
  return {
    status: 429,
    code: "too_many_sign_ins",
    message: "Too many sign-ins were refused; wait a minute.",
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  };
}

type Token = {
  readonly principal: Principal;
  readonly grant: string;
  isSame(given: string): boolean;
};

function listTokens(signIn: SignIn | null): readonly Token[] {
  // Comparing digests under a key of this process hides the length, too.
  const compareKey = randomBytes(32);
  const digest = (text: string): Buffer => createHmac("sha256", compareKey).update(text).digest();
  const given: readonly (readonly [Role, Secret | null])[] = [
    ["operator", signIn?.operatorToken ?? null],
    ["viewer", signIn?.viewerToken ?? null],
  ];
  return given.flatMap(([role, secret]) => {
    if (secret === null) return [];
    const own = digest(secret.reveal());
    return [
      {
        principal: { role, actor: `token (${role})` },
        // It stands in the database, so it is slow to guess from.
        grant: scryptSync(secret.reveal(), `casebridge session ${role}`, 32).toString("base64url"),
        isSame: (text: string) => timingSafeEqual(digest(text), own),
      },
    ];
  });
}

/**
 * On this machine pages come over plain HTTP, where not every browser keeps a `__Host-` cookie; everywhere else the cookie demands TLS. Where
 * people reach the page is told by `publicUrl`, since a proxy may name any host; without it the host that the browser names counts.
 */
function sessionCookie(
  request: Pick<AccessRequestFacts, "headers">,
  publicUrl: string | null,
  name: string = cookieName,
): CookieShape {
  const secure = publicUrl === null ? !namesThisMachine(request.headers.host) : publicUrl.startsWith("https:");
  const options = { path: "/", httpOnly: true, sameSite: "strict", secure } as const;
  return { name: secure ? `__Host-${name}` : name, options };
}

function digestOf(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

/** Who has an IPv6 address has a whole /64 of them. */
function peerOf(address: string | undefined): string {
  const bare = (address ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
  if (isIP(bare) !== 6) return bare;
  const [head = "", tail] = bare.split("::");
  const groups = head.split(":");
  if (tail === undefined) return groups.slice(0, 4).join(":");
  const tailGroups = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - tailGroups.length) }, () => "0");
  return [...groups, ...zeros, ...tailGroups].slice(0, 4).join(":");
}
