/** People of a world: what they write carries the tokens that the judge counts. */
import { makeRestrictions } from "./restrictions.ts";
import type { World } from "./world.ts";

/** Acts of people on both sides. Numbers run through a world's life. */
export type People = ReturnType<typeof makePeople>;

/** Makes the people of a world. */
export function makePeople(world: World) {
  const { huawei, jira } = world;
  const restrictions = makeRestrictions(world);
  let messages = 0;
  let comments = 0;
  let files = 0;
  let requests = 0;
  const versions = new Map<string, { token: string; version: number }>();

  function makeFile(): { name: string; text: string } {
    files += 1;
    return { name: `file-${files}-of-people.txt`, text: `bytes of file ${files}\n`.repeat(3) };
  }

  return {
    /** What they restrict, and when. */
    restrictions,

    /** The issue of a case, once it is there. */
    issueOf: (caseId: string) =>
      jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`)) ?? null,

    createCase(input: { description?: string; labels?: string[]; severity?: string; files?: number } = {}): string {
      return huawei.createCase({
        description: input.description ?? `Something is slow (${messages})`,
        ...(input.labels === undefined ? {} : { labels: input.labels }),
        ...(input.severity === undefined ? {} : { severity: input.severity }),
        files: Array.from({ length: input.files ?? 0 }, makeFile),
      }).caseId;
    },

    /** A message of a person in the case. `twice`: the same words once more in the same second. */
    write(
      caseId: string,
      input: { text?: string; files?: number; author?: "engineer" | "partner" | "customer"; twice?: boolean } = {},
    ): string {
      messages += 1;
      const content = `${input.text ?? "We look into it"} <m${messages}>`;
      const author = input.author ?? "engineer";
      const { messageId } = huawei.addMessage({
        caseId,
        author,
        content,
        files: Array.from({ length: input.files ?? 0 }, makeFile),
      });
      if (input.twice === true) huawei.addMessage({ caseId, author, content });
      return messageId;
    },

    /** A comment of a person; `stretches` of about 1,000 characters each. Files are named in it. */
    comment(
      issue: string,
      input: { text?: string; stretches?: number; files?: number; restricted?: boolean; replyTo?: string } = {},
    ): { commentId: string; fileNames: readonly string[] } {
      comments += 1;
      const token = `<c${comments}>`;
      const added = Array.from({ length: input.files ?? 0 }, makeFile);
      for (const file of added) jira.addAttachment({ issue, ...file });
      const words = [
        token,
        input.restricted === true ? "born restricted" : (input.text ?? "From our side"),
        ...added.map((file) => `see ${file.name}`),
        ...Array.from({ length: input.stretches ?? 0 }, (_, index) => `${token}.p${index + 1} ${"word ".repeat(190)}`),
      ];
      const { commentId } = jira.addComment({
        issue,
        text: words.join(" "),
        ...(input.restricted === true ? { visibility: { type: "role", value: "Administrators" } } : {}),
        ...(input.replyTo === undefined ? {} : { replyTo: input.replyTo }),
      });
      if (input.restricted === true) restrictions.bornHidden(commentId);
      restrictions.namesFiles(
        commentId,
        added.map((file) => file.name),
      );
      if (input.replyTo !== undefined) restrictions.answers(commentId, input.replyTo);
      versions.set(commentId, { token, version: 1 });
      return { commentId, fileNames: added.map((file) => file.name) };
    },

    edit(commentId: string): void {
      const entry = versions.get(commentId);
      if (entry === undefined) throw new Error(`comment ${commentId} is none of the people's`);
      entry.version += 1;
      jira.editComment({ commentId, text: `Better said ${entry.token}.e${entry.version}` });
    },

    /** An issue that asks for a case; its files are named in its description. `<r…>` stays in it whatever is changed later. */
    request(input: { files?: number; labels?: string[] } = {}): string {
      requests += 1;
      const added = Array.from({ length: input.files ?? 0 }, makeFile);
      const { issueKey } = jira.createIssue({
        projectKey: world.settings().jira.projectKey,
        summary: `Please help (${requests})`,
        description: [`It is down <r${requests}>`, ...added.map((file) => `see ${file.name}`)].join(" "),
        labels: ["huawei-case", ...(input.labels ?? [])],
      });
      for (const file of added) jira.addAttachment({ issue: issueKey, ...file });
      return issueKey;
    },

    /** Other words in the description of an issue that a person wrote. */
    describeAgain(issue: string, text: string): void {
      comments += 1;
      jira.editIssue({ issue, fields: { description: `${text} It changed (${comments})` } });
    },

    /** A command, word for word. */
    command(issue: string, text: string): string {
      return jira.addComment({ issue, text }).commentId;
    },

    /** A file that no comment names. */
    attach(issue: string): void {
      jira.addAttachment({ issue, ...makeFile() });
    },
  };
}
