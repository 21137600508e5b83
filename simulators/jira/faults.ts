import type { Random } from "./random.ts";

/**
 * A fault on command. `kind`:
 * `latency` waits and goes on; `429`, `401`, `403`, `404`, `409`, `413` answer so without doing anything;
 * `5xx_before` (any of 500, 502, 503, 504) answers so without doing anything, `5xx_after` does it first;
 * `reset_before|after` cuts the connection; `hang_before|after` never answers; `garbage` does it and answers broken
 * JSON; `login_page` does nothing and answers 200 text/html; `truncate` does it and cuts the answer (or the download,
 * also behind the 303) in the middle.
 */
export interface FaultSpec {
  readonly operation?: string;
  readonly method?: string;
  readonly pathIncludes?: string;
  readonly kind: string;
  /** How often it strikes: 1, or without end when `probability` is given. */
  readonly times?: number;
  readonly probability?: number;
  /** Matching requests that pass unharmed first. */
  readonly skip?: number;
  readonly latencyMs?: number;
  readonly retryAfterSeconds?: number;
}

/** A fault that struck. */
export interface ActiveFault {
  readonly phase: "before" | "after";
  readonly action: "status" | "reset" | "hang" | "garbage" | "login_page" | "truncate" | "latency";
  readonly status: number;
  readonly latencyMs: number;
  readonly retryAfterSeconds: number | null;
}

const KIND =
  /^(?:(latency|garbage|login_page|truncate)|(?:(4\d\d)|(5\d\d)_(before|after)|(reset|hang)_(before|after)))$/;

/** Reads a kind. Throws on an unknown one, so that a test with a typing error does not pass by accident. */
function toActiveFault(spec: FaultSpec): ActiveFault {
  const match = KIND.exec(spec.kind);
  if (match === null) throw new Error(`unknown fault kind "${spec.kind}"`);
  const [, plain, client, server, serverPhase, cut, cutPhase] = match;
  const common = { status: 0, latencyMs: spec.latencyMs ?? 0, retryAfterSeconds: spec.retryAfterSeconds ?? null };
  if (plain !== undefined) {
    const action = plain as "latency" | "garbage" | "login_page" | "truncate";
    return { ...common, phase: action === "garbage" || action === "truncate" ? "after" : "before", action };
  }
  if (cut !== undefined) {
    return { ...common, phase: cutPhase === "after" ? "after" : "before", action: cut === "hang" ? "hang" : "reset" };
  }
  const phase = serverPhase === "after" ? "after" : "before";
  return { ...common, phase, action: "status", status: Number(client ?? server) };
}

/** The faults in force. */
export type Faults = ReturnType<typeof makeFaults>;

/** Makes an empty set of faults; `random` decides where a probability is given. */
export function makeFaults(random: Random) {
  const active = new Map<string, { spec: FaultSpec; left: number; skip: number; struck: number }>();
  const struckByKind: Record<string, number> = {};
  let counter = 0;
  let outage = false;

  function addFault(spec: FaultSpec): string {
    toActiveFault(spec);
    counter += 1;
    const id = `fault-${counter}`;
    const left = spec.times ?? (spec.probability === undefined ? 1 : Number.POSITIVE_INFINITY);
    active.set(id, { spec, left, skip: spec.skip ?? 0, struck: 0 });
    return id;
  }

  function matchesSpec(spec: FaultSpec, operation: string, method: string, path: string): boolean {
    if (spec.operation !== undefined && spec.operation !== operation) return false;
    if (spec.method !== undefined && spec.method.toUpperCase() !== method) return false;
    return spec.pathIncludes === undefined || path.includes(spec.pathIncludes);
  }

  /** The fault that strikes this request, if any; at most one besides latency. */
  function strike(operation: string, method: string, path: string): ActiveFault[] {
    const struck: ActiveFault[] = [];
    for (const [id, fault] of active) {
      if (!matchesSpec(fault.spec, operation, method, path)) continue;
      const hit = toActiveFault(fault.spec);
      if (hit.action !== "latency" && struck.some((other) => other.action !== "latency")) continue;
      if (fault.skip > 0) {
        fault.skip -= 1;
        continue;
      }
      if (fault.spec.probability !== undefined && random() >= fault.spec.probability) continue;
      fault.left -= 1;
      fault.struck += 1;
      struckByKind[fault.spec.kind] = (struckByKind[fault.spec.kind] ?? 0) + 1;
      if (fault.left <= 0) active.delete(id);
      struck.push(hit);
    }
    return struck;
  }

  return {
    addFault,
    strike,
    removeFault: (id: string): boolean => active.delete(id),
    clearFaults: (): void => active.clear(),
    /** How often each kind has struck since the start; never reset. */
    getStruck: (): Readonly<Record<string, number>> => ({ ...struckByKind }),
    setOutage: (on: boolean): void => {
      outage = on;
    },
    isOutage: (): boolean => outage,
  };
}
