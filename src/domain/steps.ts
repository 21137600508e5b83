/**
 * Work that must not stop other work. A service that refuses one call for ever (a missing permission, a call that was taken away) is no
 * reason to leave out what does not need that call.
 */
import { isServiceError, type ServiceError } from "./service-error.ts";

/** The part of the logger that says what was left out. */
type Log = { info(fields: Record<string, unknown>, message: string): void };

/**
 * Runs a call that only adds to what is mirrored: a stamp, a link between issues, a look-up. Answers `null` where the service fails or
 * refuses it, and logs that; every other error passes through.
 */
export async function unlessRefused<Result>(
  log: Log,
  addition: string,
  work: () => Promise<Result>,
): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (!isServiceError(error)) throw error;
    const { kind, facts } = error;
    log.info({ addition, kind, operation: facts.operation, status: facts.status, code: facts.code }, "Left out");
    return null;
  }
}

/** Steps that do not need each other. */
export type Steps = {
  /** Runs one step; `null` where a service failed it. */
  run<Result>(step: () => Promise<Result>): Promise<Result | null>;
  /** Throws what the first failed step threw, once the others had their turn. */
  end(): void;
};

/** Makes the steps of one round. */
export function makeSteps(): Steps {
  let first: ServiceError | null = null;
  return {
    async run(step) {
      try {
        return await step();
      } catch (error) {
        if (!isServiceError(error)) throw error;
        first ??= error;
        return null;
      }
    },
    end() {
      if (first !== null) throw first;
    },
  };
}
