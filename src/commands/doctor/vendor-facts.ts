/**
 * What answers tell of the facts that the vendors' documents leave open (the tables of docs/vendors): each by the name of the simulators'
 * switch, as a word or a number, never a text, an id or a name of anybody.
 */
import type { Answer } from "../../lib/answer-recorder.ts";

type Json = Readonly<Record<string, unknown>>;
/** What one answer says: a word, or `null` when it says nothing. */
type Reading = (body: Json, answer: Answer) => string | null;
type Fact = { readonly name: string; readonly call: RegExp; readonly read: Reading };

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const partOf = (value: unknown, ...names: readonly string[]): unknown =>
  names.reduce<unknown>((part, name) => (isObject(part) ? part[name] : undefined), value);

/** Moments of the service in ms, however written; those without a zone as UTC. */
function toMoment(value: unknown): number {
  const text = String(value);
  if (/^\d{13}$/.test(text)) return Number(text);
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(" ", "T")}Z`);
}
function formOf(value: unknown): string | null {
  if (typeof value === "number") return "epoch_ms";
  if (typeof value !== "string" || value === "") return null;
  if (/^\d{13}$/.test(value)) return "epoch_ms_text";
  if (/\.\d+Z$/.test(value)) return "iso_ms";
  if (value.endsWith("Z")) return "iso";
  return /[+-]\d\d:?\d\d$/.test(value) ? "offset" : "local";
}
function orderOf(items: readonly Json[], name: string): string | null {
  const moments = items.map((item) => toMoment(item[name])).filter(Number.isFinite);
  const steps = moments.slice(1).map((at, index) => Math.sign(at - (moments[index] ?? at)));
  if (steps.every((step) => step === 0)) return null;
  if (steps.every((step) => step >= 0)) return "oldest";
  return steps.every((step) => step <= 0) ? "newest" : "random";
}
const most = (numbers: readonly number[]): string | null =>
  numbers.length === 0 ? null : String(Math.max(...numbers));
const either = (seen: boolean | null): string | null => (seen === null ? null : String(seen));

const osm = "/v(?:2|1\\.0)/servicerequest/";
const at = (path: string): RegExp => new RegExp(`${path}(?:\\?|$)`);
const caseList = at(`GET .*${osm}cases`);
const caseDetail = at(`GET .*${osm}cases/[^/?]+`);
const messageList = at(`GET .*${osm}cases/[^/?]+/messages`);
const instant = at(`GET .*${osm}cases/instant-messages`);
const anyOsm = new RegExp(osm);
const detailMessages = (body: Json): readonly Json[] => listOf(partOf(body, "incident_detail_info", "message_list"));
const listMessages = (body: Json): readonly Json[] => listOf(body.message_list);
const filesOf = (messages: readonly Json[]): string | null =>
  most(messages.map((one) => listOf(one.accessory_list).length));
const charsOf = (messages: readonly Json[]): string | null =>
  most(messages.map((one) => String(one.content ?? "").length));
const hasMarkup = (messages: readonly Json[]): boolean | null =>
  messages.length === 0 ? null : messages.some((one) => /<\/?[a-z][^>]*>/i.test(String(one.content ?? "")));
const codeOf = (body: Json): string => String(body.error_code ?? "");
const isFailure = (body: Json): boolean => /^APIGW\.|^OSM\.0*[1-9]/.test(codeOf(body));

const anyJira = /\/rest\/api\/3\//;
const commentList = at("GET .*/rest/api/3/issue/[^/?]+/comment");
const oneIssue = at("GET .*/rest/api/3/issue/[^/?]+");
const commentsOf = (body: Json): readonly Json[] => [
  ...listOf(body.comments),
  ...listOf(partOf(body, "fields", "comment", "comments")),
];

const facts: readonly Fact[] = [
  {
    name: "listTotalName",
    call: caseList,
    read: (body) => {
      const [total, count] = [body.total_count !== undefined, body.count !== undefined];
      return total && count ? "both" : total ? "total_count" : count ? "count" : null;
    },
  },
  { name: "timeFormat", call: caseList, read: (body) => formOf(listOf(body.incident_info_list)[0]?.create_time) },
  { name: "listOrder", call: caseList, read: (body) => orderOf(listOf(body.incident_info_list), "create_time") },
  {
    name: "statusAsText",
    call: caseList,
    read: (body) => {
      const [first] = listOf(body.incident_info_list);
      return first?.status === undefined ? null : typeof first.status === "string" ? "always" : "never";
    },
  },
  {
    name: "numbersAsText",
    call: caseList,
    read: (body) => {
      const total = body.total_count ?? body.count;
      return total === undefined ? null : String(typeof total === "string");
    },
  },
  {
    name: "timeZoneHeader",
    call: caseList,
    read: (body, { headers }) => {
      const newest = Math.max(...listOf(body.incident_info_list).map((item) => toMoment(item.create_time)));
      const now = Date.parse(headers.date ?? "");
      if (!Number.isFinite(newest) || !Number.isFinite(now)) return null;
      const hours = Math.round((newest - now) / 3_600_000);
      return hours > 0 ? `newest case ${hours} h ahead of Date` : "no case ahead of Date";
    },
  },
  {
    name: "numbersForText",
    call: at(`GET .*${osm}accessorys/limits`),
    read: (body) => {
      const count = partOf(body, "accessory_limit", "limit_count");
      return count === undefined ? null : String(typeof count === "number");
    },
  },
  {
    name: "accessoryLimitCount",
    call: at(`GET .*${osm}accessorys/limits`),
    read: (body) => numberIn(partOf(body, "accessory_limit", "limit_count")),
  },
  {
    name: "accessoryLimitSizeMb",
    call: at(`GET .*${osm}accessorys/limits`),
    read: (body) => numberIn(partOf(body, "accessory_limit", "limit_size")),
  },
  {
    name: "successErrorCode",
    call: anyOsm,
    read: (body, { status }) => {
      if (status >= 300 || isFailure(body)) return null;
      const code = body.error_code;
      if (code === undefined) return "absent";
      return typeof code === "number"
        ? `number ${code === 0 ? 0 : "other"}`
        : /^(?:OSM\.)?0*$/.test(codeOf(body))
          ? codeOf(body)
          : null;
    },
  },
  {
    name: "errorStyle",
    call: anyOsm,
    read: (body, { status }) => {
      if (!isFailure(body) || codeOf(body).startsWith("APIGW.")) return null;
      return status < 300 ? "http200" : "http4xx";
    },
  },
  { name: "requestsPerSecond", call: anyOsm, read: (_body, { status }) => (status === 429 ? "429 seen" : null) },
  {
    name: "retryAfterSeconds",
    call: anyOsm,
    read: (_body, { status, headers }) =>
      status !== 429 ? null : headers["retry-after"] === undefined ? "no Retry-After" : "Retry-After",
  },
  {
    name: "detailMessageIds",
    call: caseDetail,
    read: (body) => {
      const messages = detailMessages(body);
      return messages.length === 0 ? null : String(messages.every((one) => one.message_id != null));
    },
  },
  { name: "detailMessageOrder", call: caseDetail, read: (body) => orderOf(detailMessages(body), "create_time") },
  {
    name: "detailMessagesMax",
    call: caseDetail,
    read: (body) => most(detailMessages(body).length === 0 ? [] : [detailMessages(body).length]),
  },
  {
    name: "firstMessageListed",
    call: caseDetail,
    read: (body) =>
      detailMessages(body).length === 0
        ? null
        : String(detailMessages(body).some((one) => Number(one.is_first_message) === 1)),
  },
  { name: "messageFilesShownMax", call: messageList, read: (body) => filesOf(listMessages(body)) },
  { name: "detailFiles", call: caseDetail, read: (body) => filesOf(detailMessages(body)) },
  { name: "messageListTextMax", call: messageList, read: (body) => charsOf(listMessages(body)) },
  { name: "detailChars", call: caseDetail, read: (body) => charsOf(detailMessages(body)) },
  { name: "messageOrder", call: messageList, read: (body) => orderOf(listMessages(body), "create_time") },
  {
    name: "replierTypeShown",
    call: messageList,
    read: (body) =>
      listMessages(body).length === 0
        ? null
        : String(listMessages(body).every((one) => one.replier_type !== undefined)),
  },
  {
    name: "richText",
    call: caseDetail,
    read: (body) => {
      const seen = hasMarkup(detailMessages(body));
      return seen === null ? null : seen ? "markup" : "plain";
    },
  },
  {
    name: "cursorFirstCall",
    call: instant,
    read: (body, { url }) =>
      url.includes("last_message_time_id") ? null : listOf(body.immsg).length > 0 ? "history" : "nothing",
  },
  {
    name: "supportPlan",
    call: at(`GET .*${osm}config/severities`),
    read: (body) => (body.show === undefined ? null : String(body.show === true || Number(body.show) === 1)),
  },
  {
    name: "supportMovesLogged",
    call: at(`GET .*${osm}cases/[^/?]+/operate-logs`),
    read: (body) => {
      const known = new Set([0, 2, 3, 4, 5, 13, 16, 73, 74, 83, 84, 85, 114, 115]);
      const logs = listOf(body.incident_operate_log_list);
      return logs.length === 0 ? null : String(logs.some((one) => !known.has(Number(one.operate_type))));
    },
  },
  {
    name: "bulkChangelogEpoch",
    call: /POST .*\/changelog\/bulkfetch/,
    read: (body) => {
      const created = listOf(listOf(body.issueChangeLogs)[0]?.changeHistories)[0]?.created;
      return created === undefined ? null : String(typeof created === "number");
    },
  },
  {
    name: "commentListReturnsProperties",
    call: commentList,
    read: (body, { url }) =>
      !url.includes("properties") || listOf(body.comments).length === 0
        ? null
        : String(listOf(body.comments).some((one) => one.properties !== undefined)),
  },
  {
    name: "jsdPublic",
    call: anyJira,
    read: (body) =>
      commentsOf(body).length === 0
        ? null
        : commentsOf(body).every((one) => one.jsdPublic !== undefined)
          ? "all"
          : commentsOf(body).some((one) => one.jsdPublic !== undefined)
            ? "some"
            : "never",
  },
  {
    name: "emailAddress",
    call: anyJira,
    read: (body) => {
      const authors = commentsOf(body)
        .map((one) => one.author)
        .filter(isObject);
      const [first] = authors;
      if (first === undefined) return null;
      return first.emailAddress === undefined ? "absent" : first.emailAddress === null ? "null" : "shown";
    },
  },
  {
    name: "issueCommentCount",
    call: oneIssue,
    read: (body) => {
      const comment = partOf(body, "fields", "comment");
      return isObject(comment) && Number.isInteger(comment.total)
        ? `${listOf(comment.comments).length} of ${comment.total}`
        : null;
    },
  },
  {
    name: "searchMaxWithFields",
    call: /\/search\/jql/,
    read: (body) => (Array.isArray(body.issues) ? String(body.issues.length) : null),
  },
  {
    name: "urlsAt",
    call: anyJira,
    read: (body, { url }) => {
      if (typeof body.self !== "string" || !URL.canParse(body.self)) return null;
      return new URL(body.self).host === new URL(url).host ? "site" : "gateway";
    },
  },
  {
    name: "securityField",
    call: oneIssue,
    read: (body) =>
      isObject(body.fields) && body.fields.summary !== undefined
        ? "security" in body.fields
          ? "shown"
          : "absent"
        : null,
  },
  {
    name: "tokenScopes",
    call: anyJira,
    read: (body, { status }) =>
      status === 401 && /scope does not match/i.test(String(body.message)) ? "a scope is lacking" : null,
  },
  {
    name: "retryAfterOn429",
    call: anyJira,
    read: (_body, { status, headers }) => either(status === 429 ? headers["retry-after"] !== undefined : null),
  },
  {
    name: "botReadsRoleMembers",
    call: /GET .*\/rest\/api\/3\/project\/[^/?]+\/role\/\d+/,
    read: (_body, { status }) => String(status === 200),
  },
];

/** The facts that a report can tell, by name. */
export const factNames: readonly string[] = facts.map(({ name }) => name);

function numberIn(value: unknown): string | null {
  return /^\d{1,6}$/.test(String(value)) ? String(value) : null;
}

/** Gathers what answers tell. `list`: each fact that was seen, with all that was seen of it. */
export function makeFactBook() {
  const seen = new Map<string, Set<string>>();
  return {
    note(answer: Answer): void {
      const body = parse(answer.body);
      const call = `${answer.method} ${answer.url}`;
      for (const { name, call: pattern, read } of facts) {
        const told = pattern.test(call) ? read(body, answer) : null;
        if (told !== null) seen.set(name, (seen.get(name) ?? new Set()).add(told));
      }
    },
    list(): Readonly<Record<string, readonly string[]>> {
      return Object.fromEntries([...seen].sort().map(([name, told]) => [name, [...told].sort()]));
    },
  };
}

function parse(body: Buffer | null): Json {
  try {
    const read: unknown = JSON.parse(body?.toString("utf8") ?? "");
    return isObject(read) ? read : {};
  } catch {
    return {};
  }
}
