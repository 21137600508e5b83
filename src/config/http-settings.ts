/**
 * What of the process answers on the network, and what guards it (docs/configuration.md and 6). A listener that a stranger can reach through a proxy
 * looks like one that only this machine reaches, so what is meant for strangers (the webhook) is kept apart from what is not.
 */
import { isLoopback } from "../lib/loopback.ts";
import { Secret } from "../lib/secret.ts";
import type { HttpConfig, OidcConfig, SignInConfig } from "./config.ts";
import { type ConfigError, makeConfigError } from "./config-error.ts";
import type { VariableName } from "./environment.ts";
import { commonProxy } from "./proxy-settings.ts";
import { toClaimValues } from "./values.ts";
import type { Variables } from "./variables.ts";

type HttpInput = {
  readonly variables: Variables;
  /** Whether this start opens ports; what would be unsafe is an error only then. */
  readonly listens: boolean;
  /** Whether a connection has a webhook secret. */
  readonly takesWebhooks: boolean;
  readonly report: (error: ConfigError) => void;
};

const longText = "a long random text, for example from: openssl rand -hex 32";

/** Reads the listeners and the sign-in; what would let strangers in, or two listeners onto one port, goes to `report`. */
export function loadHttp({ variables, listens, takesWebhooks, report }: HttpInput): HttpConfig {
  const host = pick(variables, "HTTP_HOST") ?? "127.0.0.1";
  const port = pick(variables, "HTTP_PORT") ?? 0;
  const webhook = loadWebhook(variables, report);
  const signIn = loadSignIn(variables, report);
  const signInGiven = signInVariables.some((name) => variables.find(name).kind !== "absent");
  const fail = (error: Parameters<typeof makeConfigError>[0]) => report(makeConfigError(error));
  if (listens && port !== 0 && !isLoopback(host) && !signInGiven) {
    fail({
      kind: "unsafe",
      variable: "ADMIN_TOKEN",
      message: "is not set, although HTTP_HOST lets other machines reach page and API",
      remedy: `Set ADMIN_TOKEN (or ADMIN_TOKEN_FILE) to ${longText}. Or set HTTP_HOST=127.0.0.1, or HTTP_PORT=0.`,
    });
  }
  if (
    listens &&
    takesWebhooks &&
    webhook === null &&
    !signInGiven &&
    variables.find("WEBHOOK_PORT").kind !== "broken"
  ) {
    fail({
      kind: "unsafe",
      variable: "WEBHOOK_PORT",
      message:
        "is not set, although there is a webhook secret and no sign-in: whoever is led to the webhook would be led to page and API as well",
      remedy: `Set WEBHOOK_PORT (a listener for the webhook alone) and lead Jira's calls there. Or set ADMIN_TOKEN to ${longText}.`,
    });
  }
  if (listens && webhook !== null && webhook.port === port) {
    fail({
      kind: "conflict",
      variable: "WEBHOOK_PORT",
      message: `is ${port}, as HTTP_PORT is`,
      remedy: "Give the listener of the webhook a port of its own.",
    });
  }
  return { host, port, webhook, publicUrl: pick(variables, "PUBLIC_URL")?.replace(/\/+$/, "") ?? null, signIn };
}

const signInVariables = ["ADMIN_TOKEN", "VIEWER_TOKEN", "OIDC_ISSUER"] as const satisfies readonly VariableName[];

function loadWebhook(variables: Variables, report: HttpInput["report"]): HttpConfig["webhook"] {
  const port = pick(variables, "WEBHOOK_PORT") ?? 0;
  const host = pick(variables, "WEBHOOK_HOST");
  if (host !== null && variables.find("WEBHOOK_PORT").kind === "absent") {
    report(
      makeConfigError({
        kind: "missing",
        variable: "WEBHOOK_PORT",
        message: "is not set, although WEBHOOK_HOST is",
        remedy: "Set WEBHOOK_PORT, for example WEBHOOK_PORT=8090, or leave WEBHOOK_HOST out.",
      }),
    );
  }
  return port === 0 ? null : { host: host ?? "127.0.0.1", port };
}

function loadSignIn(variables: Variables, report: HttpInput["report"]): SignInConfig | null {
  const operatorToken = secretOf(variables, "ADMIN_TOKEN");
  const viewerToken = secretOf(variables, "VIEWER_TOKEN");
  const oidc = loadOidc(variables, report);
  if (operatorToken === null && viewerToken === null)
    return oidc === null ? null : { operatorToken, viewerToken, oidc };
  if (operatorToken?.reveal() === viewerToken?.reveal()) {
    report(
      makeConfigError({
        kind: "conflict",
        variable: "VIEWER_TOKEN",
        message: "is the same text as ADMIN_TOKEN, so every viewer could act",
        remedy: `Set VIEWER_TOKEN to ${longText}.`,
      }),
    );
  }
  return { operatorToken, viewerToken, oidc };
}

const oidcVariables = [
  "OIDC_ISSUER",
  "OIDC_CLIENT_ID",
  "OIDC_CLIENT_SECRET",
] as const satisfies readonly VariableName[];
const roleVariables = ["OIDC_OPERATORS", "OIDC_VIEWERS"] as const satisfies readonly VariableName[];

/** All of it or none: half of a sign-in would look like one and let nobody in. */
function loadOidc(variables: Variables, report: HttpInput["report"]): OidcConfig | null {
  const isAbsent = (name: VariableName): boolean => variables.find(name).kind === "absent";
  if ([...oidcVariables, ...roleVariables].every(isAbsent)) return null;
  const missing: VariableName[] = [...oidcVariables, "PUBLIC_URL" as const].filter(isAbsent);
  if (roleVariables.every(isAbsent)) missing.push("OIDC_OPERATORS");
  for (const variable of missing) {
    report(
      makeConfigError({
        kind: "missing",
        variable,
        message: "is not set, and single sign-on needs it",
        remedy:
          "Set OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, PUBLIC_URL, and OIDC_OPERATORS or OIDC_VIEWERS; or none of the OIDC_… variables.",
      }),
    );
  }
  const [issuer, clientId] = [pick(variables, "OIDC_ISSUER"), pick(variables, "OIDC_CLIENT_ID")];
  const clientSecret = secretOf(variables, "OIDC_CLIENT_SECRET");
  if (issuer === null || clientId === null || clientSecret === null) return null;
  const [operators, viewers] = roleVariables.map((name) => toClaimValues(pick(variables, name) ?? "") ?? []);
  return {
    issuer,
    clientId,
    clientSecret,
    operators: operators ?? [],
    viewers: viewers ?? [],
    proxy: commonProxy(variables),
  };
}

/** The checked value, or `null` where it is unset or its mistake is already reported. */
function pick<N extends VariableName>(variables: Variables, name: N) {
  const found = variables.find(name);
  return found.kind === "value" ? found.value : null;
}

function secretOf(variables: Variables, name: VariableName): Secret | null {
  const found = variables.findSecret(name);
  return found.kind === "value" ? new Secret(found.value) : null;
}
