/** Which projects our account may write to. */
import type { CallContext, Transport } from "./transport.ts";
import { projectPageSchema } from "./wire.ts";

/** `JiraAdminPort.listProjects`. */
export async function listProjects(transport: Transport, call: CallContext) {
  const searchParams = { action: "create", orderBy: "key", maxResults: 50 };
  const request = { url: "/rest/api/3/project/search", searchParams, schema: projectPageSchema };
  return (await transport.client(call).sendRequest(request)).values;
}
