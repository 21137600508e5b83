/** What a test or a demo does behind the service's back: people at Huawei and in the console, faults, looking inside. */

import type { FaultBook, FaultRule } from "../base/faults.ts";
import type { DescribedFile } from "../base/files.ts";
import { makeRandom } from "../base/random.ts";
import type { Refusal, RequestLog, RequestSummary } from "../base/request-log.ts";
import type { HuaweiAccount } from "./auth.ts";
import { PROBLEM_TYPES, PRODUCTS, REGIONS, SEVERITIES, SUB_TYPES } from "./catalogue.ts";
import { DEFAULT_SETTINGS, type HuaweiSettings, mergeSettings } from "./settings.ts";
import {
  type Accessory,
  addLog,
  type CaseRecord,
  type Core,
  insertAccessory,
  insertCase,
  insertLabel,
  insertMessage,
  LOG_TYPE,
  makeState,
  STATUS,
  setLabels,
  setStatus,
  trueLabelIds,
  trueStatus,
  withdraw,
} from "./state.ts";

/** Input of `createCase`. `severity`, `region`, `product`, `type` are IDs or names of the catalogue, or any text. Times: epoch ms or ISO 8601. */
export interface ControlCase {
  readonly description: string;
  readonly status?: number;
  readonly severity?: string;
  readonly region?: string;
  readonly product?: string;
  readonly type?: string;
  /** Label names; missing ones are created. */
  readonly labels?: readonly string[];
  readonly files?: readonly DescribedFile[];
  /** The case belongs to another user of this group, so the caller needs `group_id`. */
  readonly groupId?: string;
  readonly customerName?: string;
  readonly createdAt?: number | string;
  /** Account that owns the case, by access key; the first account without it. */
  readonly accessKey?: string;
}

/** Input of `addMessage`. `replierType` overrides the number that `author` stands for (quirk 9). */
export interface ControlMessage {
  readonly caseId: string;
  readonly author: "engineer" | "partner" | "customer";
  readonly name?: string;
  readonly content: string;
  readonly files?: readonly DescribedFile[];
  readonly firstMessage?: boolean;
  readonly replierType?: number;
  readonly createdAt?: number | string;
}

/** An accessory in `getState`. */
export interface AccessoryView {
  readonly accessoryId: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** When its bytes arrived, epoch milliseconds. */
  readonly createdAt: number;
}

/** A message in `getState`, withdrawn ones included. Times in epoch milliseconds. `via` tells API writes from control. */
export interface MessageView {
  readonly messageId: string;
  readonly author: "customer" | "engineer" | "partner" | "unknown";
  readonly replierType: number;
  readonly replier: string;
  readonly replierName: string;
  readonly content: string;
  readonly createdAt: number;
  readonly isFirst: boolean;
  readonly withdrawn: boolean;
  readonly via: "api" | "control";
  readonly accessories: readonly AccessoryView[];
}

/** A case in `getState`. */
export interface CaseView {
  readonly caseId: string;
  readonly status: number;
  readonly description: string;
  readonly severityId: string;
  readonly regionId: string;
  readonly productId: string;
  readonly problemTypeId: string;
  readonly domainId: string;
  readonly ownerUserId: string;
  readonly ownerName: string;
  readonly groupId: string | null;
  readonly createdAt: number;
  readonly via: "api" | "control";
  readonly labels: readonly string[];
  readonly relatedIds: readonly string[];
  readonly extras: Readonly<Record<string, unknown>>;
  readonly contact: Readonly<Record<string, string>>;
  readonly judgement: string;
  readonly satisfaction: readonly Readonly<Record<string, unknown>>[];
  readonly messages: readonly MessageView[];
  readonly operateLogs: readonly {
    readonly type: number;
    readonly operatorName: string;
    readonly description: string;
    readonly at: number;
  }[];
}

/** Everything, as it truly is, read lag or not. Cases in order of arrival, messages too; nothing is ever removed. */
export interface HuaweiStateView {
  readonly cases: readonly CaseView[];
  readonly labels: readonly { readonly labelId: number; readonly name: string; readonly color: string }[];
  readonly unattachedAccessories: readonly (AccessoryView & { readonly from: string })[];
  readonly authorizations: readonly {
    readonly authorizationId: string;
    readonly caseId: string;
    readonly status: number;
  }[];
}

/** The control functions, in process and over `POST /_control/NAME`. They throw an Error for an unknown case, message or label. */
export interface HuaweiControl {
  createCase(input: ControlCase): { caseId: string };
  /** A message by a person, with all its effects on the status. */
  addMessage(input: ControlMessage): { messageId: string };
  /** A move made by support; any number is taken. */
  setStatus(input: { caseId: string; status: number }): void;
  withdrawMessage(input: { caseId: string; messageId: string }): void;
  /** Somebody else deletes the case (status 13, quirk 14). */
  deleteCase(input: { caseId: string }): void;
  /** Support makes the case invalid (status 12, quirk 14). */
  invalidateCase(input: { caseId: string }): void;
  /** Gives the case to another user of the same account, or back to the first one (huawei.md 3.3: then others do not see it). */
  setOwner(input: { caseId: string; ours: boolean }): void;
  addLabel(input: { caseId: string; name: string; color?: string }): { labelId: number };
  removeLabel(input: { caseId: string; name: string }): void;
  /** Somebody marks two cases as related; as through the API it holds in both directions. */
  relateCases(input: { caseId: string; otherId: string }): void;
  /** An engineer asks for access. Times: epoch ms or ISO 8601; default now and now + 24 h. */
  createAuthorization(input: {
    caseId: string;
    describe: string;
    resourceTypeName?: string;
    visitTypeName?: string;
    handlerName?: string;
    effectiveAt?: number | string;
    expireAt?: number | string;
  }): { authorizationId: string };
  /** Every token dies at once, before its 24 hours (quirk 10). */
  killTokens(): void;
  setSettings(changes: Partial<HuaweiSettings>): HuaweiSettings;
  getSettings(): HuaweiSettings;
  /** Returns the id of the fault; over HTTP it is a JSON text. */
  addFault(rule: FaultRule): string;
  /** Removes one fault by id, or all. */
  clearFaults(input?: { id?: string }): void;
  /** How often each kind of fault has struck since the start. */
  getStruckFaults(): Readonly<Record<string, number>>;
  /** While on, every request's connection is reset. Over HTTP the body is `true`, `false` or `{"on":true}`. */
  setOutage(on: boolean | { on: boolean }): void;
  /** Moves the simulator's clock by so many milliseconds, adding to earlier moves. Returns the new time. */
  advanceClock(input: { ms: number }): { now: number };
  getState(): HuaweiStateView;
  getRequests(): RequestSummary;
  resetRequests(): void;
  /** Requests that no document describes; empty for a well-behaved client. */
  getRefusals(): readonly Refusal[];
  /** Back to the start: data, tokens, faults, outage, requests, refusals, settings, clock and seed. */
  reset(): void;
}

/** What the control functions work on. */
export interface ControlParts {
  readonly core: Core;
  readonly faults: FaultBook;
  readonly requests: RequestLog;
  readonly initialSettings: Partial<HuaweiSettings>;
  readonly seed: number;
  moveClock(ms: number | "back"): void;
}

/** Makes the control functions. */
export function makeControl(parts: ControlParts): HuaweiControl {
  const { core, faults, requests } = parts;
  return {
    createCase: (input) => createCase(core, input),
    addMessage: (input) => addMessage(core, input),
    setStatus: ({ caseId, status }) => moveByService(core, getCase(core, caseId), status),
    withdrawMessage({ caseId, messageId }) {
      const message = getCase(core, caseId).messages.find((candidate) => candidate.messageId === messageId);
      if (message === undefined) throw new Error(`no message ${messageId}`);
      withdraw(core, message);
    },
    deleteCase({ caseId }) {
      const record = getCase(core, caseId);
      setStatus(core, record, STATUS.deleted);
      addLog(core, record, { type: LOG_TYPE.delete, operatorId: record.ownerUserId, operatorName: record.ownerName });
    },
    invalidateCase: ({ caseId }) => moveByService(core, getCase(core, caseId), STATUS.invalid),
    setOwner({ caseId, ours }) {
      const record = getCase(core, caseId);
      const [first] = core.accounts;
      record.ownerUserId = ours && first !== undefined ? first.userId : "user-of-somebody-else";
    },
    addLabel({ caseId, name, color }) {
      const record = getCase(core, caseId);
      const labelId = ensureLabel(core, record.domainId, name, color);
      setLabels(core, record, [...new Set([...trueLabelIds(record), labelId])]);
      return { labelId };
    },
    removeLabel({ caseId, name }) {
      const record = getCase(core, caseId);
      const gone = (labelId: number): boolean => core.state.labels.get(labelId)?.name === name;
      setLabels(
        core,
        record,
        trueLabelIds(record).filter((labelId) => !gone(labelId)),
      );
    },
    relateCases({ caseId, otherId }) {
      const [first, second] = [getCase(core, caseId), getCase(core, otherId)];
      first.relatedIds = [...new Set([...first.relatedIds, otherId])];
      second.relatedIds = [...new Set([...second.relatedIds, caseId])];
    },
    createAuthorization: (input) => createAuthorization(core, input),
    killTokens() {
      for (const token of core.state.tokens.values()) token.killed = true;
      for (const keys of core.state.temporaryKeys.values()) keys.killed = true;
      core.state.serverKeys = null;
    },
    setSettings(changes) {
      core.settings = mergeSettings(core.settings, changes);
      return core.settings;
    },
    getSettings: () => core.settings,
    addFault: (rule) => faults.add(rule),
    clearFaults: (input) => void (input?.id === undefined ? faults.clear() : faults.remove(input.id)),
    getStruckFaults: () => faults.struck(),
    setOutage: (on) => faults.setOutage(typeof on === "boolean" ? on : on.on),
    advanceClock({ ms }) {
      parts.moveClock(ms);
      return { now: core.now() };
    },
    getState: () => viewState(core),
    getRequests: () => requests.summary(),
    resetRequests: () => requests.resetRequests(),
    getRefusals: () => requests.refusals(),
    reset() {
      core.files.clear();
      core.state = makeState();
      core.random = makeRandom(parts.seed);
      core.settings = mergeSettings(DEFAULT_SETTINGS, parts.initialSettings);
      faults.setOutage(false);
      parts.moveClock("back");
      faults.clear();
      requests.clear();
    },
  };
}

function getCase(core: Core, caseId: string): CaseRecord {
  const record = core.state.cases.get(caseId);
  if (record === undefined) throw new Error(`no case ${caseId}`);
  return record;
}

function readTime(core: Core, value: number | string | undefined): number {
  if (value === undefined) return core.now();
  const at = typeof value === "number" ? value : Date.parse(value);
  if (!Number.isFinite(at)) throw new Error(`not a time: ${value}`);
  return at;
}

function moveByService(core: Core, record: CaseRecord, status: number): void {
  const before = trueStatus(record);
  setStatus(core, record, status);
  if (!core.settings.supportMovesLogged) return;
  addLog(core, record, {
    type: LOG_TYPE.supportMove,
    operatorType: 1,
    operatorId: "hwengineer01",
    operatorName: "Huawei engineer",
    description: `${before} -> ${status}`,
  });
}

/** The id of a catalogue item named by id or by either name; other text passes as it is and shows as the name. */
function pick(items: readonly { id: string; name: { zh: string; en: string } }[], wanted: string): string {
  return items.find((item) => [item.id, item.name.zh, item.name.en].includes(wanted))?.id ?? wanted;
}

function createCase(core: Core, input: ControlCase): { caseId: string } {
  const account = findOwner(core, input.accessKey);
  const problemTypeId = pick(PROBLEM_TYPES, input.type ?? "bt3001");
  const problem = PROBLEM_TYPES.find((candidate) => candidate.id === problemTypeId);
  const productId = input.product === undefined ? (problem?.productId ?? "pc2001") : pick(PRODUCTS, input.product);
  const product = PRODUCTS.find((candidate) => candidate.id === productId);
  const inGroup = input.groupId !== undefined;
  const record = insertCase(core, {
    domainId: account.domainId,
    ownerUserId: inGroup ? `user-of-${input.groupId}` : account.userId,
    ownerName: input.customerName ?? (inGroup ? "group-user" : account.userName),
    iamUserType: account.iamUserType,
    groupId: input.groupId ?? null,
    description: input.description,
    subTypeId: product?.subTypeId ?? SUB_TYPES[0]?.id ?? "",
    productId,
    problemTypeId,
    regionId: pick(REGIONS, input.region ?? "cn-north-4"),
    severityId: input.severity === undefined ? "" : pick(SEVERITIES, input.severity),
    createdAt: readTime(core, input.createdAt),
    status: input.status ?? STATUS.toBeProcessed,
    labelIds: (input.labels ?? []).map((name) => ensureLabel(core, account.domainId, name, undefined)),
    accessoryIds: makeFiles(core, account.domainId, account.userId, "incident", input.files),
    extras: {},
    contact: {},
    via: "control",
  });
  return { caseId: record.caseId };
}

function findOwner(core: Core, accessKey: string | undefined): HuaweiAccount {
  const account = core.accounts.find((candidate) => accessKey === undefined || candidate.accessKey === accessKey);
  if (account === undefined) throw new Error(`no account with access key ${accessKey}`);
  return account;
}

function ensureLabel(core: Core, domainId: string, name: string, color: string | undefined): number {
  const known = [...core.state.labels.values()].find((label) => label.domainId === domainId && label.name === name);
  return (known ?? insertLabel(core, { domainId, name, color: color ?? "#3366ff" })).labelId;
}

function makeFiles(
  core: Core,
  domainId: string,
  userId: string,
  from: string,
  files: readonly DescribedFile[] = [],
): string[] {
  return files.map((file) => {
    const bytes = core.files.make(file);
    return insertAccessory(core, { name: file.name, from, bytes, domainId, userId }).accessoryId;
  });
}

const AUTHORS = {
  customer: { replierType: 0, replier: "", name: "" },
  engineer: { replierType: 1, replier: "hwengineer01", name: "Huawei engineer" },
  partner: { replierType: 2, replier: "partner01", name: "Partner" },
} as const;

function addMessage(core: Core, input: ControlMessage): { messageId: string } {
  const record = getCase(core, input.caseId);
  const author = AUTHORS[input.author];
  const customer = input.author === "customer";
  const message = insertMessage(core, record, {
    replierType: input.replierType ?? author.replierType,
    replier: customer ? record.ownerUserId : author.replier,
    replierName: input.name ?? (customer ? record.ownerName : author.name),
    iamUserType: customer ? 1 : 0,
    content: input.content,
    rich: !customer,
    createdAt: readTime(core, input.createdAt),
    isFirst: input.firstMessage ?? false,
    accessoryIds: makeFiles(core, record.domainId, record.ownerUserId, "message", input.files),
    via: "control",
  });
  return { messageId: message.messageId };
}

function createAuthorization(
  core: Core,
  input: Parameters<HuaweiControl["createAuthorization"]>[0],
): { authorizationId: string } {
  const record = getCase(core, input.caseId);
  const authorizationId = core.random.hex(32);
  core.state.authorizations.set(authorizationId, {
    authorizationId,
    caseId: record.caseId,
    domainId: record.domainId,
    description: input.describe,
    resourceTypeName: input.resourceTypeName ?? "ECS",
    visitTypeName: input.visitTypeName ?? "Host login",
    handlerName: input.handlerName ?? "Huawei engineer",
    createdAt: core.now(),
    detailId: core.state.authorizations.size + 1,
    effectiveAt: readTime(core, input.effectiveAt),
    expireAt: input.expireAt === undefined ? core.now() + 24 * 3_600_000 : readTime(core, input.expireAt),
    status: 0,
    rejectReason: "",
  });
  return { authorizationId };
}

function viewAccessory(accessory: Accessory): AccessoryView {
  const { accessoryId, name, bytes, createdAt } = accessory;
  return { accessoryId, name, sizeBytes: bytes.sizeBytes, sha256: bytes.sha256, createdAt };
}

function authorOf(replierType: number): MessageView["author"] {
  return (["customer", "engineer", "partner"] as const)[replierType] ?? "unknown";
}

function viewCase(core: Core, record: CaseRecord): CaseView {
  return {
    caseId: record.caseId,
    status: trueStatus(record),
    description: record.description,
    severityId: record.severityId,
    regionId: record.regionId,
    productId: record.productId,
    problemTypeId: record.problemTypeId,
    domainId: record.domainId,
    ownerUserId: record.ownerUserId,
    ownerName: record.ownerName,
    groupId: record.groupId,
    createdAt: record.createdAt,
    via: record.via,
    labels: trueLabelIds(record).flatMap((labelId) => core.state.labels.get(labelId)?.name ?? []),
    relatedIds: [...record.relatedIds],
    extras: { ...record.extras },
    contact: { ...record.contact },
    judgement: record.judgement,
    satisfaction: [...record.satisfaction],
    messages: record.messages.map((message) => ({
      messageId: message.messageId,
      author: authorOf(message.replierType),
      replierType: message.replierType,
      replier: message.replier,
      replierName: message.replierName,
      content: message.content,
      createdAt: message.createdAt,
      isFirst: message.isFirst,
      withdrawn: message.withdrawn,
      via: message.via,
      accessories: message.accessoryIds.flatMap((accessoryId) => {
        const accessory = core.state.accessories.get(accessoryId);
        return accessory === undefined ? [] : [viewAccessory(accessory)];
      }),
    })),
    operateLogs: record.logs.map(({ type, operatorName, description, at }) => ({
      type,
      operatorName,
      description,
      at,
    })),
  };
}

function viewState(core: Core): HuaweiStateView {
  return {
    cases: [...core.state.cases.values()].map((record) => viewCase(core, record)),
    labels: [...core.state.labels.values()].map(({ labelId, name, color }) => ({ labelId, name, color })),
    unattachedAccessories: [...core.state.accessories.values()]
      .filter((accessory) => accessory.attachedTo === null)
      .map((accessory) => ({ ...viewAccessory(accessory), from: accessory.from })),
    authorizations: [...core.state.authorizations.values()].map(({ authorizationId, caseId, status }) => ({
      authorizationId,
      caseId,
      status,
    })),
  };
}
