/** `casebridge completion`: a script by which a shell completes names of commands and options. */
import type { CommandTable } from "./cli/command.ts";
import { defineCommand } from "./cli/command.ts";
import { ExitCode } from "./cli/exit-code.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** `casebridge completion`. */
export const command = defineCommand({
  arguments: [{ description: "the shell", choices: shells }],
  help: `
For this shell alone, and for every one to come:
  eval "$(casebridge completion bash)"
  casebridge completion bash >> ~/.bash_completion
  casebridge completion zsh >> ~/.zshrc
  casebridge completion fish > ~/.config/fish/completions/casebridge.fish`,
  read: ({ args }) => ({ shell: args[0] as Shell }),
  run: async ({ shell }, { commands }) => {
    const script = makeScript(shell, await listWords(commands));
    return { exitCode: ExitCode.done, json: { shell, script }, human: [{ kind: "text", text: script }] };
  },
});

/** What may follow words that were typed: `""` = the first one, `links show` = the options of that command. */
type Words = { readonly after: string; readonly may: readonly { readonly word: string; readonly says: string }[] };

async function listWords(table: CommandTable): Promise<readonly Words[]> {
  const first = table.map(({ name, description }) => ({ word: name, says: description }));
  const rest = await Promise.all(
    table.map(async (entry): Promise<Words[]> => {
      if (!("commands" in entry)) return [await optionsOf(entry.name, entry)];
      const leaves = await Promise.all(entry.commands.map((leaf) => optionsOf(`${entry.name} ${leaf.name}`, leaf)));
      const names = entry.commands.map(({ name, description }) => ({ word: name, says: description }));
      return [{ after: entry.name, may: names }, ...leaves];
    }),
  );
  return [{ after: "", may: first }, ...rest.flat()];
}

type Leaf = Extract<CommandTable[number], { readonly load: unknown }>;

async function optionsOf(after: string, entry: Leaf): Promise<Words> {
  const { command: loaded } = await entry.load();
  const options = (loaded.options?.(() => new Date(0)) ?? []).flatMap(({ long, description }) =>
    long == null ? [] : [{ word: long, says: description }],
  );
  const choices = loaded.arguments?.[0]?.choices ?? [];
  const common = [
    { word: "--json", says: "print the result as one JSON document" },
    { word: "--wide", says: "let tables be wider than the terminal" },
    { word: "--help", says: "explain the command" },
  ];
  return { after, may: [...choices.map((word) => ({ word, says: "" })), ...options, ...common] };
}

/** The script for a shell. Pure. */
export function makeScript(shell: Shell, words: readonly Words[]): string {
  if (shell === "fish") return fishScript(words);
  const script = bashScript(words);
  return shell === "bash" ? script : `autoload -U +X bashcompinit && bashcompinit\n${script}`;
}

function bashScript(words: readonly Words[]): string {
  const cases = words.map(({ after, may }) => `    "${after}") echo "${may.map(({ word }) => word).join(" ")}" ;;`);
  return `_casebridge_words() {
  case "$1" in
${cases.join("\n")}
    *) return 1 ;;
  esac
}
_casebridge() {
  local typed="" word found
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) typed="\${typed:+$typed }$word" ;; esac
  done
  # What stands behind the names of a command is its own.
  until found="$(_casebridge_words "$typed")"; do
    case "$typed" in *" "*) typed="\${typed% *}" ;; *) return 0 ;; esac
  done
  COMPREPLY=($(compgen -W "$found" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _casebridge casebridge`;
}

function fishScript(words: readonly Words[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = words.flatMap(({ after, may }) => {
    const when =
      after === ""
        ? "__fish_use_subcommand"
        : after
            .split(" ")
            .map((name) => `__fish_seen_subcommand_from ${name}`)
            .join("; and ");
    return may.map(({ word, says }) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c casebridge -n ${quoted(when)} ${what}${says === "" ? "" : ` -d ${quoted(says)}`}`;
    });
  });
  return ["complete -c casebridge -f", ...lines].join("\n");
}
