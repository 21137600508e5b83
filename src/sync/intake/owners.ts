/** Which connection a case belongs to, where several see it (rule 7). */
import { type CaseSummary, isOpenStatus } from "../../domain/case.ts";
import type { FailureReason } from "../../domain/failure.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import { overlapMs } from "./seen-cases.ts";

/** Reason of the breaker against a wrong filter or group (rule 2). */
export const manyNewCases = "many_new_cases" satisfies FailureReason;

/** Reason of a failure that lasts as long as cases have issues of another installation (rule 7). */
export const foreignInstallation = "foreign_installation" satisfies FailureReason;

/** Whether a case that has no link gets an issue; decides creation only (docs/configuration.md `cases`). Pure. */
export function isWantedCase(
  entry: Pick<CaseSummary, "createdAt" | "status" | "labels" | "submitterName">,
  settings: ConnectionSettings,
  firstRoundAt: Date | null,
): boolean {
  const { createdAfter, statuses, labels, excludeLabels, submitters } = settings.cases;
  if (createdAfter !== null) {
    if (entry.createdAt < createdAfter) return false;
  } else if (firstRoundAt === null) {
    if (!isOpenStatus(entry.status)) return false;
  } else if (entry.createdAt.getTime() < firstRoundAt.getTime() - overlapMs) {
    return false;
  }
  if (statuses !== null && !statuses.includes(entry.status)) return false;
  if (entry.labels.some((label) => excludeLabels.includes(label))) return false;
  if (submitters.length > 0 && !submitters.includes(entry.submitterName ?? "")) return false;
  return labels.length === 0 || entry.labels.some((label) => labels.includes(label));
}

/** Breakers behind which a connection has cases that it has not taken yet. */
const casesStopReasons: readonly FailureReason[] = [manyNewCases, foreignInstallation];

/**
 * The first connection in file order owns a case (rule 7): those that others have are left to them, and so are those that an earlier
 * connection on the same account wants, whether it runs, is paused, held or stopped. Where that one looks through another user group,
 * it may not see the case at all: then it has its turn, which it has not had while it is stopped or holds cases. An import does not wait
 * for that turn to come, but it takes nothing from one that cannot have it.
 */
export async function leaveToOwners(
  deps: IntakeDeps,
  wanted: readonly CaseSummary[],
  options: { readonly asImport?: boolean },
): Promise<{
  readonly free: readonly CaseSummary[];
  readonly waiting: number;
  readonly owners: ReadonlyMap<string, number>;
}> {
  const owners = new Map<string, number>();
  if (wanted.length === 0) return { free: [], waiting: 0, owners };
  const known = await deps.state.listCaseOwners(
    deps.settings.name,
    wanted.map((entry) => entry.caseId),
  );
  const note = (owner: string): void => void owners.set(owner, (owners.get(owner) ?? 0) + 1);
  for (const owner of known.values()) note(owner);
  const turns = await Promise.all((deps.earlier ?? []).map((earlier) => findTurn(deps, earlier)));
  const free: CaseSummary[] = [];
  let waiting = 0;
  for (const entry of wanted) {
    if (known.has(entry.caseId)) continue;
    const claims = turns.filter((turn) => isWantedCase(entry, turn.settings, turn.firstRoundAt));
    const owner = claims.find((turn) => turn.seesTheSame);
    if (owner !== undefined) note(owner.settings.name);
    else if (claims.some(({ at }) => at === null || (options.asImport !== true && at <= entry.createdAt))) waiting += 1;
    else free.push(entry);
  }
  return { free, waiting, owners };
}

/** How an earlier connection stands to the cases that both may see; `at`: when it last looked for them, by the service's clock. */
async function findTurn(
  deps: IntakeDeps,
  settings: ConnectionSettings,
): Promise<{
  readonly settings: ConnectionSettings;
  readonly firstRoundAt: Date | null;
  readonly seesTheSame: boolean;
  readonly at: Date | null;
}> {
  const { state, firstRoundAt } = await deps.state.getConnection(settings.name);
  const breakers = await deps.state.listBreakers(settings.name);
  const holds = state === "stopped" || breakers.some(({ reason }) => casesStopReasons.includes(reason));
  const start = holds ? null : await deps.state.findRoundStart(settings.name, "cases");
  return {
    settings,
    firstRoundAt,
    seesTheSame: seesAll(settings.huawei.groupIds, deps.settings.huawei.groupIds),
    at: start === null ? null : toServiceTime(start, deps.huawei.serviceClock.aheadMs()),
  };
}

/** Whether who mirrors `groups` sees every case that another of `others` sees; without a group it is the account's own cases. */
function seesAll(groups: readonly string[], others: readonly string[]): boolean {
  return others.length === 0 ? groups.length === 0 : others.every((group) => groups.includes(group));
}
