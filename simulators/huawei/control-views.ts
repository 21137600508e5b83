/** The tenant as a test or an operator looks at it: everything as it truly is, read lag or not. Times in epoch milliseconds. */
import { type Accessory, type CaseRecord, type Core, type Message, trueLabelIds, trueStatus } from "./state.ts";

/** A case. A message's `via` tells API writes from control; an accessory's `createdAt` is when its bytes arrived. */
export type CaseView = ReturnType<typeof showCase>;

/** Shows everything. */
export function showTenant({ state }: Core) {
  const unattached = [...state.accessories.values()].filter(({ attachedTo }) => attachedTo === null);
  return {
    cases: [...state.cases.values()].map((record) => showCase(state, record)),
    labels: [...state.labels.values()].map(({ labelId, name, color }) => ({ labelId, name, color })),
    unattachedAccessories: unattached.map((accessory) => ({ ...showAccessory(accessory), from: accessory.from })),
    authorizations: [...state.authorizations.values()].map(({ authorizationId, caseId, status }) => ({
      authorizationId,
      caseId,
      status,
    })),
  };
}

function showCase(state: Core["state"], record: CaseRecord) {
  const { sequence, visibleAt, subTypeId, statusChangedAt, confirmedAt, labelIds, logs, ...shown } = record;
  const { lastPressedAt, readSequence, ...facts } = shown;
  return {
    ...facts,
    status: trueStatus(record),
    labels: trueLabelIds(record).flatMap((labelId) => state.labels.get(labelId)?.name ?? []),
    relatedIds: [...record.relatedIds],
    extras: { ...record.extras },
    contact: { ...record.contact },
    satisfaction: [...record.satisfaction],
    messages: record.messages.map((message) => showMessage(state, message)),
    operateLogs: logs.map(({ type, operatorName, description, at }) => ({ type, operatorName, description, at })),
  };
}

function showMessage(state: Core["state"], message: Message) {
  const { sequence, iamUserType, rich, visibleAt, withdrawnVisibleAt, accessoryIds, ...facts } = message;
  const author = (["customer", "engineer", "partner"] as const)[message.replierType] ?? "unknown";
  const accessories = accessoryIds.flatMap((accessoryId) => state.accessories.get(accessoryId) ?? []);
  return { ...facts, author, accessories: accessories.map(showAccessory) };
}

function showAccessory({ accessoryId, name, bytes, createdAt }: Accessory) {
  return { accessoryId, name, sizeBytes: bytes.sizeBytes, sha256: bytes.sha256, createdAt };
}
