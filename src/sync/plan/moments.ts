import type { Clock, HuaweiPort, JiraPort } from "../ports.ts";
import type { PlanInput } from "./action.ts";

/** What a plan knows of clocks: our moment, and how far each service is ahead of it. */
export function moments(deps: {
  readonly clock: Clock;
  readonly huawei: Pick<HuaweiPort, "serviceClock">;
  readonly jira: Pick<JiraPort, "serviceClock">;
}): Pick<PlanInput, "now" | "aheadMs"> {
  const aheadMs = { huawei: deps.huawei.serviceClock.aheadMs(), jira: deps.jira.serviceClock.aheadMs() };
  return { now: deps.clock.now(), aheadMs };
}
