/** What the commands of `failures` have in common: which ones are open, and which ones an operator means. */
import { Option } from "commander";
import { type GuardWord, guardHeld } from "../../domain/guard-word.ts";
import type { Composition } from "../cli/app.ts";
import type { ArgumentSpec, CommandResult, Parsed } from "../cli/command.ts";
import { ExitCode } from "../cli/exit-code.ts";
import { parseIdentifier } from "../cli/option-values.ts";
import { type ConnectionOption, connectionOption, isSet, once, readConnection, textOf, usage } from "../cli/options.ts";
import { chosen } from "../targets.ts";

/** Which failures to act on: by id, all of one reason, or all. */
export type FailureSelection = ConnectionOption & {
  readonly selection:
    | { readonly kind: "ids"; readonly ids: readonly string[] }
    | { readonly kind: "reason"; readonly reason: string }
    | { readonly kind: "all" };
};

/** The ids of a selection. */
export const idsArgument: ArgumentSpec = {
  description: "ids of failures",
  parse: (text, ids) => [...(Array.isArray(ids) ? ids : []), parseIdentifier(text)],
};

/** `--reason <code>`. */
export function reasonOption(description: string): Option {
  return new Option("--reason <code>", description).argParser(once(parseIdentifier));
}

/** The options of a selection. */
export const selectionOptions = () => [
  reasonOption("all failures of this reason").conflicts("all"),
  new Option("--all", "all open failures"),
  connectionOption(),
];

/** Reads a selection. Throws `CommandFailure` where none is made, or two. */
export function readSelection(parsed: Parsed): FailureSelection {
  const ids = Array.isArray(parsed.args[0]) ? parsed.args[0].map(String) : [];
  const reason = textOf(parsed, "reason");
  const connection = readConnection(parsed);
  const all = isSet(parsed, "all");
  if (ids.length > 0) {
    if (reason !== null || all)
      throw usage("ids cannot be used with --reason or --all", "Give ids, or one of the options.");
    return { ...connection, selection: { kind: "ids", ids } };
  }
  if (reason !== null) return { ...connection, selection: { kind: "reason", reason } };
  if (all) return { ...connection, selection: { kind: "all" } };
  throw usage("no failure is named", "Give ids, --reason CODE or --all.");
}

type OpenFailures = Awaited<ReturnType<Composition["admin"]["listFailures"]>>["items"];

/** The open failures of one connection or of all, newest first, at most 1,000. Throws `CommandFailure` for an unknown connection. */
export async function openFailures(composition: Composition, connection: string | null): Promise<OpenFailures> {
  chosen(composition, connection);
  return (await composition.admin.listFailures({ ...(connection === null ? {} : { connection }), limit: 1000 })).items;
}

/** Retries or discards the selection. Exit 3 where some of the ids are no open failures. */
export async function actOnFailures(
  composition: Composition,
  { connection, selection }: FailureSelection,
  { act, word }: { readonly act: "retry" | "discard"; readonly word: GuardWord | null },
): Promise<CommandResult> {
  const { admin } = composition;
  const ids =
    selection.kind === "ids"
      ? selection.ids
      : (await openFailures(composition, connection))
          .filter((failure) => selection.kind === "all" || failure.reason === selection.reason)
          .map((failure) => failure.id);
  if (word !== null) await requireGuarded(composition, ids);
  let count = 0;
  for (const id of ids) {
    const done = act === "retry" ? await admin.retryFailure(id, word) : await admin.discardFailure(id);
    if (done) count += 1;
  }
  const missing = ids.length - count;
  const words = `${act === "retry" ? "Retried" : "Discarded"}: ${count}.${missing === 0 ? "" : ` Not found: ${missing}.`}`;
  return {
    exitCode: missing === 0 ? ExitCode.done : ExitCode.outOfSync,
    json: { [act]: count, missing },
    human: [{ kind: "text", text: words }],
  };
}

/** A word is about what the text guard keeps, and about nothing else; so none is touched where one of them is another's. */
async function requireGuarded({ admin }: Pick<Composition, "admin">, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const failure = await admin.findFailure(id);
    if (failure !== null && failure.reason !== guardHeld)
      throw usage(
        `The failure ${id} (${failure.reason}) waits for no such word.`,
        "`--masked` and `--as-is` are for `guard_held`; leave them out to try again.",
      );
  }
}
