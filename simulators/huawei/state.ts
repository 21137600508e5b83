/**
 * The tenant's data and the rules that change it. Both the public operations and the control functions go through
 * here, so that a message by a "person in the console" has the same effects as one sent by the API.
 *
 * Read lag: every write is true at once (and `getState` shows it) but carries the moment from which reads may see it.
 * A value that changes keeps its history, and a read picks the newest entry that is already visible.
 */
import type { FileStore, StoredBytes } from "../base/files.ts";
import type { Random } from "../base/random.ts";
import type { HuaweiAccount, HuaweiAgency, TemporaryKeys } from "./auth.ts";
import type { HuaweiSettings } from "./settings.ts";

/** Names of the case statuses used here (huawei.md 5). Other numbers may be set by control (quirk 9). */
export const STATUS = {
  toBeProcessed: 0,
  processing: 1,
  toBeConfirmed: 2,
  completed: 3,
  canceled: 4,
  paused: 5,
  invalid: 12,
  deleted: 13,
  pendingFeedback: 17,
} as const;

/** Statuses of cases that nobody works on any more (huawei.md 5 table). */
export const CLOSED_STATUSES: readonly number[] = [3, 4, 12, 13];

/** Operation log types (huawei.md 7). */
export const LOG_TYPE = {
  create: 0,
  press: 2,
  close: 3,
  cancel: 4,
  score: 5,
  delete: 13,
  feedbackAnswered: 85,
  /** Assumed number for moves made by support; the documented values are customer-side only. */
  supportMove: 1000,
} as const;

/** A value with the moment from which reads may see it. */
interface Dated<T> {
  readonly value: T;
  readonly visibleAt: number;
}

/** A file, used by a case message or waiting for use. */
export interface Accessory {
  readonly accessoryId: string;
  readonly name: string;
  readonly from: string;
  readonly bytes: StoredBytes;
  readonly domainId: string;
  readonly userId: string;
  readonly createdAt: number;
  /** The message that shows the file; null while unused. */
  attachedTo: { readonly caseId: string; readonly messageId: string } | null;
}

/** What a new message needs. `replierType` 0 customer, 1 engineer, 2 partner (huawei.md 9). */
export interface NewMessage {
  readonly replierType: number;
  readonly replier: string;
  readonly replierName: string;
  readonly iamUserType: number;
  readonly content: string;
  /** The content is HTML written in the engineer's console. */
  readonly rich: boolean;
  readonly createdAt: number;
  readonly isFirst: boolean;
  readonly accessoryIds: readonly string[];
  /** Who put it there: the public API or a control function. */
  readonly via: "api" | "control";
}

/** One message of a case. */
export interface Message extends NewMessage {
  readonly messageId: string;
  /** Order of arrival in the whole tenant. Never shown. */
  readonly sequence: number;
  readonly visibleAt: number;
  withdrawn: boolean;
  withdrawnVisibleAt: number;
}

/** One line of the operation log. */
export interface OperateLog {
  readonly logId: string;
  readonly type: number;
  /** 0 customer, 1 support. Assumed, values are not documented. */
  readonly operatorType: number;
  readonly operatorId: string;
  readonly operatorName: string;
  readonly description: string;
  readonly at: number;
  readonly visibleAt: number;
}

/** What a case has from its creation on. */
interface CaseFacts {
  readonly domainId: string;
  ownerUserId: string;
  readonly ownerName: string;
  readonly groupId: string | null;
  readonly description: string;
  readonly subTypeId: string;
  readonly productId: string;
  readonly problemTypeId: string;
  readonly regionId: string;
  readonly severityId: string;
  readonly createdAt: number;
  readonly extras: Readonly<Record<string, unknown>>;
  contact: Readonly<Record<string, string>>;
  readonly via: "api" | "control";
}

/** What a new case needs; ids are not checked here. */
export interface NewCase extends CaseFacts, Pick<NewMessage, "iamUserType" | "accessoryIds"> {
  readonly status: number;
  readonly labelIds: readonly number[];
}

/** One case. */
export interface CaseRecord extends CaseFacts {
  readonly caseId: string;
  readonly sequence: number;
  readonly visibleAt: number;
  status: Dated<number>[];
  statusChangedAt: number;
  confirmedAt: number | null;
  labelIds: Dated<readonly number[]>[];
  messages: Message[];
  logs: OperateLog[];
  relatedIds: string[];
  satisfaction: Record<string, unknown>[];
  judgement: string;
  lastPressedAt: number | null;
  /** Sequence of the newest message that the customer has read. */
  readSequence: number;
}

/** An account label. */
export interface Label {
  readonly labelId: number;
  readonly domainId: string;
  name: string;
  color: string;
}

/** A request of an engineer for access. Statuses are not documented; Assumed 0 waiting, 1 granted, 2 refused, 3 withdrawn. */
export interface Authorization {
  readonly authorizationId: string;
  readonly caseId: string;
  readonly domainId: string;
  readonly description: string;
  readonly resourceTypeName: string;
  readonly visitTypeName: string;
  readonly handlerName: string;
  readonly createdAt: number;
  readonly detailId: number;
  effectiveAt: number;
  expireAt: number;
  status: number;
  rejectReason: string;
}

/** What the simulator's parts share. `settings` is replaced, never changed in place. */
export interface Core {
  settings: HuaweiSettings;
  readonly accounts: readonly HuaweiAccount[];
  readonly agencies: readonly HuaweiAgency[];
  /** Whose keys the server's metadata gives; null = the server has no agency. */
  readonly serverAccount: HuaweiAccount | null;
  readonly files: FileStore;
  random: Random;
  /** The simulator's clock, epoch milliseconds. */
  now(): number;
  state: State;
}

/** A token that was issued. */
interface Token {
  readonly account: HuaweiAccount;
  readonly expiresAt: number;
  readonly scope: "domain" | "project";
  killed: boolean;
}

/** Everything that `reset` empties. */
export interface State {
  sequence: number;
  readonly cases: Map<string, CaseRecord>;
  readonly labels: Map<number, Label>;
  readonly accessories: Map<string, Accessory>;
  readonly authorizations: Map<string, Authorization>;
  readonly tokens: Map<string, Token>;
  /** By access key. */
  readonly temporaryKeys: Map<string, TemporaryKeys>;
  /** What the metadata service gives at present. */
  serverKeys: { readonly account: HuaweiAccount; readonly expiresAt: number } | null;
  readonly metadataTokens: Set<string>;
  readonly downloadLinks: Map<string, { readonly accessoryId: string; readonly expiresAt: number }>;
  readonly uploadedBytes: Map<string, number>;
}

/** An empty tenant. */
export function makeState(): State {
  return {
    sequence: 0,
    cases: new Map(),
    labels: new Map(),
    accessories: new Map(),
    authorizations: new Map(),
    tokens: new Map(),
    temporaryKeys: new Map(),
    serverKeys: null,
    metadataTokens: new Set(),
    downloadLinks: new Map(),
    uploadedBytes: new Map(),
  };
}

/** The status as it truly is. */
export function trueStatus(record: CaseRecord): number {
  return record.status.at(-1)?.value ?? STATUS.toBeProcessed;
}

/** The newest value that reads may see; the oldest one when none is visible yet. */
function visibleValue<T>(history: readonly Dated<T>[], now: number, fallback: T): T {
  const seen = history.findLast((entry) => entry.visibleAt <= now) ?? history[0];
  return seen === undefined ? fallback : seen.value;
}

/** The status as reads see it. */
export function visibleStatus(core: Core, record: CaseRecord): number {
  return visibleValue(record.status, core.now(), STATUS.toBeProcessed);
}

/** The label ids as reads see them. */
export function visibleLabelIds(core: Core, record: CaseRecord): readonly number[] {
  return visibleValue(record.labelIds, core.now(), []);
}

/** The label ids as they truly are. */
export function trueLabelIds(record: CaseRecord): readonly number[] {
  return record.labelIds.at(-1)?.value ?? [];
}

/** Messages as reads see them, in order of arrival, withdrawn ones as the settings say (huawei.md 9, quirk 13). */
export function visibleMessages(core: Core, record: CaseRecord): Message[] {
  const now = core.now();
  const shown: Message[] = [];
  for (const message of record.messages) {
    if (message.visibleAt > now) continue;
    if (message.isFirst && !core.settings.firstMessageListed) continue;
    const withdrawn = message.withdrawn && message.withdrawnVisibleAt <= now;
    if (!withdrawn || core.settings.withdrawnMessages === "stay") shown.push(message);
    else if (core.settings.withdrawnMessages === "blank") shown.push({ ...message, content: "", accessoryIds: [] });
  }
  return shown;
}

/** Case IDs are `TT` and digits (huawei.md 11): day and a running number. */
function makeCaseId(createdAt: number, sequence: number): string {
  const day = new Date(createdAt).toISOString().slice(0, 10).replaceAll("-", "");
  return `TT${day}${String(sequence).padStart(6, "0")}`;
}

/** Creates a case with its first message, which carries text and files of the request (huawei.md 8 [inferred]). */
export function insertCase(core: Core, input: NewCase): CaseRecord {
  core.state.sequence += 1;
  const { sequence } = core.state;
  const visibleAt = core.now() + core.settings.readLagMs;
  const { status, labelIds, iamUserType, accessoryIds, ...facts } = input;
  const record: CaseRecord = {
    ...facts,
    caseId: makeCaseId(input.createdAt, sequence),
    sequence,
    visibleAt,
    status: [{ value: status, visibleAt }],
    statusChangedAt: input.createdAt,
    confirmedAt: status === STATUS.completed ? input.createdAt : null,
    labelIds: [{ value: labelIds, visibleAt }],
    messages: [],
    logs: [],
    relatedIds: [],
    satisfaction: [],
    judgement: "",
    lastPressedAt: null,
    readSequence: 0,
  };
  core.state.cases.set(record.caseId, record);
  insertMessage(core, record, {
    replierType: 0,
    replier: input.ownerUserId,
    replierName: input.ownerName,
    iamUserType,
    content: input.description,
    rich: false,
    createdAt: input.createdAt,
    isFirst: true,
    accessoryIds,
    via: input.via,
  });
  addLog(core, record, { type: LOG_TYPE.create, operatorId: input.ownerUserId, operatorName: input.ownerName });
  return record;
}

/**
 * Adds a message and applies its effect on the status: a customer message ends 17 (huawei.md 5 [inferred], log type 85);
 * on 2 the settings decide. Message ids are random, since clients must not assume that they grow (huawei.md 9).
 */
export function insertMessage(core: Core, record: CaseRecord, input: NewMessage): Message {
  core.state.sequence += 1;
  const message: Message = {
    ...input,
    messageId: core.random.hex(32),
    sequence: core.state.sequence,
    visibleAt: core.now() + core.settings.readLagMs,
    withdrawn: false,
    withdrawnVisibleAt: 0,
  };
  record.messages.push(message);
  for (const accessoryId of input.accessoryIds) {
    const accessory = core.state.accessories.get(accessoryId);
    if (accessory !== undefined) accessory.attachedTo = { caseId: record.caseId, messageId: message.messageId };
  }
  if (input.replierType !== 0 || input.isFirst) return message;
  record.readSequence = Math.max(record.readSequence, message.sequence);
  const status = trueStatus(record);
  const endsFeedback = status === STATUS.pendingFeedback && core.settings.messageEndsFeedback;
  const reopens = status === STATUS.toBeConfirmed && core.settings.messageOnToConfirm === "processing";
  if (endsFeedback || reopens) setStatus(core, record, STATUS.processing);
  const operator = { operatorId: input.replier, operatorName: input.replierName };
  if (endsFeedback) addLog(core, record, { type: LOG_TYPE.feedbackAnswered, ...operator });
  return message;
}

/** Sets the status; any number is taken (quirk 9). Contact data is purged once a case has ended (huawei.md 11). */
export function setStatus(core: Core, record: CaseRecord, status: number): void {
  const now = core.now();
  record.status.push({ value: status, visibleAt: now + core.settings.readLagMs });
  record.statusChangedAt = now;
  if (status === STATUS.completed) record.confirmedAt = now;
  if (CLOSED_STATUSES.includes(status)) record.contact = {};
}

/** Sets the labels of a case. */
export function setLabels(core: Core, record: CaseRecord, labelIds: readonly number[]): void {
  record.labelIds.push({ value: labelIds, visibleAt: core.now() + core.settings.readLagMs });
}

/** Marks a message withdrawn; what lists then show is a setting. */
export function withdraw(core: Core, message: Message): void {
  message.withdrawn = true;
  message.withdrawnVisibleAt = core.now() + core.settings.readLagMs;
}

/** Appends to the operation log of a case. */
export function addLog(
  core: Core,
  record: CaseRecord,
  entry: Pick<OperateLog, "type" | "operatorId" | "operatorName"> &
    Partial<Pick<OperateLog, "operatorType" | "description">>,
): void {
  const at = core.now();
  const visibleAt = at + core.settings.readLagMs;
  record.logs.push({ operatorType: 0, description: "", ...entry, logId: core.random.hex(32), at, visibleAt });
}

/** Adds a label to an account; ids grow from 1001. Names are not checked here. */
export function insertLabel(core: Core, input: { domainId: string; name: string; color: string }): Label {
  let labelId = 1001;
  while (core.state.labels.has(labelId)) labelId += 1;
  const label: Label = { labelId, ...input };
  core.state.labels.set(label.labelId, label);
  return label;
}

/** Records an uploaded or made-up file that no message shows yet. */
export function insertAccessory(
  core: Core,
  input: Pick<Accessory, "name" | "from" | "bytes" | "domainId" | "userId">,
): Accessory {
  const accessoryId = core.random.hex(32);
  const accessory: Accessory = { ...input, accessoryId, createdAt: core.now(), attachedTo: null };
  core.state.accessories.set(accessory.accessoryId, accessory);
  return accessory;
}

/** Closes cases that waited too long for confirmation (huawei.md 5: automatic closing is open; off by default). */
export function applyAutoClose(core: Core): void {
  if (core.settings.autoCloseMs <= 0) return;
  const limit = core.now() - core.settings.autoCloseMs;
  for (const record of core.state.cases.values())
    if (trueStatus(record) === STATUS.toBeConfirmed && record.statusChangedAt <= limit)
      setStatus(core, record, STATUS.completed);
}
