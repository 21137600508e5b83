import type { Exchange } from "../base/http.ts";
import { HttpFailure, refused } from "./http.ts";

/** The fitting refusal of a request that the document does not describe. */
export function unknownOperation({ method, pathname: path, knowsPath }: Exchange): HttpFailure {
  // A client that means v3 falls to v2 only by a mistake that loses ADF and properties (jira.md 2.3).
  if (path.startsWith("/rest/api/2/") || path.startsWith("/rest/api/latest/"))
    return refused("REST version 2 was called", ["The simulator serves REST version 3 only."]);
  if (path === "/rest/api/3/search") {
    const message = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.";
    const body = { errorMessages: [message], errors: {} };
    return new HttpFailure({ status: 410, body, refusal: "removed search was called" });
  }
  if (knowsPath) {
    const body = { errorMessages: ["Method Not Allowed"], errors: {} };
    return new HttpFailure({ status: 405, body, refusal: "wrong method" });
  }
  const detail = `No endpoint ${method} ${path}.`;
  return new HttpFailure({
    status: 404,
    headers: { "content-type": "application/problem+json" },
    body: { type: "about:blank", title: "Not Found", status: 404, detail, instance: path },
    // A site without Jira Service Management answers so; so does this one while its settings name no request type.
    ...(path.startsWith("/rest/servicedeskapi/") ? {} : { refusal: "unknown path" }),
  });
}
