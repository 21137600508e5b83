/**
 * A rehearsal: the flows themselves, run to their end without writing anything. A dry run that describes what would be written is a second
 * planner, and two of them part. So the very code of the real run works here: on services whose writes are only noted and show in what
 * is read afterwards, on a memory of its own, on a clock that passes at once where the real run waits.
 *
 * What it cannot know: how a service refuses what it never gets, and what people do while the real run waits.
 */
import { type IssueId, toId } from "../../domain/ids.ts";
import { isServiceError, type ServiceError } from "../../domain/service-error.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import type { LinkDeps } from "../link/run-link.ts";
import type { Clock } from "../ports.ts";
import type { StatePort } from "../state.ts";
import { rehearseHuawei } from "./huawei.ts";
import { rehearseJira } from "./jira.ts";
import type { NewIssueStatus } from "./jira-memory.ts";
import { type ConnectionSites, makeRehearsedState, type RehearsedState } from "./state.ts";
import { isMadeHere, type Write } from "./write.ts";

/** A connection, as the flows work with it. */
type Runtime = { readonly name: string; readonly intake: IntakeDeps; readonly reconcile: LinkDeps };

/** A write with the pair that it belongs to; `null` where there is no case, no issue, or no pair. */
export type RehearsedWrite = Omit<Write, "target"> & {
  readonly connection: string;
  readonly caseId: string | null;
  readonly issueKey: string | null;
};

/** One rehearsal, of any number of connections one after the other. Runs of it must not overlap. */
export type Rehearsal = {
  readonly state: RehearsedState;
  /** The connection whose flows write nothing. */
  connect<Connection extends Runtime>(
    connection: Connection,
    more: { readonly listStatuses: () => Promise<readonly NewIssueStatus[]> },
  ): Connection;
  /** Lets time pass at once. Throws the `ServiceError` of a service that does not answer: waiting for it would never end. */
  sleep(ms: number): Promise<void>;
  /** Goes back to the present, so that the next link starts as early as the one before. */
  rewind(): void;
  /** Goes on from the latest moment that any link has reached. */
  catchUp(): void;
  /** All writes so far, in their order. */
  listWrites(): Promise<readonly RehearsedWrite[]>;
};

/** Makes a rehearsal on the memory and the clock of a real run. Writes to neither. */
export function makeRehearsal(real: {
  readonly state: StatePort;
  readonly clock: Clock;
  readonly sites: ReadonlyMap<string, ConnectionSites>;
}): Rehearsal {
  let aheadMs = 0;
  let furthestMs = 0;
  const clock: Clock = { now: () => new Date(real.clock.now().getTime() + aheadMs) };
  const state = makeRehearsedState(real.state, { clock, sites: real.sites });
  const written: {
    readonly connection: string;
    readonly linkId: ReturnType<RehearsedState["runningLink"]>;
    write: Write;
  }[] = [];
  let outage: ServiceError | null = null;

  /** Remembers that a service is away: the flows wait for it, and here nobody does. */
  function watching<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          try {
            return await (Reflect.apply(value, target, args) as Promise<unknown>);
          } catch (error) {
            if (isServiceError(error, "unauthorized", "unavailable")) outage = error;
            throw error;
          }
        };
      },
    });
  }

  return {
    state,
    connect(connection, { listStatuses }) {
      const { name, intake, reconcile } = connection;
      const note = (write: Write): void => void written.push({ connection: name, linkId: state.runningLink(), write });
      const { settings, text } = reconcile;
      const jira = rehearseJira(watching(intake.jira), { clock, settings, text, note, listStatuses });
      const huawei = rehearseHuawei(watching(intake.huawei), { clock, note });
      const { onWrite: _onWrite, ...flow } = reconcile;
      return {
        ...connection,
        intake: { ...intake, state, clock, jira, huawei },
        reconcile: { ...flow, state, clock, jira, huawei, marksRead: new Set(), newIssues: { pattern: null } },
      };
    },
    async sleep(ms) {
      if (outage !== null) throw outage;
      aheadMs += ms;
      furthestMs = Math.max(furthestMs, aheadMs);
    },
    rewind() {
      aheadMs = 0;
    },
    catchUp() {
      aheadMs = furthestMs;
    },
    async listWrites() {
      const listed: RehearsedWrite[] = [];
      for (const { connection, linkId, write } of written) {
        const { target, ...facts } = write;
        // What a round writes outside a run names its issue.
        const [ofIssue] =
          linkId === null && target !== null ? await state.findLinksByIssue(connection, [toId<IssueId>(target)]) : [];
        const id = linkId ?? ofIssue?.id ?? null;
        const link = id === null ? null : ((await state.findSnapshot(id))?.link ?? null);
        const { caseId = null, issueId = null, issueKey = null } = link ?? {};
        listed.push({
          connection,
          caseId: caseId === null || isMadeHere(caseId) ? null : caseId,
          issueKey: issueId === null || isMadeHere(issueId) ? null : issueKey,
          ...facts,
        });
      }
      return listed;
    },
  };
}
