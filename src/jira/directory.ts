/**
 * Who we are and what the project's things are called: looked up once, then remembered, since names come back in the
 * account's language and every write needs ids (jira.md 1).
 */

import type { z } from "zod";
import type { ScreenField } from "../domain/create-screen.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { Clock, NamedId } from "../sync/ports.ts";
import { asRead, type CachedRead, once } from "./cached-read.ts";
import { makeLevels } from "./levels.ts";
import { toFieldKind } from "./mapping.ts";
import type { JiraOptions } from "./options.ts";
import { readPages } from "./paging.ts";
import { isRequestTypeField, makeRequestTypes, type RequestTypes } from "./request-types.ts";
import type { CallContext, Transport } from "./transport.ts";
import { checkedSegment } from "./transport.ts";
import {
  createFieldPageSchema,
  fieldsSchema,
  issueTypePageSchema,
  linkTypesSchema,
  myselfSchema,
  projectSchema,
  type screenFieldSchema,
  usersSchema,
} from "./wire.ts";

/** Our own account. */
export type Myself = {
  readonly accountId: string;
  readonly timeZone: string | null;
  readonly emailAddress: string | null;
  /** `atlassian`, `app` or `customer`; `null` = not told. */
  readonly accountType: string | null;
};
/** A kind of issue that can be created; a subtask needs a parent. */
export type IssueType = NamedId & { readonly isSubtask: boolean };
/** The connection's project. `projectTypeKey` is `service_desk` for service projects. */
export type Project = {
  readonly id: string;
  readonly key: string;
  readonly projectTypeKey: string | null;
  /** Team-managed: there are no security levels, issues are restricted by role. `null` = not told. */
  readonly isTeamManaged: boolean | null;
  /** It can be read and takes no new issue. */
  readonly isArchived: boolean;
  /** Roles of the project; the id is the last part of the role's address. */
  readonly roles: readonly NamedId[];
};

/** Look-ups of one connection. Every call throws only `ServiceError`; a failed look-up is made again by the next caller. */
export type Directory = {
  myself(call: CallContext): Promise<Myself>;
  project(call: CallContext): Promise<Project>;
  /** Issue types that can be created in the project. */
  issueTypes(call: CallContext): Promise<readonly IssueType[]>;
  /** All fields on the create screen of an issue type (`/issue/createmeta`, which `read:jira-work` may read; jira.md 6). */
  createFields(call: CallContext, issueTypeId: string): Promise<readonly ScreenField[]>;
  /** All fields of the site. */
  siteFields(call: CallContext): Promise<readonly NamedId[]>;
  /** Account id of the one person who can be assigned in the project and has this account id or e-mail address; `null` = there is none. */
  assignable(call: CallContext, idOrEmail: string): Promise<string | null>;
  /** Request types of a service project, and the field that holds them. */
  readonly requestTypes: RequestTypes;
  /** The type of link that says no more than that two issues belong together; `null` = the site has none, or no links at all. */
  relatesType(call: CallContext): Promise<NamedId | null>;
  /**
   * Whether the project has issue security levels at all. `unknown`: our account may not know. Looked up anew every ten minutes.
   */
  levels(call: CallContext): Promise<"none" | "some" | "unknown">;
  /** Makes the next caller look again: an id turned out to be wrong. What was forgotten within the last half minute has just been read. */
  forget(): void;
};

const pageSize = 100;
/** Shorter than the pause before a refused create is tried again. */
const forgetPauseMs = 30_000;

/** A field of a create or edit screen out of Jira's description of it. Pure. */
export function toScreenField(
  fieldId: string,
  { name, required, hasDefaultValue, allowedValues, schema }: z.output<typeof screenFieldSchema>,
): ScreenField {
  return {
    fieldId,
    name,
    required,
    hasDefault: hasDefaultValue === true,
    ...toFieldKind({ schema, allowedValues }),
    isRequestType: isRequestTypeField(schema?.custom),
    // Text areas alone take formatted text (jira.md 3.3).
    isRichText: schema?.custom?.endsWith(":textarea") === true || schema?.system === "environment",
  };
}

/** Makes the look-ups of one connection. */
export function makeDirectory(deps: {
  readonly options: JiraOptions;
  readonly transport: Transport;
  readonly clock: Clock;
}): Directory {
  const { transport } = deps;
  const projectPath = (call: CallContext) => checkedSegment(call, deps.options.projectKey);

  const myself = once(async (call) => {
    const wire = await transport.client(asRead(call)).sendRequest({ url: "/rest/api/3/myself", schema: myselfSchema });
    return {
      accountId: wire.accountId,
      timeZone: wire.timeZone ?? null,
      emailAddress: wire.emailAddress ?? null,
      accountType: wire.accountType ?? null,
    };
  });

  const project = once(async (call) => {
    const url = `/rest/api/3/project/${projectPath(call)}`;
    const wire = await transport.client(asRead(call)).sendRequest({ url, schema: projectSchema });
    const roles = Object.entries(wire.roles ?? {}).map(([name, url]) => ({ id: url.split("/").at(-1) ?? url, name }));
    return {
      id: wire.id,
      key: wire.key,
      projectTypeKey: wire.projectTypeKey ?? null,
      isTeamManaged: wire.simplified ?? null,
      isArchived: wire.archived === true,
      roles,
    };
  });

  const issueTypes = once((call) => {
    const url = `/rest/api/3/issue/createmeta/${projectPath(call)}/issuetypes`;
    const read = asRead(call);
    return readPages(read, async (startAt) => {
      const searchParams = { startAt, maxResults: pageSize };
      const page = await transport.client(read).sendRequest({ url, searchParams, schema: issueTypePageSchema });
      const items = page.issueTypes.map(({ id, name, subtask }) => ({ id, name, isSubtask: subtask === true }));
      return { items, total: page.total ?? null };
    });
  });

  const createFieldsOf = new Map<string, CachedRead<readonly ScreenField[]>>();
  function createFields(call: CallContext, issueTypeId: string): Promise<readonly ScreenField[]> {
    const known = createFieldsOf.get(issueTypeId) ?? once((first) => readCreateFields(first, issueTypeId));
    createFieldsOf.set(issueTypeId, known);
    return known(call);
  }

  async function readCreateFields(call: CallContext, issueTypeId: string): Promise<readonly ScreenField[]> {
    const read = asRead(call);
    const url = `/rest/api/3/issue/createmeta/${projectPath(read)}/issuetypes/${checkedSegment(read, issueTypeId)}`;
    const fields = await readPages(read, async (startAt) => {
      const searchParams = { startAt, maxResults: pageSize };
      const page = await transport.client(read).sendRequest({ url, searchParams, schema: createFieldPageSchema });
      return { items: page.fields, total: page.total ?? null };
    });
    return fields.map((field) => toScreenField(field.fieldId, field));
  }

  const siteFields = once((call) =>
    transport.client(asRead(call)).sendRequest({ url: "/rest/api/3/field", schema: fieldsSchema }),
  );

  const assignableOf = new Map<string, CachedRead<string | null>>();
  function assignable(call: CallContext, idOrEmail: string): Promise<string | null> {
    const known = assignableOf.get(idOrEmail) ?? once((first) => readAssignable(first, idOrEmail));
    assignableOf.set(idOrEmail, known);
    return known(call);
  }

  async function readAssignable(call: CallContext, idOrEmail: string): Promise<string | null> {
    const wanted = idOrEmail.trim();
    const isEmail = wanted.includes("@");
    const found = await transport.client(asRead(call)).sendRequest({
      url: "/rest/api/3/user/assignable/search",
      searchParams: { project: deps.options.projectKey, ...(isEmail ? { query: wanted } : { accountId: wanted }) },
      schema: usersSchema,
    });
    if (!isEmail) return found.find(({ accountId }) => accountId === wanted)?.accountId ?? null;
    const named = found.filter(({ emailAddress }) => emailAddress?.toLowerCase() === wanted.toLowerCase());
    // Most people hide their address: then the search, which knows it, must be sure.
    const [only, ...others] = named.length > 0 ? named : found.filter(({ emailAddress }) => emailAddress == null);
    return only !== undefined && others.length === 0 ? only.accountId : null;
  }

  const relatesType = once(async (call) => {
    const url = "/rest/api/3/issueLinkType";
    try {
      const { issueLinkTypes } = await transport.client(asRead(call)).sendRequest({ url, schema: linkTypesSchema });
      // Named "Relates" on every new site; a renamed one is told by reading the same from both ends.
      return (
        issueLinkTypes.find(({ name }) => /^relate/i.test(name)) ??
        issueLinkTypes.find(({ inward, outward }) => inward === outward) ??
        null
      );
    } catch (error) {
      // Issue linking can be switched off for a whole site.
      if (isServiceError(error, "not_found")) return null;
      throw error;
    }
  });

  const levels = makeLevels({ ...deps, project });
  const requestTypes = makeRequestTypes({ transport, project });
  let forgottenAt = Number.NEGATIVE_INFINITY;

  return {
    levels,
    relatesType,
    myself,
    project,
    issueTypes,
    createFields,
    siteFields,
    assignable,
    requestTypes,
    forget: () => {
      const now = deps.clock.now().getTime();
      // Hundreds of cases may be refused for the same reason.
      if (Math.abs(now - forgottenAt) < forgetPauseMs) return;
      forgottenAt = now;
      const cachedReads = [project, issueTypes, siteFields, relatesType, requestTypes.list, requestTypes.fieldId];
      for (const cachedRead of cachedReads) cachedRead.forget();
      createFieldsOf.clear();
      assignableOf.clear();
    },
  };
}
