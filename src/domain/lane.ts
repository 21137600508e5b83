/** Who work and requests are for. */

/** From the most to the least urgent: live overtakes poll, poll overtakes check, check overtakes import (rule 9). */
export const lanes = ["live", "poll", "check", "import"] as const;

/** One of the lanes. */
export type Lane = (typeof lanes)[number];
