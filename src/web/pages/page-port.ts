/** What pages and API read, and what operators do through them: one port, which the integrator implements on the code of the commands. */
import type { Direction } from "../../domain/direction.ts";
import type { GuardWord } from "../../domain/guard-word.ts";
import type { HistoryPoint, HistorySpan } from "../../domain/history.ts";
import type { LinkState } from "../../domain/link.ts";
import type { LinkView, WaitingLink } from "../../domain/timeline.ts";
import type { StatusReport } from "../../observability/status-report.ts";
import type { ActLine } from "./activity-page.ts";
import type { SettingLine } from "./connections-page.ts";
import type { FailureLine, FailureReasonGroup } from "./failures-page.ts";
import type { OverviewExtras } from "./overview-page.ts";
import type { ReadTexts } from "./timeline.ts";
import type { ResyncAsk, Work } from "./work.ts";

/** A page of a list; `nextCursor` is null on the last one. */
export type Listed<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };

/** Which failures are meant: some by id, or all of a reason. */
export type FailureChoice =
  | { readonly kind: "ids"; readonly ids: readonly string[] }
  | { readonly kind: "reason"; readonly reason: string; readonly connection: string | null };

/** Whether that may be asked for: what the text guard found leaves as it stands by its own id alone, never all at once. Pure. */
export function mayRetry(choice: FailureChoice, word: GuardWord | null): boolean {
  return word !== "as_is" || choice.kind === "ids";
}

/** Calls reject when the database cannot be read. */
export interface PagePort {
  /** Names of the configured connections, in their order. */
  readonly connections: readonly string[];
  /** How everything stands. */
  status(): Promise<StatusReport>;
  overview(): Promise<OverviewExtras>;
  /** The past that the plots show, the oldest point first; `connection` left out: all together. */
  history(asked: {
    readonly span: HistorySpan;
    readonly connection?: string | undefined;
  }): Promise<readonly HistoryPoint[]>;
  links(filter: {
    readonly connection?: string | undefined;
    readonly state?: LinkState | undefined;
    readonly reason?: string | undefined;
    readonly search?: string | undefined;
    readonly waiting?: boolean | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Listed<WaitingLink>>;
  /** The link with a page of its timeline, the latest without `cursor`; `null` = there is none. */
  link(id: string, cursor: string | undefined): Promise<LinkView | null>;
  acts(filter: {
    readonly since?: Date | undefined;
    readonly linkId?: string | undefined;
    readonly connection?: string | undefined;
    readonly actor?: string | undefined;
    readonly action?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Listed<ActLine>>;
  /** Open failures by reason, the largest group first, each with its newest ones. */
  failureGroups(connection: string | undefined): Promise<readonly FailureReasonGroup[]>;
  /** Failures, the newest first; without `state` those that wait for somebody. */
  failures(filter: {
    readonly reason?: string | undefined;
    readonly state?: FailureLine["state"] | undefined;
    readonly connection?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Listed<FailureLine>>;
  failure(id: string): Promise<FailureLine | null>;
  /** A text that is another one when a page may show something else by now. */
  version(): Promise<string>;
  /** Every setting with where it comes from. */
  settings(): readonly SettingLine[];
  /** A piece of work of this process; `null` = it is not known here. */
  work(id: string): Work | null;
  /** All that is remembered here, the newest first. */
  recentWork(): readonly Work[];
  /** What this person does; the audit names them. */
  actAs(actor: string): PageActs;
}

/** Acts of one person. Each may be repeated: two people at once do not hurt each other. */
export interface PageActs {
  /** Answers how many were tried again; `null` = a word for what is not the text guard's, so nothing was done. */
  retry(choice: FailureChoice, word: GuardWord | null): Promise<number | null>;
  /** Answers how many were given up. */
  discard(choice: FailureChoice): Promise<number>;
  /** False when there is no such link, or it was unlinked before. */
  unlink(linkId: string): Promise<boolean>;
  /** Answers how many closes that had waited are released. */
  setPaused(change: {
    readonly connection: string;
    readonly direction: Direction;
    readonly paused: boolean;
  }): Promise<number>;
  /** Begins work and answers its id; `null` = too much is running. */
  rehearse(ask: ResyncAsk): string | null;
  resync(ask: ResyncAsk): string | null;
  examine(): string | null;
  /** The texts of a link, read live from both services; restricted ones are left out. */
  readTexts(linkId: string): Promise<ReadTexts>;
}
