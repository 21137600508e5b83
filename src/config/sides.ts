/** The two sides of a connection: where the services are, and as whom they are used. */
import type { HuaweiCredentials } from "../domain/access.ts";
import type { Side } from "../domain/service-error.ts";
import { Secret } from "../lib/secret.ts";
import type { HttpProxy } from "../lib/tunnel.ts";
import type { HuaweiConfig, JiraConfig } from "./config.ts";
import type { ConnectionInput } from "./file-schema.ts";
import { isComplete, type Scope, type SecretName, textOrNull } from "./scope.ts";
import { toHosts } from "./values.ts";

const defaultMessageCharsMax = 1200;

/**
 * The proxy of one service. One that the file names serves every host; `NO_PROXY` belongs to the environment's. What cannot be used is
 * reported.
 */
function buildProxy(scope: Scope, side: Side, given: "none" | string | SecretName | undefined): HttpProxy | null {
  if (given === "none") return null;
  if (typeof given === "string") return { url: new Secret(given), except: [] };
  if (given !== undefined) {
    const url = scope.secret("HTTPS_PROXY", given, true, [side, "proxy"]);
    return url === null ? null : { url, except: [] };
  }
  const url = scope.secret("HTTPS_PROXY", undefined, false);
  return url === null ? null : { url, except: toHosts(scope.pick("NO_PROXY", undefined) ?? "") };
}

/** The Huawei side; `null` = what misses is reported. */
export function buildHuawei(scope: Scope, given: NonNullable<ConnectionInput["huawei"]>): HuaweiConfig | null {
  const projectId = textOrNull(scope.pick("HUAWEICLOUD_SDK_PROJECT_ID", given.projectId));
  const credentials = buildCredentials(scope, given, projectId);
  const settings = {
    endpoint: scope.pick("HUAWEI_OSM_ENDPOINT", given.endpoint),
    iamEndpoint: scope.pick("HUAWEI_IAM_ENDPOINT", given.iamEndpoint),
    apiVersion: scope.pick("HUAWEI_API_VERSION", given.apiVersion),
    language: scope.pick("HUAWEI_LANGUAGE", given.language),
    timeZone: scope.pick("HUAWEI_TIME_ZONE", given.timeZone),
    requestsPerSecond: scope.pick("HUAWEI_REQUESTS_PER_SECOND", given.requestsPerSecond),
  };
  const site = scope.pick("HUAWEI_SITE", given.site) ?? null;
  const groupId = textOrNull(scope.pick("HUAWEI_GROUP_ID", given.groupId));
  const consoleCaseUrl = textOrNull(scope.pick("HUAWEI_CONSOLE_CASE_URL", given.consoleCaseUrl));
  if (groupId !== null && settings.apiVersion === "v1.0") {
    return scope.fail(["huawei", "groupId"], {
      kind: "conflict",
      message: "is set, but the historical API v1.0 knows no user groups",
      remedy: "Use HUAWEI_API_VERSION=v2, or leave the group out.",
    });
  }
  if (credentials === null || !isComplete(settings)) return null;
  return {
    ...settings,
    endpoint: withoutTrailingSlash(settings.endpoint),
    iamEndpoint: withoutTrailingSlash(settings.iamEndpoint),
    language: settings.language.toLowerCase(),
    site,
    groupId,
    proxy: buildProxy(scope, "huawei", given.proxy),
    consoleCaseUrl,
    messageCharsMax: given.messageCharsMax ?? defaultMessageCharsMax,
    projectId,
    credentials,
  };
}

function buildCredentials(
  scope: Scope,
  given: NonNullable<ConnectionInput["huawei"]>,
  projectId: string | null,
): HuaweiCredentials | null {
  const fileHasKeys = given.ak !== undefined || given.sk !== undefined;
  const fileHasLogin = given.username !== undefined || given.password !== undefined;
  if (fileHasKeys && fileHasLogin) {
    return scope.fail(["huawei"], {
      kind: "conflict",
      message: "has both an access key (ak, sk) and a login (username, password)",
      remedy: "Keep ak and sk, which is the preferred way, or username, password, domainName and projectId.",
    });
  }
  const elsewhere =
    scope.isElsewhere("HUAWEI_OSM_ENDPOINT", given.endpoint) ||
    scope.isElsewhere("HUAWEI_IAM_ENDPOINT", given.iamEndpoint);
  if (elsewhere && !fileHasKeys && !fileHasLogin) {
    return scope.fail(["huawei", given.endpoint === undefined ? "iamEndpoint" : "endpoint"], {
      kind: "unsafe",
      message:
        "is an address of its own, but the connection names no credentials: those of the environment are not sent there",
      remedy:
        "Name the credentials beside it: ak: { env: NAME } and sk: { env: NAME }, or username and password: { env: NAME }.",
    });
  }
  const envHasKeys = scope.isGiven("HUAWEICLOUD_SDK_AK", given.ak) || scope.isGiven("HUAWEICLOUD_SDK_SK", given.sk);
  const envHasLogin =
    scope.isGiven("HUAWEI_IAM_USERNAME", given.username) || scope.isGiven("HUAWEI_IAM_PASSWORD", given.password);

  if (fileHasKeys || (envHasKeys && !fileHasLogin)) {
    if (elsewhere && (given.ak === undefined || given.sk === undefined)) return failHalfNamed(scope, "ak", "sk");
    const ak = scope.secret("HUAWEICLOUD_SDK_AK", given.ak, true);
    const sk = scope.secret("HUAWEICLOUD_SDK_SK", given.sk, true);
    // A security token belongs to one key pair. The environment's must not be sent along with a key that the file names.
    const isOwnKey = given.ak !== undefined && given.ak.env !== "HUAWEICLOUD_SDK_AK";
    const tokenIsOther = isOwnKey && given.securityToken === undefined;
    const securityToken = tokenIsOther
      ? null
      : scope.secret("HUAWEICLOUD_SDK_SECURITY_TOKEN", given.securityToken, false);
    const domainId = textOrNull(scope.pick("HUAWEICLOUD_SDK_DOMAIN_ID", given.domainId));
    return ak === null || sk === null ? null : { kind: "aksk", ak, sk, securityToken, domainId };
  }
  if (fileHasLogin || envHasLogin) {
    if (elsewhere && (given.username === undefined || given.password === undefined))
      return failHalfNamed(scope, "username", "password");
    const username = scope.need("HUAWEI_IAM_USERNAME", given.username);
    const password = scope.secret("HUAWEI_IAM_PASSWORD", given.password, true);
    const domainName = scope.need("HUAWEI_IAM_DOMAIN_NAME", given.domainName);
    if (username === null || password === null || domainName === null) return null;
    return { kind: "password", username, password, domainName, projectId };
  }
  if (scope.isBroken(["huawei"])) return null;
  return scope.fail(["huawei", "ak"], {
    kind: "missing",
    variable: "HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK",
    message: "are not set: there are no Huawei Cloud credentials",
    remedy:
      "Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (or the same with _FILE), or huawei.ak and huawei.sk in the configuration file. Without an access key set HUAWEI_IAM_USERNAME, HUAWEI_IAM_PASSWORD, HUAWEI_IAM_DOMAIN_NAME and HUAWEICLOUD_SDK_PROJECT_ID.",
  });
}

/** Half of a credential would come from the environment, which belongs to another address. */
function failHalfNamed(scope: Scope, one: string, other: string): null {
  return scope.fail(["huawei"], {
    kind: "unsafe",
    message: `names an address of its own, but only one of ${one} and ${other}: the environment's is not sent there`,
    remedy: `Name both ${one} and ${other} below huawei.`,
  });
}

/** The Jira side; `null` = what misses is reported. */
export function buildJira(
  scope: Scope,
  given: NonNullable<ConnectionInput["jira"]>,
  issueType: string | undefined,
): JiraConfig | null {
  const elsewhere = scope.isElsewhere("JIRA_HOST", given.host);
  if (elsewhere && given.apiToken === undefined) {
    return scope.fail(["jira", "host"], {
      kind: "unsafe",
      message: "is an address of its own, but the connection names no API token: the environment's is not sent there",
      remedy: "Name the token beside it: apiToken: { env: NAME }.",
    });
  }
  const settings = {
    host: scope.need("JIRA_HOST", given.host),
    email: scope.need("JIRA_EMAIL", given.email),
    apiToken: scope.secret("JIRA_API_TOKEN", given.apiToken, true),
    projectKey: scope.need("JIRA_PROJECT_KEY", given.projectKey),
    issueType: issueType ?? scope.pick("JIRA_ISSUE_TYPE", given.issueType),
    requestsPerSecond: scope.pick("JIRA_REQUESTS_PER_SECOND", given.requestsPerSecond),
  };
  // Whoever runs that other site must not be able to sign for the site of the environment.
  const webhookSecret =
    elsewhere && given.webhookSecret === undefined
      ? null
      : scope.secret("JIRA_WEBHOOK_SECRET", given.webhookSecret, false);
  if (!isComplete(settings)) return null;
  return {
    ...settings,
    host: withoutTrailingSlash(settings.host),
    projectKey: settings.projectKey.toUpperCase(),
    webhookSecret,
    proxy: buildProxy(scope, "jira", given.proxy),
  };
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
