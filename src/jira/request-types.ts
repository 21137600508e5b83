/**
 * Request types of a service project. An issue without one stands in no queue of its service desk (jira.md 6). Its field is a custom field
 * of type `vp-origin` with another id on each site, and takes the id of a request type.
 *
 * Assumed: the list takes the project's id for that of the service desk, as its page says ("project identifier"); the field takes the id as
 * a text. A create in a real service project would prove both.
 */
import type { ScreenField } from "../domain/create-screen.ts";
import { findByNameOrId } from "../domain/named-id.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { NamedId } from "../sync/ports.ts";
import { asRead, type CachedRead, once } from "./cached-read.ts";
import { readPages } from "./paging.ts";
import { type CallContext, checkedSegment, type Transport } from "./transport.ts";
import { fieldsSchema, requestTypePageSchema } from "./wire.ts";

/** A request type with the id of the issue type that its requests have; `null` = not told. */
export type RequestType = NamedId & { readonly issueTypeId: string | null };

/** Look-ups of a service project's request types; each is made once, until it is forgotten. Throws `ServiceError`. */
export type RequestTypes = {
  /** `null`: the project has no service desk, or our account may not ask. */
  readonly list: CachedRead<readonly RequestType[] | null>;
  /** The site's field for it; `null` = it has none, or more than one. */
  readonly fieldId: CachedRead<string | null>;
};

/** Whether a field with this type, as Jira tells it, holds the request type. */
export function isRequestTypeField(custom: string | null | undefined): boolean {
  return custom?.endsWith(":vp-origin") === true;
}

/** Makes the look-ups. */
export function makeRequestTypes(deps: {
  readonly transport: Transport;
  readonly project: (call: CallContext) => Promise<{ readonly id: string }>;
}): RequestTypes {
  const { transport } = deps;

  async function readTypes(call: CallContext): Promise<readonly RequestType[] | null> {
    const read = asRead(call);
    try {
      const url = `/rest/servicedeskapi/servicedesk/${checkedSegment(read, (await deps.project(read)).id)}/requesttype`;
      const found = await readPages(read, async (start) => {
        const searchParams = { start, limit: 100 };
        const { values } = await transport
          .client(read)
          .sendRequest({ url, searchParams, schema: requestTypePageSchema });
        return { items: values, total: null };
      });
      return found.map(({ id, name, issueTypeId }) => ({ id, name, issueTypeId: issueTypeId ?? null }));
    } catch (error) {
      // A look-up stops no create (rule 9): an id in the configuration is enough.
      if (isServiceError(error, "not_found", "forbidden", "rejected")) return null;
      throw error;
    }
  }

  async function readFieldId(call: CallContext): Promise<string | null> {
    const url = "/rest/api/3/field";
    const fields = await transport.client(asRead(call)).sendRequest({ url, schema: fieldsSchema });
    const found = fields.filter(({ schema }) => isRequestTypeField(schema?.custom));
    return found.length === 1 ? (found[0]?.id ?? null) : null;
  }

  return { list: once(readTypes), fieldId: once(readFieldId) };
}

/**
 * The value of the request type's field for what the configuration names, or what is wrong with it, for people. A create screen that
 * lists the field and its values is believed before the service desk's own list, since the latter may be closed to our account.
 */
export async function findRequestType(
  types: RequestTypes,
  call: CallContext,
  wanted: { readonly nameOrId: string; readonly screen: readonly ScreenField[] | null },
): Promise<{ readonly fieldId: string; readonly id: string } | { readonly problem: string }> {
  const onScreen = wanted.screen?.find(({ isRequestType }) => isRequestType === true) ?? null;
  const fieldId = onScreen?.fieldId ?? (await types.fieldId(call));
  if (fieldId === null) return { problem: "issue.requestType: the site has no field for request types" };
  const allowed = onScreen !== null && onScreen.allowed.length > 0 ? onScreen.allowed : await types.list(call);
  const id = wanted.nameOrId.trim();
  if (allowed === null)
    return /^\d+$/.test(id)
      ? { fieldId, id }
      : {
          problem: `issue.requestType: ${id} cannot be looked up, since Jira does not tell the request types; give its id`,
        };
  const found = findByNameOrId(allowed, id);
  if (found !== null) return { fieldId, id: found.id };
  const names = allowed.map((type) => `${type.id} ${type.name}`).join(", ");
  return {
    problem: `issue.requestType: the project has no request type ${id}; it has ${names === "" ? "none" : names}`,
  };
}
