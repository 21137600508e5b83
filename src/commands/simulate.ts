/** `casebridge simulate`: one simulator alone on a port until it is told to stop. */
import { startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { startJiraSimulator } from "../../simulators/jira/index.ts";
import { silentLogger } from "../observability/logger.ts";
import { type CommandResult, defineCommand } from "./cli/command.ts";
import { ExitCode } from "./cli/exit-code.ts";
import { numberOf, portOption } from "./cli/options.ts";
import { waitForSignal } from "./wait-for-signal.ts";

const sides = ["huawei", "jira"] as const;
type SimulateOptions = { readonly side: (typeof sides)[number]; readonly port: number | null };

/** `casebridge simulate`. */
export const command = defineCommand<SimulateOptions>({
  arguments: [{ description: "the service to stand in for", choices: sides }],
  options: () => [portOption("port to listen on (default: 9081 for huawei, 9082 for jira)")],
  read: (parsed) => ({ side: parsed.args[0] === "jira" ? "jira" : "huawei", port: numberOf(parsed, "port") }),
  run: simulate,
});

async function simulate({ side, port: asked }: SimulateOptions): Promise<CommandResult> {
  const port = asked ?? (side === "huawei" ? 9081 : 9082);
  const simulator = side === "huawei" ? await startHuaweiSimulator({ port }) : await startJiraSimulator({ port });
  process.stderr.write(
    `${side} simulator on ${simulator.url}\n` +
      (side === "huawei"
        ? "access key SIMAK, secret key SIMSK, domain id simdomain0000000000000000000001\n"
        : "account bot@example.com, API token SIMTOKEN, projects OPS, STEP, DESK\n") +
      `acting as people: POST ${simulator.url}/_control/<function> with a JSON body; state: POST ${simulator.url}/_control/getState\n`,
  );
  await waitForSignal(silentLogger);
  await simulator.close();
  return { exitCode: ExitCode.done, human: [], json: { url: simulator.url } };
}
