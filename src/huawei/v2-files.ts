/** Files over v2: limits, up and down. */
import { type CaseFileId, toId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { Sealed } from "../lib/sealed.ts";
import type { CaseFileLimits, CaseUpload, HuaweiPort, Spool, SpooledFile } from "../sync/ports.ts";
import type { DialectDeps } from "./dialect.ts";
import { spoolDownload } from "./download.ts";
import { parseWire } from "./mapping.ts";
import { makeUploadBody } from "./multipart.ts";
import { sealedBody } from "./transport.ts";
import { v2Call } from "./v2-call.ts";
import { wireLimits, wireUpload } from "./wire.ts";

/** The gateway refuses requests above 12 MB (huawei.md 3.2); part heads need a little of it. */
const uploadBytesMax = 12 * 1024 * 1024 - 64 * 1024;

/** `HuaweiPort.getFileLimits` and `uploadFile`: the limits that were told are kept until a file is refused. */
export function makeFileCalls(deps: DialectDeps): Pick<HuaweiPort, "getFileLimits" | "uploadFile"> {
  let cached: { readonly limits: CaseFileLimits; readonly atMs: number } | null = null;
  return {
    async getFileLimits(lane, ageMaxMs = 0) {
      const atMs = deps.clock.now().getTime();
      if (cached !== null && Math.abs(atMs - cached.atMs) < ageMaxMs) return cached.limits;
      cached = { limits: await readFileLimits(deps, lane), atMs };
      return cached.limits;
    },
    async uploadFile(sealed, lane) {
      try {
        return await uploadFile(deps, sealed, lane);
      } catch (error) {
        if (isServiceError(error, "rejected")) cached = null;
        throw error;
      }
    },
  };
}

async function readFileLimits(deps: DialectDeps, lane: Lane): Promise<CaseFileLimits> {
  const call = v2Call(deps, { operation: "getFileLimits", path: ["accessorys", "limits"] });
  const wire = parseWire(call, wireLimits, { value: await deps.transport.json(call, lane) });
  const { limit_count: countMax, limit_size: sizeMegabytes, limit_file_type: types } = wire.accessory_limit;
  const extensions = (types ?? "").split(/[,;\s]+/).map((type) => type.toLowerCase().replace(/^\*?\./, ""));
  return {
    countMax,
    // Assumed: a megabyte of `limit_size` is 1024 * 1024 bytes; an upload just below it would prove it.
    sizeMaxBytes: Math.min(Math.floor(sizeMegabytes * 1024 * 1024), uploadBytesMax),
    extensions: extensions.filter((type) => type !== "" && type !== "*"),
  };
}

async function uploadFile(deps: DialectDeps, sealed: Sealed<CaseUpload>, lane: Lane): Promise<CaseFileId> {
  const body = sealedBody(sealed, ({ file, name, purpose }) =>
    makeUploadBody({
      file,
      fileField: "file",
      name,
      fields: { form_data: JSON.stringify({ fileName: name, accessoryFrom: purpose, uploadType: 0 }) },
    }),
  );
  const call = v2Call(deps, { operation: "uploadFile", method: "POST", path: ["accessorys"], ...body });
  const wire = parseWire(call, wireUpload, { value: await deps.transport.json(call, lane) });
  return toId<CaseFileId>(wire.accessory_id);
}

/** `HuaweiPort.deleteUpload`. */
export async function deleteUpload(deps: DialectDeps, fileId: CaseFileId, lane: Lane): Promise<void> {
  const path = ["accessorys", fileId];
  await deps.transport.json(v2Call(deps, { operation: "deleteUpload", method: "DELETE", path }), lane);
}

/** `HuaweiPort.downloadFile`. */
export function downloadFile(
  deps: DialectDeps,
  fileId: CaseFileId,
  into: { readonly spool: Spool; readonly sizeMaxBytes: number },
  lane: Lane,
): Promise<SpooledFile> {
  const call = v2Call(deps, {
    operation: "downloadFile",
    // One id per call: several come back as an archive (huawei.md 8).
    path: ["accessorys", fileId],
    query: { group_id: deps.groupId },
    transferBytes: into.sizeMaxBytes,
  });
  return spoolDownload(deps.transport, call, into, lane);
}
