/** Runs one job, and turns what its handler throws into a wait, a retry, or the end (`job-decision.ts`). */
import { DelayedError, type Job, UnrecoverableError, WaitingError } from "bullmq";
import { isServiceError } from "../domain/service-error.ts";
import { describeError, errorMessage } from "../observability/scrub.ts";
import { HandlerConflict, type JobHandler, type QueueBackendOptions, type QueueName } from "./contract.ts";
import { decideJob } from "./job-decision.ts";

const reportAgainMs = 30_000;

/** A job that a handler of this process works on; whoever shows its token may move it. */
export type RunningJob = { readonly queue: QueueName; readonly id: string; readonly token: string };

/** What a job is run with. */
export type JobRun = {
  readonly queue: QueueName;
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly job: Job;
  readonly token: string;
};

/** Runs jobs; knows which ones run. */
export type JobRunner = {
  /** Throws what BullMQ takes for a wait, a retry or the end. */
  run(run: JobRun): Promise<unknown>;
  /** How many run. */
  count(): number;
  /** From now on jobs go back at once. */
  refuse(): void;
  /** The jobs that still run, which are another worker's from now on. */
  giveUp(): readonly RunningJob[];
};

/** Makes a runner; `onExhausted` as of `QueueBackendOptions`. */
export function makeJobRunner(deps: Pick<QueueBackendOptions, "log" | "onExhausted">): JobRunner {
  const running = new Map<string, RunningJob>();
  let isRefusing = false;
  return {
    async run(run) {
      const { queue, handlers, job, token } = run;
      if (isRefusing) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      const key = `${queue} ${job.id}`;
      running.set(key, { queue, id: job.id ?? "", token });
      try {
        const handle = handlers.get(job.name);
        if (handle === undefined) throw new HandlerConflict(`no handler for the job ${job.name}`);
        return await handle(job.data);
      } catch (error) {
        // Given up: whatever the handler ended with, the job is another worker's now.
        if (!running.has(key)) throw new WaitingError();
        return await endJob(deps, run, error);
      } finally {
        running.delete(key);
      }
    },
    count: () => running.size,
    refuse: () => {
      isRefusing = true;
    },
    giveUp: () => {
      const left = [...running.values()];
      running.clear();
      return left;
    },
  };
}

async function endJob(
  { log, onExhausted }: Pick<QueueBackendOptions, "log" | "onExhausted">,
  { queue, job, token }: JobRun,
  error: unknown,
): Promise<never> {
  const decision = decideJob(error);
  if (decision.kind === "wait") {
    await job.moveToDelayed(Date.now() + decision.delayMs, token);
    throw new DelayedError();
  }
  const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
  if (decision.kind === "retry" && !isLast) {
    log.warn(
      { queue, job: job.name, attempt: job.attemptsMade + 1, error: errorMessage(error) },
      "Job will be tried again",
    );
    // BullMQ stores the message of what is thrown, and its stack.
    throw new Error(reasonOf(error), { cause: error });
  }
  try {
    await onExhausted?.({ queue, name: job.name, payload: job.data, error: reasonOf(error) });
  } catch (reportError) {
    log.error({ queue, job: job.name, error: errorMessage(reportError) }, "A dead job could not be reported");
    await job.moveToDelayed(Date.now() + reportAgainMs, token);
    throw new DelayedError();
  }
  log.error({ queue, job: job.name, error: errorMessage(error) }, "Job failed");
  throw Object.assign(new UnrecoverableError(reasonOf(error)), { cause: error });
}

/**
 * What is kept of a failure: our own words for one of a service, and of any other its class and code alone, since libraries quote what
 * they were given.
 */
function reasonOf(error: unknown): string {
  if (isServiceError(error)) return error.message;
  const { class: name, code } = describeError(error);
  return code === undefined ? name : `${name} ${code}`;
}
