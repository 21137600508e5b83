/**
 * One port for the cases of several user groups (huawei.md 3.3): each call about a case carries that case's group. Which group a case belongs to
 * is told by the list that showed it, else found by asking with one group after another; it is remembered in this process only.
 */
import { z } from "zod";
import type { AccessRequest } from "../domain/case.ts";
import type { CaseFileId, CaseId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import { inLanes } from "../lib/in-lanes.ts";
import type { HuaweiPort, InstantGroup } from "../sync/ports.ts";
import type { DialectAdminPort } from "./admin-port.ts";
import { collectCases } from "./case-windows.ts";

type Port = HuaweiPort & DialectAdminPort;

/** Files whose group is remembered; of others it is found by asking. */
const filesMax = 10_000;
/** How a case, or a file, of another group is refused. */
const elsewhere = ["not_found", "rejected", "forbidden"] as const;

/**
 * The port over `ports`, one for each group by its id, of which there is at least one. What names no case is asked of the first, save lists,
 * which hold what any group shows.
 */
export function joinGroups(ports: ReadonlyMap<string, Port>): Port {
  const [first] = ports.values();
  if (first === undefined) throw new RangeError("no group");
  const one: Port = first;
  if (ports.size === 1) return one;
  const groupOfCase = new Map<string, string>();
  const groupOfFile = new Map<string, string>();

  function noteFile(fileId: CaseFileId, group: string): void {
    groupOfFile.delete(fileId);
    groupOfFile.set(fileId, group);
    const [oldest] = groupOfFile.keys();
    if (groupOfFile.size > filesMax && oldest !== undefined) groupOfFile.delete(oldest);
  }

  /** Asks with the group that is known, then with each other while it is refused. Throws the first refusal. */
  async function inTurn<Result>(
    known: string | undefined,
    read: (port: Port) => Promise<Result>,
  ): Promise<{ readonly group: string; readonly result: Result }> {
    const order = [...ports].sort(([a], [b]) => Number(b === known) - Number(a === known));
    let refusal: unknown = null;
    for (const [group, port] of order) {
      try {
        return { group, result: await read(port) };
      } catch (error) {
        if (!isServiceError(error, ...elsewhere)) throw error;
        refusal ??= error;
      }
    }
    throw refusal;
  }

  async function getCase(caseId: CaseId, lane: Lane) {
    const { group, result } = await inTurn(groupOfCase.get(caseId), (port) => port.getCase(caseId, lane));
    groupOfCase.set(caseId, group);
    for (const message of result.messages) for (const { fileId } of message.files) noteFile(fileId, group);
    return result;
  }

  /** The port of the case's group. A case that no group shows is asked about with the first, so that its refusal is the service's own. */
  async function portOf(caseId: CaseId, lane: Lane): Promise<Port> {
    if (!groupOfCase.has(caseId)) {
      try {
        await getCase(caseId, lane);
      } catch (error) {
        if (!isServiceError(error, ...elsewhere)) throw error;
      }
    }
    return ports.get(groupOfCase.get(caseId) ?? "") ?? one;
  }

  const walkCases: Port["walkCases"] = async (query, lane, take) => {
    for (const [group, port] of ports)
      await port.walkCases(query, lane, async (page) => {
        for (const { caseId } of page) groupOfCase.set(caseId, group);
        await take(page);
      });
  };

  const listInstantMessages: Port["listInstantMessages"] = async (caseIds, cursor, lane) => {
    await inLanes(caseIds, 4, async (caseId) => void (await portOf(caseId, lane)));
    const cursors = readCursors(cursor);
    const groups: InstantGroup[] = [];
    for (const [group, port] of ports) {
      // A case of no known group is asked about with the first, which refuses it or leaves it out.
      const own = caseIds.filter((caseId) => (groupOfCase.get(caseId) ?? [...ports.keys()][0]) === group);
      if (own.length === 0) continue;
      const answer = await port.listInstantMessages(own, cursors[group] ?? null, lane);
      groups.push(...answer.groups);
      if (answer.cursor !== null) cursors[group] = answer.cursor;
    }
    return { groups, cursor: Object.keys(cursors).length === 0 ? null : JSON.stringify(cursors) };
  };

  const listAccessRequests: Port["listAccessRequests"] = async (lane) => {
    const distinct = new Map<string, AccessRequest>();
    for (const port of ports.values())
      for (const request of await port.listAccessRequests(lane)) distinct.set(request.authorizationId, request);
    return [...distinct.values()];
  };

  return {
    ...one,
    walkCases,
    listCases: (query, lane) => collectCases((take) => walkCases(query, lane, take)),
    getCase,
    listInstantMessages,
    listAccessRequests,
    listMessages: async (caseId, lane) => (await portOf(caseId, lane)).listMessages(caseId, lane),
    listOperations: async (caseId, lane) => (await portOf(caseId, lane)).listOperations(caseId, lane),
    createMessage: async (caseId, message, lane) => (await portOf(caseId, lane)).createMessage(caseId, message, lane),
    performAction: async (caseId, action, text, lane) =>
      (await portOf(caseId, lane)).performAction(caseId, action, text, lane),
    rateCase: async (caseId, rating, lane) => (await portOf(caseId, lane)).rateCase(caseId, rating, lane),
    listCaseLabels: async (caseId, lane) => (await portOf(caseId, lane)).listCaseLabels(caseId, lane),
    downloadFile: async (fileId, spool, sizeMaxBytes, lane) => {
      const read = (port: Port) => port.downloadFile(fileId, spool, sizeMaxBytes, lane);
      const { group, result } = await inTurn(groupOfFile.get(fileId), read);
      noteFile(fileId, group);
      return result;
    },
  };
}

const storedCursors = z.record(z.string(), z.string());

/** Cursors by group; one of a time with another set of groups begins anew, which at worst repeats news. */
function readCursors(cursor: string | null): Record<string, string> {
  if (cursor === null) return {};
  try {
    const read = storedCursors.safeParse(JSON.parse(cursor));
    return read.success ? read.data : {};
  } catch {
    return {};
  }
}
