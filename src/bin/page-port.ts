/** What the pages read and do: queries of the store, and the very code of the commands with the name of who asks. */
import type { Composition as CommandComposition } from "../commands/cli/app.ts";
import { actOnFailures } from "../commands/failures/failures.ts";
import { setPaused } from "../commands/pausing.ts";
import { guardHeld } from "../domain/guard-word.ts";
import type { LinkId } from "../domain/ids.ts";
import type { QueueBackend } from "../queue/contract.ts";
import { makeAdminStore } from "../store/admin.ts";
import type { FailureEntry } from "../store/failures.ts";
import { readHistory } from "../store/history.ts";
import { readHeldItems, readImports, readVersion } from "../store/page-reads.ts";
import { readLinkView } from "../store/timeline.ts";
import { listWaitingLinks } from "../store/waiting-links.ts";
import type { FailureReasonGroup } from "../web/pages/failures-page.ts";
import type { FailureChoice, PageActs, PagePort } from "../web/pages/page-port.ts";
import type { Composition } from "./compose.ts";
import { readLinkTexts } from "./link-texts.ts";
import { makePageWork, type PageWork } from "./page-work.ts";

const newestMax = 5;
const failuresMax = 1_000;

/** Makes the port of one process. Reads make no remote call, save `readTexts`. */
export function makePagePort(composition: Composition, queue: QueueBackend | null): PagePort {
  const { admin, clock, config, database } = composition;
  const { prisma } = database;
  const work = makePageWork(() => clock.now());
  const isLinkId = (id: string): boolean => /^\d{1,18}$/.test(id);
  return {
    connections: config.connections.map(({ name }) => name),
    status: () => composition.makeReport(queue),
    async overview() {
      const [groups, held, imports] = await Promise.all([
        admin.listFailureGroups(1),
        readHeldItems(prisma),
        readImports(prisma),
      ]);
      const failures = groups.map(({ connectionName, reason, count, since, detail }) => ({
        connectionName,
        reason,
        count,
        oldestAt: since,
        detail,
      }));
      return { failures, held, imports };
    },
    history: ({ span, connection = null }) =>
      readHistory({ prisma }, { span, connectionName: connection, now: clock.now() }),
    links: (filter) => listWaitingLinks(prisma, filter),
    link: (id, cursor) => readLinkView(prisma, { id, cursor, now: clock.now() }),
    async acts({ linkId, ...filter }) {
      if (linkId !== undefined && !isLinkId(linkId)) return { items: [], nextCursor: null };
      return admin.listActPage({ ...filter, linkId: linkId === undefined ? null : (linkId as LinkId) });
    },
    failureGroups: (connection) => listGroups(composition, connection),
    failures: (filter) => admin.listFailures(filter),
    failure: (id) => admin.findFailure(id),
    version: () => readVersion(prisma),
    settings: () => config.settings(),
    work: (id) => work.find(id),
    recentWork: () => work.list(),
    actAs: (actor) =>
      makeActs({ ...composition, admin: makeAdminStore({ prisma, clock, actor }) }, { actor, isLinkId, work }),
  };
}

/** All connections' groups of one reason are one, the largest first; the newest failures of each come with it. */
async function listGroups(
  { admin }: Pick<Composition, "admin">,
  connection: string | undefined,
): Promise<readonly FailureReasonGroup[]> {
  const rows = (await admin.listFailureGroups(1)).filter(
    ({ connectionName }) => connection === undefined || connectionName === connection,
  );
  const byReason = [...Map.groupBy(rows, ({ reason }) => reason)];
  const groups = await Promise.all(
    byReason.map(async ([reason, failures]) => ({
      reason,
      count: failures.reduce((sum, { count }) => sum + count, 0),
      oldestAt: new Date(Math.min(...failures.map(({ since }) => since.getTime()))),
      newest: (await admin.listFailures({ reason, connection, limit: newestMax })).items,
    })),
  );
  return groups.sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason));
}

function makeActs(
  composition: Composition,
  {
    actor,
    isLinkId,
    work,
  }: { readonly actor: string; readonly isLinkId: (id: string) => boolean; readonly work: PageWork },
): PageActs {
  const { admin } = composition;
  return {
    retry: async (choice, word) => {
      const ids = await idsOf(composition, choice);
      if (word !== null && !(await areGuarded(composition, ids))) return null;
      return countOf(
        await actOnFailures(composition, { connection: null, selection: { kind: "ids", ids } }, { act: "retry", word }),
        "retry",
      );
    },
    discard: async (choice) => {
      const ids = await idsOf(composition, choice);
      return countOf(
        await actOnFailures(
          composition,
          { connection: null, selection: { kind: "ids", ids } },
          { act: "discard", word: null },
        ),
        "discard",
      );
    },
    unlink: async (id) =>
      isLinkId(id) && (await admin.findLink(`link:${id}`)) !== null && (await admin.unlink(id as LinkId)),
    async setPaused({ connection, direction, paused }) {
      const { json } = await setPaused(composition, { connection, direction }, paused);
      return (json as { readonly released: number }).released;
    },
    rehearse: (ask) => work.rehearse(composition, actor, ask),
    resync: (ask) => work.resync(composition, actor, ask),
    examine: () => work.examine(composition, actor),
    readTexts: (id) => readLinkTexts(composition, id),
  };
}

/** What is gone is nobody's. */
async function areGuarded({ admin }: Pick<CommandComposition, "admin">, ids: readonly string[]): Promise<boolean> {
  for (const id of ids) if (((await admin.findFailure(id))?.reason ?? guardHeld) !== guardHeld) return false;
  return true;
}

function countOf({ json }: { readonly json: unknown }, act: "retry" | "discard"): number {
  return (json as Readonly<Record<typeof act, number>>)[act];
}

/** The ids of all open failures that are meant, a thousand at most: who asks again goes on. */
async function idsOf(
  { admin }: Pick<CommandComposition, "admin">,
  choice: FailureChoice,
): Promise<readonly FailureEntry["id"][]> {
  if (choice.kind === "ids") return choice.ids;
  const { reason, connection } = choice;
  const { items } = await admin.listFailures({ reason, connection: connection ?? undefined, limit: failuresMax });
  return items.map(({ id }) => id);
}
