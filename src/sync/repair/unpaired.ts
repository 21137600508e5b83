/**
 * What has no partner, as `verify` finds it: cases that the connection wants and that have no issue, whatever holds them back, and issues
 * that ask for a case and have none. Links cannot show these, since there is none, or it has one side only.
 */
import { guardHeld } from "../../domain/guard-word.ts";
import { type LinkId, toId } from "../../domain/ids.ts";
import { toOurTime } from "../../lib/service-clock.ts";
import { listNewCases } from "../intake/intake.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import type { Inspection } from "./inspect.ts";

const noCounts = { messages: 0, comments: 0, files: 0 };

/** One inspection for each of them; what is younger than `pendingMs` is pending. Reads only. Throws `ServiceError`. */
export async function inspectUnpaired(
  deps: IntakeDeps,
  options: { readonly pendingMs: number },
): Promise<Inspection[]> {
  const isYoung = (at: Date, aheadMs: number): boolean =>
    deps.clock.now().getTime() - toOurTime(at, aheadMs).getTime() < options.pendingMs;
  const breakers = (await deps.state.listBreakers(deps.settings.name)).filter(({ state }) => state === "open");
  const why = breakers.length === 0 ? "" : `; the connection has ${breakers.map(({ reason }) => reason).join(", ")}`;
  const cases = (await listNewCases(deps)).map(
    ({ caseId, createdAt }): Inspection => ({
      linkId: toId<LinkId>(`new-${caseId}`),
      caseId,
      issueKey: null,
      state: "new",
      unreadable: null,
      counts: noCounts,
      differences: [
        {
          item: `case ${caseId}`,
          what: `the case has no issue yet${why}`,
          direction: "to-jira",
          pending: isYoung(createdAt, deps.huawei.serviceClock.aheadMs()),
        },
      ],
    }),
  );
  return [...cases, ...(await inspectRequests(deps, isYoung))];
}

async function inspectRequests(
  deps: IntakeDeps,
  isYoung: (at: Date, aheadMs: number) => boolean,
): Promise<Inspection[]> {
  const asking = await deps.jira.listIssuesByJql(deps.settings.create.jql, "check");
  const links = await deps.state.findLinksByIssue(
    deps.settings.name,
    asking.map((issue) => issue.issueId),
  );
  // Those wait for a person's word, as the failure says; nothing drifts.
  const guardedLinks = new Set<string>(await deps.state.listFailedLinks(deps.settings.name, guardHeld));
  const byIssue = new Map(links.map((link) => [link.issueId, link]));
  return asking.flatMap((issue): Inspection[] => {
    const link = byIssue.get(issue.issueId);
    if (link?.caseId != null || link?.state === "unlinked") return [];
    return [
      {
        linkId: link?.id ?? toId<LinkId>(`new-${issue.issueId}`),
        caseId: null,
        issueKey: issue.issueKey,
        state: link?.state ?? "new",
        unreadable: null,
        counts: noCounts,
        differences: [
          {
            item: `request ${issue.issueKey}`,
            what: "the issue asks for a service ticket and has none yet",
            direction: "to-huawei",
            pending:
              guardedLinks.has(link?.id ?? "") || isYoung(new Date(issue.updatedRaw), deps.jira.serviceClock.aheadMs()),
          },
        ],
      },
    ];
  });
}
