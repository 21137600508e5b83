/**
 * Runs what the page asks for and takes longer than a request, by the code of the commands. A few pieces are remembered for a while, in this
 * process alone: what a dry run would write is text of people, so it is kept nowhere else and not for long. A re-sync wakes its links first, so
 * that whatever ends this process leaves nothing undone.
 */
import { randomUUID } from "node:crypto";
import type { Composition as CommandComposition } from "../commands/cli/app.ts";
import { toFailure } from "../commands/cli/exit-code.ts";
import { noted } from "../commands/cli/work.ts";
import { diagnose } from "../commands/doctor/diagnose.ts";
import { type ResyncOptions, targetWords } from "../commands/resync/options.ts";
import { rehearseOn } from "../commands/resync/rehearse.ts";
import { resyncResult } from "../commands/resync/result.ts";
import { resyncAll } from "../commands/resync/resync.ts";
import type { Target } from "../commands/targets.ts";
import { silentLogger } from "../observability/logger.ts";
import type { ResyncAsk, Work, WorkOutcome } from "../web/pages/work.ts";
import { makeDoctorApp } from "./doctor-app.ts";

const runningMax = 2;
const rememberedMax = 20;
const rememberedMs = 30 * 60_000;
const writesMax = 200;

type Running = { -readonly [Key in keyof Work]: Work[Key] };

/** The work of one process. */
export type PageWork = ReturnType<typeof makePageWork>;

/** Makes it; nothing runs yet. */
export function makePageWork(now: () => Date) {
  const { begin, find, list } = makeWorkBook(now);
  return {
    find,
    list,
    /** Begins a dry run; answers its id, `null` = too much is running. */
    rehearse: (composition: CommandComposition, actor: string, ask: ResyncAsk) =>
      begin({ kind: "rehearsal", actor, ask }, (tell) => runRehearsal(composition, { actor, ask, tell })),
    /** Begins the re-sync itself. */
    resync: (composition: CommandComposition, actor: string, ask: ResyncAsk) =>
      begin({ kind: "resync", actor, ask }, (tell) => runResync(composition, { actor, ask, tell })),
    /** Begins the doctor's look at everything. */
    examine: (composition: Pick<CommandComposition, "config" | "admin">, actor: string) =>
      begin({ kind: "doctor", actor, ask: null }, () => runDoctor(composition, actor)),
  };
}

type Tell = (done: number, total: number) => void;
type Asked = { readonly actor: string; readonly ask: ResyncAsk; readonly tell: Tell };

/** Remembers what runs, and what has ended for half an hour from its end: a re-sync may take longer than that. */
export function makeWorkBook(now: () => Date) {
  const works = new Map<string, Running>();

  function forget(): void {
    const ended = [...works.values()].filter(({ outcome }) => outcome !== null);
    const old = ended.filter(({ endedAt }) => endedAt !== null && now().getTime() - endedAt.getTime() > rememberedMs);
    for (const { id } of [...old, ...ended.slice(0, Math.max(0, ended.length - rememberedMax))]) works.delete(id);
  }

  return {
    begin(facts: Pick<Work, "kind" | "actor" | "ask">, run: (tell: Tell) => Promise<WorkOutcome>): string | null {
      forget();
      if ([...works.values()].filter(({ outcome }) => outcome === null).length >= runningMax) return null;
      const work: Running = {
        ...facts,
        id: randomUUID(),
        startedAt: now(),
        progress: null,
        outcome: null,
        endedAt: null,
      };
      works.set(work.id, work);
      const tell: Tell = (done, total) => {
        work.progress = { done, total };
      };
      void run(tell)
        .catch((error: unknown): WorkOutcome => {
          const { message, remedy } = toFailure(error);
          return { kind: "failed", detail: message, remedy };
        })
        .then((outcome) => {
          work.outcome = outcome;
          work.endedAt = now();
        });
      return work.id;
    },
    find(id: string): Work | null {
      forget();
      return works.get(id) ?? null;
    },
    /** The newest first. */
    list(): readonly Work[] {
      forget();
      return [...works.values()].reverse();
    },
  };
}

async function runRehearsal(composition: CommandComposition, { actor, ask, tell }: Asked): Promise<WorkOutcome> {
  const options = await toOptions(composition, ask, true);
  const { writes, unfinished, outcomes } = await rehearseOn(composition, options, {
    app: { actor },
    progress: progressOf(tell),
  });
  return {
    kind: "rehearsed",
    count: writes.length,
    writes: writes.slice(0, writesMax).map(({ direction, caseId, issueKey, item, what, text }) => ({
      direction,
      caseId,
      issueKey,
      item,
      what,
      text,
    })),
    unfinished: unfinished.map(({ caseId, issueKey, reason }) => ({ name: caseId ?? issueKey ?? "–", reason })),
    stopped: stoppedOf(outcomes),
  };
}

async function runResync(composition: CommandComposition, { actor, ask, tell }: Asked): Promise<WorkOutcome> {
  const options = await toOptions(composition, ask, false);
  let outcomes: Awaited<ReturnType<typeof resyncAll>> = [];
  await noted(composition, { action: "resync", target: targetWords(options) }, async () => {
    outcomes = await resyncAll(composition, options, {
      app: { actor },
      progress: progressOf(tell),
      confirm: async () => false,
    });
    return resyncResult(outcomes, true);
  });
  return {
    kind: "resynced",
    links: outcomes.reduce((sum, { links }) => sum + links, 0),
    writes: outcomes.reduce((sum, { writes }) => sum + writes, 0),
    unfinished: outcomes.flatMap(({ unfinished }) =>
      unfinished.map(({ linkId, reason }) => ({ name: linkId, reason })),
    ),
    stopped: stoppedOf(outcomes),
  };
}

async function runDoctor(
  { admin, config }: Pick<CommandComposition, "config" | "admin">,
  actor: string,
): Promise<WorkOutcome> {
  await admin.recordAct({ action: "doctor", target: "all connections", outcome: "started" });
  const { checks } = await diagnose({ app: makeDoctorApp(actor), loaded: { ok: true, config }, log: silentLogger });
  return { kind: "examined", checks };
}

/** What the command would have been told. A case or an issue that is not linked is looked for under its own name. */
async function toOptions(
  { admin }: Pick<CommandComposition, "admin">,
  ask: ResyncAsk,
  dryRun: boolean,
): Promise<ResyncOptions> {
  const rest = {
    dryRun,
    texts: dryRun,
    config: null,
    wait: !dryRun,
    includeHistory: false,
    recreate: false,
    rerender: false,
  };
  return { ...rest, connection: ask.connection, target: await toTarget(admin, ask) };
}

async function toTarget(admin: CommandComposition["admin"], ask: ResyncAsk): Promise<Target> {
  if (ask.scope === "all") return { kind: "all" };
  if (ask.scope === "since") return { kind: "since", since: ask.since };
  const link = await admin.findLink(ask.name, ask.connection);
  if (link?.summary.caseId != null) return { kind: "case", caseId: link.summary.caseId };
  const isKey = link !== null || /^[A-Z][A-Z0-9_]+-\d+$/i.test(ask.name);
  return isKey ? { kind: "issue", issueKey: link?.summary.issueKey ?? ask.name } : { kind: "case", caseId: ask.name };
}

function stoppedOf(
  outcomes: readonly { readonly connection: string; readonly stopped: string | null }[],
): readonly string[] {
  return outcomes.flatMap(({ connection, stopped }) => (stopped === null ? [] : [`${connection}: ${stopped}`]));
}

function progressOf(tell: (done: number, total: number) => void) {
  let known = 0;
  return {
    start: (_label: string, total: number | null) => {
      known = total ?? 0;
      tell(0, known);
    },
    update: (done: number, total?: number) => {
      known = total ?? known;
      tell(done, known);
    },
    stop: () => {},
  };
}
