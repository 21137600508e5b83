// Links between issues (`/issueLink`, `/issueLinkType`), from Atlassian's description of the platform REST API v3.

import { failure, ok, type PreparedWrite, type Reply, type RequestContext } from "../http.ts";
import { hasPermission, type Site, visibleIssue } from "../site.ts";
import type { LinkTypeRecord } from "../types.ts";
import { viewLinkType } from "../views.ts";
import { bodyOf, type Handlers } from "./handler.ts";

interface NamedIssue {
  readonly id?: string;
  readonly key?: string;
}

interface LinkBody {
  readonly type: { readonly id?: string; readonly name?: string };
  readonly inwardIssue: NamedIssue;
  readonly outwardIssue: NamedIssue;
}

function requireLinking(site: Site): void {
  if (!site.settings.issueLinking) throw failure(404, ["Issue linking is currently disabled."]);
}

function findType(site: Site, wanted: { id?: string | undefined; name?: string | undefined }): LinkTypeRecord {
  const { linkTypes } = site.settings;
  const found = linkTypes.find(
    (type) => type.id === wanted.id || (wanted.id === undefined && type.name === wanted.name),
  );
  if (found === undefined) throw failure(404, ["No issue link type with that id or name found."]);
  return found;
}

function getIssueLinkTypes(site: Site): Reply {
  requireLinking(site);
  return ok({ issueLinkTypes: site.settings.linkTypes.map((type) => viewLinkType(site, type)) });
}

/** The same link again is answered as if it had been made (the description of linkIssues). Without permission: 404. */
function linkIssues(site: Site, context: RequestContext): PreparedWrite {
  requireLinking(site);
  const body = bodyOf<LinkBody>(context);
  const type = findType(site, body.type);
  const inward = visibleIssue(site, body.inwardIssue.id ?? body.inwardIssue.key ?? "");
  const outward = visibleIssue(site, body.outwardIssue.id ?? body.outwardIssue.key ?? "");
  if (!hasPermission(site, "LINK_ISSUES")) throw failure(404, ["No Link Issue Permission for issue"]);
  if (inward.id === outward.id) throw failure(400, ["You cannot link an issue to itself."]);
  return {
    issueId: outward.id,
    commit: () => {
      site.state.linkIssues({ type, inwardId: inward.id, outwardId: outward.id }, site.bot.accountId);
      return { status: 201 };
    },
  };
}

/** Links between issues. */
export const issueLinkHandlers: Handlers = { getIssueLinkTypes, linkIssues };
