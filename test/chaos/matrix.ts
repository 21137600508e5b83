/** The crash matrix: each story is played undisturbed, then once for every effect with a worker that dies right there. */
import type { HuaweiSettings } from "../../simulators/huawei/index.ts";
import type { JiraSettings } from "../../simulators/jira/index.ts";
import type { ConnectionConfig } from "../../src/config/config.ts";
import { judge } from "./checker.ts";
import { checkAll, type Driver, settle, verifyAll } from "./drive.ts";
import { readEndState } from "./end-state.ts";
import { makeStage, type Scenario } from "./scenarios.ts";
import type { Effect, Tweaks, World } from "./world.ts";

/** One play of a story. */
export type Play = {
  /**
   * Effects from the first step to the last settling, by number, at which a worker may die in a way of its own: rounds that find
   * nothing, after the first such round of a settling, are all alike and left out.
   */
  readonly effects: readonly number[];
  /** Those of them that are remote writes. */
  readonly writes: ReadonlySet<number>;
  /** Where the worker died: `jira before addComment`, or `null` undisturbed. */
  readonly crash: string | null;
  readonly problems: readonly string[];
  readonly endState: readonly string[];
};

/** How a story is played other than as it stands. */
export type PlayOptions = {
  readonly tweaks?: Tweaks;
  readonly huawei?: Partial<HuaweiSettings>;
  readonly jira?: Partial<JiraSettings>;
};

/**
 * Plays a story; the worker dies at the `crashAt`-th effect, or at the first one in the place of that name (`jira after addComment`);
 * `null`: never. Never throws for what the product does.
 */
export async function play(
  world: World,
  scenario: Scenario,
  crashAt: number | string | null,
  options: PlayOptions = {},
): Promise<Play> {
  const { settings: change = (given: ConnectionConfig) => given, ...switches } = scenario.reset ?? {};
  // Without lag a write shows at once, so short settle times are true and spare rounds.
  const settings = (given: ConnectionConfig): ConnectionConfig => ({
    ...change(given),
    settle: {
      caseSeconds: 1,
      messageSeconds: 1,
      searchSeconds: 1,
      listSeconds: options.jira?.listLagMs === undefined ? 0.1 : options.jira.listLagMs / 500,
    },
    comments: { ...given.comments, holdSeconds: 1 },
  });
  await world.reset({
    ...switches,
    huawei: { ...switches.huawei, ...options.huawei },
    jira: { ...switches.jira, ...options.jira },
    settings,
  });
  const problems: string[] = [];
  const driver: Driver = {
    world,
    choose: () => 0,
    quietRounds: 1,
    ...(options.tweaks === undefined ? {} : { tweaks: options.tweaks }),
    onError: (task, error) => problems.push(`${task} threw ${error instanceof Error ? error.stack : String(error)}`),
  };
  const stage = makeStage(world);
  await settle(driver);
  let before = Number.POSITIVE_INFINITY;
  const places: { readonly n: number; readonly round: string | null }[] = [];
  const writes = new Set<number>();
  let crash: string | null = null;
  world.onEffect = (effect: Effect): boolean => {
    if (effect.n <= before) return false;
    places.push({ n: effect.n - before, round: effect.round });
    if (effect.place !== "database") writes.add(effect.n - before);
    const place = `${effect.place} ${effect.phase} ${effect.operation}`;
    if (crash !== null || (crashAt !== place && crashAt !== effect.n - before)) return false;
    crash = place;
    return true;
  };
  try {
    // How a case becomes an issue is the first story's; the others begin with their second step.
    const counted = Math.min(1, scenario.steps.length - 1);
    for (const [index, step] of scenario.steps.entries()) {
      if (index === counted) before = world.effects();
      step(stage);
      if (!(await settle(driver))) problems.push("it does not come to rest");
      if (scenario.checked === true && !(await checkAll(driver)))
        problems.push("it does not come to rest after a step's check");
    }
  } catch (error) {
    problems.push(`the story cannot go on: ${error instanceof Error ? error.message : String(error)}`);
  }
  for (const problem of judge(world, { edits: false, restrictions: stage.people.restrictions }))
    problems.push(`${problem.kind}: before the check: ${problem.what}`);
  if (!(await checkAll(driver))) problems.push("it does not come to rest after a check");
  const effects = distinctEffects(places);
  for (const problem of judge(world, {
    edits: true,
    ownFiles: scenario.ownFiles ?? false,
    restrictions: stage.people.restrictions,
  }))
    problems.push(`${problem.kind}: ${problem.what}`);
  for (const line of await verifyAll(driver)) problems.push(`drift: ${line}`);
  const endState = readEndState(world);
  world.resetWrites();
  await checkAll(driver);
  if (world.writes() > 0) problems.push(`a further pass made ${world.writes()} writes`);
  for (const refusal of [...world.huawei.getRefusals(), ...world.jira.getRefusals()])
    problems.push(`refused as malformed: ${refusal.operation}: ${refusal.reason}`);
  return { effects, writes, crash, problems, endState };
}

function distinctEffects(places: readonly { readonly n: number; readonly round: string | null }[]): number[] {
  const rounds = Map.groupBy(
    places.filter((place) => place.round !== null),
    (place) => place.round,
  );
  const seen = new Set<string>();
  const idle = new Set<number>();
  for (const [round, members] of rounds) {
    const kind = `${round?.split(" ")[0]} ${members.length}`;
    // A round that wakes somebody is longer than one that does not.
    if (seen.has(kind)) for (const member of members) idle.add(member.n);
    seen.add(kind);
    const last = members.at(-1)?.n ?? 0;
    const followed = places.find((place) => place.n > last);
    if (followed !== undefined && followed.round === null) seen.clear();
  }
  return places.filter((place) => !idle.has(place.n)).map((place) => place.n);
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
