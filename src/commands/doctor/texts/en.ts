/** What the doctor says in English: the report, the installation, the settings and the side of Huawei. */

import type { NotifyFormatName } from "../../../domain/notify-format.ts";
import type { ServiceError } from "../../../domain/service-error.ts";
import { explainProblem } from "../../../observability/notify/messenger.ts";
import { errorMessage } from "../../../observability/scrub.ts";
import type { QueueMisfit } from "../../../queue/opened.ts";
import type { HuaweiCapability } from "../../../sync/ports.ts";
import { serviceRemedy } from "../../cli/exit-code.ts";
import { enJira } from "./en-jira.ts";

const plural = (count: number): string => (count === 1 ? "" : "s");
const groups = (ids: readonly string[]): string => `user group${plural(ids.length)} ${ids.join(", ")}`;
const services = { jira: "Jira", huawei: "Huawei Cloud OSM" } as const;

/** What it means for the mirror when the API version, or the group mode, lacks a capability. */
const lacks: Readonly<Record<HuaweiCapability, string>> = {
  withdraw: "sent messages cannot be withdrawn, a further message says so instead",
  labels: "labels of cases are not mirrored",
  access_requests: "access requests of engineers are not shown",
  related_cases: "related cases are not linked",
  operation_log: "whether an urge or a rating arrived is not known when its answer is lost",
  instant_messages: "each watched case costs one read a round",
  severity_and_extends: "new cases take neither a severity nor extra parameters",
  account_checks: "quota, agreement and permission are not checked before a case is made",
  group: "cases of a user group cannot be mirrored",
};

/** English. */
export const en = {
  report: {
    connection: "Connection",
    check: "Check",
    found: "Found",
    toMend: "To mend:",
    line: (name: string, remedy: string) => `${name}: ${remedy}`,
    count: (checks: number, failed: number, warned: number) =>
      `${checks} checks: ${failed} failed, ${warned} warnings.`,
    comma: ", ",
    semicolon: "; ",
    space: " ",
    none: "none",
  },
  sheet: {
    stopped: "not checked, since the side does not answer us",
    unsupported: (detail: string) => `not checked: ${detail}`,
    unreachable: (error: string) => `cannot be reached: ${error}`,
    unauthorized: (error: string) => `refuses the credentials: ${error}`,
    lookAtLog: "Look at the log with LOG_LEVEL=debug.",
    noDifference: "no difference",
    ahead: (seconds: number) => `this machine is ${seconds} s ahead`,
    behind: (seconds: number) => `this machine is ${seconds} s behind`,
    /** What went wrong; of a service's error all that is known. */
    error: (error: unknown) => errorMessage(error),
    remedy: (error: ServiceError) => serviceRemedy(error),
    setClock: "Set this machine's clock by NTP.",
  },
  address: {
    is: {
      ofHuawei: (address: string) => `${address} is an address of Huawei Cloud, not of Jira`,
      ofJira: (address: string) => `${address} is an address of Jira, not of Huawei Cloud OSM`,
      console: (address: string) => `${address} is the console's address, not the API's`,
      otherService: (address: string) => `${address} is that of another service`,
      page: (address: string) => `${address} is the address of a page, not of the site`,
      noCloudId: (address: string) => `${address} is no site: it lacks the cloud id`,
    },
    set: {
      jira: "Set JIRA_HOST (jira.host) to https://<name>.atlassian.net, or https://api.atlassian.com/ex/jira/<cloudId> where the API token has scopes.",
      huawei:
        "Set HUAWEI_OSM_ENDPOINT (huawei.endpoint) to https://osm.<region>.myhuaweicloud.com, such as https://osm.cn-south-1.myhuaweicloud.com.",
    },
    setSite: (origin: string) => `Set JIRA_HOST (jira.host) to the site alone: ${origin}.`,
    answersPage: (address: string, status: number) =>
      `${address} answers with a page, or sends elsewhere, as log-in pages do (${status})`,
    nothingAnswers: (address: string, side: "huawei" | "jira", what: number | string) =>
      `nothing at ${address} answers as ${services[side]} does (${what})`,
    standsBetween: (remedy: string) =>
      `${remedy} If that is what stands there, a proxy or a company's sign-in answers in its place: let casebridge pass it, or name the proxy in HTTPS_PROXY.`,
  },
  installation: {
    correctDataDir: "Correct DATA_DIR.",
    setDataDir: "Set DATA_DIR to a folder that this user may write to, on a disk with room for files on their way.",
    noFolder: (place: string) => `${place} is not a folder`,
    littleRoom: (folder: string, mib: number) => `${folder}: less than ${mib} MiB are free`,
    folderToMake: (folder: string) => `${folder}, made at the first start`,
    folderUnusable: (folder: string, code: string, place: string) => `${folder} cannot be used (${code} at ${place})`,
    lookAtFiles: "Look at the files.",
    filesClosed: "not open to everybody",
    filesOpen: (paths: readonly string[]) => `every user of this machine may read ${paths.join(", ")}`,
    closeFiles: (paths: readonly string[]) =>
      `Close ${paths.length === 1 ? "it" : "them"}: chmod o-rwx ${paths.join(" ")}`,
    embeddedRemedy:
      "Read the message: the embedded PostgreSQL needs DATA_DIR, and a user who may reach it. Or set DATABASE_URL.",
    databaseRemedy: "Check DATABASE_URL: host, port, user, password and name, and that PostgreSQL runs.",
    embeddedToMake: (folder: string) => `embedded: none in ${folder} yet, made at the first start`,
    reachable: "reachable",
    embedded: "embedded, running",
    migrate: "Run `casebridge migrate`; the worker's start does it too.",
    madeWithDatabase: "made with the database",
    noDatabase: "not checked, since there is no database",
    mendDatabase: "Mend the database first.",
    upToDate: "up to date",
    migrationsWait: (names: readonly string[]) => `${names.length} wait: ${names.join(", ")}`,
    queueRemedy: "Check REDIS_URL, and that Redis runs.",
    queueToMake: "in the database, made with it",
    queueNotChecked: "not checked: the queue lives in the database",
    queueWorks: (kind: string) => `${kind}, can write and be woken`,
    misfit: ({ detail }: QueueMisfit) => detail,
    misfitRemedy: ({ remedy }: QueueMisfit) => remedy,
    correctNotify: "Correct the NOTIFY_… variables.",
    correctCheckCron: "Correct CHECK_CRON.",
    checksFit: (hours: number) => `each link once in ${hours} h`,
    checksRare: (cron: string, gapHours: number, hours: number) =>
      `CHECK_CRON (${cron}) may leave ${gapHours} h between two ticks, and CHECK_MAX_AGE_HOURS asks for a check in ${hours} h: links are also checked between its ticks`,
    checkOften: "Let CHECK_CRON come more often, or raise CHECK_MAX_AGE_HOURS.",
    huaweiClient: "Correct the Huawei settings that the message names (HUAWEI_API_VERSION, HUAWEI_TIME_ZONE).",
    jiraClient: "Correct JIRA_HOST and JIRA_EMAIL.",
    noPage: "no page (HTTP_PORT is 0)",
    pageHere: (address: string) => `this machine only (${address})`,
    pageHereSignIn: (address: string) => `this machine only (${address}), with a sign-in`,
    pageSignIn: (address: string) => `${address}, with a sign-in`,
    pageOpen: (address: string) => `${address} can be reached from outside without a sign-in`,
    closePage: "Set ADMIN_TOKEN, or set HTTP_HOST to 127.0.0.1.",
  },
  notifications: {
    nobody: "nobody is notified (NOTIFY_URL is not set)",
    failing: (since: string, problem: string, format: NotifyFormatName) =>
      `none has been taken since ${since}: ${explainProblem(problem, format).meaning}`,
    tryIt: (problem: string, format: NotifyFormatName) =>
      `${explainProblem(problem, format).remedy} \`casebridge notify --test\` tries it.`,
    channel: (format: string, on: string) => `${format}, on ${on}`,
    noLink: (channel: string) => `${channel}; without a link to the page`,
    setPublicUrl: "Set PUBLIC_URL to the address under which people reach the page.",
    noneSent: (channel: string) => `${channel}; none was sent yet`,
    test: "Run `casebridge notify --test` and look whether it shows.",
    lastSent: (channel: string, at: string) => `${channel}; last sent ${at}`,
  },
  settings: {
    commentsChosen: (choice: string) => `COMMENTS_TO_HUAWEI is ${choice}`,
    commentsUnset: "COMMENTS_TO_HUAWEI is not set; the worker will not start",
    chooseComments:
      "Choose all (every comment that no rule holds back), command (only comments that start with /case) or none.",
    setTimeZone: "Set HUAWEI_TIME_ZONE to an offset such as GMT+8.",
    tokenLogin: "token login",
    agency: (name: string, domain: string) =>
      `temporary keys by the agency ${name} of ${domain}; casebridge renews them`,
    agencyExternal: (name: string, domain: string) =>
      `temporary keys by the agency ${name} of ${domain}, with an external id; casebridge renews them`,
    ecs: "temporary keys of the server (ECS) that casebridge runs on; casebridge renews them",
    permanentKey: "permanent access key",
    temporaryKey: "a temporary access key: it ends within 24 hours, and casebridge does not renew it",
    usePermanentKey:
      "Use a permanent access key of an IAM user made for casebridge, and leave HUAWEICLOUD_SDK_SECURITY_TOKEN unset. With HUAWEI_AGENCY_NAME, or credentials: ecs in the file, casebridge has temporary keys of its own and renews them.",
    noConsoleAddress: "the template makes no address of a case",
    correctConsole: "Correct HUAWEI_CONSOLE_CASE_URL: an https address that holds {caseId}.",
    consoleExample: (host: string) => `the template still points to ${host}`,
    setConsole: "Set HUAWEI_CONSOLE_CASE_URL to the console's own address, or leave it unset for no link.",
    linksTo: (host: string) => `links to ${host}`,
    future: (day: string) => `CASES_CREATED_AFTER lies in the future (${day}): no case passes`,
    correctFuture: "Set CASES_CREATED_AFTER (cases.createdAfter) to a day that is over, or leave it unset.",
    unknownStatuses: (statuses: string) => `cases.statuses names ${statuses}, which the service does not have`,
    correctStatuses: (statuses: string) => `Correct cases.statuses. The service has: ${statuses}.`,
    noBound: "no bound",
    createdAfter: (at: string) => `created after ${at}`,
    noSettleTime: (names: string) =>
      `${names} is 0: a write whose answer was lost would be repeated at once, before it can show`,
    setSettleTimes:
      "Leave the SETTLE_… settings at their defaults, or set them to how long the services need to show a write.",
    mask: (patterns: number) => `mask, with ${patterns} patterns of your own`,
    hold: (patterns: number) =>
      `hold, with ${patterns} patterns of your own: what is found waits for /release, or \`failures retry\``,
    offAndNone: "off; no comment leaves Jira",
    off: "off: passwords, keys and personal data leave Jira as they stand",
    setGuard: "Set TEXT_GUARD=mask; Huawei's own rules ask for tickets without such data.",
    noWebhook: "none: news in Jira is noticed by polling",
    webhook: (path: string, port: number) => `expected at ${path} on port ${port}`,
    webhookOpen:
      "there is a webhook secret, but neither WEBHOOK_PORT nor a sign-in: the worker does not start like this",
    closeWebhook: "Set WEBHOOK_PORT and lead Jira's calls there, or set ADMIN_TOKEN.",
    webhookDeaf: "there is a webhook secret, but HTTP_PORT is 0 and WEBHOOK_PORT is not set: nothing listens",
    setWebhookPort: "Set WEBHOOK_PORT to the port that Jira's calls are led to, or unset JIRA_WEBHOOK_SECRET.",
    aboveGateway: (perSecond: number, gateway: number) =>
      `${perSecond} requests per second is above what the gateway lets through (${gateway})`,
    lowerBudget: "Set HUAWEI_REQUESTS_PER_SECOND to 2, and raise it only as far as Huawei Cloud agrees.",
    slowLook: (cases: number, seconds: number, perSecond: number) =>
      `one look at ${cases} watched cases takes ${seconds} s at ${perSecond} requests per second`,
    raiseBudget: "Raise HUAWEI_REQUESTS_PER_SECOND (huawei.requestsPerSecond) as far as Huawei Cloud allows.",
    look: (seconds: number) => `one look takes ${seconds} s of the Huawei budget`,
  },
  together: {
    jiraBudget: (one: string, other: string) =>
      `${one} and ${other} share one Jira account with different requestsPerSecond`,
    huaweiBudget: (one: string, other: string) =>
      `${one} and ${other} share one Huawei account with different requestsPerSecond`,
    sameCases: (one: string, other: string) =>
      `${one} and ${other} see the same cases: ${one}, the first in the file, owns them`,
    sameIssues: (one: string, other: string, projectKey: string) =>
      `${one} and ${other} would both make cases from the same issues of ${projectKey}`,
    mend: "Give a shared account the same requestsPerSecond everywhere, and connections of one project a create.jql that tells their issues apart.",
    tellApart: "Tell them apart by groupId or cases.labels, unless that is meant.",
    fine: (count: number) => `${count} connections do not get in each other's way`,
  },
  huawei: {
    lacks,
    noneConfigured: "none configured",
    signed: "signed",
    unsigned: "the newest service ticket agreement is not signed",
    sign: "Sign it in the Huawei Cloud console, under Service Tickets.",
    maySubmit: "may submit cases",
    mayNotSubmit: "may not submit cases",
    giveSubmit:
      "Give the user the permission to submit service tickets (Ticket Administrator, or the user group of the cases).",
    byKey: "accepted by access key",
    byToken: "accepted by access key and security token",
    byAgency: (name: string, domain: string, until: string | null) =>
      `accepted by the agency ${name} of ${domain}; its keys hold${until === null ? "" : ` until ${until}`}`,
    byServer: (until: string | null) =>
      `accepted by the keys of this server (ECS), which hold${until === null ? "" : ` until ${until}`}`,
    byPassword: (user: string, domain: string, until: string | null) =>
      `accepted as ${user} of ${domain}; the token holds${until === null ? "" : ` until ${until}`}`,
    apiFor: (version: string, ids: readonly string[]) => `${version} for ${groups(ids)}`,
    everything: (api: string) => `${api}, everything is mirrored`,
    lacking: (api: string, what: readonly HuaweiCapability[]) => `${api}: ${what.map((one) => lacks[one]).join("; ")}`,
    setApi: "Set HUAWEI_API_VERSION=v2, unless the account has only the historical API.",
    noFiles: "the account may not attach files",
    askFiles: "Files of people stay in Jira; ask Huawei Cloud whether that is meant.",
    filesAnyKind: (count: number, size: string) => `${count} files of ${size}, any kind`,
    filesOfKinds: (count: number, size: string, kinds: number, some: string) =>
      `${count} files of ${size}, ${kinds} kinds (${some})`,
    labels: (count: number) => `${count} labels, no filter`,
    labelsExist: (names: string) => `all of ${names} exist`,
    noLabel: (names: string) => `no label named ${names}`,
    correctLabels:
      "Correct cases.labels in the configuration, or make the label in the console; until then no case passes by it.",
    counts: (categories: number, regions: number) => `${categories} categories, ${regions} regions`,
    needsRegion: (counts: string, id: string, name: string) =>
      `${counts}; problem type ${id} (${name}) is a fault report, which needs a region`,
    setRegion:
      "Set create.defaults.regionId, or create.fields.regionId to the Jira field that holds it; `casebridge lookups regions` lists the ids.",
    noSeverity: (counts: string, id: string) =>
      `${counts}; severity ${id} is configured, but the account's support plan offers no choice of severity`,
    removeSeverity: "Remove create.defaults.severityId, or ask Huawei Cloud for a support plan.",
    defaultsFit: (counts: string) => `${counts}; the defaults of new cases fit`,
    unknownDefaults: (counts: string, names: string) => `${counts}; not known: ${names}`,
    correctDefaults: "Correct create.defaults in the configuration; `casebridge lookups` lists the ids.",
    noneTaken: "none are taken",
    extrasLeftOut:
      "the historical API takes neither a severity nor extra parameters with a new case: those configured are left out",
    removeExtras: "Remove severityId and extends from create.defaults and create.fields, or set HUAWEI_API_VERSION=v2.",
    noProblemType: "not asked: no default problem type is set",
    parameter: (id: string, name: string) => `${id} (${name})`,
    neededParameter: (id: string, name: string) => `${id} (${name}, needed)`,
    unknownExtras: (problemType: string, keys: string) => `problem type ${problemType} does not ask for ${keys}`,
    correctExtras: (shown: string) => `Correct extends in create.defaults or create.fields. It asks for: ${shown}.`,
    openExtras: (problemType: string, names: string) =>
      `problem type ${problemType} needs ${names}, which nothing sets: a request without it is refused`,
    setExtras: (settings: string) =>
      `Set ${settings}, or create.fields.extends to the Jira field that holds it; or people name it by a label hw-extra-<key>:<value>.`,
    tooLong: (names: string) => `too long: ${names}`,
    lengthMax: (name: string, characters: number | null) => `${name} (at most ${characters} characters)`,
    shorten: "Shorten the value.",
    noneAsked: "none are asked for",
    asked: (shown: string) => `asked for: ${shown}`,
    giveCases: "Give the user the right to see service tickets (Ticket Administrator or Ticket Group Operator).",
    checkGroups: (ids: readonly string[]) =>
      `Check HUAWEI_GROUP_ID: ${ids.join(", ")} must ${ids.length === 1 ? "" : "each "}be the id of a user group that the user belongs to; the IAM console shows them.`,
    mayList: "may be listed",
    mayListGroups: (ids: readonly string[]) => `may be listed, those of ${groups(ids)} included`,
    noProject: (id: string) => `the account has no project ${id}`,
    correctProject: (projects: string) =>
      `Correct HUAWEICLOUD_SDK_PROJECT_ID (huawei.projectId). The account has: ${projects}.`,
    templateAlone: "create.template is set without create.defaults.problemTypeId, whose templates it is one of",
    setProblemType: "Set create.defaults.problemTypeId, or remove create.template.",
    noTemplate: (problemType: string, template: string) => `problem type ${problemType} has no template ${template}`,
    correctTemplate: (templates: string) => `Correct create.template. It has: ${templates}.`,
    noneLeft: "no new case of the default problem type is left",
    raiseQuota: "Wait for the next period, or ask Huawei Cloud for a higher quota.",
    quotaUntold: "the service does not say how many cases are left",
    noLimit: "no limit",
    quota: (unused: number, total: number | string) => `${unused} of ${total} cases left`,
  },
  ...enJira,
};
