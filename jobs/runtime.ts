import type { IntakeDeps } from "../src/sync/intake-deps.ts";
import type { LinkDeps } from "../src/sync/link/run-link.ts";

/** One connection, wired: what its jobs work with. */
export type ConnectionRuntime = {
  readonly name: string;
  readonly intake: IntakeDeps;
  readonly reconcile: LinkDeps;
};

/** The runtime of a connection named in a payload, or `null` when the configuration no longer has it. */
export function findRuntime(runtimes: readonly ConnectionRuntime[], name: string): ConnectionRuntime | null {
  return runtimes.find((runtime) => runtime.name === name) ?? null;
}
