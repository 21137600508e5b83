/** Who runs a command, as the audit names them. */
import { hostname, userInfo } from "node:os";

/** `name@host` of the operating system's user; behind `sudo` also who called it. Never throws: a user without a name is shown by number. */
export function commandActor(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const caller = env.SUDO_USER ?? "";
  const behind = caller === "" ? "" : `${caller} as `;
  return `${behind}${userName()}@${hostname()}`.replace(/\p{Cc}/gu, "").slice(0, 200);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
