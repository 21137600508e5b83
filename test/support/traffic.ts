/** What people do on both sides while a scenario makes trouble. */
import type { Harness } from "./harness.ts";

/** People at work. `act` does one thing: opens a case, writes in one, or comments on an issue, at times with a file. */
export type Traffic = { act(): void; acts(): number };

/** More than this on one link would look like a loop to the breaker (30 fresh writes in ten minutes), files included. */
const itemsPerLinkMax = 20;

/** The same acts for the same numbers of `random`, as long as the two sides look the same. */
export function makeTraffic(
  { huawei, jira }: Pick<Harness, "huawei" | "jira">,
  random: () => number,
  options: { readonly casesMax: number },
): Traffic {
  let acts = 0;
  const items = new Map<string, number>();

  function act(): void {
    acts += 1;
    const { issues } = jira.getState();
    const cases = huawei.getState().cases.filter((entry) => (items.get(entry.caseId) ?? 0) < itemsPerLinkMax);
    const entry = cases[Math.floor(random() * cases.length)];
    const issue = issues.find(
      (candidate) => entry !== undefined && candidate.labels.includes(`hwcase-${entry.caseId}`),
    );
    const choice = random();
    const withFile = choice < 0.55 || choice > 0.85;
    if (entry === undefined || (choice < 0.45 && cases.length < options.casesMax)) {
      huawei.createCase({
        description: `Case of act ${acts}`,
        files: [{ name: `log ${acts}.txt`, text: `act ${acts}` }],
      });
      return;
    }
    items.set(entry.caseId, (items.get(entry.caseId) ?? 0) + (withFile ? 2 : 1));
    if (choice < 0.7 || issue === undefined) {
      huawei.addMessage({
        caseId: entry.caseId,
        author: "engineer",
        content: `Answer of act ${acts}`,
        files: withFile ? [{ name: `answer ${acts}.txt`, text: `answer ${acts}` }] : [],
      });
      return;
    }
    const name = `shot ${acts}.txt`;
    if (withFile) jira.addAttachment({ issue: issue.key, name, text: `shot ${acts}` });
    jira.addComment({ issue: issue.key, text: withFile ? `Act ${acts}, see ${name}` : `Comment of act ${acts}` });
  }

  return { act, acts: () => acts };
}
