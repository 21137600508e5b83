/** `casebridge notify --test`, and what `status` and `doctor` say of notifications. */
import { Option } from "commander";
import type { Config } from "../config/config.ts";
import { makeHttpSender } from "../lib/http.ts";
import { makeTestMessage, toMessageSettings } from "../observability/notify/message.ts";
import { deliver, explainProblem } from "../observability/notify/messenger.ts";
import type { NotificationReport } from "../observability/status-report.ts";
import type { AdminStore } from "../store/admin.ts";
import type { App } from "./cli/app.ts";
import { type CommandResult, defineCommand } from "./cli/command.ts";
import { CommandFailure, ExitCode } from "./cli/exit-code.ts";
import type { Block } from "./cli/output.ts";
import { commandLog } from "./cli/work.ts";
import { type Finding, right, warn, wrong } from "./doctor/sheet.ts";
import type { Words } from "./doctor/texts/texts.ts";

/** `casebridge notify`. */
export const command = defineCommand({
  options: () => [new Option("--test", "send a test message").makeOptionMandatory()],
  read: () => ({}),
  run: async (_options, { app }) => {
    const config = app.readConfig("database");
    const result = await sendTest(config);
    await noteAccepted(app, config);
    return result;
  },
});

/** What failed before counts no more. A test must work before there is a database, and while it is away. */
async function noteAccepted(app: App, config: Config): Promise<void> {
  try {
    const database = await app.openDatabase(config, commandLog(config), { access: "rehearse", poolMax: 1 });
    await database.admin.noteTestAccepted().finally(() => database.close());
  } catch {
    // The next message that is taken says the same.
  }
}

/**
 * Sends a test message, whatever people were told before. Throws `CommandFailure`: code 2 where nobody is to be told, 4 where the endpoint
 * cannot be reached or does not take it. Says nothing of the address. May be repeated.
 */
async function sendTest(config: Config): Promise<CommandResult> {
  const { notify } = config;
  if (notify === null) {
    throw new CommandFailure({
      code: ExitCode.usage,
      message: "NOTIFY_URL is not set, so nobody is notified.",
      remedy:
        "Set NOTIFY_URL (or NOTIFY_URL_FILE) to the address of a webhook or robot, and NOTIFY_FORMAT to its service.",
    });
  }
  const now = new Date();
  const message = makeTestMessage(
    toMessageSettings({ ...notify, publicUrl: config.http.publicUrl, connections: [] }),
    now,
  );
  const delivery = await deliver(
    makeHttpSender(() => {}, notify.proxy),
    notify,
    { message, now },
  );
  if (!delivery.isAccepted) {
    const { meaning, remedy } = explainProblem(delivery.problem, notify.format);
    throw new CommandFailure({ code: ExitCode.unreachable, message: `The test was not taken: ${meaning}.`, remedy });
  }
  return {
    exitCode: ExitCode.done,
    json: { sent: true, format: notify.format, on: notify.on },
    human: [{ kind: "text", text: `The test was taken (${notify.format}). Look whether it shows.`, tone: "good" }],
  };
}

/** How notifications go, as a line of `status`. Pure. */
export function notificationLine(report: NotificationReport | null): Block {
  if (report === null) return { kind: "text", text: "Notifications: nobody is notified (NOTIFY_URL is not set)." };
  const { format, on, sentAt, failingSince, problem } = report;
  const last = sentAt === null ? "none sent yet" : `last sent ${sentAt.toISOString()}`;
  if (failingSince === null) return { kind: "text", text: `Notifications: ${format}, on ${on.join(", ")}; ${last}.` };
  return {
    kind: "text",
    text: `Notifications: ${format}, failing since ${failingSince.toISOString()} (${problem ?? "unknown"}); ${last}.`,
    tone: "bad",
  };
}

/** What the doctor finds; `state` null = the database could not tell. Nothing is sent. Pure. */
export function checkNotifications(
  { notify, http }: Config,
  state: Awaited<ReturnType<AdminStore["readNotifier"]>> | null,
): Finding {
  if (notify === null) return right((t) => t.notifications.nobody);
  if (state?.failingSince != null) {
    const since = state.failingSince.toISOString();
    const problem = state.problem ?? "";
    return wrong(
      (t) => t.notifications.failing(since, problem, notify.format),
      (t) => t.notifications.tryIt(problem, notify.format),
    );
  }
  const channel: Words = (t) => t.notifications.channel(notify.format, notify.on.join(t.report.comma));
  if (http.publicUrl === null && http.port !== 0)
    return warn(
      (t) => t.notifications.noLink(channel(t)),
      (t) => t.notifications.setPublicUrl,
    );
  if (state?.sentAt == null)
    return warn(
      (t) => t.notifications.noneSent(channel(t)),
      (t) => t.notifications.test,
    );
  const sentAt = state.sentAt.toISOString();
  return right((t) => t.notifications.lastSent(channel(t), sentAt));
}
