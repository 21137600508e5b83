/**
 * A Huawei Cloud that is read but not written. What is written to it is noted, and shows in what is read afterwards, so that a flow goes
 * on as if it had been written. What leaves Jira passes the gate here as it does on its way to the service.
 */
import type { CaseDetail, CaseFile, CaseMessage, CaseOperation } from "../../domain/case.ts";
import { type CaseFileId, type CaseId, type MessageId, toId } from "../../domain/ids.ts";
import { parseMarkAtStart } from "../../domain/text/marks.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import type { CaseAction, Clock, HuaweiPort } from "../ports.ts";
import { makeId, type NoteWrite, passOn, type Write } from "./write.ts";

/** Statuses in which the service leaves a case after an action (huawei.md 5). */
const statusAfter: Partial<Record<CaseAction, number>> = { close: 3, cancel: 4, delete: 13 };

/** "Pending feedback" becomes "processing" with the customer's message. */
const statusAsked = 17;
const statusAnswered = 1;

const actionWords: Readonly<Record<CaseAction, string>> = {
  press: "urge the case",
  cancel: "cancel the case",
  close: "close the case",
  delete: "delete the case",
};

type Changed = {
  /** A case that was made here. */
  readonly made: CaseDetail | null;
  readonly messages: CaseMessage[];
  readonly withdrawn: Set<MessageId>;
  readonly operations: CaseOperation[];
  status: number | null;
};

/** Makes the rehearsal of one Huawei Cloud. Reads go to `base`; nothing is written there. */
export function rehearseHuawei(
  base: HuaweiPort,
  { clock, note }: { readonly clock: Clock; readonly note: NoteWrite },
): HuaweiPort {
  const changed = new Map<CaseId, Changed>();
  const names = new Map<CaseFileId, string>();
  let sequence = 0;
  const now = (): Date => toServiceTime(clock.now(), base.serviceClock.aheadMs());

  function changesOf(caseId: CaseId): Changed {
    const known = changed.get(caseId);
    if (known !== undefined) return known;
    const fresh: Changed = { made: null, messages: [], withdrawn: new Set(), operations: [], status: null };
    changed.set(caseId, fresh);
    return fresh;
  }
  function makeMessage(content: string, fileIds: readonly CaseFileId[], isFirst: boolean): CaseMessage {
    sequence += 1;
    return {
      messageId: toId<MessageId>(makeId(sequence)),
      authorKind: "customer",
      // The service names our user; whoever reads this knows it to be us, whether the name was learned or not.
      authorId: null,
      authorName: "",
      content,
      createdAt: now(),
      isFirst,
      files: fileIds.map((fileId): CaseFile => ({ fileId, name: names.get(fileId) ?? "" })),
    };
  }
  const remaining = ({ withdrawn }: Changed, messages: readonly CaseMessage[]): CaseMessage[] =>
    messages.filter(({ messageId }) => messageId === null || !withdrawn.has(messageId));
  const write = (written: Omit<Write, "direction">): void => note({ ...written, direction: "to-huawei" });

  return {
    ...passOn(base, [
      "serviceClock",
      "capabilities",
      "listCases",
      "walkCases",
      "listInstantMessages",
      "getFileLimits",
      "downloadFile",
      "listAccessRequests",
    ]),
    getCase: async (caseId, lane) => {
      const changes = changed.get(caseId);
      if (changes === undefined) return base.getCase(caseId, lane);
      const detail = changes.made ?? (await base.getCase(caseId, lane));
      return {
        ...detail,
        status: changes.status ?? detail.status,
        messages: remaining(changes, [...detail.messages, ...changes.messages]),
      };
    },
    listMessages: async (caseId, lane) => {
      const changes = changed.get(caseId);
      if (changes === undefined) return base.listMessages(caseId, lane);
      const listed = changes.made?.messages ?? (await base.listMessages(caseId, lane));
      return [...listed, ...remaining(changes, changes.messages)].map((message) => ({ ...message, messageId: null }));
    },
    listOperations: async (caseId, lane) => {
      const changes = changed.get(caseId);
      const listed = changes?.made == null ? await base.listOperations(caseId, lane) : [];
      return [...(changes?.operations ?? []), ...listed];
    },
    listCaseLabels: async (caseId, lane) =>
      changed.get(caseId)?.made == null ? base.listCaseLabels(caseId, lane) : [],
    listRelatedCases: async (caseId, lane) =>
      changed.get(caseId)?.made == null ? base.listRelatedCases(caseId, lane) : [],

    createCase: async (sealed) => {
      const input = await sealed.open();
      const caseId = toId<CaseId>(makeId(sequence + 1));
      const first = makeMessage(input.description, input.fileIds, true);
      const made: CaseDetail = {
        caseId,
        status: 0,
        createdAt: now(),
        description: input.description,
        typeName: null,
        problemTypeName: null,
        regionName: null,
        severityName: null,
        sourceName: null,
        submitterName: null,
        messages: [first],
      };
      changed.set(caseId, { made, messages: [], withdrawn: new Set(), operations: [], status: null });
      write({ operation: "createCase", target: null, item: "case", what: "open a case", text: input.description });
      return caseId;
    },
    createMessage: async (caseId, sealed, lane) => {
      const { content, fileIds } = await sealed.open();
      const changes = changesOf(caseId);
      changes.messages.push(makeMessage(content, fileIds, false));
      // Assumed: an answer ends the waiting for it (huawei.md 5, inferred).
      const before = changes.status ?? changes.made?.status ?? (await base.getCase(caseId, lane)).status;
      changes.status = before === statusAsked ? statusAnswered : before;
      write({ operation: "createMessage", target: caseId, ...messageWords(content), text: content });
    },
    withdrawMessage: async (caseId, messageId) => {
      changesOf(caseId).withdrawn.add(messageId);
      const item = `message ${messageId}`;
      write({ operation: "withdrawMessage", target: caseId, item, what: "withdraw the message", text: null });
    },
    performAction: async (caseId, action, sealed) => {
      const description = await sealed.open();
      const changes = changesOf(caseId);
      changes.status = statusAfter[action] ?? changes.status;
      changes.operations.push({ kind: "other", description, at: now() });
      const what = actionWords[action];
      write({ operation: "performAction", target: caseId, item: "case", what, text: description });
    },
    rateCase: async (caseId, sealed) => {
      const { stars, text } = await sealed.open();
      changesOf(caseId).operations.push({ kind: "rate", description: text, at: now() });
      const what = `rate the case with ${stars} of 5`;
      write({ operation: "rateCase", target: caseId, item: "case", what, text });
    },
    uploadFile: async (sealed) => {
      const { name } = await sealed.open();
      sequence += 1;
      const fileId = toId<CaseFileId>(makeId(sequence));
      names.set(fileId, name);
      write({ operation: "uploadFile", target: null, item: `file ${name}`, what: "upload the file", text: null });
      return fileId;
    },
    deleteUpload: async (fileId) => {
      const item = `file ${names.get(fileId) ?? fileId}`;
      write({ operation: "deleteUpload", target: null, item, what: "remove an upload that nothing uses", text: null });
    },
  };
}

/** What a message is about, by the mark that it starts with. */
function messageWords(content: string): Pick<Write, "item" | "what"> {
  const mark = parseMarkAtStart(content)?.mark;
  const part = mark !== undefined && "part" in mark && mark.part !== null ? mark.part : null;
  const ofParts = part === null ? "" : `, part ${part.index} of ${part.count}`;
  switch (mark?.kind) {
    case "comment": {
      const what = mark.version === 1 ? "send a message" : `send version ${mark.version} of a message`;
      const item = `comment ${mark.commentId}`;
      return { item, what: mark.withdrawn ? "send a message marked as withdrawn" : `${what}${ofParts}` };
    }
    case "attachment":
      return { item: `file ${mark.attachmentId}`, what: "send the file in a message of its own" };
    case "case":
      return { item: "description", what: `send a message${ofParts}` };
    default:
      return { item: "notice", what: "send a notice" };
  }
}
