/** Checks that need no service: settings that are valid one by one and wrong together, or wrong for what they are for. */
import { budgetKeys } from "../../domain/budget-keys.ts";
import { knownStatuses } from "../../domain/case.ts";
import { roundRequests, roundSeconds } from "../../domain/round-cost.ts";
import { parseOffsetMinutes } from "../../lib/time-zone.ts";
import { type DoctorSettings, type Finding, right, type Sheet, warn, wrong } from "./sheet.ts";
import { joined, verbatim, type Words } from "./texts/texts.ts";

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
      return right(verbatim(settings.huawei.timeZone));
    },
    (t) => t.settings.setTimeZone,
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
  if (comments.toHuaweiChosen) return right((t) => t.settings.commentsChosen(comments.toHuawei));
  return wrong(
    (t) => t.settings.commentsUnset,
    (t) => t.settings.chooseComments,
  );
}

function checkKeys({ huawei: { credentials } }: DoctorSettings): Finding {
  switch (credentials.kind) {
    case "password":
      return right((t) => t.settings.tokenLogin);
    case "agency": {
      const { domainName, name, externalId } = credentials.agency;
      return right(({ settings: t }) =>
        externalId === null ? t.agency(name, domainName) : t.agencyExternal(name, domainName),
      );
    }
    case "ecs":
      return right((t) => t.settings.ecs);
    case "aksk":
      if (credentials.securityToken === null) return right((t) => t.settings.permanentKey);
      return warn(
        (t) => t.settings.temporaryKey,
        (t) => t.settings.usePermanentKey,
      );
  }
}

function checkConsoleLink({ huawei: { consoleCaseUrl } }: DoctorSettings): Finding {
  if (consoleCaseUrl === null) return right((t) => t.report.none);
  const url = consoleCaseUrl.replaceAll("{caseId}", "TT1");
  if (!consoleCaseUrl.includes("{caseId}") || !URL.canParse(url))
    return wrong(
      (t) => t.settings.noConsoleAddress,
      (t) => t.settings.correctConsole,
    );
  const { host } = new URL(url);
  if (/(^|\.)example\.(com|org|net)$/.test(host))
    return wrong(
      (t) => t.settings.consoleExample(host),
      (t) => t.settings.setConsole,
    );
  return right((t) => t.settings.linksTo(host));
}

function checkCaseFilter({ cases }: DoctorSettings, now: Date): Finding {
  const after = cases.createdAfter;
  if (after !== null && after > now)
    return wrong(
      (t) => t.settings.future(after.toISOString().slice(0, 10)),
      (t) => t.settings.correctFuture,
    );
  const unknown = (cases.statuses ?? []).filter((status) => !knownStatuses.includes(status));
  if (unknown.length > 0)
    return wrong(
      (t) => t.settings.unknownStatuses(unknown.join(t.report.comma)),
      (t) => t.settings.correctStatuses(knownStatuses.join(t.report.comma)),
    );
  return right(({ settings: t }) => (after === null ? t.noBound : t.createdAfter(after.toISOString())));
}

function checkSettleTimes({ settle }: DoctorSettings): Finding {
  const zero = Object.entries(settle).filter(([, seconds]) => seconds <= 0);
  if (zero.length === 0) return right(verbatim(Object.values(settle).join(", ")));
  return wrong(
    (t) => t.settings.noSettleTime(zero.map(([name]) => `settle.${name}`).join(t.report.comma)),
    (t) => t.settings.setSettleTimes,
  );
}

function checkGuard({ guard, comments }: DoctorSettings): Finding {
  const own = guard.patterns.length;
  if (guard.mode === "mask") return right((t) => t.settings.mask(own));
  if (guard.mode === "hold") return right((t) => t.settings.hold(own));
  if (comments.toHuawei === "none") return right((t) => t.settings.offAndNone);
  return warn(
    (t) => t.settings.off,
    (t) => t.settings.setGuard,
  );
}

function checkWebhook(
  { jira: { webhookSecret }, name }: DoctorSettings,
  { port, hasSignIn, webhookPort }: SettingsSurroundings["http"],
): Finding {
  const path = `/webhooks/jira/${name}`;
  if (webhookSecret === null) return right((t) => t.settings.noWebhook);
  if (webhookPort !== null) return right((t) => t.settings.webhook(path, webhookPort));
  if (!hasSignIn)
    return wrong(
      (t) => t.settings.webhookOpen,
      (t) => t.settings.closeWebhook,
    );
  if (port === 0)
    return wrong(
      (t) => t.settings.webhookDeaf,
      (t) => t.settings.setWebhookPort,
    );
  return right((t) => t.settings.webhook(path, port));
}

function checkBudget(
  { huawei: { apiVersion, requestsPerSecond } }: DoctorSettings,
  watchedLinks: number | null,
): Finding {
  if (requestsPerSecond > gatewayPerSecond)
    return wrong(
      (t) => t.settings.aboveGateway(requestsPerSecond, gatewayPerSecond),
      (t) => t.settings.lowerBudget,
    );
  const seconds = Math.round(roundSeconds(roundRequests(apiVersion, watchedLinks ?? 0), requestsPerSecond));
  if (seconds > pollSecondsMax)
    return wrong(
      (t) => t.settings.slowLook(watchedLinks ?? 0, seconds, requestsPerSecond),
      (t) => t.settings.raiseBudget,
    );
  return right((t) => t.settings.look(seconds));
}

/** What two connections may not have in common, and what they should. `null` with fewer than two. Pure. */
export function checkTogether(connections: readonly DoctorSettings[]): Finding | null {
  if (connections.length < 2) return null;
  const problems: Words[] = [];
  const notes: Words[] = [];
  for (const [index, one] of connections.entries()) {
    for (const other of connections.slice(index + 1)) {
      const pair = [one.name, other.name] as const;
      const [ours, theirs] = [budgetKeys(one), budgetKeys(other)];
      const [sameJira, sameHuawei] = [ours.jira === theirs.jira, ours.huawei === theirs.huawei];
      if (sameJira && one.jira.requestsPerSecond !== other.jira.requestsPerSecond)
        problems.push((t) => t.together.jiraBudget(...pair));
      if (sameHuawei && one.huawei.requestsPerSecond !== other.huawei.requestsPerSecond)
        problems.push((t) => t.together.huaweiBudget(...pair));
      const sameFilter =
        [...one.huawei.groupIds].sort().join() === [...other.huawei.groupIds].sort().join() &&
        one.cases.labels.join() === other.cases.labels.join();
      if (sameHuawei && sameFilter) notes.push((t) => t.together.sameCases(...pair));
      if (
        one.jira.host === other.jira.host &&
        one.jira.projectKey === other.jira.projectKey &&
        one.create.jql === other.create.jql
      )
        problems.push((t) => t.together.sameIssues(...pair, one.jira.projectKey));
    }
  }
  if (problems.length > 0) return wrong(joined(problems), (t) => t.together.mend);
  if (notes.length > 0) return warn(joined(notes), (t) => t.together.tellApart);
  return right((t) => t.together.fine(connections.length));
}
