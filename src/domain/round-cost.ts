/** What one look for news costs. */

/**
 * Requests of an idle round over so many watched cases (rule 14). v2 lists them and asks for the messages of a hundred in one call; the
 * historical API v1.0 lists them as well, but reads each to learn of its messages (src/huawei/v1.ts). Pure.
 */
export function roundRequests(apiVersion: "v2" | "v1.0", watched: number): number {
  const pages = Math.ceil(watched / 100);
  return apiVersion === "v2" ? 2 * pages + 6 : pages + watched + 6;
}
