/** Warnings that come again and again for one cause: said at once, then counted. */

type Say = (facts: Record<string, unknown>, message: string) => void;
type Log = { readonly debug: Say; readonly info: Say; readonly warn: Say; readonly error: Say };

/** For so long a warning that was said is only counted. */
const quietMs = 5 * 60_000;
/** What tells one cause from another; everything else (links, runs, cases) changes from line to line. */
const causes = ["connection", "action", "side", "operation", "kind", "status", "code", "reason", "queue", "job"];

/**
 * A logger that says each warning at once and then once in five minutes, with how often it came meanwhile (`repeated`); what is not said is
 * a debug line. `common`: facts of every warning.
 */
export function countWarnings(
  log: Log,
  { common = {}, now = () => performance.now() }: { common?: Record<string, unknown>; now?: () => number } = {},
): Log {
  const said = new Map<string, { at: number; repeated: number }>();
  return {
    debug: (facts, message) => log.debug(facts, message),
    info: (facts, message) => log.info(facts, message),
    error: (facts, message) => log.error(facts, message),
    warn: (facts, message) => {
      const key = JSON.stringify([message, ...causes.map((name) => facts[name])]);
      const before = said.get(key);
      if (before !== undefined && now() - before.at < quietMs) {
        before.repeated += 1;
        log.debug({ ...common, ...facts }, message);
        return;
      }
      const repeated = before?.repeated ?? 0;
      said.set(key, { at: now(), repeated: 0 });
      log.warn({ ...common, ...facts, ...(repeated === 0 ? {} : { repeated }) }, message);
    },
  };
}
