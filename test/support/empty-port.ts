/** What pages and API read where nothing is mirrored, for tests of what stands in front of them: access, headers, sessions. */
import { noExtras } from "../../src/web/pages/overview-page.ts";
import type { PagePort } from "../../src/web/pages/page-port.ts";

const nothing = { items: [], nextCursor: null };

/** A port without anything in it, save what is given. It cannot act. */
export function emptyPort(given: Partial<PagePort> = {}): PagePort {
  return {
    connections: [],
    status: async () => ({
      ...{ at: new Date(), databaseReadOnly: false, connections: [], queues: [], notifications: null },
    }),
    overview: async () => noExtras,
    history: async () => [],
    links: async () => nothing,
    link: async () => null,
    acts: async () => nothing,
    failureGroups: async () => [],
    failures: async () => nothing,
    failure: async () => null,
    version: async () => "",
    settings: () => [],
    work: () => null,
    recentWork: () => [],
    actAs: () => {
      throw new Error("nobody acts here");
    },
    ...given,
  };
}
