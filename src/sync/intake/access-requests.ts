import { accessName } from "../../domain/rows/named-news.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import { findByCase } from "./cohorts.ts";

/** One call a round: access requests of engineers that were not seen before wake their links (rule 11). */
export async function noticeAccessRequests(deps: IntakeDeps): Promise<void> {
  const { name } = deps.settings;
  const requests = await deps.huawei.listAccessRequests("poll");
  if (requests.length === 0) return;
  const known = new Set<string>(JSON.parse((await deps.state.findCursor(name, "access_requests")) ?? "[]") as string[]);
  const unknown = requests.filter((request) => !known.has(request.authorizationId));
  const links = await findByCase(
    deps,
    unknown.flatMap((request) => request.caseId ?? []),
  );
  const fresh = unknown.flatMap((request) => {
    const link = request.caseId === null ? undefined : links.get(request.caseId);
    return link === undefined ? [] : [{ request, link }];
  });
  if (fresh.length === 0) return;
  await deps.state.wake(
    fresh.map(({ request, link }) => ({
      linkId: link.id,
      huawei: true,
      lane: "poll" as const,
      namedMessages: [accessName(request.authorizationId)],
    })),
  );
  const remembered = [...known, ...fresh.map(({ request }) => request.authorizationId)].slice(-5_000);
  await deps.state.saveCursor(name, "access_requests", JSON.stringify(remembered));
}
