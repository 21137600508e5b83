/** The flows' memory for a command that only looks. */
import type { ConnectionState, StatePort } from "../sync/state.ts";
import { findConnection, findInstallation } from "./connections.ts";
import { makeState } from "./state.ts";

/** Stands for the id of an installation that was not made yet: no mark names it, so nothing is taken for ours. */
const noInstallation = "none";

/**
 * As `makeState`, but what a first look would store is only answered: an installation without id, and a connection that no worker
 * has served yet. Whatever else would write is refused by the session of a database that was opened for reading.
 */
export function makeReadingState(deps: Parameters<typeof makeState>[0]): StatePort {
  const { prisma } = deps;
  return {
    ...makeState(deps),
    getInstallation: async () => (await findInstallation(prisma)) ?? noInstallation,
    getConnection: async (name) => (await findConnection(prisma, name)) ?? unservedConnection(name),
  };
}

function unservedConnection(name: string): ConnectionState {
  return {
    name,
    state: "active",
    stateReason: null,
    pausedToJira: false,
    pausedToHuawei: false,
    firstRoundAt: null,
    importDoneAt: null,
    huaweiUserIds: [],
    outgoingSince: null,
  };
}
