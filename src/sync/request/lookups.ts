/**
 * Look-ups of the account, through a cache in the database: ids of products and regions hardly ever change, every new case needs
 * them, and a request must be checkable while the service is away. What is cached carries its age; a fresh answer is
 * asked for once a day, by a round of its own, and whenever a value is not found.
 */

import type { Lane } from "../../domain/lane.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { GuardedText } from "../../domain/text/guarded.ts";
import type {
  CaseCategory,
  CaseLookupPort,
  CaseTemplate,
  Clock,
  ExtraParameter,
  Log,
  LookupCache,
  NamedId,
  ProblemType,
  Severities,
} from "../ports.ts";

/** What look-ups work with. */
export type LookupDeps = {
  readonly port: CaseLookupPort;
  readonly cache: LookupCache;
  readonly clock: Clock;
  readonly log: Log;
  readonly connectionName: string;
};

/** What the check of a request asks. `maxAgeMs`: an older answer is asked for again; a stale one serves while the service is away. */
export type Lookups = {
  regions(maxAgeMs: number, lane: Lane): Promise<readonly NamedId[]>;
  categories(maxAgeMs: number, lane: Lane): Promise<readonly CaseCategory[]>;
  problemTypes(
    filter: { readonly productId: GuardedText | null; readonly subTypeId: GuardedText | null },
    maxAgeMs: number,
    lane: Lane,
  ): Promise<readonly ProblemType[]>;
  severities(
    filter: { readonly productId: GuardedText; readonly problemTypeId: GuardedText },
    maxAgeMs: number,
    lane: Lane,
  ): Promise<Severities>;
  templates(problemTypeId: GuardedText, maxAgeMs: number, lane: Lane): Promise<readonly CaseTemplate[]>;
  extraParameters(
    filter: {
      readonly problemTypeId: GuardedText;
      readonly productId: GuardedText | null;
      readonly subTypeId: GuardedText | null;
    },
    maxAgeMs: number,
    lane: Lane,
  ): Promise<readonly ExtraParameter[]>;
  /**
   * Reads everything that was ever asked for again; what Huawei refuses is logged and passed over. Answers how many look-ups were read.
   * Throws `ServiceError`.
   */
  refresh(lane: Lane): Promise<number>;
};

/** The same look-ups, each asked for anew whatever is remembered; what is remembered serves while the service is away. Pure. */
export function askAnew(lookups: Lookups): Lookups {
  return {
    regions: (_age, lane) => lookups.regions(0, lane),
    categories: (_age, lane) => lookups.categories(0, lane),
    problemTypes: (filter, _age, lane) => lookups.problemTypes(filter, 0, lane),
    severities: (filter, _age, lane) => lookups.severities(filter, 0, lane),
    templates: (problemTypeId, _age, lane) => lookups.templates(problemTypeId, 0, lane),
    extraParameters: (filter, _age, lane) => lookups.extraParameters(filter, 0, lane),
    refresh: lookups.refresh,
  };
}

/** Makes the look-ups of one connection. Calls throw `ServiceError` only where nothing is cached. */
export function makeLookups(deps: LookupDeps): Lookups {
  const { port, cache, clock, log, connectionName } = deps;
  const readers: Readonly<Record<string, (filter: never, lane: Lane) => Promise<unknown>>> = {
    regions: (_filter: null, lane) => port.listRegions(lane),
    categories: (_filter: null, lane) => port.listCategories(lane),
    problemTypes: (filter: Parameters<CaseLookupPort["listProblemTypes"]>[0], lane) =>
      port.listProblemTypes(filter, lane),
    severities: (filter: Parameters<CaseLookupPort["listSeverities"]>[0], lane) => port.listSeverities(filter, lane),
    templates: (problemTypeId: GuardedText, lane) => port.listTemplates(problemTypeId, lane),
    extraParameters: (filter: Parameters<CaseLookupPort["listExtraParameters"]>[0], lane) =>
      port.listExtraParameters(filter, lane),
  };

  async function readFresh(key: string, lane: Lane): Promise<unknown> {
    const [kind, filter] = JSON.parse(key) as [string, never];
    const value = await readers[kind]?.(filter, lane);
    await cache.save(connectionName, key, value, clock.now());
    return value;
  }

  async function read<Value>(kind: string, filter: unknown, maxAgeMs: number, lane: Lane): Promise<Value> {
    const key = JSON.stringify([kind, filter]);
    const known = await cache.find(connectionName, key);
    if (known !== null && clock.now().getTime() - known.readAt.getTime() < maxAgeMs) return known.value as Value;
    try {
      return (await readFresh(key, lane)) as Value;
    } catch (error) {
      // What the API version lacks offers nothing to choose from.
      if (isServiceError(error, "rejected") && error.facts.code === "UNSUPPORTED") {
        return (kind === "severities" ? { shown: false, severities: [] } : []) as Value;
      }
      if (known === null || !isServiceError(error, "unavailable", "rate_limited", "unauthorized", "contract"))
        throw error;
      log.warn({ lookup: kind, readAt: known.readAt.toISOString(), kind: error.kind }, "Stale look-up used");
      return known.value as Value;
    }
  }

  return {
    regions: (maxAgeMs, lane) => read("regions", null, maxAgeMs, lane),
    categories: (maxAgeMs, lane) => read("categories", null, maxAgeMs, lane),
    problemTypes: (filter, maxAgeMs, lane) => read("problemTypes", filter, maxAgeMs, lane),
    severities: (filter, maxAgeMs, lane) => read("severities", filter, maxAgeMs, lane),
    templates: (problemTypeId, maxAgeMs, lane) => read("templates", problemTypeId, maxAgeMs, lane),
    extraParameters: (filter, maxAgeMs, lane) => read("extraParameters", filter, maxAgeMs, lane),
    async refresh(lane) {
      let count = 0;
      for (const key of await cache.listKeys(connectionName)) {
        try {
          await readFresh(key, lane);
          count += 1;
        } catch (error) {
          // One look-up that Huawei refuses, such as that of a product that is gone, does not keep the others from being read.
          if (!isServiceError(error, "rejected", "not_found", "forbidden", "contract")) throw error;
          log.warn({ lookup: key, kind: error.kind, code: error.facts.code }, "Look-up not refreshed");
        }
      }
      return count;
    },
  };
}
