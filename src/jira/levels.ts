/** Whether the project has issue security levels at all: where it has none, a reading without the field hides nothing (rule 5). */
import { isServiceError } from "../domain/service-error.ts";
import type { Clock } from "../sync/ports.ts";
import { asRead, once } from "./cached-read.ts";
import type { JiraOptions } from "./options.ts";
import { type CallContext, checkedSegment, type Transport } from "./transport.ts";
import { permissionsSchema, securityLevelsSchema } from "./wire.ts";

/** Somebody may give the project its first level. */
const levelsMaxAgeMs = 600_000;

/** Makes the look-up `levels` of a directory; it is made anew every ten minutes. */
export function makeLevels(deps: {
  readonly options: JiraOptions;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly project: (call: CallContext) => Promise<{ readonly isTeamManaged: boolean | null }>;
}): (call: CallContext) => Promise<"none" | "some" | "unknown"> {
  const { transport, project } = deps;

  /** Levels of the project as one of two calls tells them; `null` where it may not be asked, or says nothing. */
  async function findLevels(call: CallContext, place: string): Promise<readonly unknown[] | null> {
    const url = `/rest/api/3/project/${checkedSegment(call, deps.options.projectKey)}/${place}`;
    try {
      return (await transport.client(asRead(call)).sendRequest({ url, schema: securityLevelsSchema })).levels;
    } catch (error) {
      // A look-up stops no reading (rule 9): what is not told is not known.
      if (isServiceError(error)) return null;
      throw error;
    }
  }

  async function maySetLevels(call: CallContext): Promise<boolean> {
    const permission = "SET_ISSUE_SECURITY";
    try {
      const { permissions } = await transport.client(asRead(call)).sendRequest({
        url: "/rest/api/3/mypermissions",
        searchParams: { projectKey: deps.options.projectKey, permissions: permission },
        schema: permissionsSchema,
      });
      return permissions[permission]?.havePermission === true;
    } catch (error) {
      if (isServiceError(error)) return false;
      throw error;
    }
  }

  const levelsNow = once(async (call): Promise<"none" | "some" | "unknown"> => {
    if ((await project(call)).isTeamManaged === true) return "none";
    const scheme = await findLevels(call, "issuesecuritylevelscheme");
    if (scheme !== null) return scheme.length === 0 ? "none" : "some";
    const levels = await findLevels(call, "securitylevel");
    if (levels === null) return "unknown";
    if (levels.length > 0) return "some";
    // The list is empty as well for whoever may not set levels.
    return (await maySetLevels(call)) ? "none" : "unknown";
  });
  let readAt = Number.NEGATIVE_INFINITY;

  return (call) => {
    const now = deps.clock.now().getTime();
    if (Math.abs(now - readAt) > levelsMaxAgeMs) {
      levelsNow.forget();
      readAt = now;
    }
    return levelsNow(call);
  };
}
