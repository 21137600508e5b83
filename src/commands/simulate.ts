import { startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { startJiraSimulator } from "../../simulators/jira/index.ts";
import { silentLogger } from "../observability/logger.ts";
import type { CommandResult } from "./actions.ts";
import { ExitCode } from "./exit-code.ts";
import { untilTold } from "./until-told.ts";

/** One simulator alone on a port until it is told to stop. */
export async function runSimulator(options: {
  readonly side: "huawei" | "jira";
  readonly port: number | null;
}): Promise<CommandResult> {
  const port = options.port ?? (options.side === "huawei" ? 9081 : 9082);
  const simulator =
    options.side === "huawei" ? await startHuaweiSimulator({ port }) : await startJiraSimulator({ port });
  process.stderr.write(
    `${options.side} simulator on ${simulator.url}\n` +
      (options.side === "huawei"
        ? "access key SIMAK, secret key SIMSK, domain id simdomain0000000000000000000001\n"
        : "account bot@example.com, API token SIMTOKEN, projects OPS, STEP, DESK\n") +
      `acting as people: POST ${simulator.url}/_control/<function> with a JSON body; state: POST ${simulator.url}/_control/getState\n`,
  );
  await untilTold(silentLogger);
  await simulator.close();
  return { exitCode: ExitCode.done, human: [], json: { url: simulator.url } };
}
