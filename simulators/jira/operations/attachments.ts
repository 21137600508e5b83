// Attachments, jira.md 3.5 and 2.4.

import { readChunks } from "../../base/http.ts";
import {
  boundaryOf,
  discardForm,
  type FilePart,
  MultipartError,
  type MultipartForm,
  readMultipart,
} from "../../base/multipart.ts";
import { failure, HttpFailure, ok, type PreparedWrite, type Reply, type RequestContext, refused } from "../http.ts";
import { toMimeType } from "../mime-types.ts";
import { canSeeIssue, hasPermission, requirePermission, type Site, visibleIssue } from "../site.ts";
import type { AttachmentRecord, IssueRecord } from "../types.ts";
import { viewAttachment } from "../views.ts";
import { type Handlers, param } from "./handler.ts";

function getAttachmentMeta(site: Site): Reply {
  return ok({ enabled: site.settings.attachmentsEnabled, uploadLimit: site.settings.uploadLimitBytes });
}

/** The attachment and its issue. Throws 404 when either is gone or hidden. */
function findAttachment(site: Site, id: string): { issue: IssueRecord; item: AttachmentRecord } {
  const found = site.state.findAttachment(id);
  if (found === null || !canSeeIssue(site, found.issue))
    throw failure(404, [`The attachment with id '${id}' does not exist`]);
  return found;
}

/** Headers and bytes of a download, whole or the asked range. */
export function replyWithFile(attachment: AttachmentRecord, range: string | undefined): Reply {
  const headers = {
    "content-type": attachment.mimeType,
    "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(attachment.name.toWellFormed())}`,
  };
  const { bytes } = attachment;
  const size = bytes.sizeBytes;
  if (range === undefined) return { status: 200, headers, file: { bytes, start: 0, length: size } };
  const match = /^bytes=(\d+)-(\d*)$/.exec(range);
  const start = Number(match?.[1] ?? Number.NaN);
  const end = match?.[2] === undefined || match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match === null || start >= size || end < start) {
    throw new HttpFailure({
      status: 416,
      body: { errorMessages: ["Range not satisfiable"], errors: {} },
      headers: { "content-range": `bytes */${size}` },
    });
  }
  return {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${start}-${end}/${size}` },
    file: { bytes, start, length: end - start + 1 },
  };
}

function getAttachmentContent(site: Site, context: RequestContext): Reply {
  const { item: attachment } = findAttachment(site, param(context, "id"));
  if (context.query.flag("redirect", true)) {
    return { status: 303, headers: { location: site.makeDownloadUrl(attachment.id) } };
  }
  return replyWithFile(attachment, context.headers.range);
}

function removeAttachment(site: Site, context: RequestContext): PreparedWrite {
  const { issue, item: attachment } = findAttachment(site, param(context, "id"));
  const own = attachment.authorId === site.bot.accountId && hasPermission(site, "DELETE_OWN_ATTACHMENTS");
  if (!own && !hasPermission(site, "DELETE_ALL_ATTACHMENTS")) {
    throw failure(403, [`You do not have permission to delete attachment with id: ${attachment.id}`]);
  }
  return {
    issueId: issue.id,
    commit: () => {
      findAttachment(site, attachment.id);
      site.state.deleteAttachment(attachment.id, site.bot.accountId);
      return { status: 204 };
    },
  };
}

/** Name of a file as Jira keeps it. Assumed: folders are cut off, control characters refused, at most 255 characters. */
function requireName(site: Site, { fileName }: FilePart): string {
  const name = fileName.slice(Math.max(fileName.lastIndexOf("/"), fileName.lastIndexOf("\\")) + 1);
  if (name.length === 0 || /[\u0000-\u001f]/.test(name)) throw failure(400, ["The file name is invalid."]);
  if (name.length > site.settings.attachmentNameMax) throw failure(400, ["The file name is too long."]);
  return name;
}

const FILES_MAX = 60;

/** The files of an upload. Nothing of it is kept when it is refused. */
async function readFiles(site: Site, context: RequestContext): Promise<MultipartForm> {
  const type = context.headers["content-type"] ?? "";
  const boundary = boundaryOf(type);
  if (boundary === null) {
    throw new HttpFailure({
      status: 415,
      body: { errorMessages: ["Unsupported Media Type"], errors: {} },
      refusal: `upload with content type "${type}"`,
    });
  }
  const how = { openSink: site.files.openSink, fileBytesMax: site.settings.uploadLimitBytes };
  try {
    return await readMultipart(readChunks(context.request, Number.POSITIVE_INFINITY), boundary, how);
  } catch (error) {
    if (error instanceof MultipartError) throw refused(`upload: ${error.message}`);
    throw error;
  }
}

/** @throws HttpFailure for files that the issue cannot take. */
function checkFiles(site: Site, issue: IssueRecord, { fields, files, cutFiles }: MultipartForm): void {
  const [text] = fields;
  if (text !== undefined) throw refused(`upload: part "${text.field}" is no file`);
  if (files.length > FILES_MAX) throw refused(`upload: more than ${FILES_MAX} files`);
  if (cutFiles) throw failure(413, ["The file exceeds the maximum permitted size for attachments."]);
  if (files.length === 0) throw failure(400, ["No files were attached."]);
  const wrong = files.find(({ field }) => field !== "file");
  if (wrong !== undefined) throw refused(`upload part named "${wrong.field}" instead of "file"`);
  if (issue.attachments.length + files.length > site.settings.maxAttachments)
    throw failure(413, ["The per-issue limit of attachments has been reached."]);
}

async function addAttachment(site: Site, context: RequestContext): Promise<PreparedWrite> {
  // The header proves that no browser form sent this (addAttachment in the description).
  if (context.headers["x-atlassian-token"] !== "no-check") {
    throw new HttpFailure({
      status: 403,
      body: "XSRF check failed",
      refusal: "upload without X-Atlassian-Token: no-check",
    });
  }
  if (site.settings.refuseChunkedUploads && context.headers["content-length"] === undefined) {
    throw new HttpFailure({ status: 411, body: "Length Required", refusal: "upload without Content-Length" });
  }
  const issue = visibleIssue(site, param(context, "issueIdOrKey"));
  if (!site.settings.attachmentsEnabled) throw failure(403, ["Attachments are disabled."]);
  requirePermission(site, "CREATE_ATTACHMENTS", "You do not have permission to create attachments for this issue.");
  const form = await readFiles(site, context);
  try {
    checkFiles(site, issue, form);
    const files = form.files.map((part) => {
      const name = requireName(site, part);
      return { name, mimeType: toMimeType(name, part.contentType), bytes: part.sink.finish() };
    });
    return {
      issueId: issue.id,
      commit: () => {
        visibleIssue(site, issue.id);
        const added = files.map((file) => site.state.addAttachment(issue.id, file, site.bot.accountId));
        return ok(added.map((attachment) => viewAttachment(site, attachment)));
      },
    };
  } catch (error) {
    discardForm(form);
    throw error;
  }
}

/** Attachments. */
export const attachmentHandlers: Handlers = {
  getAttachmentMeta,
  getAttachmentContent,
  removeAttachment,
  addAttachment,
};
