/** What the API tells of a pairing: ids, times and states, never texts. */
import { z } from "zod";
import { linkStates } from "../../domain/link.ts";
import { count, list, moment, side } from "./parts.ts";

const standing = z.object({
  id: z.string(),
  connectionName: z.string(),
  caseId: z.string().nullable(),
  issueId: z.string().nullable(),
  issueKey: z.string().nullable(),
  origin: side.describe("Where the pair began."),
  state: z.enum(linkStates),
  reason: z.string().nullable(),
  reasonAt: moment.nullable(),
  caseStatus: z.int().nullable(),
  lane: z.enum(["live", "poll", "check", "import"]).describe("The most urgent reason of what waits."),
  pendingSince: moment.nullable().describe("Since when news waits for a run; null: none does."),
  recheckAt: moment.nullable(),
  attempts: count,
  checkedAt: moment.nullable().describe("When both sides were last fully compared."),
  createdAt: moment,
});

/** A line of a list. */
export const link = standing.extend({
  openFailures: count,
  waitingSince: moment.nullable().describe("Since when it waits for a run, a release or a person; null: it does not."),
});

const timelineItem = z.object({
  what: z.literal("item"),
  id: z.string(),
  kind: z.string().describe("`message`, `comment`, `file`, `notice`, …"),
  origin: side.describe("Where it was written."),
  sourceId: z.string(),
  copyId: z.string().nullable(),
  version: z.int(),
  state: z.string().describe("`sending`, `live`, `placeholder`, `withdrawn`, `held`, `refused` or `noted`."),
  reason: z.string().nullable(),
  sizeBytes: z.int().nullable(),
  parentId: z.string().nullable().describe("Of files: the message or comment that they belong to."),
  aroseAt: moment.nullable(),
  noticedAt: moment,
  mirroredAt: moment.nullable(),
  writes: count.describe("Times that it was written to the other side."),
});

const timelineAct = z.object({
  what: z.literal("act"),
  id: z.string(),
  at: moment,
  side: side.describe("The service that was written to."),
  action: z.string(),
  item: z.string(),
  result: z.string(),
});

const openWrite = z.object({
  kind: z.string(),
  key: z.string(),
  side: side.describe("The service that is written to."),
  state: z.string().describe("`planned`, `sent` or `unknown`."),
  begunAt: moment,
  attemptedAt: moment.nullable(),
  looks: count.describe("How often it was looked for."),
  nextLookAt: moment.nullable(),
  attempts: count,
});

/** One pairing with a page of its timeline. */
export const linkDetails = z.object({
  link: standing.extend({
    agreedCaseStatus: z.int().nullable(),
    agreedCategory: z.string().nullable(),
    heldSince: moment.nullable().describe("Since when a pause, a hold or a breaker keeps something back."),
    workingUntil: moment.nullable().describe("Until when a run holds it."),
  }),
  connection: z.object({
    state: z.enum(["active", "stopped"]),
    stateReason: z.string().nullable(),
    pausedToJira: z.boolean(),
    pausedToHuawei: z.boolean(),
  }),
  entries: list(z.discriminatedUnion("what", [timelineItem, timelineAct])).describe("The oldest first."),
  earlier: z.string().nullable().describe("Give it as `cursor` for what was before; null: this is the beginning."),
  openWrites: list(openWrite).describe("Writes that were decided and are not confirmed."),
  failures: list(
    z.object({
      id: z.string(),
      item: z.string(),
      direction: z.string(),
      reason: z.string(),
      detail: z.string(),
      state: z.string(),
      attempts: count,
      firstAt: moment,
    }),
  ),
});
