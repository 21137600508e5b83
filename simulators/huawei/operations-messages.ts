/** Operations on messages: add, list, poll, page back, mark read, withdraw (huawei.md 9). */
import { type Answer, type Call, DONE, fail, findCase, json, mayAccess, type Operation, page } from "./context.ts";
import { RefusedRequest } from "./errors.ts";
import { claimAccessories } from "./operations-accessories.ts";
import { requireGroup } from "./operations-cases.ts";
import {
  type CaseRecord,
  type Core,
  insertMessage,
  type Message,
  STATUS,
  trueStatus,
  visibleMessages,
  visibleStatus,
  withdraw,
} from "./state.ts";
import { numberOf, textOf, textsOf, valuesOf } from "./values.ts";
import { orderMessages, renderListMessage } from "./wire.ts";

/** Statuses on which the setting `messageOnClosed` decides. A deleted case never takes a message (Assumed). */
const CLOSED_FOR_MESSAGES: readonly number[] = [STATUS.completed, STATUS.canceled, STATUS.invalid];

/** Adds a customer message under the rules of huawei.md 9. @throws ServiceError, RefusedRequest */
export function createMessage(call: Call): Answer {
  const { core, account } = call;
  const { settings } = core;
  const record = findCase(call, String(call.path.case_id), textOf(call.body, "group_id"), "write");
  const input = valuesOf(call.body, "message");
  const content = textOf(input, "content") ?? "";
  const accessoryIds = textsOf(input, "accessory_ids");
  const contentMax = Math.min(call.textMax, settings.messageMax);
  if (content.length > contentMax) throw new RefusedRequest(`content is above ${contentMax} characters`);
  const mayBeEmpty =
    settings.emptyContent === "allowed" || (settings.emptyContent === "with_files" && accessoryIds.length > 0);
  if (content.trim() === "" && !mayBeEmpty) throw fail(call, "OSM.01010001", "content is empty");
  const status = trueStatus(record);
  if (status === STATUS.deleted) throw fail(call, settings.wrongStatusErrorCode);
  if (CLOSED_FOR_MESSAGES.includes(status) && settings.messageOnClosed === "refused") {
    throw fail(call, settings.wrongStatusErrorCode);
  }
  const accessories = claimAccessories(call, accessoryIds, "message", Math.min(10, settings.accessoryLimitCount));
  insertMessage(core, record, {
    replierType: 0,
    replier: account.userId,
    replierName: account.userName,
    iamUserType: account.iamUserType,
    content: normalize(core, content),
    rich: false,
    createdAt: core.now(),
    isFirst: false,
    accessoryIds: accessories.map((accessory) => accessory.accessoryId),
    via: "api",
  });
  // huawei.md 9: the answer has no message ID.
  return DONE;
}

function normalize(core: Core, content: string): string {
  switch (core.settings.contentNormalization) {
    case "none":
      return content;
    case "trim":
      return content.trim();
    case "crlf":
      return content.replace(/\r?\n/g, "\r\n");
  }
}

function trimOf(call: Call): boolean {
  return call.query.trim_osm_rich_text_label !== false;
}

function listMessages(call: Call): Answer {
  const { core } = call;
  const record = findCase(call, String(call.path.case_id), textOf(call.query, "group_id"));
  const all = orderMessages(core, visibleMessages(core, record), core.settings.messageOrder);
  const shown = page(all, numberOf(call.query, "offset"), numberOf(call.query, "limit") ?? 10);
  return json({
    count: all.length,
    message_list: shown.map((message) => renderListMessage(core, call.locale, message, trimOf(call))),
  });
}

function listMore(call: Call): Answer {
  const { core } = call;
  const record = findCase(call, String(call.path.case_id), textOf(call.query, "group_id"));
  const held = readTimestamp(textOf(call.query, "create_time") ?? "");
  const limit = numberOf(call.query, "limit") ?? 10;
  const older = visibleMessages(core, record).filter((message) =>
    core.settings.moreInclusive ? message.createdAt <= held : message.createdAt < held,
  );
  // Pages back: the newest of the older ones, then in the order of the settings. `type` only names the held message.
  const nearest = orderMessages(core, older, "newest").slice(0, limit);
  const shown = orderMessages(core, nearest, core.settings.messageOrder);
  return json({
    count: older.length,
    message_list: shown.map((message) => renderListMessage(core, call.locale, message, trimOf(call))),
  });
}

/** "A timestamp", milliseconds [inferred] (huawei.md 9); ISO 8601 is understood too. */
function readTimestamp(text: string): number {
  const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(at)) throw new RefusedRequest("create_time is not a timestamp");
  return at;
}

/**
 * Position of the cursor: the moment a message became visible, then its order of arrival. Ordering by visibility and not
 * by creation keeps a lagging message from slipping behind a cursor that has passed its creation time.
 */
interface CursorPosition {
  readonly at: number;
  readonly sequence: number;
}

const SEQUENCE_DIGITS = 9;

function writeCursor(position: CursorPosition): string {
  return `${position.at}${String(position.sequence).padStart(SEQUENCE_DIGITS, "0")}`;
}

/** Also takes a bare millisecond time, the form of the sample in huawei.md 3.2. @throws RefusedRequest for another form. */
function readCursor(text: string): CursorPosition {
  if (!/^\d{1,24}$/.test(text)) throw new RefusedRequest("last_message_time_id was not given out by the service");
  if (text.length <= 14) return { at: Number(text), sequence: 0 };
  return { at: Number(text.slice(0, -SEQUENCE_DIGITS)), sequence: Number(text.slice(-SEQUENCE_DIGITS)) };
}

function comparePositions(left: CursorPosition, right: CursorPosition): number {
  return left.at - right.at || left.sequence - right.sequence;
}

function positionOf(message: Message): CursorPosition {
  return { at: message.visibleAt, sequence: message.sequence };
}

/** The cases asked for. Limit of 100 from openapi.yaml (checked before) for the poll; Assumed for the counters too. */
function casesOf(call: Call): CaseRecord[] {
  const groupId = textOf(call.query, "group_id");
  requireGroup(call, groupId);
  const caseIds = textsOf(call.query, "case_ids");
  if (caseIds.length === 0) throw new RefusedRequest("case_ids is empty");
  if (caseIds.length > 100) throw new RefusedRequest("case_ids holds more than 100");
  const found: CaseRecord[] = [];
  for (const caseId of new Set(caseIds)) {
    const record = call.core.state.cases.get(caseId);
    const known =
      record !== undefined &&
      record.visibleAt <= call.core.now() &&
      mayAccess(call, record, groupId) &&
      !(visibleStatus(call.core, record) === STATUS.deleted && call.core.settings.deletedCases === "missing");
    if (known) found.push(record);
    else if (call.core.settings.instantMessagesUnknownCase === "error") throw fail(call, "OSM.01010015");
  }
  return found;
}

function listInstantMessages(call: Call): Answer {
  const { core } = call;
  const cursorText = textOf(call.query, "last_message_time_id");
  const cursor = cursorText === undefined ? null : readCursor(cursorText);
  const records = casesOf(call);
  const news: { readonly caseId: string; readonly message: Message }[] = [];
  for (const record of records) {
    for (const message of visibleMessages(core, record)) {
      if (isNews(core, message, cursor)) news.push({ caseId: record.caseId, message });
    }
  }
  news.sort((left, right) => comparePositions(positionOf(left.message), positionOf(right.message)));
  const limit = core.settings.instantMessagesMax;
  const sent = limit > 0 ? news.slice(0, limit) : news;
  const last = sent.at(-1);
  const next =
    last !== undefined ? positionOf(last.message) : (cursor ?? { at: core.now(), sequence: core.state.sequence });
  const byCase = Map.groupBy(sent, (entry) => entry.caseId);
  return json({
    imstatus: records.map((record) => ({
      status: unreadCount(core, record) > 0 ? 0 : 1,
      incident_id: record.caseId,
    })),
    immsg: [...byCase].map(([caseId, entries]) => ({
      incident_id: caseId,
      message_list: orderMessages(
        core,
        entries.map((entry) => entry.message),
        core.settings.messageOrder,
      ).map((message) => renderListMessage(core, call.locale, message, trimOf(call))),
    })),
    last_message_time_id: cursorText !== undefined && last === undefined ? cursorText : writeCursor(next),
  });
}

function isNews(core: Core, message: Message, cursor: CursorPosition | null): boolean {
  if (cursor === null) return core.settings.cursorFirstCall === "history";
  const order = comparePositions(positionOf(message), cursor);
  return core.settings.cursorInclusive ? order >= 0 : order > 0;
}

function unreadCount(core: Core, record: CaseRecord): number {
  return visibleMessages(core, record).filter(
    (message) => message.replierType !== 0 && message.sequence > record.readSequence,
  ).length;
}

function revokeMessage(call: Call): Answer {
  const { core } = call;
  const record = findCase(call, String(call.path.case_id), "any", "write");
  const message = record.messages.find((candidate) => candidate.messageId === String(call.path.message_id));
  if (message === undefined) throw fail(call, "OSM.01010001", "message_id does not exist");
  // Assumed: only an own message, not the case text, once, within the time of the settings (huawei.md 9: limit open).
  if (message.replierType !== 0 || message.replier !== call.account.userId) throw fail(call, "OSM.01010002");
  const window = core.settings.withdrawWindowMs;
  const late = window > 0 && core.now() - message.createdAt > window;
  if (message.isFirst || message.withdrawn || late) throw fail(call, core.settings.wrongStatusErrorCode);
  withdraw(core, message);
  return DONE;
}

/** The operations of this file by operationId. */
export const MESSAGE_OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateMessages: createMessage,
  ListMessages: listMessages,
  ListMoreInstantMessages: listMore,
  ListNewInstantMessages: listInstantMessages,
  RevokeMessage: revokeMessage,
};
