/** What `doctor` and `lookups` ask of the Huawei side, beyond what the flows need. All of it reads only. */

import type { Lane } from "../domain/lane.ts";
import type { CaseLookupPort } from "../sync/ports.ts";

/** One instance per connection. Every call throws only `ServiceError` and may be repeated. */
export interface HuaweiAdminPort extends CaseLookupPort {
  /** One small read; throws `unauthorized`, `forbidden` or whatever the service says. */
  checkCredentials(lane: Lane): Promise<void>;
  /** The service's clock in whole seconds; works even where a wrong local clock spoils every signature. */
  serverTime(lane: Lane): Promise<Date>;
  /** Until when the keys or the token in use hold, by our clock; `null` = without an end, or none were needed yet. Sends nothing. */
  credentialsEnd(): Promise<Date | null>;
}

/** What a dialect of the API gives of it; the rest is the client's. */
export type DialectAdminPort = Omit<HuaweiAdminPort, "credentialsEnd">;
