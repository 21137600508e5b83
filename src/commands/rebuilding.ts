/** What a flow of `rebuild` needs, for the commands that recognise copies by their marks. */
import { setTimeout as sleep } from "node:timers/promises";
import type { RebuildDeps } from "../sync/repair/survey.ts";
import type { Composition, WiredConnection } from "./cli/app.ts";

/** What a flow of `rebuild` needs for one connection. */
export function rebuildDeps(
  composition: Composition,
  connection: WiredConnection,
  onProgress?: (done: number, total: number) => void,
): RebuildDeps {
  const { host } = connection.config.jira;
  const others = composition.connections.filter((other) => other !== connection && other.config.jira.host === host);
  return {
    ...connection.reconcile,
    store: composition.rebuilding,
    sleep,
    concurrency: composition.config.workerConcurrency,
    otherProjects: new Set(others.map((other) => other.config.jira.projectKey)),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}
