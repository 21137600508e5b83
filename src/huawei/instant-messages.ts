/** News of many cases by one call of v2, and by further ones where an answer may have been cut. */
import type { CaseMessage } from "../domain/case.ts";
import type { CaseId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import type { InstantGroup } from "../sync/ports.ts";
import { type DialectDeps, mapping } from "./dialect.ts";
import { parseWire, toInstantGroup } from "./mapping.ts";
import { groupOf, rich, v2Call } from "./v2-call.ts";
import { wireInstantMessages } from "./wire.ts";

/** Most ids of one instant-messages call (huawei.md 7). */
const instantCasesMax = 100;
/** No limit of an answer is documented. The other lists of messages have pages of 10 by default, so a shorter answer is whole (huawei.md 15). */
const cutFrom = 10;
/** Calls of one poll; what lies behind them is read by the next ones. */
const callsMax = 20;

type News = { readonly groups: readonly InstantGroup[]; readonly cursor: string | null };

/**
 * The news of up to 100 cases behind a cursor, oldest first as the service keeps them; the cursor stands behind the last one told. An answer
 * that may be cut is followed by another call. Without a cursor there is one call: its answer is the ground. Throws `ServiceError`.
 */
export async function listInstantMessages(
  deps: DialectDeps,
  caseIds: readonly CaseId[],
  cursor: string | null,
  lane: Lane,
): Promise<News> {
  if (caseIds.length > instantCasesMax) throw new RangeError(`at most ${instantCasesMax} cases in one call`);
  if (caseIds.length === 0) return { groups: [], cursor };
  let news = await ask(deps, caseIds, cursor, lane);
  if (cursor === null) return news;
  for (let [from, last, calls] = [cursor, news, 1]; calls < callsMax; calls += 1) {
    if (last.cursor === null || last.cursor === from || countOf(last) < cutFrom) break;
    from = last.cursor;
    last = await ask(deps, caseIds, from, lane);
    news = { groups: join(news.groups, last.groups), cursor: last.cursor ?? news.cursor };
  }
  return news;
}

async function ask(deps: DialectDeps, caseIds: readonly CaseId[], cursor: string | null, lane: Lane): Promise<News> {
  const call = v2Call(deps, {
    operation: "listInstantMessages",
    path: ["cases", "instant-messages"],
    query: { case_ids: caseIds.join(","), last_message_time_id: cursor, ...groupOf(deps), ...rich },
  });
  const wire = parseWire(call, wireInstantMessages, { value: await deps.transport.json(call, lane) });
  const context = mapping(deps, call);
  const groups = wire.immsg.map((value, index) => toInstantGroup(context, { value, path: `immsg[${index}]` }));
  return { groups, cursor: wire.last_message_time_id ?? cursor };
}

function countOf({ groups }: News): number {
  return groups.reduce((sum, { messages }) => sum + messages.length, 0);
}

/** Both answers as one. What the cursor repeats of the earlier answer counts once: entries have no id, so moment, author and text tell. */
function join(earlier: readonly InstantGroup[], later: readonly InstantGroup[]): readonly InstantGroup[] {
  const nameOf = ({ createdAt, authorKind, content }: CaseMessage): string =>
    JSON.stringify([createdAt.getTime(), authorKind, content]);
  const byCase = new Map(earlier.map((group) => [group.caseId, group]));
  for (const group of later) {
    const before = byCase.get(group.caseId)?.messages ?? [];
    const names = new Set(before.map(nameOf));
    const fresh = group.messages.filter((message) => !names.has(nameOf(message)));
    byCase.set(group.caseId, { ...group, messages: [...before, ...fresh] });
  }
  return [...byCase.values()];
}
