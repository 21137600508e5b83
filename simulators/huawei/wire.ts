/** How the tenant's data looks on the wire: times, names, messages, cases. */
import { inLanguage, PROBLEM_TYPES, PRODUCTS, REGIONS, SEVERITIES, SUB_TYPES } from "./catalogue.ts";
import { RefusedRequest } from "./errors.ts";
import { type CaseRecord, type Core, type Message, visibleLabelIds, visibleMessages, visibleStatus } from "./state.ts";

/** Language and zone of one request (huawei.md 4). `zoneMinutes` is east of UTC. */
export interface Locale {
  readonly language: string;
  readonly zoneMinutes: number;
}

/** Reads X-Time-Zone such as `GMT+8`, `GMT+08:00`, `GMT-3:30`. @throws RefusedRequest for another form. */
export function parseZone(text: string): number {
  const parts = /^(?:GMT|UTC)(?:([+-])(\d{1,2})(?::?(\d{2}))?)?$/.exec(text);
  if (parts === null) throw new RefusedRequest(`X-Time-Zone ${text} is not understood`);
  const minutes = Number(parts[2] ?? 0) * 60 + Number(parts[3] ?? 0);
  return parts[1] === "-" ? -minutes : minutes;
}

/** Reads `yyyy-MM-dd HH:mm:ss` in the caller's zone (huawei.md 11). @throws RefusedRequest for another form. */
export function parseLocalTime(text: string, locale: Locale, where: string): number {
  const parts = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})$/.exec(text);
  const at = parts === null ? Number.NaN : Date.parse(`${text.replace(" ", "T")}Z`);
  if (Number.isNaN(at)) throw new RefusedRequest(`${where} is not yyyy-MM-dd HH:mm:ss`);
  return at - locale.zoneMinutes * 60_000;
}

/** A time as the setting `timeFormat` wants it (huawei.md 11). */
export function formatTime(core: Core, locale: Locale, at: number): string | number {
  const iso = new Date(at).toISOString();
  const local = new Date(at + locale.zoneMinutes * 60_000).toISOString().slice(0, 19);
  switch (core.settings.timeFormat) {
    case "iso":
      return `${iso.slice(0, 19)}Z`;
    case "iso_ms":
      return iso;
    case "offset":
      return `${local}${formatOffset(locale.zoneMinutes)}`;
    case "local":
      return local.replace("T", " ");
    case "epoch_ms":
      return at;
    case "epoch_ms_text":
      return String(at);
  }
}

/** `yyyy-MM-dd HH:mm:ss` in the caller's zone, for fields that are text by nature (`operate_time`). */
export function formatLocalTime(locale: Locale, at: number): string {
  return new Date(at + locale.zoneMinutes * 60_000).toISOString().slice(0, 19).replace("T", " ");
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const hours = String(Math.floor(size / 60)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${hours}:${String(size % 60).padStart(2, "0")}`;
}

/** Orders messages as a setting wants them. */
export function orderMessages(
  core: Core,
  messages: readonly Message[],
  order: "oldest" | "newest" | "random",
): Message[] {
  if (order === "random") return core.random.shuffle(messages);
  const sorted = [...messages].sort(
    (left, right) => left.createdAt - right.createdAt || left.sequence - right.sequence,
  );
  return order === "newest" ? sorted.reverse() : sorted;
}

/** The text of a message under the rich text rules (huawei.md 9; `trim` is trim_osm_rich_text_label, default true). */
export function renderContent(core: Core, message: Message, trim: boolean): string {
  const { richText } = core.settings;
  if (richText === "off") return message.content;
  if (message.rich) return trim ? stripHtml(message.content) : message.content;
  if (richText === "all" && !trim) return `<p>${escapeHtml(message.content).replaceAll("\n", "<br/>")}</p>`;
  return message.content;
}

function stripHtml(html: string): string {
  return html
    .replace(/<br\s*\/?>|<\/(?:p|div|li)>/gi, "\n")
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&nbsp;", " ")
    .replaceAll("&amp;", "&")
    .replace(/\n+$/, "");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function renderFiles(
  core: Core,
  message: Message,
  shownMax: number,
): { accessory_id: string; file_actual_name: string }[] {
  const shown = shownMax > 0 ? message.accessoryIds.slice(0, shownMax) : message.accessoryIds;
  return shown.map((accessoryId) => ({
    accessory_id: accessoryId,
    file_actual_name: core.state.accessories.get(accessoryId)?.name ?? "",
  }));
}

/** What both forms of a message share. `type` is 0 customer, 1 support (huawei.md 9). */
function renderMessage(core: Core, locale: Locale, message: Message, filesShownMax: number): Record<string, unknown> {
  return {
    type: message.replierType === 0 ? 0 : 1,
    replier: message.replier,
    create_time: formatTime(core, locale, message.createdAt),
    replier_name: message.replierName,
    is_first_message: message.isFirst ? 1 : 0,
    accessory_list: renderFiles(core, message, filesShownMax),
  };
}

/** QueryMessageInfoV2: message lists, without `message_id` (huawei.md 9). A text is cut wherever that comes: in a tag, in a surrogate pair. */
export function renderListMessage(
  core: Core,
  locale: Locale,
  message: Message,
  trim: boolean,
): Record<string, unknown> {
  const { messageFilesShownMax, messageListTextMax, replierTypeShown } = core.settings;
  const content = renderContent(core, message, trim);
  return {
    ...renderMessage(core, locale, message, messageFilesShownMax),
    ...(replierTypeShown ? { replier_type: message.replierType } : {}),
    content: messageListTextMax > 0 ? content.slice(0, messageListTextMax) : content,
    iam_user_type: message.iamUserType,
  };
}

/** IncidentMessageV2: messages of the detail, with `message_id` but no `replier_type` (huawei.md 9). */
export function renderDetailMessages(
  core: Core,
  locale: Locale,
  record: CaseRecord,
  trim: boolean,
): Record<string, unknown>[] {
  const { detailMessagesMax, detailMessageOrder, detailMessageIds } = core.settings;
  const all = orderMessages(core, visibleMessages(core, record), "oldest");
  const newest = detailMessagesMax > 0 ? all.slice(-detailMessagesMax) : all;
  return orderMessages(core, newest, detailMessageOrder).map((message) => ({
    ...renderMessage(core, locale, message, 0),
    content: renderContent(core, message, trim),
    ...(detailMessageIds ? { message_id: message.messageId } : {}),
  }));
}

/** Names of a case's facts in the caller's language. */
export function caseNames(
  record: CaseRecord,
  language: string,
): { type: string; subType: string; product: string; region: string; severity: string } {
  const find = (items: readonly { id: string; name: { zh: string; en: string } }[], id: string): string => {
    const item = items.find((candidate) => candidate.id === id);
    // An id made up by control shows as itself.
    return item === undefined ? id : inLanguage(item.name, language);
  };
  return {
    type: find(PROBLEM_TYPES, record.problemTypeId),
    subType: find(SUB_TYPES, record.subTypeId),
    product: find(PRODUCTS, record.productId),
    region: find(REGIONS, record.regionId),
    severity: find(SEVERITIES, record.severityId),
  };
}

/** The visible status as the setting `statusAsText` wants it (quirk 17). */
export function statusOnWire(core: Core, record: CaseRecord): number | string {
  const status = visibleStatus(core, record);
  return core.settings.statusAsText === "always" ? String(status) : status;
}

function renderFacts(core: Core, locale: Locale, record: CaseRecord): Record<string, unknown> {
  const names = caseNames(record, locale.language);
  return {
    xcustomer_id: record.ownerUserId,
    xcustomer_name: record.ownerName,
    status: statusOnWire(core, record),
    incident_id: record.caseId,
    business_type_name: names.type,
    incident_type_name: names.subType,
    customer_id: record.domainId,
    dc_name: names.region,
    simple_description: record.description,
    create_time: formatTime(core, locale, record.createdAt),
  };
}

/** IncidentInfoV2: an item of the case list. No update time and no message count (huawei.md 7). */
export function renderCaseItem(core: Core, locale: Locale, record: CaseRecord): Record<string, unknown> {
  return {
    ...renderFacts(core, locale, record),
    product_category_name: caseNames(record, locale.language).product,
    ...(record.confirmedAt === null ? {} : { confirmed_time: formatTime(core, locale, record.confirmedAt) }),
    label_list: renderLabels(core, record),
  };
}

/** LabelInfo of each label of a case. */
export function renderLabels(core: Core, record: CaseRecord): Record<string, unknown>[] {
  return visibleLabelIds(core, record).flatMap((labelId) => {
    const label = core.state.labels.get(labelId);
    return label === undefined ? [] : [{ label_id: labelId, name: label.name, color: label.color }];
  });
}

/** IncidentDetailInfoV2. */
export function renderCaseDetail(
  core: Core,
  locale: Locale,
  record: CaseRecord,
  trim: boolean,
): Record<string, unknown> {
  return {
    ...renderFacts(core, locale, record),
    judgement: record.judgement,
    source_name: record.via === "api" ? "API" : locale.language.startsWith("en") ? "Console" : "控制台",
    message_list: renderDetailMessages(core, locale, record, trim),
    incident_satisfaction: record.satisfaction,
    severity_name: caseNames(record, locale.language).severity,
    business_ownership: 0,
    ext_info: { area_code: "", remind_mobile: "", remind_mail: "", remind_time: "", ...record.contact },
  };
}
