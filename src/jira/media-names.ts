/**
 * Which file a media node shows.
 *
 * A media node of a comment carries a media id, a UUID, and not the id of the attachment; its file name is there only
 * where the editor wrote it into `alt`, and a person may have replaced that by a description. The one place where Jira
 * tells the media id of an attachment is the address to which the content endpoint redirects (jira.md 4). So an
 * address is asked for once per attachment, and only when a node names no file of its issue; a media id never changes.
 * Without this a file pasted into a comment would not travel with it, and, worse, a file shown in a restricted comment
 * would not be known as restricted.
 */
import type { AttachmentId, IssueId } from "../domain/ids.ts";
import type { Issue, IssueFile } from "../domain/issue.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { Clock } from "../sync/ports.ts";
import { adfMediaReferences, nameMedia } from "./adf/references.ts";
import { toFile } from "./mapping.ts";
import { type CallContext, checkedSegment, requireSuccess, type Transport } from "./transport.ts";
import { issueFilesSchema } from "./wire.ts";

/** Names the files of media nodes. One instance per client; what it learned stays in its memory. */
export type MediaNames = {
  /** Takes note of the files of an issue that was read anyway. */
  remember(issue: Issue): void;
  /**
   * Writes the file's name on each media node whose file is still attached to the issue; other nodes stay as they are.
   * The documents are changed in place. Costs nothing when every node names a file of the issue; else at most two reads
   * of the list of files, and one per file not seen before. Throws `ServiceError`.
   */
  name(call: CallContext, issueId: IssueId, documents: readonly unknown[]): Promise<void>;
};

const issuesKeptMax = 1_000;
const filesKeptMax = 50_000;
const mediaIdInAddress = /\/file\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\/|\?|$)/i;

type File = Pick<IssueFile, "attachmentId" | "name">;

/** Makes the namer of one site. */
export function makeMediaNames(deps: { readonly transport: Transport; readonly clock: Clock }): MediaNames {
  const { transport } = deps;
  const filesOf = new Map<string, readonly File[]>();
  const mediaIdOf = new Map<AttachmentId, string | null>();

  function remember(issue: Issue): void {
    const files = issue.files.map(({ attachmentId, name }) => ({ attachmentId, name }));
    keep(filesOf, issue.issueId, files, issuesKeptMax);
  }

  async function name(call: CallContext, issueId: IssueId, documents: readonly unknown[]): Promise<void> {
    const references = documents.flatMap(adfMediaReferences).filter(({ id }) => id !== null);
    if (references.length === 0) return;
    const known = filesOf.get(issueId) ?? (await listFiles(call, issueId));
    const wanted = new Set<string>();
    const collect = (files: readonly File[]): void => {
      wanted.clear();
      for (const { id, name: alt } of references) {
        // A name that several files bear does not tell which one is shown.
        const bearers = files.filter((file) => file.name === alt).length;
        if (id !== null && bearers !== 1) wanted.add(id.toLowerCase());
      }
    };
    collect(known);
    if (wanted.size === 0) return;
    let found = await findFiles(call, known, wanted);
    if (found.size < wanted.size) {
      // A file that came after the issue was read last.
      const fresh = await listFiles(call, issueId);
      collect(fresh);
      found = await findFiles(call, fresh, wanted);
    }
    for (const document of documents) nameMedia(document, found);
  }

  async function listFiles(call: CallContext, issueId: IssueId): Promise<readonly File[]> {
    const wire = await transport.client({ ...call, effect: "read" }).sendRequest({
      url: `/rest/api/3/issue/${checkedSegment(call, issueId)}`,
      searchParams: { fields: "attachment" },
      schema: issueFilesSchema,
    });
    const files = (wire.fields.attachment ?? []).map(toFile).map((file) => ({
      attachmentId: file.attachmentId,
      name: file.name,
    }));
    keep(filesOf, issueId, files, issuesKeptMax);
    return files;
  }

  /** Files by media id, for those of `wanted` that are among the files. Stops asking when all are found. */
  async function findFiles(
    call: CallContext,
    files: readonly File[],
    wanted: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, File>> {
    const found = new Map<string, File>();
    // Newest first: a comment mostly shows what was attached with it.
    for (const file of files.toReversed()) {
      if (found.size === wanted.size) break;
      const mediaId = await findMediaId(call, file.attachmentId);
      if (mediaId !== null && wanted.has(mediaId)) found.set(mediaId, file);
    }
    return found;
  }

  async function findMediaId(call: CallContext, attachmentId: AttachmentId): Promise<string | null> {
    const kept = mediaIdOf.get(attachmentId);
    if (kept !== undefined) return kept;
    const read: CallContext = { operation: "findMediaId", effect: "read", lane: call.lane };
    const url = transport.toUrl(`/rest/api/3/attachment/content/${checkedSegment(read, attachmentId)}`);
    try {
      const mediaId = await transport.attempt(read, "GET", async (send) => {
        // The redirect itself is the answer; no byte of the file is read.
        const answer = await send({ method: "GET", url, headers: { accept: "*/*" }, authorized: true });
        if (answer.status >= 400) await requireSuccess(read, answer, deps.clock.now());
        answer.discard();
        return mediaIdInAddress.exec(answer.headers.location ?? "")?.[1]?.toLowerCase() ?? null;
      });
      keep(mediaIdOf, attachmentId, mediaId, filesKeptMax);
      return mediaId;
    } catch (error) {
      // Removed since, or not for us to see: then the node keeps its id, and nothing is named by it.
      if (isServiceError(error, "not_found")) return null;
      throw error;
    }
  }

  return { remember, name };
}

/** Sets the value and forgets the oldest ones above the bound. */
function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, sizeMax: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= sizeMax) break;
    map.delete(oldest);
  }
}
