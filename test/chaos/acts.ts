/** What random people do on both sides in a seed. */
import type { People } from "./people.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

type Stage = {
  readonly world: World;
  readonly random: Random;
  readonly people: People;
  readonly story: { acts: number };
};
type IssueOfPeople = ReturnType<World["jira"]["getState"]>["issues"][number];

/** One act of a person. Whatever does not fit the moment is passed over. */
export function act({ world, random, people, story }: Stage, first = false): void {
  story.acts += 1;
  const { cases } = world.huawei.getState();
  const { issues, botAccountId } = world.jira.getState();
  const open = cases.filter((entry) => ![3, 4, 12, 13].includes(entry.status));
  if (first || cases.length === 0 || (cases.length < 4 && random.chance(0.2))) {
    people.createCase({
      files: random.below(2),
      ...(random.chance(0.3) ? { labels: ["vip"] } : {}),
      ...(random.chance(0.1) ? { description: "All of it matters. ".repeat(2_500) } : {}),
    });
    return;
  }
  if (random.chance(0.2)) {
    actRarely({ random, people, world });
    return;
  }
  if (random.chance(0.2)) {
    const all = issues.filter((issue) => isMirrored(issue) || (/<r\d+>/.test(issue.descriptionText) && !isCopy(issue)));
    if (all.length > 0) restrict({ random, people, world }, random.pick(all));
    return;
  }
  const draw = random.next();
  if (draw < 0.4) {
    const entry = random.pick(open.length > 0 ? open : cases);
    if (entry.status === 13) return;
    if (draw < 0.25) {
      const author = random.pick(["engineer", "engineer", "partner", "customer"] as const);
      people.write(entry.caseId, { author, files: random.below(3) === 0 ? 1 : 0, twice: random.chance(0.15) });
    } else if (draw < 0.35) world.huawei.setStatus({ caseId: entry.caseId, status: random.pick([0, 1, 1, 2, 17, 3]) });
    else if (draw < 0.37) world.huawei.addLabel({ caseId: entry.caseId, name: random.pick(["vip", "urgent"]) });
    else if (draw < 0.38) world.huawei.removeLabel({ caseId: entry.caseId, name: "vip" });
    else world.huawei.createAuthorization({ caseId: entry.caseId, describe: "log in to the host" });
    return;
  }
  // What was said before the case was there stays in Jira.
  const mirrored = issues.filter(isMirrored);
  if (mirrored.length === 0) return;
  const issue = random.pick(mirrored);
  const own = said(issue, botAccountId).filter((comment) => comment.visibility === null);
  if (draw < 0.7) {
    people.comment(issue.key, {
      files: random.below(4) === 0 ? 1 : 0,
      ...(random.chance(0.15) ? { stretches: 3 } : {}),
      restricted: random.chance(0.1),
      ...(random.chance(0.2) && issue.comments.length > 0 ? { replyTo: random.pick(issue.comments).id } : {}),
    });
  } else if (draw < 0.8 && own.length > 0) people.edit(random.pick(own).id);
  else if (draw < 0.84 && own.length > 0) world.jira.deleteComment({ commentId: random.pick(own).id });
  else if (draw < 0.88 && own.length > 0) people.restrictions.toggleComment(random.pick(own).id);
  else if (draw < 0.92) people.attach(issue.key);
  else if (draw < 0.97)
    world.jira.transition({ issue: issue.key, toCategory: random.pick(["new", "indeterminate", "done"] as const) });
  else world.jira.removeLabel({ issue: issue.key, label: "huawei-cloud" });
}

/** What people said on an issue, commands left out: they are not taken back. */
function said(issue: IssueOfPeople, botAccountId: string): IssueOfPeople["comments"] {
  return issue.comments.filter(
    (comment) => comment.authorAccountId !== botAccountId && !comment.bodyText.startsWith("/"),
  );
}

/** A level, a move to another project or a restricted comment; what was restricted before is freed. */
export function restrict({ world, random, people }: Omit<Stage, "story">, issue: IssueOfPeople): void {
  const { botAccountId } = world.jira.getState();
  const draw = random.next();
  if (draw < 0.45) people.restrictions.toggleLevel(issue.id);
  else if (draw < 0.7) people.restrictions.toggleProject(issue.id);
  else {
    const comments = said(issue, botAccountId);
    if (comments.length > 0) people.restrictions.toggleComment(random.pick(comments).id);
  }
}

/** Requests, commands, copies of issues, relations, withdrawals, deletions, changes of an issue's own text. */
function actRarely({ world, random, people }: Omit<Stage, "story">): void {
  const { cases } = world.huawei.getState();
  const { issues } = world.jira.getState();
  const living = cases.filter((entry) => entry.status !== 13);
  const mirrored = issues.filter(isMirrored);
  const draw = random.next();
  if (draw < 0.2) {
    const requests = issues.filter((issue) => /<r\d+>/.test(issue.descriptionText) && !isCopy(issue));
    if (requests.length < 3) people.request({ files: random.below(2) });
    else {
      const { key, descriptionText } = random.pick(requests);
      people.describeAgain(key, /^It is down <r\d+>/.exec(descriptionText)?.[0] ?? "");
    }
  } else if (draw < 0.55 && mirrored.length > 0) {
    const text = random.pick([
      "/urge",
      "/urge",
      "/close",
      "/cancel",
      "/rate 4 quick help",
      "/rate many",
      "/close it please",
    ]);
    people.command(random.pick(mirrored).key, text);
  } else if (draw < 0.65 && mirrored.length > 0) {
    world.jira.cloneIssue({ issue: random.pick(mirrored).key, withProperties: random.chance(0.5) });
  } else if (draw < 0.75 && living.length > 1) {
    const [first, second] = [random.pick(living), random.pick(living)];
    if (first.caseId !== second.caseId) world.huawei.relateCases({ caseId: first.caseId, otherId: second.caseId });
  } else if (draw < 0.95 && living.length > 0) {
    const { caseId, messages } = random.pick(living);
    const own = messages.filter((message) => message.via === "control" && !message.isFirst && !message.withdrawn);
    if (own.length > 0) world.huawei.withdrawMessage({ caseId, messageId: random.pick(own).messageId });
  } else if (living.length > 2) world.huawei.deleteCase({ caseId: random.pick(living).caseId });
}

function isMirrored(issue: { readonly summary: string; readonly labels: readonly string[] }): boolean {
  return !isCopy(issue) && issue.labels.some((label) => label.startsWith("hwcase-"));
}

function isCopy(issue: { readonly summary: string }): boolean {
  return issue.summary.startsWith("CLONE - ");
}
