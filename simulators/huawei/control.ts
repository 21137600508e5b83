/** What a test or a demo does behind the service's back: people at Huawei and in the console, faults, looking inside. */
import { makeBaseControl } from "../base/control.ts";
import type { FaultBook } from "../base/faults.ts";
import type { DescribedFile } from "../base/files.ts";
import { makeRandom } from "../base/random.ts";
import type { RequestLog } from "../base/request-log.ts";
import { mergeSettings } from "../base/settings.ts";
import type { HuaweiAccount } from "./auth.ts";
import { PROBLEM_TYPES, PRODUCTS, REGIONS, SEVERITIES, SUB_TYPES } from "./catalogue.ts";
import { showTenant } from "./control-views.ts";
import { DEFAULT_SETTINGS, type HuaweiSettings } from "./settings.ts";
import {
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

/** Input of `createAuthorization`. Times: epoch ms or ISO 8601; default now and now + 24 h. */
export interface ControlAuthorization {
  readonly caseId: string;
  readonly describe: string;
  readonly resourceTypeName?: string;
  readonly visitTypeName?: string;
  readonly handlerName?: string;
  readonly effectiveAt?: number | string;
  readonly expireAt?: number | string;
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

/** The control functions, in process and over `POST /_control/NAME`. They throw an Error for an unknown case, message or label. */
export type HuaweiControl = ReturnType<typeof makeControl>;

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
export function makeControl(parts: ControlParts) {
  const { core, faults, requests } = parts;
  const settings = {
    get: (): HuaweiSettings => core.settings,
    set(changes: Partial<HuaweiSettings>): void {
      core.settings = mergeSettings(DEFAULT_SETTINGS, core.settings, changes);
    },
  };
  return {
    ...makePeople(core),
    ...makeBaseControl<HuaweiSettings>({ ...parts, settings }),
    /** Every token dies at once, before its 24 hours (quirk 10). */
    killTokens(): void {
      for (const token of core.state.tokens.values()) token.killed = true;
      for (const keys of core.state.temporaryKeys.values()) keys.killed = true;
      core.state.serverKeys = null;
    },
    /** Moves the simulator's clock by so many milliseconds, adding to earlier moves. Returns the new time. */
    advanceClock({ ms }: { ms: number }): { now: number } {
      parts.moveClock(ms);
      return { now: core.now() };
    },
    /** Everything, as it truly is, read lag or not. Cases in order of arrival, messages too; nothing is ever removed. */
    getState: () => showTenant(core),
    /** Back to the start: data, tokens, faults, outage, requests, refusals, settings, clock and seed. */
    reset(): void {
      core.files.clear();
      core.state = makeState();
      core.random = makeRandom(parts.seed);
      core.settings = mergeSettings(DEFAULT_SETTINGS, DEFAULT_SETTINGS, parts.initialSettings);
      faults.setOutage(false);
      parts.moveClock("back");
      faults.clear();
      requests.clear();
    },
  };
}

/** What people in the console and at Huawei do. */
function makePeople(core: Core) {
  return {
    createCase: (input: ControlCase) => createCase(core, input),
    /** A message by a person, with all its effects on the status. */
    addMessage: (input: ControlMessage) => addMessage(core, input),
    /** A move made by support; any number is taken. */
    setStatus: ({ caseId, status }: { caseId: string; status: number }): void =>
      moveByService(core, getCase(core, caseId), status),
    /** Support makes the case invalid (status 12, quirk 14). */
    invalidateCase: ({ caseId }: { caseId: string }): void =>
      moveByService(core, getCase(core, caseId), STATUS.invalid),
    withdrawMessage({ caseId, messageId }: { caseId: string; messageId: string }): void {
      const message = getCase(core, caseId).messages.find((candidate) => candidate.messageId === messageId);
      if (message === undefined) throw new Error(`no message ${messageId}`);
      withdraw(core, message);
    },
    /** Somebody else deletes the case (status 13, quirk 14). */
    deleteCase({ caseId }: { caseId: string }): void {
      const record = getCase(core, caseId);
      setStatus(core, record, STATUS.deleted);
      addLog(core, record, { type: LOG_TYPE.delete, operatorId: record.ownerUserId, operatorName: record.ownerName });
    },
    /** Gives the case to another user of the same account, or back to the first one (huawei.md 3.3: then others do not see it). */
    setOwner({ caseId, ours }: { caseId: string; ours: boolean }): void {
      const [first] = core.accounts;
      getCase(core, caseId).ownerUserId = ours && first !== undefined ? first.userId : "user-of-somebody-else";
    },
    addLabel({ caseId, name, color }: { caseId: string; name: string; color?: string }): { labelId: number } {
      const record = getCase(core, caseId);
      const labelId = ensureLabel(core, record.domainId, name, color);
      setLabels(core, record, [...new Set([...trueLabelIds(record), labelId])]);
      return { labelId };
    },
    removeLabel({ caseId, name }: { caseId: string; name: string }): void {
      const record = getCase(core, caseId);
      const kept = trueLabelIds(record).filter((labelId) => core.state.labels.get(labelId)?.name !== name);
      setLabels(core, record, kept);
    },
    /** Somebody marks two cases as related; as through the API it holds in both directions. */
    relateCases({ caseId, otherId }: { caseId: string; otherId: string }): void {
      const [first, second] = [getCase(core, caseId), getCase(core, otherId)];
      first.relatedIds = [...new Set([...first.relatedIds, otherId])];
      second.relatedIds = [...new Set([...second.relatedIds, caseId])];
    },
    /** An engineer asks for access. */
    createAuthorization: (input: ControlAuthorization) => createAuthorization(core, input),
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

function createAuthorization(core: Core, input: ControlAuthorization): { authorizationId: string } {
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
