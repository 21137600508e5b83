import type { Clock, HuaweiPort, JiraPort } from "./ports.ts";

/** What a plan knows of clocks: our moment, and how far each service's clock is ahead of ours. */
export type Moments = {
  readonly now: Date;
  readonly aheadMs: { readonly huawei: number; readonly jira: number };
};

/** Reads the clocks. */
export function moments(deps: {
  readonly clock: Clock;
  readonly huawei: Pick<HuaweiPort, "serviceClock">;
  readonly jira: Pick<JiraPort, "serviceClock">;
}): Moments {
  const aheadMs = { huawei: deps.huawei.serviceClock.aheadMs(), jira: deps.jira.serviceClock.aheadMs() };
  return { now: deps.clock.now(), aheadMs };
}
