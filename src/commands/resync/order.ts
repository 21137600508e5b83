/** What a re-sync works on, be it real or rehearsed. */
import { type CaseId, type LinkId, toId } from "../../domain/ids.ts";
import type { ResyncOrder, Selection } from "../../sync/repair/resync.ts";
import type { Composition } from "../cli/app.ts";
import { usage } from "../cli/options.ts";
import { existingLinks, type Target } from "../targets.ts";
import type { ResyncOptions } from "./options.ts";

/** What a re-sync of one connection is told to do. Throws `CommandFailure` for a link that does not exist. */
export async function toOrder(
  composition: Composition,
  connection: { readonly name: string },
  {
    target,
    includeHistory,
    rerender,
  }: Pick<ResyncOptions, "includeHistory" | "rerender"> & { readonly target: Target },
): Promise<ResyncOrder> {
  const existing = includeHistory || rerender ? await existingLinks(composition, connection, target) : [];
  return {
    selection: await toSelection(composition, connection, target),
    withHistory: includeHistory ? existing : [],
    rerender: rerender ? existing : [],
  };
}

async function toSelection(
  composition: Composition,
  connection: { readonly name: string },
  target: Target,
): Promise<Selection> {
  switch (target.kind) {
    case "case":
      return { kind: "case", caseId: toId<CaseId>(target.caseId) };
    case "issue":
      return { kind: "links", linkIds: await existingLinks(composition, connection, target) };
    case "since":
      return { kind: "since", since: target.since };
    case "all":
      return { kind: "all" };
  }
}

/**
 * Frees a link whose issue was deleted, so that the re-sync makes a new one. Answers the case, since its link is not found under the old
 * issue any more. Throws `CommandFailure`.
 */
export async function recreateIssue(
  composition: Composition,
  target: Target,
  recreate: (linkId: LinkId) => Promise<boolean>,
): Promise<Target> {
  const name = target.kind === "case" ? target.caseId : target.kind === "issue" ? target.issueKey : "";
  const link = await composition.admin.findLink(name);
  const { id, caseId, state, reason } = link?.summary ?? { id: null, caseId: null, state: null, reason: null };
  const isGone = state === "gone" && reason === "issue_gone";
  if (id !== null && caseId !== null && isGone && (await recreate(id))) return { kind: "case", caseId };
  throw usage(
    link === null ? `There is no link of ${name}.` : `The issue of ${name} is not known to be deleted.`,
    "--recreate is for a link in state gone with reason issue_gone; see `casebridge links show`.",
  );
}
