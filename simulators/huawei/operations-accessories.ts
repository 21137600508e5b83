/** Operations on accessories: both uploads, limits, downloads, links, deletion (huawei.md 8). */

import { z } from "zod";
import type { MultipartForm } from "../base/multipart.ts";
import type { HuaweiAccount } from "./auth.ts";
import { type Answer, type Call, DONE, fail, json, mayAccess, type Operation } from "./context.ts";
import { businessError, RefusedRequest } from "./errors.ts";
import { type Accessory, type Core, insertAccessory, STATUS, visibleStatus } from "./state.ts";
import { textOf } from "./values.ts";

const MEGABYTE = 1024 * 1024;

function extensionOf(name: string): string {
  const cut = name.lastIndexOf(".");
  return cut === -1 ? "" : name.slice(cut + 1).toLowerCase();
}

/**
 * Whether bytes may be stored under this name: type, size, daily total. Assumed: a breach of the limits is a
 * parameter error, except the daily total (OSM.01010005). @throws ServiceError
 */
export function checkUpload(
  core: Core,
  account: HuaweiAccount,
  file: { readonly name: string; readonly sizeBytes: number; readonly types: string; readonly sizeBytesMax: number },
): void {
  const refuse = (message: string) => businessError(core.settings.errorStyle, "OSM.01010001", message);
  if (file.name === "") throw refuse("file name is empty");
  if (!file.types.toLowerCase().split(",").includes(extensionOf(file.name))) throw refuse("file type is not allowed");
  if (file.sizeBytes > file.sizeBytesMax) throw refuse("file is too large");
  const key = uploadDayKey(core, account);
  const used = (core.state.uploadedBytes.get(key) ?? 0) + file.sizeBytes;
  const limit = core.settings.dailyUploadBytesMax;
  if (limit > 0 && used > limit) throw businessError(core.settings.errorStyle, "OSM.01010005");
  core.state.uploadedBytes.set(key, used);
}

/** Assumed: the day changes at midnight of GMT+8, the service's default zone. */
function uploadDayKey(core: Core, account: HuaweiAccount): string {
  const day = new Date(core.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  return `${account.domainId}/${day}`;
}

/**
 * The uploads a new case or message names. @throws RefusedRequest above `countMax` or for a repeated id; ServiceError
 * OSM.01010001 for an id that is unknown, expired, foreign, used, or uploaded for the other purpose.
 */
export function claimAccessories(call: Call, ids: readonly string[], from: string, countMax: number): Accessory[] {
  if (ids.length > countMax) throw new RefusedRequest(`accessory_ids holds more than ${countMax}`);
  if (new Set(ids).size !== ids.length) throw new RefusedRequest("accessory_ids names a file twice");
  return ids.map((accessoryId) => {
    const accessory = call.core.state.accessories.get(accessoryId);
    if (accessory === undefined || !usable(call, accessory)) {
      throw fail(call, "OSM.01010001", "accessory does not exist");
    }
    if (accessory.attachedTo !== null && call.core.settings.accessoryReuse === "refused") {
      throw fail(call, "OSM.01010001", "accessory is in use");
    }
    if (call.core.settings.accessoryFromEnforced && accessory.from !== from) {
      throw fail(call, "OSM.01010001", `accessory was not uploaded for ${from}`);
    }
    return accessory;
  });
}

function usable(call: Call, accessory: Accessory): boolean {
  if (accessory.domainId !== call.account.domainId) return false;
  if (accessory.attachedTo !== null) return true;
  return (
    accessory.userId === call.account.userId &&
    call.core.now() - accessory.createdAt <= call.core.settings.unusedAccessoryLifetimeMs
  );
}

/**
 * An accessory that the caller may read: its own upload, or a file of a case it may see. Files of a withdrawn message
 * stay readable (Assumed). @throws ServiceError OSM.01010001
 */
export function findAccessory(call: Call, accessoryId: string, groupId: string | undefined | "any"): Accessory {
  const missing = fail(call, "OSM.01010001", "accessory does not exist");
  const accessory = call.core.state.accessories.get(accessoryId);
  if (accessory === undefined || !usable(call, accessory)) throw missing;
  if (accessory.attachedTo === null) return accessory;
  const record = call.core.state.cases.get(accessory.attachedTo.caseId);
  if (record === undefined || !mayAccess(call, record, groupId)) throw missing;
  if (call.core.settings.deletedCases === "missing" && visibleStatus(call.core, record) === STATUS.deleted)
    throw missing;
  return accessory;
}

/** The text parts of an upload. @throws RefusedRequest for one that is not `allowed` */
export function readFields(
  form: MultipartForm | null,
  allowed: readonly string[],
): Readonly<Record<string, string | undefined>> {
  for (const { field } of form?.fields ?? [])
    if (!allowed.includes(field)) throw new RefusedRequest(`undocumented multipart part ${field}`);
  return Object.fromEntries((form?.fields ?? []).map(({ field, text }) => [field, text]));
}

/** The JSON text in part `form_data` (openapi UploadAccessoryRequestBody). */
const formData = z.strictObject({
  fileName: z.string().max(512),
  accessoryFrom: z.enum(["incident", "message"]),
  uploadType: z.union([z.literal(0), z.literal(1)]).optional(),
});

/** @throws RefusedRequest */
function readFormData(text: string | undefined): z.infer<typeof formData> {
  if (text === undefined) throw new RefusedRequest("multipart part form_data is required");
  if (text.length > 5000) throw new RefusedRequest("form_data is above 5000 characters");
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new RefusedRequest("form_data is not JSON");
  }
  const { data: good, error } = formData.safeParse(data);
  if (good === undefined) throw new RefusedRequest(`form_data: ${error.issues[0]?.message}`);
  return good;
}

function upload({ core, account, form }: Call): Answer {
  const { fileName: name, accessoryFrom: from } = readFormData(readFields(form, ["form_data"]).form_data);
  const [file] = form?.files ?? [];
  if (file === undefined) throw new RefusedRequest("multipart part file is required");
  const { sizeBytes } = file.sink;
  const types = core.settings.accessoryFileTypes;
  checkUpload(core, account, { name, sizeBytes, types, sizeBytesMax: core.settings.accessoryLimitSizeMb * MEGABYTE });
  const { domainId, userId } = account;
  const { accessoryId } = insertAccessory(core, { name, from, bytes: file.sink.finish(), domainId, userId });
  return json({ accessory_id: accessoryId });
}

function showLimits(call: Call): Answer {
  const { settings } = call.core;
  const value = (count: number): string | number => (settings.numbersForText ? count : String(count));
  return json({
    accessory_limit: {
      limit_count: value(settings.accessoryLimitCount),
      limit_size: value(settings.accessoryLimitSizeMb),
      limit_file_type: settings.accessoryFileTypes,
    },
  });
}

function download(call: Call): Answer {
  const ids = String(call.path.accessory_id).split(",");
  // huawei.md 8: several IDs give an archive whose form is not documented; the advice is one ID per call, so it is refused.
  if (ids.length > 1) throw new RefusedRequest("several accessory IDs in one download");
  const accessory = findAccessory(call, ids[0] ?? "", textOf(call.query, "group_id"));
  return { kind: "file", file: accessory };
}

function makeLink(call: Call, accessory: Accessory): string {
  const token = call.core.random.hex(32);
  call.core.state.downloadLinks.set(token, {
    accessoryId: accessory.accessoryId,
    expiresAt: call.core.now() + call.core.settings.linkLifetimeMs,
  });
  return `${call.baseUrl}/osm-files/${token}`;
}

function showAccessUrl(call: Call): Answer {
  // Assumed: a link stands for its case, so group membership is enough; the operation has no group_id.
  const accessory = findAccessory(call, String(call.path.accessory_id), "any");
  return json({ accessory_url: makeLink(call, accessory) });
}

function deleteAccessory(call: Call): Answer {
  deleteUnused(call, String(call.path.accessory_id));
  return DONE;
}

/** Deletes an own upload that nothing uses (huawei.md 8). @throws ServiceError */
export function deleteUnused(call: Call, accessoryId: string): void {
  const accessory = findAccessory(call, accessoryId, "any");
  if (accessory.attachedTo !== null) throw fail(call, "OSM.01010001", "accessory is in use");
  call.core.state.accessories.delete(accessoryId);
  call.core.files.remove(accessory.bytes);
}

/** Resolves a download link. Returns null when it is unknown or has expired. */
export function followLink(core: Core, token: string): Accessory | null {
  const link = core.state.downloadLinks.get(token);
  if (link === undefined || link.expiresAt < core.now()) return null;
  return core.state.accessories.get(link.accessoryId) ?? null;
}

/** The operations of this file by operationId. */
export const ACCESSORY_OPERATIONS: Readonly<Record<string, Operation>> = {
  UploadAccessory: upload,
  ShowAccessoryLimits: showLimits,
  DownloadAccessories: download,
  ShowDownloadAccessoryUrl: showAccessUrl,
  DeleteAccessories: deleteAccessory,
};
