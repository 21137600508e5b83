/** Reading file bytes back, for `verify --deep`: what lies on the other side is what was sent (rule 8). */
import { type AttachmentId, type CaseFileId, type LinkId, toId } from "../../domain/ids.ts";
import type { Lane } from "../../domain/lane.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import type { Mirror } from "../../domain/rows/mirror.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { HuaweiPort, JiraPort, Spool } from "../ports.ts";
import type { StatePort } from "../state.ts";
import type { Difference } from "./inspect.ts";

/** What reading back needs. */
export type InspectFilesDeps = {
  readonly huawei: Pick<HuaweiPort, "downloadFile">;
  readonly jira: Pick<JiraPort, "downloadFile">;
  readonly state: Pick<StatePort, "findSnapshot">;
  readonly spool: Spool;
  readonly lane: Lane;
};

/**
 * Downloads the copy of every mirrored file of a link, one at a time, and compares size and sha-256 with what was recorded when it was
 * sent. Writes nothing. Throws `ServiceError` when a service cannot be reached or refuses the credentials. May be repeated.
 */
export async function inspectFiles(deps: InspectFilesDeps, linkId: LinkId): Promise<readonly Difference[]> {
  const snapshot = await deps.state.findSnapshot(linkId);
  const differences: Difference[] = [];
  for (const mirror of snapshot?.mirrors ?? []) {
    if (mirror.kind !== "file" || mirror.state !== "live" || mirror.copyId === null || mirror.sha256 === null) continue;
    const what = await compareBytes(deps, mirror, mirror.copyId);
    if (what === null) continue;
    const direction = mirror.origin === "huawei" ? "to-jira" : "to-huawei";
    differences.push({ item: itemKey("file", mirror.sourceId), what, direction, pending: false });
  }
  return differences;
}

/** What is wrong with a copy; `null` when it has the bytes that were sent. */
async function compareBytes(deps: InspectFilesDeps, mirror: Mirror, copyId: string): Promise<string | null> {
  // One byte more is enough to tell that it is another file.
  const sizeMaxBytes = mirror.sizeBytes ?? Number.MAX_SAFE_INTEGER;
  try {
    const copy =
      mirror.origin === "huawei"
        ? await deps.jira.downloadFile(toId<AttachmentId>(copyId), deps.spool, sizeMaxBytes, deps.lane)
        : await deps.huawei.downloadFile(toId<CaseFileId>(copyId), deps.spool, sizeMaxBytes, deps.lane);
    await deps.spool.remove(copy);
    return copy.sha256 === mirror.sha256 ? null : `the copy has other bytes (${copy.sizeBytes} of ${mirror.sizeBytes})`;
  } catch (error) {
    if (error instanceof Error && error.name === "FileTooLarge") return "the copy is larger than what was sent";
    if (!isServiceError(error, "not_found", "forbidden", "rejected", "contract")) throw error;
    return `the copy cannot be read back: ${error.kind.replace("_", " ")}`;
  }
}
