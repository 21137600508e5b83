/** What `resync` is told on the command line. */
import type { ConnectionOption } from "../cli/options.ts";
import type { Target } from "../targets.ts";

/** Options of `resync`, which agree with one another. */
export type ResyncOptions = ConnectionOption & {
  readonly target: Target;
  readonly dryRun: boolean;
  /** Only with a dry run: what each write says is shown, after the guard. */
  readonly texts: boolean;
  /** Only with a dry run: a draft of the configuration file, whose writes are compared with those of today's; `null` = none. */
  readonly config: string | null;
  readonly wait: boolean;
  /** Only with an issue: also comments from before it was linked, shown and confirmed first. */
  readonly includeHistory: boolean;
  /** Only with one case or issue: makes a deleted issue again. */
  readonly recreate: boolean;
  /** Rewrites copies that differ only in rendering. */
  readonly rerender: boolean;
};

/** How the audit names the act. Pure. */
export function targetWords({ target, connection, ...options }: ResyncOptions): string {
  const words = {
    case: () => `case ${target.kind === "case" ? target.caseId : ""}`,
    issue: () => `issue ${target.kind === "issue" ? target.issueKey : ""}`,
    since: () => `since ${target.kind === "since" ? target.since.toISOString() : ""}`,
    all: () => "all links",
  }[target.kind]();
  const flags = [
    ...(connection === null ? [] : [`of connection ${connection}`]),
    ...(options.includeHistory ? ["with history"] : []),
    ...(options.recreate ? ["recreating"] : []),
    ...(options.rerender ? ["rendering anew"] : []),
  ];
  return [words, ...flags].join(", ");
}
