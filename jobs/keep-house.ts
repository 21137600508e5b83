import { done, type Outcome } from "../src/sync/outcome.ts";

/** Name of the job; one handler each. */
export const keepHouseJob = "keep-house";

/** Removes what is past its keeping time (rule 10). May be repeated. */
export async function handleKeepHouse(purge: () => Promise<number>): Promise<Outcome> {
  return done(await purge());
}
