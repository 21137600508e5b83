/** Work that takes longer than a request: dry runs, re-syncs, the doctor. It runs in the worker that was asked, and its page tells how far it is. */
import type { Role } from "../../lib/session-store.ts";

/** One finding of the doctor. `ok` null: to know, or it could not be told. */
export type DoctorLine = {
  readonly connection: string | null;
  readonly name: string;
  readonly ok: boolean | null;
  readonly detail: string;
  readonly remedy: string | null;
  /** The same in Chinese. */
  readonly zh: { readonly detail: string; readonly remedy: string | null };
};

/** What a re-sync is asked for. */
export type ResyncAsk = { readonly connection: string | null } & (
  | { readonly scope: "one"; readonly name: string }
  | { readonly scope: "since"; readonly since: Date }
  | { readonly scope: "all" }
);

/** One write that a dry run would make. */
export type WriteLine = {
  readonly direction: string;
  readonly caseId: string | null;
  readonly issueKey: string | null;
  readonly item: string;
  readonly what: string;
  readonly text: string | null;
};

/** A link that a run left unfinished, by whatever it is known. */
export type UnfinishedLine = { readonly name: string; readonly reason: string };

/** What came of a piece of work. */
export type WorkOutcome =
  | {
      readonly kind: "rehearsed";
      readonly count: number;
      /** The first of them; a page holds so many. */
      readonly writes: readonly WriteLine[];
      readonly unfinished: readonly UnfinishedLine[];
      readonly stopped: readonly string[];
    }
  | {
      readonly kind: "resynced";
      readonly links: number;
      readonly writes: number;
      readonly unfinished: readonly UnfinishedLine[];
      readonly stopped: readonly string[];
    }
  | { readonly kind: "examined"; readonly checks: readonly DoctorLine[] }
  | { readonly kind: "failed"; readonly detail: string; readonly remedy: string | null };

/** A piece of work. `outcome` null = it runs. */
export type Work = {
  readonly id: string;
  readonly kind: "rehearsal" | "resync" | "doctor";
  /** Who asked for it. */
  readonly actor: string;
  readonly ask: ResyncAsk | null;
  readonly startedAt: Date;
  readonly progress: { readonly done: number; readonly total: number } | null;
  readonly outcome: WorkOutcome | null;
  readonly endedAt: Date | null;
};

/** The same as somebody of that role may see it: what a dry run would write is text of people, which operators alone read. Pure. */
export function hideTexts(work: Work, role: Role): Work {
  if (role === "operator" || work.outcome?.kind !== "rehearsed") return work;
  const writes = work.outcome.writes.map((write) => ({ ...write, text: null }));
  return { ...work, outcome: { ...work.outcome, writes } };
}
