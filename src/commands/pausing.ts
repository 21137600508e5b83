/** What `pause` and `resume` have in common. */
import { type Direction, directions } from "../domain/direction.ts";
import type { Composition } from "./cli/app.ts";
import type { CommandResult, Parsed } from "./cli/command.ts";
import { ExitCode } from "./cli/exit-code.ts";
import { type ConnectionOption, choice, connectionOption, readConnection, textOf } from "./cli/options.ts";
import { chosen } from "./targets.ts";

/** Options of `pause` and `resume`. `direction` null = both. */
export type PauseOptions = ConnectionOption & { readonly direction: Direction | null };

/** The options as the command line has them. */
export const pauseOptions = () => [
  connectionOption(),
  choice("--direction <direction>", "one direction (default: both)", directions),
];

/** Reads them. */
export function readPause(parsed: Parsed): PauseOptions {
  const direction = textOf(parsed, "direction");
  return { ...readConnection(parsed), direction: directions.find((one) => one === direction) ?? null };
}

/** Pauses or resumes the chosen connections. A resume to Huawei Cloud frees the closes that waited. Throws `CommandFailure`. */
export async function setPaused(
  composition: Composition,
  { connection, direction }: PauseOptions,
  paused: boolean,
): Promise<CommandResult> {
  chosen(composition, connection);
  const count = await composition.admin.setPaused({
    ...(connection === null ? {} : { connection }),
    ...(direction === null ? {} : { direction }),
    paused,
  });
  const released = paused || direction === "to-jira" ? 0 : await composition.releaseCloses(connection);
  const words = [
    `${paused ? "Paused" : "Resumed"}: ${count} connection(s).`,
    ...(paused ? ["Nothing is lost meanwhile."] : []),
    ...(released > 0 ? ["Closes and cancels that waited are released."] : []),
  ];
  return {
    exitCode: ExitCode.done,
    json: { paused, connections: count, released },
    human: [{ kind: "text", text: words.join(" ") }],
  };
}
