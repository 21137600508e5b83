/** The edit screen of an issue type, which Jira shows on issues alone. */
import type { ScreenField } from "../domain/create-screen.ts";
import { isServiceError } from "../domain/service-error.ts";
import { toScreenField } from "./directory.ts";
import { quoteJql } from "./jql.ts";
import { type CallContext, checkedSegment, type Transport } from "./transport.ts";
import { editableIssueSchema, idPageSchema } from "./wire.ts";

/** All fields on the edit screen of the newest issue of a type; `null` where there is none. Throws `ServiceError`. */
export async function readEditFields(
  transport: Transport,
  call: CallContext,
  { projectKey, issueTypeId }: { readonly projectKey: string; readonly issueTypeId: string },
): Promise<readonly ScreenField[] | null> {
  const type = checkedSegment(call, issueTypeId);
  const jql = `project = ${quoteJql(projectKey)} AND issuetype = ${type} ORDER BY created DESC`;
  const client = transport.client(call);
  const body = { jql, fields: ["status"], maxResults: 1 };
  const request = { url: "/rest/api/3/search/jql", method: "POST", body, schema: idPageSchema } as const;
  const [newest] = (await client.sendRequest(request)).issues;
  if (newest === undefined) return null;
  const url = `/rest/api/3/issue/${checkedSegment(call, newest.id)}`;
  const searchParams = { fields: "summary", expand: "editmeta" };
  try {
    const { editmeta } = await client.sendRequest({ url, searchParams, schema: editableIssueSchema });
    return Object.entries(editmeta.fields).map(([fieldId, field]) => toScreenField(fieldId, field));
  } catch (error) {
    // A search lags behind: this one was deleted.
    if (isServiceError(error, "not_found")) return null;
    throw error;
  }
}
