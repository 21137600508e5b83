/** `casebridge worker`: the service, until it is told to stop. */
import { startWatchdog } from "../lib/watchdog.ts";
import { makeLogger } from "../observability/logger.ts";
import { defineCommand } from "./cli/command.ts";
import { ExitCode } from "./cli/exit-code.ts";
import { waitForSignal } from "./wait-for-signal.ts";

/** Half a minute after SIGTERM the worker is gone, also where its event loop stands still and cannot hear it. */
const stillMaxSeconds = 25;
const stopMaxSeconds = 29;
const lastWordsMs = 500;

/** `casebridge worker`. */
export const command = defineCommand({
  read: () => ({}),
  run: async (_options, { app }) => {
    const config = app.readConfig("worker");
    const log = makeLogger({ level: config.logLevel, pretty: process.stdout.isTTY === true });
    const watchdog = startWatchdog({ stillSeconds: stillMaxSeconds });
    const worker = await app.startWorker(config, log);
    await waitForSignal(log);
    watchdog.endWithin(stopMaxSeconds);
    await worker.stop();
    log.info({}, "Worker stopped");
    // A run whose lease ends by itself may still wait for a service.
    setTimeout(() => process.exit(), lastWordsMs).unref();
    return { exitCode: ExitCode.done, human: [], json: { stopped: true } };
  },
});
