/** The v2 dialect of a case's operation log: where an action whose answer was lost is looked for (huawei.md 7). */
import { z } from "zod";
import type { HuaweiPort } from "../sync/ports.ts";
import type { DialectDeps } from "./dialect.ts";
import { parseWire } from "./mapping.ts";
import { parseServiceTime } from "./service-time.ts";
import { v2Call } from "./v2-call.ts";

const loose = z.unknown().optional();
const wireLog = z.object({ incident_operate_log_list: z.array(loose).nullish() });
const wireEntry = z.object({
  operate_type: loose,
  operate_desc: loose,
  timestamp_operate_time: loose,
  operate_time: loose,
});

/** Kind of a rating in the operation log (huawei.md 7). */
const rateType = 5;

/** Makes the reading of the operation log. */
export function makeV2Actions(deps: DialectDeps): Pick<HuaweiPort, "listOperations"> {
  const { transport } = deps;
  return {
    async listOperations(caseId, lane) {
      const call = v2Call(deps, {
        operation: "listOperations",
        path: ["cases", caseId, "operate-logs"],
        query: { group_id: deps.groupId, offset: 0, limit: 100 },
      });
      const wire = parseWire(call, wireLog, { value: await transport.json(call, lane) });
      return (wire.incident_operate_log_list ?? []).map((value, index) => {
        const entry = parseWire(call, wireEntry, { value, path: `incident_operate_log_list[${index}]` });
        const at =
          parseServiceTime(entry.timestamp_operate_time, deps.zone.offsetMinutes()) ??
          parseServiceTime(entry.operate_time, deps.zone.offsetMinutes());
        return {
          kind: Number(entry.operate_type) === rateType ? ("rate" as const) : ("other" as const),
          description: typeof entry.operate_desc === "string" ? entry.operate_desc : "",
          at: at ?? new Date(0),
        };
      });
    },
  };
}
