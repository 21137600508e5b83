/**
 * The historical API v1.0 behind the same ports (`/v1.0/servicerequest/case…`, 13 operations, huawei.md 1).
 *
 * Its answers are v2's in other words, so each is renamed and then read by the same schemas and mappings. What it lacks is told by
 * `capabilities`; what it lacks but can be had another way is made here: news of messages (from the details, one read per case),
 * the id of a new case (from the list, by the text that was just sent), and the mark of a first message (by its text).
 */
import { type CaseFileId, type CaseId, toId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { Sealed } from "../lib/sealed.ts";
import { toServiceTime } from "../lib/service-clock.ts";
import type { CaseUpload, HuaweiPort, NewCase, SpooledFile } from "../sync/ports.ts";
import type { DialectAdminPort } from "./admin-port.ts";
import { contractError, refusedLocally, unsupported } from "./answers.ts";
import { caseSourceId, cutText, type DialectDeps, operateDescMax, requireCaseText } from "./dialect.ts";
import { spoolDownload } from "./download.ts";
import { parseWire } from "./mapping.ts";
import { makeUploadBody } from "./multipart.ts";
import { type ApiCall, plainJson, sealedBody } from "./transport.ts";
import { makeV1Admin } from "./v1-admin.ts";
import { lacks, post, rename, v1Call } from "./v1-call.ts";
import { getCase, listCases, overlapMs, readNews, walkCases } from "./v1-reading.ts";
import { wireUpload } from "./wire.ts";

/** 2 MB and these kinds (huawei.md 8). Assumed: five files per message, as a read message shows; a message with six would prove it. */
const fileLimits = {
  countMax: 5,
  newCaseCountMax: 1,
  sizeMaxBytes: 2 * 1024 * 1024,
  extensions: ["jpg", "jpeg", "bmp", "png", "gif", "txt", "doc", "docx", "rar", "zip", "pdf", "xls", "xlsx"],
} as const;
/** Ratings of the historical API: 1 speed, 3 result. */
const ratingIds = [1, 3] as const;
/** Makes both ports over v1.0. */
export function makeV1(deps: DialectDeps & { readonly iamEndpoint: string }): HuaweiPort & DialectAdminPort {
  const send = async (call: ApiCall, lane: Lane): Promise<void> => {
    await deps.transport.json(call, lane);
  };
  return {
    ...makeV1Admin(deps),
    serviceClock: deps.serviceClock,
    capabilities: new Set(),

    listCases: (query, lane) => listCases(deps, query, lane),
    walkCases: (query, lane, take) => walkCases(deps, query, lane, take),
    getCase: (caseId, lane) => getCase(deps, caseId, lane),
    listMessages: async (caseId, lane) => (await getCase(deps, caseId, lane)).messages,
    listInstantMessages: (caseIds, cursor, lane) => readNews(deps, caseIds, cursor, lane),
    createCase: (input, lane) => createCase(deps, input, lane),

    createMessage(caseId, sealed, lane) {
      const body = sealedBody(sealed, ({ content, fileIds }) => {
        const message = fileIds.length === 0 ? { content } : { content, accessoryIds: fileIds };
        return { body: { kind: "json", json: { caseId, message } } };
      });
      return send(post(deps, "createMessage", "message", body), lane);
    },

    withdrawMessage: () => lacks("withdrawMessage"),

    performAction(caseId, action, sealed, lane) {
      const body = sealedBody(sealed, (description) => {
        const actionDesc = cutText(description, operateDescMax);
        return { body: { kind: "json", json: { caseId, action, ...(actionDesc === "" ? {} : { actionDesc }) } } };
      });
      return send(post(deps, "performAction", "action", body), lane);
    },

    rateCase(caseId, sealed, lane) {
      const body = sealedBody(sealed, ({ stars, text }) => {
        const satisfactionList = ratingIds.map((satisfactionId) => ({ satisfactionId, satisfactionValue: stars }));
        return {
          body: { kind: "json", json: { caseId, judgement: cutText(text, operateDescMax), satisfactionList } },
        };
      });
      return send(post(deps, "rateCase", "evaluation", body), lane);
    },

    getFileLimits: async () => fileLimits,
    uploadFile: (input, lane) => uploadFile(deps, input, lane),

    deleteUpload: (fileId, lane) =>
      send({ ...post(deps, "deleteUpload", "accessory", plainJson({ accessoryId: fileId })), method: "DELETE" }, lane),

    downloadFile: makeDownload(deps),

    listCaseLabels: async () => [],
    listRelatedCases: () => lacks("listRelatedCases"),
    listOperations: () => lacks("listOperations"),
    listAccessRequests: async () => [],
  };
}

/** The answer holds no id (huawei.md 1), so what was made since is listed and told by the text that was sent; not seen there, the outcome counts as unknown. */
async function createCase(deps: DialectDeps, sealed: Sealed<NewCase>, lane: Lane): Promise<CaseId> {
  const facts = { operation: "createCase", write: true };
  let sent = { description: "", at: deps.clock.now() };
  const body = sealedBody(sealed, (input) => {
    requireCaseText(facts, input.description);
    if (input.fileIds.length > fileLimits.newCaseCountMax)
      throw refusedLocally(facts, "the historical API v1.0 takes one file with a new case");
    if (input.severityId !== null || input.extras.length > 0)
      throw unsupported(facts, "the historical API v1.0 takes neither a severity nor extra parameters; leave them out");
    const optional: Readonly<Record<string, string | null>> = {
      subTypeId: input.subTypeId,
      productCategoryId: input.productId,
      regionId: input.regionId,
    };
    const chosen = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null && value !== ""));
    sent = { description: input.description, at: deps.clock.now() };
    const json = {
      ...chosen,
      businessTypeId: input.problemTypeId,
      simpleDescribe: input.description,
      sourceId: caseSourceId,
      ...(input.fileIds.length === 0 ? {} : { accessoryIds: input.fileIds }),
    };
    return { body: { kind: "json", json } };
  });
  const call = post(deps, "createCase", null, body);
  await deps.transport.json(call, lane);
  const found = await findCreated(deps, sent.description, sent.at, lane);
  if (found === null) throw contractError(call, "caseId (v1.0 answers none, and the list does not show the case yet)");
  return found;
}

async function findCreated(
  deps: DialectDeps,
  description: string,
  startedAt: Date,
  lane: Lane,
): Promise<CaseId | null> {
  const createdFrom = new Date(toServiceTime(startedAt, deps.serviceClock.aheadMs()).getTime() - overlapMs);
  try {
    const found = (await listCases(deps, { createdFrom }, lane)).filter(
      (entry) => entry.description.trim() === description.trim(),
    );
    found.sort((left, right) => right.createdAt.getTime() - left.createdAt.getTime());
    return found[0]?.caseId ?? null;
  } catch (error) {
    // The case was made; that it cannot be looked for now does not change that.
    if (isServiceError(error)) return null;
    throw error;
  }
}

/**
 * A download names its file in the query, as the address of its page says, or in the path, as the page's example does (huawei.md 14). The one
 * that is not published answers so; the other one is then used, and remembered.
 */
function makeDownload(deps: DialectDeps): HuaweiPort["downloadFile"] {
  let inPath = false;
  return async (fileId, spool, sizeMaxBytes, lane) => {
    const ask = (path: boolean): Promise<SpooledFile> => {
      const place = path ? { path: ["accessory", fileId] } : { path: ["accessory"], query: { id: fileId } };
      const call = v1Call(deps, { operation: "downloadFile", ...place, transferBytes: sizeMaxBytes });
      return spoolDownload(deps.transport, call, { spool, sizeMaxBytes }, lane);
    };
    const first = inPath;
    try {
      return await ask(first);
    } catch (error) {
      if (!isServiceError(error) || error.facts.code !== unknownApiCode) throw error;
      const file = await ask(!first);
      inPath = !first;
      return file;
    }
  };
}

/** The gateway's word for an API that does not exist. */
const unknownApiCode = "APIGW.0101";

async function uploadFile(deps: DialectDeps, sealed: Sealed<CaseUpload>, lane: Lane): Promise<CaseFileId> {
  const body = sealedBody(sealed, ({ file, name, purpose }) =>
    makeUploadBody({
      file,
      fileField: "accessoryData",
      name,
      fields: { accessoryName: name, accessoryFrom: purpose },
    }),
  );
  const call = v1Call(deps, { operation: "uploadFile", method: "POST", path: ["accessory"], ...body });
  const answer = rename(await deps.transport.json(call, lane), { accessory_id: "accessoryId" });
  return toId<CaseFileId>(parseWire(call, wireUpload, { value: answer }).accessory_id);
}
