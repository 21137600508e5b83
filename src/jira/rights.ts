/** What our account and its token may do on the site. */
import { isServiceError } from "../domain/service-error.ts";
import { propertyKey } from "./mapping.ts";
import type { CallContext, Transport } from "./transport.ts";
import { projectPageSchema } from "./wire.ts";

/** Ids of issues begin far above. */
const noIssueId = "1";

/** `JiraAdminPort.checkMayWrite`. */
export async function checkMayWrite(transport: Transport): Promise<void> {
  const call: CallContext = { operation: "checkMayWrite", effect: "write", lane: "live" };
  const url = `/rest/api/3/issue/${noIssueId}/properties/${propertyKey}`;
  try {
    await transport.client(call).sendRequest({ url, method: "PUT", body: {} });
  } catch (error) {
    if (!isServiceError(error, "not_found")) throw error;
  }
}

/** `JiraAdminPort.listProjects`. */
export async function listProjects(transport: Transport, call: CallContext) {
  const searchParams = { action: "create", orderBy: "key", maxResults: 50 };
  const request = { url: "/rest/api/3/project/search", searchParams, schema: projectPageSchema };
  return (await transport.client(call).sendRequest(request)).values;
}
