/** The text guard on the whole way: what it finds reaches Huawei from nowhere. */
import { afterEach, expect, test } from "vitest";
import { can, inDialect } from "../support/dialect.ts";
import { type Stage, type StagePolicy, startStage } from "../support/stage.ts";

let stage: Stage;

afterEach(async () => {
  await stage.close();
});

/** Everything that reached Huawei: what it holds, what it was asked, and every byte on the wire, names of files too. */
function reached(): string {
  const { log } = stage.huawei.getRequests();
  const seen = [JSON.stringify(stage.huawei.getState()), JSON.stringify(log), stage.readSent()].join("\n");
  return `${seen}\n${decodeURIComponent(seen.replace(/%(?![0-9a-fA-F]{2})/g, "%25"))}`;
}

const create = {
  defaults: {
    subTypeId: null,
    productId: "pc2003",
    problemTypeId: "bt3005",
    regionId: "cn-north-4",
    severityId: null,
    extends: {},
  },
};

async function start(policy: StagePolicy = {}): Promise<string> {
  stage = await startStage({ create, policy });
  stage.huawei.createCase({ description: "The server is down" });
  await stage.round();
  stage.advance(1_000);
  return stage.jira.getState().issues[0]?.key ?? "";
}

/** Bodies of casebridge's own comments on an issue. */
const told = (key: string) =>
  stage.jira
    .getIssue({ issue: key })
    .comments.filter(({ authorAccountId }) => authorAccountId === stage.jira.getState().botAccountId)
    .map(({ bodyText }) => bodyText);

test("a secret planted in any string that goes out does not arrive, and the issue is told of each", async () => {
  const key = await start({ attachments: { toHuawei: "all" } });
  const { jira, huawei } = stage;
  let last = 13_800_138_000;
  const planted = new Map<string, string>();
  /** A number of its own for each place, so that one that arrives tells where it came from. */
  const plant = (place: string): string => {
    last += 1;
    planted.set(String(last), place);
    return String(last);
  };
  const addFile = (issue: string, place: string): string => {
    const name = `log ${plant(place)}.txt`;
    jira.addAttachment({ issue, name, text: "lines" });
    return name;
  };

  // A request: title, description that goes on in messages and a file, reporter, files, an extra parameter.
  jira.renameAccount({ author: "Ada Byron", displayName: `Ada ${plant("author")}` });
  const request = (more: Partial<Parameters<typeof jira.createIssue>[0]>) =>
    jira.createIssue({
      projectKey: "OPS",
      summary: `Call ${plant("title of a request")}`,
      description: `Call ${plant("description of a request")}`,
      ...more,
      labels: ["huawei-case", ...(more.labels ?? [])],
    });
  const extra = can("severity_and_extends") ? [`hw-extra-cluster_id:${plant("extra parameter")}`] : [];
  const asked = request({ labels: extra });
  addFile(asked.issueKey, "file of a request");
  request({ description: `${"many words ".repeat(300)} ${plant("second part of a request")}` });
  request({ description: `${"many words ".repeat(1_500)} ${plant("full text of a request")}` });
  // Comments: text, parts, full text, files that they name, a file alone, a command's text.
  jira.addComment({ issue: key, text: `Call ${plant("comment")}, see ${addFile(key, "file of a comment")}` });
  jira.addComment({ issue: key, text: `${"many words ".repeat(300)} ${plant("second part of a comment")}` });
  jira.addComment({ issue: key, text: `${"many words ".repeat(1_500)} ${plant("full text of a comment")}` });
  jira.addComment({ issue: key, text: `/case call ${plant("text of /case")}` });
  addFile(key, "file alone");
  await stage.round();
  await stage.settle(4);
  // What is told later: an edit, a change of the issue, a rating.
  const [edited] = jira.getIssue({ issue: key }).comments.filter(({ bodyText }) => bodyText.startsWith("Call"));
  jira.editComment({ commentId: edited?.id ?? "", text: `Call ${plant("edited comment")}` });
  jira.editIssue({ issue: asked.issueKey, fields: { summary: `Call ${plant("changed title")}` } });
  const rated = huawei.getState().cases[0]?.caseId ?? "";
  huawei.setStatus({ caseId: rated, status: 3 });
  await stage.settle(3);
  jira.addComment({ issue: key, text: `/rate 5 call ${plant("text of a rating")}` });
  await stage.round();
  await stage.settle(4);

  const seen = reached();
  expect([...planted].filter(([number]) => seen.includes(number)).map(([, place]) => place)).toEqual([]);
  // All of it arrived otherwise.
  const { cases } = huawei.getState();
  expect(cases).toHaveLength(4);
  expect(JSON.stringify(cases).split("masked").length - 1).toBeGreaterThanOrEqual(planted.size - 3);
  expect(seen).toContain("log (masked phone number).txt");
  expect(JSON.stringify(cases)).toMatch(/Ada masked: phone number:/);
  expect(told(key).filter((text) => text.includes("in its name was masked"))).toHaveLength(2);
  expect(told(asked.issueKey).filter((text) => text.includes("was masked"))).not.toEqual([]);
  expect([...told(key), ...told(asked.issueKey)].join()).not.toMatch(/138001380/);
});

test("a value that no look-up can be compared with does not leave as it stands when the guard finds something in it", async () => {
  stage = await startStage({ create });
  for (const operation of ["ListCaseCategories", "ListProblemTypes", "ListRegions"] as const)
    stage.huawei.addFault({ operation: inDialect(operation), kind: "403", probability: 1 });
  const { issueKey } = stage.jira.createIssue({
    projectKey: "OPS",
    summary: "It is down",
    labels: ["huawei-case", "hw-problem:13800138001"],
  });
  await stage.round();
  await stage.settle(2);

  expect(reached()).not.toContain("13800138001");
  expect(stage.huawei.getState().cases).toEqual([]);
  expect(told(issueKey)).toEqual([expect.stringContaining('"[masked: phone number]" is not known')]);
});
