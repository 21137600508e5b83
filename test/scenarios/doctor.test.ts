/**
 * Doctor against both simulators: one thing after the other is set up wrongly, in the configuration or in a service, and doctor must
 * name it with what mends it. Doctor runs in this process on the real adapters, the real database and real HTTP; the command itself is
 * run at the end.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type HuaweiSimulator, startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { type JiraSimulator, startJiraSimulator } from "../../simulators/jira/index.ts";
import { makeApp } from "../../src/bin/app.ts";
import { diagnose } from "../../src/commands/doctor/diagnose.ts";
import type { DoctorReport } from "../../src/commands/doctor/doctor.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { silentLogger } from "../../src/observability/logger.ts";
import { createTestDatabase } from "../support/database.ts";
import { findFreePort } from "../support/port.ts";
import { createTestRedis, hasRedisServer } from "../support/redis.ts";

type Sides = { readonly huawei: HuaweiSimulator["control"]; readonly jira: JiraSimulator["control"] };
/** One thing that is wrong, and what doctor must say of it. `{…}` in `env` names something that only the run knows. */
type Planted = {
  readonly what: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sections of the one connection in `casebridge.yaml`, or the whole file when it starts with `connections:`. */
  readonly yaml?: string;
  readonly plant?: (sides: Sides) => void;
  readonly name: string;
  readonly ok?: false | null;
  readonly detail: RegExp;
  readonly remedy: RegExp;
  readonly exit: 0 | 2 | 3 | 4;
};

const lookups = "create: { defaults: { subTypeId: st1001, productId: pc2001";

const planted: readonly Planted[] = [
  // The configuration itself.
  {
    what: "a misspelt key",
    yaml: "jira: { projectKye: OPS }",
    name: "configuration",
    detail: /casebridge\.yaml:2:\d+ .*projectKye is not a key/,
    remedy: /Did you mean projectKey/,
    exit: 2,
  },
  {
    what: "a secret in the file",
    yaml: "jira: { apiToken: SIMTOKEN }",
    name: "configuration",
    detail: /casebridge\.yaml:2:\d+ .*apiToken has a value that cannot be used/,
    remedy: /\{ env: NAME \}/,
    exit: 2,
  },
  {
    what: "a named secret that is not set",
    yaml: "jira: { apiToken: { env: JIRA_TOKEN_OPS } }",
    name: "configuration",
    detail: /JIRA_TOKEN_OPS is not set/,
    remedy: /JIRA_TOKEN_OPS or JIRA_TOKEN_OPS_FILE/,
    exit: 2,
  },
  {
    what: "a status map that oscillates by category",
    yaml: "status: { toJira: { 1: { category: done } } }",
    name: "configuration",
    detail: /open \(status 1\) to category done: the two sides would push each other/,
    remedy: /Lead open statuses/,
    exit: 2,
  },
  {
    what: "a time zone without a fixed offset",
    env: { HUAWEI_TIME_ZONE: "Europe/Paris" },
    name: "configuration",
    detail: /HUAWEI_TIME_ZONE/,
    remedy: /GMT\+8/,
    exit: 2,
  },
  {
    what: "a console link without its place for the case",
    env: { HUAWEI_CONSOLE_CASE_URL: "https://console.test/tickets" },
    name: "configuration",
    detail: /HUAWEI_CONSOLE_CASE_URL/,
    remedy: /\{caseId\}/,
    exit: 2,
  },
  // Settings that are valid and wrong.
  {
    what: "a console link copied from the example",
    env: { HUAWEI_CONSOLE_CASE_URL: "https://console.example.com/ticket/{caseId}" },
    name: "console link",
    detail: /console\.example\.com/,
    remedy: /HUAWEI_CONSOLE_CASE_URL/,
    exit: 3,
  },
  {
    what: "no choice about comments",
    env: { COMMENTS_TO_HUAWEI: "" },
    name: "comments to Huawei",
    detail: /not set/,
    remedy: /Choose all .*, command .* or none/,
    exit: 3,
  },
  {
    what: "a bound in the future",
    env: { CASES_CREATED_AFTER: "2999-01-01" },
    name: "case filter",
    detail: /future \(2999-01-01\): no case passes/,
    remedy: /CASES_CREATED_AFTER/,
    exit: 3,
  },
  {
    what: "a case status that does not exist",
    yaml: "cases: { statuses: [0, 99] }",
    name: "case filter",
    detail: /names 99/,
    remedy: /The service has: 0, 1, 2/,
    exit: 3,
  },
  {
    what: "no time to settle",
    env: { SETTLE_MESSAGE_SECONDS: "0" },
    name: "settle times",
    detail: /settle\.messageSeconds is 0/,
    remedy: /defaults/,
    exit: 3,
  },
  {
    what: "the guard turned off",
    env: { TEXT_GUARD: "off" },
    name: "text guard",
    ok: null,
    detail: /personal data leave Jira/,
    remedy: /TEXT_GUARD=mask/,
    exit: 0,
  },
  {
    what: "a webhook that would open the page to strangers",
    env: { JIRA_WEBHOOK_SECRET: "a-long-random-text-of-many", HTTP_PORT: "8080" },
    name: "webhook",
    detail: /neither WEBHOOK_PORT nor a sign-in/,
    remedy: /Set WEBHOOK_PORT/,
    exit: 3,
  },
  {
    what: "a page open to everybody",
    env: { HTTP_HOST: "0.0.0.0", HTTP_PORT: "8080" },
    name: "page",
    detail: /without a sign-in/,
    remedy: /ADMIN_TOKEN/,
    exit: 3,
  },
  {
    what: "a budget above the gateway's",
    env: { HUAWEI_REQUESTS_PER_SECOND: "900" },
    name: "request budget",
    detail: /900 requests per second/,
    remedy: /HUAWEI_REQUESTS_PER_SECOND/,
    exit: 3,
  },
  {
    what: "temporary keys",
    env: { HUAWEICLOUD_SDK_SECURITY_TOKEN: "temporary" },
    name: "Huawei keys",
    ok: null,
    detail: /ends within 24 hours/,
    remedy: /permanent access key/,
    exit: 0,
  },
  {
    what: "a data folder inside a file",
    env: { DATA_DIR: "{file}/data" },
    name: "data folder",
    detail: /ENOTDIR|is not a folder/,
    remedy: /DATA_DIR/,
    exit: 3,
  },
  {
    what: "a database that is not there",
    env: { DATABASE_URL: "postgresql://nobody@127.0.0.1:{closed}/casebridge" },
    name: "database",
    detail: /ECONNREFUSED|reach/i,
    remedy: /DATABASE_URL/,
    exit: 3,
  },
  {
    what: "a Redis that is not there",
    env: { REDIS_URL: "redis://127.0.0.1:{closed}" },
    name: "queue",
    detail: /ECONNREFUSED|answer|reach/i,
    remedy: /REDIS_URL/,
    exit: 3,
  },
  {
    what: "two connections that would take the same requests",
    yaml: "connections:\n  - { name: one }\n  - { name: two, huawei: { groupId: simgroup } }\n",
    name: "connections",
    detail: /one and two would both make cases from the same issues of OPS/,
    remedy: /create\.jql/,
    exit: 3,
  },
  {
    what: "two connections on one account with two budgets",
    yaml: 'connections:\n  - { name: one }\n  - { name: two, huawei: { groupId: simgroup, requestsPerSecond: 9 }, create: { jql: "labels = two" } }\n',
    name: "connections",
    detail: /share one Huawei account with different requestsPerSecond/,
    remedy: /same requestsPerSecond/,
    exit: 3,
  },
  // Huawei.
  {
    what: "a wrong secret key",
    env: { HUAWEICLOUD_SDK_SK: "WRONG" },
    name: "Huawei credentials",
    detail: /refuses the credentials/,
    remedy: /HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK/,
    exit: 4,
  },
  {
    what: "an agency that is not there",
    env: { HUAWEI_AGENCY_DOMAIN_NAME: "simdomain", HUAWEI_AGENCY_NAME: "nowhere" },
    name: "Huawei credentials",
    detail: /the agency nowhere of simdomain is refused, not the access key/,
    remedy: /HUAWEI_AGENCY_NAME.*trusts the account of the access key/,
    exit: 4,
  },
  {
    what: "a refused key that asks for an agency",
    env: { HUAWEI_AGENCY_DOMAIN_NAME: "simdomain", HUAWEI_AGENCY_NAME: "tickets", HUAWEICLOUD_SDK_SK: "WRONG" },
    name: "Huawei credentials",
    detail: /refuses the credentials/,
    remedy: /HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK/,
    exit: 4,
  },
  {
    what: "an agency beside temporary keys",
    env: {
      HUAWEI_AGENCY_DOMAIN_NAME: "simdomain",
      HUAWEI_AGENCY_NAME: "tickets",
      HUAWEICLOUD_SDK_SECURITY_TOKEN: "temporary",
    },
    name: "configuration",
    detail: /HUAWEICLOUD_SDK_SECURITY_TOKEN is set beside an agency/,
    remedy: /permanent access key/,
    exit: 2,
  },
  {
    what: "a Huawei endpoint that does not answer",
    env: { HUAWEI_OSM_ENDPOINT: "http://127.0.0.1:{closed}" },
    name: "Huawei clock",
    detail: /cannot be reached/,
    remedy: /network, the proxy and the address of Huawei Cloud/,
    exit: 4,
  },
  {
    what: "a clock twenty minutes off Huawei's",
    plant: ({ huawei }) => void huawei.advanceClock({ ms: 20 * 60_000 }),
    name: "Huawei clock",
    detail: /this machine is 1(19|20)\d s behind/,
    remedy: /NTP/,
    // Requests are signed by the service's clock, so they are taken all the same.
    exit: 3,
  },
  {
    what: "a user group that the user is not in",
    env: { HUAWEI_GROUP_ID: "somebody-elses" },
    name: "Huawei cases",
    detail: /forbidden|not allowed|01010002/i,
    remedy: /HUAWEI_GROUP_ID: somebody-elses must be the id of a user group/,
    exit: 3,
  },
  {
    what: "a project that the account lacks",
    env: { HUAWEICLOUD_SDK_PROJECT_ID: "elsewhere" },
    name: "Huawei project",
    detail: /no project elsewhere/,
    remedy: /HUAWEICLOUD_SDK_PROJECT_ID.*simproject/,
    exit: 3,
  },
  {
    what: "an agreement that is not signed",
    plant: ({ huawei }) => void huawei.setSettings({ agreementSigned: false }),
    name: "Huawei agreement",
    detail: /not signed/,
    remedy: /Sign it/,
    exit: 3,
  },
  {
    what: "no privilege to submit cases",
    plant: ({ huawei }) => void huawei.setSettings({ policySwitch: true, mayCreateCases: false }),
    name: "Huawei privilege",
    detail: /may not submit/,
    remedy: /Ticket Administrator/,
    exit: 3,
  },
  {
    what: "files that may not be attached",
    plant: ({ huawei }) => void huawei.setSettings({ accessoryLimitCount: 0 }),
    name: "Huawei file limits",
    ok: null,
    detail: /may not attach/,
    remedy: /ask Huawei Cloud/,
    exit: 0,
  },
  {
    what: "a case label that does not exist",
    yaml: "cases: { labels: [nowhere] }",
    name: "Huawei labels",
    detail: /named nowhere/,
    remedy: /cases\.labels/,
    exit: 3,
  },
  {
    what: "a product that does not exist",
    yaml: "create: { defaults: { subTypeId: st1001, productId: pc9999 } }",
    name: "Huawei look-ups",
    detail: /productId pc9999/,
    remedy: /create\.defaults.*casebridge lookups/,
    exit: 3,
  },
  {
    what: "a problem type of another product",
    yaml: `${lookups}, problemTypeId: bt3004, regionId: cn-north-4 } }`,
    name: "Huawei look-ups",
    detail: /problemTypeId bt3004/,
    remedy: /create\.defaults/,
    exit: 3,
  },
  {
    what: "a fault report without region",
    yaml: `${lookups}, problemTypeId: bt3002 } }`,
    name: "Huawei look-ups",
    detail: /needs a region/,
    remedy: /create\.defaults\.regionId/,
    exit: 3,
  },
  {
    what: "a severity without a support plan",
    yaml: `${lookups}, problemTypeId: bt3002, regionId: cn-north-4, severityId: sv4001 } }`,
    plant: ({ huawei }) => void huawei.setSettings({ supportPlan: false }),
    name: "Huawei look-ups",
    ok: null,
    detail: /offers no choice of severity/,
    remedy: /create\.defaults\.severityId/,
    exit: 0,
  },
  {
    what: "a template that does not exist",
    yaml: `${lookups}, problemTypeId: bt3001 }, template: tp-none }`,
    name: "Huawei template",
    detail: /no template tp-none/,
    remedy: /It has: tp-bt3001/,
    exit: 3,
  },
  {
    what: "a used-up quota",
    yaml: `${lookups}, problemTypeId: bt3001 } }`,
    plant: ({ huawei }) => void huawei.setSettings({ caseQuota: 0 }),
    name: "Huawei quota",
    ok: null,
    detail: /no new case .* is left/,
    remedy: /higher quota/,
    exit: 0,
  },
  // Jira.
  {
    what: "a Jira token that expired",
    plant: ({ jira }) => jira.setApiToken({ apiToken: "NEW" }),
    name: "Jira credentials",
    detail: /refuses the credentials/,
    remedy: /JIRA_API_TOKEN: tokens expire/,
    exit: 4,
  },
  {
    what: "an app as our account",
    plant: ({ jira }) => void jira.setSettings({ botAccountType: "app" }),
    name: "Jira credentials",
    ok: null,
    detail: /is an app account/,
    remedy: /ordinary account/,
    exit: 0,
  },
  {
    what: "a portal customer as our account",
    plant: ({ jira }) => void jira.setSettings({ botAccountType: "customer" }),
    name: "Jira credentials",
    detail: /portal customer/,
    remedy: /licence/,
    exit: 3,
  },
  {
    what: "a project that does not exist",
    env: { JIRA_PROJECT_KEY: "NOPE" },
    name: "Jira project",
    detail: /not_found|NOPE/,
    remedy: /Correct JIRA_PROJECT_KEY .* It may create issues in: .*OPS \(Operations\)/,
    exit: 3,
  },
  {
    what: "all files of a service project",
    env: { JIRA_PROJECT_KEY: "DESK", ATTACHMENTS_TO_HUAWEI: "all" },
    name: "Jira project",
    detail: /service project/,
    remedy: /referenced or none/,
    exit: 3,
  },
  {
    what: "no right to comment",
    plant: ({ jira }) => void jira.setSettings({ revokedPermissions: ["ADD_COMMENTS"] }),
    name: "Jira permissions",
    detail: /missing: ADD_COMMENTS/,
    remedy: /permission scheme/,
    exit: 3,
  },
  {
    what: "no right to move issues",
    plant: ({ jira }) => void jira.setSettings({ revokedPermissions: ["TRANSITION_ISSUES"] }),
    name: "Jira permissions",
    detail: /missing: TRANSITION_ISSUES/,
    remedy: /permission scheme/,
    exit: 3,
  },
  {
    what: "no right to link issues",
    plant: ({ jira }) => void jira.setSettings({ revokedPermissions: ["LINK_ISSUES"] }),
    name: "Jira permissions",
    ok: null,
    detail: /LINK_ISSUES/,
    remedy: /permission scheme/,
    exit: 0,
  },
  {
    what: "an issue type that does not exist",
    env: { JIRA_ISSUE_TYPE: "Incident" },
    name: "Jira issue type",
    detail: /no issue type Incident/,
    remedy: /JIRA_ISSUE_TYPE/,
    exit: 3,
  },
  {
    what: "a required field that nobody fills",
    plant: ({ jira }) => void jira.setSettings({ requiredFields: ["customfield_10050"] }),
    name: "Jira required fields",
    detail: /required and not filled: Region \(customfield_10050\)/,
    remedy: /below issue\.fields .*: customfield_10050: \{ value: "…" \}\. Or give these fields a default value/,
    exit: 3,
  },
  {
    what: "required fields of several kinds",
    plant: ({ jira }) =>
      void jira.setSettings({
        screenFields: [
          { id: "customfield_10061", name: "Users", kind: "number", options: [] },
          { id: "customfield_10062", name: "Owner", kind: "user", options: [] },
          { id: "customfield_10063", name: "Tags", kind: "labels", options: [] },
          { id: "components", name: "Components", kind: "named", options: [{ id: "10400", value: "ECS" }] },
        ],
        requiredFields: [
          "customfield_10051",
          "customfield_10061",
          "customfield_10062",
          "customfield_10063",
          "components",
        ],
      }),
    name: "Jira required fields",
    detail: /Product \(customfield_10051\), Users \(customfield_10061\), Owner .*, Components \(components\)/,
    remedy:
      /customfield_10051: \{ value: \{ id: "10200" \} \} \(takes 10200 Elastic Cloud Server, .*; customfield_10061: \{ value: 1 \}; customfield_10062: \{ value: \{ accountId: "712020:[^"]+" \} \}; customfield_10063: \{ value: \["…"\] \}; components: \{ value: \[\{ id: "10400" \}\] \} \(takes 10400 ECS\)/,
    exit: 3,
  },
  {
    what: "a configured field that the screen does not have",
    yaml: "issue: { fields: { Umfang: { value: 1 } } }",
    name: "Jira required fields",
    detail: /the create screen has no field Umfang \(casebridge\.yaml:2:37\)/,
    remedy: /Correct issue\.fields .* The screen has: .*Region \(customfield_10050\)/,
    exit: 3,
  },
  {
    what: "a configured name that two fields have",
    yaml: "issue: { fields: { region: { value: north } } }",
    plant: ({ jira }) =>
      void jira.setSettings({
        screenFields: [{ id: "customfield_10060", name: "Region", kind: "string", options: [] }],
      }),
    name: "Jira required fields",
    detail: /region is the name of several fields: customfield_10050, customfield_10060/,
    remedy: /Correct issue\.fields/,
    exit: 3,
  },
  {
    what: "a configured value that the field does not take",
    yaml: 'issue: { fields: { Product: { from: label, map: { a: { value: OBS } }, else: { id: "10200" } } } }',
    name: "Jira required fields",
    detail: /Product \(customfield_10051\) does not take \{"value":"OBS"\} \(casebridge\.yaml:2:37\)/,
    remedy: /It takes: 10200 Elastic Cloud Server/,
    exit: 3,
  },
  {
    what: "a required field whose rule may give no value",
    yaml: 'issue: { fields: { customfield_10050: { from: region, map: { "*": "{value}" } } } }',
    plant: ({ jira }) => void jira.setSettings({ requiredFields: ["customfield_10050"] }),
    name: "Jira required fields",
    ok: null,
    detail: /Region \(customfield_10050\) is required, and issue\.fields gives it no value where the region of a case/,
    remedy: /Add else/,
    exit: 0,
  },
  {
    what: "an assignee whom nobody knows",
    yaml: 'issue: { assignee: { from: label, map: { a: ada@example.com, b: "712020:nobody" }, else: no@example.com } }',
    name: "Jira assignee",
    detail: /nobody who can be assigned in OPS is 712020:nobody, no@example\.com$/,
    remedy: /Correct issue\.assignee/,
    exit: 3,
  },
  {
    what: "a type that is only chosen for some cases and does not exist",
    yaml: "issue: { type: { from: label, map: { outage: Incident }, else: Task } }",
    name: "Jira issue type",
    detail: /no issue type Incident/,
    remedy: /issue\.type/,
    exit: 3,
  },
  {
    what: "labels that are on no screen",
    plant: ({ jira }) => {
      jira.setSettings({ fieldsOffScreen: ["labels"] });
      jira.createIssue({ projectKey: "OPS", summary: "seen", issueType: "Task" });
    },
    name: "Jira required fields",
    detail: /neither on the create screen nor on the edit screen: labels/,
    remedy: /screens of the issue type/,
    exit: 3,
  },
  {
    what: "labels and description that are not on the create screen, where no issue shows the edit screen",
    plant: ({ jira }) =>
      void jira.setSettings({ projectSettings: { OPS: { fieldsOffCreateScreen: ["labels", "description"] } } }),
    name: "Jira required fields",
    ok: null,
    detail: /not on the create screen: description, labels; an edit sets them afterwards, if/,
    remedy: /again once the first issue is there/,
    exit: 0,
  },
  {
    what: "a mapped priority that is on no screen",
    yaml: 'priority: { "sv4001": High }',
    plant: ({ jira }) => void jira.setSettings({ priorityOnScreen: { default: false } }),
    name: "Jira required fields",
    ok: null,
    detail: /not on the create screen: priority/,
    remedy: /put these fields on the create screen/,
    exit: 0,
  },
  {
    what: "a target status that the workflow lacks",
    yaml: 'status: { toJira: { 2: { statusId: "77777" } } }',
    name: "status map",
    detail: /case status 2 .*no status 77777/,
    remedy: /status\.toJira.*In Progress \(3, indeterminate\)/,
    exit: 3,
  },
  {
    what: "a step that does not exist",
    yaml: 'status: { via: { done: ["88888"] } }',
    name: "status map",
    detail: /via done: the workflow has no status 88888/,
    remedy: /status\.via/,
    exit: 3,
  },
  {
    what: "a status map that oscillates by the id of a status",
    yaml: 'status: { toJira: { 3: { statusId: "3" } } }',
    name: "status oscillation",
    detail: /closed \(status 3\) leads to In Progress \(3\), which is indeterminate/,
    remedy: /Lead case statuses 3, 4, 12 and 13/,
    exit: 3,
  },
  {
    what: "a way to an open status that leads through done",
    yaml: 'status: { via: { indeterminate: ["10001"] } }',
    name: "status oscillation",
    ok: null,
    detail: /passes through 10001, which is done/,
    remedy: /automations/,
    exit: 0,
  },
  {
    what: "a workflow without a direct way to done, and no via",
    env: { JIRA_PROJECT_KEY: "STEP" },
    plant: ({ jira }) => void jira.createIssue({ projectKey: "STEP", summary: "a first issue" }),
    name: "Jira workflow",
    detail: /from To Do \(10000\) no way leads to done \(case status 3, 4, 12, 13\)/,
    remedy: /status\.via/,
    exit: 3,
  },
  {
    what: "a target status that no transition reaches",
    yaml: 'status: { toJira: { 2: { statusId: "10012" } } }',
    plant: ({ jira }) => {
      jira.createIssue({ projectKey: "OPS", summary: "a first issue" });
      jira.setSettings({ hiddenTransitions: ["31"] });
    },
    name: "Jira workflow",
    detail: /from To Do \(10000\) no way leads to 10012 \(case status 2\)/,
    remedy: /add the transition/,
    exit: 3,
  },
  {
    what: "a transition that demands a resolution",
    plant: ({ jira }) => {
      jira.createIssue({ projectKey: "OPS", summary: "a first issue" });
      jira.setSettings({ doneRequiresResolution: true });
    },
    name: "Jira workflow",
    detail: /no way leads to done; a transition demands Done: Resolution/,
    remedy: /required fields with status\.fields/,
    exit: 3,
  },
  {
    what: "fields for a status that does not exist",
    yaml: "status: { fields: { Finished: { resolution: { value: { name: Done } } } } }",
    name: "status map",
    detail: /status\.fields: the workflow has no status Finished/,
    remedy: /Correct .*status\.fields/,
    exit: 3,
  },
  {
    what: "a priority that does not exist",
    yaml: 'priority: { "sv4004": Urgent }',
    name: "Jira priorities",
    detail: /no priority named Urgent/,
    remedy: /Jira has: Highest, High/,
    exit: 3,
  },
  {
    what: "attachments turned off in Jira",
    plant: ({ jira }) => void jira.setSettings({ attachmentsEnabled: false }),
    name: "Jira file limit",
    detail: /turned off/,
    remedy: /Turn on attachments/,
    exit: 3,
  },
  {
    what: "attachments smaller than Huawei's",
    plant: ({ jira }) => void jira.setSettings({ uploadLimitBytes: 100_000 }),
    name: "Jira file limit",
    ok: null,
    detail: /files of 98 KiB, while the service tickets hold files of up to 4 MiB/,
    remedy: /Raise the attachment limit/,
    exit: 0,
  },
  {
    what: "a role for commands that does not exist",
    yaml: "commands: { role: Wizards }",
    name: "command role",
    detail: /no role Wizards/,
    remedy: /commands\.role.*Administrators/,
    exit: 3,
  },
  {
    what: "a custom field that does not exist",
    yaml: "create: { fields: { regionId: customfield_99999 } }",
    name: "create fields",
    detail: /customfield_99999 \(create\.fields\.regionId\)/,
    remedy: /create\.fields/,
    exit: 3,
  },
  {
    what: "a security level that does not exist",
    yaml: 'comments: { allowSecurityLevels: ["10100", "55555"] }',
    name: "security levels",
    detail: /security level 55555/,
    remedy: /comments\.allowSecurityLevels/,
    exit: 3,
  },
  {
    what: "an app account that does not exist",
    yaml: 'comments: { allowAppAccounts: ["557058:nobody"] }',
    name: "app accounts",
    detail: /no account 557058:nobody/,
    remedy: /comments\.allowAppAccounts/,
    exit: 3,
  },
  {
    what: "an extra parameter that the problem type needs and nothing sets",
    yaml: "create: { defaults: { productId: pc2002, problemTypeId: bt3004, regionId: cn-north-4 } }",
    name: "Huawei extra parameters",
    detail: /bt3004 needs bucket_name \(Bucket name\), which nothing sets/,
    remedy: /Set create\.defaults\.extends\.bucket_name, or create\.fields\.extends .*hw-extra-/,
    exit: 3,
  },
  {
    what: "an extra parameter that the problem type does not ask for",
    yaml: "create: { defaults: { productId: pc2003, problemTypeId: bt3005, regionId: cn-north-4, extends: { bucket_name: logs } } }",
    name: "Huawei extra parameters",
    detail: /bt3005 does not ask for bucket_name/,
    remedy: /It asks for: cluster_id \(Cluster ID\)\./,
    exit: 3,
  },
  {
    what: "an extra parameter that is too long",
    yaml: `create: { defaults: { productId: pc2002, problemTypeId: bt3004, regionId: cn-north-4, extends: { bucket_name: ${"b".repeat(64)} } } }`,
    name: "Huawei extra parameters",
    detail: /too long: create\.defaults\.extends\.bucket_name \(at most 63 characters\)/,
    remedy: /Shorten/,
    exit: 3,
  },
  {
    what: "a severity with the historical API",
    env: { HUAWEI_API_VERSION: "v1.0" },
    yaml: `${lookups}, problemTypeId: bt3002, regionId: cn-north-4, severityId: sv4001 } }`,
    name: "Huawei extra parameters",
    ok: null,
    detail: /takes neither a severity nor extra parameters/,
    remedy: /Remove severityId and extends/,
    exit: 0,
  },
  {
    what: "a wrong region with the historical API",
    env: { HUAWEI_API_VERSION: "v1.0" },
    yaml: `${lookups}, problemTypeId: bt3002, regionId: moon-1, severityId: sv4001 } }`,
    name: "Huawei look-ups",
    detail: /regionId moon-1/,
    remedy: /create\.defaults/,
    exit: 3,
  },
  {
    what: "what the historical API lacks",
    env: { HUAWEI_API_VERSION: "v1.0" },
    name: "Huawei API",
    ok: null,
    detail: /v1\.0: .*cannot be withdrawn.*labels .* not mirrored.*one read a round/,
    remedy: /HUAWEI_API_VERSION=v2/,
    exit: 0,
  },
  {
    what: "a JQL that is broken",
    yaml: "create: { jql: 'labels = huawei-case AND colour = blue' }",
    name: "requests from Jira",
    detail: /rejected|colour/,
    remedy: /create\.jql/,
    exit: 3,
  },
];

describe("doctor", () => {
  let huawei: HuaweiSimulator;
  let jira: JiraSimulator;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let folder: string;
  let closedPort: number;
  let jiraClockMs = 0;

  beforeAll(async () => {
    huawei = await startHuaweiSimulator({
      agencies: [{ name: "tickets", trustedDomainId: "simdomain0000000000000000000001" }],
    });
    jira = await startJiraSimulator({ now: () => Date.now() + jiraClockMs });
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), "casebridge-doctor-"));
    await writeFile(join(folder, "file"), "");
    closedPort = await findFreePort();
  });
  afterAll(async () => {
    await huawei.close();
    await jira.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    huawei.control.reset();
    jira.control.reset();
    jira.control.setApiToken({ apiToken: "SIMTOKEN" });
    jiraClockMs = 0;
  });

  function makeEnv(changes: Readonly<Record<string, string>>): Record<string, string> {
    const env: Record<string, string> = {
      DATABASE_URL: database.connectionString,
      DATA_DIR: join(folder, "data"),
      HUAWEI_OSM_ENDPOINT: huawei.url,
      HUAWEI_IAM_ENDPOINT: huawei.url,
      HUAWEICLOUD_SDK_AK: "SIMAK",
      HUAWEICLOUD_SDK_SK: "SIMSK",
      HUAWEI_REQUESTS_PER_SECOND: "200",
      JIRA_HOST: jira.url,
      JIRA_EMAIL: "bot@example.com",
      JIRA_API_TOKEN: "SIMTOKEN",
      JIRA_PROJECT_KEY: "OPS",
      JIRA_REQUESTS_PER_SECOND: "500",
      COMMENTS_TO_HUAWEI: "all",
      ...changes,
    };
    for (const [name, value] of Object.entries(env)) {
      env[name] = value.replace("{closed}", String(closedPort)).replace("{file}", join(folder, "file"));
    }
    return env;
  }

  function examine(changes: Readonly<Record<string, string>> = {}, yaml: string | null = null): Promise<DoctorReport> {
    const text = yaml === null || yaml.startsWith("connections:") ? yaml : `connections:\n  - { name: ops, ${yaml} }\n`;
    const loaded = loadConfig({
      purpose: "command",
      isolated: true,
      cwd: folder,
      env: { ...makeEnv(changes), ...(text === null ? {} : { CONFIG_FILE: "casebridge.yaml" }) },
      readFile: (path) => {
        if (text !== null && path.endsWith("casebridge.yaml")) return text;
        throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      },
    });
    return diagnose({ app: makeApp(), loaded, log: silentLogger });
  }

  it("finds nothing where all is right, and only ever reads", async () => {
    for (const summary of ["one", "two"]) jira.control.createIssue({ projectKey: "OPS", summary });
    jira.control.setSettings({ botReadsRoleMembers: true });
    const before = JSON.stringify(jira.control.getState());

    const report = await examine(
      {},
      `${lookups}, problemTypeId: bt3001 }, template: tp-bt3001 }, commands: { role: Administrators }`,
    );

    expect(report.checks.filter((check) => check.ok !== true)).toEqual([]);
    expect(report.exitCode).toBe(0);
    expect(report.checks.length).toBeGreaterThan(35);
    expect(JSON.stringify(jira.control.getState())).toBe(before);
    expect(huawei.control.getState().cases).toEqual([]);
    expect(jira.control.getRefusals()).toEqual([]);
    expect(huawei.control.getRefusals()).toEqual([]);
  });

  it.each([
    [{}, /^accepted by access key$/],
    [
      { HUAWEI_AGENCY_DOMAIN_NAME: "simdomain", HUAWEI_AGENCY_NAME: "tickets" },
      /^accepted by the agency tickets of simdomain; its keys hold until \d{4}-\d\d-\d\dT\d\d:\d\dZ$/,
    ],
    [
      {
        HUAWEICLOUD_SDK_AK: "",
        HUAWEICLOUD_SDK_SK: "",
        HUAWEI_IAM_USERNAME: "simuser",
        HUAWEI_IAM_PASSWORD: "simpass",
        HUAWEI_IAM_DOMAIN_NAME: "simdomain",
      },
      /^accepted as simuser of simdomain; the token holds until /,
    ],
  ])("names how it signs in and until when that holds (%#)", async (changes, detail) => {
    const report = await examine(changes);

    expect(report.checks.find(({ name }) => name === "Huawei credentials")).toMatchObject({
      ok: true,
      detail: expect.stringMatching(detail),
    });
  });

  it("knows more than twenty-five things that can be wrong", () => {
    expect(new Set(planted.map((one) => one.what)).size).toBeGreaterThanOrEqual(60);
    expect(new Set(planted.map((one) => one.name)).size).toBeGreaterThanOrEqual(25);
  });

  it.each(planted)(
    "finds $what, and says what mends it",
    async ({ env, yaml, plant, name, ok = false, detail, remedy, exit }) => {
      plant?.({ huawei: huawei.control, jira: jira.control });

      const report = await examine(env, yaml);

      const finding = report.checks.find((check) => check.name === name && check.ok === ok);
      expect(
        finding,
        JSON.stringify(
          report.checks.filter((check) => check.ok !== true),
          null,
          1,
        ),
      ).toBeDefined();
      expect(finding?.detail).toMatch(detail);
      expect(finding?.remedy).toMatch(remedy);
      expect(report.exitCode).toBe(exit);
      // Whatever else is told has a remedy too, save what was not asked any more.
      for (const check of report.checks.filter((one) => one.ok === false))
        expect(check.remedy, check.name).toMatch(/\S/);
      expect(JSON.stringify(report.checks)).not.toMatch(/SIMSK|SIMTOKEN|hunter2/);
    },
  );

  it("finds a clock that differs from Jira's", async () => {
    jiraClockMs = -20 * 60_000;

    const report = await examine();

    const clock = report.checks.find((check) => check.name === "Jira clock");
    expect(clock).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/1(19|20)\d s ahead/),
      remedy: expect.stringMatching(/NTP/),
    });
  });

  it.skipIf(!hasRedisServer())(
    "finds a Redis that throws keys away (skipped where there is no redis-server)",
    async () => {
      const redis = await createTestRedis();
      if (redis === null) throw new Error("there is no redis-server");
      const client = new Redis(redis.url);
      try {
        await client.config("SET", "maxmemory-policy", "allkeys-lru");

        const wrong = await examine({ REDIS_URL: redis.url });
        await client.config("SET", "maxmemory-policy", "noeviction");
        const right = await examine({ REDIS_URL: redis.url });

        expect(wrong.checks.find((check) => check.name === "queue")).toMatchObject({
          ok: false,
          detail: expect.stringMatching(/allkeys-lru/),
          remedy: expect.stringMatching(/maxmemory-policy noeviction/),
        });
        expect(right.checks.find((check) => check.name === "queue")?.ok).toBe(true);
      } finally {
        client.disconnect();
        await redis.stop();
      }
    },
  );

  it("looks at both services where the database is away", async () => {
    const report = await examine({ DATABASE_URL: "postgresql://nobody@127.0.0.1:{closed}/casebridge" });

    const wrong = report.checks.filter((check) => check.ok === false).map((check) => check.name);
    expect(wrong).toEqual(["database"]);
    expect(report.checks.find((check) => check.name === "Jira permissions")?.ok).toBe(true);
    expect(report.checks.find((check) => check.name === "Huawei privilege")?.ok).toBe(true);
  });

  it("is a command: its code, its table and its JSON say the same", async () => {
    const good = await run(makeEnv({}), ["doctor"]);
    const bad = await run(makeEnv({ JIRA_ISSUE_TYPE: "Incident" }), ["doctor", "--json"]);
    const unread = await run(makeEnv({ JIRA_PROJECT_KEY: "" }), ["doctor", "--json"]);

    expect(good.code, good.output).toBe(0);
    expect(good.output).toMatch(/checks: 0 failed/);
    expect(bad.code).toBe(3);
    const report = JSON.parse(bad.output) as { ok: boolean; checks: DoctorReport["checks"] };
    expect(report.ok).toBe(false);
    expect(report.checks.filter((check) => check.ok === false).map((check) => check.name)).toEqual(["Jira issue type"]);
    expect(unread.code).toBe(2);
    expect(JSON.parse(unread.output)).toMatchObject({ ok: false, checks: [{ name: "configuration", ok: false }] });
  });

  it("writes down what the services answered, and nothing of what anybody wrote", async () => {
    const secret = "Quetzalcoatl";
    const { caseId } = huawei.control.createCase({ description: `${secret} is away` });
    huawei.control.addMessage({ caseId, author: "engineer", content: `Ask ${secret}` });
    const { issueKey, issueId } = jira.control.createIssue({ projectKey: "OPS", summary: `${secret} again` });
    jira.control.addComment({ issue: issueId, text: `From ${secret}` });
    const file = join(folder, "report.json");

    const ran = await run(makeEnv({}), ["doctor", "--report", file]);

    expect(ran.code, ran.output).toBe(0);
    const text = await readFile(file, "utf8");
    const known = [
      secret,
      caseId,
      issueKey,
      issueId,
      "SIMAK",
      "SIMSK",
      "SIMTOKEN",
      "bot@example.com",
      new URL(jira.url).host,
      "OPS",
    ];
    expect(known.filter((word) => text.includes(word))).toEqual([]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { calls } = JSON.parse(text) as {
      calls: { call: string; statuses: Record<string, number>; answers: object }[];
    };
    const one = calls.find(({ call }) => call === "GET /v2/servicerequest/cases/{}");
    expect(one?.answers).toMatchObject({
      200: { incident_detail_info: { message_list: [{ content: "text up to 20" }] } },
    });
    expect(calls.map(({ call }) => call)).toEqual(
      expect.arrayContaining([
        "GET /v2/servicerequest/cases/{}/messages",
        "GET /rest/api/3/issue/{}/comment",
        "POST /rest/api/3/search/jql",
      ]),
    );
  });

  it("is not needed for a map that oscillates: the worker refuses to start with it", async () => {
    const path = join(folder, "oscillating.yaml");
    await writeFile(path, 'connections: [{ status: { toJira: { 3: { statusId: "3" } } } }]\n');

    const worker = await run(makeEnv({ CONFIG_FILE: path, HTTP_PORT: "0" }), ["worker", "--json"]);

    expect(worker.code).toBe(2);
    expect(worker.output).toMatch(/closed \(status 3\) leads to In Progress \(3\)/);
  });

  /** Runs the command in the test's folder; answers its code and standard output. */
  function run(env: Record<string, string>, args: readonly string[]): Promise<{ code: number; output: string }> {
    const child = spawn(resolve("node_modules/.bin/node"), [resolve("src/bin/casebridge.mjs"), ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? "", ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    return new Promise((done) => child.once("close", (code) => done({ code: code ?? -1, output })));
  }
});
