/** What programs send to act. */
import { z } from "zod";
import { directions } from "../../domain/direction.ts";
import { idShape, textMax } from "./parts.ts";

const shortText = z.string().min(1).max(textMax);
const failureId = z.string().regex(idShape);
const whichFailures = {
  ids: z.array(failureId).min(1).max(200).readonly().optional().describe("These; or else `reason`."),
  reason: shortText.optional().describe("All that are open of this reason."),
  connection: shortText.optional().describe("With `reason`: of this connection alone."),
};
const isOneChoice = ({
  ids,
  reason,
  connection,
}: {
  ids?: unknown;
  reason?: unknown;
  connection?: unknown;
}): boolean => (ids === undefined ? reason !== undefined : reason === undefined && connection === undefined);
const oneChoice = "names either ids or a reason";

/** What is sent to act. Unknown members are refused: what was meant by them would be left out. */
export const bodies = {
  Nothing: z.strictObject({}),
  Discard: z.strictObject(whichFailures).refine(isOneChoice, oneChoice),
  Retry: z
    .strictObject({
      ...whichFailures,
      word: z
        .enum(["masked", "as_is"])
        .optional()
        .describe("How what the text guard holds leaves. `as_is` is for ids alone."),
    })
    .refine(isOneChoice, oneChoice)
    .refine(({ word, ids }) => word !== "as_is" || ids !== undefined, "with as_is names ids"),
  Pause: z.strictObject({ connection: shortText, direction: z.enum(directions) }),
  Resync: z
    .strictObject({
      scope: z.enum(["one", "since", "all"]),
      name: shortText.optional().describe("With `one`: a case id or issue key."),
      since: z.iso.datetime({ offset: true }).optional().describe("With `since`: what changed since then."),
      connection: shortText.optional().describe("Left out: all of them."),
      dryRun: z.boolean().describe("Whether it only tells the writes that it would make."),
    })
    .refine(
      ({ scope, name }) => (scope === "one") === (name !== undefined),
      "names a case or issue with scope one, else none",
    )
    .refine(
      ({ scope, since }) => (scope === "since") === (since !== undefined),
      "has since with scope since, else none",
    ),
} as const;
