/** The schema of `casebridge.yaml`: a table of keys, with their meaning for people. */
import { z } from "zod";
import { apiVersions, huaweiSites } from "../domain/access.ts";
import { statusCategories } from "../domain/issue.ts";
import { requestLabel } from "../domain/labels.ts";
import {
  attachmentsToHuaweiChoices,
  authorNameChoices,
  closeOnDoneChoices,
  commentsToHuaweiChoices,
  serviceProjectChoices,
} from "../domain/settings.ts";
import { caseFactNames } from "../domain/value-rule.ts";
import { parseProxy } from "../lib/tunnel.ts";
import { compileLinear } from "./linear-regex.ts";
import * as values from "./values.ts";

/** Secrets are only ever named. The shape of the name keeps a pasted token from passing for one. */
const secretName = z.strictObject(
  {
    env: values
      .shaped(/^[A-Z][A-Z0-9_]{0,63}$/, "the NAME of an environment variable (capitals, digits and _)")
      .describe("Name of the environment variable, or of NAME_FILE without the _FILE"),
  },
  { error: "{ env: NAME }, which names the environment variable; the secret itself does not belong in this file" },
);

const proxy = z.union(
  [z.literal("none"), values.proxyUrl().refine((text) => parseProxy(text)?.password === ""), secretName],
  {
    error:
      'the address of an HTTP proxy such as http://proxy.example.com:3128, { env: NAME } for one with a password, or "none" = direct',
  },
);

const positionInJira = z.union([z.string().regex(/^\d{1,20}$/), z.int().min(0)], {
  error: 'the number of a Jira status, such as "10012"',
});
const category = values.oneOf(...statusCategories);

const statusTarget = z
  .union([z.strictObject({ category }), z.strictObject({ statusId: positionInJira })], {
    error: '{ category: new }, { category: indeterminate }, { category: done } or { statusId: "10012" }',
  })
  .describe("Any status of a category, or one status by its id");

const seconds = values.decimal(0, 86_400);
const mapping = { error: "a mapping of keys to values" };
const list = { error: "a list" };

function section<T extends z.core.$ZodLooseShape>(shape: T, description: string) {
  return z.strictObject(shape, mapping).partial().optional().describe(description);
}

function textByKey(key: z.ZodString, text: z.ZodString, description: string) {
  return z.record(key, text, mapping).optional().describe(description);
}

const createInputs = {
  subTypeId: values.line("an id", 255).describe("incident_sub_type_id"),
  productId: values.line("an id", 255).describe("incident_product_category_id"),
  problemTypeId: values.line("an id", 255).describe("business_type_id"),
  regionId: values.line("an id", 255).describe("region_id"),
  severityId: values.line("an id", 255).describe("severity_id"),
};
const fieldId = values.shaped(/^[A-Za-z][A-Za-z0-9_]{0,99}$/, "the id of a Jira field, such as customfield_10050");
const parameterKey = values.line("a parameter key", 255);

const regex = z
  .string({ error: "a regular expression in quotes" })
  .min(1, { error: "a regular expression in quotes" })
  .max(500, { error: "a regular expression of at most 500 characters" })
  .superRefine((text, context) => {
    const problem = regexProblem(text);
    if (problem !== null) context.addIssue(problem);
  });

/** Why a guard pattern cannot be used, as a phrase that follows "must be". */
function regexProblem(text: string): string | null {
  try {
    return compileLinear(text).test("") ? "a regular expression that does not match the empty text" : null;
  } catch {
    return "a valid regular expression of RE2, which has no look-arounds and no back-references, so that no text can stall it";
  }
}

/** A rule for a value: `{ value }` for every case, or `{ from, map, else }`, where a fact of the case chooses it. */
function valueRule<T extends z.ZodType>(value: T) {
  const shape = {
    value: value.describe("The value for every case"),
    from: values.oneOf(...caseFactNames).describe("The fact of the case that chooses the value"),
    map: z
      .record(z.string(), value, mapping)
      .describe('Value of the fact → the value; "*" = any other one, which {value} stands for'),
    else: value.describe(
      "Where nothing of the map fits, or the case does not tell the fact; without it there is no value",
    ),
  };
  const error = "{ value: … }, or { from: …, map: { … }, else: … }";
  return z
    .strictObject(shape, { error })
    .partial()
    .superRefine((rule, context) => {
      const chooses = rule.from !== undefined && (rule.map !== undefined || rule.else !== undefined);
      const isOneOfBoth =
        rule.value === undefined
          ? chooses
          : rule.from === undefined && rule.map === undefined && rule.else === undefined;
      if (!isOneOfBoth) context.addIssue(error);
    });
}

const jsonValue = values.json();
const fieldName = values.line("the id or the name of a Jira field", 255);
const nameRule = (what: string) =>
  z.union([values.line(what, 255), valueRule(values.line(what, 255))], {
    error: `${what}, or { from: …, map: { … }, else: … }`,
  });

const connection = z
  .strictObject(
    {
      name: values
        .shaped(/^[A-Za-z0-9_-]{1,64}$/, "a name of letters, digits, _ and -")
        .describe("Unique; part of the webhook's address. `default` when left out"),
      huawei: section(
        {
          endpoint: values.serviceUrl("https://osm.cn-south-1.myhuaweicloud.com").meta({ format: "uri" }),
          iamEndpoint: values.serviceUrl("https://iam.cn-north-4.myhuaweicloud.com").meta({ format: "uri" }),
          apiVersion: values.oneOf(...apiVersions),
          language: values.language(),
          timeZone: values.timeZone(),
          site: values.oneOf(...huaweiSites),
          groupId: z
            .union([
              values.idList("a user group id", 64, true),
              z
                .array(z.string())
                .refine((ids) => ids.length === 0 || values.areIds(ids, 64), { error: "user group ids, each once" }),
            ])
            .describe('User group whose cases are mirrored, or a list of them; "" = none'),
          consoleCaseUrl: values
            .caseUrlTemplate(true)
            .describe('Template with {caseId} for a link to the case; "" = no link'),
          requestsPerSecond: values.decimal(0.01, 1000).describe("Budget of this account, shared by all replicas"),
          messageCharsMax: values
            .whole(200, 10_000)
            .describe("Characters that one message or description may hold; longer texts are split. Default 1200"),
          ak: secretName,
          sk: secretName,
          securityToken: secretName,
          domainId: values.lineOrEmpty("an account id", 64),
          credentials: values
            .oneOf("ecs")
            .describe("ecs = temporary keys of the server that casebridge runs on, in place of any other login"),
          agency: section(
            {
              domainName: values.line("an account name", 200).describe("Account that made the agency"),
              name: values.shaped(/^[\w.@=+,-]{1,64}$/, "the name of an agency: letters, digits, and . @ = + , _ -"),
              externalId: values.line("an external id", 1224, 2),
            },
            "IAM agency that gives temporary keys for ak and sk",
          ),
          username: values.line("an IAM user name", 200),
          password: secretName,
          domainName: values.line("an account name", 200),
          projectId: values.lineOrEmpty("a project id", 64),
          proxy: proxy.describe('HTTP proxy for this service instead of HTTPS_PROXY; "none" = direct'),
        },
        "The Huawei Cloud account",
      ),
      jira: section(
        {
          host: values.serviceUrl("https://example.atlassian.net").meta({ format: "uri" }),
          email: values.email(),
          apiToken: secretName,
          webhookSecret: secretName,
          projectKey: values.projectKey(),
          issueType: values.line("an issue type", 255),
          requestsPerSecond: values.decimal(0.01, 1000).describe("Budget of this site, shared by all replicas"),
          proxy: proxy.describe('HTTP proxy for this service instead of HTTPS_PROXY; "none" = direct'),
        },
        "The Jira Cloud site and project",
      ),
      issue: section(
        {
          type: nameRule("an issue type").describe(
            "Name or id of the issue type of a new issue; goes before jira.issueType",
          ),
          requestType: nameRule("a request type").describe(
            "Service projects: id or name of the request type of a new issue, so that it stands in its queue; none when left out",
          ),
          assignee: nameRule("an account id, or the e-mail address of one who can be assigned").describe(
            "Who a new issue is assigned to: account id or e-mail address; as Jira does it when left out",
          ),
          fields: z
            .record(fieldName, valueRule(jsonValue), mapping)
            .describe(
              "Field of the create screen, by its id or by a name that no other field there has → its value, as Jira's API takes it",
            ),
        },
        "What a new issue is made of besides the case's texts",
      ),
      cases: section(
        {
          createdAfter: values.date(),
          statuses: z.array(values.whole(0, 99), list).describe("Only cases with one of these statuses; [] = any"),
          labels: z.array(values.line("a label", 255), list).describe("Only cases with one of these labels; [] = any"),
          excludeLabels: z
            .array(values.line("a label", 255), list)
            .describe("No case with one of these labels; decides creation only, as all of `cases`"),
          submitters: z
            .array(values.line("the name of a submitter", 255), list)
            .describe("Only cases that one of these users has submitted, by name; [] = any"),
        },
        "Which cases get an issue; decides creation only",
      ),
      status: section(
        {
          toJira: z
            .record(
              values.shaped(/^(?:0|[1-9]\d?)$/, "the number of a case status, such as 0, 1, 2, 3, 4, 5, 12, 13 or 17"),
              statusTarget,
              mapping,
            )
            .describe("Case status → where it leads in Jira; merged with the defaults"),
          via: z
            .record(
              values.shaped(
                /^(?:new|indeterminate|done|\d{1,20})$/,
                "new, indeterminate, done or the number of a Jira status",
              ),
              z.array(positionInJira, list).max(10, { error: "a list of at most 10 status ids" }),
              mapping,
            )
            .describe("Target (status id or category) → status ids to pass through on the way"),
          closeOnDone: values.oneOf(...closeOnDoneChoices),
          fields: z
            .record(
              values.line("the id or the name of a Jira status", 255),
              z.record(fieldName, z.strictObject({ value: jsonValue }, { error: "{ value: … }" }), mapping),
              mapping,
            )
            .describe(
              "Status that is led to, by id or name → what its transition's screen asks for: field → { value: … }",
            ),
        },
        "How statuses map",
      ),
      priority: textByKey(
        values.line("a severity", 255),
        values.line("a priority", 255),
        "Severity id or name → Jira priority",
      ),
      comments: section(
        {
          toHuawei: values.oneOf(...commentsToHuaweiChoices),
          holdSeconds: seconds.describe("A comment leaves after so long without an edit"),
          authorName: values.oneOf(...authorNameChoices),
          allowSecurityLevels: z
            .array(positionInJira, list)
            .describe("Ids of issue security levels whose comments may leave Jira all the same"),
          allowAppAccounts: z
            .array(values.line("an account id", 255), list)
            .describe("Account ids of type app whose comments count as a person's"),
          inServiceProject: values
            .oneOf(...serviceProjectChoices)
            .describe("Whether the customers of a service project see what casebridge writes there. Default: internal"),
        },
        "Which comments leave Jira, and how",
      ),
      attachments: section({ toHuawei: values.oneOf(...attachmentsToHuaweiChoices) }, "Which files leave Jira"),
      create: section(
        {
          jql: values
            .line("a JQL query", 2000)
            .describe(`Issues that become cases. Default: labels = "${requestLabel}"`),
          defaults: section(
            {
              ...createInputs,
              extends: z
                .record(parameterKey, values.line("a value", 2000), mapping)
                .describe("Extra parameters by key"),
            },
            "Huawei ids used where the issue names none",
          ),
          fields: section(
            {
              subTypeId: fieldId,
              productId: fieldId,
              problemTypeId: fieldId,
              regionId: fieldId,
              severityId: fieldId,
              template: fieldId,
              extends: z.record(parameterKey, fieldId, mapping).describe("Extra parameters by key"),
            },
            "Jira fields that hold the respective Huawei id",
          ),
          template: values
            .lineOrEmpty("the id of a template", 255)
            .describe('Template of the problem type put into the description of a new case; "" = none'),
        },
        "How an issue becomes a case",
      ),
      guard: section(
        {
          mode: values.oneOf("mask", "hold", "off"),
          patterns: z
            .array(z.strictObject({ name: values.line("a name", 100), regex }, mapping), list)
            .max(100, { error: "a list of at most 100 patterns" })
            .describe("Masked in addition to the built-in ones"),
          kinds: z
            .array(values.oneOf("email", "bankCard", "iban"), list)
            .describe("Personal data that is masked only where it is named here"),
        },
        "Masking, or holding, of what leaves Jira",
      ),
      commands: section(
        { role: values.lineOrEmpty("a project role", 255) },
        'Who may use /case, /close …: people in this project role; "" = whoever\'s comments would be sent',
      ),
      settle: section(
        { caseSeconds: seconds, messageSeconds: seconds, searchSeconds: seconds, listSeconds: seconds },
        "After this long a completed write is visible to reads",
      ),
    },
    mapping,
  )
  .partial()
  .describe("One Huawei account (or user group) paired with one Jira project");

/** The whole file. */
export const configFileSchema = z
  .strictObject(
    {
      connections: z
        .array(connection, list)
        .min(1, { error: "a list of at least one connection" })
        .max(200, { error: "a list of at most 200 connections" })
        .optional(),
    },
    mapping,
  )
  .describe("casebridge.yaml. Every key may be left out: the environment's value, then the default, stands in.");

/** The file's data: every key optional. */
/** What the file holds, once it fits. */
export type ConfigFile = z.output<typeof configFileSchema>;

/** One connection of the file. */
export type ConnectionInput = z.output<typeof connection>;

/** JSON Schema (draft 2020-12) of the file, for editors; `casebridge.schema.json` is its text. */
export function configFileJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(configFileSchema, { io: "input" });
  return { $schema, title: "casebridge configuration", ...schema };
}
