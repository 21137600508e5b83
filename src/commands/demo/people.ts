/** The people of the demo: engineers and customers in Huawei's console, operators in Jira. A fixed script, scene by scene. */
import type { HuaweiSimulator } from "../../../simulators/huawei/index.ts";
import type { JiraSimulator } from "../../../simulators/jira/index.ts";

/** Both sides as people use them. */
export type People = { readonly huawei: HuaweiSimulator["control"]; readonly jira: JiraSimulator["control"] };

const subjects = [
  "ECS instance cannot be reached over SSH since this morning",
  "RDS for PostgreSQL: replication lag grows without end",
  "OBS bucket policy does not take effect\nWe changed it two hours ago.",
  "云服务器 ECS 无法启动，提示磁盘挂载失败",
  "ELB returns 502 for one listener",
  "VPN tunnel flaps every ten minutes\nLog:\n    2026-11-24 10:00:01 phase2 down\n    2026-11-24 10:00:05 phase2 up",
  "Bill of October: question about traffic",
  "CCE cluster upgrade stuck at 60 %",
  "GaussDB backup failed twice",
  "DNS record set not updated in cn-south-1",
  "Kafka consumer group rebalances all the time",
  "证书即将过期，请协助续期",
  "EVS volume shows high latency",
] as const;

/** Number of scenes in the script. */
export const sceneCount = subjects.length * 2 + 6;

/** Plays one scene and tells in one line what happened. Scenes build on each other and are played once each, in order. */
export function playScene(people: People, scene: number): string {
  if (scene < subjects.length) return openCase(people, scene);
  const index = scene - subjects.length;
  return index < subjects.length ? talk(people, index) : bringToEnd(people, index - subjects.length);
}

/** The customer opens a case in the console, and an engineer answers. */
function openCase({ huawei }: People, scene: number): string {
  const { caseId } = huawei.createCase({
    description: subjects[scene] ?? "A question",
    labels: scene % 3 === 0 ? ["vip customer"] : [],
    ...(scene % 4 === 0 ? { files: [{ name: `诊断-${scene}.log`, text: `line 1 of ${scene}\nline 2\n` }] } : {}),
  });
  huawei.addMessage({
    caseId,
    author: "engineer",
    name: "Wang Wei",
    content: "We are looking into it. See https://support.huaweicloud.com for the known issues.",
  });
  return `Huawei console: case ${caseId} is opened, an engineer answers`;
}

/** The case at this place, and its issue: cases become issues several at once, so their orders differ. */
function pairAt({ huawei, jira }: People, index: number) {
  const entry = huawei.getState().cases[index];
  const issues = jira.getState().issues;
  return { entry, issue: entry && issues.find((issue) => issue.labels.includes(`hwcase-${entry.caseId}`)) };
}

/** One of both sides adds to the conversation. */
function talk(people: People, index: number): string {
  const { huawei, jira } = people;
  const { entry, issue } = pairAt(people, index);
  if (entry === undefined) return "nobody has anything to say";
  if (index % 2 === 0 && issue !== undefined) {
    const name = `screenshot ${index}.txt`;
    jira.addAttachment({ issue: issue.key, name, text: `what we saw on host ${index}` });
    jira.addComment({
      issue: issue.key,
      text: `We tried it again, see ${name}. Our key is password=Sup3rSecret${index}`,
    });
    return `Jira: ${issue.key} gets a comment with a file`;
  }
  huawei.addMessage({
    caseId: entry.caseId,
    author: index % 3 === 0 ? "partner" : "engineer",
    content: `<p>Please run <b>step ${index}</b> and send the output.</p>`,
    files: [{ name: `steps ${index}.txt`, sizeBytes: 2_000 }],
  });
  huawei.setStatus({ caseId: entry.caseId, status: 1 });
  return `Huawei console: an engineer answers ${entry.caseId} with a file and takes it up`;
}

/** Statuses, a restricted comment, a long one, and a file that Huawei refuses. */
function bringToEnd(people: People, last: number): string {
  const { huawei, jira } = people;
  const { entry, issue } = pairAt(people, last);
  if (entry === undefined || issue === undefined) return "nobody has anything to say";
  switch (last) {
    case 0:
      huawei.setStatus({ caseId: entry.caseId, status: 2 });
      return `Huawei console: ${entry.caseId} is to be confirmed`;
    case 1:
      huawei.setStatus({ caseId: entry.caseId, status: 17 });
      return `Huawei console: ${entry.caseId} waits for feedback`;
    case 2:
      jira.addComment({
        issue: issue.key,
        text: "An internal thought for the team only",
        visibility: { type: "role", value: "Administrators" },
      });
      return `Jira: ${issue.key} gets a restricted comment, which stays in Jira`;
    case 3:
      jira.addComment({ issue: issue.key, text: `${"A long report. ".repeat(200)}End.` });
      return `Jira: ${issue.key} gets a comment of 3,000 characters`;
    case 4:
      huawei.setStatus({ caseId: entry.caseId, status: 3 });
      return `Huawei console: ${entry.caseId} is completed`;
    default:
      jira.addAttachment({ issue: issue.key, name: "tool.exe", text: "MZ" });
      jira.addComment({ issue: issue.key, text: "The tool.exe that we used is attached" });
      return `Jira: ${issue.key} gets a file of a type that Huawei Cloud refuses`;
  }
}
