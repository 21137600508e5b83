/** What can only be judged once everything is wired, and stops the worker's start. */
import { setTimeout as sleepFor } from "node:timers/promises";
import { CommandFailure, ExitCode } from "../commands/cli/exit-code.ts";
import { checkForm } from "../commands/doctor/jira.ts";
import { tell } from "../commands/doctor/sheet.ts";
import { findOscillations } from "../commands/doctor/status.ts";
import { doctorTexts, joined, type Words } from "../commands/doctor/texts/texts.ts";
import { errorMessage } from "../observability/scrub.ts";
import type { QueueBackend } from "../queue/contract.ts";
import type { Log } from "../sync/ports.ts";
import type { Composition } from "./compose.ts";
import type { WiredConnection } from "./connection.ts";

const statusAnswerMs = 5_000;

/** A queue that can never work stops the start; one that is away for the moment does not. Throws `CommandFailure`. */
export async function refuseMisfit(queue: QueueBackend, log: Log): Promise<void> {
  let misfit: Awaited<ReturnType<QueueBackend["findMisfit"]>>;
  try {
    misfit = await queue.findMisfit();
  } catch (error) {
    log.warn({ error: errorMessage(error) }, "The queue does not answer yet");
    return;
  }
  if (misfit === null) return;
  if (misfit.fatal) throw new CommandFailure({ code: ExitCode.usage, message: misfit.detail, remedy: misfit.remedy });
  log.warn({ detail: misfit.detail, remedy: misfit.remedy }, "The queue may lose jobs");
}

/**
 * A status map that names statuses by id can only be judged with Jira's help (rule 6). A Jira that does not answer in time does not hold
 * back the start: doctor finds the same. Throws `CommandFailure`.
 */
export async function refuseOscillation(composition: Composition): Promise<void> {
  for (const { name, config, jira } of composition.connections) {
    if (!Object.values(config.status.toJira).some((target) => "statusId" in target)) continue;
    let lines: readonly Words[];
    try {
      const late = sleepFor(statusAnswerMs, null, { ref: false }).then(() =>
        Promise.reject(new Error("no answer in time")),
      );
      lines = findOscillations(config.status, await Promise.race([jira.listStatuses(), late]));
    } catch (error) {
      composition.log.warn(
        { connection: name, error: errorMessage(error) },
        "The status map could not be compared with the workflow; casebridge doctor does it too",
      );
      continue;
    }
    if (lines.length > 0) {
      throw new CommandFailure({
        code: ExitCode.usage,
        message: `The status map of connection ${name} would make the two sides push each other: ${joined(lines)(doctorTexts.en)}.`,
        remedy:
          "Lead case statuses 3, 4, 12 and 13 to statuses of category done, and all others to new or indeterminate (status.toJira).",
      });
    }
  }
}

/**
 * Says in the log what of `issue.fields` the create screens do not take, so that nobody has to wait for the first refused issue. Holds back
 * nothing, and costs what doctor's check of it costs. Never rejects.
 */
export async function tellMisfits({
  connections,
  log,
}: {
  readonly connections: readonly WiredConnection[];
  readonly log: Log;
}): Promise<void> {
  const configured = connections.filter(({ config }) => Object.keys(config.issue.fields).length > 0);
  await Promise.all(
    configured.map(async ({ name, config, jira }) => {
      try {
        const finding = await checkForm(config, jira);
        if (finding.ok === false)
          log.warn(
            { connection: name, ...tell(doctorTexts.en, finding) },
            "New issues will be refused as they are configured",
          );
      } catch (error) {
        log.debug({ connection: name, error: errorMessage(error) }, "The create screens could not be looked at");
      }
    }),
  );
}
