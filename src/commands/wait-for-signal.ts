/** When a process that serves should end. */
import type { Log } from "../sync/ports.ts";

const parentPollMs = 1_000;
/** Read early: npm may be gone before the service has started. */
const parent = process.ppid;

/**
 * Waits for SIGTERM or SIGINT; a second signal ends the process at once. A process that npm started also ends when npm is gone: npm
 * killed by force tells nobody, and a service that is left over goes on to serve beside the next one.
 */
export function waitForSignal(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const end = (facts: Record<string, unknown>): void => {
      if (asked) return;
      asked = true;
      log.info(facts, "Stopping");
      resolve();
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        end({ signal });
      });
    }
    if (process.env.npm_lifecycle_event === undefined) return;
    const poll = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(poll);
      end({ parent });
    }, parentPollMs);
    poll.unref();
  });
}
