/** What the adapter needs to know about one connection's Jira side. */
import type { Secret } from "../lib/secret.ts";
import type { HttpProxy } from "../lib/tunnel.ts";

/** Settings of one Jira client; the configuration's `JiraConfig` satisfies it. */
export type JiraOptions = {
  /** Base URL with scheme and without trailing slash; a path in it is kept (`https://api.atlassian.com/ex/jira/ID`). */
  readonly host: string;
  readonly email: string;
  readonly apiToken: Secret;
  readonly projectKey: string;
  /** Name or id of the issue type that cases become. */
  readonly issueType: string;
  /** Proxy on the way to the service; left out or `null` = reached directly. */
  readonly proxy?: HttpProxy | null;
};

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
