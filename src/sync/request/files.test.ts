import { expect, it } from "vitest";
import type { Issue } from "../../domain/issue.ts";
import { filesOfRequest } from "./files.ts";

it.each([
  ["see my-app.log", ["my-app.log"]],
  ["see app.log.", ["app.log"]],
  ["see 11.txt and app.log", ["app.log", "11.txt"]],
])("of %j only the files that it names leave", (text, expected) => {
  const files = ["app.log", "my-app.log", "1.txt", "11.txt"].map((name, n) => ({
    attachmentId: `${n}`,
    name,
    authorId: "ann",
  }));
  const issue = { files, projectTypeKey: "software" } as unknown as Issue;

  const leaving = filesOfRequest({
    issue,
    policy: "referenced",
    ownAccountId: "bot",
    text,
    media: [],
    barredNames: [],
  });

  expect(leaving.map((file) => file.name)).toEqual(expected);
});
