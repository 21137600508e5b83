/** What pages can be asked for in their address. A filter that cannot be used is told, not left out: it would show too much. */
import { z } from "zod";
import { historySpanNames } from "../../domain/history.ts";
import { linkStates } from "../../domain/link.ts";

const text = z.string().max(200).optional();
const cursor = z
  .string()
  .regex(/^(?:[ws]-)?\d{1,18}(?:-\d{1,18})?$/)
  .optional();
const id = z.string().regex(/^\d{1,18}$/);

/** The filters of each page. */
export const pageQueries = {
  none: z.object({}),
  overview: z.strictObject({ span: z.enum(historySpanNames).optional(), connection: text }),
  id: z.strictObject({ id: id.optional() }),
  cursor: z.strictObject({ cursor }),
  links: z.strictObject({
    search: text,
    connection: text,
    state: z.enum(linkStates).optional(),
    reason: text,
    waiting: z.enum(["yes", "no"]).optional(),
    cursor,
  }),
  failures: z.strictObject({ reason: text, connection: text, cursor }),
  discard: z.strictObject({ id: id.optional(), reason: text, connection: text, back: text }),
  activity: z.strictObject({ since: z.iso.date().optional(), connection: text, actor: text, action: text, cursor }),
} as const;
