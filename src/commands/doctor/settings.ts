/** Checks that need no service: settings that are valid one by one and wrong together, or wrong for what they are for. */
import { budgetKeys } from "../../domain/budget-keys.ts";
import { knownStatuses } from "../../domain/case.ts";
import { roundRequests, roundSeconds } from "../../domain/round-cost.ts";
import { parseOffsetMinutes } from "../../lib/time-zone.ts";
import { type DoctorSettings, type Finding, right, type Sheet, warn, wrong } from "./sheet.ts";

/** Statuses that the service documents (huawei.md 5). */
/** Gateway default per API, not adjustable (huawei.md 11). */
const gatewayPerSecond = 200;
/** From so long a pause between two looks on, people wonder. */
const pollSecondsMax = 600;

/** What the installation around the connection is. */
export type SettingsSurroundings = {
  readonly now: () => Date;
  readonly http: { readonly port: number; readonly hasSignIn: boolean; readonly webhookPort: number | null };
  /** Watched links of the connection; `null` = the database could not tell. */
  readonly watchedLinks: number | null;
};

/** Makes all checks of one connection's own settings. Never rejects. */
export async function checkSettings(
  sheet: Sheet,
  settings: DoctorSettings,
  surroundings: SettingsSurroundings,
): Promise<void> {
  await sheet.check("comments to Huawei", async () => checkCommentChoice(settings));
  await sheet.check(
    "Huawei time zone",
    async () => {
      parseOffsetMinutes(settings.huawei.timeZone);
      return right(settings.huawei.timeZone);
    },
    "Set HUAWEI_TIME_ZONE to an offset such as GMT+8.",
  );
  await sheet.check("Huawei keys", async () => checkKeys(settings));
  await sheet.check("console link", async () => checkConsoleLink(settings));
  await sheet.check("case filter", async () => checkCaseFilter(settings, surroundings.now()));
  await sheet.check("settle times", async () => checkSettleTimes(settings));
  await sheet.check("text guard", async () => checkGuard(settings));
  await sheet.check("webhook", async () => checkWebhook(settings, surroundings.http));
  await sheet.check("request budget", async () => checkBudget(settings, surroundings.watchedLinks));
}

function checkCommentChoice({ comments }: DoctorSettings): Finding {
  if (comments.toHuaweiChosen) return right(`COMMENTS_TO_HUAWEI is ${comments.toHuawei}`);
  return wrong(
    "COMMENTS_TO_HUAWEI is not set; the worker will not start",
    "Choose all (every comment that no rule holds back), command (only comments that start with /case) or none.",
  );
}

function checkKeys({ huawei: { credentials } }: DoctorSettings): Finding {
  switch (credentials.kind) {
    case "password":
      return right("token login");
    case "agency": {
      const { domainName, name, externalId } = credentials.agency;
      const by = externalId === null ? "" : ", with an external id";
      return right(`temporary keys by the agency ${name} of ${domainName}${by}; casebridge renews them`);
    }
    case "ecs":
      return right("temporary keys of the server (ECS) that casebridge runs on; casebridge renews them");
    case "aksk":
      if (credentials.securityToken === null) return right("permanent access key");
      return warn(
        "a temporary access key: it ends within 24 hours, and casebridge does not renew it",
        "Use a permanent access key of an IAM user made for casebridge, and leave HUAWEICLOUD_SDK_SECURITY_TOKEN unset. With HUAWEI_AGENCY_NAME, or credentials: ecs in the file, casebridge has temporary keys of its own and renews them.",
      );
  }
}

function checkConsoleLink({ huawei: { consoleCaseUrl } }: DoctorSettings): Finding {
  if (consoleCaseUrl === null) return right("none");
  const url = consoleCaseUrl.replaceAll("{caseId}", "TT1");
  if (!consoleCaseUrl.includes("{caseId}") || !URL.canParse(url))
    return wrong(
      "the template makes no address of a case",
      "Correct HUAWEI_CONSOLE_CASE_URL: an https address that holds {caseId}.",
    );
  const { host } = new URL(url);
  if (/(^|\.)example\.(com|org|net)$/.test(host))
    return wrong(
      `the template still points to ${host}`,
      "Set HUAWEI_CONSOLE_CASE_URL to the console's own address, or leave it unset for no link.",
    );
  return right(`links to ${host}`);
}

function checkCaseFilter({ cases }: DoctorSettings, now: Date): Finding {
  if (cases.createdAfter !== null && cases.createdAfter > now)
    return wrong(
      `CASES_CREATED_AFTER lies in the future (${cases.createdAfter.toISOString().slice(0, 10)}): no case passes`,
      "Set CASES_CREATED_AFTER (cases.createdAfter) to a day that is over, or leave it unset.",
    );
  const unknown = (cases.statuses ?? []).filter((status) => !knownStatuses.includes(status));
  if (unknown.length > 0)
    return wrong(
      `cases.statuses names ${unknown.join(", ")}, which the service does not have`,
      `Correct cases.statuses. The service has: ${knownStatuses.join(", ")}.`,
    );
  return right(cases.createdAfter === null ? "no bound" : `created after ${cases.createdAfter.toISOString()}`);
}

function checkSettleTimes({ settle }: DoctorSettings): Finding {
  const zero = Object.entries(settle).filter(([, seconds]) => seconds <= 0);
  if (zero.length === 0) return right(Object.values(settle).join(", "));
  return wrong(
    `${zero.map(([name]) => `settle.${name}`).join(", ")} is 0: a write whose answer was lost would be repeated at once, before it can show`,
    "Leave the SETTLE_… settings at their defaults, or set them to how long the services need to show a write.",
  );
}

function checkGuard({ guard, comments }: DoctorSettings): Finding {
  const own = `with ${guard.patterns.length} patterns of your own`;
  if (guard.mode === "mask") return right(`mask, ${own}`);
  if (guard.mode === "hold") return right(`hold, ${own}: what is found waits for /release, or \`failures retry\``);
  if (comments.toHuawei === "none") return right("off; no comment leaves Jira");
  return warn(
    "off: passwords, keys and personal data leave Jira as they stand",
    "Set TEXT_GUARD=mask; Huawei's own rules ask for tickets without such data.",
  );
}

function checkWebhook(
  { jira: { webhookSecret }, name }: DoctorSettings,
  { port, hasSignIn, webhookPort }: SettingsSurroundings["http"],
): Finding {
  if (webhookSecret === null) return right("none: news in Jira is noticed by polling");
  if (webhookPort !== null) return right(`expected at /webhooks/jira/${name} on port ${webhookPort}`);
  if (!hasSignIn)
    return wrong(
      "there is a webhook secret, but neither WEBHOOK_PORT nor a sign-in: the worker does not start like this",
      "Set WEBHOOK_PORT and lead Jira's calls there, or set ADMIN_TOKEN.",
    );
  if (port === 0)
    return wrong(
      "there is a webhook secret, but HTTP_PORT is 0 and WEBHOOK_PORT is not set: nothing listens",
      "Set WEBHOOK_PORT to the port that Jira's calls are led to, or unset JIRA_WEBHOOK_SECRET.",
    );
  return right(`expected at /webhooks/jira/${name} on port ${port}`);
}

function checkBudget(
  { huawei: { apiVersion, requestsPerSecond } }: DoctorSettings,
  watchedLinks: number | null,
): Finding {
  if (requestsPerSecond > gatewayPerSecond)
    return wrong(
      `${requestsPerSecond} requests per second is above what the gateway lets through (${gatewayPerSecond})`,
      "Set HUAWEI_REQUESTS_PER_SECOND to 2, and raise it only as far as Huawei Cloud agrees.",
    );
  const seconds = roundSeconds(roundRequests(apiVersion, watchedLinks ?? 0), requestsPerSecond);
  if (seconds > pollSecondsMax)
    return wrong(
      `one look at ${watchedLinks ?? 0} watched cases takes ${Math.round(seconds)} s at ${requestsPerSecond} requests per second`,
      "Raise HUAWEI_REQUESTS_PER_SECOND (huawei.requestsPerSecond) as far as Huawei Cloud allows.",
    );
  return right(`one look takes ${Math.round(seconds)} s of the Huawei budget`);
}

/** What two connections may not have in common, and what they should. `null` with fewer than two. Pure. */
export function checkTogether(connections: readonly DoctorSettings[]): Finding | null {
  if (connections.length < 2) return null;
  const problems: string[] = [];
  const notes: string[] = [];
  for (const [index, one] of connections.entries()) {
    for (const other of connections.slice(index + 1)) {
      const pair = `${one.name} and ${other.name}`;
      const [ours, theirs] = [budgetKeys(one), budgetKeys(other)];
      const [sameJira, sameHuawei] = [ours.jira === theirs.jira, ours.huawei === theirs.huawei];
      if (sameJira && one.jira.requestsPerSecond !== other.jira.requestsPerSecond)
        problems.push(`${pair} share one Jira account with different requestsPerSecond`);
      if (sameHuawei && one.huawei.requestsPerSecond !== other.huawei.requestsPerSecond)
        problems.push(`${pair} share one Huawei account with different requestsPerSecond`);
      const sameFilter =
        [...one.huawei.groupIds].sort().join() === [...other.huawei.groupIds].sort().join() &&
        one.cases.labels.join() === other.cases.labels.join();
      if (sameHuawei && sameFilter)
        notes.push(`${pair} see the same cases: ${one.name}, the first in the file, owns them`);
      if (
        one.jira.host === other.jira.host &&
        one.jira.projectKey === other.jira.projectKey &&
        one.create.jql === other.create.jql
      )
        problems.push(`${pair} would both make cases from the same issues of ${one.jira.projectKey}`);
    }
  }
  if (problems.length > 0)
    return wrong(
      problems.join("; "),
      "Give a shared account the same requestsPerSecond everywhere, and connections of one project a create.jql that tells their issues apart.",
    );
  if (notes.length > 0)
    return warn(notes.join("; "), "Tell them apart by groupId or cases.labels, unless that is meant.");
  return right(`${connections.length} connections do not get in each other's way`);
}
