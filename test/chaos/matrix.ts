/** The crash matrix: each story is played undisturbed, then once for every effect with a worker that dies right there. */
import type { ConnectionConfig } from "../../src/config/config.ts";
import { judge } from "./checker.ts";
import { checkAll, type Driver, settle, verifyAll } from "./drive.ts";
import { readEndState } from "./end-state.ts";
import { makeStage, type Scenario } from "./scenarios.ts";
import type { Effect, World } from "./world.ts";

/** One play of a story. */
export type Play = {
  /** Effects from the first step to the last settling. */
  readonly effects: number;
  /** Where the worker died: `jira before addComment`, or `null` undisturbed. */
  readonly crash: string | null;
  readonly problems: readonly string[];
  readonly endState: readonly string[];
};

/** Plays a story; the worker dies at the `crashAt`-th effect (`null`: never). Never throws for what the product does. */
export async function play(world: World, scenario: Scenario, crashAt: number | null): Promise<Play> {
  const { settings: change = (settings) => settings, ...switches } = scenario.reset ?? {};
  // Without lag a write shows at once, so short settle times are true and spare rounds.
  const settings = (given: ConnectionConfig): ConnectionConfig => ({
    ...change(given),
    settle: { caseSeconds: 1, messageSeconds: 1, searchSeconds: 1, listSeconds: 0.1 },
    comments: { ...given.comments, holdSeconds: 1 },
  });
  await world.reset({ ...switches, settings });
  const problems: string[] = [];
  const driver: Driver = {
    world,
    choose: () => 0,
    quietRounds: 1,
    onError: (task, error) => problems.push(`${task} threw ${error instanceof Error ? error.stack : String(error)}`),
  };
  const stage = makeStage(world);
  await settle(driver);
  const before = world.effects();
  let crash: string | null = null;
  world.onEffect = (effect: Effect): boolean => {
    if (crash !== null || crashAt === null || effect.n - before !== crashAt) return false;
    crash = `${effect.place} ${effect.phase} ${effect.operation}`;
    return true;
  };
  try {
    for (const step of scenario.steps) {
      step(stage);
      if (!(await settle(driver))) problems.push("it does not come to rest");
      if (scenario.checked === true && !(await checkAll(driver)))
        problems.push("it does not come to rest after a step's check");
    }
  } catch (error) {
    problems.push(`the story cannot go on: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!(await checkAll(driver))) problems.push("it does not come to rest after a check");
  const effects = world.effects() - before;
  for (const problem of judge(world, { edits: true, ownFiles: scenario.ownFiles ?? false }))
    problems.push(`${problem.kind}: ${problem.what}`);
  for (const line of await verifyAll(driver)) problems.push(`drift: ${line}`);
  const endState = readEndState(world);
  world.resetWrites();
  await checkAll(driver);
  if (world.writes() > 0) problems.push(`a further pass made ${world.writes()} writes`);
  for (const refusal of [...world.huawei.getRefusals(), ...world.jira.getRefusals()])
    problems.push(`refused as malformed: ${refusal.operation}: ${refusal.reason}`);
  return { effects, crash, problems, endState };
}

/** Compares a play with the undisturbed one; what differs, and what went wrong in it. */
export function compare(calm: Play, crashed: Play): readonly string[] {
  const missing = calm.endState.filter((line) => !crashed.endState.includes(line));
  const extra = crashed.endState.filter((line) => !calm.endState.includes(line));
  const same = JSON.stringify(calm.endState) === JSON.stringify(crashed.endState);
  return [
    ...crashed.problems,
    ...missing.map((line) => `lacks ${line.slice(0, 300)}`),
    ...extra.map((line) => `has besides ${line.slice(0, 300)}`),
    ...(same || missing.length + extra.length > 0 ? [] : ["the same lines in another order or number"]),
  ];
}
