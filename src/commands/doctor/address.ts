/** The addresses of the two services: what can be told by their look, and what an answer tells of them. */
import { isServiceError, type Side } from "../../domain/service-error.ts";
import { ExplainedError, type Finding, right } from "./sheet.ts";
import { type DoctorTexts, verbatim, type Words } from "./texts/texts.ts";

/** What is wrong with an address by its look alone; `null` where nothing is. Pure. */
export function addressProblem(side: Side, address: string): { readonly detail: Words; readonly remedy: Words } | null {
  const { hostname, pathname, origin } = new URL(address);
  const told = (what: keyof DoctorTexts["address"]["is"], remedy: Words = (t) => t.address.set[side]) => ({
    detail: ((t) => t.address.is[what](address)) satisfies Words,
    remedy,
  });
  const isAtlassian = /(?:^|\.)(?:atlassian\.(?:net|com)|jira\.com)$/.test(hostname);
  const isHuawei = /(?:^|\.)(?:my)?huaweicloud\.(?:com|cn)$/.test(hostname);
  if (side === "jira" && isHuawei) return told("ofHuawei");
  if (side === "huawei" && isAtlassian) return told("ofJira");
  if (side === "huawei" && isHuawei && !/^osm[.-]/.test(hostname))
    return told(/console/.test(hostname) ? "console" : "otherService");
  const isGateway = hostname === "api.atlassian.com" && /^\/ex\/jira\/[^/]+\/?$/.test(pathname);
  if (side === "jira" && /^\/(?:jira|browse|projects|secure|wiki|servicedesk|login|issues)\b/.test(pathname))
    return told("page", (t) => t.address.setSite(origin));
  if (side === "jira" && hostname === "api.atlassian.com" && !isGateway) return told("noCloudId");
  return null;
}

/** The check of it. Throws `ExplainedError` where the side need not be asked. */
export function checkAddress(side: Side, address: string): Finding {
  const problem = addressProblem(side, address);
  if (problem === null) return right(verbatim(address));
  const facts = { side, operation: "checkAddress", status: null, code: null, requestId: null, retryAfterMs: null };
  throw new ExplainedError({ ...facts, kind: "unavailable", outcomeUnknown: false }, problem);
}

/**
 * The error of a call that every account may make, as what it means for the address: where it is not found, or no JSON answers, somebody
 * else stands there, and nothing more of the side needs to be asked. Any other error passes through. Pure.
 */
export function toAddressTrouble(error: unknown, address: string): unknown {
  if (!isServiceError(error, "not_found", "contract")) return error;
  const { side, status, operation } = error.facts;
  const isPage = error.kind === "contract" && status !== null && status < 400;
  if (error.kind === "contract" && !isPage) return error;
  return new ExplainedError(
    { ...error.facts, kind: "unavailable", code: null },
    {
      detail: ({ address: t }) =>
        isPage ? t.answersPage(address, status) : t.nothingAnswers(address, side, status ?? operation),
      remedy: ({ address: t }) => t.standsBetween(t.set[side]),
    },
    error,
  );
}
