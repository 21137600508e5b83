/** `casebridge links link`: pairs a case with an issue that exists. */
import { Option } from "commander";
import { defineCommand } from "../cli/command.ts";
import { parseIssueKey } from "../cli/option-values.ts";
import { connectionOption, isSet, readCase, yesOption } from "../cli/options.ts";
import { caseArgument, linkPair } from "./pairing.ts";

/** `casebridge links link`. */
export const command = defineCommand({
  arguments: [caseArgument, { description: "key of the issue", parse: parseIssueKey }],
  options: () => [
    connectionOption(),
    new Option("--take-over", "even if another installation of casebridge has marked it"),
    yesOption(),
  ],
  read: (parsed) => ({
    ...readCase(parsed),
    issueKey: String(parsed.args[1]),
    takeOver: isSet(parsed, "takeOver"),
  }),
  question: ({ caseId, issueKey, takeOver }) =>
    takeOver ? `Pair case ${caseId} with ${issueKey}, whatever marks of casebridge that issue carries?` : null,
  run: (options, { app }) => app.withComposition("write", (composition) => linkPair(composition, options)),
});
