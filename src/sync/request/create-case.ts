/** Creates the case of an issue, once: its texts and files are prepared and frozen before the call. */
import { type AttachmentId, type CaseId, toId } from "../../domain/ids.ts";
import { type CasePayload, findIntent, newIntent } from "../../domain/rows/intent.ts";
import { intentKey } from "../../domain/rows/intent-key.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { mirrorId } from "../../domain/rows/mirror.ts";
import { markIdentity } from "../../domain/text/marks.ts";
import { toOurTime, toServiceTime } from "../../lib/service-clock.ts";
import { Withheld } from "../apply/gate.ts";
import { writeOnce } from "../apply/write-once.ts";
import { moments } from "../moments.ts";
import type { LeasedLink, StateStep } from "../state.ts";
import { caseMark, type NewRequest, prepareCase, toNewCase } from "./case-words.ts";
import type { RequestDeps, RequestResult } from "./request-deps.ts";

const caseIntent = { kind: "case" } as const;

const nothingFrozen: Pick<CasePayload, "intents" | "mirrors" | "failures" | "since" | "notes"> = {
  intents: [],
  mirrors: [],
  failures: [],
  since: null,
  notes: [],
};

/** Creates the case with what was frozen for it, and stores it with the link. Throws as `writeOnce`. */
export async function createCase(deps: RequestDeps, leased: LeasedLink, request: NewRequest): Promise<RequestResult> {
  const earlier = findIntent(leased.snapshot.intents, caseIntent);
  // What may have left is repeated in the same words, so that a late copy is known by them.
  const planned = earlier !== undefined && (earlier.repeated || earlier.payload.asked === request.asked);
  // It never left, and the issue says something else now: what a person took out of the text stays.
  if (earlier !== undefined && !planned) {
    await leased.apply({ confirmedIntents: [earlier.key] });
  }
  const subject = { kind: "issue", issueId: request.issue.issueId } as const;
  const payload = planned ? earlier.payload : await prepareCase(deps, leased, request, subject);
  const intent = newIntent(caseIntent, { mark: markIdentity(caseMark(request.issue)), payload });
  await writeOnce(deps, leased, {
    intent,
    call: ({ input, mirrors }) => {
      const files = mirrors.filter(({ kind }) => kind === "file").map(({ sourceId }) => toId<AttachmentId>(sourceId));
      return deps.huawei.createCase(deps.gate.seal({ ...subject, files }, toNewCase(input)), deps.lane);
    },
    confirm: (caseId) => adoptedStep(deps, { caseId, createdAt: null }, payload),
  }).catch(async (error: unknown) => {
    // It never left: the next run says what keeps it, or renders what the issue says then.
    if (error instanceof Withheld) await leased.apply({ confirmedIntents: [intent.key] });
    throw error;
  });
  return { kind: "created", writes: 1 };
}

/**
 * What is stored once the case is known: also for one that was found by its mark. Comments of before it are history; what did not
 * fit into the description is owed as messages. Without what was frozen (the database was lost) only the pair is known.
 */
export function adoptedStep(
  deps: Pick<RequestDeps, "clock" | "huawei" | "jira">,
  found: { readonly caseId: CaseId; readonly createdAt: Date | null },
  frozen: CasePayload | null,
): StateStep {
  const { intents, mirrors, failures, since, notes } = frozen ?? nothingFrozen;
  const { now, aheadMs } = moments(deps);
  const madeAt = found.createdAt === null ? now : toOurTime(found.createdAt, aheadMs.huawei);
  return {
    link: {
      caseId: found.caseId,
      outgoingSince: since === null ? toServiceTime(madeAt, aheadMs.jira) : new Date(since),
    },
    intents,
    mirrors: [
      ...mirrors,
      { ...mirrorId.request, state: "live", reason: notes.join("\n") || null },
      ...(intents.length === 0 ? [] : [{ ...mirrorId.caseText, state: "sending" } as const]),
    ],
    failures,
    confirmedIntents: [intentKey(caseIntent)],
    audit: [
      {
        side: "huawei",
        action: "create_case",
        item: itemKey("case", found.caseId),
        result: since === null ? "adopted" : "created",
      },
    ],
  };
}
