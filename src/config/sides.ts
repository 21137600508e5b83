/** The two sides of a connection: where the services are, and as whom they are used. */
import type { Side } from "../domain/service-error.ts";
import { Secret } from "../lib/secret.ts";
import type { HttpProxy } from "../lib/tunnel.ts";
import type { HuaweiConfig, JiraConfig } from "./config.ts";
import type { ConnectionInput } from "./file-schema.ts";
import { buildCredentials } from "./huawei-credentials.ts";
import { isComplete, type Scope, type SecretName, textOrNull } from "./scope.ts";
import { toHosts, toWords } from "./values.ts";

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
  const groupIds =
    typeof given.groupId === "object" ? given.groupId : toGroups(scope.pick("HUAWEI_GROUP_ID", given.groupId));
  const consoleCaseUrl = textOrNull(scope.pick("HUAWEI_CONSOLE_CASE_URL", given.consoleCaseUrl));
  if (groupIds.length > 0 && settings.apiVersion === "v1.0") {
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
    groupIds,
    proxy: buildProxy(scope, "huawei", given.proxy),
    consoleCaseUrl,
    messageCharsMax: given.messageCharsMax ?? defaultMessageCharsMax,
    projectId,
    credentials,
  };
}

function toGroups(text: string | null): readonly string[] {
  return textOrNull(text) === null ? [] : toWords(text ?? "");
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
