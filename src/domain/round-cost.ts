/** What one look for news costs. */
import type { ApiVersion } from "./access.ts";

/**
 * Requests of an idle round over so many watched cases (rule 14). v2 lists them and asks for the messages of a hundred in one call; the
 * historical API v1.0 lists them as well, but reads each to learn of its messages (src/huawei/v1.ts). Pure.
 */
export function roundRequests(apiVersion: ApiVersion, watched: number): number {
  const pages = Math.ceil(watched / 100);
  return apiVersion === "v2" ? 2 * pages + 6 : pages + watched + 6;
}

/** Seconds that so many requests of rounds take at a budget's rate: polls get half of it at most (rule 14). Pure. */
export function roundSeconds(requests: number, requestsPerSecond: number): number {
  return requests / (requestsPerSecond / 2);
}
