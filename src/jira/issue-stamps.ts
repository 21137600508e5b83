/** Our stamps on issues, one by one and many at once. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { IssueId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { JiraPort } from "../sync/ports.ts";
import { readAnswer, refusedLocally } from "./errors.ts";
import { bulkMax, type IssueDeps } from "./issue-deps.ts";
import { propertyKey, toIssueStamp } from "./mapping.ts";
import { type CallContext, checkedSegment, readWhole } from "./transport.ts";
import { labelPageSchema, taskSchema } from "./wire.ts";

/** Pauses before each look at a task: a hundred properties are a matter of moments. */
const taskPausesMs = [0, 250, 500, 1_000, 2_000, 4_000] as const;

/** `JiraPort.setIssueStamp`. */
export async function setIssueStamp(
  deps: IssueDeps,
  issueId: IssueId,
  stamp: Parameters<JiraPort["setIssueStamp"]>[1],
  lane: Lane,
) {
  const call: CallContext = { operation: "setIssueStamp", effect: "write", lane, issueId };
  const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}/properties/${propertyKey}`;
  await deps.transport.client(call).sendRequest({ url, method: "PUT", body: stamp });
}

/** `JiraPort.setIssueStamps`. */
export async function setIssueStamps(deps: IssueDeps, stamps: Parameters<JiraPort["setIssueStamps"]>[0], lane: Lane) {
  const call: CallContext = { operation: "setIssueStamps", effect: "write", lane };
  if (stamps.length === 0) return [];
  if (stamps.length > bulkMax) throw refusedLocally(call, `more than ${bulkMax} issues`);
  const json = {
    issues: stamps.map(({ issueId, stamp }) => ({ issueID: Number(issueId), properties: { [propertyKey]: stamp } })),
  };
  const url = deps.transport.toUrl("/rest/api/3/issue/properties/multi");
  // Answered by 303 with the address of a task that does it (bulkSetIssuePropertiesByIssue).
  const location = await deps.transport.attempt(call, "POST", async (send) => {
    const answer = await readWhole(call, await send({ method: "POST", url, json }));
    if (answer.status !== 303) readAnswer(call, answer, deps.clock.now());
    return answer.headers.location ?? "";
  });
  const taskId = /\/task\/([A-Za-z0-9-]+)\/?$/.exec(location)?.[1];
  if (taskId !== undefined) await waitForTask(deps, taskId, lane);
  return listCarrying(deps, stamps, lane);
}

/** Waits until a task ends, or as long as a round may wait for it. What it says of itself is not asked: the issues tell. */
async function waitForTask(deps: IssueDeps, taskId: string, lane: Lane): Promise<void> {
  const call: CallContext = { operation: "getTask", effect: "read", lane };
  const request = { url: `/rest/api/3/task/${checkedSegment(call, taskId)}`, schema: taskSchema } as const;
  try {
    for (const pauseMs of taskPausesMs) {
      await deps.sleep(pauseMs);
      const { status } = await deps.transport.client(call).sendRequest(request);
      if (status !== "ENQUEUED" && status !== "RUNNING") return;
    }
  } catch (error) {
    if (!isServiceError(error)) throw error;
  }
}

/** The issues among these that carry their stamp now. */
async function listCarrying(deps: IssueDeps, stamps: Parameters<JiraPort["setIssueStamps"]>[0], lane: Lane) {
  const call: CallContext = { operation: "setIssueStamps", effect: "read", lane };
  const { issues } = await deps.transport.client(call).sendRequest({
    url: "/rest/api/3/issue/bulkfetch",
    method: "POST",
    body: { issueIdsOrKeys: stamps.map(({ issueId }) => issueId), fields: ["labels"], properties: [propertyKey] },
    schema: z.object({ issues: labelPageSchema.shape.issues }),
  });
  const found = new Map(issues.map((issue) => [issue.id, toIssueStamp(issue.properties?.[propertyKey])]));
  return stamps.flatMap(({ issueId, stamp }) => (isDeepStrictEqual(found.get(issueId), stamp) ? [issueId] : []));
}
