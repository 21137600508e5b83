/** What the lists of the API can be asked for. */
import { z } from "zod";
import { historySpanNames } from "../../domain/history.ts";
import { linkStates } from "../../domain/link.ts";
import { idShape, textMax } from "./parts.ts";
import { failureStates } from "./schemas.ts";

const limitMax = 200;
const limitDefault = 50;

const text = z
  .string({ error: `must be one text of at most ${textMax} characters` })
  .max(textMax, { error: `must be one text of at most ${textMax} characters` });
const limitError = `must be a whole number from 1 to ${limitMax}`;
const limit = z
  .string({ error: limitError })
  .regex(/^\d{1,9}$/, { error: limitError })
  .transform(Number)
  .pipe(z.number().min(1, { error: limitError }).max(limitMax, { error: limitError }))
  .default(limitDefault)
  .describe(`How many entries a page holds: 1 to ${limitMax}.`);
/** Numbers that stand in an address as text: what they are meant as. */
export const numberParameters: ReadonlyMap<z.ZodType, Readonly<Record<string, unknown>>> = new Map([
  [limit, { type: "integer", minimum: 1, maximum: limitMax, default: limitDefault }],
]);
const cursorError = "must be the one that the page before ended with";
const shapedCursor = (shape: RegExp) =>
  z
    .string({ error: cursorError })
    .regex(shape, { error: cursorError })
    .optional()
    .describe("Where the page before ended: its `nextCursor`. Left out: the newest entries.");
const idError = "must be a number";
const id = z.string({ error: idError }).regex(idShape, { error: idError });
const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(", ")}` }).optional();

/** What the lists can be asked for. Unknown names are refused: a filter that is ignored would show too much. */
export const apiQueries = {
  none: z.strictObject({}),
  links: z.strictObject({
    connection: text.optional().describe("Name of a connection."),
    state: oneOf(linkStates),
    reason: text.optional().describe("A reason of docs/operations.md."),
    search: text.optional().describe("Part of a case id or issue key, or a whole issue id."),
    waiting: oneOf(["yes", "no"]).describe("Whether it waits for a run, a release or a person. Left out: both."),
    limit,
    cursor: shapedCursor(/^[ws]-\d{1,15}-\d{1,18}$/),
  }),
  link: z.strictObject({ cursor: shapedCursor(/^\d{1,18}(?:-\d{1,18})?$/) }),
  groups: z.strictObject({ connection: text.optional().describe("Name of a connection.") }),
  failures: z.strictObject({
    connection: text.optional().describe("Name of a connection."),
    state: oneOf(failureStates).describe("Left out: `open` and `retrying`."),
    reason: text.optional().describe("A reason of docs/operations.md."),
    limit,
    cursor: shapedCursor(idShape),
  }),
  history: z.strictObject({
    connection: text.optional().describe("Name of a connection. Left out: all together."),
    span: oneOf(historySpanNames).describe("The last hour (left out), day or week."),
  }),
  acts: z.strictObject({
    since: z.iso
      .datetime({ offset: true, error: "must be a time with zone, such as 2026-11-30T08:00:00Z" })
      .transform((given) => new Date(given))
      .optional()
      .describe("Only acts since then."),
    connection: text.optional().describe("Name of a connection: its acts, and those on all."),
    actor: text.optional().describe("Part of the name of who did it."),
    action: text.optional().describe("`pause`, `retry`, `discard`, `resync`, …"),
    link: id.optional().describe("The id of a link."),
    limit,
    cursor: shapedCursor(/^\d{1,15}-\d{1,18}$/),
  }),
} as const;
