/**
 * Faults on command: which request fails, how, and whether its effect happens first. Kinds that every simulator knows:
 * `latency` waits and goes on; a status from 400 to 499 is answered and nothing has happened; `5xx_before` (a status from 500 on) likewise,
 * `5xx_after` answers so once the effect is there; `reset_before|after` cuts the connection; `hang_before|after` never answers;
 * `truncate` announces a whole answer and cuts it in the middle. A simulator adds kinds that answer 200 with a text of theirs.
 */
import type { IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Random } from "./random.ts";

/** A fault to set. A request must match all of `operation`, `method`, `pathIncludes` that are given. */
export interface FaultRule {
  readonly operation?: string;
  readonly method?: string;
  /** Text contained in path and query as received. */
  readonly pathIncludes?: string;
  readonly kind: string;
  /** How often it strikes; without it as the simulator's book says, without end when `probability` is given. */
  readonly times?: number;
  /** Chance per matching request, 0 to 1, drawn from the seeded generator. */
  readonly probability?: number;
  /** Matching requests that pass unharmed first. */
  readonly skip?: number;
  /** Pause before it strikes; default 1000 for `latency`, 0 for the others. */
  readonly latencyMs?: number;
  /** Retry-After header of a status. */
  readonly retryAfterSeconds?: number;
}

/** An answer 200 that is not what the client asked for. */
export interface FaultText {
  readonly phase: "before" | "after";
  readonly contentType: string;
  readonly text: string;
}

/** What a fault answers instead of the operation. */
export type FaultAnswer =
  | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds: number | null }
  | { readonly kind: "text"; readonly contentType: string; readonly text: string };

/** A fault that strikes a request. */
export interface Fault {
  readonly phase: "before" | "after";
  readonly action: "latency" | "reset" | "hang" | "truncate" | FaultAnswer;
  readonly latencyMs: number;
}

/** The active faults. */
export type FaultBook = ReturnType<typeof makeFaultBook>;

const KIND = /^(?:(latency|truncate)|(4\d\d)|(5\d\d)_(before|after)|(reset|hang)_(before|after))$/;

/** Makes an empty book. `random` is asked at every draw, so that a reset can replace it; `texts` are kinds of the simulator's own. */
export function makeFaultBook(options: {
  readonly random: () => Random;
  readonly timesDefault: number;
  readonly texts: Readonly<Record<string, FaultText>>;
}) {
  const active = new Map<string, { readonly rule: FaultRule; readonly fault: Fault; skip: number; left: number }>();
  const struck: Record<string, number> = {};
  let sequence = 0;
  let outage = false;

  /** @throws for an unknown kind, so that a test with a typing error does not pass by accident. */
  function toFault(rule: FaultRule): Fault {
    const { kind, latencyMs = kind === "latency" ? 1_000 : 0, retryAfterSeconds = null } = rule;
    const text = Object.hasOwn(options.texts, kind) ? options.texts[kind] : undefined;
    if (text !== undefined) return { phase: text.phase, latencyMs, action: { kind: "text", ...text } };
    const [, plain, client, server, serverPhase, cut, cutPhase] = KIND.exec(kind) ?? [];
    if (plain === "latency") return { phase: "before", action: plain, latencyMs };
    if (plain === "truncate") return { phase: "after", action: plain, latencyMs };
    if (cut === "reset" || cut === "hang")
      return { phase: cutPhase === "after" ? "after" : "before", action: cut, latencyMs };
    if (client === undefined && server === undefined) throw new Error(`unknown fault kind "${kind}"`);
    const action = { kind: "status", status: Number(client ?? server), retryAfterSeconds } as const;
    return { phase: serverPhase === "after" ? "after" : "before", action, latencyMs };
  }

  return {
    /** Adds a fault and returns its id. */
    add(rule: FaultRule): string {
      const fault = toFault(rule);
      sequence += 1;
      const id = `fault-${sequence}`;
      const left = rule.times ?? (rule.probability === undefined ? options.timesDefault : Number.POSITIVE_INFINITY);
      active.set(id, { rule, fault, skip: rule.skip ?? 0, left });
      return id;
    },
    /** Removes one fault. */
    remove: (id: string): boolean => active.delete(id),
    clear: (): void => active.clear(),
    /** The faults that strike this request, used up by the call: at most one besides latency. */
    strike(request: { readonly operation: string; readonly method: string; readonly url: string }): readonly Fault[] {
      const found: Fault[] = [];
      for (const [id, entry] of active) {
        const { rule, fault } = entry;
        if (rule.operation !== undefined && rule.operation !== request.operation) continue;
        if (rule.method !== undefined && rule.method.toUpperCase() !== request.method) continue;
        if (rule.pathIncludes !== undefined && !request.url.includes(rule.pathIncludes)) continue;
        if (fault.action !== "latency" && found.some(({ action }) => action !== "latency")) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        if (rule.probability !== undefined && options.random().next() >= rule.probability) continue;
        entry.left -= 1;
        if (entry.left <= 0) active.delete(id);
        struck[rule.kind] = (struck[rule.kind] ?? 0) + 1;
        found.push(fault);
      }
      return found;
    },
    /** How often each kind has struck since the start; never reset. */
    struck: (): Readonly<Record<string, number>> => ({ ...struck }),
    /** While on, no request is served. */
    setOutage(on: boolean): void {
      outage = on;
    },
    isOutage: (): boolean => outage,
  };
}

/** Thrown when a fault has dealt with the connection: there is nothing to answer any more. */
export class Vanished extends Error {}

/** Plays the faults of a phase: waits, and returns what is answered instead. @throws Vanished when the connection was cut or hangs. */
export async function playFaults(
  faults: readonly Fault[],
  phase: Fault["phase"],
  request: IncomingMessage,
): Promise<FaultAnswer | null> {
  for (const fault of faults) {
    if (fault.phase !== phase) continue;
    if (fault.latencyMs > 0) await wait(fault.latencyMs);
    if (fault.action === "reset") request.socket.resetAndDestroy();
    if (fault.action === "hang") request.resume();
    if (fault.action === "reset" || fault.action === "hang") throw new Vanished();
    if (typeof fault.action === "object") return fault.action;
  }
  return null;
}

/** Whether the answer is to be cut in its middle. */
export function isTruncated(faults: readonly Fault[]): boolean {
  return faults.some(({ action }) => action === "truncate");
}
