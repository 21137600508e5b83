/** What the rounds over cases, issues and requests work with. */

import type { ConnectionSettings } from "../domain/settings.ts";
import type { Clock, HuaweiPort, JiraPort, Log } from "./ports.ts";
import type { StatePort } from "./state.ts";

/** One connection's ports and memory; `owner` names the process in leases of rounds. */
export type IntakeDeps = {
  readonly huawei: HuaweiPort;
  readonly jira: JiraPort;
  readonly state: StatePort;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ConnectionSettings;
  readonly owner: string;
  /** Connections further up in the file that draw on the same Huawei account: the cases that they want are theirs (rule 7). */
  readonly earlier?: readonly ConnectionSettings[];
};
