/**
 * Whether an address is that of the service at all. People paste what their browser shows: the page of a board or of the console, or one
 * service's address in the place of the other's. What answers there is then told from a missing permission.
 */
import { isServiceError, ServiceError, type Side } from "../../domain/service-error.ts";
import { type Finding, right } from "./sheet.ts";

/** What an address of each side is called, looks like, and is not. */
const sides = {
  jira: {
    service: "Jira",
    setting: "JIRA_HOST (jira.host)",
    looks:
      "https://<name>.atlassian.net, or https://api.atlassian.com/ex/jira/<cloudId> where the API token has scopes",
  },
  huawei: {
    service: "Huawei Cloud OSM",
    setting: "HUAWEI_OSM_ENDPOINT (huawei.endpoint)",
    looks: "https://osm.<region>.myhuaweicloud.com, such as https://osm.cn-south-1.myhuaweicloud.com",
  },
} as const;

/** What is wrong with an address by its look alone; `null` where nothing is. Pure. */
export function addressProblem(
  side: Side,
  address: string,
): { readonly detail: string; readonly remedy: string } | null {
  const { hostname, pathname, origin } = new URL(address);
  const { service, setting, looks } = sides[side];
  const told = (what: string, remedy = `Set ${setting} to ${looks}.`) => ({ detail: `${address} is ${what}`, remedy });
  const isAtlassian = /(?:^|\.)(?:atlassian\.(?:net|com)|jira\.com)$/.test(hostname);
  const isHuawei = /(?:^|\.)(?:my)?huaweicloud\.(?:com|cn)$/.test(hostname);
  if (side === "jira" && isHuawei) return told(`an address of Huawei Cloud, not of ${service}`);
  if (side === "huawei" && isAtlassian) return told(`an address of Jira, not of ${service}`);
  if (side === "huawei" && isHuawei && !/^osm[.-]/.test(hostname))
    return told(/console/.test(hostname) ? "the console's address, not the API's" : "that of another service");
  const isGateway = hostname === "api.atlassian.com" && /^\/ex\/jira\/[^/]+\/?$/.test(pathname);
  if (side === "jira" && /^\/(?:jira|browse|projects|secure|wiki|servicedesk|login|issues)\b/.test(pathname))
    return told("the address of a page, not of the site", `Set ${setting} to the site alone: ${origin}.`);
  if (side === "jira" && hostname === "api.atlassian.com" && !isGateway) return told("no site: it lacks the cloud id");
  return null;
}

/** The check of it. Throws `ServiceError` where the side need not be asked. */
export function checkAddress(side: Side, address: string): Finding {
  const problem = addressProblem(side, address);
  if (problem === null) return right(address);
  const facts = { side, operation: "checkAddress", status: null, code: null, requestId: null, retryAfterMs: null };
  throw new ServiceError({ ...facts, kind: "unavailable", outcomeUnknown: false, ...problem });
}

/**
 * The error of a call that every account may make, as what it means for the address: where it is not found, or no JSON answers, somebody
 * else stands there, and nothing more of the side needs to be asked. Any other error passes through. Pure.
 */
export function toAddressTrouble(error: unknown, address: string): unknown {
  if (!isServiceError(error, "not_found", "contract")) return error;
  const { side, status, operation } = error.facts;
  const { service, setting, looks } = sides[side];
  const isPage = error.kind === "contract" && status !== null && status < 400;
  if (error.kind === "contract" && !isPage) return error;
  const what = isPage
    ? `${address} answers with a page, or sends elsewhere, as log-in pages do (${status})`
    : `nothing at ${address} answers as ${service} does (${status ?? operation})`;
  const remedy = `Set ${setting} to ${looks}. If that is what stands there, a proxy or a company's sign-in answers in its place: let casebridge pass it, or name the proxy in HTTPS_PROXY.`;
  return new ServiceError({ ...error.facts, kind: "unavailable", code: null, detail: what, remedy }, { cause: error });
}
