/**
 * Puts each connection together: the file's value, else the environment's, else the default. Knows what a connection
 * must have, what may not stand together, and which status maps could oscillate.
 */

import { requestLabel } from "../domain/labels.ts";
import type { CreateInputs } from "../domain/settings.ts";
import type { ConnectionConfig } from "./config.ts";
import type { VariableValue } from "./environment.ts";
import type { ConnectionInput } from "./file-schema.ts";
import { buildFields, toTextRule, usualValue, withOtherwise } from "./issue-settings.ts";
import { compileLinear } from "./linear-regex.ts";
import { languagesOf } from "./notify-settings.ts";
import { type BuildInput, isComplete, makeScope, type Scope, textOrNull } from "./scope.ts";
import { buildHuawei, buildJira } from "./sides.ts";
import { buildStatus } from "./status-settings.ts";
import { toDate } from "./values.ts";

const defaultJql = `labels = "${requestLabel}"`;

/**
 * All connections in file order; one named `default` when there is no file or it names none. What misses or cannot
 * stand together goes to `report`; the result is then incomplete and must not be used.
 */
export function buildConnections(input: BuildInput): readonly ConnectionConfig[] {
  const section = input.file?.data.connections ?? [{}];
  const seen = new Map<string, number>();
  const connections: ConnectionConfig[] = [];
  for (const [index, connection] of section.entries()) {
    const scope = makeScope(input, index);
    const name = findName({ scope, connection, index, count: section.length, seen });
    const built = buildConnection({ scope, connection, name });
    if (built !== null) connections.push(built);
  }
  return connections;
}

type NameInput = {
  readonly scope: Scope;
  readonly connection: ConnectionInput;
  readonly index: number;
  readonly count: number;
  readonly seen: Map<string, number>;
};

function findName({ scope, connection, index, count, seen }: NameInput): string {
  const name = connection.name ?? "default";
  if (connection.name === undefined && count > 1 && !scope.isBroken(["name"])) {
    scope.fail(["name"], {
      kind: "missing",
      message: "is not set",
      remedy: "Give each of several connections a name.",
    });
    return name;
  }
  const earlier = seen.get(name);
  if (earlier !== undefined) {
    const message = `is ${name}, as the name of connections[${earlier}]`;
    scope.fail(["name"], { kind: "duplicate", message, remedy: "Give each connection a name of its own." });
  } else seen.set(name, index);
  return name;
}

type ConnectionSource = { readonly scope: Scope; readonly connection: ConnectionInput; readonly name: string };

function buildConnection({ scope, connection, name }: ConnectionSource): ConnectionConfig | null {
  const { cases = {}, comments = {}, guard = {}, settle = {}, create = {} } = connection;
  const huawei = buildHuawei(scope, connection.huawei ?? {});
  const type = toTextRule(connection.issue?.type);
  const jira = buildJira(scope, connection.jira ?? {}, type === null ? undefined : usualValue(type));
  const status = buildStatus(scope, connection.status ?? {});
  const toHuawei = findCommentsToHuawei(scope, comments.toHuawei);
  const createdAfter = scope.pick("CASES_CREATED_AFTER", cases.createdAfter);
  const settings = {
    holdSeconds: scope.pick("COMMENT_HOLD_SECONDS", comments.holdSeconds),
    attachments: scope.pick("ATTACHMENTS_TO_HUAWEI", connection.attachments?.toHuawei),
    guardMode: scope.pick("TEXT_GUARD", guard.mode),
    caseSeconds: scope.pick("SETTLE_CASE_SECONDS", settle.caseSeconds),
    messageSeconds: scope.pick("SETTLE_MESSAGE_SECONDS", settle.messageSeconds),
    searchSeconds: scope.pick("SETTLE_SEARCH_SECONDS", settle.searchSeconds),
    listSeconds: scope.pick("SETTLE_LIST_SECONDS", settle.listSeconds),
  };
  if (huawei === null || jira === null || status === null || !isComplete(settings)) return null;

  return {
    ...{ name, languages: languagesOf(scope.pick("TEXT_LANGUAGE", undefined) ?? "en") },
    huawei,
    jira,
    issue: {
      type: withOtherwise(type ?? { value: jira.issueType }, jira.issueType),
      requestType: toTextRule(connection.issue?.requestType),
      assignee: toTextRule(connection.issue?.assignee),
      fields: buildFields(scope, connection.issue?.fields ?? {}),
      places: Object.fromEntries(
        Object.keys(connection.issue?.fields ?? {}).flatMap((name) => {
          const place = scope.placeOf(["issue", "fields", name]);
          return place === null ? [] : [[name, place]];
        }),
      ),
    },
    status,
    cases: {
      createdAfter: createdAfter === null ? null : toDate(createdAfter),
      statuses: cases.statuses === undefined || cases.statuses.length === 0 ? null : cases.statuses,
      labels: cases.labels ?? [],
      excludeLabels: cases.excludeLabels ?? [],
      submitters: cases.submitters ?? [],
    },
    priority: connection.priority ?? {},
    comments: {
      toHuawei: toHuawei ?? "none",
      toHuaweiChosen: toHuawei !== null,
      holdSeconds: settings.holdSeconds,
      authorName: comments.authorName ?? "name",
      allowSecurityLevels: (comments.allowSecurityLevels ?? []).map(String),
      allowAppAccounts: comments.allowAppAccounts ?? [],
      inServiceProject: comments.inServiceProject ?? "internal",
    },
    attachments: { toHuawei: settings.attachments },
    create: {
      jql: create.jql ?? defaultJql,
      defaults: toCreateInputs(create.defaults ?? {}),
      fields: toCreateInputs(create.fields ?? {}),
      template: textOrNull(create.template),
      templateField: create.fields?.template ?? null,
    },
    guard: {
      mode: settings.guardMode,
      patterns: (guard.patterns ?? []).map((pattern) => ({
        name: pattern.name,
        regex: compileLinear(pattern.regex),
      })),
      kinds: guard.kinds ?? [],
    },
    commands: { role: textOrNull(connection.commands?.role) },
    settle: {
      caseSeconds: settings.caseSeconds,
      messageSeconds: settings.messageSeconds,
      searchSeconds: settings.searchSeconds,
      listSeconds: settings.listSeconds,
    },
  };
}

function findCommentsToHuawei(scope: Scope, fromFile: VariableValue<"COMMENTS_TO_HUAWEI"> | undefined) {
  if (scope.purpose !== "worker") return scope.pick("COMMENTS_TO_HUAWEI", fromFile);
  const why =
    "Comments of people would leave Jira for Huawei, so this has no default: choose all (every comment that no rule holds back), command (only comments that start with /case) or none. ";
  return scope.need("COMMENTS_TO_HUAWEI", fromFile, why);
}

type InputsSection = { readonly [K in keyof CreateInputs]?: CreateInputs[K] | undefined };

function toCreateInputs(section: InputsSection): CreateInputs {
  return {
    subTypeId: section.subTypeId ?? null,
    productId: section.productId ?? null,
    problemTypeId: section.problemTypeId ?? null,
    regionId: section.regionId ?? null,
    severityId: section.severityId ?? null,
    extends: section.extends ?? {},
  };
}
