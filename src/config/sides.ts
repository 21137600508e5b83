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
function buildProxy(scope: Scope, side: Side, section: "none" | string | SecretName | undefined): HttpProxy | null {
  if (section === "none") return null;
  if (typeof section === "string") return { url: new Secret(section), except: [] };
  if (section !== undefined) {
    const url = scope.secret("HTTPS_PROXY", section, true, [side, "proxy"]);
    return url === null ? null : { url, except: [] };
  }
  const url = scope.secret("HTTPS_PROXY", undefined, false);
  return url === null ? null : { url, except: toHosts(scope.pick("NO_PROXY", undefined) ?? "") };
}

/** The Huawei side; `null` = what misses is reported. */
export function buildHuawei(scope: Scope, section: NonNullable<ConnectionInput["huawei"]>): HuaweiConfig | null {
  const projectId = textOrNull(scope.pick("HUAWEICLOUD_SDK_PROJECT_ID", section.projectId));
  const credentials = buildCredentials(scope, section, projectId);
  const settings = {
    endpoint: scope.pick("HUAWEI_OSM_ENDPOINT", section.endpoint),
    iamEndpoint: scope.pick("HUAWEI_IAM_ENDPOINT", section.iamEndpoint),
    apiVersion: scope.pick("HUAWEI_API_VERSION", section.apiVersion),
    language: scope.pick("HUAWEI_LANGUAGE", section.language),
    timeZone: scope.pick("HUAWEI_TIME_ZONE", section.timeZone),
    requestsPerSecond: scope.pick("HUAWEI_REQUESTS_PER_SECOND", section.requestsPerSecond),
  };
  const site = scope.pick("HUAWEI_SITE", section.site) ?? null;
  const groupIds =
    typeof section.groupId === "object" ? section.groupId : toGroups(scope.pick("HUAWEI_GROUP_ID", section.groupId));
  const consoleCaseUrl = textOrNull(scope.pick("HUAWEI_CONSOLE_CASE_URL", section.consoleCaseUrl));
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
    proxy: buildProxy(scope, "huawei", section.proxy),
    consoleCaseUrl,
    messageCharsMax: section.messageCharsMax ?? defaultMessageCharsMax,
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
  section: NonNullable<ConnectionInput["jira"]>,
  issueType: string | undefined,
): JiraConfig | null {
  const elsewhere = scope.isElsewhere("JIRA_HOST", section.host);
  if (elsewhere && section.apiToken === undefined) {
    return scope.fail(["jira", "host"], {
      kind: "unsafe",
      message: "is an address of its own, but the connection names no API token: the environment's is not sent there",
      remedy: "Name the token beside it: apiToken: { env: NAME }.",
    });
  }
  const settings = {
    host: scope.need("JIRA_HOST", section.host),
    email: scope.need("JIRA_EMAIL", section.email),
    apiToken: scope.secret("JIRA_API_TOKEN", section.apiToken, true),
    projectKey: scope.need("JIRA_PROJECT_KEY", section.projectKey),
    issueType: issueType ?? scope.pick("JIRA_ISSUE_TYPE", section.issueType),
    requestsPerSecond: scope.pick("JIRA_REQUESTS_PER_SECOND", section.requestsPerSecond),
  };
  // Whoever runs that other site must not be able to sign for the site of the environment.
  const webhookSecret =
    elsewhere && section.webhookSecret === undefined
      ? null
      : scope.secret("JIRA_WEBHOOK_SECRET", section.webhookSecret, false);
  if (!isComplete(settings)) return null;
  return {
    ...settings,
    host: withoutTrailingSlash(settings.host),
    projectKey: settings.projectKey.toUpperCase(),
    webhookSecret,
    proxy: buildProxy(scope, "jira", section.proxy),
  };
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
