/** What the Huawei adapter is given. Nothing here reads the environment. */
import type { HuaweiAccess } from "../domain/access.ts";

/** What may be left out, which means `null`. */
type Unneeded = "site" | "proxy" | "projectId";

/** Settings of one client. */
export type HuaweiClientOptions = Omit<HuaweiAccess, Unneeded> &
  Partial<Pick<HuaweiAccess, Unneeded>> & {
    /** For one attempt of an ordinary request, default 30,000; transfers get more time by their size. */
    readonly timeoutMs?: number;
  };
