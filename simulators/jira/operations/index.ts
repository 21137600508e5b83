/** Every operation that is served, by its name in openapi.json. */
import { attachmentHandlers } from "./attachments.ts";
import { commentHandlers } from "./comments.ts";
import type { Handlers } from "./handler.ts";
import { issueLinkHandlers } from "./issue-links.ts";
import { issueHandlers } from "./issues.ts";
import { propertyHandlers } from "./properties.ts";
import { searchHandlers } from "./search.ts";
import { siteHandlers } from "./site.ts";

/** The handlers by operationId. */
export const JIRA_OPERATIONS: Handlers = {
  ...issueHandlers,
  ...searchHandlers,
  ...commentHandlers,
  ...propertyHandlers,
  ...attachmentHandlers,
  ...issueLinkHandlers,
  ...siteHandlers,
};
