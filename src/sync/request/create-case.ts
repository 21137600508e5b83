/** Creates the case of an issue, once: its texts and files are prepared and frozen before the call. */
import { type AttachmentId, type CaseId, toId } from "../../domain/ids.ts";
import { markIdentity } from "../../domain/text/marks.ts";
import { toOurTime, toServiceTime } from "../../lib/service-clock.ts";
import { Withheld } from "../apply/gate.ts";
import { writeOnce } from "../apply/write-once.ts";
import { moments } from "../plan/moments.ts";
import type { LeasedLink, StateStep } from "../state.ts";
import { type CasePayload, caseIntentKey, caseMark, type NewRequest, prepareCase, toNewCase } from "./case-words.ts";
import type { RequestDeps, RequestResult } from "./request-deps.ts";

/** Creates the case with what was frozen for it, and stores it with the link. Throws as `writeOnce`. */
export async function createCase(deps: RequestDeps, leased: LeasedLink, request: NewRequest): Promise<RequestResult> {
  const earlier = leased.snapshot.intents.find((intent) => intent.key === caseIntentKey);
  const frozen = earlier?.payload as Partial<CasePayload> | undefined;
  // What may have left is repeated in the same words, so that a late copy is known by them.
  const planned = frozen !== undefined && (frozen.repeated === true || frozen.asked === request.asked);
  // It never left, and the issue says something else now: what a person took out of the text stays.
  if (earlier !== undefined && !planned) {
    await leased.apply({ confirmedIntents: [caseIntentKey] });
  }
  const subject = { kind: "issue", issueId: request.issue.issueId } as const;
  const payload = planned ? {} : await prepareCase(deps, leased, request, subject);
  await writeOnce(deps, leased, {
    kind: "case",
    key: caseIntentKey,
    side: "huawei",
    mark: markIdentity(caseMark(request.issue)),
    payload,
    call: (frozen) => {
      const { input, mirrors } = frozen as unknown as CasePayload;
      const files = mirrors.filter(({ kind }) => kind === "file").map(({ sourceId }) => toId<AttachmentId>(sourceId));
      return deps.huawei.createCase(deps.gate.seal({ ...subject, files }, toNewCase(input)), deps.lane);
    },
    confirm: (caseId) => adoptedStep(deps, { caseId, createdAt: null }, payloadOf(leased, payload)),
  }).catch(async (error: unknown) => {
    // It never left: the next run says what keeps it, or renders what the issue says then.
    if (error instanceof Withheld) await leased.apply({ confirmedIntents: [caseIntentKey] });
    throw error;
  });
  return { kind: "created", writes: 1 };
}

/** A repeat writes what was frozen before, not what was rendered now. */
function payloadOf(leased: LeasedLink, fresh: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return leased.snapshot.intents.find((intent) => intent.key === caseIntentKey)?.payload ?? fresh;
}

/**
 * What is stored once the case is known: also for one that was found by its mark. Comments of before it are history; what did not
 * fit into the description is owed as messages. With an empty payload (the database was lost) only the pair is known.
 */
export function adoptedStep(
  deps: Pick<RequestDeps, "clock" | "huawei" | "jira">,
  found: { readonly caseId: CaseId; readonly createdAt: Date | null },
  payload: Readonly<Record<string, unknown>>,
): StateStep {
  const { intents = [], mirrors = [], failures = [], since, notes = [] } = payload as Partial<CasePayload>;
  const { now, aheadMs } = moments(deps);
  const madeAt = found.createdAt === null ? now : toOurTime(found.createdAt, aheadMs.huawei);
  return {
    link: {
      caseId: found.caseId,
      outgoingSince: since === undefined ? toServiceTime(madeAt, aheadMs.jira) : new Date(since),
    },
    intents,
    mirrors: [
      ...mirrors,
      { kind: "notice", origin: "jira", sourceId: "case", state: "live", reason: notes.join("\n") || null },
      ...(intents.length === 0
        ? []
        : [{ kind: "notice", origin: "jira", sourceId: "case-text", state: "sending" } as const]),
    ],
    failures,
    confirmedIntents: [caseIntentKey],
    audit: [
      {
        side: "huawei",
        action: "create_case",
        item: `case:${found.caseId}`,
        result: since === undefined ? "adopted" : "created",
      },
    ],
  };
}
