import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { command } from "./completion.ts";
import { commands } from "./index.ts";

async function scriptFor(shell: string): Promise<string> {
  const { json } = await command.prepare({ options: {}, args: [shell] }).run({ commands } as never);
  return (json as { script: string }).script;
}

/** What bash offers for these words, the last of which is being typed. */
function complete(script: string, words: readonly string[]): string[] {
  const typed = ["casebridge", ...words].map((word) => `'${word}'`).join(" ");
  const asked = `${script}\nCOMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _casebridge; echo "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", asked], { encoding: "utf8" })
    .trim()
    .split(" ")
    .filter((word) => word !== "");
}

test("bash completes commands, those of groups, options and the values of arguments", async () => {
  const script = await scriptFor("bash");

  expect(complete(script, ["re"])).toEqual(["resume", "resync", "rebuild"]);
  expect(complete(script, ["links", "s"])).toEqual(["show"]);
  expect(complete(script, ["resync", "--dry"])).toEqual(["--dry-run"]);
  expect(complete(script, ["links", "show", "TT1", "--w"])).toEqual(["--wide"]);
  expect(complete(script, ["completion", "f"])).toEqual(["fish"]);
  expect(complete(script, ["nothing", "x"])).toEqual([]);
});

test.each(["bash", "zsh"])("the script of %s is one that bash can read, whatever is described", async (shell) => {
  const script = (await scriptFor(shell)).replace(/^autoload.*\n/, "");

  expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
});

test("fish is told of every command, and of each option where it belongs", async () => {
  const script = await scriptFor("fish");

  for (const entry of commands) expect(script).toContain(`'__fish_use_subcommand' -a ${entry.name} -d `);
  expect(script).toContain(
    "'__fish_seen_subcommand_from links; and __fish_seen_subcommand_from show' -l connection -d ",
  );
});
