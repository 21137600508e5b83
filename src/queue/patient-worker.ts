/** BullMQ's worker, with a rest after a fetch that failed. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectionOptions, type IQueueBackend, type Job, type RedisQueueBackend, Worker } from "bullmq";

/**
 * BullMQ (6.7.0, `Worker.mainLoop`) rests after a refused connection alone. After any other failure it fetches again at once: that floods
 * a server that answers with an error, and a failure that comes without any I/O, such as a remembered one, makes a loop of microtasks in
 * which no timer, socket or signal of the process is ever served again. Here every failed fetch takes `runRetryDelay`.
 */
export class PatientWorker<
  Backend extends IQueueBackend = RedisQueueBackend,
  Connection = ConnectionOptions,
> extends Worker<unknown, unknown, string, Backend, Job["progress"], Connection> {
  protected override async moveToActive(token: string, name?: string): Promise<Job<unknown, unknown, string>> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      await sleep(this.opts.runRetryDelay, undefined, { ref: false });
      throw error;
    }
  }
}
