/** Faults on command: which request fails, how, and whether its effect happens first. */
import type { Random } from "./random.ts";

/**
 * Kinds of fault. `_before`: nothing has happened; `_after`: the effect is there, only the answer is lost
 * (huawei.md 12 quirk 12). `latency` answers normally after `latencyMs`; `429` and `401` come from the gateway (quirks 10, 11);
 * `403` refuses without a reason that anybody could mend;
 * `garbage` has its effect and answers 200 with an HTML page; `garbage_json` likewise with broken JSON;
 * `truncate` announces a whole body and ends the connection in its middle.
 */
export const FAULT_KINDS = [
  "latency",
  "429",
  "401",
  "403",
  "500_before",
  "502_before",
  "503_before",
  "500_after",
  "504_after",
  "reset_before",
  "reset_after",
  "hang_before",
  "hang_after",
  "garbage",
  "garbage_json",
  "truncate",
] as const;

/** One of FAULT_KINDS. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What `control.addFault` takes. A request must match all of `operation`, `method`, `pathIncludes` that are given. */
export interface FaultRule {
  /** operationId of openapi.yaml, or IamCreateToken, IamListProjects, IamListAuthProjects, IamListAuthDomains, IamAssumeAgency,
   * StsAssumeAgency, ServerKeys, ServerToken, AccessoryLink. */
  readonly operation?: string;
  readonly method?: string;
  /** Text contained in path and query as received. */
  readonly pathIncludes?: string;
  readonly kind: FaultKind;
  /** How often it strikes; without it for ever. */
  readonly times?: number;
  /** Chance per matching request, 0 to 1, drawn from the seeded generator. */
  readonly probability?: number;
  /** Matching requests to let pass first. */
  readonly skip?: number;
  /** Pause before anything happens; default 1000 for `latency`, 0 for the others. */
  readonly latencyMs?: number;
  /** Retry-After header of a `429` or `503_before`. */
  readonly retryAfterSeconds?: number;
}

/** The active faults. */
export interface FaultBook {
  /** Adds a fault and returns its id. @throws Error for an unknown kind. */
  add(rule: FaultRule): string;
  /** Removes one fault, or all without id. */
  clear(id?: string): void;
  /** The first fault that strikes this request, used up by the call; null when none does. */
  take(request: { readonly operation: string; readonly method: string; readonly url: string }): FaultRule | null;
  /** How often each kind has struck since the start; never reset. */
  struck(): Readonly<Record<string, number>>;
}

/** Makes an empty book; `random` is asked at every draw so that a reset can replace it. */
export function makeFaultBook(random: () => Random): FaultBook {
  let sequence = 0;
  const struck: Record<string, number> = {};
  const active = new Map<string, { readonly rule: FaultRule; skip: number; left: number }>();
  return {
    add(rule) {
      if (!FAULT_KINDS.includes(rule.kind)) throw new Error(`Unknown fault kind: ${String(rule.kind)}`);
      sequence += 1;
      const id = `fault-${sequence}`;
      active.set(id, { rule, skip: rule.skip ?? 0, left: rule.times ?? Number.POSITIVE_INFINITY });
      return id;
    },
    clear(id) {
      if (id === undefined) active.clear();
      else active.delete(id);
    },
    take(request) {
      for (const [id, entry] of active) {
        const { rule } = entry;
        if (rule.operation !== undefined && rule.operation !== request.operation) continue;
        if (rule.method !== undefined && rule.method !== request.method) continue;
        if (rule.pathIncludes !== undefined && !request.url.includes(rule.pathIncludes)) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        if (rule.probability !== undefined && random().next() >= rule.probability) continue;
        entry.left -= 1;
        if (entry.left <= 0) active.delete(id);
        struck[rule.kind] = (struck[rule.kind] ?? 0) + 1;
        return rule;
      }
      return null;
    },
    struck: () => ({ ...struck }),
  };
}
