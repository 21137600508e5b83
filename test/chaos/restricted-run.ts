/** Three comments are on their way to the case when the issue gets a security level, and then time passes before the next one leaves. */
import { inDialect } from "../support/dialect.ts";
import { judge, type Problem } from "./checker.ts";
import { type Driver, settle } from "./drive.ts";
import { makePeople } from "./people.ts";
import type { Tweaks, World } from "./world.ts";

/** Answers what is wrong at the end. Throws what a flow throws. */
export async function playRestriction(
  world: World,
  options: { readonly tweaks?: Tweaks },
): Promise<readonly Problem[]> {
  await world.reset();
  const driver: Driver = {
    world,
    choose: () => 0,
    quietRounds: 1,
    ...options,
    onError: (_task, error) => {
      throw error;
    },
  };
  const people = makePeople(world);
  await settle(driver);
  const caseId = people.createCase();
  await settle(driver);
  const issue = people.issueOf(caseId);
  if (issue === null) throw new Error("the case has no issue");
  for (let count = 0; count < 3; count += 1) people.comment(issue.key);
  world.onEffect = ({ phase, operation }) => {
    if (phase !== "after" || operation !== inDialect("CreateMessages") || people.restrictions.count() > 0) return false;
    people.restrictions.toggleLevel(issue.id);
    world.advance(3_000);
    return false;
  };
  await settle(driver);
  return judge(world, { edits: true, restrictions: people.restrictions });
}
