/** What the adapter needs to know about one connection's Jira side. */
import type { JiraAccess } from "../domain/access.ts";

/** Settings of one Jira client. A `proxy` that is left out means `null`. */
export type JiraOptions = Omit<JiraAccess, "proxy"> & Partial<Pick<JiraAccess, "proxy">>;

/**
 * Longest times that one attempt may take, in milliseconds. A file gets `fileMs` plus a second for each 256 KiB.
 * Whoever holds a lease for the time of a call finds the figures here.
 */
export type JiraTimeouts = {
  /** Name resolution, TCP and TLS. */
  readonly connectMs: number;
  /** One JSON call, from its start to the last byte of the answer. */
  readonly callMs: number;
  /** Base of a file transfer, and the longest silence within one. */
  readonly fileMs: number;
};

/** Used where no others are given. */
export const defaultJiraTimeouts: JiraTimeouts = { connectMs: 10_000, callMs: 30_000, fileMs: 60_000 };
