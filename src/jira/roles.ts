/** Who is in a role of the project: people named one by one, and the members of its groups. */
import { z } from "zod";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { JiraPort } from "../sync/ports.ts";
import type { JiraOptions } from "./options.ts";
import { readPages } from "./paging.ts";
import { type CallContext, checkedSegment, type Transport } from "./transport.ts";

const projectRolesSchema = z.object({ roles: z.record(z.string(), z.string()).nullish() });
const roleSchema = z.object({
  actors: z
    .array(
      z.object({
        actorUser: z.object({ accountId: z.string().nullish() }).nullish(),
        actorGroup: z.object({ groupId: z.string().nullish() }).nullish(),
      }),
    )
    .nullish(),
});
const groupPageSchema = z.object({ total: z.number().nullish(), values: z.array(z.object({ accountId: z.string() })) });

/** Makes the look-up of a role. Read afresh each time: who was taken out of a role must not act any more. */
export function makeRoleCalls(deps: {
  readonly options: JiraOptions;
  readonly transport: Transport;
}): Pick<JiraPort, "findRoleMembers"> {
  const { transport } = deps;

  async function findRoleMembers(nameOrId: string, lane: Lane) {
    const call: CallContext = { operation: "findRoleMembers", effect: "read", lane };
    const project = `/rest/api/3/project/${checkedSegment(call, deps.options.projectKey)}`;
    try {
      const { roles } = await transport.client(call).sendRequest({ url: project, schema: projectRolesSchema });
      const wanted = nameOrId.trim().toLowerCase();
      const ids = Object.entries(roles ?? {}).map(
        ([name, url]) => [name.toLowerCase(), url.split("/").at(-1) ?? ""] as const,
      );
      const id = ids.find(([name, roleId]) => roleId === wanted || name === wanted)?.[1];
      if (id === undefined) return "role_missing";
      const { actors } = await transport
        .client(call)
        .sendRequest({ url: `${project}/role/${checkedSegment(call, id)}`, schema: roleSchema });
      const members = (actors ?? []).flatMap((actor) => actor.actorUser?.accountId ?? []);
      for (const groupId of (actors ?? []).flatMap((actor) => actor.actorGroup?.groupId ?? [])) {
        members.push(...(await listGroup(call, groupId)));
      }
      return [...new Set(members)];
    } catch (error) {
      // Members need Administer Projects, those of groups Browse users and groups; an ordinary account has neither (jira.md 6).
      if (isServiceError(error, "not_found", "forbidden")) return "role_unreadable";
      throw error;
    }
  }

  async function listGroup(call: CallContext, groupId: string): Promise<readonly string[]> {
    const people = await readPages(call, async (startAt) => {
      const searchParams = { groupId, startAt, maxResults: 50 };
      const page = await transport
        .client(call)
        .sendRequest({ url: "/rest/api/3/group/member", searchParams, schema: groupPageSchema });
      return { items: page.values, total: page.total ?? null };
    });
    return people.map((person) => person.accountId);
  }

  return { findRoleMembers };
}
